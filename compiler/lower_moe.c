// SPDX-License-Identifier: MIT
/* Products with the matrices that a router chose: see fuse_moe.c. */
#include <errno.h>
#include <string.h>

#include "compiler/lower.h"

/* W [E, N, K], indices [T.., k], x [T.., k or 1, K, 1] -> [T.., k, N, 1] */
static int lower_experts(struct qc_lower *l, struct qc_node *n,
			 struct qaic_err *err)
{
	static const int ax_o[6] = { 0, 1, -1, 2, -1, -1 };
	static const int ax_x[6] = { 0, 1, -1, -1, 2, -1 };
	static const int ax_w[6] = { -1, -1, -1, 1, 2, 0 };
	static const int ax_i[6] = { 0, 1, -1, -1, -1, -1 };
	const struct qc_value *idx = n->in[1], *xv = n->in[2];
	int64_t k = idx->dim[idx->rank - 1], t = qc_numel(idx) / k;
	int64_t dim_x[3] = { t, xv->dim[idx->rank - 1],
			     xv->dim[idx->rank] };
	struct qc_view w, i, x, o;
	struct qc_vcmd v;
	unsigned int d;
	int64_t dim_o[3], dims[6];
	int rc;

	rc = qc_lower_weights(l, n->in[0], n->in[0]->cst, false, &w, err);
	if (!rc)
		rc = qc_lower_in(l, n->in[1], &i, err);
	if (!rc)
		rc = qc_lower_reshaped(l, &i, 2, (int64_t[]){ t, k }, err);
	if (!rc)
		rc = qc_lower_in(l, n->in[2], &x, err);
	if (!rc)
		rc = qc_lower_reshaped(l, &x, 3, dim_x, err);
	if (rc)
		return rc;
	if (!qc_view_broadcast(&x, 3, (int64_t[]){ t, k, dim_x[2] }))
		return qaic_fail(err, -EINVAL, "columns do not fit the experts");
	memcpy(dim_o, (int64_t[]){ t, k, w.dim[1] }, sizeof(dim_o));
	rc = qc_lower_out_shaped(l, n->out[0], 3, dim_o, &o, err);
	if (rc)
		return rc;
	qc_vcmd_init(l, &v, NSP_MATMUL, 0);
	memcpy(dims, (int64_t[]){ t, k, 1, w.dim[1], w.dim[2], w.dim[0] },
	       sizeof(dims));
	for (d = 0; d < NSP_DIMS && !rc; d++)
		rc = qc_vcmd_dim(&v, d, dims[d], err);
	if (!rc)
		rc = qc_vcmd_opnd(&v, 0, &o, ax_o, err);
	if (!rc)
		rc = qc_vcmd_opnd(&v, 1, &x, ax_x, err);
	if (!rc)
		rc = qc_vcmd_opnd(&v, 2, &w, ax_w, err);
	if (!rc)
		rc = qc_vcmd_opnd(&v, 4, &i, ax_i, err);
	qc_vcmd_weights(l, &v, &w);
	if (!rc)
		rc = qc_emit(l, &v, err);
	return rc ? rc : qc_lower_out_done(l, n->out[0], &o, err);
}

const struct qc_op qc_op_experts = {
	.domain = "qaic", .name = "Experts", .lower = lower_experts };
