// SPDX-License-Identifier: MIT
/* Operators along axes: reductions, softmax, norms, sums, the k largest. */
#include <errno.h>
#include <string.h>

#include "compiler/lower.h"

static const struct { const char *name; unsigned int sub; } reduce_rows[] = {
	{ "ReduceSum", NSP_R_SUM }, { "ReduceMean", NSP_R_MEAN },
	{ "ReduceMax", NSP_R_MAX }, { "ReduceMin", NSP_R_MIN },
	{ "ReduceProd", NSP_R_PROD }, { "ReduceSumSquare", NSP_R_SUMSQ },
	{ "ReduceL1", NSP_R_L1 }, { "ReduceL2", NSP_R_L2 },
	{ "ReduceLogSum", NSP_R_LOGSUM },
	{ "ReduceLogSumExp", NSP_R_LOGSUMEXP },
	{ "ArgMax", NSP_R_ARGMAX }, { "ArgMin", NSP_R_ARGMIN },
};

static int reduce_sub(const struct qc_node *n)
{
	size_t i;

	for (i = 0; i < QAIC_ARRAY_SIZE(reduce_rows); i++)
		if (qc_node_is(n, reduce_rows[i].name))
			return reduce_rows[i].sub;
	return -1;
}

static void view_drop(struct qc_view *v, uint32_t a)
{
	for (; a + 1 < v->rank; a++) {
		v->dim[a] = v->dim[a + 1];
		v->stride[a] = v->stride[a + 1];
	}
	v->rank--;
}

int qc_emit_reduce(struct qc_lower *l, unsigned int sub, int last,
		   struct qc_view out, struct qc_view in, uint32_t mask,
		   struct qaic_err *err)
{
	int axis[NSP_DIMS], rc;
	uint32_t a, d, bits = 0, pad;
	struct qc_vcmd v;
	bool arg = sub == NSP_R_ARGMAX || sub == NSP_R_ARGMIN;

	for (a = 0; a < in.rank;) {
		bool red = mask >> a & 1;

		if (in.dim[a] == 1 && !(arg && red)) {
			view_drop(&in, a);
			view_drop(&out, a);
			mask = (mask & ((1u << a) - 1)) |
			       (mask >> (a + 1)) << a;
		} else {
			a++;
		}
	}
	if (in.rank > NSP_DIMS)
		return qaic_fail(err, -EOPNOTSUPP, "more than six dimensions");
	qc_vcmd_init(l, &v, NSP_REDUCE, sub);
	pad = NSP_DIMS - in.rank;
	for (d = 0; d < NSP_DIMS; d++) {
		axis[d] = d < pad ? -1 : (int)(d - pad);
		if (d < pad)
			continue;
		rc = qc_vcmd_dim(&v, d, in.dim[d - pad], err);
		if (rc)
			return rc;
		if (mask >> (d - pad) & 1)
			bits |= 1u << d;
	}
	v.c.imm[0].u = bits ? bits : 1;	/* a dim of length 1 */
	v.c.imm[1].i = last;
	rc = qc_vcmd_opnd(&v, 0, &out, axis, err);
	if (!rc)
		rc = qc_vcmd_opnd(&v, 1, &in, axis, err);
	for (d = 0; d < NSP_DIMS; d++)
		if (v.c.imm[0].u >> d & 1)
			v.c.o[0].stride[d] = 0;
	return rc ? rc : qc_emit(l, &v, err);
}

/* The place of the output, in the input's rank. */
static int reduce_out(struct qc_lower *l, struct qc_value *out,
		      const struct qc_view *in, uint32_t mask,
		      struct qc_view *o, struct qaic_err *err)
{
	int64_t dim[QC_MAX_RANK];
	uint32_t i;

	for (i = 0; i < in->rank; i++)
		dim[i] = mask >> i & 1 ? 1 : in->dim[i];
	return qc_lower_out_shaped(l, out, in->rank, dim, o, err);
}

