// SPDX-License-Identifier: MIT
/*
 * Attention with linear biases (arXiv 2108.12409): every head adds to its scores
 * slope * (key position - query position). The published models write the key's
 * position alone, or count from the end: the same up to a number for each row,
 * which softmax does not see. The difference keeps the near keys near zero, where
 * reduced precision is best.
 */
#include <math.h>

#include "base/f16.h"
#include "libqeff/build.h"

/*
 * Of n heads, the first p = 2^floor(log2 n) have 2^(-max i / p), i = 1, 2, ...;
 * the others lie between them: 2^(-max i / 2p), i = 1, 3, ...
 */
static double slope(const struct qf_model *m, uint32_t head)
{
	uint32_t p = 1;

	while (p <= m->heads / 2)
		p *= 2;
	if (head < p)
		return exp2(-m->alibi.max * (head + 1.0) / p);
	return exp2(-m->alibi.max * (2.0 * (head - p) + 1) / (2.0 * p));
}

static void fill(const void *ctx, uint64_t first, uint64_t count, void *dst)
{
	const struct qf_model *m = ctx;
	uint64_t i;

	for (i = 0; i < count; i++) {
		float v = slope(m, first + i);

		if (m->alibi.bf16)
			v = qaic_bf16_to_f32(qaic_f32_to_bf16(v));
		((float *)dst)[i] = v;
	}
}

/* bfloat16(slope * position), [B, heads, S or 1, 1 or C] */
static qf_val rounded(struct qf_build *b, qf_val slopes, qf_val at)
{
	qf_val x = QF_OP(b, "Mul", slopes, qf_cast(b, at, QAIC_F32));

	return qf_cast(b, qf_cast(b, x, QAIC_BF16), QAIC_F32);
}

void qf_alibi(struct qf_build *b, struct qf_body *d, qf_val slots,
	      qf_val pos)
{
	const struct qf_model *m = b->m;
	const int64_t dim[4] = { 1, m->heads, 1, 1 };
	qf_val slopes, far;
	size_t mark;

	if (!m->alibi.max)
		return;
	mark = qf_enter(b, "alibi");
	slopes = qf_onnx_fill(&b->o, "alibi.slopes", QAIC_F32, 4, dim, fill, m);
	if (m->alibi.bf16) {
		d->bias = QF_OP(b, "Sub", rounded(b, slopes, slots),
				rounded(b, slopes, pos));
	} else {
		far = QF_OP(b, "Sub", slots, pos);		/* [B, 1, S, C] */
		d->bias = QF_OP(b, "Mul", slopes, qf_cast(b, far, QAIC_F32));
	}
	d->bias = qf_scaled(b, d->bias, m->alibi.scale);
	qf_leave(b, mark);
}
