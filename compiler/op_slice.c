// SPDX-License-Identifier: MIT
/*
 * Slice and Split.
 */
#include "compiler/op_util.h"

/* ---- Slice: attributes before opset 10, inputs since ---- */

struct slice {
	int64_t start[QC_MAX_RANK], step[QC_MAX_RANK], dim[QC_MAX_RANK];
};

/* ONNX's clamping rules for one axis. */
static int slice_axis(struct slice *s, uint32_t axis, int64_t size,
		      int64_t start, int64_t end, int64_t step)
{
	int64_t lo = step < 0 ? -1 : 0, hi = step < 0 ? size - 1 : size;

	if (!step || step == INT64_MIN)
		return -EINVAL;
	if (start < 0)
		start += size;
	if (end < 0)
		end += size;
	start = start < 0 ? 0 : start > hi ? hi : start;
	end = end < lo ? lo : end > size ? size : end;
	s->start[axis] = start;
	s->step[axis] = step;
	if (!size)
		s->dim[axis] = 0;
	else if (step > 0)
		s->dim[axis] = end > start ? (end - start - 1) / step + 1 : 0;
	else
		s->dim[axis] = end < start ? (start - end - 1) / -step + 1 : 0;
	return 0;
}

static int slice_params(const struct qc_node *n, struct slice *s,
			struct qaic_err *err)
{
	const struct qc_value *x = n->in[0];
	int64_t starts[QC_MAX_RANK], ends[QC_MAX_RANK];
	int64_t axes[QC_MAX_RANK], steps[QC_MAX_RANK];
	int ns, ne, na, nt, i, rc;
	uint32_t axis, k;

	rc = qc_ints(n, 1, "starts", QC_MAX_RANK, starts, &ns, err);
	if (!rc)
		rc = qc_ints(n, 2, "ends", QC_MAX_RANK, ends, &ne, err);
	if (!rc)
		rc = qc_ints(n, 3, "axes", QC_MAX_RANK, axes, &na, err);
	if (!rc)
		rc = qc_ints(n, 4, NULL, QC_MAX_RANK, steps, &nt, err);
	if (rc)
		return rc;
	if (ns < 0 || ns != ne || (na >= 0 && na != ns) || (nt >= 0 && nt != ns))
		return qaic_fail(err, -EINVAL,
				 "starts, ends, axes and steps differ in length");
	for (k = 0; k < x->rank; k++) {
		s->start[k] = 0;
		s->step[k] = 1;
		s->dim[k] = x->dim[k];
	}
	for (i = 0; i < ns; i++) {
		rc = qc_axis(na < 0 ? i : axes[i], x->rank, &axis, err);
		if (rc)
			return rc;
		if (slice_axis(s, axis, x->dim[axis], starts[i], ends[i],
			       nt < 0 ? 1 : steps[i]))
			return qaic_fail(err, -EINVAL, "step of axis %u is %lld",
					 axis, nt < 0 ? 1 : (long long)steps[i]);
	}
	return 0;
}

QC_SHAPE(slice)
{
	struct slice s;
	int rc = slice_params(n, &s, err);

	if (!rc)
		qc_set_out(n, 0, n->in[0]->dtype, n->in[0]->rank, s.dim);
	return rc;
}

/* Where the slice starts and how it walks, given the operand's strides. */
static int64_t slice_strides(const struct qc_node *n, const int64_t *from,
			     int64_t *to)
{
	struct slice s;
	int64_t start = 0;
	uint32_t i;

	if (slice_params(n, &s, NULL))
		return 0;
	for (i = 0; i < n->in[0]->rank; i++) {
		/* one element does not step */
		to[i] = s.dim[i] > 1 ? from[i] * s.step[i] : from[i];
		start += s.dim[i] ? from[i] * s.start[i] : 0;
	}
	return start;
}

QC_VIEW(slice)
{
	int64_t stride[QC_MAX_RANK] = { 0 };
	int64_t start = slice_strides(n, n->in[0]->cst->stride, stride);

	return qc_set_view(g, n, 0, stride, start);
}

