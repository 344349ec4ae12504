/* SPDX-License-Identifier: MIT */
/* What the parts of textgen share. */
#ifndef QAIC_TOOLS_TEXTGEN_PRIV_H
#define QAIC_TOOLS_TEXTGEN_PRIV_H

#include <jansson.h>

#include "base/file.h"
#include "libqeff/qeff.h"
#include "tools/common/prompts.h"
#include "tools/common/textgen.h"
#include "tools/common/verify.h"

/* The averages over the batches that are printed. */
struct qaic_perf {
	double prefill_s, decode_rate, total_rate, total_s;	/* rates of a row */
	double model_prefill_s[QEFF_NUM_SKUS], model_decode_rate[QEFF_NUM_SKUS];
	size_t batches;
};

struct qaic_gen {
	const struct qaic_textgen *t;
	struct qeff_tokenizer *tok;	/* NULL: none */
	struct qeff_session *s;
	struct qaic_prompts prompts;
	int32_t eos[17];
	size_t num_eos;
	struct qaic_outfile logits;	/* fd -1: none */
	struct qeff_stream *stream;	/* of row 0 */
	struct qaic_rows *kept;		/* [batch], for verify */
	struct qaic_perf perf;
	struct qeff_verifier *verifier;
	json_t *results;		/* --json: one object for each prompt */
	json_t *profile;		/* and what was asked for; may be NULL */
	struct qaic_err *err;
};

/* As Python prints round(x, 2). */
void qaic_print_round2(char buf[32], double x);
/* The statistics block, to the letter of QEfficient's. */
void qaic_print_stats(const struct qaic_perf *p, unsigned int batch);
/* The same on the modelled cards. */
void qaic_print_model(const struct qaic_perf *p, unsigned int batch);
/* "ids: 5 9 2" */
void qaic_print_ids(const int32_t *ids, size_t n);
void qaic_print_verify(const struct qaic_gen *g);
/* The document of --json. */
int qaic_print_json(const struct qaic_gen *g);
/* A result for --json. */
json_t *qaic_json_result(const struct qaic_prompt *p, const int32_t *ids,
			 size_t n, const char *text);

int qaic_gen_verify_open(struct qaic_gen *g);
/* -ERANGE if an output is further from the reference than the bound. */
int qaic_gen_verify_result(struct qaic_gen *g);

#endif
