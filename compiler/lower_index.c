// SPDX-License-Identifier: MIT
/* Operators whose reads or writes go where data says. */
#include <errno.h>
#include <string.h>

#include "compiler/lower.h"

static int64_t product(const int64_t *dim, uint32_t from, uint32_t to)
{
	int64_t n = 1;

	for (; from < to; from++)
		n *= dim[from];
	return n;
}

/* The card takes I32 and I64 indices. */
static int index_view(struct qc_lower *l, struct qc_value *v,
		      struct qc_view *out, struct qaic_err *err)
{
	int rc = qc_lower_in(l, v, out, err);

	if (rc || out->dtype == QAIC_I32 || out->dtype == QAIC_I64)
		return rc;
	return qc_lower_as(l, out, QAIC_I64, err);
}

/* A constant scalar index: a slice, and no command. */
static int gather_one(struct qc_lower *l, struct qc_node *n, uint32_t axis,
		      int64_t at, struct qc_view *data, struct qaic_err *err)
{
	struct qc_value *out = n->out[0];

	at = at < 0 ? at + data->dim[axis] : at;
	if (at < 0 || at >= data->dim[axis])
		return qaic_fail(err, -EINVAL, "index out of range");
	qc_view_slice(data, axis, at, 1, 1);
	if (!qc_view_reshape(data, out->rank, out->dim))
		return qaic_fail(err, -EINVAL, "shape of the output");
	return qc_lower_alias(l, out, data, err);
}

int qc_lower_gather(struct qc_lower *l, struct qc_node *n,
		    struct qaic_err *err)
{
	static const int ax_o[6] = { 0, 1, -1, 2, -1, -1 };
	static const int ax_d[6] = { 0, -1, -1, 2, 1, -1 };
	static const int ax_i[6] = { -1, 0, -1, -1, -1, -1 };
	struct qc_value *out = n->out[0];
	struct qc_view data, idx, o;
	int64_t d3[3], ds[3], at;
	struct qc_vcmd v;
	uint32_t axis;
	int rc = qc_lower_in(l, n->in[0], &data, err);

	if (rc)
		return rc;
	axis = qc_node_axis(n, "axis", 0, data.rank);
	if (n->in[1]->rank == 0 && qc_const_ints(n->in[1], &at, 1) == 1)
		return gather_one(l, n, axis, at, &data, err);
	d3[0] = product(data.dim, 0, axis);
	d3[1] = qc_numel(n->in[1]);
	d3[2] = product(data.dim, axis + 1, data.rank);
	memcpy(ds, d3, sizeof(ds));
	ds[1] = data.dim[axis];
	rc = qc_lower_reshaped(l, &data, 3, ds, err);
	if (!rc)
		rc = index_view(l, n->in[1], &idx, err);
	if (!rc)
		rc = qc_lower_reshaped(l, &idx, 1, &d3[1], err);
	if (!rc)
		rc = qc_lower_out_shaped(l, out, 3, d3, &o, err);
	if (rc)
		return rc;
	qc_vcmd_init(l, &v, NSP_GATHER, 0);
	rc = qc_vcmd_dim(&v, 0, d3[0], err);
	if (!rc)
		rc = qc_vcmd_dim(&v, 1, d3[1], err);
	if (!rc)
		rc = qc_vcmd_dim(&v, 3, d3[2], err);
	if (!rc)
		rc = qc_vcmd_dim(&v, 4, ds[1], err);
	if (!rc)
		rc = qc_vcmd_opnd(&v, 0, &o, ax_o, err);
	if (!rc)
		rc = qc_vcmd_opnd(&v, 1, &data, ax_d, err);
	if (!rc)
		rc = qc_vcmd_opnd(&v, 2, &idx, ax_i, err);
	if (!rc)
		rc = qc_emit(l, &v, err);
	return rc ? rc : qc_lower_out_done(l, out, &o, err);
}

/* ---- GatherElements, ScatterElements: up to five axes ---- */

static void drop_axis(struct qc_view *v, uint32_t a)
{
	for (; a + 1 < v->rank; a++) {
		v->dim[a] = v->dim[a + 1];
		v->stride[a] = v->stride[a + 1];
	}
	v->rank--;
}

/*
 * @small has the shape of the indices, @big the axis that they index; operand
 * numbers: big_o of big, and 0 or 2 of the others.
 */
static int emit_elements(struct qc_lower *l, unsigned int op, unsigned int sub,
			 uint32_t axis, struct qc_view *w, unsigned int big,
			 struct qaic_err *err)
{
	int ax[6] = { -1, -1, -1, -1, -1, -1 };
	const struct qc_view *small;
	struct qc_vcmd v;
	uint32_t a, i, pad;
	int rc = 0;

