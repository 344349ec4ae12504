// SPDX-License-Identifier: MIT
/*
 * Transpose, Expand, Concat, Tile.
 */
#include "compiler/op_util.h"

/* ---- Transpose ---- */

static int permutation(const struct qc_node *n, uint32_t *perm,
		       struct qaic_err *err)
{
	uint32_t rank = n->in[0]->rank, i;
	bool seen[QC_MAX_RANK] = { false };
	int64_t list[QC_MAX_RANK];
	int count, rc;

	rc = qc_ints(n, UINT32_MAX, "perm", QC_MAX_RANK, list, &count, err);
	if (rc)
		return rc;
	for (i = 0; i < rank && count < 0; i++)
		perm[i] = rank - 1 - i;
	if (count < 0)
		return 0;
	if ((uint32_t)count != rank)
		return qaic_fail(err, -EINVAL, "perm has %d entries, rank is %u",
				 count, rank);
	for (i = 0; i < rank; i++) {
		rc = qc_axis(list[i], rank, &perm[i], err);
		if (rc)
			return rc;
		if (seen[perm[i]])
			return qaic_fail(err, -EINVAL, "perm has %u twice",
					 perm[i]);
		seen[perm[i]] = true;
	}
	return 0;
}

QC_SHAPE(transpose)
{
	const struct qc_value *x = n->in[0];
	uint32_t perm[QC_MAX_RANK], i;
	int64_t dim[QC_MAX_RANK];
	int rc = permutation(n, perm, err);

	if (rc)
		return rc;
	for (i = 0; i < x->rank; i++)
		dim[i] = x->dim[perm[i]];
	qc_set_out(n, 0, x->dtype, x->rank, dim);
	return 0;
}

static void permute_strides(const struct qc_node *n, const int64_t *from,
			    int64_t *to)
{
	uint32_t perm[QC_MAX_RANK] = { 0 }, i;

	permutation(n, perm, NULL);
	for (i = 0; i < n->in[0]->rank; i++)
		to[i] = from[perm[i]];
}

QC_VIEW(transpose)
{
	int64_t stride[QC_MAX_RANK];

	permute_strides(n, n->in[0]->cst->stride, stride);
	return qc_set_view(g, n, 0, stride, 0);
}

QC_EVAL(transpose)
{
	const struct qc_value *x = e->node->in[0], *y = e->node->out[0];
	int64_t own[QC_MAX_RANK], stride[QC_MAX_RANK];

	qc_strides(x, own);
	permute_strides(e->node, own, stride);
	qc_gather_strided(e->out[0], e->in[0], qc_esize(x), y->rank, y->dim,
			  stride);
	return 0;
}

/* ---- Expand ---- */

QC_SHAPE(expand)
{
	int64_t dim[QC_MAX_RANK];
	uint32_t rank;
	int count, i, rc;

	rc = qc_ints(n, 1, NULL, QC_MAX_RANK, dim, &count, err);
	if (rc)
		return rc;
	for (i = 0; i < count; i++)
		if (dim[i] < 0)
			return qaic_fail(err, -EINVAL, "dimension %d is %lld",
					 i, (long long)dim[i]);
	rank = (uint32_t)count;
	rc = qc_broadcast(&rank, dim, n->in[0], err);
	if (!rc)
		qc_set_out(n, 0, n->in[0]->dtype, rank, dim);
	return rc;
}

static void expand_strides(const struct qc_node *n, const int64_t *from,
			   int64_t *to)
{
	const struct qc_value *x = n->in[0], *y = n->out[0];
	uint32_t i, shift = y->rank - x->rank;

	for (i = 0; i < y->rank; i++)
		to[i] = i < shift || x->dim[i - shift] == 1 ? 0 :
							      from[i - shift];
}

QC_VIEW(expand)
{
	int64_t stride[QC_MAX_RANK];

	expand_strides(n, n->in[0]->cst->stride, stride);
	return qc_set_view(g, n, 0, stride, 0);
}

