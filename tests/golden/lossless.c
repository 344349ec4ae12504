// SPDX-License-Identifier: MIT
/*
 * Golden models whose weights lose nothing in a format: converted to it, the card
 * must give what it gives with the same weights in FP32. So matrices are all in
 * their places, and the products are as exact as they are said to be.
 *
 *	lossless [-v] MODEL_DIR...
 */
#include "base/mx.h"
#include "tests/golden/copies.h"
#include "tests/golden/drive.h"

struct rounding {
	enum qaic_dtype dtype;
	const char *model;
};

static void round_line(enum qaic_dtype dtype, float *w, size_t step, size_t len)
{
	float x[QAIC_MX_BLOCK];
	uint8_t code[QAIC_MX_BLOCK], s;
	size_t i, k, n;

	for (i = 0; i < len; i += n) {
		n = len - i < QAIC_MX_BLOCK ? len - i : QAIC_MX_BLOCK;
		for (k = 0; k < n; k++)
			x[k] = w[(i + k) * step];
		s = qaic_mx_encode(dtype, x, n, code);
		qaic_mx_decode(dtype, s, code, n, x);
		for (k = 0; k < n; k++)
			w[(i + k) * step] = x[k];
	}
}

/* GPT-2's matrices are [K][N], but for the tables. */
static bool is_conv1d(const char *model, const char *name)
{
	return (!strcmp(model, "gpt2") || !strcmp(model, "jais")) &&
	       !strstr(name, "wte") && !strstr(name, "wpe");
}

/* Blocks are along K: a row, but of a Conv1D a column. */
static void round_matrix(const void *ctx, const char *name, float *w, size_t n,
			 size_t k)
{
	const struct rounding *r = ctx;
	size_t i;

	if (is_t5(r->model))
		tame(NULL, name, w, n, k);
	if (is_conv1d(r->model, name))
		for (i = 0; i < k; i++)
			round_line(r->dtype, w + i, k, n);
	else
		for (i = 0; i < n; i++)
			round_line(r->dtype, w + i * k, 1, k);
}

/*
 * Activations and cache are F32 in both runs, so that the block integers of the
 * activations are all the difference there is: 2e-5, or 5e-3 with 8 bits, of every
 * product. A model like these makes it up to twenty times as much. The scores of
 * two labels are compared by their KL divergence, see formats.c; it grows with the
 * square.
 */
static void check_format(const struct golden *g, enum qaic_dtype dtype,
			 bool verbose)
{
	struct rounding r = { dtype, g->name };
	char *name = qaic_asprintf("%s/%s", qaic_dtype_name(dtype), g->name);
	char *dir = edited_copy(g->dir, name, round_matrix, &r);
	struct qeff_build_options o = { .model_dir = dir, .fp32 = true };
	unsigned int step, cores;
	struct keep want, got;
	struct apart a;
	double bound;
	bool same;

	for (step = 1; dir && step <= 8; step += 7) {
		cores = step == 1 ? 16 : 3;
		o.weights = 0;
		o.act_int8 = false;
		golden_run(g, cores, step, &o, &want);
		for (o.weights = dtype;; o.act_int8 = true) {
			golden_run(g, cores, step, &o, &got);
			a = apart(&got, &want, g->width);
			free(got.l);
			bound = o.act_int8 ? 0.14 : 4.5e-4;
			same = a.rms <= bound;
			if (golden_is_labels(g))
				same = a.kl <= 4 * bound * bound;
			if (verbose)
				printf("%-16s %-6s %s step %u: RMS %8.3g  KL %8.3g\n",
				       g->name, qaic_dtype_name(dtype),
				       o.act_int8 ? "int8 " : "int16", step,
				       a.rms, a.kl);
			result(same,
			       "%s with weights that %s%s holds, calls of %u: relative RMS %.3g, bound %.3g; KL divergence %.3g",
			       g->name, qaic_dtype_name(dtype), o.act_int8 ?
			       " with 8-bit activations" : "", step, a.rms,
			       bound, a.kl);
			if (o.act_int8)
				break;
		}
		free(want.l);
	}
	free(dir);
	free(name);
}

static void check_model(const char *dir, bool verbose)
{
	struct golden g;
	int k;

	if (!golden_load(&g, dir))
		for (k = 0; k < 3; k++)
			check_format(&g, QAIC_MXINT8 + k, verbose);
	golden_release(&g);
}

int main(int argc, char **argv)
{
	return check_models(argc, argv, check_model);
}
