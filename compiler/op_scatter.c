// SPDX-License-Identifier: MIT
/*
 * ScatterND, ScatterElements: a copy of the data with updates written into it, or
 * added, multiplied, compared (attribute "reduction", opset 16 and 18).
 */
#include "compiler/op_util.h"

enum how { SET, ADD, MUL, MAX, MIN };

static int reduction(const struct qc_node *n, enum how *how,
		     struct qaic_err *err)
{
	static const char *const names[] = { "none", "add", "mul", "max", "min" };
	const struct qc_attr *a = qc_attr_find(n, "reduction");
	int i;

	*how = SET;
	if (!a)
		return 0;
	for (i = 0; i < 5; i++) {
		if (a->type == QC_ATTR_STR && !strcmp(a->s, names[i])) {
			*how = i;
			return 0;
		}
	}
	return qaic_fail(err, -EINVAL, "reduction is unknown");
}

static void combine(enum how how, uint8_t *to, const uint8_t *from,
		    enum qaic_dtype t, int64_t n)
{
	int64_t size = qaic_dtype_size(t), i, a, b;
	float *x = (float *)to;
	const float *y = (const float *)from;

	if (how == SET) {
		memcpy(to, from, n * size);
		return;
	}
	for (i = 0; i < n; i++) {
		if (t == QAIC_F32) {
			x[i] = how == ADD ? x[i] + y[i] :
			       how == MUL ? x[i] * y[i] :
			       how == MAX ? (y[i] > x[i] ? y[i] : x[i]) :
					    (y[i] < x[i] ? y[i] : x[i]);
			continue;
		}
		a = qc_load_i64(to + i * size, t);
		b = qc_load_i64(from + i * size, t);
		a = how == ADD ? (int64_t)((uint64_t)a + (uint64_t)b) :
		    how == MUL ? (int64_t)((uint64_t)a * (uint64_t)b) :
		    how == MAX ? (b > a ? b : a) : (b < a ? b : a);
		qc_store_i64(to + i * size, t, a);
	}
}

static int bad_index(int64_t index, int64_t size, struct qaic_err *err)
{
	return qaic_fail(err, -ERANGE, "index %lld is outside [-%lld, %lld)",
			 (long long)index, (long long)size, (long long)size);
}

/* ---- ScatterND ---- */

QC_SHAPE(scatternd)
{
	const struct qc_value *x = n->in[0], *ix = n->in[1], *u = n->in[2];
	int64_t last;
	enum how how;
	uint32_t i, k;
	int rc = qc_need_index(ix, err) ?: reduction(n, &how, err);

	if (rc)
		return rc;
	if (!x->rank || !ix->rank)
		return qaic_fail(err, -EINVAL, "data or indices are scalar");
	last = ix->dim[ix->rank - 1];
	if (last < 0 || last > x->rank)
		return qaic_fail(err, -EINVAL,
				 "indices of %lld numbers for a rank of %u",
				 (long long)last, x->rank);
	if (u->dtype != x->dtype ||
	    u->rank != ix->rank - 1 + x->rank - (uint32_t)last)
		goto bad;
	for (i = 0; i + 1 < ix->rank; i++)
		if (u->dim[i] != ix->dim[i])
			goto bad;
	for (k = (uint32_t)last; k < x->rank; k++)
		if (u->dim[i++] != x->dim[k])
			goto bad;
	qc_set_out_like(n, 0, x);
	return 0;
bad:
	return qaic_fail(err, -EINVAL,
			 "updates '%s' do not have the shape or type that data and indices demand",
			 u->name);
}

QC_EVAL(scatternd)
{
	const struct qc_value *x = e->node->in[0], *ix = e->node->in[1];
	uint32_t last = (uint32_t)ix->dim[ix->rank - 1], d;
	int64_t rows = qc_span(ix, 0, ix->rank - 1);
	int64_t inner = qc_span(x, last, x->rank), size = qc_esize(x);
	int64_t *idx = qc_indices(e, 1), *at = idx, i, k, to;
	const uint8_t *u = e->in[2];
	enum how how;
	int rc = idx ? reduction(e->node, &how, err) : -ENOMEM;

	if (!rc)
		memcpy(e->out[0], e->in[0], qc_eval_size(x));
	for (i = 0; i < rows && !rc; i++, at += last, u += inner * size) {
		for (d = 0, to = 0; d < last; d++) {
			k = at[d] < 0 ? at[d] + x->dim[d] : at[d];
			if (k < 0 || k >= x->dim[d]) {
				rc = bad_index(at[d], x->dim[d], err);
				break;
			}
			to = to * x->dim[d] + k;
		}
		if (!rc)
			combine(how, (uint8_t *)e->out[0] + to * inner * size, u,
				qc_eval_dtype(x->dtype), inner);
	}
	free(idx);
	return rc;
}

/* ---- ScatterElements ---- */

QC_SHAPE(scatterelements)
{
	const struct qc_value *x = n->in[0], *ix = n->in[1], *u = n->in[2];
	uint32_t axis, i;
	enum how how;
	int rc;

	rc = qc_need_index(ix, err) ?: reduction(n, &how, err);
	if (!rc)
		rc = qc_axis(qc_attr_int(n, "axis", 0), x->rank, &axis, err);
	if (rc)
		return rc;
	if (ix->rank != x->rank || u->rank != x->rank || u->dtype != x->dtype)
		return qaic_fail(err, -EINVAL,
				 "data, indices and updates differ in rank or type");
	for (i = 0; i < x->rank; i++)
		if (ix->dim[i] != u->dim[i] ||
		    (i != axis && ix->dim[i] > x->dim[i]))
			return qaic_fail(err, -EINVAL,
					 "dimension %u of the indices is %lld",
					 i, (long long)ix->dim[i]);
	qc_set_out_like(n, 0, x);
	return 0;
}

QC_EVAL(scatterelements)
{
	const struct qc_value *x = e->node->in[0], *ix = e->node->in[1];
	int64_t stride[QC_MAX_RANK], *idx = qc_indices(e, 1), i, k, p = 0;
	int64_t size = qc_esize(x), step;
	const uint8_t *u = e->in[2];
	struct qc_walk w;
	uint32_t axis = 0;
	enum how how = SET;
	int rc;

	if (!idx)
		return -ENOMEM;
	rc = reduction(e->node, &how, err);
	if (!rc)
		rc = qc_axis(qc_attr_int(e->node, "axis", 0), x->rank, &axis,
			     err);
	if (!rc)
		memcpy(e->out[0], e->in[0], qc_eval_size(x));
	qc_strides(x, stride);
	step = stride[axis];
	stride[axis] = 0;
	qc_walk_init(&w, ix->rank, ix->dim);
	qc_walk_add(&w, stride);
	for (qc_walk_start(&w); !w.done && !rc; qc_walk_next(&w)) {
		for (i = 0; i < w.n && !rc; i++, p++) {
			k = idx[p] < 0 ? idx[p] + x->dim[axis] : idx[p];
			if (k < 0 || k >= x->dim[axis]) {
				rc = bad_index(idx[p], x->dim[axis], err);
				break;
			}
			combine(how, (uint8_t *)e->out[0] + size *
				(w.off[0] + i * w.step[0] + k * step),
				u + p * size, qc_eval_dtype(x->dtype), 1);
		}
	}
	free(idx);
	return rc;
}
