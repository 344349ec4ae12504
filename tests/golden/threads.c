// SPDX-License-Identifier: MIT
/*
 * threads MODEL_DIR...: the logits of prefill and decode, bit for bit the same with
 * every number of host threads, in every weight format, one row and several.
 */
#include "tests/golden/check.h"

#include "libqaic/qaic.h"

static const unsigned int threads[] = { 1, 2, 3, 7, 16 };

static const struct format {
	const char *name;
	bool fp32;
	enum qaic_dtype weights;
	bool act_int8, kv_mxint8;
} formats[] = {
	{ "fp32", true, 0, false, false },
	{ "fp16", false, 0, false, false },
	{ "fp16, mxint8 cache", false, 0, false, true },
	{ "mxint8", false, QAIC_MXINT8, false, false },
	{ "mxint8, int8", false, QAIC_MXINT8, true, true },
	{ "mxfp6", false, QAIC_MXFP6, false, true },
	{ "mxfp6, int8", false, QAIC_MXFP6, true, false },
	{ "mxfp4", false, QAIC_MXFP4, false, false },
	{ "mxfp4, int8", false, QAIC_MXFP4, true, true },
};

struct keep {
	float *l;
	size_t n;
};

static int keep_logits(void *ctx, size_t row, const float *l, size_t vocab)
{
	struct keep *k = ctx;

	k->l = realloc(k->l, (k->n + vocab) * sizeof(*l));
	memcpy(k->l + k->n, l, vocab * sizeof(*l));
	k->n += vocab;
	return 0;
}

/* Prompts of different lengths from plain ids, then some decode steps. */
static bool generate(const char *name, const struct qeff_build_options *o,
		     unsigned int num_threads, struct keep *k)
{
	static const int32_t ids[] = { 3, 17, 5, 44, 9, 23, 8, 31, 2, 40, 11,
				       7, 19, 28, 36, 4, 13, 21, 6, 33 };
	const int32_t *p[2] = { ids, ids + 4 };
	size_t len[2] = { QAIC_ARRAY_SIZE(ids), 7 };
	struct qeff_request q = {
		.prompts = p, .prompt_len = len, .num_prompts = o->batch_size,
		.generation_len = 6, .logits = keep_logits, .ctx = k,
	};
	struct qaic_err err = QAIC_ERR_INIT;
	struct qeff_result res;
	struct qeff_session *s;
	bool ok;

	qaic_embedded_set_threads(num_threads);
	s = open_model(name, o);
	if (!s)
		return false;
	ok = !qeff_generate(s, &q, &res, &err);
	if (ok)
		qeff_result_release(&res);
	else
		result(false, "%s: %s", name, err.msg);
	qeff_session_close(s);
	return ok;
}

static void check_build(const char *name, const struct format *f,
			const struct qeff_build_options *o)
{
	struct keep want = { 0 }, got = { 0 };
	size_t i;

	for (i = 0; i < QAIC_ARRAY_SIZE(threads); i++) {
		struct keep *k = i ? &got : &want;

		k->n = 0;
		if (!generate(name, o, threads[i], k))
			break;
		if (i)
			result(got.n && got.n == want.n &&
			       !memcmp(got.l, want.l, got.n * sizeof(*got.l)),
			       "%s %s, %u NSPs, batch %u: %u threads give other logits than one",
			       name, f->name, o->num_cores, o->batch_size,
			       threads[i]);
	}
	free(want.l);
	free(got.l);
}

static void check_model(const char *dir, bool verbose)
{
	const char *name = strrchr(dir, '/') ? strrchr(dir, '/') + 1 : dir;
	struct qeff_build_options o = {
		.model_dir = dir, .cache_dir = cache, .ctx_len = 64,
	};
	size_t i;

	for (i = 0; i < QAIC_ARRAY_SIZE(formats); i++) {
		o.weights = formats[i].weights;
		o.act_int8 = formats[i].act_int8;
		o.kv_mxint8 = formats[i].kv_mxint8;
		o.fp32 = formats[i].fp32;
		o.num_cores = 16;
		o.prompt_len = 8;
		o.batch_size = 1;
		check_build(name, &formats[i], &o);
		o.num_cores = 5;
		o.prompt_len = 40;	/* enough rows for every kind of kernel */
		o.batch_size = 2;
		check_build(name, &formats[i], &o);
	}
}

int main(int argc, char **argv)
{
	setenv("QAIC_EMBEDDED", "1", 1);
	return check_models(argc, argv, check_model);
}
