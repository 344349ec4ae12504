// SPDX-License-Identifier: MIT
/* Operators that move elements: views where possible, else one MOVE. */
#include <errno.h>
#include <string.h>

#include "compiler/lower.h"

int qc_lower_reshape(struct qc_lower *l, struct qc_node *n,
		     struct qaic_err *err)
{
	struct qc_value *out = n->out[0];
	struct qc_view v, o, t;
	int rc = qc_lower_in(l, n->in[0], &v, err);

	if (rc)
		return rc;
	t = v;
	if (qc_view_reshape(&t, out->rank, out->dim))
		return qc_lower_alias(l, out, &t, err);
	rc = qc_lower_out_shaped(l, out, v.rank, v.dim, &o, err);
	if (!rc)
		rc = qc_emit_move(l, &o, &v, err);
	return rc ? rc : qc_lower_out_done(l, out, &o, err);
}

int qc_lower_dropout(struct qc_lower *l, struct qc_node *n,
		     struct qaic_err *err)
{
	struct qc_view v;
	int rc = qc_lower_in(l, n->in[0], &v, err);

	if (!rc)
		rc = qc_lower_alias(l, n->out[0], &v, err);
	if (rc || n->num_out < 2 || !n->out[1])
		return rc;
	rc = qc_lower_out(l, n->out[1], &v, err);
	return rc ? rc : qc_emit_fill(l, &v, 1, err);
}

int qc_lower_transpose(struct qc_lower *l, struct qc_node *n,
		       struct qaic_err *err)
{
	uint32_t perm[QC_MAX_RANK];
	struct qc_view v;
	int rc = qc_lower_in(l, n->in[0], &v, err);

	if (rc)
		return rc;
	qc_transpose_perm(n, perm);
	qc_view_permute(&v, perm);
	return qc_lower_alias(l, n->out[0], &v, err);
}

int qc_lower_slice(struct qc_lower *l, struct qc_node *n, struct qaic_err *err)
{
	int64_t start[QC_MAX_RANK], axes[QC_MAX_RANK], step[QC_MAX_RANK];
	struct qc_value *out = n->out[0];
	struct qc_view v;
	int ns, na, nt, i, rc = qc_lower_in(l, n->in[0], &v, err);

	if (rc)
		return rc;
	ns = qc_node_ints(n, "starts", 1, start, QC_MAX_RANK);
	na = qc_node_ints(n, "axes", 3, axes, QC_MAX_RANK);
	nt = qc_node_ints(n, "steps", 4, step, QC_MAX_RANK);
	if (ns < 0)
		return qaic_fail(err, -EOPNOTSUPP, "starts are not constant");
	for (i = 0; i < ns; i++) {
		int64_t a = i < na ? axes[i] : i, s = start[i], d;
		int64_t st = i < nt ? step[i] : 1;

		a = a < 0 ? a + v.rank : a;
		if (a < 0 || a >= (int64_t)v.rank)
			return qaic_fail(err, -EINVAL, "axis out of range");
		d = v.dim[a];
		s = s < 0 ? s + d : s;
		s = s < 0 ? 0 : s;
		s = st > 0 ? (s > d ? d : s) : (s > d - 1 ? d - 1 : s);
		qc_view_slice(&v, a, s, out->dim[a], st);
	}
	return qc_lower_alias(l, out, &v, err);
}

int qc_lower_split(struct qc_lower *l, struct qc_node *n, struct qaic_err *err)
{
	int64_t axis = qc_node_axis(n, "axis", 0, n->in[0]->rank), at = 0;
	struct qc_view v, part;
	uint32_t i;
	int rc = qc_lower_in(l, n->in[0], &v, err);

	for (i = 0; i < n->num_out && !rc; i++) {
		if (!n->out[i])
			continue;
		part = v;
		qc_view_slice(&part, axis, at, n->out[i]->dim[axis], 1);
		at += n->out[i]->dim[axis];
		rc = qc_lower_alias(l, n->out[i], &part, err);
	}
	return rc;
}

int qc_lower_expand(struct qc_lower *l, struct qc_node *n,
		    struct qaic_err *err)
{
	struct qc_value *out = n->out[0];
	struct qc_view v;
	int rc = qc_lower_in(l, n->in[0], &v, err);

	if (rc)
		return rc;
	if (!qc_view_broadcast(&v, out->rank, out->dim))
		return qaic_fail(err, -EINVAL, "shapes do not broadcast");
	return qc_lower_alias(l, out, &v, err);
}

int qc_lower_concat(struct qc_lower *l, struct qc_node *n,
		    struct qaic_err *err)
{
	struct qc_value *out = n->out[0];
	int64_t axis = qc_node_axis(n, "axis", 0, out->rank), at = 0;
	struct qc_view o, part, v;
	uint32_t i;
	int rc = qc_lower_out(l, out, &o, err);

