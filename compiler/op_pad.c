// SPDX-License-Identifier: MIT
/*
 * Pad, and the rearrangements between depth and space.
 */
#include "compiler/op_util.h"

/* ---- Pad: attributes before opset 11, inputs since; axes since 18 ---- */

enum mode { CONSTANT, EDGE, REFLECT, WRAP };

static int pad_params(const struct qc_node *n, int64_t *begin, int64_t *end,
		      enum mode *mode, struct qaic_err *err)
{
	static const char *const modes[] = { "constant", "edge", "reflect",
					     "wrap" };
	const struct qc_attr *a = qc_attr_find(n, "mode");
	int64_t pads[2 * QC_MAX_RANK], axes[QC_MAX_RANK];
	uint32_t rank = n->in[0]->rank, axis;
	int np, na, i, rc;

	*mode = CONSTANT;
	if (a) {
		for (i = 0; i < 4; i++)
			if (a->type == QC_ATTR_STR && !strcmp(a->s, modes[i]))
				break;
		if (i == 4)
			return qaic_fail(err, -EOPNOTSUPP, "mode is unknown");
		*mode = i;
	}
	rc = qc_ints(n, 1, "pads", 2 * QC_MAX_RANK, pads, &np, err);
	if (!rc)
		rc = qc_ints(n, 3, NULL, QC_MAX_RANK, axes, &na, err);
	if (rc)
		return rc;
	if (np != 2 * (na < 0 ? (int)rank : na))
		return qaic_fail(err, -EINVAL, "%d pads for a rank of %u", np,
				 rank);
	memset(begin, 0, QC_MAX_RANK * sizeof(*begin));
	memset(end, 0, QC_MAX_RANK * sizeof(*end));
	for (i = 0; i < np / 2; i++) {
		rc = qc_axis(na < 0 ? i : axes[i], rank, &axis, err);
		if (rc)
			return rc;
		begin[axis] = pads[i];
		end[axis] = pads[np / 2 + i];
	}
	return 0;
}

QC_SHAPE(pad)
{
	const struct qc_value *x = n->in[0], *c = qc_in(n, 2);
	int64_t begin[QC_MAX_RANK], end[QC_MAX_RANK], dim[QC_MAX_RANK];
	enum mode mode;
	uint32_t i;
	int rc = pad_params(n, begin, end, &mode, err);

	if (rc)
		return rc;
	if (c && (qc_numel(c) != 1 || c->dtype != x->dtype))
		return qaic_fail(err, -EINVAL, "'%s' must be one %s", c->name,
				 qaic_dtype_name(x->dtype));
	for (i = 0; i < x->rank; i++) {
		/* negative pads cut; both ends within what is there */
		if (begin[i] < -x->dim[i] || end[i] < -x->dim[i] ||
		    begin[i] > INT32_MAX || end[i] > INT32_MAX)
			return qaic_fail(err, -EINVAL,
					 "pads of dimension %u are %lld, %lld",
					 i, (long long)begin[i],
					 (long long)end[i]);
		dim[i] = x->dim[i] + begin[i] + end[i];
		if (dim[i] < 0)
			return qaic_fail(err, -EINVAL,
					 "dimension %u becomes negative", i);
		if (mode != CONSTANT && !x->dim[i] && dim[i])
			return qaic_fail(err, -EINVAL,
					 "dimension %u is empty", i);
	}
	qc_set_out(n, 0, x->dtype, x->rank, dim);
	return 0;
}

/* Where an output position of one axis comes from; -1: the pad value. */
static int64_t source(int64_t p, int64_t n, enum mode mode)
{
	int64_t period = 2 * (n - 1);

	if (p >= 0 && p < n)
		return p;
	switch (mode) {
	case EDGE:
		return p < 0 ? 0 : n - 1;
	case REFLECT:
		if (!period)
			return 0;
		p = (p % period + period) % period;
		return p < n ? p : period - p;
	case WRAP:
		return (p % n + n) % n;
	default:
		return -1;
	}
}

