// SPDX-License-Identifier: MIT
/* From what was found to be attention to its command. */
#include <errno.h>

#include "compiler/fuse_attn.h"

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

static bool passes_scale(const struct qc_node *n)
{
	static const char *const names[] = { "Transpose", "Reshape", "Squeeze",
					     "Unsqueeze", "Identity" };

	return n->op == &qc_op_rope ||
	       qc_node_is_any(n, names, QAIC_ARRAY_SIZE(names));
}

/* A query that was scaled before it met the keys, or before it was rotated. */
static int fold_query_scale(struct qc_graph *g, struct qc_attention *a)
{
	struct qc_value *v = a->q, *x;
	unsigned int depth, uses = 1;
	double k;

	for (depth = 0; depth < 16; depth++) {
		struct qc_node *n = v->def;

		if (!n || v->cst || v->num_uses != uses || v->is_output ||
		    qc_attr_int(n, QC_FP32, 0))
			break;
		x = n->in[0];
		if (passes_scale(n)) {
			v = x;
			uses = 1;
			continue;
		}
		k = 1;
		if (qc_node_is(n, "Div") && qc_const_scalar(n->in[1], &k) && k)
			k = 1 / k;
		else if (!qc_node_is(n, "Mul") || !qc_scalar_operand(n, &k, &x))
			break;
		if (x->rank != v->rank || x->dtype != v->dtype)
			break;
		if (qc_replace_uses(g, v, x) < 0)
			return -ENOMEM;
		a->scale *= k;
		if (v == a->q)
			a->q = x;
		v = x;
		uses++;		/* the dead Mul has it, too */
	}
	return 0;
}

static struct qc_value *slopes(struct qc_graph *g, const struct qc_attention *a)
{
	int64_t heads = a->q->dim[1], h;
	struct qc_tensor t = { .dtype = QAIC_F32, .store = QAIC_F32, .rank = 1,
			       .dim = { heads }, .stride = { 1 } };
	float *data = qc_alloc(g, heads * sizeof(*data));

	if (!data)
		return NULL;
	for (h = 0; h < heads; h++)
		data[h] = a->slope[h];
	t.data = (const uint8_t *)data;
	return qc_value_const(g, "alibi_slopes", &t);
}

int qc_attn_make(struct qc_graph *g, struct qc_node *mm,
		 struct qc_attention *a, struct qc_node **last)
{
	int rc = fold_query_scale(g, a);
	struct qc_value *in[5] = { a->q, a->k.data, a->v.data, a->mask.pos };
	struct qc_node *t = transposed_user(mm->out[0]), *n;

	if (rc)
		return rc;
	if (!in[3])
		in[3] = qc_attn_all_slots(g, a->q->dim[0], a->k.slots);
	if (a->mask.rest) {
		a->bias = qc_attn_masked_bias(g, mm, &a->mask, a->bias, last);
		if (!a->bias)
			return -ENOMEM;
	}
	in[4] = a->alibi ? slopes(g, a) : a->bias;
	if (!in[3] || (a->alibi && !in[4]))
		return -ENOMEM;
	n = qc_fused(g, t ? t : mm, &qc_op_attention, in, in[4] ? 5 : 4,
		     t ? t->out[0] : mm->out[0]);
	if (!n || qc_attr_set_int(g, n, "bshd", t != NULL) ||
	    qc_attr_set_int(g, n, "bias", a->bias != NULL) ||
	    qc_attr_set_int(g, n, "slots", a->k.slots) ||
	    qc_attr_set_int(g, n, "window", a->mask.window) ||
	    qc_attr_set_float(g, n, "scale", a->scale) ||
	    qc_attr_set_float(g, n, "softcap", a->softcap))
		return -ENOMEM;
	return 0;
}
