// SPDX-License-Identifier: MIT
/*
 * Causal attention over a cache:
 *
 *   softmax(where(mask, -big, q k^T * scale)) v
 *
 * where k and v come from a cache through CtxGather, become one command that
 * reads the cache in place and only the slots [lo, position] of each row. That is
 * the same only if
 *   - the mask is slot > position, perhaps or'ed with slot <= position - window;
 *   - slot j <= position is gathered from slot j;
 *   - what replaces v at empty slots is at slots > max(position) only.
 * All three are proved from the graph here; if one cannot be, nothing is fused.
 * Rows without a position (-1) give zeros, where ONNX's softmax of a constant row
 * gives an average of nothing in particular; nobody reads them.
 */
#include <errno.h>
#include <string.h>

#include "compiler/fuse.h"

#define MAX_SLOTS (1 << 22)

struct cache {
	struct qc_value *data;		/* [B, Hkv, C, D] */
	int64_t slots;			/* that are looked at */
	struct qc_value *pos;		/* base of the proof, or NULL */
};

struct mask {
	struct qc_value *pos;		/* [B, S] */
	int64_t window;			/* 0: none */
};

/* A constant 0, 1, ... n - 1 along @axis, 1 elsewhere. */
static bool is_range(const struct qc_value *v, uint32_t axis, int64_t n)
{
	int64_t buf[256], at, i, len;
	uint32_t a;

	if (!v->cst || qaic_dtype_is_float(v->dtype) ||
	    v->dtype == QAIC_BOOL || axis >= v->rank || n > MAX_SLOTS)
		return false;
	for (a = 0; a < v->rank; a++)
		if (v->dim[a] != (a == axis ? n : 1))
			return false;
	for (at = 0; at < n; at += len) {
		len = n - at < 256 ? n - at : 256;
		qc_tensor_read(v->cst, at, len, QAIC_I64, buf);
		for (i = 0; i < len; i++)
			if (buf[i] != at + i)
				return false;
	}
	return true;
}

/* Look through what only changes the shape. */
static struct qc_value *skip_shape(struct qc_value *v)
{
	unsigned int depth;

	for (depth = 0; depth < 32; depth++) {
		v = qc_skip_casts(v);
		if (!v->def || v->cst ||
		    (!qc_node_is(v->def, "Unsqueeze") &&
		     !qc_node_is(v->def, "Squeeze") &&
		     !qc_node_is(v->def, "Reshape")))
			break;
		v = v->def->in[0];
	}
	return v;
}

/* v [B, 1, S, 1] (or [B, S, 1]) holds the positions [B, S]: give those. */
static struct qc_value *positions(struct qc_value *v)
{
	struct qc_value *p = skip_shape(v);
	uint32_t r = v->rank;

	if (p->cst || p->rank != 2 || r < 3 || r > 4 || v->dim[r - 1] != 1 ||
	    v->dim[r - 2] != p->dim[1] || v->dim[0] != p->dim[0] ||
	    (r == 4 && v->dim[1] != 1) ||
	    (p->dtype != QAIC_I32 && p->dtype != QAIC_I64))
		return NULL;
	return p;
}

/* n is a > b, whichever way it is written: give a and b. */
static bool greater(const struct qc_node *n, struct qc_value **a,
		    struct qc_value **b)
{
	if (!n)
		return false;
	if (qc_node_is(n, "Greater")) {
		*a = n->in[0];
		*b = n->in[1];
		return true;
	}
	if (qc_node_is(n, "Less")) {
		*a = n->in[1];
		*b = n->in[0];
		return true;
	}
	if (qc_node_is(n, "Not") && n->in[0]->def && !n->in[0]->cst) {
		n = n->in[0]->def;
		if (qc_node_is(n, "LessOrEqual")) {
			*a = n->in[0];
			*b = n->in[1];
			return true;
		}
		if (qc_node_is(n, "GreaterOrEqual")) {
			*a = n->in[1];
			*b = n->in[0];
			return true;
		}
	}
	return false;
}

/* slot <= position - window */
static bool is_old(const struct qc_node *n, int64_t slots, struct mask *m)
{
	struct qc_value *slot, *lim;
	struct qc_node *sub;
	double w;

	if (!n)
		return false;
	if (qc_node_is(n, "LessOrEqual")) {
		slot = n->in[0];
		lim = n->in[1];
	} else if (qc_node_is(n, "GreaterOrEqual")) {
		slot = n->in[1];
		lim = n->in[0];
	} else {
		return false;
	}
	sub = qc_def(qc_skip_casts(lim), "Sub", true);
	if (!sub || !slot->rank || !is_range(slot, slot->rank - 1, slots) ||
	    !qc_const_scalar(sub->in[1], &w) || w < 1 || w > INT32_MAX)
		return false;
	m->pos = positions(sub->in[0]);
	m->window = w;
	return m->pos != NULL;
}

static bool is_future(const struct qc_node *n, int64_t slots, struct mask *m)
{
	struct qc_value *a, *b;

	if (!greater(n, &a, &b) || !a->rank ||
	    !is_range(a, a->rank - 1, slots))
		return false;
	m->pos = positions(b);
	m->window = 0;
	return m->pos != NULL;
}

