// SPDX-License-Identifier: MIT
/*
 * decode [DIR [THREADS [TOKENS [FORMAT]]]]: tokens per second of a 1.1 B Llama with
 * random weights, and what share of the read bandwidth that is. FORMAT is fp16,
 * mxint8, mxfp6 or mxfp4, the last three with /int8 for 8-bit activations.
 *
 * Makes the checkpoint (22 layers, hidden 2048, intermediate 5632, 32/4 heads,
 * vocabulary 32000, F16) in DIR (default build/bench), exports and compiles it
 * (FP16, 16 cores, prompt 32, context 128), decodes, and measures the bandwidth
 * before and after every run with as many threads. What is in DIR already is used again;
 * it needs 7 GB. Delete it when done.
 */
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bandwidth.h"
#include "checkpoint.h"
#include "libqeff/qeff.h"
#include "soc/nsp.h"

static const struct checkpoint llama_1b = {
	.layers = 22, .hidden = 2048, .inter = 5632, .heads = 32,
	.kv_heads = 4, .vocab = 32000,
};

static enum qaic_dtype format;	/* 0: F16 */

static uint64_t weight_bytes(void)
{
	return qaic_dtype_bytes(format ? format : QAIC_F16,
				ckpt_weights(&llama_1b));
}

/* ---- measuring ---- */

static void keep_cpus(unsigned int n)
{
	cpu_set_t all, set;
	int i;

	CPU_ZERO(&set);
	sched_getaffinity(0, sizeof(all), &all);
	for (i = 0; i < CPU_SETSIZE && n; i++)
		if (CPU_ISSET(i, &all)) {
			CPU_SET(i, &set);
			n--;
		}
	sched_setaffinity(0, sizeof(set), &set);
}

static double bandwidth(unsigned int threads)
{
	const size_t size = 1u << 30;
	static uint8_t *buf;

	if (!buf) {
		buf = bw_buffer(size);
		if (!buf)
			return 0;
		memset(buf, 1, size);
	}
	return bw_measure(buf, size, threads, 4);
}

static void stage(void *ctx, const char *name, const char *text)
{
	printf("%s: %s\n", name, text);
	fflush(stdout);
}

#define RUNS	5

static int by_size(const void *a, const void *b)
{
	const double *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static int run(const char *qpc, unsigned int threads, unsigned int tokens,
	       struct qaic_err *err)
{
	struct qeff_session_options opt = { .qpc_dir = qpc };
	const int32_t prompt[] = { 1, 450, 4996, 17354, 1701, 29916 };
	const int32_t *prompts[] = { prompt };
	size_t len[] = { QAIC_ARRAY_SIZE(prompt) };
	struct qeff_request req = {
		.prompts = prompts, .prompt_len = len, .num_prompts = 1,
		.generation_len = tokens,
	};
	struct qeff_session *s = NULL;
	struct qeff_result res;
	double bw, rate, share[RUNS], best = 0, best_bw = 0, prefill = 1e9;
	int rc, rep;

	rc = qeff_session_open(&opt, &s, err);
	for (rep = 0; rep < RUNS && !rc; rep++) {
		bw = bandwidth(threads);
		rc = qeff_generate(s, &req, &res, err);
		if (rc)
			break;
		rate = res.decode_steps / res.decode_s;
		if (res.prefill_s < prefill)
			prefill = res.prefill_s;
		qeff_result_release(&res);
		share[rep] = bandwidth(threads);
		bw = share[rep] > bw ? share[rep] : bw;
		share[rep] = rate * weight_bytes() / 1e7 / bw;
		best = rate > best ? rate : best;
		best_bw = bw > best_bw ? bw : best_bw;
		printf("run %d: %6.2f tokens/s, bandwidth %6.2f GB/s, "
		       "share %3.0f %%\n", rep + 1, rate, bw, share[rep]);
		fflush(stdout);
	}
	qeff_session_close(s);
	if (rc)
		return rc;
	qsort(share, RUNS, sizeof(*share), by_size);
	printf("kernels %s, %u threads\n"
	       "read bandwidth     %6.2f GB/s\n"
	       "decode, best run   %6.2f tokens/s = %.2f GB/s of weights = "
	       "%.0f %% of the best bandwidth\n"
	       "share, median run  %6.0f %%\n"
	       "prefill of 32      %6.2f tokens/s\n",
	       nsp_kernels(), threads, best_bw, best,
	       best * weight_bytes() / 1e9,
	       best * weight_bytes() / 1e7 / best_bw, share[RUNS / 2],
	       32 / prefill);
	return 0;
}

static bool read_format(const char *text, bool *int8)
{
	static const enum qaic_dtype known[] = { QAIC_MXINT8, QAIC_MXFP6,
						 QAIC_MXFP4 };
	size_t i, len = strcspn(text, "/");

	*int8 = text[len] && !strcmp(text + len, "/int8");
	if (text[len] && !*int8)
		return false;
	if (!strcmp(text, "fp16"))
		return true;
	for (i = 0; i < QAIC_ARRAY_SIZE(known); i++) {
		if (strlen(qaic_dtype_name(known[i])) != len ||
		    memcmp(text, qaic_dtype_name(known[i]), len))
			continue;
		format = known[i];
		return true;
	}
	return false;
}

int main(int argc, char **argv)
{
	const char *dir = argc > 1 ? argv[1] : "build/bench";
	unsigned int threads = argc > 2 ? atoi(argv[2]) : 2;
	unsigned int tokens = argc > 3 ? atoi(argv[3]) : 64;
	char *model = qaic_path(dir, "llama-1b");
	struct qeff_build_options opt = {
		.model_dir = model, .cache_dir = dir, .num_cores = 16,
		.batch_size = 1, .prompt_len = 32, .ctx_len = 128,
		.stage = stage,
	};
	struct qeff_artefacts art = { 0 };
	struct qaic_err err = QAIC_ERR_INIT;
	double t;
	int rc;

	if (!threads || threads > 16 || !tokens || tokens > 100 ||
	    !read_format(argc > 4 ? argv[4] : "fp16", &opt.act_int8)) {
		fprintf(stderr, "usage: decode [DIR [THREADS [TOKENS [FORMAT]]]]\n");
		return 1;
	}
	opt.weights = format;
	setenv("QAIC_HUGE_PAGES", "1", 0);	/* not while it is measured */
	keep_cpus(threads);
	rc = ckpt_make(model, &llama_1b, &err);
	t = bw_now();
	if (!rc)
		rc = qeff_build(&opt, &art, &err);
	if (!rc) {
		printf("export and compile: %.1f s\n", bw_now() - t);
		rc = run(art.qpc_dir, threads, tokens, &err);
	}
	qeff_artefacts_release(&art);
	free(model);
	if (rc)
		fprintf(stderr, "decode: %s\n", err.msg);
	return rc != 0;
}
