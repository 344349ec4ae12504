// SPDX-License-Identifier: MIT
/*
 * Biases of the scores by distance, learned for each head and bucket of distances
 * (arXiv 1910.10683, 2.1): near keys have a bucket each, far ones share them by
 * the logarithm of the distance.
 */
#include <math.h>

#include "libqeff/build.h"

/* Of a key @distance behind (+) or before (-) the query, as transformers 4.47 */
static int64_t bucket(const struct qf_relative *r, int64_t distance)
{
	int64_t n = -distance, buckets = r->buckets, exact, far, first = 0;

	if (!r->one_sided) {
		buckets /= 2;
		if (n < 0) {
			first = buckets;
			n = -n;
		}
	} else if (n < 0) {
		n = 0;
	}
	exact = buckets / 2;
	if (n < exact)
		return first + n;
	far = exact + (int64_t)(logf((float)n / exact) /
				(float)log((double)r->max_distance / exact) *
				(buckets - exact));
	return first + (far < buckets ? far : buckets - 1);
}

/* Element i is the bucket of distance i - max_distance. */
static void fill(const void *ctx, uint64_t first, uint64_t count, void *dst)
{
	const struct qf_relative *r = ctx;
	uint64_t i;

	for (i = 0; i < count; i++)
		((int64_t *)dst)[i] = bucket(r, (int64_t)(first + i) -
						r->max_distance);
}

void qf_relative(struct qf_build *b, struct qf_body *d, qf_val slots,
		 qf_val pos)
{
	const struct qf_relative *r = &b->m->relative;
	const int64_t far = r->max_distance, num = 2 * far + 1;
	qf_val by, at;
	size_t mark;

	if (!r->table)
		return;
	mark = qf_enter(b, "relative");
	at = QF_OP(b, "Squeeze", QF_OP(b, "Sub", slots, pos), QF_I64S(b, 1));
	at = qf_cast(b, at, QAIC_I64);				/* [B, S, C] */
	at = QF_OP(b, "Min", at, qf_onnx_i64(&b->o, far));
	at = QF_OP(b, "Max", at, qf_onnx_i64(&b->o, -far));
	at = QF_OP(b, "Add", at, qf_onnx_i64(&b->o, far));
	by = qf_onnx_fill(&b->o, r->one_sided ? "relative.buckets_before" :
			  "relative.buckets", QAIC_I64, 1, &num, fill, r);
	qf_leave(b, mark);
	by = qf_embed(b, r->table, r->buckets, b->m->heads, by);
	by = qf_op(b, "Transpose", QF_ATTRS(QF_INTS("perm", 1, 0)), QF_IN(by));
	mark = qf_enter(b, "relative");
	/* [heads, distances] -> [heads, B, S, C] -> [B, heads, S, C] */
	d->bias = qf_op(b, "Gather", QF_ATTRS(QF_INT("axis", 1)), QF_IN(by, at));
	d->bias = qf_transpose4(b, d->bias, 1, 0, 2, 3);
	qf_leave(b, mark);
}
