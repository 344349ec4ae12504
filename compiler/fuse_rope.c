// SPDX-License-Identifier: MIT
/*
 * Rotary embedding, with cos and sin gathered from constant tables by position:
 *
 *   x * cos + turned(x) * sin		turned: (-x1, x0) of each pair (x0, x1)
 *   (x0 * cos - x1 * sin, x1 * cos + x0 * sin)
 *
 * where the pairs are (j, j + R/2), the halves of a head, or (2j, 2j + 1); and
 * the partial form, where only the first elements of a head are rotated.
 *
 * Pairs are followed in row-major order: a Reshape, Unsqueeze or Squeeze on the
 * way leaves every element where it was in it.
 */
#include <errno.h>
#include <string.h>

#include "compiler/fuse.h"

#define MAX_TABLE	(1 << 26)	/* elements, when one has to be made */

struct table {
	struct qc_value *values;	/* [P, columns], constant */
	struct qc_value *pos;		/* [B, S] */
};

/* A table with a column per pair, and what was made of it. */
struct wide {
	struct qc_value *from, *to;
	bool interleaved;
};

struct rope {
	struct qc_graph *g;
	struct wide wide[8];
	uint32_t num_wide;
};

/* v [B, 1, S, n] or [B, S, 1, n] = Gather(table, positions) */
static bool is_table(struct qc_value *v, struct table *t)
{
	struct qc_value *w = qc_skip_shape(v);
	struct qc_node *n = qc_def(w, "Gather", true);
	int64_t b, s;

	if (v->rank < 4 || !n || qc_attr_int(n, "axis", 0) != 0 ||
	    !n->in[0]->cst || n->in[0]->rank != 2 || n->in[1]->rank != 2)
		return false;
	t->values = n->in[0];
	t->pos = qc_skip_casts(n->in[1]);
	if ((t->pos->dtype != QAIC_I32 && t->pos->dtype != QAIC_I64) ||
	    t->pos->rank != 2)
		return false;
	b = t->pos->dim[0];
	s = t->pos->dim[1];
	return v->dim[0] == b && v->dim[3] == t->values->dim[1] &&
	       ((v->dim[1] == 1 && v->dim[2] == s) ||
		(v->dim[1] == s && v->dim[2] == 1)) &&
	       (v->rank == 4 || (v->rank == 5 && v->dim[4] == 1));
}

/*
 * Where x [.., .., .., D] has its heads, if v is a table for it: 0 if x is
 * [B, H, S, D], 1 if it is [B, S, H, D], -1 if they do not fit.
 */
static int layout(const struct qc_value *x, const struct qc_value *v,
		  const struct table *t)
{
	int64_t s = t->pos->dim[1];

	if (x->rank != 4 || x->dim[0] != t->pos->dim[0])
		return -1;
	if (v->dim[1] == 1 && x->dim[2] == s)
		return 0;
	return v->dim[2] == 1 && x->dim[1] == s ? 1 : -1;
}

static bool same_table(const struct table *a, const struct table *b)
{
	return a->pos == b->pos &&
	       a->values->dim[0] == b->values->dim[0] &&
	       a->values->dim[1] == b->values->dim[1];
}

/* ---- pairs ---- */

/* v = x[..., start::2], or [..., start] of pairs */
static bool every_second(struct qc_value *v, struct qc_value **x,
			 int64_t *start)
{
	int64_t s, axis, step, len;
	struct qc_node *n;

	v = qc_skip_shape(v);
	n = qc_def(v, "Slice", true);
	if (!n) {	/* a part of the last axis, which is the pair */
		return qc_is_tail_slice(v, x, start) &&
		       (*x)->dim[(*x)->rank - 1] == 2 &&
		       v->dim[v->rank - 1] == 1;
	}
	*x = n->in[0];
	len = (*x)->dim[v->rank - 1];
	if (qc_node_ints(n, "starts", 1, &s, 1) != 1 ||
	    qc_node_ints(n, "axes", 3, &axis, 1) != 1 ||
	    (axis != -1 && axis != (int64_t)v->rank - 1))
		return false;
	step = 1;
	if (n->num_in > 4 && n->in[4] &&
	    qc_node_ints(n, "steps", 4, &step, 1) != 1)
		return false;
	*start = s < 0 ? s + len : s;
	return (step == 2 || len == 2) && step > 0 && len % 2 == 0 &&
	       (*start == 0 || *start == 1) && v->dim[v->rank - 1] == len / 2;
}

