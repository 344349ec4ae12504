/* SPDX-License-Identifier: MIT */
/* One run of qeff verify. */
#ifndef QAIC_TOOLS_VERIFY_PRIV_H
#define QAIC_TOOLS_VERIFY_PRIV_H

#include "tools/common/verify.h"

struct verify {
	const struct qaic_verify *o;
	uint32_t batch, vocab, room;	/* room: tokens of a prompt */
	struct qeff_session *s;	/* NULL: texts are read at once */
	struct qeff_verifier *v;
	struct qaic_prompts prompts;
	struct qaic_rows *kept;
	struct qaic_golden golden;
	size_t generated, same;		/* tokens that could be golden, and are */
	struct qaic_err *err;
};

void qaic_verify_table(struct verify *x);
/* An error when it cannot be printed. */
int qaic_verify_json(struct verify *x, bool agree);
/* Agreement, or an error that says where there is none. */
int qaic_verify_judge(struct verify *x);

#endif