int qc_lower_reduce(struct qc_lower *l, struct qc_node *n, struct qaic_err *err)
{
	int64_t axes[QC_MAX_RANK];
	struct qc_view in, o;
	uint32_t mask = 0;
	int i, na, sub = reduce_sub(n), rc = qc_lower_in(l, n->in[0], &in, err);

	if (rc)
		return rc;
	na = qc_node_ints(n, "axes", 1, axes, QC_MAX_RANK);
	for (i = 0; i < na; i++)
		mask |= 1u << (axes[i] < 0 ? axes[i] + in.rank : axes[i]);
	if (na <= 0) {
		if (qc_attr_int(n, "noop_with_empty_axes", 0))
			return qc_lower_alias(l, n->out[0], &in, err);
		mask = (1u << in.rank) - 1;
	}
	rc = reduce_out(l, n->out[0], &in, mask, &o, err);
	if (rc)
		return rc;
	if (qc_view_numel(&in) == 0 && qc_view_numel(&o)) {
		if (sub != NSP_R_SUM && sub != NSP_R_PROD &&
		    sub != NSP_R_SUMSQ && sub != NSP_R_L1 && sub != NSP_R_L2)
			return qaic_fail(err, -EOPNOTSUPP,
					 "nothing to reduce");
		rc = qc_emit_fill(l, &o, sub == NSP_R_PROD, err);
	} else {
		rc = qc_emit_reduce(l, sub, 0, o, in, mask, err);
	}
	return rc ? rc : qc_lower_out_done(l, n->out[0], &o, err);
}

int qc_lower_arg(struct qc_lower *l, struct qc_node *n, struct qaic_err *err)
{
	struct qc_view in, o;
	int64_t axis;
	int rc = qc_lower_in(l, n->in[0], &in, err);

	if (rc)
		return rc;
	axis = qc_node_axis(n, "axis", 0, in.rank);
	rc = reduce_out(l, n->out[0], &in, 1u << axis, &o, err);
	if (!rc)
		rc = qc_emit_reduce(l, reduce_sub(n),
				 qc_attr_int(n, "select_last_index", 0) != 0,
				 o, in, 1u << axis, err);
	return rc ? rc : qc_lower_out_done(l, n->out[0], &o, err);
}

/* ---- rows: the axis is moved last, in the view ---- */

static void axis_last(struct qc_view *v, uint32_t axis)
{
	uint32_t perm[QC_MAX_RANK], i, k = 0;

	for (i = 0; i < v->rank; i++)
		if (i != axis)
			perm[k++] = i;
	perm[k] = axis;
	qc_view_permute(v, perm);
}

int qc_lower_softmax(struct qc_lower *l, struct qc_node *n,
		     struct qaic_err *err)
{
	struct qc_value *out = n->out[0];
	bool old = n->version < 13, made = false;
	struct qc_view w[2], o;
	int64_t axis, d2[2] = { 1, 1 };
	struct qc_vcmd v;
	uint32_t i;
	int rc = qc_lower_in(l, n->in[0], &w[1], err);

	if (rc)
		return rc;
	axis = qc_node_axis(n, "axis", old ? 1 : -1, out->rank);
	if (!out->rank) {
		axis = 0;
		qc_view_unsqueeze(&w[1], 0);
		d2[0] = 1;
		rc = qc_lower_out_shaped(l, out, 1, d2, &w[0], err);
		made = true;
	} else if (old) {	/* before opset 13: rows are all axes from axis on */
		for (i = 0; i < out->rank; i++)
			d2[i >= axis] *= out->dim[i];
		axis = 1;
		rc = qc_lower_reshaped(l, &w[1], 2, d2, err);
		if (!rc)
			rc = qc_lower_out_shaped(l, out, 2, d2, &w[0], err);
		made = true;
	} else {
		rc = qc_lower_out(l, out, &w[0], err);
	}
	if (rc)
		return rc;
	o = w[0];
	axis_last(&w[0], axis);
	axis_last(&w[1], axis);
	qc_vcmd_init(l, &v, NSP_SOFTMAX, qc_node_is(n, "LogSoftmax"));
	rc = qc_emit_rows(l, &v, w, 2, 1, err);
	return rc || !made ? rc : qc_lower_out_done(l, out, &o, err);
}