QC_EVAL(expand)
{
	const struct qc_value *x = e->node->in[0], *y = e->node->out[0];
	int64_t own[QC_MAX_RANK], stride[QC_MAX_RANK];

	qc_strides(x, own);
	expand_strides(e->node, own, stride);
	qc_gather_strided(e->out[0], e->in[0], qc_esize(x), y->rank, y->dim,
			  stride);
	return 0;
}

/* ---- Concat ---- */

QC_SHAPE(concat)
{
	const struct qc_value *x = n->in[0], *v;
	int64_t dim[QC_MAX_RANK];
	uint32_t axis, i, k;
	int rc;

	/* required since opset 4 */
	if (!qc_attr_find(n, "axis"))
		return qaic_fail(err, -EINVAL, "axis is missing");
	rc = qc_axis(qc_attr_int(n, "axis", 0), x->rank, &axis, err);
	if (rc)
		return rc;
	memcpy(dim, x->dim, sizeof(dim));
	for (i = 1; i < n->num_in; i++) {
		v = n->in[i];
		if (v->rank != x->rank || v->dtype != x->dtype)
			return qaic_fail(err, -EINVAL,
				"'%s' and '%s' differ in rank or type", x->name,
				v->name);
		for (k = 0; k < x->rank; k++)
			if (k != axis && v->dim[k] != x->dim[k])
				return qaic_fail(err, -EINVAL,
					"dimension %u of '%s' is %lld, of '%s' %lld",
					k, x->name, (long long)x->dim[k],
					v->name, (long long)v->dim[k]);
		/* each has at most 2^40 elements and there are under 2^32 */
		if (__builtin_add_overflow(dim[axis], v->dim[axis], &dim[axis]))
			return qaic_fail(err, -EINVAL, "too large");
	}
	qc_set_out(n, 0, x->dtype, x->rank, dim);
	return 0;
}

QC_EVAL(concat)
{
	const struct qc_node *n = e->node;
	const struct qc_value *y = n->out[0];
	int64_t outer, inner, o, run, at = 0, row;
	uint32_t axis = 0, i;
	uint8_t *out = e->out[0];

	qc_axis(qc_attr_int(n, "axis", 0), y->rank, &axis, NULL);
	outer = qc_span(y, 0, axis);
	inner = qc_span(y, axis + 1, y->rank) * qc_esize(y);
	row = y->dim[axis] * inner;
	for (i = 0; i < n->num_in; i++) {
		run = n->in[i]->dim[axis] * inner;
		for (o = 0; o < outer && run; o++)
			memcpy(out + o * row + at,
			       (const uint8_t *)qc_arg(e, i) + o * run, run);
		at += run;
	}
	return 0;
}

/* ---- Tile ---- */

QC_SHAPE(tile)
{
	const struct qc_value *x = n->in[0];
	int64_t dim[QC_MAX_RANK];
	int count, i, rc;

	rc = qc_ints(n, 1, NULL, QC_MAX_RANK, dim, &count, err);
	if (rc)
		return rc;
	if ((uint32_t)count != x->rank)
		return qaic_fail(err, -EINVAL, "%d repeats, rank is %u", count,
				 x->rank);
	for (i = 0; i < count; i++) {
		dim[i] = qc_mul(dim[i], x->dim[i]);
		if (dim[i] < 0)
			return qaic_fail(err, -EINVAL,
					 "repeat %d is negative or too large", i);
	}
	qc_set_out(n, 0, x->dtype, x->rank, dim);
	return 0;
}

QC_EVAL(tile)
{
	const struct qc_value *x = e->node->in[0], *y = e->node->out[0];
	int64_t stride[QC_MAX_RANK], n = qc_numel(y), size = qc_esize(x);
	int64_t i, rest, from;
	uint32_t k;

	qc_strides(x, stride);
	for (i = 0; i < n; i++) {
		for (k = y->rank, rest = i, from = 0; k-- > 0;) {
			from += rest % y->dim[k] % x->dim[k] * stride[k];
			rest /= y->dim[k];
		}
		memcpy((uint8_t *)e->out[0] + i * size,
		       (const uint8_t *)e->in[0] + from * size, size);
	}
	return 0;
}