	for (i = 0; i < n->num_in && !rc; i++) {
		part = o;
		qc_view_slice(&part, axis, at, n->in[i]->dim[axis], 1);
		at += n->in[i]->dim[axis];
		rc = qc_lower_in(l, n->in[i], &v, err);
		/* made in place, see make_dests() */
		if (!rc && (v.buf != part.buf || v.off != part.off))
			rc = qc_emit_move(l, &part, &v, err);
	}
	return rc;
}

/* One axis at a time: [.., d, ..] -> [.., r, d, ..]. */
int qc_lower_tile(struct qc_lower *l, struct qc_node *n, struct qaic_err *err)
{
	int64_t rep[QC_MAX_RANK], dim[QC_MAX_RANK];
	struct qc_value *out = n->out[0];
	struct qc_view v, o, src, dst;
	uint32_t a, k;
	int rc = qc_lower_in(l, n->in[0], &v, err);

	if (rc)
		return rc;
	if (qc_const_ints(n->in[1], rep, QC_MAX_RANK) != (int)v.rank)
		return qaic_fail(err, -EOPNOTSUPP, "repeats are not constant");
	if (v.rank == QC_MAX_RANK)
		return qaic_fail(err, -EOPNOTSUPP, "too many dimensions");
	for (a = v.rank; a-- > 0 && qc_numel(out);) {
		if (rep[a] == 1)
			continue;
		memcpy(dim, v.dim, sizeof(dim));
		dim[a] *= rep[a];
		rc = qc_lower_temp(l, v.dtype, v.rank, dim, &o, err);
		if (rc)
			return rc;
		dst = o;
		src = v;
		for (k = 0; k <= v.rank; k++)
			dim[k] = k < a ? v.dim[k] : k == a ? rep[a]
				 : v.dim[k - 1];
		qc_view_reshape(&dst, v.rank + 1, dim);
		qc_view_unsqueeze(&src, a);
		src.dim[a] = rep[a];
		rc = qc_emit_move(l, &dst, &src, err);
		if (rc)
			return rc;
		v = o;
	}
	if (!qc_numel(out))
		return qc_lower_out(l, out, &o, err);
	return qc_lower_alias(l, out, &v, err);
}

/* Pad one side of one axis of @o from what lies inside [lo, hi). */
static int pad_side(struct qc_lower *l, const struct qc_view *o, uint32_t a,
		    int64_t lo, int64_t hi, bool after, char mode,
		    struct qaic_err *err)
{
	struct qc_view dst = *o, src = *o;
	int64_t n = after ? o->dim[a] - hi : lo, len = hi - lo;

	if (n <= 0)
		return 0;
	if (mode == 'e') {	/* edge */
		qc_view_slice(&src, a, after ? hi - 1 : lo, n, 0);
	} else if (mode == 'r') {
		if (n >= len)
			return qaic_fail(err, -EOPNOTSUPP,
					 "reflecting more than is there");
		/* reflect: the border itself is not repeated */
		qc_view_slice(&src, a, after ? hi - 2 : lo + n, n, -1);
	} else {
		if (n > len)
			return qaic_fail(err, -EOPNOTSUPP,
					 "wrapping more than is there");
		qc_view_slice(&src, a, after ? lo : hi - n, n, 1);
	}
	qc_view_slice(&dst, a, after ? hi : 0, n, 1);
	return qc_emit_move(l, &dst, &src, err);
}

static int pad_sides(struct qc_lower *l, const struct qc_view *o,
		     const int64_t *lo, const int64_t *hi, char mode,
		     struct qaic_err *err)
{
	uint32_t a, k;
	int rc = 0;

	for (a = 0; a < o->rank && !rc; a++) {
		struct qc_view w = *o;

		for (k = a + 1; k < o->rank; k++)
			qc_view_slice(&w, k, lo[k], hi[k] - lo[k], 1);
		rc = pad_side(l, &w, a, lo[a], hi[a], false, mode, err);
		if (!rc)
			rc = pad_side(l, &w, a, lo[a], hi[a], true, mode, err);
	}
	return rc;
}

static int pad_amounts(const struct qc_node *n, uint32_t rank, int64_t *begin,
		       int64_t *end)
{
	int64_t pads[2 * QC_MAX_RANK], axes[QC_MAX_RANK];
	int np = qc_node_ints(n, "pads", 1, pads, 2 * QC_MAX_RANK), na, i;

	memset(begin, 0, QC_MAX_RANK * sizeof(*begin));
	memset(end, 0, QC_MAX_RANK * sizeof(*end));
	na = n->num_in > 3 && n->in[3] ?
		qc_const_ints(n->in[3], axes, QC_MAX_RANK) : -1;
	if (np < 0 || np % 2 || np > 2 * (int)rank || (na >= 0 && na != np / 2))
		return -EINVAL;
	for (i = 0; i < np / 2; i++) {
		int64_t a = na >= 0 ? axes[i] : i;

		a = a < 0 ? a + rank : a;
		if (a < 0 || a >= (int64_t)rank)
			return -EINVAL;
		begin[a] = pads[i];
		end[a] = pads[np / 2 + i];
	}
	return 0;
}

