/* SPDX-License-Identifier: MIT */
/* Golden logits: what somebody else computed with a checkpoint. */
#ifndef QAIC_TOOLS_VERIFY_GOLDEN_H
#define QAIC_TOOLS_VERIFY_GOLDEN_H

#include "base/err.h"
#include "tools/common/prompts.h"

/*
 * golden.json: {"input_ids": [...], "greedy_ids": [...], "logits_f32_shape":
 * [rows, vocab], "min_top1_gap": 0.03}, and beside it logits.f32, the logits of the
 * first rows of input_ids, float32, little endian. greedy_ids starts with
 * input_ids; it and the gap may be missing. So may "hidden_f32_shape": [blocks,
 * rows, hidden], with hidden.f32: what comes out of the embedding, the first layer,
 * and so on.
 */
struct qaic_golden {
	int32_t *ids, *greedy;		/* greedy: behind the prompt */
	size_t num_ids, num_greedy;
	float *logits;
	size_t rows, vocab;
	float *hidden;			/* [blocks][rows][width], or NULL */
	size_t blocks, width;
	double gap;			/* smallest margin of a greedy token */
};

int qaic_golden_load(struct qaic_golden *g, const char *path,
		     struct qaic_err *err);
/* The prompt, once. */
int qaic_golden_prompt(const struct qaic_golden *g, struct qaic_prompts *p,
		       struct qaic_err *err);
/* How many of @n generated ids are the golden ones, up to the first other one. */
size_t qaic_golden_same(const struct qaic_golden *g, const int32_t *ids,
			size_t n);
void qaic_golden_release(struct qaic_golden *g);

#endif
