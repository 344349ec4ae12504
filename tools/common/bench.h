/* SPDX-License-Identifier: MIT */
/* How fast a model runs here, and what the modelled cards would do. */
#ifndef QAIC_TOOLS_BENCH_H
#define QAIC_TOOLS_BENCH_H

#include "libqeff/qeff.h"
#include "tools/common/profile.h"

#define QAIC_BENCH_MAX	16

struct qaic_bench {
	const char *prog;
	/* all but batch_size, prompt_len and ctx_len */
	struct qeff_build_options build;
	const struct qeff_model_info *info;
	unsigned int batch[QAIC_BENCH_MAX], num_batch;
	unsigned int prompt[QAIC_BENCH_MAX], num_prompt;
	unsigned int generation_len, runs, threads, qid;
	bool json;
	struct qaic_prof *prof;		/* one more run of each; type NULL: none */
};

/* One batch size and prompt length; rates are tokens per second of all rows. */
struct qaic_bench_row {
	unsigned int batch, prompt;
	double prefill, decode;		/* medians of the runs */
	double spread;			/* of decode: (largest - least) / median */
	double bytes;			/* GB/s of weights that decode reads */
	double bandwidth;		/* GB/s measured before and after */
	double model_prefill[QEFF_NUM_SKUS], model_decode[QEFF_NUM_SKUS];
	json_t *profile;		/* or NULL */
};

/* Every prompt length with every batch size, each in a program of its own. */
int qaic_bench_run(const struct qaic_bench *b, struct qaic_err *err);

void qaic_bench_print(const struct qaic_bench *b,
		      const struct qaic_bench_row *row, size_t n);
int qaic_bench_json(const struct qaic_bench *b,
		    const struct qaic_bench_row *row, size_t n,
		    struct qaic_err *err);

#endif
