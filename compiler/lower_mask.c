// SPDX-License-Identifier: MIT
/* Operators that become a SELECT between values by a mask. */
#include <errno.h>

#include "compiler/lower.h"

static int emit_select(struct qc_lower *l, const struct qc_view *o,
		       const struct qc_view *mask, const struct qc_view *a,
		       const struct qc_view *b, struct qaic_err *err)
{
	struct qc_view w[4] = { *o, *mask, *a, *b };
	struct qc_vcmd v;
	uint32_t i;

	for (i = 1; i < 4; i++)
		if (!qc_view_broadcast(&w[i], o->rank, o->dim))
			return qaic_fail(err, -EINVAL, "shapes do not broadcast");
	qc_vcmd_init(l, &v, NSP_SELECT, 0);
	return qc_emit_elt(l, &v, w, 4, err);
}

int qc_lower_trilu(struct qc_lower *l, struct qc_node *n, struct qaic_err *err)
{
	struct qc_value *out = n->out[0];
	int64_t k = 0, r, c, dim[2];
	struct qc_view x, o, mask, zero;
	bool upper = qc_attr_int(n, "upper", 1);
	uint8_t *m;
	int rc = qc_lower_in(l, n->in[0], &x, err);

	if (!rc)
		rc = qc_lower_out(l, out, &o, err);
	if (rc)
		return rc;
	if (n->num_in > 1 && n->in[1] && qc_const_ints(n->in[1], &k, 1) != 1)
		return qaic_fail(err, -EOPNOTSUPP, "k is not constant");
	dim[0] = out->dim[out->rank - 2];
	dim[1] = out->dim[out->rank - 1];
	if (!qc_numel(out))
		return 0;
	if (dim[0] > (1 << 28) / dim[1])
		return qaic_fail(err, -EOPNOTSUPP, "the matrix is too large");
	m = qc_alloc(l->g, dim[0] * dim[1]);
	if (!m)
		return qaic_fail(err, -ENOMEM, "out of memory");
	for (r = 0; r < dim[0]; r++)
		for (c = 0; c < dim[1]; c++)
			m[r * dim[1] + c] = upper ? c - r >= k : c - r <= k;
	rc = qc_lower_const(l, QAIC_BOOL, 2, dim, m, &mask, err);
	if (!rc)
		rc = qc_lower_scalar(l, 0, x.dtype, &zero, err);
	return rc ? rc : emit_select(l, &o, &mask, &x, &zero, err);
}

/* depth[axis] == index, or depth[axis] - D == index for negative ones */
int qc_lower_onehot(struct qc_lower *l, struct qc_node *n,
		    struct qaic_err *err)
{
	struct qc_value *out = n->out[0];
	uint32_t axis = qc_node_axis(n, "axis", -1, out->rank), k;
	struct qc_view idx, o, vals, row, m[2], on, off, w[3];
	int64_t dim[QC_MAX_RANK], depth = out->dim[axis], i, *range;
	struct qc_vcmd v;
	int rc = qc_lower_in(l, n->in[0], &idx, err);

	if (!rc)
		rc = qc_lower_as(l, &idx, QAIC_I64, err);
	if (!rc && qaic_dtype_is_float(idx.dtype)) {
		rc = qc_lower_temp(l, QAIC_I64, idx.rank, idx.dim, &row, err);
		if (!rc)
			rc = qc_emit_move(l, &row, &idx, err);
		idx = row;
	}
	if (!rc)
		rc = qc_lower_in(l, n->in[2], &vals, err);
	if (!rc)
		rc = qc_lower_out(l, out, &o, err);
	if (rc)
		return rc;
	qc_view_unsqueeze(&idx, axis);
	range = qc_alloc(l->g, depth * sizeof(*range) + 1);
	if (!range)
		return qaic_fail(err, -ENOMEM, "out of memory");
	for (k = 0; k < 2; k++) {
		for (i = 0; i < depth; i++)
			range[i] = k ? i - depth : i;
		for (i = 0; i < out->rank; i++)
			dim[i] = i == axis ? depth : 1;
		rc = qc_lower_const(l, QAIC_I64, out->rank, dim, range, &row,
				    err);
		if (!rc)
			rc = qc_lower_temp(l, QAIC_BOOL, out->rank, out->dim,
					   &m[k], err);
		if (rc)
			return rc;
		w[0] = m[k];
		w[1] = idx;
		w[2] = row;
		qc_view_broadcast(&w[1], out->rank, out->dim);
		qc_view_broadcast(&w[2], out->rank, out->dim);
		qc_vcmd_init(l, &v, NSP_BINARY, NSP_B_EQ);
		rc = qc_emit_elt(l, &v, w, 3, err);
		if (rc)
			return rc;
	}
	w[0] = w[1] = m[0];
	w[2] = m[1];
	qc_vcmd_init(l, &v, NSP_BINARY, NSP_B_OR);
	rc = qc_emit_elt(l, &v, w, 3, err);
	off = on = vals;	/* [off, on] */
	qc_view_slice(&off, 0, 0, 1, 1);
	qc_view_slice(&on, 0, 1, 1, 1);
	return rc ? rc : emit_select(l, &o, &m[0], &on, &off, err);
}