static int pad_fill(struct qc_lower *l, struct qc_node *n,
		    const struct qc_view *o, struct qaic_err *err)
{
	double val = qc_attr_float(n, "value", 0);
	struct qc_view k;
	int rc;

	if (n->num_in < 3 || !n->in[2] || qc_const_scalar(n->in[2], &val))
		return qc_emit_fill(l, o, val, err);
	rc = qc_lower_in(l, n->in[2], &k, err);
	if (rc)
		return rc;
	if (!qc_view_reshape(&k, 0, NULL))
		return qaic_fail(err, -EINVAL, "the value is not a scalar");
	qc_view_broadcast(&k, o->rank, o->dim);
	return qc_emit_move(l, o, &k, err);
}

int qc_lower_pad(struct qc_lower *l, struct qc_node *n, struct qaic_err *err)
{
	int64_t begin[QC_MAX_RANK], end[QC_MAX_RANK];
	int64_t lo[QC_MAX_RANK], hi[QC_MAX_RANK];
	const struct qc_attr *mode = qc_attr_find(n, "mode");
	char m = mode && mode->s ? mode->s[0] : 'c';
	struct qc_view v, o, in;
	uint32_t a;
	int rc = qc_lower_in(l, n->in[0], &v, err);

	if (!rc)
		rc = qc_lower_out(l, n->out[0], &o, err);
	if (rc)
		return rc;
	if (pad_amounts(n, v.rank, begin, end))
		return qaic_fail(err, -EOPNOTSUPP, "pads are not constant");
	if (m == 'c') {
		rc = pad_fill(l, n, &o, err);
		if (rc)
			return rc;
	}
	in = o;
	for (a = 0; a < v.rank; a++) {
		/* negative pads cut */
		int64_t skip = begin[a] < 0 ? -begin[a] : 0;
		int64_t len = v.dim[a] - skip + (end[a] < 0 ? end[a] : 0);

		lo[a] = begin[a] > 0 ? begin[a] : 0;
		hi[a] = lo[a] + (len > 0 ? len : 0);
		qc_view_slice(&v, a, skip, hi[a] - lo[a], 1);
		qc_view_slice(&in, a, lo[a], hi[a] - lo[a], 1);
	}
	rc = qc_emit_move(l, &in, &v, err);
	return rc || m == 'c' ? rc : pad_sides(l, &o, lo, hi, m, err);
}

/* [B, C, H, W] between blocks in C and blocks in H and W */
int qc_lower_blocks(struct qc_lower *l, struct qc_node *n, struct qaic_err *err)
{
	bool to_space = qc_node_is(n, "DepthToSpace");
	const struct qc_attr *m = qc_attr_find(n, "mode");
	bool crd = m && m->s && !strcmp(m->s, "CRD");
	/* DCR, CRD, SpaceToDepth */
	static const uint32_t perms[3][6] = { { 0, 3, 4, 1, 5, 2 },
					      { 0, 1, 4, 2, 5, 3 },
					      { 0, 3, 5, 1, 2, 4 } };
	const uint32_t *perm = perms[to_space ? crd : 2];
	int64_t bs = qc_attr_int(n, "blocksize", 1), dim[6], od[6];
	struct qc_value *out = n->out[0];
	struct qc_view v, o;
	uint32_t i;
	int rc = qc_lower_in(l, n->in[0], &v, err);

	if (rc)
		return rc;
	if (bs < 1 || v.rank != 4)
		return qaic_fail(err, -EINVAL, "bad blocksize or rank");
	dim[0] = v.dim[0];
	if (to_space) {
		int64_t c = v.dim[1] / (bs * bs);

		dim[1] = crd ? c : bs;
		dim[2] = bs;
		dim[3] = crd ? bs : c;
		dim[4] = v.dim[2];
		dim[5] = v.dim[3];
	} else {
		dim[1] = v.dim[1];
		dim[2] = v.dim[2] / bs;
		dim[3] = bs;
		dim[4] = v.dim[3] / bs;
		dim[5] = bs;
	}
	rc = qc_lower_reshaped(l, &v, 6, dim, err);
	if (rc)
		return rc;
	qc_view_permute(&v, perm);
	for (i = 0; i < 6; i++)
		od[i] = v.dim[i];
	rc = qc_lower_out_shaped(l, out, 6, od, &o, err);
	if (!rc)
		rc = qc_emit_move(l, &o, &v, err);
	return rc ? rc : qc_lower_out_done(l, out, &o, err);
}