	/* axes of length 1 in all */
	for (a = 0; a < w[0].rank;) {
		if (a == axis || w[0].dim[a] != 1 || w[1].dim[a] != 1 ||
		    w[2].dim[a] != 1) {
			a++;
			continue;
		}
		for (i = 0; i < 3; i++)
			drop_axis(&w[i], a);
		if (a < axis)
			axis--;
	}
	if (w[0].rank > 5)
		return qaic_fail(err, -EOPNOTSUPP, "more than five dimensions");
	pad = 5 - w[0].rank;
	small = &w[2];
	qc_vcmd_init(l, &v, op, sub);
	for (a = 0; a < w[0].rank && !rc; a++) {
		ax[a + pad] = a;
		rc = qc_vcmd_dim(&v, a + pad, small->dim[a], err);
	}
	if (!rc)
		rc = qc_vcmd_dim(&v, 5, w[big].dim[axis], err);
	for (i = 0; i < 3 && !rc; i++) {
		ax[axis + pad] = i == big ? -1 : (int)axis;
		ax[5] = i == big ? (int)axis : -1;
		rc = qc_vcmd_opnd(&v, i, &w[i], ax, err);
	}
	v.c.imm[0].u = axis + pad;
	return rc ? rc : qc_emit(l, &v, err);
}

int qc_lower_gather_elements(struct qc_lower *l, struct qc_node *n,
			     struct qaic_err *err)
{
	struct qc_view w[3];
	int rc = qc_lower_in(l, n->in[0], &w[1], err);

	if (!rc)
		rc = index_view(l, n->in[1], &w[2], err);
	if (!rc)
		rc = qc_lower_out(l, n->out[0], &w[0], err);
	if (rc)
		return rc;
	return emit_elements(l, NSP_GATHERE, 0,
			     qc_node_axis(n, "axis", 0, w[0].rank), w, 1, err);
}

static int scatter_sub(const struct qc_node *n)
{
	static const char *const name[] = { "none", "add", "mul", "min",
					    "max" };
	const struct qc_attr *a = qc_attr_find(n, "reduction");
	int i;

	for (i = 0; a && a->s && i < 5; i++)
		if (!strcmp(a->s, name[i]))
			return i;
	return 0;
}

int qc_lower_scatter_elements(struct qc_lower *l, struct qc_node *n,
			      struct qaic_err *err)
{
	uint32_t axis = qc_node_axis(n, "axis", 0, n->in[0]->rank);
	struct qc_view w[3];
	int rc = qc_lower_inplace(l, n->in[0], n->out[0], &w[0], err);

	if (!rc)
		rc = index_view(l, n->in[1], &w[1], err);
	if (!rc)
		rc = qc_lower_in(l, n->in[2], &w[2], err);
	if (rc)
		return rc;
	return emit_elements(l, NSP_SCATTERE, scatter_sub(n), axis, w, 0, err);
}

/* ---- GatherND, ScatterND ---- */

/*
 * One command for data [D0..Dq-1, rest], indices [I, q] and rows [I, rest].
 * Scatter: data is operand 0; gather: operand 1 and rows operand 0.
 */
static int emit_nd(struct qc_lower *l, unsigned int op, unsigned int sub,
		   const struct qc_view *data, const struct qc_view *idx,
		   const struct qc_view *rows, uint32_t home,
		   struct qaic_err *err)
{
	static const int ax_rows[6] = { 0, 1, -1, -1, -1, -1 };
	static const int ax_idx[6] = { 0, -1, 1, -1, -1, -1 };
	int ax_data[6] = { -1, -1, -1, -1, -1, -1 };
	unsigned int o_data = op == NSP_SCATTER ? 0 : 1;
	unsigned int o_rows = op == NSP_SCATTER ? 2 : 0;
	unsigned int o_idx = op == NSP_SCATTER ? 1 : 2;
	int64_t q = idx->dim[1];
	struct qc_vcmd v;
	uint32_t k;
	int rc;

