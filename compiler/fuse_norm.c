// SPDX-License-Identifier: MIT
/* RMSNorm and LayerNormalization out of their primitives. */
#include <errno.h>

#include "compiler/fuse.h"

/* v = mean(d * d) along the last axis, of which @d */
static bool mean_square(struct qc_value *v, struct qc_value **d)
{
	struct qc_node *n = qc_def(v, "ReduceMean", true), *sq;

	if (!n || !qc_reduces_last(n) || !n->in[0]->def)
		return false;
	sq = n->in[0]->def;
	if (qc_node_is(sq, "Pow") && qc_is_scalar(sq->in[1], 2)) {
		*d = sq->in[0];
		return true;
	}
	if (qc_node_is(sq, "Mul") && sq->in[0] == sq->in[1]) {
		*d = sq->in[0];
		return true;
	}
	return false;
}

/* s = sqrt(mean(d * d) + eps) */
static bool root(struct qc_value *s, struct qc_value **d, double *eps)
{
	struct qc_node *n = qc_def(s, "Sqrt", true), *add;
	struct qc_value *mean;

	add = n ? qc_def(n->in[0], "Add", true) : NULL;
	return add && qc_scalar_operand(add, eps, &mean) &&
	       mean_square(mean, d);
}

/* r = 1 / sqrt(mean(d * d) + eps) */
static bool inverse_root(struct qc_value *r, struct qc_value **d, double *eps)
{
	struct qc_node *n;

	n = qc_def(r, "Reciprocal", true);
	if (n)
		return root(n->in[0], d, eps);
	n = qc_def(r, "Div", true);
	return n && qc_is_scalar(n->in[0], 1) && root(n->in[1], d, eps);
}

/* n's output is d / sqrt(mean(d * d) + eps) */
static bool normalized(const struct qc_node *n, struct qc_value **d,
		       double *eps)
{
	struct qc_value *sq;
	int i;

	if (qc_node_is(n, "Div") && root(n->in[1], &sq, eps) &&
	    sq == n->in[0]) {
		*d = sq;
		return true;
	}
	for (i = 0; qc_node_is(n, "Mul") && i < 2; i++) {
		if (inverse_root(n->in[i], &sq, eps) && sq == n->in[1 - i]) {
			*d = sq;
			return true;
		}
	}
	return false;
}

/* d = x - mean(x) along the last axis */
static struct qc_value *centred(const struct qc_value *d)
{
	struct qc_node *sub = qc_def(d, "Sub", true), *mean;

	mean = sub ? qc_def(sub->in[1], "ReduceMean", true) : NULL;
	if (!mean || mean->in[0] != sub->in[0] || !qc_reduces_last(mean))
		return NULL;
	return sub->in[0];
}

/* The constant vector of @n's other operand, one number per column of @v. */
static struct qc_value *columns(const struct qc_node *n,
				const struct qc_value *v)
{
	struct qc_value *k = n->in[0] == v ? n->in[1] : n->in[0];
	int64_t len = v->dim[v->rank - 1];

	if (!k->cst || !k->rank || qc_numel(k) != len ||
	    k->dim[k->rank - 1] != len || k->rank > v->rank)
		return NULL;
	return k;
}

/* Take in the Mul by a gain and the Add of a bias that follow. */
static struct qc_node *with_params(struct qc_graph *g, struct qc_node *norm)
{
	bool layer = norm->op == &qc_op_layernorm;
	static const char *const ops[] = { "Mul", "Add" };
	struct qc_value *in[3] = { norm->in[0] }, *out = norm->out[0];
	struct qc_node *n = norm, *user;
	float eps = qc_attr_float(norm, "epsilon", 0);
	uint32_t i;

	for (i = 0; i < (layer ? 2u : 1u); i++) {
		user = qc_only_user(out);
		while (user && (qc_node_is(user, "Cast") ||
				qc_node_is(user, "Identity")) &&
		       qaic_dtype_is_float(user->out[0]->dtype)) {
			out = user->out[0];
			user = qc_only_user(out);
		}
		if (!user || !qc_node_is(user, ops[i]))
			break;
		in[i + 1] = columns(user, out);
		if (!in[i + 1])
			break;
		out = user->out[0];
		n = qc_fused(g, user, norm->op, in, i + 2, out);
		if (!n || qc_attr_set_float(g, n, "epsilon", eps))
			return NULL;
		out = n->out[0];
	}
	return n;
}

int qc_fuse_norms(struct qc_graph *g)
{
	struct qc_node *n, *next, *f;
	struct qc_value *d, *x;
	double eps;

	for (n = g->first; n; n = next) {
		next = n->next;
		if (n->dead || !normalized(n, &d, &eps))
			continue;
		x = centred(d);
		f = qc_fused(g, n, x ? &qc_op_layernorm : &qc_op_rmsnorm,
			     x ? &x : &d, 1, n->out[0]);
		if (!f || qc_attr_set_float(g, f, "epsilon", eps) ||
		    !with_params(g, f))
			return -ENOMEM;
	}
	return 0;
}
