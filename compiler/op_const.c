// SPDX-License-Identifier: MIT
/*
 * Values made from attributes and shapes, and the conversion of types.
 */
#include <math.h>

#include "compiler/op_util.h"
#include "compiler/model.h"

static int out_const(struct qc_node *n, struct qc_tensor *t,
		     struct qaic_err *err)
{
	if (!t)
		return qaic_fail(err, -ENOMEM, "out of memory");
	qc_set_out(n, 0, t->dtype, t->rank, t->dim);
	n->out[0]->cst = t;
	return 0;
}

QC_SHAPE(constant)
{
	const struct qc_attr *a = n->attrs;
	int64_t dim;

	if (n->num_attrs != 1)
		return qaic_fail(err, -EINVAL, "has %u attributes, not one",
				 n->num_attrs);
	dim = (int64_t)a->n;
	if (a->type == QC_ATTR_TENSOR && !strcmp(a->name, "value"))
		return out_const(n, a->t, err);
	if (a->type == QC_ATTR_INT && !strcmp(a->name, "value_int"))
		return out_const(n, qc_new_const(g, QAIC_I64, 0, NULL, &a->i, 8),
				 err);
	if (a->type == QC_ATTR_FLOAT && !strcmp(a->name, "value_float"))
		return out_const(n, qc_new_const(g, QAIC_F32, 0, NULL, &a->f, 4),
				 err);
	if (a->type == QC_ATTR_INTS && !strcmp(a->name, "value_ints"))
		return out_const(n, qc_new_const(g, QAIC_I64, 1, &dim,
				 a->n ? a->ints : &dim, a->n * 8), err);
	if (a->type == QC_ATTR_FLOATS && !strcmp(a->name, "value_floats"))
		return out_const(n, qc_new_const(g, QAIC_F32, 1, &dim,
				 a->n ? (void *)a->floats : &dim, a->n * 4),
				 err);
	return qaic_fail(err, -EOPNOTSUPP, "attribute '%s' is not supported",
			 a->name);
}

/* One element, shown in every place: strides are 0. */
QC_SHAPE(constantofshape)
{
	const struct qc_attr *a = qc_attr_find(n, "value");
	static const float zero;
	struct qc_tensor *t, *v;
	int count, i, rc;

	v = a && a->type == QC_ATTR_TENSOR ? a->t :
		qc_new_const(g, QAIC_F32, 0, NULL, &zero, sizeof(zero));
	t = qc_alloc(g, sizeof(*t));
	if (!t || !v)
		return qaic_fail(err, -ENOMEM, "out of memory");
	if (qc_tensor_numel(v) != 1)
		return qaic_fail(err, -EINVAL, "value has %lld elements",
				 (long long)qc_tensor_numel(v));
	*t = *v;
	memset(t->stride, 0, sizeof(t->stride));
	rc = qc_ints(n, 0, NULL, QC_MAX_RANK, t->dim, &count, err);
	if (rc)
		return rc;
	for (i = 0; i < count; i++)
		if (t->dim[i] < 0)
			return qaic_fail(err, -EINVAL, "dimension %d is %lld",
					 i, (long long)t->dim[i]);
	t->rank = (uint32_t)count;
	return out_const(n, t, err);
}

/* start and end since opset 15, clamped to the rank */
QC_SHAPE(shape)
{
	const struct qc_value *x = n->in[0];
	int64_t rank = x->rank, start = qc_attr_int(n, "start", 0);
	int64_t end = qc_attr_int(n, "end", rank), count;

	start = start < -rank ? 0 : start < 0 ? start + rank : start;
	start = start > rank ? rank : start;
	end = end < -rank ? 0 : end < 0 ? end + rank : end;
	end = end > rank ? rank : end;
	count = end > start ? end - start : 0;
	return out_const(n, qc_new_const(g, QAIC_I64, 1, &count, x->dim + start,
					 count * 8), err);
}