/* Row parameters (gain, bias) as a view of the rows' shape. */
static int norm_param(struct qc_lower *l, struct qc_value *p,
		      const struct qc_view *rows, struct qc_view *out,
		      struct qaic_err *err)
{
	int64_t len = rows->dim[rows->rank - 1];
	int rc = qc_lower_in_as(l, p, QAIC_F32, out, err);

	if (rc)
		return rc;
	if (qc_view_numel(out) == len)
		rc = qc_lower_reshaped(l, out, 1, &len, err);
	if (rc)
		return rc;
	if (!qc_view_broadcast(out, rows->rank, rows->dim))
		return qaic_fail(err, -EINVAL, "scale does not fit the rows");
	return 0;
}

/* in[0] over axes [axis, rank) as rows; in[1] gain, in[2] bias. */
static int lower_norm(struct qc_lower *l, struct qc_node *n, unsigned int sub,
		      uint32_t axis, struct qaic_err *err)
{
	struct qc_value *out = n->out[0];
	struct qc_view w[4], o;
	int64_t dim[QC_MAX_RANK];
	struct qc_vcmd v;
	uint32_t i, num = 2;
	int rc = qc_lower_in(l, n->in[0], &w[1], err);

	if (rc)
		return rc;
	memcpy(dim, out->dim, sizeof(dim));
	for (i = axis + 1; i < out->rank; i++)
		dim[axis] *= dim[i];
	rc = qc_lower_reshaped(l, &w[1], axis + 1, dim, err);
	if (!rc)
		rc = qc_lower_out_shaped(l, out, axis + 1, dim, &w[0], err);
	if (rc)
		return rc;
	o = w[0];
	memset(&w[2], 0, 2 * sizeof(w[2]));
	for (i = 1; i < n->num_in && i < 3; i++) {
		if (!n->in[i])
			continue;
		rc = norm_param(l, n->in[i], &w[0], &w[1 + i], err);
		if (rc)
			return rc;
		num = 2 + i;
	}
	qc_vcmd_init(l, &v, NSP_NORM, sub);
	v.c.imm[0].f = qc_attr_float(n, "epsilon", 1e-5f);
	rc = qc_emit_rows(l, &v, w, num, 1, err);
	return rc ? rc : qc_lower_out_done(l, out, &o, err);
}

static int unary_inplace(struct qc_lower *l, unsigned int sub, float a, float b,
			 const struct qc_view *x, struct qaic_err *err)
{
	struct qc_view w[2] = { *x, *x };
	struct qc_vcmd v;

	qc_vcmd_init(l, &v, NSP_UNARY, sub);
	v.c.imm[0].f = a;
	v.c.imm[1].f = b;
	return qc_emit_elt(l, &v, w, 2, err);
}

/* The optional outputs Mean and InvStdDev of LayerNormalization. */
static int norm_stats(struct qc_lower *l, struct qc_node *n, uint32_t axis,
		      struct qaic_err *err)
{
	struct qc_view x, m, w[3], o;
	uint32_t mask = 0, i;
	struct qc_vcmd v;
	int rc = qc_lower_in(l, n->in[0], &x, err);

