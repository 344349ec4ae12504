/* SPDX-License-Identifier: MIT */
/*
 * How well a model predicts a text, and what a number format costs it: perplexity,
 * and KL divergence and top-1 agreement against FP32.
 */
#ifndef QAIC_TOOLS_PERPLEXITY_H
#define QAIC_TOOLS_PERPLEXITY_H

#include "libqeff/qeff.h"

/* How a model is compiled. */
struct qaic_ppl_format {
	bool fp32, act_int8, kv_mxint8;
	enum qaic_dtype weights;	/* 0: as all else */
};

struct qaic_ppl {
	const char *prog, *text;	/* the file */
	/* all but the format */
	struct qeff_build_options build;
	unsigned int stride, qid;
	/* what is looked at; if @against_fp32 the first is what the others are
	 * compared with */
	const struct qaic_ppl_format *format;
	size_t num_formats;
	bool against_fp32, json;
};

/* All formats, FP32 first. */
extern const struct qaic_ppl_format qaic_ppl_all[];
extern const size_t qaic_ppl_num_all;

/*
 * Windows of ctx_len tokens, each @stride behind the one before, as QEfficient's
 * calculate_perplexity.py: all tokens but the first of each window are predicted,
 * and what is left at the end of the text is not looked at. A text that is shorter
 * than the context is one window.
 */
int qaic_ppl_run(const struct qaic_ppl *p, struct qaic_err *err);

/* What was found about a format. */
struct qaic_ppl_sums {
	size_t tokens, top1;		/* predictions; same largest as FP32 */
	double nll, kl, kl_max;		/* sums, in nats; the largest */
	double seconds;			/* of the calls on the card */
	double modelled[QEFF_NUM_SKUS];
};

struct qaic_ppl_text {
	int32_t *ids;
	size_t num, windows, len;	/* tokens; windows of len tokens */
};

void qaic_ppl_print(const struct qaic_ppl *p, const struct qaic_ppl_text *text,
		    const struct qaic_ppl_sums *sums);
int qaic_ppl_json(const struct qaic_ppl *p, const struct qaic_ppl_text *text,
		  const struct qaic_ppl_sums *sums, struct qaic_err *err);

#endif
