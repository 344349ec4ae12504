// SPDX-License-Identifier: MIT
/*
 * What each format costs the golden models: how far their logits are from Hugging
 * Face's FP32, in decode and in prefill.
 *
 *	formats [-v] MODEL_DIR...
 */
#include "qpc/program.h"
#include "tests/golden/copies.h"
#include "tests/golden/drive.h"
#include "tests/unit/compiler/races.h"
#include "tests/unit/soc/joined.h"

/*
 * Relative RMS of the logits and mean KL divergence: the worst that was measured
 * over all models, and half as much again. Documentation/number-formats.md has the
 * figures. These are random models of 32 to 64 columns, where errors do not average
 * out; tales is trained.
 */
static const struct format {
	enum qaic_dtype weights;
	bool act_int8, kv;
	struct apart random, trained;
} formats[] = {
	{ 0, false, false, { 0.0062, 3.8e-5 }, { 3.8e-4, 4.8e-8 } },
	{ QAIC_MXINT8, false, false, { 0.15, 0.03 }, { 0.0085, 4.3e-5 } },
	{ QAIC_MXINT8, true, false, { 0.18, 0.058 }, { 0.012, 1.1e-4 } },
	{ QAIC_MXFP6, false, false, { 0.47, 0.45 }, { 0.032, 3.5e-4 } },
	{ QAIC_MXFP6, true, false, { 0.44, 0.39 }, { 0.031, 3.6e-4 } },
	{ QAIC_MXFP4, false, false, { 1.3, 1.4 }, { 0.13, 0.0064 } },
	{ QAIC_MXFP4, true, false, { 1.3, 1.4 }, { 0.13, 0.0064 } },
	{ 0, false, true, { 0.15, 0.019 }, { 0.0026, 8.3e-7 } },
	{ QAIC_MXFP6, false, true, { 0.47, 0.45 }, { 0.032, 3.8e-4 } },
};

static struct apart measure(const struct golden *g, const struct format *f,
			    unsigned int cores, unsigned int step)
{
	struct qeff_build_options o = {
		.weights = f->weights, .act_int8 = f->act_int8,
		.kv_mxint8 = f->kv,
	};
	struct apart a = { INFINITY, INFINITY };
	struct keep got, want;

	golden_want(g, step, &want);
	if (golden_run(g, cores, step, &o, &got))
		a = apart(&got, &want, g->width);
	free(got.l);
	free(want.l);
	return a;
}

/*
 * Two labels' scores are next to nothing in a random model, which says nothing of
 * them relative to each other: their KL divergence counts. The logits of
 * t5-v11-gated are in the hundreds, as nothing scales them, and the least noise
 * makes another distribution: their RMS counts.
 */
static void check_format(const struct golden *g, const struct format *f,
			 bool verbose)
{
	const struct apart *bound = strcmp(g->name, "tales") ? &f->random :
							       &f->trained;
	struct apart a[2];
	char what[128];
	int i;

	snprintf(what, sizeof(what), "%s %s%s%s", g->name, f->weights ?
		 qaic_dtype_name(f->weights) : "fp16", f->act_int8 ?
		 ", 8-bit activations" : "", f->kv ? ", MXINT8 cache" : "");
	/* with calls of one token every row of the prompt is compared */
	a[0] = measure(g, f, 16, 1);
	a[1] = measure(g, f, 3, 8);
	if (verbose)
		printf("%-44s RMS %8.3g %8.3g  KL %8.3g %8.3g\n", what,
		       a[0].rms, a[1].rms, a[0].kl, a[1].kl);
	for (i = 0; i < 2; i++)
		result((a[i].rms <= bound->rms || golden_is_labels(g)) &&
		       (a[i].kl <= bound->kl || !strcmp(g->name, "t5-v11-gated")),
		       "%s in %s: relative RMS %.3g (bound %.3g), KL divergence %.3g (%.3g)",
		       what, i ? "prefill" : "decode", a[i].rms, bound->rms,
		       a[i].kl, bound->kl);
}

/*
 * No NSP touches what another one writes in the same phase, be it lines in blocks; and
 * joined they leave the same bytes.
 */
static void check_streams(const char *dir)
{
	struct qeff_build_options o = {
		.model_dir = dir, .cache_dir = cache, .num_cores = 16,
		.batch_size = 2, .prompt_len = 8, .ctx_len = 32,
		.weights = QAIC_MXFP6, .kv_mxint8 = true,
	};
	struct qaic_err err = QAIC_ERR_INIT;
	struct qeff_artefacts art;
	struct qpc *q = NULL;
	char why[400];
	uint32_t i;

	for (o.num_cores = 16; o.num_cores; o.num_cores /= 3) {
		if (qeff_build(&o, &art, &err)) {
			result(false, "%s: %s", dir, err.msg);
			return;
		}
		if (qpc_open(art.qpc_dir, &q, &err)) {
			result(false, "%s: %s", dir, err.msg);
		} else {
			for (i = 0; i < q->prog.num_specs; i++) {
				result(!race_check(&q->prog, i, why, sizeof(why)),
				       "%s, %u NSPs: %s", dir, o.num_cores, why);
				result(!joined_check(q, i, why, sizeof(why)),
				       "%s, %u NSPs: %s", dir, o.num_cores, why);
			}
			qpc_close(q);
		}
		qeff_artefacts_release(&art);
	}
}

/* A T5 whose reference is what the card makes of it in FP32. */
static bool tamed(struct golden *g, char **copy)
{
	struct qeff_build_options o = { .fp32 = true };
	struct keep k = { 0 };
	bool ok;

	g->dir = *copy = edited_copy(g->dir, g->name, tame, NULL);
	ok = *copy && golden_run(g, 16, 1, &o, &k) && k.n == g->rows * g->width;
	if (ok)
		memcpy(g->logits, k.l, k.n * sizeof(float));
	free(k.l);
	return ok;
}

static void check_model(const char *dir, bool verbose)
{
	struct golden g;
	char *copy = NULL;
	size_t i;

	if (golden_load(&g, dir))
		goto out;
	if (is_t5(g.name) && !tamed(&g, &copy))
		goto out;
	for (i = 0; i < QAIC_ARRAY_SIZE(formats); i++)
		if (g.kind != ENCODER || !formats[i].kv)
			check_format(&g, &formats[i], verbose);
	if (g.kind == DECODER)
		check_streams(dir);
out:
	free(copy);
	golden_release(&g);
}

int main(int argc, char **argv)
{
	return check_models(argc, argv, check_model);
}