static bool parse_mask(struct qc_value *v, int64_t slots, struct mask *m)
{
	struct qc_node *n;
	struct mask old;
	int i;

	v = skip_shape(v);
	n = v->cst ? NULL : v->def;
	if (!n || v->dim[v->rank - 1] != slots)
		return false;
	if (!qc_node_is(n, "Or"))
		return is_future(n, slots, m);
	for (i = 0; i < 2; i++)
		if (!n->in[i]->cst && !n->in[1 - i]->cst &&
		    is_future(n->in[i]->def, slots, m) &&
		    is_old(n->in[1 - i]->def, slots, &old) &&
		    old.pos == m->pos) {
			m->window = old.window;
			return true;
		}
	return false;
}

/* v: true only at slots (along @axis) beyond every position of its row. */
static bool is_empty(struct qc_value *v, int64_t slots, struct qc_value **pos)
{
	struct qc_value *a, *b, *cmp = skip_shape(v);
	struct qc_node *max;
	int64_t axis[2];

	if (cmp->cst || !greater(cmp->def, &a, &b) || !a->rank ||
	    !is_range(a, a->rank - 1, slots) ||
	    cmp->dim[cmp->rank - 1] != slots)
		return false;
	max = qc_def(skip_shape(b), "ReduceMax", true);
	if (!max || qc_node_ints(max, "axes", 1, axis, 2) != 1 ||
	    (axis[0] != 1 && axis[0] != -1))
		return false;
	*pos = qc_skip_casts(max->in[0]);
	/* one number per row, rows in front: it lines up with the batch */
	return (*pos)->rank == 2 && qc_numel(b) == (*pos)->dim[0] &&
	       b->rank >= 2 && b->dim[0] == (*pos)->dim[0] &&
	       qc_numel(cmp) == (*pos)->dim[0] * slots &&
	       qc_numel(v) == qc_numel(cmp) && v->rank >= 2 &&
	       v->dim[0] == (*pos)->dim[0];
}

/* The gather reads slot j from slot j, wherever j <= position. */
static bool in_order(struct qc_value *idx, int64_t slots, struct qc_value **pos)
{
	struct qc_node *where;

	idx = skip_shape(idx);
	*pos = NULL;
	if (idx->rank && is_range(idx, idx->rank - 1, slots))
		return true;
	where = qc_def(idx, "Where", true);
	return where && where->in[2]->rank &&
	       is_range(where->in[2], where->in[2]->rank - 1, slots) &&
	       idx->dim[idx->rank - 1] == slots &&
	       is_empty(where->in[0], slots, pos);
}

/* [B, H, C, D] through Unsqueeze(2), Expand, Reshape to [B, H * G, C, D] */
static struct qc_value *skip_repeat(struct qc_value *v)
{
	struct qc_node *r = qc_def(v, "Reshape", true), *e, *u;
	struct qc_value *x;

	e = r ? qc_def(r->in[0], "Expand", true) : NULL;
	u = e ? qc_def(e->in[0], "Unsqueeze", true) : NULL;
	if (!u || v->rank != 4 || e->out[0]->rank != 5 ||
	    u->out[0]->rank != 5 || u->out[0]->dim[2] != 1)
		return v;
	x = u->in[0];
	if (x->rank != 4 || x->dim[0] != v->dim[0] || x->dim[2] != v->dim[2] ||
	    x->dim[3] != v->dim[3] || u->out[0]->dim[1] != x->dim[1] ||
	    u->out[0]->dim[3] != x->dim[2] ||
	    e->out[0]->dim[0] != x->dim[0] || e->out[0]->dim[1] != x->dim[1] ||
	    e->out[0]->dim[1] * e->out[0]->dim[2] != v->dim[1])
		return v;
	return x;
}

/* Where(empty, something, v): give v */
static struct qc_value *skip_cleared(struct qc_value *v, struct cache *c)
{
	struct qc_node *n = qc_def(v, "Where", true);
	struct qc_value *e;

	if (!n || n->in[2]->rank != 4)
		return v;
	e = n->in[0];
	if (e->rank != 4 || e->dim[3] != 1 || e->dim[1] != 1 ||
	    !is_empty(e, v->dim[2], &c->pos))
		return v;
	return n->in[2];
}

static bool parse_cache(struct qc_value *v, struct cache *c)
{
	struct qc_value *pos;
	struct qc_node *n;

	memset(c, 0, sizeof(*c));
	v = qc_skip_casts(skip_repeat(qc_skip_casts(v)));
	v = qc_skip_casts(skip_cleared(v, c));
	n = qc_def(v, "CtxGather", true);
	if (!n || v->rank != 4 || n->in[0]->rank != 4)
		return false;
	c->data = n->in[0];
	c->slots = v->dim[2];
	if (c->slots > c->data->dim[2] || !in_order(n->in[1], c->slots, &pos))
		return false;
	if (pos && c->pos && pos != c->pos)
		return false;
	c->pos = pos ? pos : c->pos;
	return true;
}

