// SPDX-License-Identifier: MIT
/*
 * Along one axis: ArgMax, ArgMin, TopK, CumSum; and Trilu.
 */
#include <math.h>

#include "compiler/op_util.h"

/* An element as something that orders: floats and integers up to 2^53 exactly. */
static double at(const void *p, int64_t i, enum qaic_dtype t)
{
	return qc_load_f64((const uint8_t *)p + i * (int64_t)qaic_dtype_size(t),
			   t);
}

/* Exact order for integers, too; NaN is larger than everything. */
static int compare(const void *p, int64_t i, int64_t k, enum qaic_dtype t)
{
	int64_t size = qaic_dtype_size(t), x, y;
	double a, b;

	if (qaic_dtype_is_float(t) || t == QAIC_U64) {
		a = at(p, i, t);
		b = at(p, k, t);
		if (isnan(a) || isnan(b))
			return (isnan(a) != 0) - (isnan(b) != 0);
		return (a > b) - (a < b);
	}
	x = qc_load_i64((const uint8_t *)p + i * size, t);
	y = qc_load_i64((const uint8_t *)p + k * size, t);
	return (x > y) - (x < y);
}

/* ---- ArgMax, ArgMin ---- */

QC_SHAPE(argmax)
{
	const struct qc_value *x = n->in[0];
	bool keep = qc_attr_int(n, "keepdims", 1);
	int64_t dim[QC_MAX_RANK];
	uint32_t axis, i, rank = 0;
	int rc;

	rc = qc_axis(qc_attr_int(n, "axis", 0), x->rank, &axis, err);
	if (rc)
		return rc;
	if (!x->dim[axis])
		return qaic_fail(err, -EINVAL, "dimension %u of '%s' is empty",
				 axis, x->name);
	for (i = 0; i < x->rank; i++) {
		if (i != axis)
			dim[rank++] = x->dim[i];
		else if (keep)
			dim[rank++] = 1;
	}
	qc_set_out(n, 0, QAIC_I64, rank, dim);
	return 0;
}

static int eval_arg(const struct qc_eval *e, int sign, struct qaic_err *err)
{
	const struct qc_value *x = e->node->in[0];
	enum qaic_dtype t = qc_eval_dtype(x->dtype);
	bool last = qc_attr_int(e->node, "select_last_index", 0);
	int64_t *out = e->out[0], outer, inner, o, i, k, best, base, c;
	uint32_t axis;
	int rc;

	rc = qc_axis(qc_attr_int(e->node, "axis", 0), x->rank, &axis, err);
	if (rc)
		return rc;
	outer = qc_span(x, 0, axis);
	inner = qc_span(x, axis + 1, x->rank);
	for (o = 0; o < outer; o++) {
		for (i = 0; i < inner; i++) {
			base = o * x->dim[axis] * inner + i;
			for (k = 1, best = 0; k < x->dim[axis]; k++) {
				c = sign * compare(e->in[0], base + k * inner,
						   base + best * inner, t);
				if (c > 0 || (!c && last))
					best = k;
			}
			*out++ = best;
		}
	}
	return 0;
}

QC_EVAL(argmax)
{
	return eval_arg(e, 1, err);
}

QC_EVAL(argmin)
{
	return eval_arg(e, -1, err);
}

/* ---- TopK: k is an attribute before opset 10 ---- */

QC_SHAPE(topk)
{
	const struct qc_value *x = n->in[0];
	int64_t dim[QC_MAX_RANK], k;
	uint32_t axis;
	int count, rc;

	rc = qc_axis(qc_attr_int(n, "axis", -1), x->rank, &axis, err);
	if (!rc)
		rc = qc_ints(n, 1, "k", 1, &k, &count, err);
	if (rc)
		return rc;
	if (count != 1 || k < 0 || k > x->dim[axis])
		return qaic_fail(err, -EINVAL, "k does not fit dimension %u, %lld",
				 axis, (long long)x->dim[axis]);
	memcpy(dim, x->dim, sizeof(dim));
	dim[axis] = k;
	qc_set_out(n, 0, x->dtype, x->rank, dim);
	qc_set_out(n, 1, QAIC_I64, x->rank, dim);
	return 0;
}

struct order {
	const void *data;
	enum qaic_dtype type;
	int64_t base, step;
	int sign;
};

/* Equal elements: the lower index comes first. */
static int by_order(const void *a, const void *b, void *arg)
{
	const struct order *o = arg;
	int64_t i = *(const int64_t *)a, k = *(const int64_t *)b;
	int c = o->sign * compare(o->data, o->base + i * o->step,
				  o->base + k * o->step, o->type);

	return c ? -c : (i > k) - (i < k);
}

