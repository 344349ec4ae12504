// SPDX-License-Identifier: MIT
/*
 * Einsum of one or two operands: labels that only one operand has and that are
 * summed are summed first; what is left is a batched product.
 */
#include <errno.h>
#include <string.h>

#include "compiler/einsum.h"
#include "compiler/lower.h"

/* A list of labels: the axes of a view, in order. */
struct labels {
	uint32_t n;
	int l[QC_MAX_RANK];
};

static int push(struct labels *s, int label, struct qaic_err *err)
{
	if (s->n == QC_MAX_RANK)
		return qaic_fail(err, -EOPNOTSUPP, "more than %d dimensions",
				 QC_MAX_RANK);
	s->l[s->n++] = label;
	return 0;
}

static bool in_output(const struct qc_einsum *e, int label)
{
	uint32_t i;

	for (i = 0; i < e->num_out; i++)
		if (e->out[i] == label)
			return true;
	return false;
}

/*
 * Operand @i as a view over @keep, then whatever else it has summed away. A
 * repeated label walks a diagonal: its stride is the sum of both.
 */
static int operand(struct qc_lower *l, struct qc_node *n,
		   const struct qc_einsum *e, uint32_t i,
		   const struct labels *keep, const struct labels *sum,
		   struct qc_view *out, struct qaic_err *err)
{
	struct qc_view v, w;
	int64_t dim[QC_MAX_RANK];
	uint32_t k, mask = 0;
	int rc = qc_lower_in(l, n->in[i], &v, err);

	if (rc)
		return rc;
	if (!qc_view_dense(&v)) {	/* the strides are those of dense ones */
		rc = qc_lower_temp(l, v.dtype, v.rank, v.dim, &w, err);
		if (!rc)
			rc = qc_emit_move(l, &w, &v, err);
		if (rc)
			return rc;
		v = w;
	}
	if (keep->n + sum->n > QC_MAX_RANK)
		return qaic_fail(err, -EOPNOTSUPP, "more than %d dimensions",
				 QC_MAX_RANK);
	v.rank = keep->n + sum->n;
	for (k = 0; k < v.rank; k++) {
		int label = k < keep->n ? keep->l[k] : sum->l[k - keep->n];

		v.dim[k] = e->dim[label];
		v.stride[k] = e->stride[i][label];
		dim[k] = k < keep->n ? v.dim[k] : 1;
		mask |= k < keep->n ? 0 : 1u << k;
	}
	*out = v;
	if (!sum->n)
		return 0;
	rc = qc_lower_temp(l, QAIC_F32, v.rank, dim, &w, err);
	if (!rc)
		rc = qc_emit_reduce(l, NSP_R_SUM, 0, w, v, mask, err);
	w.rank = keep->n;
	*out = w;
	return rc;
}

/* Merge runs of axes: the first @nb, then @nm, then the rest. */
static int three_axes(struct qc_lower *l, struct qc_view *v, uint32_t nb,
		      uint32_t nm, struct qaic_err *err)
{
	int64_t dim[3] = { 1, 1, 1 };
	uint32_t i;

	for (i = 0; i < v->rank; i++)
		dim[i < nb ? 0 : i < nb + nm ? 1 : 2] *= v->dim[i];
	return qc_lower_reshaped(l, v, 3, dim, err);
}

/* The output as a view over labels in another order. */
static int output(struct qc_lower *l, struct qc_node *n,
		  const struct qc_einsum *e, const struct labels *order,
		  struct qc_view *out, struct qaic_err *err)
{
	uint32_t perm[QC_MAX_RANK], i, k;
	int rc = qc_lower_out(l, n->out[0], out, err);

	for (i = 0; i < order->n; i++)
		for (k = 0; k < e->num_out; k++)
			if (e->out[k] == order->l[i])
				perm[i] = k;
	if (!rc)
		qc_view_permute(out, perm);
	return rc;
}

static int lower_one(struct qc_lower *l, struct qc_node *n,
		     const struct qc_einsum *e, struct qaic_err *err)
{
	struct labels keep = { 0 }, sum = { 0 };
	struct qc_view v, o;
	uint32_t i;
	int rc = 0;

	for (i = 0; i < e->num_out && !rc; i++)
		rc = push(&keep, e->out[i], err);
	for (i = 0; i < e->num_sum && !rc; i++)
		rc = push(&sum, e->sum[i], err);
	if (!rc)
		rc = operand(l, n, e, 0, &keep, &sum, &v, err);
	if (!rc)
		rc = output(l, n, e, &keep, &o, err);
	return rc ? rc : qc_emit_move(l, &o, &v, err);
}

/* Labels by where they are: batch, M and N in the output, K in both, sums. */
struct sorted {
	struct labels batch, m, n, k, sum[2];
};

/* By the factors @f, the first and the second one of the product. */
static int sort_labels(const struct qc_einsum *e, const uint32_t *f,
		       struct sorted *s, struct qaic_err *err)
{
	int label, rc = 0;

	memset(s, 0, sizeof(*s));
	for (label = 0; label < QC_LABELS && !rc; label++) {
		bool a, b, out;

		if (e->dim[label] < 0)
			continue;
		a = e->stride[f[0]][label];
		b = e->stride[f[1]][label];
		out = in_output(e, label);
		/* of length 1 everywhere: anywhere in the output will do */
		if (out)
			rc = push(a == b ? &s->batch : a ? &s->m : &s->n,
				  label, err);
		else if (a || b)
			rc = push(a && b ? &s->k : &s->sum[b], label, err);
	}
	return rc;
}

