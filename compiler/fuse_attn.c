// SPDX-License-Identifier: MIT
/*
 * Attention up to a position:
 *
 *   softmax(where(mask, -big, scores)) v, scores = q k^T * scale,
 *   or cap * tanh(q k^T * scale / cap), either perhaps with a bias added,
 *
 * becomes one command that reads only the slots [lo, position] of each row. k and v
 * come from a cache through CtxGather, which is then read in place, or from
 * anywhere (an encoder, or what it left in a cache). The position is each query's
 * own, or one for all queries of a sequence. That is the same only if
 *   - the mask is slot > position, perhaps or'ed with slot <= position - window;
 *   - slot j <= position is gathered from slot j;
 *   - what replaces v at empty slots is at slots > max(position) only.
 * A bias that is a slope per head times the slot, plus what is the same for all
 * slots of a row, is given by its slopes, any other one as it is. Any other mask,
 * or none, is fused where nothing was cached: all slots are read, and the mask
 * becomes part of the bias.
 * All this is proved from the graph (here, fuse_mask.c, fuse_bias.c); if one of
 * them cannot be, nothing is fused.
 * Rows without a position (-1) give zeros, where ONNX's softmax of a constant row
 * gives an average of nothing in particular; nobody reads them.
 */
#include <errno.h>
#include <string.h>

#include "compiler/fuse_attn.h"

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
static struct qc_value *skip_cleared(struct qc_value *v, struct qc_attn_cache *c)
{
	struct qc_node *n = qc_def(v, "Where", true);
	struct qc_value *e;

	if (!n || n->in[2]->rank != 4)
		return v;
	e = n->in[0];
	if (e->rank != 4 || e->dim[3] != 1 || e->dim[1] != 1 ||
	    !qc_attn_is_empty(e, v->dim[2], &c->pos))
		return v;
	return n->in[2];
}

static bool parse_cache(struct qc_value *v, struct qc_attn_cache *c)
{
	struct qc_value *pos;
	struct qc_node *n;

	memset(c, 0, sizeof(*c));
	v = qc_skip_casts(skip_repeat(qc_skip_casts(v)));
	v = qc_skip_casts(skip_cleared(v, c));
	if (v->rank != 4)
		return false;
	n = qc_def(v, "CtxGather", true);
	if (!n) {		/* all of it, as it is */
		c->data = v;
		c->slots = v->dim[2];
		return !v->cst;
	}
	if (n->in[0]->rank != 4)
		return false;
	c->data = n->in[0];
	c->slots = v->dim[2];
	if (c->slots > c->data->dim[2] ||
	    !qc_attn_in_order(n->in[1], c->slots, &pos))
		return false;
	/* indices by row, not by head */
	if (pos && (n->in[1]->rank != 3 || n->in[1]->dim[1] != 1))
		return false;
	if (pos && c->pos && pos != c->pos)
		return false;
	c->pos = pos ? pos : c->pos;
	return true;
}

/* v = x * scale or x / scale, any number of times: give x */
static struct qc_value *skip_scale(struct qc_value *v, double *scale)
{
	unsigned int depth;
	struct qc_node *n;
	double k;

