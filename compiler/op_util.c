// SPDX-License-Identifier: MIT
#include "compiler/op_util.h"

void qc_set_out(struct qc_node *n, uint32_t i, enum qaic_dtype dtype,
		uint32_t rank, const int64_t *dim)
{
	struct qc_value *v = n->out[i];
	uint32_t k;

	v->dtype = dtype;
	v->rank = rank;
	for (k = 0; k < rank && k < QC_MAX_RANK; k++)
		v->dim[k] = dim[k];
}

void qc_set_out_like(struct qc_node *n, uint32_t i, const struct qc_value *v)
{
	qc_set_out(n, i, v->dtype, v->rank, v->dim);
}

int qc_broadcast(uint32_t *rank, int64_t *dim, const struct qc_value *v,
		 struct qaic_err *err)
{
	uint32_t i, shift;
	int64_t *d;

	if (v->rank > *rank) {
		shift = v->rank - *rank;
		memmove(dim + shift, dim, *rank * sizeof(*dim));
		for (i = 0; i < shift; i++)
			dim[i] = 1;
		*rank = v->rank;
	}
	shift = *rank - v->rank;
	for (i = 0; i < v->rank; i++) {
		d = &dim[shift + i];
		if (*d == 1)
			*d = v->dim[i];
		else if (v->dim[i] != 1 && v->dim[i] != *d)
			return qaic_fail(err, -EINVAL,
				"'%s' does not broadcast: %lld against %lld",
				v->name, (long long)v->dim[i], (long long)*d);
	}
	return 0;
}

int qc_axis(int64_t axis, uint32_t rank, uint32_t *out, struct qaic_err *err)
{
	if (axis < -(int64_t)rank || axis >= (int64_t)rank)
		return qaic_fail(err, -EINVAL,
				 "axis %lld is outside a rank of %u",
				 (long long)axis, rank);
	*out = (uint32_t)(axis < 0 ? axis + rank : axis);
	return 0;
}

int qc_ints(const struct qc_node *n, uint32_t input, const char *attr, int max,
	    int64_t *out, int *count, struct qaic_err *err)
{
	const struct qc_value *v = input == UINT32_MAX ? NULL : qc_in(n, input);
	const struct qc_attr *a = attr ? qc_attr_find(n, attr) : NULL;

	*count = -1;
	if (v) {
		*count = qc_const_ints(v, out, max);
		if (*count < 0)
			return qaic_fail(err, -EOPNOTSUPP,
				"input '%s' must be a constant list of at most %d integers",
				v->name, max);
		return 0;
	}
	if (!a)
		return 0;
	if (a->type == QC_ATTR_INT && max >= 1) {
		out[0] = a->i;
		*count = 1;
		return 0;
	}
	if (a->type != QC_ATTR_INTS || a->n > (size_t)max)
		return qaic_fail(err, -EINVAL,
			"attribute '%s' must be a list of at most %d integers",
			attr, max);
	if (a->n)
		memcpy(out, a->ints, a->n * sizeof(*out));
	*count = (int)a->n;
	return 0;
}

int qc_need_index(const struct qc_value *v, struct qaic_err *err)
{
	if (v->dtype == QAIC_I64 || v->dtype == QAIC_I32)
		return 0;
	return qaic_fail(err, -EINVAL, "'%s' is %s; indices are int32 or int64",
			 v->name, qaic_dtype_name(v->dtype));
}

struct qc_tensor *qc_new_const(struct qc_graph *g, enum qaic_dtype dtype,
			       uint32_t rank, const int64_t *dim,
			       const void *data, size_t size)
{
	struct qc_tensor *t = qc_alloc(g, sizeof(*t));
	void *copy = qc_alloc(g, size);
	int64_t stride = 1;
	uint32_t i;

	if (!t || !copy)
		return NULL;
	memcpy(copy, data, size);
	t->dtype = dtype;
	t->store = dtype;
	t->rank = rank;
	t->data = copy;
	for (i = rank; i-- > 0;) {
		t->dim[i] = dim[i];
		t->stride[i] = stride;
		stride *= dim[i];
	}
	return t;
}