/* v = x * scale or x / scale: give x */
static struct qc_value *skip_scale(struct qc_value *v, double *scale)
{
	struct qc_node *n = v->def;
	struct qc_value *x;
	double k;

	if (!n || v->cst)
		return v;
	if (qc_node_is(n, "Mul") && qc_scalar_operand(n, &k, &x)) {
		*scale *= k;
		return x;
	}
	if (qc_node_is(n, "Div") && qc_const_scalar(n->in[1], &k) && k) {
		*scale /= k;
		return n->in[0];
	}
	return v;
}

static struct qc_value *skip_transpose_kt(struct qc_value *v)
{
	struct qc_node *n = qc_def(v, "Transpose", true);
	uint32_t perm[QC_MAX_RANK];

	if (!n || v->rank != 4)
		return NULL;
	qc_transpose_perm(n, perm);
	if (perm[0] != 0 || perm[1] != 1 || perm[2] != 3 || perm[3] != 2)
		return NULL;
	return n->in[0];
}

struct attention {
	struct qc_value *q;
	struct cache k, v;
	struct mask mask;
	double scale;
};

static bool parse_scores(struct qc_value *s, struct attention *a)
{
	struct qc_node *where, *mm;
	struct qc_value *kt;
	double big;

	where = qc_def(qc_skip_casts(s), "Where", true);
	if (!where || !qc_const_scalar(where->in[1], &big) || big > -1e4)
		return false;
	a->scale = 1;
	s = qc_skip_casts(where->in[2]);
	s = qc_skip_casts(skip_scale(s, &a->scale));
	mm = qc_def(s, "MatMul", true);
	kt = mm ? skip_transpose_kt(qc_skip_casts(mm->in[1])) : NULL;
	if (!kt || mm->in[0]->rank != 4 || !parse_cache(kt, &a->k))
		return false;
	a->q = qc_skip_casts(mm->in[0]);
	return parse_mask(where->in[0], a->k.slots, &a->mask);
}

static bool parse(struct qc_node *mm, struct attention *a)
{
	struct qc_value *p = qc_skip_casts(mm->in[0]);
	struct qc_node *soft = qc_def(p, "Softmax", true);
	int64_t b, s;

	if (!soft || p->rank != 4 ||
	    (soft->version < 13 && qc_attr_int(soft, "axis", 1) != 3) ||
	    qc_node_axis(soft, "axis", -1, 4) != 3 ||
	    !parse_scores(soft->in[0], a) || !parse_cache(mm->in[1], &a->v))
		return false;
	b = a->q->dim[0];
	s = a->q->dim[2];
	/* the proofs must be about the same rows and the same positions */
	if ((a->k.pos && a->k.pos != a->mask.pos) ||
	    (a->v.pos && a->v.pos != a->mask.pos))
		return false;
	return a->mask.pos->dim[1] == s && a->mask.pos->dim[0] == b &&
	       a->k.slots == a->v.slots && a->k.data->dim[0] == b &&
	       a->v.data->dim[0] == b &&
	       a->k.data->dim[1] == a->v.data->dim[1] &&
	       a->q->dim[1] % a->k.data->dim[1] == 0 &&
	       a->q->dim[3] == a->k.data->dim[3] &&
	       a->v.data->dim[3] == a->q->dim[3];
}

/* The heads go back beside each other next: write them so at once. */
static struct qc_node *transposed_user(struct qc_value *v)
{
	struct qc_node *n = qc_only_user(v);
	uint32_t perm[QC_MAX_RANK];

	if (!n || !qc_node_is(n, "Transpose"))
		return NULL;
	qc_transpose_perm(n, perm);
	return perm[0] == 0 && perm[1] == 2 && perm[2] == 1 && perm[3] == 3 ?
		n : NULL;
}

static int make(struct qc_graph *g, struct qc_node *mm,
		const struct attention *a)
{
	struct qc_value *in[4] = { a->q, a->k.data, a->v.data, a->mask.pos };
	struct qc_node *t = transposed_user(mm->out[0]), *n;

	n = qc_fused(g, t ? t : mm, &qc_op_attention, in, 4,
		     t ? t->out[0] : mm->out[0]);
	if (!n || qc_attr_set_int(g, n, "bshd", t != NULL) ||
	    qc_attr_set_int(g, n, "slots", a->k.slots) ||
	    qc_attr_set_int(g, n, "window", a->mask.window) ||
	    qc_attr_set_float(g, n, "scale", a->scale))
		return -ENOMEM;
	return 0;
}

int qc_fuse_attention(struct qc_graph *g)
{
	struct qc_node *n, *next;
	struct attention a;
	int rc;

	for (n = g->first; n; n = next) {
		next = n->next;
		if (n->dead || !qc_node_is(n, "MatMul") ||
		    n->out[0]->rank != 4 || !parse(n, &a))
			continue;
		rc = make(g, n, &a);
		if (rc)
			return rc;
	}
	return 0;
}
