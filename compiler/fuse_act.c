// SPDX-License-Identifier: MIT
/* SiLU, GELU and QuickGELU out of their primitives; gated products. */
#include <errno.h>
#include <math.h>

#include "compiler/fuse.h"

#define MAX_FACTORS 8

/* A product, flattened: k * f[0] * f[1] * ... */
struct factors {
	double k;
	struct qc_value *f[MAX_FACTORS];
	uint32_t n;
};

static bool add_factor(struct factors *p, struct qc_value *v,
		       unsigned int depth)
{
	struct qc_node *n = depth ? qc_def(v, "Mul", false) : NULL;
	double k;

	if (qc_const_scalar(v, &k)) {
		p->k *= k;
		return true;
	}
	if (n)
		return add_factor(p, n->in[0], depth - 1) &&
		       add_factor(p, n->in[1], depth - 1);
	n = depth ? qc_def(v, "Div", false) : NULL;
	if (n && qc_const_scalar(n->in[1], &k) && k) {
		p->k /= k;
		return add_factor(p, n->in[0], depth - 1);
	}
	n = qc_def(v, "Pow", false);
	if (n && qc_const_scalar(n->in[1], &k) && (k == 2 || k == 3)) {
		while (k-- > 0) {
			if (p->n == MAX_FACTORS)
				return false;
			p->f[p->n++] = n->in[0];
		}
		return true;
	}
	if (p->n == MAX_FACTORS)
		return false;
	p->f[p->n++] = v;
	return true;
}

/* Factors of a value, whoever else reads it. */
static bool factors(struct qc_value *v, struct factors *p)
{
	struct qc_node *n = v->def;
	double k;

	p->k = 1;
	p->n = 0;
	if (n && !v->cst && qc_node_is(n, "Mul"))
		return add_factor(p, n->in[0], 3) && add_factor(p, n->in[1], 3);
	if (n && !v->cst && qc_node_is(n, "Div") &&
	    qc_const_scalar(n->in[1], &k) && k) {
		p->k = 1 / k;
		return add_factor(p, n->in[0], 3);
	}
	return add_factor(p, v, 3);
}

static bool near(double a, double b)
{
	return fabs(a - b) <= 1e-3 * fabs(b);
}

/* v = y + 1: give y */
static struct qc_value *plus_one(const struct qc_value *v)
{
	struct qc_node *n = qc_def(v, "Add", true);
	struct qc_value *y;
	double k;

	return n && qc_scalar_operand(n, &k, &y) && k == 1 ? y : NULL;
}

/* v = 0.044715 x^3 */
static bool is_cubic(struct qc_value *v, const struct qc_value *x)
{
	struct factors p;

	return factors(v, &p) && p.n == 3 && near(p.k, 0.044715) &&
	       p.f[0] == x && p.f[1] == x && p.f[2] == x;
}

/* v = sqrt(2/pi) (x + 0.044715 x^3), or with x outside the brackets */
static bool is_gelu_arg(struct qc_value *v, const struct qc_value *x)
{
	struct factors p, q;
	struct qc_value *y;
	struct qc_node *n;
	uint32_t i;

	if (!factors(v, &p) || !near(p.k, 0.7978845608028654))
		return false;
	if (p.n == 1) {
		n = qc_def(p.f[0], "Add", true);
		return n && ((n->in[0] == x && is_cubic(n->in[1], x)) ||
			     (n->in[1] == x && is_cubic(n->in[0], x)));
	}
	for (i = 0; p.n == 2 && i < 2; i++) {
		if (p.f[i] != x)
			continue;
		y = plus_one(p.f[1 - i]);
		return y && factors(y, &q) && q.n == 2 &&
		       near(q.k, 0.044715) && q.f[0] == x && q.f[1] == x;
	}
	return false;
}

