// SPDX-License-Identifier: MIT
/*
 * Gather, GatherElements, GatherND, OneHot. An index outside the axis is an error
 * here, as ONNX demands; CtxGather (op_ctx.c) has its own rule.
 */
#include "compiler/op_util.h"

static int bad_index(int64_t index, int64_t size, struct qaic_err *err)
{
	return qaic_fail(err, -ERANGE, "index %lld is outside [-%lld, %lld)",
			 (long long)index, (long long)size, (long long)size);
}

/* ---- Gather ---- */

QC_SHAPE(gather)
{
	const struct qc_value *x = n->in[0], *ix = n->in[1];
	int64_t dim[2 * QC_MAX_RANK];
	uint32_t axis, i, rank = 0;
	int rc;

	rc = qc_need_index(ix, err);
	if (!rc)
		rc = qc_axis(qc_attr_int(n, "axis", 0), x->rank, &axis, err);
	if (rc)
		return rc;
	for (i = 0; i < axis; i++)
		dim[rank++] = x->dim[i];
	for (i = 0; i < ix->rank; i++)
		dim[rank++] = ix->dim[i];
	for (i = axis + 1; i < x->rank; i++)
		dim[rank++] = x->dim[i];
	if (rank > QC_MAX_RANK)
		return qaic_fail(err, -EOPNOTSUPP, "%u dimensions", rank);
	qc_set_out(n, 0, x->dtype, rank, dim);
	return 0;
}

QC_EVAL(gather)
{
	const struct qc_value *x = e->node->in[0];
	int64_t count = qc_numel(e->node->in[1]), outer, inner, o, i, k, at;
	int64_t size = qc_esize(x), *idx = qc_indices(e, 1);
	uint8_t *out = e->out[0];
	uint32_t axis;
	int rc;

	if (!idx)
		return -ENOMEM;
	rc = qc_axis(qc_attr_int(e->node, "axis", 0), x->rank, &axis, err);
	outer = rc ? 0 : qc_span(x, 0, axis);
	inner = rc ? 0 : qc_span(x, axis + 1, x->rank);
	for (o = 0; o < outer && !rc; o++) {
		for (i = 0; i < count && !rc; i++, out += inner * size) {
			k = idx[i] < 0 ? idx[i] + x->dim[axis] : idx[i];
			if (k < 0 || k >= x->dim[axis]) {
				rc = bad_index(idx[i], x->dim[axis], err);
				break;
			}
			at = (o * x->dim[axis] + k) * inner;
			if (e->in[0])
				memcpy(out, (const uint8_t *)e->in[0] +
					    at * size, inner * size);
			else
				qc_tensor_read(x->cst, at, inner,
					       qc_eval_dtype(x->dtype), out);
		}
	}
	free(idx);
	return rc;
}

/* ---- GatherElements ---- */

QC_SHAPE(gatherelements)
{
	const struct qc_value *x = n->in[0], *ix = n->in[1];
	uint32_t axis, i;
	int rc;

	rc = qc_need_index(ix, err);
	if (!rc)
		rc = qc_axis(qc_attr_int(n, "axis", 0), x->rank, &axis, err);
	if (rc)
		return rc;
	if (ix->rank != x->rank)
		return qaic_fail(err, -EINVAL, "'%s' and '%s' differ in rank",
				 x->name, ix->name);
	for (i = 0; i < x->rank; i++)
		if (i != axis && ix->dim[i] > x->dim[i])
			return qaic_fail(err, -EINVAL,
				"'%s' is larger than '%s' in dimension %u",
				ix->name, x->name, i);
	qc_set_out(n, 0, x->dtype, ix->rank, ix->dim);
	return 0;
}

QC_EVAL(gatherelements)
{
	const struct qc_value *x = e->node->in[0], *ix = e->node->in[1];
	int64_t stride[QC_MAX_RANK], *idx = qc_indices(e, 1), i, k, p = 0;
	int64_t size = qc_esize(x), step;
	uint8_t *out = e->out[0];
	struct qc_walk w;
	uint32_t axis = 0;
	int rc;

	if (!idx)
		return -ENOMEM;
	rc = qc_axis(qc_attr_int(e->node, "axis", 0), x->rank, &axis, err);
	qc_strides(x, stride);
	step = stride[axis];
	stride[axis] = 0;
	qc_walk_init(&w, ix->rank, ix->dim);
	qc_walk_add(&w, stride);
	for (qc_walk_start(&w); !w.done && !rc; qc_walk_next(&w)) {
		for (i = 0; i < w.n && !rc; i++, p++, out += size) {
			k = idx[p] < 0 ? idx[p] + x->dim[axis] : idx[p];
			if (k < 0 || k >= x->dim[axis]) {
				rc = bad_index(idx[p], x->dim[axis], err);
				break;
			}
			memcpy(out, (const uint8_t *)e->in[0] +
				    (w.off[0] + i * w.step[0] + k * step) * size,
			       size);
		}
	}
	free(idx);
	return rc;
}

/* ---- GatherND ---- */

