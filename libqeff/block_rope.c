// SPDX-License-Identifier: MIT
/*
 * Rotary positions. The tables hold cos and sin of every position up to
 * max_position_embeddings, as transformers 4.47 computes them
 * (modeling_rope_utils.py), rounded to float at the same places.
 */
#include <math.h>
#include <string.h>

#include "libqeff/build.h"

static double clamp01(double v)
{
	return v < 0 ? 0 : v > 1 ? 1 : v;
}

/* 1: keep the frequency (extrapolate), 0: divide it (interpolate). */
static float yarn_keep(const struct qf_rope *r, uint32_t i)
{
	double n = r->positions, base = 2 * log(r->theta);
	double low = floor(r->dim * log(n / (r->beta_fast * 2 * M_PI)) / base);
	double high = ceil(r->dim * log(n / (r->beta_slow * 2 * M_PI)) / base);

	if (low < 0)
		low = 0;
	if (high > r->dim - 1)
		high = r->dim - 1;
	if (low == high)
		high += 0.001;
	return 1 - (float)clamp01((i - low) / (high - low));
}

static float llama3_freq(const struct qf_rope *r, float freq)
{
	float wavelen = (float)(2 * M_PI) / freq;
	float factor = r->factor, smooth;

	if (wavelen < r->original / r->high_freq)
		return freq;
	if (wavelen > r->original / r->low_freq)
		return freq / factor;
	smooth = ((float)r->original / wavelen - (float)r->low_freq) /
		 (float)(r->high_freq - r->low_freq);
	return (1 - smooth) * freq / factor + smooth * freq;
}

/* Radians per position of pair @i. */
static float frequency(const struct qf_rope *r, uint32_t i)
{
	float power = powf(r->theta, (float)(2 * i) / (float)r->dim);
	float freq = 1 / power, keep;

	switch (r->scaling) {
	case QF_ROPE_LINEAR:
		return freq / (float)r->factor;
	case QF_ROPE_LLAMA3:
		return llama3_freq(r, freq);
	case QF_ROPE_YARN:
		keep = yarn_keep(r, i);
		freq = 1 / ((float)r->factor * power) * (1 - keep) +
		       freq * keep;
		break;
	case QF_ROPE_PLAIN:
		break;
	}
	return freq;
}

/* Row p, column i and i + dim / 2: f(p * frequency(i)). */
static void fill(const struct qf_rope *r, uint64_t first, uint64_t count,
		 float *dst, double (*f)(double))
{
	uint32_t half = r->dim / 2, i;
	uint64_t k;

	/* by column, so that the frequency is computed once for each */
	for (i = 0; i < half && i < count; i++) {
		uint32_t col = (first + i) % half;
		float freq = frequency(r, col);

		for (k = i; k < count; k += half) {
			float pos = (first + k) / r->dim;

			dst[k] = f(pos * freq) * r->attention;
		}
	}
}

void qf_rope_cos(const void *ctx, uint64_t first, uint64_t count, void *dst)
{
	fill(ctx, first, count, dst, cos);
}

void qf_rope_sin(const void *ctx, uint64_t first, uint64_t count, void *dst)
{
	fill(ctx, first, count, dst, sin);
}

void qf_rope_tables(struct qf_build *b, struct qf_decoder *d)
{
	const struct qf_rope *r = &b->m->rope;
	const int64_t dim[2] = { r->positions, r->dim };
	size_t mark;
	qf_val cos, sin;

	if (r->kind == QF_ROPE_NONE)
		return;
	mark = qf_enter(b, "rotary_emb");
	cos = qf_onnx_fill(&b->o, "rotary_emb.cos", QAIC_F32, 2, dim,
			   qf_rope_cos, r);
	sin = qf_onnx_fill(&b->o, "rotary_emb.sin", QAIC_F32, 2, dim,
			   qf_rope_sin, r);
	cos = QF_OP(b, "Gather", cos, d->position_ids);
	sin = QF_OP(b, "Gather", sin, d->position_ids);
	d->cos = QF_OP(b, "Unsqueeze", cos, QF_I64S(b, 1));
	d->sin = QF_OP(b, "Unsqueeze", sin, QF_I64S(b, 1));
	qf_leave(b, mark);
}

qf_val qf_rope(struct qf_build *b, const struct qf_decoder *d, qf_val x)
{
	const struct qf_rope *r = &b->m->rope;
	int64_t half = r->dim / 2;
	qf_val pass = NULL, first, second, turned;

	if (r->dim < b->m->head_dim) {
		pass = qf_slice(b, x, 3, r->dim, b->m->head_dim);
		x = qf_slice(b, x, 3, 0, r->dim);
	}
	/* (x1, x2) -> (-x2, x1) */
	first = qf_slice(b, x, 3, 0, half);
	second = qf_slice(b, x, 3, half, r->dim);
	second = QF_OP(b, "Neg", second);
	turned = qf_op(b, "Concat", QF_ATTRS(QF_INT("axis", -1)),
		       QF_IN(second, first));
	x = QF_OP(b, "Add", QF_OP(b, "Mul", x, d->cos),
		  QF_OP(b, "Mul", turned, d->sin));
	if (pass)
		x = qf_op(b, "Concat", QF_ATTRS(QF_INT("axis", -1)),
			  QF_IN(x, pass));
	return x;
}
