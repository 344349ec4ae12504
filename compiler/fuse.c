// SPDX-License-Identifier: MIT
#include <errno.h>
#include <math.h>
#include <string.h>

#include "compiler/fuse.h"

struct qc_node *qc_def(const struct qc_value *v, const char *name, bool shared)
{
	if (!v || !v->def || v->cst || v->def->dead ||
	    !qc_node_is(v->def, name) || (!shared && v->num_uses != 1))
		return NULL;
	return v->def;
}

struct qc_value *qc_skip_casts(struct qc_value *v)
{
	unsigned int depth;

	for (depth = 0; v && v->def && !v->cst && depth < 64; depth++) {
		struct qc_node *n = v->def;

		if (!qc_node_is(n, "Identity") && !qc_node_is(n, "Cast"))
			break;
		if (qaic_dtype_is_float(n->in[0]->dtype) !=
		    qaic_dtype_is_float(v->dtype))
			break;
		if (n->in[0]->dtype == QAIC_BOOL || v->dtype == QAIC_BOOL)
			break;
		v = n->in[0];
	}
	return v;
}

struct qc_value *qc_skip_shape(struct qc_value *v)
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

bool qc_is_scalar(const struct qc_value *v, double want)
{
	double k;

	return v && qc_const_scalar(v, &k) &&
	       fabs(k - want) <= 1e-3 * fabs(want);
}

bool qc_scalar_operand(const struct qc_node *n, double *k,
		       struct qc_value **other)
{
	int i;

	for (i = 0; i < 2; i++)
		if (n->num_in == 2 && n->in[i] && n->in[1 - i] &&
		    qc_const_scalar(n->in[i], k) && !n->in[1 - i]->cst) {
			*other = n->in[1 - i];
			return true;
		}
	return false;
}

struct qc_node *qc_only_user(const struct qc_value *v)
{
	struct qc_node *n;
	uint32_t i;

	if (v->num_uses != 1 || v->is_output || !v->def)
		return NULL;
	for (n = v->def->next; n; n = n->next)
		for (i = 0; i < n->num_in; i++)
			if (n->in[i] == v)
				return n;
	return NULL;
}

bool qc_reduces_last(const struct qc_node *n)
{
	int64_t axis[QC_MAX_RANK];

	return qc_attr_int(n, "keepdims", 1) &&
	       qc_node_ints(n, "axes", 1, axis, QC_MAX_RANK) == 1 &&
	       (axis[0] == -1 || axis[0] == (int64_t)n->in[0]->rank - 1);
}

static bool split_part(struct qc_node *n, const struct qc_value *v,
		       int64_t *start)
{
	uint32_t i;

	if (qc_node_axis(n, "axis", 0, v->rank) != (int64_t)v->rank - 1)
		return false;
	for (i = 0, *start = 0; i < n->num_out && n->out[i] != v; i++)
		*start += n->out[i] ? n->out[i]->dim[v->rank - 1] : 0;
	return i < n->num_out;
}

bool qc_is_tail_slice(struct qc_value *v, struct qc_value **src,
		      int64_t *start)
{
	int64_t s, axis, step = 1;
	struct qc_node *n;

	if (!v->def || v->cst || !v->rank)
		return false;
	n = v->def;
	*src = n->in[0];
	if (qc_node_is(n, "Split"))
		return split_part(n, v, start);
	if (!qc_node_is(n, "Slice") ||
	    qc_node_ints(n, "starts", 1, &s, 1) != 1)
		return false;
	if (qc_node_ints(n, "axes", 3, &axis, 1) != 1)
		axis = 0;
	qc_node_ints(n, "steps", 4, &step, 1);
	axis = axis < 0 ? axis + v->rank : axis;
	*start = s < 0 ? s + (*src)->dim[v->rank - 1] : s;
	return axis == (int64_t)v->rank - 1 && step == 1 && *start >= 0 &&
	       *start <= (*src)->dim[axis];
}

/* Is a node between @v and the inputs of the fused node marked? */
static bool marked_between(const struct qc_value *v,
			   struct qc_value *const *in, uint32_t num_in,
			   unsigned int depth)
{
	const struct qc_node *n = v->def;
	uint32_t i;

	if (!n || v->cst || !depth)
		return false;
	for (i = 0; i < num_in; i++)
		if (in[i] == v)
			return false;
	if (qc_attr_int(n, QC_FP32, 0))
		return true;
	for (i = 0; i < n->num_in; i++)
		if (n->in[i] && marked_between(n->in[i], in, num_in, depth - 1))
			return true;
	return false;
}

struct qc_node *qc_fused(struct qc_graph *g, struct qc_node *at,
			 const struct qc_op *op, struct qc_value *const *in,
			 uint32_t num_in, struct qc_value *out)
{
	struct qc_value *v = qc_value_new(g, out->name, out->dtype, out->rank,
					  out->dim);
	struct qc_node *n;

	if (!v)
		return NULL;
	n = qc_node_new(g, at, op, at->name, in, num_in, &v, 1);
	if (!n)
		return NULL;
	/* sixteen steps: the longest way through a pattern */
	if (marked_between(out, in, num_in, 16) &&
	    qc_attr_set_int(g, n, QC_FP32, 1))
		return NULL;
	return qc_replace_uses(g, out, v) < 0 ? NULL : n;
}

int qc_fuse(struct qc_graph *g, struct qaic_err *err)
{
	static int (*const pass[])(struct qc_graph *) = {
		qc_fuse_norms, qc_fuse_activations, qc_fuse_matmuls,
		qc_fuse_gated, qc_fuse_rope, qc_fuse_attention,
		qc_fuse_experts,
	};
	size_t i;
	int rc;

	for (i = 0; i < QAIC_ARRAY_SIZE(pass); i++) {
		rc = pass[i](g);
		if (rc)
			return qaic_fail(err, rc, "out of memory");
		qc_remove_dead(g);
	}
	return 0;
}
