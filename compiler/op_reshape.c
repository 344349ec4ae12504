// SPDX-License-Identifier: MIT
/*
 * Operators that change the shape and leave the elements in their order.
 */
#include "compiler/op_util.h"

QC_EVAL(copy)
{
	memcpy(e->out[0], e->in[0], qc_eval_size(e->node->out[0]));
	return 0;
}

/*
 * Strides that show a strided tensor in another shape, if there are any: groups of
 * old dimensions that walk evenly are split into new ones.
 */
static bool reshape_strides(const struct qc_tensor *t, struct qc_tensor *to)
{
	int64_t dim[QC_MAX_RANK], stride[QC_MAX_RANK], left, s;
	uint32_t i, n = 0, k = 0;

	for (i = 0; i < t->rank; i++) {
		if (t->dim[i] == 1)
			continue;
		if (n && stride[n - 1] == t->stride[i] * t->dim[i]) {
			dim[n - 1] *= t->dim[i];
			stride[n - 1] = t->stride[i];
			continue;
		}
		dim[n] = t->dim[i];
		stride[n++] = t->stride[i];
	}
	/* walk the new dimensions from the left, eating the old groups */
	for (i = 0, left = 1, s = 1; i < to->rank; i++) {
		if (to->dim[i] == 1) {
			to->stride[i] = 0;
			continue;
		}
		if (left == 1) {
			if (k == n)
				return false;
			left = dim[k];
			s = stride[k++];
		}
		if (!to->dim[i] || left % to->dim[i])
			return false;
		left /= to->dim[i];
		to->stride[i] = s * left;
	}
	return left == 1 && k == n;
}

/* Reshape, Squeeze, Unsqueeze, Flatten, Identity of a constant. */
QC_VIEW(reshape)
{
	const struct qc_tensor *t = n->in[0]->cst;
	const struct qc_value *v = n->out[0];
	struct qc_tensor to = *t, *copy;
	uint32_t i;

	to.rank = v->rank;
	for (i = 0; i < v->rank; i++)
		to.dim[i] = v->dim[i];
	if (!reshape_strides(t, &to))
		return 0;
	copy = qc_alloc(g, sizeof(*copy));
	if (!copy)
		return -ENOMEM;
	*copy = to;
	n->out[0]->cst = copy;
	return 1;
}

QC_SHAPE(identity)
{
	qc_set_out_like(n, 0, n->in[0]);
	return 0;
}

QC_SHAPE(reshape)
{
	const struct qc_value *x = n->in[0];
	int64_t dim[QC_MAX_RANK], known = 1, total = qc_numel(x);
	bool allowzero = qc_attr_int(n, "allowzero", 0);
	int count, i, infer = -1, rc;

	rc = qc_ints(n, 1, NULL, QC_MAX_RANK, dim, &count, err);
	if (rc)
		return rc;
	for (i = 0; i < count; i++) {
		if (!dim[i] && !allowzero) {
			if ((uint32_t)i >= x->rank)
				return qaic_fail(err, -EINVAL,
					"shape copies dimension %d, '%s' has %u",
					i, x->name, x->rank);
			dim[i] = x->dim[i];
		}
		if (dim[i] == -1 && infer < 0) {
			infer = i;
			continue;
		}
		known = qc_mul(known, dim[i]);
		if (known < 0)
			return qaic_fail(err, -EINVAL,
					 "dimension %d of the shape is %lld", i,
					 (long long)dim[i]);
	}
	if (infer >= 0) {
		if (!known || total % known)
			return qaic_fail(err, -EINVAL,
				"%lld elements do not divide by %lld",
				(long long)total, (long long)known);
		dim[infer] = total / known;
		known = total;
	}
	if (known != total)
		return qaic_fail(err, -EINVAL,
			"'%s' has %lld elements, the new shape %lld", x->name,
			(long long)total, (long long)known);
	qc_set_out(n, 0, x->dtype, (uint32_t)count, dim);
	return 0;
}

