// SPDX-License-Identifier: MIT
/* What commands touch (as qpc/optable.h knows it), and how they may be split. */
#include <string.h>

#include "compiler/lower.h"
#include "qpc/optable.h"
#include "qpc/panel.h"

#define D(n) (1u << (n))
#define ALL6 0x3fu

unsigned int qc_cmd_moves(const struct nsp_cmd *c, unsigned int o)
{
	const struct qpc_opnd_rule *r = &qpc_op_rule(c->op)->o[o];

	switch (r->axes) {
	case QPC_AX_REDUCED:
		return r->dims & ~c->imm[0].u;
	case QPC_AX_ELEMENT:
		return r->dims & ~D(c->imm[0].u);
	default:
		return r->dims;
	}
}

bool qc_cmd_takes(const struct nsp_cmd *c, unsigned int o)
{
	return !qaic_dtype_is_panels(c->dtype[o]) ||
	       qpc_op_rule(c->op)->o[o].types & qpc_dtype_class(c->dtype[o]);
}

bool qc_cmd_writes(const struct nsp_cmd *c, unsigned int o)
{
	unsigned int role = qpc_op_rule(c->op)->o[o].role;

	return role == QPC_WRITE || role == QPC_UPDATE;
}

unsigned int qc_cmd_splits(const struct nsp_cmd *c)
{
	switch (c->op) {
	case NSP_MATMUL:	/* never K: sums must not depend on the split */
		return D(0) | D(1) | D(2) | D(3);
	case NSP_ROPE:
	case NSP_ATTN:		/* dim 2 drags dim 3 along, see sched.c */
		return D(0) | D(1) | D(2);
	case NSP_KVPUT:		/* not S: equal positions are written in order */
		return D(1) | (qaic_dtype_is_mx(c->dtype[0]) ? 0 : D(3)) |
		       (qpc_opnd_present(c, 3) ? 0 : D(0));
	case NSP_KVGET:
		return D(1) | D(2) |
		       (qaic_dtype_is_mx(c->dtype[1]) ? 0 : D(3)) |
		       (qpc_opnd_present(c, 3) ? 0 : D(0));
	case NSP_GATHER:
		return D(0) | D(1) | D(2) | D(3);
	case NSP_GATHERE:
		return D(0) | D(1) | D(2) | D(3) | D(4);
	case NSP_SCATTERE:
		return (D(0) | D(1) | D(2) | D(3) | D(4)) & ~D(c->imm[0].u);
	case NSP_SCATTER:
		/* rows of the update: N moves data by stride[5], not [1] */
		return 0;
	case NSP_GATHERND:
		return D(0);
	case NSP_REDUCE:
		return ALL6 & ~c->imm[0].u;
	case NSP_SOFTMAX:
	case NSP_NORM:
	case NSP_CUMSUM:
	case NSP_TOPK:
		return D(0) | D(1) | D(2) | D(3) | D(4);
	default:
		return ALL6;
	}
}

/*
 * What an operand is made of. Of a block type it is a row, the axis that goes from
 * element to element: its stride is less than a block.
 */
static int64_t element(const struct nsp_cmd *c, unsigned int o,
		       const struct qpc_axis *ax, unsigned int n)
{
	unsigned int i;

	if (!qaic_dtype_is_mx(c->dtype[o]))
		return qaic_dtype_size(c->dtype[o]);
	for (i = 0; i < n; i++)
		if (ax[i].stride == 1)
			return qaic_dtype_bytes(c->dtype[o],
						qpc_panel_k(ax[i].count));
	return qaic_dtype_block(c->dtype[o]);
}

void qc_cmd_region(const struct nsp_cmd *c, unsigned int o,
		   struct qc_region *r)
{
	struct qpc_axis ax[NSP_DIMS];
	unsigned int n = qpc_opnd_axes(c, o, ax), i;

	r->n = 0;
	r->elem = element(c, o, ax, n);
	r->base = (int64_t)NSP_ADDR_OFF(c->o[o].addr);
	for (i = 0; i < n; i++) {
		int64_t st = qaic_dtype_bytes(c->dtype[o], ax[i].stride);

		if (ax[i].count <= 1 || !st)
			continue;
		if (st < 0) {	/* the same bytes, walked upwards */
			r->base += (ax[i].count - 1) * st;
			st = -st;
		}
		r->dim[r->n] = ax[i].count;
		r->stride[r->n++] = st;
	}
}

static int64_t region_end(const struct qc_region *r)
{
	int64_t end = r->base + r->elem;
	uint32_t i;

	for (i = 0; i < r->n; i++)
		end += (r->dim[i] - 1) * r->stride[i];
	return end;
}

/*
 * Cut a region at a pitch: rows are the axes that step by multiples of it, the
 * columns the others. False if the columns leave their row.
 */
static bool region_cut(const struct qc_region *r, int64_t pitch,
		       struct qc_region *rows, struct qc_region *cols)
{
	uint32_t i;

	rows->n = cols->n = 0;
	rows->elem = 1;
	rows->base = r->base / pitch;
	cols->elem = r->elem;
	cols->base = r->base % pitch;
	for (i = 0; i < r->n; i++) {
		struct qc_region *to = r->stride[i] % pitch ? cols : rows;

		to->dim[to->n] = r->dim[i];
		to->stride[to->n++] = to == rows ? r->stride[i] / pitch
						 : r->stride[i];
	}
	return region_end(cols) <= pitch;
}

static bool overlap(const struct qc_region *a, const struct qc_region *b,
		    unsigned int depth)
{
	struct qc_region ar, ac, br, bc;
	const struct qc_region *s;
	uint32_t i, k;

	if (region_end(a) <= b->base || region_end(b) <= a->base)
		return false;
	if (!depth)
		return true;
	for (k = 0; k < 2; k++) {
		s = k ? b : a;
		for (i = 0; i < s->n; i++) {
			int64_t pitch = s->stride[i];

			if (pitch <= s->elem || a->base < 0 || b->base < 0)
				continue;
			if (!region_cut(a, pitch, &ar, &ac) ||
			    !region_cut(b, pitch, &br, &bc))
				continue;
			if (!overlap(&ar, &br, depth - 1) ||
			    !overlap(&ac, &bc, depth - 1))
				return false;
		}
	}
	return true;
}

bool qc_region_overlap(const struct qc_region *a, const struct qc_region *b)
{
	return overlap(a, b, 3);
}