/* Is k * x * t an activation of x? Its nsp_unary, or -1. */
static int activation(double k, struct qc_value *x, struct qc_value *t,
		      double *alpha)
{
	struct qc_node *n = qc_def(t, "Sigmoid", true);
	struct qc_value *y;
	struct factors p;

	*alpha = 0;
	if (n && near(k, 1)) {
		if (n->in[0] == x)
			return NSP_U_SILU;
		if (factors(n->in[0], &p) && p.n == 1 && p.f[0] == x) {
			*alpha = p.k;
			return NSP_U_QUICK_GELU;
		}
		return -1;
	}
	y = near(k, 0.5) ? plus_one(t) : NULL;
	n = qc_def(y, "Erf", true);
	if (n && factors(n->in[0], &p) && p.n == 1 && p.f[0] == x &&
	    near(p.k, M_SQRT1_2))
		return NSP_U_GELU;
	n = qc_def(y, "Tanh", true);
	if (n && is_gelu_arg(n->in[0], x))
		return NSP_U_GELU_TANH;
	return -1;
}

static int make_act(struct qc_graph *g, struct qc_node *at, struct qc_value *x,
		    int kind, double alpha)
{
	struct qc_node *f = qc_fused(g, at, &qc_op_act, &x, 1, at->out[0]);

	if (!f || qc_attr_set_int(g, f, "kind", kind) ||
	    qc_attr_set_float(g, f, "alpha", alpha))
		return -ENOMEM;
	return 0;
}

int qc_fuse_activations(struct qc_graph *g)
{
	struct qc_node *n, *next;
	struct factors p;
	double alpha;
	int i, kind, rc;

	for (n = g->first; n; n = next) {
		next = n->next;
		if (n->dead || !n->num_out || n->out[0]->cst ||
		    !qaic_dtype_is_float(n->out[0]->dtype) ||
		    (!qc_node_is(n, "Mul") && !qc_node_is(n, "Div")) ||
		    !factors(n->out[0], &p) || p.n != 2)
			continue;
		for (i = 0, kind = -1; i < 2 && kind < 0; i++) {
			kind = activation(p.k, p.f[i], p.f[1 - i], &alpha);
			if (kind < 0)
				continue;
			rc = make_act(g, n, p.f[i], kind, alpha);
			if (rc)
				return rc;
		}
	}
	return 0;
}

/* ---- act(gate) * up ---- */

static int gated_kind(const struct qc_value *v)
{
	struct qc_node *n = v->def;

	if (!n || v->cst || v->num_uses != 1)
		return -1;
	if (qc_node_is(n, "Relu"))
		return NSP_B_RELU_MUL;
	if (n->op != &qc_op_act)
		return -1;
	switch (qc_attr_int(n, "kind", -1)) {
	case NSP_U_SILU:
		return NSP_B_SILU_MUL;
	case NSP_U_GELU:
		return NSP_B_GELU_MUL;
	case NSP_U_GELU_TANH:
		return NSP_B_GELU_TANH_MUL;
	default:
		return -1;
	}
}

static bool one_shape(const struct qc_value *a, const struct qc_value *b)
{
	uint32_t i;

	if (a->rank != b->rank || a->dtype != b->dtype)
		return false;
	for (i = 0; i < a->rank; i++)
		if (a->dim[i] != b->dim[i])
			return false;
	return true;
}

int qc_fuse_gated(struct qc_graph *g)
{
	struct qc_node *n, *next, *f;
	struct qc_value *in[2];
	int i, kind;

	for (n = g->first; n; n = next) {
		next = n->next;
		if (n->dead || !qc_node_is(n, "Mul") ||
		    !one_shape(n->in[0], n->in[1]) ||
		    !qaic_dtype_is_float(n->out[0]->dtype))
			continue;
		for (i = 0; i < 2; i++) {
			kind = gated_kind(n->in[i]);
			if (kind < 0)
				continue;
			in[0] = n->in[i]->def->in[0];
			in[1] = n->in[1 - i];
			f = qc_fused(g, n, &qc_op_gated, in, 2, n->out[0]);
			if (!f || qc_attr_set_int(g, f, "kind", kind))
				return -ENOMEM;
			break;
		}
	}
	return 0;
}