	for (depth = 0; depth < 8; depth++) {
		v = qc_skip_casts(v);
		n = v->def;
		if (!n || v->cst)
			break;
		if (qc_node_is(n, "Mul") && qc_scalar_operand(n, &k, &v)) {
			*scale *= k;
		} else if (qc_node_is(n, "Neg")) {
			*scale = -*scale;
			v = n->in[0];
		} else if (qc_node_is(n, "Div") &&
			   qc_const_scalar(n->in[1], &k) && k) {
			*scale /= k;
			v = n->in[0];
		} else {
			break;
		}
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

/* s = scale q k^T */
static bool parse_product(struct qc_value *s, struct qc_attention *a)
{
	struct qc_node *mm;
	struct qc_value *kt;

	mm = qc_def(skip_scale(s, &a->scale), "MatMul", true);
	kt = mm ? skip_scale(mm->in[1], &a->scale) : NULL;
	kt = kt ? skip_transpose_kt(kt) : NULL;
	if (!kt || mm->in[0]->rank != 4 || !parse_cache(kt, &a->k))
		return false;
	a->q = qc_skip_casts(mm->in[0]);
	return true;
}

/* s = scale q k^T, or a cap for it: cap * tanh(scale q k^T / cap) */
static bool parse_capped(struct qc_value *s, struct qc_attention *a)
{
	struct qc_node *tanh;
	double cap = 1;

	tanh = qc_def(skip_scale(s, &cap), "Tanh", true);
	a->scale = 1;
	a->softcap = 0;
	if (!tanh)
		return parse_product(s, a);
	if (!(cap > 0) || !parse_product(tanh->in[0], a))
		return false;
	a->scale *= cap;
	a->softcap = cap;
	return true;
}

/* Is there one v for each score [B, H, S, slots]? */
static bool broadcasts(const struct qc_value *v, const struct qc_value *scores)
{
	uint32_t i;

	if (v->rank != 4 || v->dim[3] != scores->dim[3])
		return false;
	for (i = 0; i < 3; i++)
		if (v->dim[i] != 1 && v->dim[i] != scores->dim[i])
			return false;
	return true;
}

/* Can v be added to each score by the command? */
static bool is_bias(const struct qc_value *v, const struct qc_value *scores)
{
	return qaic_dtype_is_float(v->dtype) && broadcasts(v, scores);
}

/* The bias @v of the scores @s by its slopes, or as it is. */
static bool parse_bias(struct qc_value *v, const struct qc_value *s,
		       double outer, double sign, struct qc_attention *a)
{
	int64_t h, heads = a->q->dim[1];

	if (a->mask.rest || !a->mask.pos ||
	    !qc_attn_slopes(v, heads, a->k.slots, a->mask.pos, a->slope)) {
		a->bias = qc_skip_casts(v);
		return sign > 0 && outer == 1 && is_bias(a->bias, s);
	}
	for (h = 0; h < heads; h++)
		a->slope[h] *= outer * sign;
	a->alibi = true;
	/* outer * cap * tanh(..): the bias is outside of both */
	a->scale *= outer;
	a->softcap *= outer;
	return outer > 0;
}

/* s = scores, or scores + bias; the bias may be a line with a slope per head. */
static bool parse_biased(struct qc_value *s, struct qc_attention *a)
{
	double outer = 1, sign;
	struct qc_node *n;
	int i;

	a->alibi = false;
	a->bias = NULL;
	if (parse_capped(s, a))
		return true;
	s = skip_scale(s, &outer);
	n = qc_def(s, "Add", true);
	if (!n)
		n = qc_def(s, "Sub", true);
	if (!n || s->rank != 4)
		return false;
	sign = qc_node_is(n, "Sub") ? -1 : 1;
	for (i = 0; i < (sign > 0 ? 2 : 1); i++)
		if (parse_capped(n->in[i], a))
			return parse_bias(n->in[1 - i], s, outer, sign, a);
	return false;
}

static bool parse_scores(struct qc_value *s, struct qc_attention *a)
{
	struct qc_value *m;
	struct qc_node *where;
	double big;

	memset(&a->mask, 0, sizeof(a->mask));
	s = qc_skip_casts(s);
	where = qc_def(s, "Where", true);
	if (!where)
		return s->rank == 4 && parse_biased(s, a) &&
		       a->k.slots == s->dim[3];
	if (!qc_const_scalar(where->in[1], &big) || big > -1e4)
		return false;
	m = where->in[0];
	s = where->in[2];
	if (m->rank != 4 || s->rank != 4)
		return false;
	/* one mask for all heads */
	if (m->dim[1] != 1 || !qc_attn_mask(m, m->dim[3], &a->mask)) {
		memset(&a->mask, 0, sizeof(a->mask));
		a->mask.rest = m;
		a->mask.big = where->in[1];
		if (!broadcasts(m, s))
			return false;
	}
	return parse_biased(s, a) && a->k.slots == m->dim[3];
}

static bool parse(struct qc_node *mm, struct qc_attention *a)
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
	if (a->mask.pos && (a->mask.pos->dim[0] != b ||
			    (a->mask.pos->dim[1] != s &&
			     a->mask.pos->dim[1] != 1)))
		return false;
	return a->k.slots == a->v.slots && a->k.data->dim[0] == b &&
	       a->v.data->dim[0] == b &&
	       a->k.data->dim[1] == a->v.data->dim[1] &&
	       a->q->dim[1] % a->k.data->dim[1] == 0 &&
	       a->q->dim[3] == a->k.data->dim[3] &&
	       a->v.data->dim[3] == a->q->dim[3];
}

int qc_fuse_attention(struct qc_graph *g)
{
	struct qc_node *n, *next, *last = NULL;
	struct qc_attention a;
	int rc;

	for (n = g->first; n; n = next) {
		next = n->next;
		if (n->dead || !qc_node_is(n, "MatMul") ||
		    n->out[0]->rank != 4 || !parse(n, &a))
			continue;
		rc = qc_attn_make(g, n, &a, &last);
		if (rc)
			return rc;
	}
	return 0;
}