/* Axes as operand @i has them, the one that is furthest apart first. */
static void as_stored(const struct qc_einsum *e, uint32_t i, struct labels *s)
{
	uint32_t k, at;
	int label;

	for (k = 1; k < s->n; k++) {
		label = s->l[k];
		for (at = k; at > 0 && e->lies[i][s->l[at - 1]] <
				       e->lies[i][label]; at--)
			s->l[at] = s->l[at - 1];
		s->l[at] = label;
	}
}

/* Those axes of operand @i as one axis of @t; false if they do not lie like one. */
static bool one_axis(const struct qc_einsum *e, uint32_t i,
		     const struct labels *s, struct qc_tensor *t)
{
	int64_t dim = 1, stride = 0;
	uint32_t k;

	for (k = s->n; k-- > 0;) {
		if (e->dim[s->l[k]] == 1)
			continue;
		if (dim == 1)
			stride = e->lies[i][s->l[k]];
		else if (e->lies[i][s->l[k]] != dim * stride)
			return false;
		dim *= e->dim[s->l[k]];
	}
	t->dim[t->rank] = dim;
	t->stride[t->rank++] = stride;
	return true;
}

/* Is operand @i constant matrices [batch, N, K], however they lie? */
static bool matrices(const struct qc_node *n, const struct qc_einsum *e,
		     uint32_t i, const struct sorted *s, struct qc_tensor *t)
{
	const struct qc_tensor *c = n->in[i]->cst;

	if (!c || s->sum[1].n || !qc_tensor_numel(c))
		return false;
	memset(t, 0, sizeof(*t));
	t->dtype = c->dtype;
	t->store = c->store;
	t->data = c->data;
	return one_axis(e, i, &s->batch, t) && one_axis(e, i, &s->n, t) &&
	       one_axis(e, i, &s->k, t);
}

static int join(struct labels *to, const struct labels *a,
		const struct labels *b, const struct labels *c,
		struct qaic_err *err)
{
	const struct labels *s[3] = { a, b, c };
	uint32_t i, k;
	int rc = 0;

	to->n = 0;
	for (k = 0; k < 3; k++)
		for (i = 0; s[k] && i < s[k]->n && !rc; i++)
			rc = push(to, s[k]->l[i], err);
	return rc;
}

/* The second factor [batch, N, K]; weights as those of a MatMul are. */
static int second(struct qc_lower *l, struct qc_node *n,
		  const struct qc_einsum *e, uint32_t i, const struct sorted *s,
		  struct qc_view *b, struct qaic_err *err)
{
	struct qc_tensor t;
	struct labels lb;
	int rc;

	if (matrices(n, e, i, s, &t))
		return qc_lower_weights(l, n->in[i], &t, true, b, err);
	rc = join(&lb, &s->batch, &s->n, &s->k, err);
	if (!rc)
		rc = operand(l, n, e, i, &lb, &s->sum[1], b, err);
	return rc ? rc : three_axes(l, b, s->batch.n, s->n.n, err);
}

static int lower_two(struct qc_lower *l, struct qc_node *n,
		     const struct qc_einsum *e, struct qaic_err *err)
{
	/* weights are the second factor, wherever the equation has them */
	uint32_t first = n->in[0]->cst && !n->in[1]->cst;
	const uint32_t f[2] = { first, !first };
	struct labels la, lo;
	struct qc_view a, b, o, t;
	struct sorted s;
	int rc = sort_labels(e, f, &s, err);

	if (!rc) {
		as_stored(e, f[1], &s.batch);
		as_stored(e, f[1], &s.n);
		as_stored(e, f[1], &s.k);
		rc = join(&la, &s.batch, &s.m, &s.k, err);
	}
	if (!rc)
		rc = join(&lo, &s.batch, &s.m, &s.n, err);
	if (!rc)
		rc = operand(l, n, e, f[0], &la, &s.sum[0], &a, err);
	if (!rc)
		rc = three_axes(l, &a, s.batch.n, s.m.n, err);
	if (!rc)
		rc = second(l, n, e, f[1], &s, &b, err);
	if (!rc)
		rc = output(l, n, e, &lo, &o, err);
	if (!rc)
		rc = qc_lower_temp(l, o.dtype, 3, (int64_t[]){ a.dim[0],
				   a.dim[1], b.dim[1] }, &t, err);
	if (rc)
		return rc;
	if (a.dim[2] == 0)
		return qc_emit_fill(l, &o, 0, err);
	rc = qc_emit_product(l, &t, &a, &b, err);
	qc_view_reshape(&t, o.rank, o.dim);	/* dense */
	return rc ? rc : qc_emit_move(l, &o, &t, err);
}

int qc_lower_einsum(struct qc_lower *l, struct qc_node *n, struct qaic_err *err)
{
	struct qc_einsum e;
	int rc = qc_einsum_parse(n, &e, err);

	if (rc)
		return rc;
	if (!qaic_dtype_is_float(n->in[0]->dtype))
		return qaic_fail(err, -EOPNOTSUPP,
				 "Einsum of integers is not supported");
	if (n->num_in == 1)
		return lower_one(l, n, &e, err);
	if (n->num_in == 2)
		return lower_two(l, n, &e, err);
	return qaic_fail(err, -EOPNOTSUPP,
			 "Einsum of %u operands is not supported: use two at a time",
			 n->num_in);
}
