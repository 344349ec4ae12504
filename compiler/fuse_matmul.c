// SPDX-License-Identifier: MIT
/*
 * A constant bias joins its MatMul; a MatMul whose columns are split up at once
 * (q, k and v in one weight) becomes one per part, so that each part can be cut
 * over the NSPs at its own heads.
 */
#include <errno.h>

#include "compiler/fuse.h"

static bool is_product(const struct qc_node *n)
{
	return n && (n->op == &qc_op_matmul || qc_node_is(n, "MatMul")) &&
	       n->in[1]->cst && n->in[1]->rank == 2 &&
	       qaic_dtype_is_float(n->in[1]->dtype);
}

static int add_bias(struct qc_graph *g, struct qc_node *add)
{
	struct qc_value *in[3];
	struct qc_node *mm;
	int64_t cols;
	int i;

	for (i = 0; i < 2; i++) {
		struct qc_value *bias = add->in[1 - i];

		mm = qc_def(add->in[i], "MatMul", false);
		if (!is_product(mm) || !bias->cst || !bias->rank)
			continue;
		cols = mm->in[1]->dim[1];
		if (qc_numel(bias) != cols ||
		    bias->dim[bias->rank - 1] != cols ||
		    bias->rank > add->out[0]->rank)
			continue;
		if (bias->rank > 1) {	/* [1, .., N] */
			struct qc_tensor t = *bias->cst;

			t.dim[0] = cols;
			t.stride[0] = bias->cst->stride[bias->rank - 1];
			t.rank = 1;
			bias = qc_value_const(g, bias->name, &t);
			if (!bias)
				return -ENOMEM;
		}
		in[0] = mm->in[0];
		in[1] = mm->in[1];
		in[2] = bias;
		return qc_fused(g, add, &qc_op_matmul, in, 3, add->out[0]) ?
			0 : -ENOMEM;
	}
	return 0;
}

/* Columns [at, at + n) of a constant, along its last axis. */
static struct qc_value *column_slice(struct qc_graph *g, struct qc_value *c,
				     int64_t at, int64_t n)
{
	struct qc_tensor t = *c->cst;
	uint32_t a = t.rank - 1;

	t.data += at * t.stride[a] * (int64_t)qaic_dtype_size(t.store);
	t.dim[a] = n;
	return qc_value_const(g, c->name, &t);
}

static int split_product(struct qc_graph *g, struct qc_node *split)
{
	struct qc_value *v = split->in[0], *in[3];
	struct qc_node *mm = v->def;
	int64_t at = 0, n;
	uint32_t i;

	if (v->num_uses != 1 || !is_product(mm) || v->cst ||
	    qc_node_axis(split, "axis", 0, v->rank) != (int64_t)v->rank - 1)
		return 0;
	for (i = 0; i < split->num_out; i++, at += n) {
		n = split->out[i]->dim[v->rank - 1];
		in[0] = mm->in[0];
		in[1] = column_slice(g, mm->in[1], at, n);
		in[2] = mm->num_in > 2 && mm->in[2] ?
			column_slice(g, mm->in[2], at, n) : NULL;
		if (!in[1] || (mm->num_in > 2 && mm->in[2] && !in[2]))
			return -ENOMEM;
		if (!qc_fused(g, split, &qc_op_matmul, in, in[2] ? 3 : 2,
			      split->out[i]))
			return -ENOMEM;
	}
	return 0;
}

int qc_fuse_matmuls(struct qc_graph *g)
{
	struct qc_node *n, *next;
	int rc = 0;

	for (n = g->first; n && !rc; n = next) {
		next = n->next;
		if (!n->dead && qc_node_is(n, "Add"))
			rc = add_bias(g, n);
		else if (!n->dead && qc_node_is(n, "Split"))
			rc = split_product(g, n);
	}
	return rc;
}
