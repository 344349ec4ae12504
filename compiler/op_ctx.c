// SPDX-License-Identifier: MIT
/*
 * The KV cache operators of QEfficient's exports (QEfficient/customop/ctx_*.py,
 * domain com.qualcomm.cloud). Semantics beyond the ONNX functions that travel with
 * such models:
 *
 *  - CtxScatter drops rows whose position (or cache line) is outside the cache:
 *    that is how padding (-1) and idle slots are marked.
 *  - CtxGather gives zeros where an index is outside the context: the exports put
 *    INT32_MAX into entries past the row's position.
 *
 * Layouts: data [B, H, C, D], or [B, C, D] for the 3D kin. The CB kin take the
 * cache line of each row from batch_index [B, 1].
 */
#include "compiler/op_util.h"

static bool is_cb(const struct qc_node *n)
{
	return strstr(n->op->name, "CB") != NULL;
}

/* 1 if there is a dimension of heads, else 0. */
static uint32_t heads_dim(const struct qc_node *n)
{
	return strstr(n->op->name, "3D") == NULL;
}

static int check_data(const struct qc_node *n, struct qaic_err *err)
{
	if (n->in[0]->rank == 3 + heads_dim(n))
		return 0;
	return qaic_fail(err, -EINVAL, "'%s' has %u dimensions, not %u",
			 n->in[0]->name, n->in[0]->rank, 3 + heads_dim(n));
}

/* ---- scatter: data, [batch_index,] position_ids [B, S], updates [B, H, S, D] */

QC_SHAPE(ctxscatter)
{
	uint32_t cb = is_cb(n), h = heads_dim(n);
	const struct qc_value *x = n->in[0], *pos = n->in[1 + cb];
	const struct qc_value *u = n->in[2 + cb];
	int rc = check_data(n, err) ?: qc_need_index(pos, err);

	if (!rc && cb)
		rc = qc_need_index(n->in[1], err);
	if (rc)
		return rc;
	if (u->rank != x->rank || u->dtype != x->dtype || pos->rank != 2 ||
	    pos->dim[0] != u->dim[0] || pos->dim[1] != u->dim[1 + h] ||
	    (h && u->dim[1] != x->dim[1]) || u->dim[2 + h] != x->dim[2 + h])
		return qaic_fail(err, -EINVAL,
			"'%s', '%s' and '%s' do not fit together", x->name,
			pos->name, u->name);
	if (cb ? qc_numel(n->in[1]) != u->dim[0] : u->dim[0] != x->dim[0])
		return qaic_fail(err, -EINVAL, "batch of '%s' is %lld", u->name,
				 (long long)u->dim[0]);
	qc_set_out_like(n, 0, x);
	return 0;
}

QC_EVAL(ctxscatter)
{
	const struct qc_node *n = e->node;
	uint32_t cb = is_cb(n), h = heads_dim(n);
	const struct qc_value *x = n->in[0], *u = n->in[2 + cb];
	int64_t lines = x->dim[0], heads = h ? x->dim[1] : 1;
	int64_t ctx = x->dim[1 + h], rows = u->dim[1 + h];
	int64_t row = x->dim[2 + h] * qc_esize(x), b, k, s, p, line;
	int64_t *pos = qc_indices(e, 1 + cb), *index = NULL;
	const uint8_t *from = e->in[2 + cb];
	int rc = -ENOMEM;

	if (cb)
		index = qc_indices(e, 1);
	if (!pos || (cb && !index))
		goto out;
	memcpy(e->out[0], e->in[0], qc_eval_size(x));
	for (b = 0; b < u->dim[0]; b++) {
		line = cb ? index[b] : b;
		for (k = 0; k < heads; k++) {
			for (s = 0; s < rows; s++, from += row) {
				p = pos[b * rows + s];
				if (p < 0 || p >= ctx || line < 0 ||
				    line >= lines)
					continue;
				memcpy((uint8_t *)e->out[0] +
				       ((line * heads + k) * ctx + p) * row,
				       from, row);
			}
		}
	}
	rc = 0;
out:
	free(pos);
	free(index);
	return rc;
}

/* ---- gather: data, [batch_index,] ctx_indices [1|B, 1|H, L] [, comp_ctx_len] */

QC_SHAPE(ctxgather)
{
	uint32_t cb = is_cb(n), h = heads_dim(n), i;
	const struct qc_value *x = n->in[0], *ix = n->in[1 + cb];
	const struct qc_value *len = qc_in(n, 2 + cb);
	int64_t dim[QC_MAX_RANK], l;
	int rc = check_data(n, err) ?: qc_need_index(ix, err);

	if (!rc && cb)
		rc = qc_need_index(n->in[1], err);
	if (rc)
		return rc;
	if (ix->rank != 2 + h)
		return qaic_fail(err, -EINVAL, "'%s' has %u dimensions, not %u",
				 ix->name, ix->rank, 2 + h);
	l = ix->dim[1 + h];
	/* the length is also given as a number, to which the indices expand */
	if (len && l == 1 && qc_const_ints(len, &l, 1) != 1)
		return qaic_fail(err, -EOPNOTSUPP, "'%s' must be constant",
				 len->name);
	memcpy(dim, x->dim, sizeof(dim));
	if (cb)
		dim[0] = qc_numel(n->in[1]);
	for (i = 0; i < 1 + h; i++)
		if (ix->dim[i] != 1 && ix->dim[i] != dim[i])
			return qaic_fail(err, -EINVAL,
				"dimension %u of '%s' is %lld", i, ix->name,
				(long long)ix->dim[i]);
	dim[1 + h] = l;
	qc_set_out(n, 0, x->dtype, x->rank, dim);
	return 0;
}

QC_EVAL(ctxgather)
{
	const struct qc_node *n = e->node;
	uint32_t cb = is_cb(n), h = heads_dim(n);
	const struct qc_value *x = n->in[0], *ix = n->in[1 + cb];
	const struct qc_value *y = n->out[0];
	int64_t lines = x->dim[0], heads = h ? x->dim[1] : 1;
	int64_t ctx = x->dim[1 + h], len = y->dim[1 + h];
	int64_t row = x->dim[2 + h] * qc_esize(x), b, k, l, p, line;
	int64_t ixl = ix->dim[1 + h], ixh = h ? ix->dim[1] : 1;
	int64_t *pos = qc_indices(e, 1 + cb), *index = NULL;
	uint8_t *to = e->out[0];
	int rc = -ENOMEM;

	if (cb)
		index = qc_indices(e, 1);
	if (!pos || (cb && !index))
		goto out;
	for (b = 0; b < y->dim[0]; b++) {
		line = cb ? index[b] : b;
		for (k = 0; k < heads; k++) {
			for (l = 0; l < len; l++, to += row) {
				p = (ix->dim[0] == 1 ? 0 : b) * ixh;
				p = (p + (ixh == 1 ? 0 : k)) * ixl;
				p = pos[p + (ixl == 1 ? 0 : l)];
				if (p < 0 || p >= ctx || line < 0 ||
				    line >= lines)
					memset(to, 0, row);
				else
					memcpy(to, (const uint8_t *)e->in[0] +
					       ((line * heads + k) * ctx + p) *
					       row, row);
			}
		}
	}
	rc = 0;
out:
	free(pos);
	free(index);
	return rc;
}
