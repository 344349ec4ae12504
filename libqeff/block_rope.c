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

/* Radians per position of pair @i; longrope has two lists of them. */
static float frequency(const struct qf_rope *r, uint32_t i, bool is_long)
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
	case QF_ROPE_LONG:
		return 1 / ((is_long ? r->long_factor[i] : r->short_factor[i]) *
			    power);
	case QF_ROPE_PLAIN:
		break;
	}
	return freq;
}

/*
 * Row p, columns of pair i: f(p * frequency(i)). The pair is (i, i + dim / 2), or
 * (2i, 2i + 1) if interleaved. With longrope the rows of the short list come first.
 */
static void fill(const struct qf_rope *r, uint64_t first, uint64_t count,
		 float *dst, double (*f)(double))
{
	uint32_t half = r->dim / 2, i, col;
	uint64_t k, row;
	float freq[2];

	/* by column, so that the frequency is computed once for each */
	for (i = 0; i < r->dim && i < count; i++) {
		col = (first + i) % r->dim;
		col = r->kind == QF_ROPE_INTERLEAVED ? col / 2 : col % half;
		freq[0] = frequency(r, col, false);
		freq[1] = frequency(r, col, true);
		for (k = i; k < count; k += r->dim) {
			bool is_long;
			float pos;

			row = (first + k) / r->dim;
			is_long = row >= r->short_rows;
			pos = is_long ? row - r->short_rows : row;
			dst[k] = f(pos * freq[is_long]) * r->attention;
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

/* The rows to read: longrope's list goes by the length of the context. */
static qf_val table_rows(struct qf_build *b, const struct qf_body *d)
{
	const struct qf_rope *r = &b->m->rope;
	qf_val beyond, first;

	if (!r->short_rows)
		return d->position_ids;
	beyond = QF_OP(b, "Greater", d->ctx_len,
		       qf_onnx_i64(&b->o, r->short_rows));
	first = QF_OP(b, "Where", beyond, qf_onnx_i64(&b->o, r->short_rows),
		      qf_onnx_i64(&b->o, 0));
	return QF_OP(b, "Add", d->position_ids, first);
}

void qf_rope_tables(struct qf_build *b, struct qf_body *d)
{
	const struct qf_rope *r = &b->m->rope;
	const int64_t dim[2] = { (int64_t)r->short_rows + r->positions, r->dim };
	size_t mark;
	qf_val cos, sin, rows;

	if (r->kind == QF_ROPE_NONE)
		return;
	mark = qf_enter(b, "rotary_emb");
	rows = table_rows(b, d);
	cos = qf_onnx_fill(&b->o, "rotary_emb.cos", QAIC_F32, 2, dim,
			   qf_rope_cos, r);
	sin = qf_onnx_fill(&b->o, "rotary_emb.sin", QAIC_F32, 2, dim,
			   qf_rope_sin, r);
	cos = QF_OP(b, "Gather", cos, rows);
	sin = QF_OP(b, "Gather", sin, rows);
	d->cos = QF_OP(b, "Unsqueeze", cos, QF_I64S(b, 1));
	d->sin = QF_OP(b, "Unsqueeze", sin, QF_I64S(b, 1));
	qf_leave(b, mark);
}

/* (x1, x2) -> (-x2, x1) */
static qf_val turn_halves(struct qf_build *b, qf_val x, int64_t dim)
{
	qf_val first = qf_slice(b, x, 3, 0, dim / 2);
	qf_val second = qf_slice(b, x, 3, dim / 2, dim);

	second = QF_OP(b, "Neg", second);
	return qf_op(b, "Concat", QF_ATTRS(QF_INT("axis", -1)),
		     QF_IN(second, first));
}

/* (x0, x1, x2, x3, ...) -> (-x1, x0, -x3, x2, ...) */
static qf_val turn_pairs(struct qf_build *b, qf_val x, int64_t dim)
{
	qf_val even, odd;

	even = QF_OP(b, "Slice", x, QF_I64S(b, 0), QF_I64S(b, dim),
		     QF_I64S(b, 3), QF_I64S(b, 2));
	odd = QF_OP(b, "Slice", x, QF_I64S(b, 1), QF_I64S(b, dim),
		    QF_I64S(b, 3), QF_I64S(b, 2));
	odd = QF_OP(b, "Unsqueeze", QF_OP(b, "Neg", odd), QF_I64S(b, 4));
	even = QF_OP(b, "Unsqueeze", even, QF_I64S(b, 4));
	x = qf_op(b, "Concat", QF_ATTRS(QF_INT("axis", -1)), QF_IN(odd, even));
	return QF_OP(b, "Reshape", x, QF_I64S(b, 0, 0, 0, dim));
}

qf_val qf_rope(struct qf_build *b, const struct qf_body *d, qf_val x)
{
	const struct qf_rope *r = &b->m->rope;
	qf_val pass = NULL, turned;

	if (r->dim < b->m->head_dim) {
		pass = qf_slice(b, x, 3, r->dim, b->m->head_dim);
		x = qf_slice(b, x, 3, 0, r->dim);
	}
	turned = r->kind == QF_ROPE_INTERLEAVED ? turn_pairs(b, x, r->dim) :
						  turn_halves(b, x, r->dim);
	x = QF_OP(b, "Add", QF_OP(b, "Mul", x, d->cos),
		  QF_OP(b, "Mul", turned, d->sin));
	if (pass)
		x = qf_op(b, "Concat", QF_ATTRS(QF_INT("axis", -1)),
			  QF_IN(x, pass));
	return x;
}