	for (i = axis; i < x.rank; i++)
		mask |= 1u << i;
	if (rc)
		return rc;
	rc = qc_lower_temp(l, QAIC_F32, x.rank, n->out[1] ? n->out[1]->dim
			   : n->out[2]->dim, &m, err);
	if (!rc)
		rc = qc_emit_reduce(l, NSP_R_MEAN, 0, m, x, mask, err);
	if (!rc && n->out[1])
		rc = qc_lower_out(l, n->out[1], &o, err);
	if (!rc && n->out[1])
		rc = qc_emit_move(l, &o, &m, err);
	if (rc || n->num_out < 3 || !n->out[2])
		return rc;
	rc = qc_lower_temp(l, QAIC_F32, x.rank, x.dim, &w[0], err);
	if (rc)
		return rc;
	w[1] = x;
	w[2] = m;
	qc_view_broadcast(&w[2], x.rank, x.dim);
	qc_vcmd_init(l, &v, NSP_BINARY, NSP_B_SUB);
	rc = qc_emit_elt(l, &v, w, 3, err);
	w[1] = w[2] = w[0];
	qc_vcmd_init(l, &v, NSP_BINARY, NSP_B_MUL);
	if (!rc)
		rc = qc_emit_elt(l, &v, w, 3, err);
	if (!rc)
		rc = qc_lower_temp(l, QAIC_F32, m.rank, m.dim, &o, err);
	if (!rc)
		rc = qc_emit_reduce(l, NSP_R_MEAN, 0, o, w[0], mask, err);
	if (!rc)
		rc = unary_inplace(l, NSP_U_SCALE, 1,
				   qc_attr_float(n, "epsilon", 1e-5f), &o, err);
	if (!rc)
		rc = unary_inplace(l, NSP_U_RSQRT, 0, 0, &o, err);
	if (!rc)
		rc = qc_lower_out(l, n->out[2], &m, err);
	return rc ? rc : qc_emit_move(l, &m, &o, err);
}

int qc_lower_layernorm(struct qc_lower *l, struct qc_node *n,
		       struct qaic_err *err)
{
	uint32_t axis = qc_node_axis(n, "axis", -1, n->in[0]->rank);
	int rc = lower_norm(l, n, 1, axis, err);

	if (!rc && ((n->num_out > 1 && n->out[1]) ||
		    (n->num_out > 2 && n->out[2])))
		rc = norm_stats(l, n, axis, err);
	return rc;
}

int qc_lower_rmsnorm(struct qc_lower *l, struct qc_node *n,
		     struct qaic_err *err)
{
	return lower_norm(l, n, 0, n->in[0]->rank - 1, err);
}

int qc_lower_cumsum(struct qc_lower *l, struct qc_node *n,
		    struct qaic_err *err)
{
	struct qc_view w[2];
	struct qc_vcmd v;
	int64_t axis;
	int rc = qc_lower_in(l, n->in[0], &w[1], err);

	if (!rc)
		rc = qc_lower_out(l, n->out[0], &w[0], err);
	if (rc)
		return rc;
	if (qc_const_ints(n->in[1], &axis, 1) != 1)
		return qaic_fail(err, -EOPNOTSUPP, "the axis is not constant");
	axis = axis < 0 ? axis + w[0].rank : axis;
	if (axis < 0 || axis >= (int64_t)w[0].rank)
		return qaic_fail(err, -EINVAL, "axis out of range");
	axis_last(&w[0], axis);
	axis_last(&w[1], axis);
	qc_vcmd_init(l, &v, NSP_CUMSUM, 0);
	v.c.imm[0].u = (qc_attr_int(n, "exclusive", 0) ? 1 : 0) |
		       (qc_attr_int(n, "reverse", 0) ? 2 : 0);
	return qc_emit_rows(l, &v, w, 2, 1, err);
}

int qc_lower_topk(struct qc_lower *l, struct qc_node *n, struct qaic_err *err)
{
	uint32_t axis = qc_node_axis(n, "axis", -1, n->in[0]->rank);
	struct qc_view w[3];
	struct qc_vcmd v;
	int rc = qc_lower_in(l, n->in[0], &w[1], err);

	if (!rc)
		rc = qc_lower_out(l, n->out[0], &w[0], err);
	if (!rc)
		rc = qc_lower_out(l, n->out[1], &w[2], err);
	if (rc)
		return rc;
	if (w[1].dim[axis] > INT32_MAX)
		return qaic_fail(err, -EOPNOTSUPP, "a row is too long");
	qc_vcmd_init(l, &v, NSP_TOPK, 0);
	v.c.imm[1].i = qc_attr_int(n, "largest", 1) != 0;
	v.c.imm[2].i = w[1].dim[axis];
	axis_last(&w[0], axis);
	axis_last(&w[1], axis);
	axis_last(&w[2], axis);
	return qc_emit_rows(l, &v, w, 3, 1, err);
}
