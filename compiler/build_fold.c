// SPDX-License-Identifier: MIT
/*
 * Constants are folded as they appear: Reshape, Slice and their like need their
 * shape operands as numbers by the time they are reached.
 */
#include <errno.h>
#include <string.h>

#include "compiler/build.h"
#include "compiler/eval.h"
#include "compiler/graph_priv.h"
#include "compiler/op_rows.h"

#define SMALL (16ull << 20)		/* a result this small is always folded */
#define MAX_READ (256ull << 20)	/* what an evaluation may have to read */
#define MAX_FOLDED (1ull << 30)		/* bytes, of one graph */
#define MAX_WORK (16ull << 30)		/* of one graph, in bytes touched */
#define MAX_STEP (1ull << 30)		/* of one node whose work is not linear */

static bool all_const(struct qc_value *const *v, uint32_t n)
{
	uint32_t i;

	for (i = 0; i < n; i++)
		if (v[i] && !v[i]->cst)
			return false;
	return true;
}

static uint64_t bytes_of(struct qc_value *const *v, uint32_t n)
{
	uint64_t sum = 0;
	uint32_t i;

	/* a value has at most 2^40 bytes, see check_outputs() */
	for (i = 0; i < n; i++)
		if (v[i])
			sum += qc_eval_size(v[i]);
	return sum;
}

/*
 * About how many bytes an evaluation touches. Constants may be views that show one
 * number a billion times, so a small file can ask for a lot of work.
 */
static uint64_t work_of(const struct qc_node *n, uint64_t in, uint64_t out)
{
	const struct qc_value *a = n->in[0];
	uint64_t k = 1;

	if (n->op->eval == qc_eval_einsum)
		return UINT64_MAX;
	if (n->op->eval == qc_eval_topk)
		k = 64;		/* it sorts */
	if (n->op->eval == qc_eval_matmul)
		k = a->dim[a->rank - 1];
	if (n->op->eval == qc_eval_gemm)
		k = a->dim[!qc_attr_int(n, "transA", 0)];
	if (k > 1 && (out > MAX_STEP / k || in > MAX_STEP / 64))
		return UINT64_MAX;
	return in + out * k;
}

static bool worth_it(struct qc_graph *g, const struct qc_node *n)
{
	struct qc_arena *a = g->arena;
	uint64_t in = bytes_of(n->in, n->num_in);
	uint64_t out = bytes_of(n->out, n->num_out);
	uint64_t work;

	if (in > MAX_READ || (out > SMALL && out > 4 * in))
		return false;
	work = n->num_in ? work_of(n, in, out) : out;
	if (a->folded + out > MAX_FOLDED || work > MAX_WORK - a->work)
		return false;
	a->work += work;
	return true;
}

/* The result of an evaluation becomes the value's constant. */
static int set_const(struct qc_graph *g, struct qc_value *v, const void *data)
{
	int64_t stride = 1;
	uint32_t i;

	v->cst = qc_alloc(g, sizeof(*v->cst));
	if (!v->cst)
		return -ENOMEM;
	v->cst->dtype = v->dtype;
	v->cst->store = qc_eval_dtype(v->dtype);
	v->cst->rank = v->rank;
	v->cst->data = data;
	for (i = v->rank; i-- > 0;) {
		v->cst->dim[i] = v->dim[i];
		v->cst->stride[i] = stride;
		stride *= v->dim[i];
	}
	return 0;
}

static int evaluate(struct qc_graph *g, struct qc_node *n, struct qaic_err *err)
{
	void **in = qc_alloc(g, n->num_in * sizeof(*in));
	void **out = qc_alloc(g, n->num_out * sizeof(*out));
	uint32_t i;
	int rc;

	if (!in || !out)
		return qaic_fail(err, -ENOMEM, "out of memory");
	for (i = 0; i < n->num_out; i++) {
		out[i] = qc_alloc(g, qc_eval_size(n->out[i]));
		if (!out[i])
			return qaic_fail(err, -ENOMEM, "out of memory");
	}
	rc = qc_eval_node(n, in, out, err);
	for (i = 0; i < n->num_out && !rc; i++)
		rc = set_const(g, n->out[i], out[i]);
	if (!rc)
		((struct qc_arena *)g->arena)->folded +=
			bytes_of(n->out, n->num_out);
	return rc;
}

/* What has no elements is known: nothing has to make it. */
static int fold_empty(struct qc_graph *g, struct qc_node *n)
{
	uint32_t i;
	int rc = 0;

	for (i = 0; i < n->num_out; i++)
		if (qc_numel(n->out[i]))
			return 0;
	for (i = 0; i < n->num_out && !rc; i++)
		if (!n->out[i]->cst)
			rc = qc_build_empty(g, n->out[i]);
	return rc;
}

int qc_build_empty(struct qc_graph *g, struct qc_value *v)
{
	const void *data = qc_alloc(g, 0);

	return data ? set_const(g, v, data) : -ENOMEM;
}

int qc_build_fold(struct qc_graph *g, struct qc_node *n, struct qaic_err *err)
{
	int rc = fold_empty(g, n);

	if (rc)
		return qaic_fail(err, rc, "out of memory");
	/* shape() may have known the result (Shape, Constant, ...) */
	if (!all_const(n->out, n->num_out)) {
		if (!all_const(n->in, n->num_in))
			return 0;
		rc = n->op->view ? n->op->view(g, n) : 0;
		if (rc < 0)
			return qaic_fail(err, rc, "out of memory");
		if (!rc) {
			if (!n->op->eval || !worth_it(g, n))
				return 0;
			rc = evaluate(g, n, err);
			if (rc)
				return rc;
		}
	}
	qc_node_unlink(g, n);
	return 1;
}
