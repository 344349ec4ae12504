/* SPDX-License-Identifier: MIT */
/* qeff verify, and what it shares with qeff infer --verify. */
#ifndef QAIC_TOOLS_VERIFY_H
#define QAIC_TOOLS_VERIFY_H

#include <jansson.h>
#include <stdbool.h>

#include "libqeff/qeff.h"
#include "tools/common/prompts.h"
#include "tools/common/verify_golden.h"

/* What qeff verify is asked for. */
struct qaic_verify {
	const char *prog;
	const char *model_dir;		/* the checkpoint */
	const char *onnx;		/* its export, or the one to look at */
	const char *qpc;		/* what onnx was compiled to */
	/* what to run; all NULL: made up */
	const char *golden, *prompt, *prompts_file, *input_ids;
	unsigned int generation_len;
	unsigned int num_cores, qid;
	bool fp32, act_int8, kv_mxint8, per_block, json;
	const char *fp32_nodes;
	enum qaic_dtype weights;	/* 0: as all else */
	/* for what reads whole texts: without qpc, in one call of so many tokens */
	unsigned int seq_len, batch_size;
};

/*
 * Generate, evaluate, print. -ERANGE if two of the evaluations disagree: the
 * message names the block where they part.
 */
int qaic_verify_run(const struct qaic_verify *o, struct qaic_err *err);

/* Growing rows of logits of one batch row. */
struct qaic_rows {
	float *v;
	size_t n, cap;
};

int qaic_rows_add(struct qaic_rows *r, const float *logits, size_t n);
/* An array of them. */
void qaic_rows_free(struct qaic_rows *r, size_t n);

/*
 * Replay a batch that @s generated; @kept has the logits of each row. @golden, or
 * NULL, is about every row.
 */
int qaic_verify_batch(struct qeff_verifier *v, struct qeff_session *s,
		      const struct qaic_prompt *prompts,
		      const struct qeff_result *res,
		      const struct qaic_rows *kept,
		      const struct qaic_golden *golden, struct qaic_err *err);

/* The largest relative RMS that is agreement of a card with its ONNX. */
double qaic_verify_bound(bool fp32, enum qaic_dtype weights, bool kv_mxint8);

/* {"mse": ..., "max": ..., "rel_rms": ..., "cosine": ..., "top1": ..., "rows": ...} */
json_t *qaic_json_distance(const struct qeff_distance *d);

#endif