QC_EVAL(pad)
{
	const struct qc_value *x = e->node->in[0], *y = e->node->out[0];
	int64_t begin[QC_MAX_RANK], end[QC_MAX_RANK], stride[QC_MAX_RANK];
	int64_t n = qc_numel(y), size = qc_esize(x), i, rest, from, p;
	uint8_t value[8] = { 0 }, *out = e->out[0];
	enum mode mode;
	uint32_t k;
	int rc = pad_params(e->node, begin, end, &mode, err);

	if (rc)
		return rc;
	if (qc_arg(e, 2))
		memcpy(value, e->in[2], size);
	else
		qc_store_f64(value, qc_eval_dtype(x->dtype),
			     qc_attr_float(e->node, "value", 0));
	qc_strides(x, stride);
	for (i = 0; i < n; i++, out += size) {
		for (k = y->rank, rest = i, from = 0; k-- > 0;) {
			p = source(rest % y->dim[k] - begin[k], x->dim[k], mode);
			rest /= y->dim[k];
			if (p < 0) {
				from = -1;
				break;
			}
			from += p * stride[k];
		}
		memcpy(out, from < 0 ? value :
				       (const uint8_t *)e->in[0] + from * size,
		       size);
	}
	return 0;
}

/* ---- DepthToSpace, SpaceToDepth: a transposition of six dimensions ---- */

static int block_size(const struct qc_node *n, int64_t *b, struct qaic_err *err)
{
	*b = qc_attr_int(n, "blocksize", 0);
	if (n->in[0]->rank != 4 || *b < 1 || *b > INT16_MAX)
		return qaic_fail(err, -EINVAL, "rank %u, blocksize %lld",
				 n->in[0]->rank, (long long)*b);
	return 0;
}

QC_SHAPE(depthtospace)
{
	const int64_t *d = n->in[0]->dim;
	int64_t b, dim[4];
	int rc = block_size(n, &b, err);

	if (rc)
		return rc;
	if (d[1] % (b * b))
		return qaic_fail(err, -EINVAL, "%lld channels, blocksize %lld",
				 (long long)d[1], (long long)b);
	dim[0] = d[0];
	dim[1] = d[1] / (b * b);
	dim[2] = d[2] * b;
	dim[3] = d[3] * b;
	qc_set_out(n, 0, n->in[0]->dtype, 4, dim);
	return 0;
}

static void transpose6(const struct qc_eval *e, const int64_t *dim,
		       const uint8_t *perm)
{
	int64_t stride[6], out_dim[6], out_stride[6], s = 1;
	int i;

	for (i = 6; i-- > 0;) {
		stride[i] = s;
		s *= dim[i];
	}
	for (i = 0; i < 6; i++) {
		out_dim[i] = dim[perm[i]];
		out_stride[i] = stride[perm[i]];
	}
	qc_gather_strided(e->out[0], e->in[0], qc_esize(e->node->in[0]), 6,
			  out_dim, out_stride);
}

QC_EVAL(depthtospace)
{
	const struct qc_attr *a = qc_attr_find(e->node, "mode");
	bool crd = a && a->type == QC_ATTR_STR && !strcmp(a->s, "CRD");
	const int64_t *d = e->node->in[0]->dim;
	int64_t b = qc_attr_int(e->node, "blocksize", 1);
	int64_t c = d[1] / (b * b);
	const int64_t dcr_dim[6] = { d[0], b, b, c, d[2], d[3] };
	const int64_t crd_dim[6] = { d[0], c, b, b, d[2], d[3] };
	static const uint8_t dcr_perm[6] = { 0, 3, 4, 1, 5, 2 };
	static const uint8_t crd_perm[6] = { 0, 1, 4, 2, 5, 3 };

	transpose6(e, crd ? crd_dim : dcr_dim, crd ? crd_perm : dcr_perm);
	return 0;
}

QC_SHAPE(spacetodepth)
{
	const int64_t *d = n->in[0]->dim;
	int64_t b, dim[4];
	int rc = block_size(n, &b, err);

	if (rc)
		return rc;
	if (d[2] % b || d[3] % b)
		return qaic_fail(err, -EINVAL,
				 "%lld x %lld does not divide by %lld",
				 (long long)d[2], (long long)d[3],
				 (long long)b);
	dim[0] = d[0];
	dim[1] = qc_mul(d[1], b * b);
	dim[2] = d[2] / b;
	dim[3] = d[3] / b;
	qc_set_out(n, 0, n->in[0]->dtype, 4, dim);
	return 0;
}

QC_EVAL(spacetodepth)
{
	const int64_t *d = e->node->in[0]->dim;
	int64_t b = qc_attr_int(e->node, "blocksize", 1);
	const int64_t dim[6] = { d[0], d[1], d[2] / b, b, d[3] / b, b };
	static const uint8_t perm[6] = { 0, 3, 5, 1, 2, 4 };

	transpose6(e, dim, perm);
	return 0;
}
