// SPDX-License-Identifier: MIT
/*
 * Mixtures of experts: matrices gathered from a constant stack of them by indices
 * that the router made, each times a column. The command reads the chosen ones
 * where they are; nothing is gathered.
 *
 * An index that counts from the end, which Gather knows, is no expert: the indices
 * must come from TopK or ArgMax, which give none.
 */
#include <errno.h>

#include "compiler/fuse.h"

static bool is_choice(struct qc_value *idx)
{
	const struct qc_node *n;

	idx = qc_skip_shape(idx);
	n = idx->cst ? NULL : idx->def;
	return n && ((qc_node_is(n, "TopK") && n->num_out > 1 &&
		      n->out[1] == idx) || qc_node_is(n, "ArgMax"));
}

/* w = W[idx], W a constant [E, N, K] */
static struct qc_node *gathered(struct qc_value *w)
{
	struct qc_node *n = qc_def(qc_skip_casts(w), "Gather", true);

	if (!n || !n->in[0]->cst || n->in[0]->rank != 3 ||
	    !qaic_dtype_is_float(n->in[0]->dtype) || !n->in[1]->rank ||
	    (n->in[1]->dtype != QAIC_I32 && n->in[1]->dtype != QAIC_I64) ||
	    (qc_attr_int(n, "axis", 0) != 0 &&
	     qc_attr_int(n, "axis", 0) != -3) || !is_choice(n->in[1]))
		return NULL;
	return n;
}

/* x [.., k or 1, K, 1] for idx [.., k] */
static bool fits(const struct qc_value *x, const struct qc_value *idx,
		 const struct qc_value *w)
{
	uint32_t r = idx->rank, i;

	if (!qc_numel(idx) || x->cst || x->rank != r + 2 || x->dim[r + 1] != 1 ||
	    x->dim[r] != w->dim[2])
		return false;
	for (i = 0; i + 1 < r; i++)
		if (x->dim[i] != idx->dim[i])
			return false;
	return x->dim[r - 1] == 1 || x->dim[r - 1] == idx->dim[r - 1];
}

int qc_fuse_experts(struct qc_graph *g)
{
	struct qc_node *n, *next, *gather;
	struct qc_value *in[3];

	for (n = g->first; n; n = next) {
		next = n->next;
		if (n->dead || !qc_node_is(n, "MatMul"))
			continue;
		gather = gathered(n->in[0]);
		if (!gather || !fits(n->in[1], gather->in[1], gather->in[0]))
			continue;
		in[0] = gather->in[0];
		in[1] = gather->in[1];
		in[2] = n->in[1];
		if (!qc_fused(g, n, &qc_op_experts, in, 3, n->out[0]))
			return -ENOMEM;
	}
	return 0;
}
