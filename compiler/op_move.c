// SPDX-License-Identifier: MIT
/*
 * Operators that pick elements by strides: Transpose, Expand, Slice, Split, and
 * those that put blocks together: Concat, Tile.
 */
#include "compiler/op_util.h"

/* A view of the constant operand 0 as output @i: other dims, strides, start. */
static int set_view(struct qc_graph *g, struct qc_node *n, uint32_t i,
		    const int64_t *stride, int64_t start)
{
	const struct qc_tensor *t = n->in[0]->cst;
	struct qc_value *v = n->out[i];
	struct qc_tensor *c = qc_alloc(g, sizeof(*c));
	uint32_t k;

	if (!c)
		return -ENOMEM;
	*c = *t;
	c->rank = v->rank;
	for (k = 0; k < v->rank; k++) {
		c->dim[k] = v->dim[k];
		c->stride[k] = stride[k];
	}
	if (t->data && qc_numel(v))
		c->data = t->data +
			  start * (int64_t)qaic_dtype_size(t->store);
	v->cst = c;
	return 1;
}

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
	return set_view(g, n, 0, stride, 0);
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
	return set_view(g, n, 0, stride, 0);
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

	return set_view(g, n, 0, stride, start);
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
		rc = set_view(g, n, i, t->stride, start * t->stride[axis]);
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