QC_SHAPE(gathernd)
{
	const struct qc_value *x = n->in[0], *ix = n->in[1];
	int64_t batch = qc_attr_int(n, "batch_dims", 0), dim[2 * QC_MAX_RANK];
	uint32_t i, rank = 0;
	int64_t last;
	int rc = qc_need_index(ix, err);

	if (rc)
		return rc;
	if (!x->rank || !ix->rank || batch < 0 || batch >= ix->rank ||
	    batch >= x->rank)
		return qaic_fail(err, -EINVAL, "ranks %u and %u, batch_dims %lld",
				 x->rank, ix->rank, (long long)batch);
	last = ix->dim[ix->rank - 1];
	if (last < 1 || last > x->rank - batch)
		return qaic_fail(err, -EINVAL,
				 "indices of %lld numbers for a rank of %u",
				 (long long)last, x->rank);
	for (i = 0; i < batch; i++)
		if (ix->dim[i] != x->dim[i])
			return qaic_fail(err, -EINVAL,
					 "batch dimension %u differs", i);
	for (i = 0; i + 1 < ix->rank; i++)
		dim[rank++] = ix->dim[i];
	for (i = (uint32_t)(batch + last); i < x->rank; i++)
		dim[rank++] = x->dim[i];
	if (rank > QC_MAX_RANK)
		return qaic_fail(err, -EOPNOTSUPP, "%u dimensions", rank);
	qc_set_out(n, 0, x->dtype, rank, dim);
	return 0;
}

QC_EVAL(gathernd)
{
	const struct qc_value *x = e->node->in[0], *ix = e->node->in[1];
	uint32_t batch = (uint32_t)qc_attr_int(e->node, "batch_dims", 0), d;
	uint32_t last = (uint32_t)ix->dim[ix->rank - 1];
	int64_t batches = qc_span(x, 0, batch);
	int64_t each = qc_span(ix, batch, ix->rank - 1);
	int64_t inner = qc_span(x, batch + last, x->rank);
	int64_t size = qc_esize(x), *idx = qc_indices(e, 1), *at = idx;
	int64_t b, i, k, from;
	uint8_t *out = e->out[0];
	int rc = idx ? 0 : -ENOMEM;

	for (b = 0; b < batches && !rc; b++) {
		for (i = 0; i < each && !rc; i++, at += last) {
			for (d = 0, from = b; d < last && !rc; d++) {
				k = at[d] < 0 ? at[d] + x->dim[batch + d] : at[d];
				if (k < 0 || k >= x->dim[batch + d])
					rc = bad_index(at[d], x->dim[batch + d],
						       err);
				else
					from = from * x->dim[batch + d] + k;
			}
			if (rc)
				break;
			memcpy(out, (const uint8_t *)e->in[0] +
				    from * inner * size, inner * size);
			out += inner * size;
		}
	}
	free(idx);
	return rc;
}

/* ---- OneHot ---- */

QC_SHAPE(onehot)
{
	const struct qc_value *ix = n->in[0], *values = n->in[2];
	int64_t axis = qc_attr_int(n, "axis", -1), dim[QC_MAX_RANK];
	uint32_t rank = ix->rank + 1, at, i, k;
	double depth;
	int rc;

	if (!qc_const_scalar(n->in[1], &depth))
		return qaic_fail(err, -EOPNOTSUPP,
				 "depth '%s' must be one constant",
				 n->in[1]->name);
	if (!(depth >= 0 && depth < 1e12))
		return qaic_fail(err, -EINVAL, "depth is %g", depth);
	if (values->rank != 1 || values->dim[0] != 2)
		return qaic_fail(err, -EINVAL, "'%s' must have two elements",
				 values->name);
	if (rank > QC_MAX_RANK)
		return qaic_fail(err, -EOPNOTSUPP, "%u dimensions", rank);
	rc = qc_axis(axis, rank, &at, err);
	if (rc)
		return rc;
	for (i = 0, k = 0; i < rank; i++)
		dim[i] = i == at ? (int64_t)depth : ix->dim[k++];
	qc_set_out(n, 0, values->dtype, rank, dim);
	return 0;
}

/* Indices outside the depth give a row without a hot element. */
QC_EVAL(onehot)
{
	const struct qc_value *ix = e->node->in[0], *y = e->node->out[0];
	int64_t size = qc_esize(y), n = qc_numel(ix), *idx = NULL;
	const uint8_t *values = e->in[2];
	int64_t i, o, total = qc_numel(y), inner, depth;
	uint8_t *out = e->out[0];
	uint32_t axis = 0;
	int rc;

	rc = qc_axis(qc_attr_int(e->node, "axis", -1), y->rank, &axis, err);
	if (rc)
		return rc;
	idx = malloc((n ? n : 1) * sizeof(*idx));
	if (!idx)
		return -ENOMEM;
	qc_convert(idx, QAIC_I64, e->in[0], qc_eval_dtype(ix->dtype), 1, n);
	depth = y->dim[axis];
	inner = qc_span(y, axis + 1, y->rank);
	for (i = 0; i < total; i++)
		memcpy(out + i * size, values, size);
	for (i = 0; i < n && inner; i++) {
		o = idx[i] < 0 && idx[i] >= -depth ? idx[i] + depth : idx[i];
		if (o < 0 || o >= depth)
			continue;
		memcpy(out + ((i / inner * depth + o) * inner + i % inner) * size,
		       values + size, size);
	}
	free(idx);
	return 0;
}