	qc_vcmd_init(l, &v, op, sub);
	v.home = home;
	rc = qc_vcmd_dim(&v, 0, idx->dim[0], err);
	if (!rc)
		rc = qc_vcmd_dim(&v, 1, rows->dim[1], err);
	if (!rc)
		rc = qc_vcmd_dim(&v, 2, q, err);
	for (k = 0; k < q; k++) {
		ax_data[k] = k;
		if (data->dim[k] > INT32_MAX)
			return qaic_fail(err, -EOPNOTSUPP, "an axis is too long");
		v.c.imm[k].i = data->dim[k];
	}
	ax_data[5] = q;
	if (!rc)
		rc = qc_vcmd_opnd(&v, o_data, data, ax_data, err);
	if (!rc)
		rc = qc_vcmd_opnd(&v, o_idx, idx, ax_idx, err);
	if (!rc)
		rc = qc_vcmd_opnd(&v, o_rows, rows, ax_rows, err);
	return rc ? rc : qc_emit(l, &v, err);
}

/* data as [D0..Dq-1, rest] */
static int nd_data(struct qc_lower *l, struct qc_view *data, int64_t q,
		   struct qaic_err *err)
{
	int64_t dim[QC_MAX_RANK + 1];
	int64_t k;

	if (q < 1 || q > 5)
		return qaic_fail(err, -EOPNOTSUPP,
				 "index tuples of %lld are not supported",
				 (long long)q);
	for (k = 0; k < q; k++)
		dim[k] = data->dim[k];
	dim[q] = product(data->dim, q, data->rank);
	return qc_lower_reshaped(l, data, q + 1, dim, err);
}

int qc_lower_scatter_nd(struct qc_lower *l, struct qc_node *n,
			struct qaic_err *err)
{
	struct qc_value *iv = n->in[1], *out = n->out[0];
	int64_t q = iv->dim[iv->rank - 1], d[2];
	struct qc_view data, idx, rows;
	int rc;

	d[0] = product(iv->dim, 0, iv->rank - 1);
	rc = qc_lower_inplace(l, n->in[0], out, &data, err);
	if (!rc)
		rc = nd_data(l, &data, q, err);
	if (!rc)
		rc = index_view(l, iv, &idx, err);
	if (!rc)
		rc = qc_lower_in(l, n->in[2], &rows, err);
	if (rc)
		return rc;
	d[1] = data.dim[q];
	rc = qc_lower_reshaped(l, &rows, 2, d, err);
	d[1] = q;
	if (!rc)
		rc = qc_lower_reshaped(l, &idx, 2, d, err);
	if (!rc)
		rc = emit_nd(l, NSP_SCATTER, scatter_sub(n), &data, &idx, &rows,
			     0, err);
	/* a part of a Concat may have been too scattered for the command */
	return rc ? rc : qc_lower_out_done(l, out, &data, err);
}

int qc_lower_gather_nd(struct qc_lower *l, struct qc_node *n,
		       struct qaic_err *err)
{
	uint32_t nb = qc_attr_int(n, "batch_dims", 0);
	struct qc_value *iv = n->in[1], *out = n->out[0];
	int64_t q = iv->dim[iv->rank - 1], d3[3], b, dd[QC_MAX_RANK], i;
	struct qc_view data, idx, rows, o;
	int rc = qc_lower_in(l, n->in[0], &data, err);

	if (!rc)
		rc = index_view(l, iv, &idx, err);
	if (rc)
		return rc;
	/* batch axes as one, in front */
	b = product(iv->dim, 0, nb);
	if (b > 4096)
		return qaic_fail(err, -EOPNOTSUPP, "too many batches");
	dd[0] = b;
	for (i = nb; i < data.rank; i++)
		dd[i - nb + 1] = data.dim[i];
	d3[0] = b;
	d3[1] = product(iv->dim, nb, iv->rank - 1);
	d3[2] = product(data.dim, nb + q, data.rank);
	rc = data.rank - nb + 1 > QC_MAX_RANK ?
		qaic_fail(err, -EOPNOTSUPP, "too many dimensions") :
		qc_lower_reshaped(l, &data, data.rank - nb + 1, dd, err);
	if (!rc)
		rc = qc_lower_out_shaped(l, out, 3, d3, &o, err);
	d3[2] = q;
	if (!rc)
		rc = qc_lower_reshaped(l, &idx, 3, d3, err);
	for (i = 0; i < b && !rc; i++) {
		struct qc_view bd = data, bi = idx;

		rows = o;
		qc_view_slice(&rows, 0, i, 1, 1);
		qc_view_slice(&bd, 0, i, 1, 1);
		qc_view_slice(&bi, 0, i, 1, 1);
		drop_axis(&rows, 0);
		drop_axis(&bd, 0);
		drop_axis(&bi, 0);
		rc = nd_data(l, &bd, q, err);
		if (!rc)
			rc = emit_nd(l, NSP_GATHERND, 0, &bd, &bi, &rows,
				     i * l->num_nsps / b, err);
	}
	return rc ? rc : qc_lower_out_done(l, out, &o, err);
}