QC_SHAPE(size)
{
	int64_t size = qc_numel(n->in[0]);

	return out_const(n, qc_new_const(g, QAIC_I64, 0, NULL, &size, 8), err);
}

/*
 * NonZero: how many there are depends on the data, so the data must be constant.
 * Older exporters make ranges with it: NonZero(ConstantOfShape(n)).
 */
QC_SHAPE(nonzero)
{
	const struct qc_value *x = n->in[0];
	int64_t dim[2] = { x->rank ? x->rank : 1, 0 }, i, k, rest, total;
	int64_t *out;
	uint8_t *set;
	uint32_t d;

	total = qc_numel(x);
	if (!x->cst || total > 1 << 22)
		return qaic_fail(err, -EOPNOTSUPP,
				 "'%s' must be a constant of at most 2^22 elements",
				 x->name);
	set = qc_alloc(g, total);
	if (!set)
		return qaic_fail(err, -ENOMEM, "out of memory");
	qc_tensor_read(x->cst, 0, total, QAIC_BOOL, set);
	for (i = 0; i < total; i++)
		dim[1] += set[i] != 0;
	out = qc_alloc(g, dim[0] * dim[1] * sizeof(*out));
	if (!out)
		return qaic_fail(err, -ENOMEM, "out of memory");
	for (i = 0, k = 0; i < total; i++) {
		if (!set[i])
			continue;
		for (d = x->rank, rest = i; d-- > 0;) {
			out[d * dim[1] + k] = rest % x->dim[d];
			rest /= x->dim[d];
		}
		k++;
	}
	return out_const(n, qc_new_const(g, QAIC_I64, 2, dim, out,
					 dim[0] * dim[1] * sizeof(*out)), err);
}

/* ---- Range ---- */

QC_SHAPE(range)
{
	enum qaic_dtype t = n->in[0]->dtype;
	double start, limit, delta;
	int64_t s[3], count = -1;
	uint32_t i;

	for (i = 0; i < 3; i++)
		if (n->in[i]->dtype != t || !n->in[i]->cst ||
		    qc_numel(n->in[i]) != 1)
			return qaic_fail(err, -EOPNOTSUPP,
				"'%s' must be one constant %s", n->in[i]->name,
				qaic_dtype_name(t));
	if (qaic_dtype_is_float(t)) {
		qc_const_scalar(n->in[0], &start);
		qc_const_scalar(n->in[1], &limit);
		qc_const_scalar(n->in[2], &delta);
		start = ceil((limit - start) / delta);
		if (delta && start < 1e12)	/* false for NaN */
			count = start > 0 ? (int64_t)start : 0;
	} else {
		for (i = 0; i < 3; i++)
			s[i] = qc_load_i64(n->in[i]->cst->data,
					   n->in[i]->cst->store);
		/* differences of int64 fit in 128 bits */
		if (s[2]) {
			__int128 d = (__int128)s[1] - s[0];
			__int128 c = d / s[2] + (d % s[2] != 0);

			if ((d < 0) != (s[2] < 0))
				c = 0;
			count = c < (__int128)1 << 40 ? (int64_t)c : -1;
		}
	}
	if (count < 0)
		return qaic_fail(err, -EINVAL, "never ends, or is too large");
	qc_set_out(n, 0, t, 1, &count);
	return 0;
}

QC_EVAL(range)
{
	const struct qc_value *v = e->node->out[0];
	enum qaic_dtype t = qc_eval_dtype(v->dtype);
	int64_t i, n = qc_numel(v), size = qc_esize(v);
	uint8_t *out = e->out[0];

	for (i = 0; i < n; i++, out += size) {
		if (t == QAIC_F32)
			*(float *)out = (float)(*(const float *)e->in[0] +
				(double)i * *(const float *)e->in[2]);
		else
			qc_store_i64(out, t, (int64_t)
				((uint64_t)qc_load_i64(e->in[0], t) +
				 (uint64_t)i * (uint64_t)qc_load_i64(e->in[2],
								     t)));
	}
	return 0;
}

