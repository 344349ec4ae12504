// SPDX-License-Identifier: MIT
/* What attention's mask and its cache indices say, proved from the graph. */
#include <string.h>

#include "compiler/fuse_attn.h"

#define MAX_SLOTS (1 << 22)

bool qc_attn_is_range(const struct qc_value *v, uint32_t axis, int64_t n)
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

struct qc_value *qc_attn_positions(struct qc_value *v)
{
	struct qc_value *p = qc_skip_shape(v);
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
static bool is_old(const struct qc_node *n, int64_t slots,
		   struct qc_attn_mask *m)
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
	if (!sub || !slot->rank ||
	    !qc_attn_is_range(slot, slot->rank - 1, slots) ||
	    !qc_const_scalar(sub->in[1], &w) || w < 1 || w > INT32_MAX)
		return false;
	m->pos = qc_attn_positions(sub->in[0]);
	m->window = w;
	return m->pos != NULL;
}

static bool is_future(const struct qc_node *n, int64_t slots,
		      struct qc_attn_mask *m)
{
	struct qc_value *a, *b;

	if (!greater(n, &a, &b) || !a->rank ||
	    !qc_attn_is_range(a, a->rank - 1, slots))
		return false;
	m->pos = qc_attn_positions(b);
	m->window = 0;
	return m->pos != NULL;
}

bool qc_attn_mask(struct qc_value *v, int64_t slots, struct qc_attn_mask *m)
{
	struct qc_node *n;
	struct qc_attn_mask old;
	int i;

	v = qc_skip_shape(v);
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

bool qc_attn_is_empty(struct qc_value *v, int64_t slots, struct qc_value **pos)
{
	struct qc_value *a, *b, *cmp = qc_skip_shape(v);
	struct qc_node *max;
	int64_t axis[2];

	if (cmp->cst || !greater(cmp->def, &a, &b) || !a->rank ||
	    !qc_attn_is_range(a, a->rank - 1, slots) ||
	    cmp->dim[cmp->rank - 1] != slots)
		return false;
	max = qc_def(qc_skip_shape(b), "ReduceMax", true);
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

bool qc_attn_in_order(struct qc_value *idx, int64_t slots,
		      struct qc_value **pos)
{
	struct qc_node *where;

	idx = qc_skip_shape(idx);
	*pos = NULL;
	if (idx->rank && qc_attn_is_range(idx, idx->rank - 1, slots))
		return true;
	where = qc_def(idx, "Where", true);
	return where && where->in[2]->rank &&
	       qc_attn_is_range(where->in[2], where->in[2]->rank - 1, slots) &&
	       idx->dim[idx->rank - 1] == slots &&
	       qc_attn_is_empty(where->in[0], slots, pos);
}

struct qc_value *qc_attn_masked_bias(struct qc_graph *g, struct qc_node *at,
				     const struct qc_attn_mask *m,
				     struct qc_value *bias,
				     struct qc_node **last)
{
	const struct qc_op *op = qc_op_find("", "Where");
	struct qc_value *in[3] = { m->rest, m->big, bias }, *out;
	static const float none;
	struct qc_tensor zero = { .dtype = QAIC_F32, .store = QAIC_F32,
				  .data = (const uint8_t *)&none };
	struct qc_node *n = *last;
	int64_t dim[4];
	uint32_t i;

	if (n && n->in[0] == m->rest && n->in[1] == m->big &&
	    (bias ? n->in[2] == bias : n->in[2]->cst && !n->in[2]->rank))
		return n->out[0];
	if (!bias)
		in[2] = qc_value_const(g, "unmasked", &zero);
	for (i = 0; i < 4; i++)
		dim[i] = bias && bias->dim[i] > m->rest->dim[i] ?
			 bias->dim[i] : m->rest->dim[i];
	out = qc_value_new(g, "masked_bias", QAIC_F32, 4, dim);
	if (!in[2] || !out)
		return NULL;
	*last = qc_node_new(g, at, op, "masked_bias", in, 3, &out, 1);
	return *last ? out : NULL;
}

struct qc_value *qc_attn_all_slots(struct qc_graph *g, int64_t batch,
				   int64_t slots)
{
	struct qc_tensor t = { .dtype = QAIC_I32, .store = QAIC_I32, .rank = 2,
			       .dim = { batch, 1 }, .stride = { 1, 1 } };
	int32_t *data = qc_alloc(g, batch * sizeof(*data));
	int64_t b;

	if (!data)
		return NULL;
	for (b = 0; b < batch; b++)
		data[b] = slots - 1;
	t.data = (const uint8_t *)data;
	return qc_value_const(g, "last_slot", &t);
}