/*
 * v = the first or second elements of the pairs of x. Both are looked at through
 * shapes; the caller compares x by qc_skip_shape().
 */
static bool member(struct qc_value *v, bool interleaved, struct qc_value **x,
		   int *second)
{
	int64_t start, len;

	if (interleaved) {
		if (!every_second(v, x, &start))
			return false;
		*second = start;
		return true;
	}
	if (!qc_is_tail_slice(v, x, &start))
		return false;
	len = (*x)->dim[(*x)->rank - 1];
	*second = start != 0;
	return len % 2 == 0 && v->dim[v->rank - 1] == len / 2 &&
	       (start == 0 || start == len / 2);
}

/* v = a and b put together again as pairs: side by side, or alternating */
static bool pairs(struct qc_value *v, struct qc_value **a, struct qc_value **b,
		  bool *interleaved)
{
	struct qc_node *cat = qc_def(v, "Concat", true);

	*interleaved = !cat;
	if (!cat)
		cat = qc_def(qc_skip_shape(v), "Concat", true);
	if (!cat || cat->num_in != 2)
		return false;
	*a = cat->in[0];
	*b = cat->in[1];
	if (qc_node_axis(cat, "axis", 0, (*a)->rank) != (int64_t)(*a)->rank - 1)
		return false;
	if (*interleaved)
		return (*a)->dim[(*a)->rank - 1] == 1 &&
		       (*b)->dim[(*b)->rank - 1] == 1;
	return (*a)->dim[(*a)->rank - 1] * 2 == v->dim[v->rank - 1];
}

static bool same_dims(const struct qc_value *a, const struct qc_value *b)
{
	return a->rank == b->rank &&
	       !memcmp(a->dim, b->dim, a->rank * sizeof(a->dim[0]));
}

static bool is_same(struct qc_value *a, struct qc_value *b)
{
	return a == b || qc_skip_shape(a) == qc_skip_shape(b);
}

/* v = (-x1, x0) for each pair of x */
static bool is_turned(struct qc_value *v, struct qc_value *x,
		      bool *interleaved)
{
	struct qc_value *a, *b, *xa, *xb;
	struct qc_node *neg;
	int sa, sb;

	if (!pairs(v, &a, &b, interleaved))
		return false;
	neg = qc_def(*interleaved ? qc_skip_shape(a) : a, "Neg", true);
	if (!neg || !member(neg->in[0], *interleaved, &xa, &sa) ||
	    !member(b, *interleaved, &xb, &sb) || sa != 1 || sb != 0)
		return false;
	if (*interleaved)
		return is_same(xa, x) && is_same(xb, x) &&
		       x->dim[x->rank - 1] % 2 == 0;
	return xa == x && xb == x;
}

/* ---- x * cos + turned(x) * sin ---- */

/* n = x * table: give the table and x */
static struct qc_value *times_table(struct qc_node *n, struct table *t,
				    struct qc_value **tv)
{
	int i;

	if (!n || !qc_node_is(n, "Mul"))
		return NULL;
	for (i = 0; i < 2; i++)
		if (is_table(n->in[i], t)) {
			*tv = n->in[i];
			return n->in[1 - i];
		}
	return NULL;
}

static int make(struct qc_graph *g, struct qc_node *at, struct qc_value *x,
		struct qc_value *cos, struct qc_value *sin,
		struct qc_value *pos, bool interleaved, bool bshd)
{
	struct qc_value *in[4] = { x, cos, sin, pos };
	struct qc_node *n = qc_fused(g, at, &qc_op_rope, in, 4, at->out[0]);

