/* SPDX-License-Identifier: MIT */
/* The card's side of a verification: the model with a cache that can be seen. */
#ifndef QEFF_VERIFY_CARD_H
#define QEFF_VERIFY_CARD_H

#include "libqaic/qaic.h"
#include "libqeff/qeff.h"

/* A cache tensor as the host holds it between the calls. */
struct qeff_card_state {
	char *name;			/* "past_key.0" */
	enum qaic_dtype dtype;
	size_t size;			/* bytes */
	void *data;
};

struct qeff_card_phase {
	struct qaic_exec *exec;
	uint32_t spec, seq_len;
};

struct qeff_card {
	char *dir;			/* of the QPC; removed at close */
	struct qaic_device *dev;
	struct qaic_program *prog;
	struct qeff_card_phase phase[2];
	uint32_t num_phases;
	struct qeff_card_state *state;
	size_t num_state;
};

int qeff_card_open(struct qeff_card *c, const struct qeff_verify_options *opt,
		   struct qaic_err *err);
/* Forget the cache. */
void qeff_card_reset(struct qeff_card *c);
/* One call at @seq_len; ids and positions are [batch][seq_len]. */
int qeff_card_call(struct qeff_card *c, uint32_t seq_len, const int64_t *ids,
		   const int64_t *pos, struct qaic_err *err);
void qeff_card_close(struct qeff_card *c);

#endif