QC_EVAL(topk)
{
	const struct qc_value *x = e->node->in[0], *y = e->node->out[0];
	struct order o = { e->in[0], qc_eval_dtype(x->dtype), 0, 0,
			   qc_attr_int(e->node, "largest", 1) ? 1 : -1 };
	int64_t size = qc_esize(x), outer, n, k, i, p, to, *idx;
	uint32_t axis;
	int rc;

	rc = qc_axis(qc_attr_int(e->node, "axis", -1), x->rank, &axis, err);
	if (rc)
		return rc;
	outer = qc_span(x, 0, axis);
	o.step = qc_span(x, axis + 1, x->rank);
	n = x->dim[axis];
	k = y->dim[axis];
	idx = malloc((n ? n : 1) * sizeof(*idx));
	if (!idx)
		return -ENOMEM;
	for (i = 0; i < outer * o.step; i++) {
		o.base = i / o.step * n * o.step + i % o.step;
		for (p = 0; p < n; p++)
			idx[p] = p;
		qsort_r(idx, n, sizeof(*idx), by_order, &o);
		for (p = 0; p < k; p++) {
			to = (i / o.step * k + p) * o.step + i % o.step;
			memcpy((uint8_t *)e->out[0] + to * size,
			       (const uint8_t *)e->in[0] +
			       (o.base + idx[p] * o.step) * size, size);
			((int64_t *)e->out[1])[to] = idx[p];
		}
	}
	free(idx);
	return 0;
}

/* ---- CumSum ---- */

QC_SHAPE(cumsum)
{
	double axis;
	uint32_t a;

	if (!n->in[0]->rank || qc_numel(n->in[1]) != 1)
		return qaic_fail(err, -EINVAL, "a scalar, or axis is not one");
	qc_set_out_like(n, 0, n->in[0]);
	if (qc_const_scalar(n->in[1], &axis))
		return qc_axis((int64_t)axis, n->in[0]->rank, &a, err);
	return qc_need_index(n->in[1], err);
}

QC_EVAL(cumsum)
{
	const struct qc_value *x = e->node->in[0];
	enum qaic_dtype t = qc_eval_dtype(x->dtype);
	bool exclusive = qc_attr_int(e->node, "exclusive", 0);
	bool reverse = qc_attr_int(e->node, "reverse", 0);
	int64_t size = qc_esize(x), outer, inner, n, o, i, k, p, sum;
	double fsum, v;
	uint32_t axis;
	int rc;

	rc = qc_axis(qc_load_i64(e->in[1], qc_eval_dtype(e->node->in[1]->dtype)),
		     x->rank, &axis, err);
	if (rc)
		return rc;
	outer = qc_span(x, 0, axis);
	inner = qc_span(x, axis + 1, x->rank);
	n = x->dim[axis];
	for (o = 0; o < outer * inner; o++) {
		for (k = 0, sum = 0, fsum = 0; k < n; k++) {
			i = reverse ? n - 1 - k : k;
			p = (o / inner * n + i) * inner + o % inner;
			if (t == QAIC_F32) {
				v = at(e->in[0], p, t);
				((float *)e->out[0])[p] = (float)
					(exclusive ? fsum : fsum + v);
				fsum += v;
				continue;
			}
			i = (int64_t)((uint64_t)sum +
				(uint64_t)qc_load_i64((const uint8_t *)e->in[0] +
						      p * size, t));
			qc_store_i64((uint8_t *)e->out[0] + p * size, t,
				     exclusive ? sum : i);
			sum = i;
		}
	}
	return 0;
}

/* ---- Trilu ---- */

QC_SHAPE(trilu)
{
	if (n->in[0]->rank < 2)
		return qaic_fail(err, -EINVAL, "'%s' has %u dimensions",
				 n->in[0]->name, n->in[0]->rank);
	if (qc_in(n, 1) && (qc_numel(n->in[1]) != 1 ||
			    n->in[1]->dtype != QAIC_I64))
		return qaic_fail(err, -EINVAL, "'%s' must be one int64",
				 n->in[1]->name);
	qc_set_out_like(n, 0, n->in[0]);
	return 0;
}

QC_EVAL(trilu)
{
	const struct qc_value *x = e->node->in[0];
	int64_t rows = x->dim[x->rank - 2], cols = x->dim[x->rank - 1];
	int64_t k = e->in[1] ? *(const int64_t *)e->in[1] : 0;
	bool upper = qc_attr_int(e->node, "upper", 1), keep;
	int64_t size = qc_esize(x), n = qc_numel(x), i, r, c;

	/* beyond the matrix all diagonals are alike */
	k = k < -rows - 1 ? -rows - 1 : k > cols + 1 ? cols + 1 : k;
	memcpy(e->out[0], e->in[0], n * size);
	for (i = 0; i < n; i++) {
		r = i / cols % rows;
		c = i % cols;
		keep = upper ? c >= r + k : c <= r + k;
		if (!keep)
			memset((uint8_t *)e->out[0] + i * size, 0, size);
	}
	return 0;
}