QC_SHAPE(flatten)
{
	const struct qc_value *x = n->in[0];
	int64_t axis = qc_attr_int(n, "axis", 1), dim[2];

	if (axis < -(int64_t)x->rank || axis > (int64_t)x->rank)
		return qaic_fail(err, -EINVAL, "axis %lld, rank %u",
				 (long long)axis, x->rank);
	if (axis < 0)
		axis += x->rank;
	dim[0] = qc_span(x, 0, (uint32_t)axis);
	dim[1] = qc_span(x, (uint32_t)axis, x->rank);
	qc_set_out(n, 0, x->dtype, 2, dim);
	return 0;
}

QC_SHAPE(squeeze)
{
	const struct qc_value *x = n->in[0];
	int64_t axes[QC_MAX_RANK], dim[QC_MAX_RANK];
	bool drop[QC_MAX_RANK] = { false };
	uint32_t i, axis, rank = 0;
	int count, k, rc;

	rc = qc_ints(n, 1, "axes", QC_MAX_RANK, axes, &count, err);
	if (rc)
		return rc;
	for (i = 0; count < 0 && i < x->rank; i++)
		drop[i] = x->dim[i] == 1;
	for (k = 0; k < count; k++) {
		rc = qc_axis(axes[k], x->rank, &axis, err);
		if (rc)
			return rc;
		if (x->dim[axis] != 1)
			return qaic_fail(err, -EINVAL,
				"dimension %u of '%s' is %lld, not 1", axis,
				x->name, (long long)x->dim[axis]);
		drop[axis] = true;
	}
	for (i = 0; i < x->rank; i++)
		if (!drop[i])
			dim[rank++] = x->dim[i];
	qc_set_out(n, 0, x->dtype, rank, dim);
	return 0;
}

QC_SHAPE(unsqueeze)
{
	const struct qc_value *x = n->in[0];
	int64_t axes[QC_MAX_RANK], dim[QC_MAX_RANK];
	bool insert[QC_MAX_RANK] = { false };
	uint32_t i, k, axis, rank;
	int count, c, rc;

	rc = qc_ints(n, 1, "axes", QC_MAX_RANK, axes, &count, err);
	if (rc)
		return rc;
	if (count < 0)
		return qaic_fail(err, -EINVAL, "axes are missing");
	rank = x->rank + (uint32_t)count;
	if (rank > QC_MAX_RANK)
		return qaic_fail(err, -EOPNOTSUPP,
				 "%u dimensions; at most %d are supported", rank,
				 QC_MAX_RANK);
	for (c = 0; c < count; c++) {
		rc = qc_axis(axes[c], rank, &axis, err);
		if (rc)
			return rc;
		if (insert[axis])
			return qaic_fail(err, -EINVAL, "axis %u is given twice",
					 axis);
		insert[axis] = true;
	}
	for (i = 0, k = 0; i < rank; i++)
		dim[i] = insert[i] ? 1 : x->dim[k++];
	qc_set_out(n, 0, x->dtype, rank, dim);
	return 0;
}

/* ---- Dropout: nothing is dropped in inference ---- */

QC_SHAPE(dropout)
{
	double training = 0, ratio = 0.5;

	if (qc_in(n, 2) &&
	    (!qc_const_scalar(n->in[2], &training) || training)) {
		if (!qc_in(n, 1) || !qc_const_scalar(n->in[1], &ratio) || ratio)
			return qaic_fail(err, -EOPNOTSUPP,
					 "training mode is not supported");
	}
	qc_set_out_like(n, 0, n->in[0]);
	if (n->num_out > 1)
		qc_set_out(n, 1, n->version < 10 ? n->in[0]->dtype : QAIC_BOOL,
			   n->in[0]->rank, n->in[0]->dim);
	return 0;
}

QC_EVAL(dropout)
{
	const struct qc_value *mask;
	int64_t i, n;

	memcpy(e->out[0], e->in[0], qc_eval_size(e->node->out[0]));
	if (!e->out[1])
		return 0;
	mask = e->node->out[1];
	n = qc_numel(mask);
	for (i = 0; i < n; i++)
		qc_store_i64((uint8_t *)e->out[1] + i * qc_esize(mask),
			     qc_eval_dtype(mask->dtype), 1);
	return 0;
}
