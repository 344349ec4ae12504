// SPDX-License-Identifier: MIT
/* Making commands from views. */
#include <errno.h>
#include <string.h>

#include "base/f16.h"
#include "compiler/lower.h"

void qc_vcmd_init(struct qc_lower *l, struct qc_vcmd *v, unsigned int op,
		  unsigned int sub)
{
	unsigned int d;

	memset(v, 0, sizeof(*v));
	v->c.op = op;
	v->c.sub = sub;
	v->c.node = l->node ? l->node_base + l->node->id : 0;
	for (d = 0; d < NSP_DIMS; d++)
		v->c.dims[d] = 1;
}

int qc_vcmd_dim(struct qc_vcmd *v, unsigned int d, int64_t n,
		struct qaic_err *err)
{
	if (n < 0 || n > INT32_MAX)
		return qaic_fail(err, -EOPNOTSUPP,
				 "a dimension of %lld elements is too long for the card",
				 (long long)n);
	v->c.dims[d] = n;
	return 0;
}

static int set_stride(struct qc_vcmd *v, unsigned int o, unsigned int d,
		      int64_t s, struct qaic_err *err)
{
	if (s > INT32_MAX || s < INT32_MIN)
		return qaic_fail(err, -EOPNOTSUPP,
				 "a stride of %lld elements is too long for the card",
				 (long long)s);
	v->c.o[o].stride[d] = s;
	return 0;
}

/* Until the plan is made, "space" only says that the operand is there. */
static void set_base(struct qc_vcmd *v, unsigned int o,
		     const struct qc_view *view)
{
	v->buf[o] = view->buf;
	v->c.dtype[o] = view->dtype;
	v->c.o[o].addr = NSP_ADDR(NSP_SPACE_DDR, view->off);
}

int qc_vcmd_opnd(struct qc_vcmd *v, unsigned int o, const struct qc_view *view,
		 const int *axis, struct qaic_err *err)
{
	unsigned int d;
	int rc;

	set_base(v, o, view);
	for (d = 0; d < NSP_DIMS; d++) {
		if (axis[d] < 0 || view->dim[axis[d]] == 1)
			continue;
		rc = set_stride(v, o, d, view->stride[axis[d]], err);
		if (rc)
			return rc;
	}
	return 0;
}

/* Can axes a and a+1 of all views be one? */
static bool mergeable(const struct qc_view *w, uint32_t n, uint32_t a)
{
	uint32_t i;

	for (i = 0; i < n; i++)
		if (w[i].stride[a] != w[i].dim[a + 1] * w[i].stride[a + 1])
			return false;
	return true;
}

static void drop_axis(struct qc_view *w, uint32_t n, uint32_t a)
{
	uint32_t i, k;

	for (i = 0; i < n; i++) {
		for (k = a; k + 1 < w[i].rank; k++) {
			w[i].dim[k] = w[i].dim[k + 1];
			w[i].stride[k] = w[i].stride[k + 1];
		}
		w[i].rank--;
	}
}

/* Fewer axes, same elements: ones go; runs merge only while six is exceeded, so
 * that splitting still sees rows and columns. */
static void squeeze(struct qc_view *w, uint32_t n, uint32_t keep)
{
	uint32_t a, i;

	for (a = 0; a + keep < w[0].rank;) {
		if (w[0].dim[a] == 1)
			drop_axis(w, n, a);
		else
			a++;
	}
	for (a = 0; w[0].rank > NSP_DIMS && a + 1 + keep < w[0].rank;) {
		if (!mergeable(w, n, a)) {
			a++;
			continue;
		}
		for (i = 0; i < n; i++)
			w[i].dim[a + 1] *= w[i].dim[a];
		drop_axis(w, n, a);
	}
}

static int emit_six(struct qc_lower *l, const struct qc_vcmd *tmpl,
		    const struct qc_view *w, uint32_t n, struct qaic_err *err)
{
	struct qc_vcmd v = *tmpl;
	uint32_t d, i, pad = NSP_DIMS - w[0].rank;
	int axis[NSP_DIMS], rc;

	for (d = 0; d < NSP_DIMS; d++)
		axis[d] = d < pad ? -1 : (int)(d - pad);
	for (d = pad; d < NSP_DIMS; d++) {
		rc = qc_vcmd_dim(&v, d, w[0].dim[d - pad], err);
		if (rc)
			return rc;
	}
	for (i = 0; i < n; i++) {
		if (!w[i].buf)
			continue;
		rc = qc_vcmd_opnd(&v, i, &w[i], axis, err);
		if (rc)
			return rc;
	}
	return qc_emit(l, &v, err);
}

/* Axes beyond six: one command for each index of the first. */
static int emit_unrolled(struct qc_lower *l, struct qc_vcmd *v,
			 const struct qc_view *views, uint32_t n,
			 struct qaic_err *err)
{
	struct qc_view w[NSP_OPNDS];
	int64_t k, len;
	uint32_t i;
	int rc;

	if (views[0].rank <= NSP_DIMS)
		return emit_six(l, v, views, n, err);
	len = views[0].dim[0];
	if (len > 4096)
		return qaic_fail(err, -EOPNOTSUPP,
				 "more than six dimensions that cannot be merged");
	for (k = 0; k < len; k++) {
		memcpy(w, views, n * sizeof(w[0]));
		for (i = 0; i < n; i++)
			qc_view_slice(&w[i], 0, k, 1, 1);
		drop_axis(w, n, 0);
		rc = emit_unrolled(l, v, w, n, err);
		if (rc)
			return rc;
	}
	return 0;
}

int qc_emit_rows(struct qc_lower *l, struct qc_vcmd *v,
		 const struct qc_view *views, uint32_t n, uint32_t keep,
		 struct qaic_err *err)
{
	struct qc_view w[NSP_OPNDS];

	if (qc_view_numel(&views[0]) == 0)
		return 0;
	memcpy(w, views, n * sizeof(w[0]));
	squeeze(w, n, keep);
	return emit_unrolled(l, v, w, n, err);
}

int qc_emit_elt(struct qc_lower *l, struct qc_vcmd *v,
		const struct qc_view *views, uint32_t n, struct qaic_err *err)
{
	return qc_emit_rows(l, v, views, n, 0, err);
}

int qc_emit_move(struct qc_lower *l, const struct qc_view *dst,
		 const struct qc_view *src, struct qaic_err *err)
{
	struct qc_view w[2] = { *dst, *src };
	struct qc_vcmd v;

	qc_vcmd_init(l, &v, NSP_MOVE, 0);
	return qc_emit_elt(l, &v, w, 2, err);
}

int qc_emit_fill(struct qc_lower *l, const struct qc_view *dst, double val,
		 struct qaic_err *err)
{
	struct qc_vcmd v;
	uint64_t bits;

	switch (dst->dtype) {
	case QAIC_F32:
		bits = qaic_f32_to_bits(val);
		break;
	case QAIC_F16:
		bits = qaic_f32_to_f16(val);
		break;
	case QAIC_BOOL:
		bits = val != 0;
		break;
	default:
		bits = (uint64_t)(int64_t)val;
	}
	qc_vcmd_init(l, &v, NSP_FILL, 0);
	v.c.imm[0].u = (uint32_t)bits;
	v.c.imm[1].u = (uint32_t)(bits >> 32);
	return qc_emit_elt(l, &v, dst, 1, err);
}