	if (!n || qc_attr_set_int(g, n, "interleaved", interleaved) ||
	    qc_attr_set_int(g, n, "bshd", bshd))
		return -ENOMEM;
	return 0;
}

static int match(struct qc_graph *g, struct qc_node *add)
{
	struct qc_value *x, *y, *cv, *sv;
	struct table c, s;
	bool interleaved;
	int i, bshd;

	for (i = 0; i < 2; i++) {
		x = times_table(add->in[i]->def, &c, &cv);
		y = times_table(add->in[1 - i]->def, &s, &sv);
		if (!x || !y || x->cst || y->cst || !same_table(&c, &s) ||
		    cv->rank != 4 || sv->rank != 4)
			continue;
		bshd = layout(x, cv, &c);
		if (bshd < 0 || layout(x, sv, &s) != bshd || x->dim[3] % 2 ||
		    x->dim[3] != c.values->dim[1] || !same_dims(x, y) ||
		    !is_turned(y, x, &interleaved))
			continue;
		return make(g, add, x, c.values, s.values, c.pos, interleaved,
			    bshd);
	}
	return 0;
}

/* ---- (x0 * cos - x1 * sin, x1 * cos + x0 * sin) ---- */

struct half {
	struct table t;
	struct qc_value *tv, *x, *y;	/* table, pairs, their member */
	int second;
};

/* v = a member of the pairs, times a table with a column per pair */
static bool parse_half(struct qc_value *v, bool interleaved, struct half *h)
{
	v = qc_skip_casts(v);
	h->y = v->cst ? NULL : times_table(v->def, &h->t, &h->tv);
	return h->y && !h->y->cst && h->y->rank == v->rank &&
	       h->tv->rank == v->rank &&
	       member(h->y, interleaved, &h->x, &h->second);
}

/* Each column of the table twice, where its pair has its two elements. */
static struct qc_value *widen(struct rope *r, struct qc_value *v,
			      bool interleaved)
{
	struct qc_tensor t = { .dtype = QAIC_F32, .store = QAIC_F32,
			       .rank = 2 };
	int64_t p = v->dim[0], n = v->dim[1], i, k;
	struct qc_value *to;
	float *data, *row;
	uint32_t w;

	for (w = 0; w < r->num_wide; w++)
		if (r->wide[w].from == v &&
		    r->wide[w].interleaved == interleaved)
			return r->wide[w].to;
	data = qc_alloc(r->g, p * n * 2 * sizeof(*data));
	if (!data)
		return NULL;
	for (i = 0, row = data; i < p; i++, row += 2 * n) {
		/* the upper half is read first, so nothing is overwritten */
		qc_tensor_read(v->cst, i * n, n, QAIC_F32, row + n);
		for (k = 0; k < n && interleaved; k++)
			row[2 * k] = row[2 * k + 1] = row[n + k];
		if (!interleaved)
			memcpy(row, row + n, n * sizeof(*row));
	}
	t.dim[0] = p;
	t.dim[1] = t.stride[0] = 2 * n;
	t.stride[1] = 1;
	t.data = (const uint8_t *)data;
	to = qc_value_const(r->g, v->name, &t);
	if (to && r->num_wide < QAIC_ARRAY_SIZE(r->wide))
		r->wide[r->num_wide++] = (struct wide){ v, to, interleaved };
	return to;
}

/* The four products: h[0] x0 cos, h[1] x1 sin, h[2] x1 cos, h[3] x0 sin */
static bool parse_halves(struct qc_value *a, struct qc_value *b,
			 bool interleaved, struct half *h)
{
	struct qc_node *sub, *add;
	int i;

	sub = qc_def(interleaved ? qc_skip_shape(a) : a, "Sub", true);
	add = qc_def(interleaved ? qc_skip_shape(b) : b, "Add", true);
	if (!sub || !add || !parse_half(sub->in[0], interleaved, &h[0]) ||
	    !parse_half(sub->in[1], interleaved, &h[1]))
		return false;
	for (i = 0; i < 2; i++)
		if (parse_half(add->in[i], interleaved, &h[2]) &&
		    parse_half(add->in[1 - i], interleaved, &h[3]) &&
		    h[2].second && !h[3].second)
			break;
	return i < 2 && !h[0].second && h[1].second &&
	       h[0].t.values == h[2].t.values &&
	       h[1].t.values == h[3].t.values &&
	       same_table(&h[0].t, &h[1].t) && same_table(&h[0].t, &h[2].t) &&
	       same_table(&h[0].t, &h[3].t);
}

