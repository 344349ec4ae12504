// SPDX-License-Identifier: MIT
/*
 * Disentangled attention (arXiv 2006.03654): beside what a query's contents have
 * to do with a key's contents, its contents have to do with the distance (content
 * to position), and the distance with the key's contents (position to content).
 * As transformers 4.47 computes it (modeling_deberta_v2.py).
 */
#include <math.h>

#include "libqeff/build.h"

/* Near distances are themselves, far ones go by their logarithm. */
static int64_t bucket(const struct qf_disentangled *r, int64_t distance)
{
	int64_t mid = r->buckets / 2, n = distance < 0 ? -distance : distance;
	float far;

	if (!r->buckets || n <= mid)
		return distance;
	far = ceilf(logf((float)n / mid) /
		    logf((float)((double)(r->max_distance - 1) / mid)) *
		    (mid - 1)) + mid;
	return distance < 0 ? -(int64_t)far : (int64_t)far;
}

/* Element i is the table's row for the distance i - max_positions. */
static void fill(const void *ctx, uint64_t first, uint64_t count, void *dst)
{
	const struct qf_model *m = ctx;
	const struct qf_disentangled *r = &m->disentangled;
	int64_t v, last = 2 * (int64_t)r->span - 1;
	uint64_t i;

	for (i = 0; i < count; i++) {
		v = bucket(r, (int64_t)(first + i) - m->max_positions) + r->span;
		((int32_t *)dst)[i] = v < 0 ? 0 : v > last ? last : v;
	}
}

void qf_distances(struct qf_build *b, struct qf_body *d, qf_val slots,
		  qf_val pos)
{
	const struct qf_model *m = b->m;
	const struct qf_disentangled *r = &m->disentangled;
	const int64_t far = m->max_positions, num = 2 * far + 1;
	qf_val rows, at;
	size_t mark;

	if (!r->table)
		return;
	mark = qf_enter(b, "%s", r->table);
	d->distance = qf_weight(b, "weight", 2, 2 * r->span, m->hidden);
	qf_leave(b, mark);
	if (r->norm)
		d->distance = qf_norm(b, r->norm, m->hidden, d->distance);
	mark = qf_enter(b, "distance");
	rows = qf_onnx_fill(&b->o, "distance.rows", QAIC_I32, 1, &num, fill, m);
	at = qf_cast(b, QF_OP(b, "Sub", pos, slots), QAIC_I64);
	at = QF_OP(b, "Min", at, qf_onnx_i64(&b->o, far));
	at = QF_OP(b, "Max", at, qf_onnx_i64(&b->o, -far));
	at = QF_OP(b, "Add", at, qf_onnx_i64(&b->o, far));
	d->distance_ids = QF_OP(b, "Gather", rows, at);		/* [1, 1, S, S] */
	qf_leave(b, mark);
}

/* The embeddings through a projection, transposed: [heads, D, 2 span] */
static qf_val project(struct qf_build *b, const struct qf_body *d,
		      const char *name, bool bias)
{
	const struct qf_model *m = b->m;
	uint32_t width = m->heads * m->head_dim;
	qf_val x;

	x = qf_linear(b, name, QF_OUT_IN, m->hidden, width, bias, d->distance);
	x = QF_OP(b, "Reshape", x, QF_I64S(b, 0, m->heads, m->head_dim));
	return qf_op(b, "Transpose", QF_ATTRS(QF_INTS("perm", 1, 2, 0)),
		     QF_IN(x));
}

/* x [B, heads, S, D] times all embeddings, those of each pair: [B, heads, S, S] */
static qf_val pick(struct qf_build *b, qf_val ids, qf_val x, qf_val table)
{
	qf_val shape, head, dims, s;

	x = QF_OP(b, "MatMul", x, table);
	shape = QF_OP(b, "Shape", x);
	head = QF_OP(b, "Slice", shape, QF_I64S(b, 0), QF_I64S(b, 3));
	s = QF_OP(b, "Slice", shape, QF_I64S(b, 2), QF_I64S(b, 3));
	dims = qf_op(b, "Concat", QF_ATTRS(QF_INT("axis", 0)), QF_IN(head, s));
	ids = QF_OP(b, "Expand", ids, dims);
	return qf_op(b, "GatherElements", QF_ATTRS(QF_INT("axis", 3)),
		     QF_IN(x, ids));
}

qf_val qf_distance_bias(struct qf_build *b, const struct qf_body *d,
			const struct qf_attention *a, qf_val q, qf_val k)
{
	const struct qf_disentangled *r = &b->m->disentangled;
	qf_val table, sum = NULL, x;

	if (r->c2p) {
		table = project(b, d, r->share ? a->k : "self.pos_key_proj",
				true);
		sum = pick(b, d->distance_ids, q, table);
	}
	if (r->p2c) {
		table = project(b, d, r->share ? a->q : "self.pos_query_proj",
				true);
		/* key and query have changed places, the distance has not */
		x = qf_transpose4(b, d->distance_ids, 0, 1, 3, 2);
		x = pick(b, x, k, table);
		x = qf_transpose4(b, x, 0, 1, 3, 2);
		sum = sum ? QF_OP(b, "Add", sum, x) : x;
	}
	return sum ? qf_scaled(b, sum, a->scale) : NULL;
}
