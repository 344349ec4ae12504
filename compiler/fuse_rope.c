// SPDX-License-Identifier: MIT
/*
 * Rotary embedding in its half-rotation form: x * cos + rotate_half(x) * sin,
 * with cos and sin gathered from constant tables by position; and the partial
 * form, where only the first elements of a head are rotated.
 */
#include <errno.h>

#include "compiler/fuse.h"

struct table {
	struct qc_value *values;	/* [P, R], constant */
	struct qc_value *pos;		/* [B, S] */
};

/* v [B, 1, S, R] = Unsqueeze(Gather(table, positions)) */
static bool is_table(struct qc_value *v, struct table *t)
{
	struct qc_value *w = qc_skip_casts(v);
	struct qc_node *n;

	if (v->rank != 4 || v->dim[1] != 1 || !w->def || w->cst)
		return false;
	n = w->def;
	if (!qc_node_is(n, "Unsqueeze") && !qc_node_is(n, "Reshape"))
		return false;
	w = qc_skip_casts(n->in[0]);
	n = qc_def(w, "Gather", true);
	if (!n || qc_attr_int(n, "axis", 0) != 0 || !n->in[0]->cst ||
	    n->in[0]->rank != 2 || n->in[1]->rank != 2)
		return false;
	t->values = n->in[0];
	t->pos = qc_skip_casts(n->in[1]);
	if (t->pos->dtype != QAIC_I32 && t->pos->dtype != QAIC_I64)
		return false;
	return w->rank == 3 && w->dim[0] == v->dim[0] &&
	       w->dim[1] == v->dim[2] && w->dim[2] == v->dim[3];
}

/* v = (-second half of x, first half of x): give x */
static struct qc_value *rotated(struct qc_value *v)
{
	struct qc_node *cat = qc_def(v, "Concat", true), *neg;
	struct qc_value *a, *b;
	int64_t sa, sb, half;

	if (!cat || cat->num_in != 2 ||
	    qc_node_axis(cat, "axis", 0, v->rank) != (int64_t)v->rank - 1)
		return NULL;
	neg = qc_def(cat->in[0], "Neg", true);
	if (!neg || !qc_is_tail_slice(neg->in[0], &a, &sa) ||
	    !qc_is_tail_slice(cat->in[1], &b, &sb) || a != b)
		return NULL;
	half = a->dim[a->rank - 1] / 2;
	if (sb != 0 || sa != half || a->dim[a->rank - 1] != 2 * half ||
	    cat->in[1]->dim[v->rank - 1] != half)
		return NULL;
	return a;
}

/* n = x * table: give the table and x */
static struct qc_value *times_table(struct qc_node *n, struct table *t)
{
	if (!n || !qc_node_is(n, "Mul"))
		return NULL;
	if (is_table(n->in[1], t))
		return n->in[0];
	if (is_table(n->in[0], t))
		return n->in[1];
	return NULL;
}

static int match(struct qc_graph *g, struct qc_node *add)
{
	struct qc_value *x, *y, *in[4];
	struct table c, s;
	int i;

	for (i = 0; i < 2; i++) {
		x = times_table(add->in[i]->def, &c);
		y = times_table(add->in[1 - i]->def, &s);
		if (!x || !y || x->cst || y->cst || rotated(y) != x ||
		    x->rank != 4 || c.pos != s.pos ||
		    x->dim[3] != c.values->dim[1] ||
		    c.values->dim[0] != s.values->dim[0] ||
		    c.values->dim[1] != s.values->dim[1] || x->dim[3] % 2)
			continue;
		in[0] = x;
		in[1] = c.values;
		in[2] = s.values;
		in[3] = c.pos;
		return qc_fused(g, add, &qc_op_rope, in, 4, add->out[0]) ?
			0 : -ENOMEM;
	}
	return 0;
}

/* Concat(rope(x[:R]), x[R:]) is a rope of x, R of D wide. */
static int match_partial(struct qc_graph *g, struct qc_node *cat)
{
	struct qc_value *a, *b, *in[4];
	struct qc_node *rope = cat->in[0]->def;
	int64_t sa, sb;

	if (cat->num_in != 2 || !rope || rope->op != &qc_op_rope ||
	    cat->in[0]->num_uses != 1 ||
	    qc_node_axis(cat, "axis", 0, 4) != 3 ||
	    !qc_is_tail_slice(rope->in[0], &a, &sa) ||
	    !qc_is_tail_slice(cat->in[1], &b, &sb) || a != b || sa != 0 ||
	    sb != rope->in[0]->dim[3] ||
	    sb + cat->in[1]->dim[3] != a->dim[3])
		return 0;
	in[0] = a;
	in[1] = rope->in[1];
	in[2] = rope->in[2];
	in[3] = rope->in[3];
	return qc_fused(g, cat, &qc_op_rope, in, 4, cat->out[0]) ? 0 : -ENOMEM;
}

int qc_fuse_rope(struct qc_graph *g)
{
	struct qc_node *n, *next;
	int rc = 0;

	for (n = g->first; n && !rc; n = next) {
		next = n->next;
		if (n->dead || !n->num_out || n->out[0]->rank != 4)
			continue;
		if (qc_node_is(n, "Add"))
			rc = match(g, n);
		else if (qc_node_is(n, "Concat"))
			rc = match_partial(g, n);
	}
	return rc;
}
