// SPDX-License-Identifier: MIT
/*
 * rate make DIR: a Llama of 100 M parameters with random weights in DIR, compiled
 * (FP16, 16 cores, prompt 32, context 128); prints where.
 * rate run QPC_DIR [TOKENS [RUNS]]: its decode rate through the driver, beside the
 * embedded card in the same process. They take turns, and medians count.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "checkpoint.h"
#include "libqaic/qaic.h"
#include "libqeff/qeff.h"

#define MAX_RUNS	101

static const struct checkpoint llama_100m = {
	.layers = 12, .hidden = 768, .inter = 2048, .heads = 12,
	.kv_heads = 4, .vocab = 16000,
};

static int make(const char *dir, struct qaic_err *err)
{
	char *model = qaic_path(dir, "llama-100m");
	struct qeff_build_options opt = {
		.model_dir = model, .cache_dir = dir, .num_cores = 16,
		.batch_size = 1, .prompt_len = 32, .ctx_len = 128,
	};
	struct qeff_artefacts art = { 0 };
	int rc;

	rc = ckpt_make(model, &llama_100m, err);
	if (!rc)
		rc = qeff_build(&opt, &art, err);
	if (!rc)
		printf("%s\n", art.qpc_dir);
	qeff_artefacts_release(&art);
	free(model);
	return rc;
}

static int by_size(const void *a, const void *b)
{
	const double *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static double median(double *v, unsigned int n)
{
	qsort(v, n, sizeof(*v), by_size);
	return v[n / 2];
}

static int open_session(const char *qpc, bool embedded,
			struct qeff_session **s, struct qaic_err *err)
{
	struct qeff_session_options opt = { .qpc_dir = qpc };

	setenv("QAIC_EMBEDDED", embedded ? "1" : "0", 1);
	return qeff_session_open(&opt, s, err);
}

/* The embedded card cannot be beside itself. */
static int want_driver(struct qaic_err *err)
{
	struct qaic_device_info info;
	struct qaic_device *dev;
	int rc;

	setenv("QAIC_EMBEDDED", "0", 1);
	rc = qaic_device_open(0, &dev, err);
	if (rc)
		return rc;
	rc = qaic_device_get_info(dev, &info, err);
	if (!rc && !strcmp(info.name, "embedded"))
		rc = qaic_fail(err, -ENODEV, "no card of a driver is there");
	qaic_device_close(dev);
	return rc;
}

static int generate(struct qeff_session *s, unsigned int tokens, double *rate,
		    struct qaic_err *err)
{
	const int32_t prompt[] = { 1, 450, 4996, 1735, 1701, 2991 };
	const int32_t *prompts[] = { prompt };
	size_t len[] = { sizeof(prompt) / sizeof(prompt[0]) };
	struct qeff_request req = {
		.prompts = prompts, .prompt_len = len, .num_prompts = 1,
		.generation_len = tokens,
	};
	struct qeff_result res;
	int rc;

	rc = qeff_generate(s, &req, &res, err);
	if (rc)
		return rc;
	*rate = res.decode_steps / res.decode_s;
	qeff_result_release(&res);
	return 0;
}

static int run(const char *qpc, unsigned int tokens, unsigned int runs,
	       struct qaic_err *err)
{
	static double rate[2][MAX_RUNS], share[MAX_RUNS];
	struct qeff_session *s[2] = { NULL };
	unsigned int i, k;
	double mid[3];
	int rc;

	rc = want_driver(err);
	setenv("QAIC_HUGE_PAGES", "1", 0);	/* the driver's card has them */
	for (k = 0; k < 2 && !rc; k++)
		rc = open_session(qpc, !k, &s[k], err);
	for (k = 0; k < 2 && !rc; k++)		/* warm up */
		rc = generate(s[k], tokens, &rate[k][0], err);
	for (i = 0; i < runs && !rc; i++) {
		for (k = 0; k < 2 && !rc; k++)
			rc = generate(s[(i + k) % 2], tokens,
				      &rate[(i + k) % 2][i], err);
		share[i] = rate[1][i] / rate[0][i];
	}
	for (k = 0; k < 2; k++)
		qeff_session_close(s[k]);
	if (rc)
		return rc;
	mid[0] = median(rate[0], runs);
	mid[1] = median(rate[1], runs);
	mid[2] = median(share, runs);		/* sorted from here on */
	printf("decode of 100 M parameters, FP16, medians of %u runs:\n"
	       "embedded %.2f tokens/s, driver %.2f, ratio of a pair %.3f "
	       "(half of them %.3f to %.3f)\n"
	       "best runs: embedded %.2f, driver %.2f, ratio %.3f\n",
	       runs, mid[0], mid[1], mid[2], share[runs / 4],
	       share[runs - 1 - runs / 4], rate[0][runs - 1],
	       rate[1][runs - 1], rate[1][runs - 1] / rate[0][runs - 1]);
	return 0;
}

int main(int argc, char **argv)
{
	unsigned int tokens = argc > 3 ? atoi(argv[3]) : 8;
	unsigned int runs = argc > 4 ? atoi(argv[4]) : 61;
	struct qaic_err err = QAIC_ERR_INIT;
	int rc;

	if (argc == 3 && !strcmp(argv[1], "make")) {
		rc = make(argv[2], &err);
	} else if (argc > 2 && !strcmp(argv[1], "run") && tokens > 1 &&
		   tokens <= 100 && runs && runs <= MAX_RUNS) {
		rc = run(argv[2], tokens, runs, &err);
	} else {
		fprintf(stderr, "usage: rate make DIR | "
			"rate run QPC_DIR [TOKENS [RUNS]]\n");
		return 2;
	}
	if (rc)
		fprintf(stderr, "rate: %s\n", err.msg);
	return rc != 0;
}