QC_EVAL(slice)
{
	const struct qc_value *x = e->node->in[0], *y = e->node->out[0];
	int64_t own[QC_MAX_RANK], stride[QC_MAX_RANK] = { 0 }, start;

	if (!qc_numel(y))
		return 0;
	qc_strides(x, own);
	start = slice_strides(e->node, own, stride);
	qc_gather_strided(e->out[0],
			  (const uint8_t *)e->in[0] + start * qc_esize(x),
			  qc_esize(x), y->rank, y->dim, stride);
	return 0;
}

/* ---- Split ---- */

QC_SHAPE(split)
{
	const struct qc_value *x = n->in[0];
	int64_t dim[QC_MAX_RANK], *parts, sum = 0, each;
	uint32_t axis, i;
	int count, rc;

	rc = qc_axis(qc_attr_int(n, "axis", 0), x->rank, &axis, err);
	if (rc)
		return rc;
	parts = qc_alloc(g, n->num_out * sizeof(*parts));
	if (!parts)
		return qaic_fail(err, -ENOMEM, "out of memory");
	rc = qc_ints(n, 1, "split", n->num_out > INT32_MAX ? INT32_MAX :
		     (int)n->num_out, parts, &count, err);
	if (rc)
		return rc;
	if (count >= 0 && (uint32_t)count != n->num_out)
		return qaic_fail(err, -EINVAL, "%d parts, %u outputs", count,
				 n->num_out);
	if (count < 0) {
		/* equal parts; since opset 18 the last may be smaller */
		each = (x->dim[axis] + n->num_out - 1) / n->num_out;
		if (n->version < 18 && each * n->num_out != x->dim[axis])
			return qaic_fail(err, -EINVAL,
				"%lld does not divide by %u",
				(long long)x->dim[axis], n->num_out);
		for (i = 0; i < n->num_out; i++) {
			parts[i] = x->dim[axis] - sum < each ?
				x->dim[axis] - sum : each;
			sum += parts[i];
		}
	}
	memcpy(dim, x->dim, sizeof(dim));
	for (i = 0, sum = 0; i < n->num_out; i++) {
		if (parts[i] < 0 || parts[i] > x->dim[axis] - sum)
			return qaic_fail(err, -EINVAL, "part %u has %lld", i,
					 (long long)parts[i]);
		sum += parts[i];
		dim[axis] = parts[i];
		qc_set_out(n, i, x->dtype, x->rank, dim);
	}
	if (sum != x->dim[axis])
		return qaic_fail(err, -EINVAL,
				 "the parts are %lld of %lld together",
				 (long long)sum, (long long)x->dim[axis]);
	return 0;
}

static uint32_t split_axis(const struct qc_node *n)
{
	uint32_t axis = 0;

	qc_axis(qc_attr_int(n, "axis", 0), n->in[0]->rank, &axis, NULL);
	return axis;
}

QC_VIEW(split)
{
	const struct qc_tensor *t = n->in[0]->cst;
	uint32_t axis = split_axis(n), i;
	int64_t start = 0;
	int rc = 1;

	for (i = 0; i < n->num_out && rc > 0; i++) {
		rc = qc_set_view(g, n, i, t->stride, start * t->stride[axis]);
		start += n->out[i]->dim[axis];
	}
	return rc;
}

QC_EVAL(split)
{
	const struct qc_value *x = e->node->in[0], *y;
	int64_t stride[QC_MAX_RANK], start = 0;
	uint32_t axis = split_axis(e->node), i;

	qc_strides(x, stride);
	for (i = 0; i < e->node->num_out; i++) {
		y = e->node->out[i];
		qc_gather_strided(e->out[i], (const uint8_t *)e->in[0] +
					     start * stride[axis] * qc_esize(x),
				  qc_esize(x), y->rank, y->dim, stride);
		start += y->dim[axis];
	}
	return 0;
}