/* ---- EyeLike ---- */

QC_SHAPE(eyelike)
{
	int dtype = (int)n->in[0]->dtype;

	if (qc_attr_find(n, "dtype"))
		dtype = qc_dtype_of_onnx((int32_t)qc_attr_int(n, "dtype", 0));
	if (dtype < 0 || n->in[0]->rank != 2)
		return qaic_fail(err, -EINVAL, "not a matrix, or type unknown");
	qc_set_out(n, 0, dtype, 2, n->in[0]->dim);
	return 0;
}

QC_EVAL(eyelike)
{
	const struct qc_value *v = e->node->out[0];
	int64_t k = qc_attr_int(e->node, "k", 0), i, size = qc_esize(v);
	int64_t rows = v->dim[0], cols = v->dim[1];

	memset(e->out[0], 0, qc_eval_size(v));
	if (k < -rows || k > cols)
		return 0;
	for (i = 0; i < rows; i++)
		if (i + k >= 0 && i + k < cols)
			qc_store_i64((uint8_t *)e->out[0] +
				     (i * cols + i + k) * size,
				     qc_eval_dtype(v->dtype), 1);
	return 0;
}

/* ---- Cast ---- */

QC_SHAPE(cast)
{
	int dtype = n->num_in > 1 ? (int)n->in[1]->dtype :
		qc_dtype_of_onnx((int32_t)qc_attr_int(n, "to", 0));

	if (dtype < 0)
		return qaic_fail(err, -EOPNOTSUPP,
				 "to element type %lld is not supported",
				 (long long)qc_attr_int(n, "to", 0));
	qc_set_out(n, 0, dtype, n->in[0]->rank, n->in[0]->dim);
	return 0;
}

#define MAX_ROUNDED	(1 << 22)	/* elements */

/* A cast to fewer bits than the bytes have. */
static bool loses_bits(const struct qc_tensor *t, enum qaic_dtype to)
{
	return (to == QAIC_F16 || to == QAIC_BF16) && t->store != to &&
	       t->dtype != to;
}

/*
 * Between floats the bytes stay what they are; they are converted when read. A
 * model that rounds a table means it (Falcon's ALiBi, in BF16): evaluated unless
 * it is as large as weights are.
 */
QC_VIEW(cast)
{
	const struct qc_tensor *t;
	struct qc_value *v = n->out[0];

	/* CastLike: the other operand's value does not matter */
	t = n->in[0]->cst;
	if (v->dtype != t->dtype && (!qaic_dtype_is_float(v->dtype) ||
				     !qaic_dtype_is_float(t->dtype)))
		return 0;
	if (loses_bits(t, v->dtype) && qc_tensor_numel(t) <= MAX_ROUNDED)
		return 0;
	v->cst = qc_alloc(g, sizeof(*v->cst));
	if (!v->cst)
		return -ENOMEM;
	*v->cst = *t;
	v->cst->dtype = v->dtype;
	return 1;
}

/* Narrow floats round as they would, though they are held as F32. */
QC_EVAL(cast)
{
	const struct qc_value *x = e->node->in[0], *y = e->node->out[0];
	enum qaic_dtype from = qc_eval_dtype(x->dtype);
	int64_t i, n = qc_numel(y);
	float *out = e->out[0];
	uint16_t h;

	qc_convert(e->out[0], qc_eval_dtype(y->dtype), e->in[0], from, 1, n);
	if (y->dtype != QAIC_F16 && y->dtype != QAIC_BF16)
		return 0;
	for (i = 0; i < n; i++) {
		qc_convert(&h, y->dtype, &out[i], QAIC_F32, 1, 1);
		qc_convert(&out[i], QAIC_F32, &h, y->dtype, 1, 1);
	}
	return 0;
}