/* The value of the shape of @like that all four products are of. */
static struct qc_value *rotated_value(const struct half *h, bool interleaved,
				      const struct qc_value *like)
{
	struct qc_value *x = h[0].x;
	unsigned int depth;
	int i;

	for (i = 1; i < 4; i++)
		if (interleaved ? !is_same(h[i].x, x) : h[i].x != x)
			return NULL;
	for (depth = 0; depth < 4; depth++) {
		if (same_dims(x, like))
			return x;
		if (!interleaved || !x->def || x->cst ||
		    (!qc_node_is(x->def, "Reshape") &&
		     !qc_node_is(x->def, "Unsqueeze")))
			break;
		x = x->def->in[0];
	}
	return NULL;
}

/* Members of the pairs of x lie as x does, and so does the table. */
static bool fits(const struct half *h, const struct qc_value *x, int *bshd)
{
	const struct qc_value *y = h->y;

	*bshd = layout(x, h->tv, &h->t);
	return *bshd >= 0 && x->dim[3] == 2 * h->t.values->dim[1] &&
	       y->rank >= 4 && !memcmp(y->dim, x->dim, 3 * sizeof(y->dim[0])) &&
	       y->dim[3] * 2 == x->dim[3];
}

static int match_pairs(struct rope *r, struct qc_node *n)
{
	struct qc_value *out = n->out[0], *a, *b, *x, *cos, *sin;
	int i, bshd[4] = { 0 };
	bool interleaved;
	struct half h[4];

	if (!pairs(out, &a, &b, &interleaved) ||
	    !parse_halves(a, b, interleaved, h))
		return 0;
	x = rotated_value(h, interleaved, out);
	for (i = 0; x && i < 4; i++)
		if (!fits(&h[i], x, &bshd[i]) || bshd[i] != bshd[0])
			return 0;
	if (!x || qc_numel(h[0].t.values) > MAX_TABLE)
		return 0;
	cos = widen(r, h[0].t.values, interleaved);
	sin = widen(r, h[1].t.values, interleaved);
	if (!cos || !sin)
		return -ENOMEM;
	return make(r->g, n, x, cos, sin, h[0].t.pos, interleaved, bshd[0]);
}

/* Concat(rope(x[:R]), x[R:]) is a rope of x, R of D wide. */
static int match_partial(struct qc_graph *g, struct qc_node *cat)
{
	struct qc_value *a, *b;
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
	return make(g, cat, a, rope->in[1], rope->in[2], rope->in[3],
		    qc_attr_int(rope, "interleaved", 0),
		    qc_attr_int(rope, "bshd", 0));
}

int qc_fuse_rope(struct qc_graph *g)
{
	struct rope r = { .g = g };
	struct qc_node *n, *next;
	int rc = 0;

	for (n = g->first; n && !rc; n = next) {
		next = n->next;
		if (n->dead || !n->num_out || n->out[0]->rank != 4 ||
		    n->out[0]->cst || !n->in[0])
			continue;
		if (qc_node_is(n, "Add"))
			rc = match(g, n);
		else if (qc_node_is(n, "Reshape"))
			rc = match_pairs(&r, n);
		else if (!qc_node_is(n, "Concat"))
			continue;
		else if (n->in[0]->def && n->in[0]->def->op == &qc_op_rope)
			rc = match_partial(g, n);
		else
			rc = match_pairs(&r, n);
	}
	return rc;
}