int qc_set_view(struct qc_graph *g, struct qc_node *n, uint32_t i,
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

int64_t qc_span(const struct qc_value *v, uint32_t from, uint32_t to)
{
	int64_t n = 1;

	while (from < to)
		n *= v->dim[from++];
	return n;
}

void qc_strides(const struct qc_value *v, int64_t *stride)
{
	int64_t s = 1;
	uint32_t i;

	for (i = v->rank; i-- > 0;) {
		stride[i] = s;
		s *= v->dim[i];
	}
}

/* ---- walking ---- */

void qc_walk_init(struct qc_walk *w, uint32_t rank, const int64_t *dim)
{
	memset(w, 0, sizeof(*w));
	w->rank = rank;
	if (rank)
		memcpy(w->dim, dim, rank * sizeof(*dim));
}

void qc_walk_add(struct qc_walk *w, const int64_t *stride)
{
	if (w->rank)
		memcpy(w->stride[w->ops], stride, w->rank * sizeof(*stride));
	w->ops++;
}

void qc_walk_add_bcast(struct qc_walk *w, const struct qc_value *v)
{
	int64_t own[QC_MAX_RANK], stride[QC_MAX_RANK] = { 0 };
	uint32_t i, shift = w->rank - v->rank;

	qc_strides(v, own);
	for (i = 0; i < v->rank; i++)
		stride[shift + i] = v->dim[i] == 1 ? 0 : own[i];
	qc_walk_add(w, stride);
}

/* Merge dimensions that every operand walks through evenly; drop ones. */
static void walk_collapse(struct qc_walk *w)
{
	uint32_t i, o, r = 0;

	for (i = 0; i < w->rank; i++) {
		if (w->dim[i] == 1)
			continue;
		for (o = 0; r && o < w->ops; o++)
			if (w->stride[o][r - 1] != w->stride[o][i] * w->dim[i])
				break;
		if (r && o == w->ops) {
			w->dim[r - 1] *= w->dim[i];
			r--;
		} else {
			w->dim[r] = w->dim[i];
		}
		for (o = 0; o < w->ops; o++)
			w->stride[o][r] = w->stride[o][i];
		r++;
	}
	w->rank = r;
}

void qc_walk_start(struct qc_walk *w)
{
	uint32_t i, o;

	walk_collapse(w);
	w->done = false;
	for (i = 0; i < w->rank; i++) {
		w->at[i] = 0;
		w->done |= !w->dim[i];
	}
	w->n = w->rank ? w->dim[w->rank - 1] : 1;
	for (o = 0; o < w->ops; o++) {
		w->off[o] = 0;
		w->step[o] = w->rank ? w->stride[o][w->rank - 1] : 0;
	}
}

void qc_walk_next(struct qc_walk *w)
{
	uint32_t i, o;

	for (i = w->rank ? w->rank - 1 : 0; i-- > 0;) {
		for (o = 0; o < w->ops; o++)
			w->off[o] += w->stride[o][i];
		if (++w->at[i] < w->dim[i])
			return;
		for (o = 0; o < w->ops; o++)
			w->off[o] -= w->stride[o][i] * w->dim[i];
		w->at[i] = 0;
	}
	w->done = true;
}

static void copy_run(uint8_t *dst, const uint8_t *src, size_t esize,
		     int64_t step, int64_t n)
{
	int64_t i;

	if (step == 1) {
		memcpy(dst, src, esize * n);
	} else if (esize == 4) {
		for (i = 0; i < n; i++)
			((uint32_t *)dst)[i] = ((const uint32_t *)src)[i * step];
	} else {
		for (i = 0; i < n; i++)
			memcpy(dst + i * esize,
			       src + i * step * (int64_t)esize, esize);
	}
}

void qc_gather_strided(void *dst, const void *src, size_t esize, uint32_t rank,
		       const int64_t *dim, const int64_t *stride)
{
	struct qc_walk w;
	uint8_t *to = dst;

	qc_walk_init(&w, rank, dim);
	qc_walk_add(&w, stride);
	for (qc_walk_start(&w); !w.done; qc_walk_next(&w)) {
		copy_run(to, (const uint8_t *)src + w.off[0] * (int64_t)esize,
			 esize, w.step[0], w.n);
		to += w.n * esize;
	}
}

int64_t *qc_indices(const struct qc_eval *e, uint32_t i)
{
	const struct qc_value *v = e->node->in[i];
	int64_t n = qc_numel(v);
	int64_t *out = malloc((n ? n : 1) * sizeof(*out));

	if (out)
		qc_convert(out, QAIC_I64, qc_arg(e, i), v->dtype, 1, n);
	return out;
}
