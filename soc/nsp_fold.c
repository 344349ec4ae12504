// SPDX-License-Identifier: MIT
/*
 * When a tensor was cut over NSPs, their commands differ in addresses, and in the
 * length of the cut dim: the next one's operands begin where this one's end.
 */
#include <string.h>

#include "qpc/optable.h"
#include "qpc/panel.h"
#include "soc/nsp_fold.h"
#include "soc/nsp_mm.h"

#define D(i)	(1 << (i))

/* any dim of six, and any but the row of dim 5 */
static const uint8_t all_dims[] = {
	D(5), D(4), D(3), D(2), D(1), D(0), 0,
};
static const uint8_t row_dims[] = { D(4), D(3), D(2), D(1), D(0), 0 };

static const uint8_t matmul_dims[] = { D(3), D(2), D(1), D(0), 0 };
static const uint8_t rope_dims[] = { D(2), D(1), D(0), 0 };
/* query heads of one kv head, then those of several */
static const uint8_t attn_dims[] = { D(2), D(2) | D(3), D(1), D(0), 0 };
/* not the batch: without o3 it is the number of the line */
static const uint8_t cache_dims[] = { D(1), D(2), 0 };
static const uint8_t gather_dims[] = { D(3), D(2), D(1), D(0), 0 };
static const uint8_t none[] = { 0 };

const uint8_t *nsp_fold_ways(unsigned int op)
{
	switch (op) {
	case NSP_MOVE:
	case NSP_FILL:
	case NSP_UNARY:
	case NSP_BINARY:
	case NSP_SELECT:
	case NSP_REDUCE:
		return all_dims;
	case NSP_SOFTMAX:
	case NSP_NORM:
	case NSP_CUMSUM:
		return row_dims;
	case NSP_MATMUL:
		return matmul_dims;
	case NSP_ROPE:
		return rope_dims;
	case NSP_ATTN:
		return attn_dims;
	case NSP_KVPUT:
	case NSP_KVGET:
		return cache_dims;
	case NSP_GATHER:
		return gather_dims;
	default:
		return none;
	}
}

static bool same_kind(const struct nsp_cmd *a, const struct nsp_cmd *b)
{
	return a->op == b->op && a->sub == b->sub && a->flags == b->flags &&
	       !memcmp(a->dtype, b->dtype, sizeof(a->dtype)) &&
	       !memcmp(a->imm, b->imm, sizeof(a->imm));
}

/* dims of both together; false if the others are not the same */
static bool add_dims(const struct nsp_cmd *a, const struct nsp_cmd *b,
		     unsigned int way, uint32_t *dims)
{
	int i;

	for (i = 0; i < NSP_DIMS; i++) {
		dims[i] = a->dims[i];
		if (way & D(i)) {
			if (__builtin_add_overflow(a->dims[i], b->dims[i],
						   &dims[i]))
				return false;
		} else if (a->dims[i] != b->dims[i]) {
			return false;
		}
	}
	return true;
}

/* Elements from operand @k of @a to that of @b. */
static bool distance(const struct nsp_cmd *a, const struct nsp_cmd *b,
		     unsigned int k, int64_t *elems)
{
	size_t size = qaic_dtype_size(a->dtype[k]);
	int64_t bytes;

	if (NSP_ADDR_SPACE(a->o[k].addr) != NSP_ADDR_SPACE(b->o[k].addr))
		return false;
	bytes = (int64_t)NSP_ADDR_OFF(b->o[k].addr) -
		(int64_t)NSP_ADDR_OFF(a->o[k].addr);
	if (!size)
		size = qaic_dtype_block(a->dtype[k]);
	if (!size || bytes % (int64_t)size)
		return false;
	*elems = bytes / (int64_t)size;
	if (qaic_dtype_is_mx(a->dtype[k]))
		*elems *= 32;
	return true;
}

/* The stride along dim @i with which the second goes on after the first. */
static bool go_on(const struct nsp_cmd *a, const struct nsp_cmd *b,
		  unsigned int k, int i, int64_t elems, int32_t *stride)
{
	int64_t s = a->o[k].stride[i];

	if (a->dims[i] == 1)
		s = b->dims[i] == 1 ? elems : b->o[k].stride[i];
	else if (b->dims[i] > 1 && b->o[k].stride[i] != s)
		return false;
	*stride = s;
	return *stride == s && elems == s * (int64_t)a->dims[i];
}

static bool fold_operand(const struct nsp_cmd *a, const struct nsp_cmd *b,
			 unsigned int k, unsigned int way, struct nsp_cmd *out)
{
	const struct qpc_opnd_rule *rule = &qpc_op_rule(a->op)->o[k];
	unsigned int mask = rule->dims;
	bool moves = false;
	int64_t elems;
	int i;

	if (qpc_opnd_present(a, k) != qpc_opnd_present(b, k))
		return false;
	if (!qpc_opnd_present(a, k))
		return true;
	if (!distance(a, b, k, &elems))
		return false;
	if (rule->axes == QPC_AX_REDUCED)
		mask &= ~a->imm[0].u;
	for (i = 0; i < NSP_DIMS; i++) {
		if (!(mask & D(i)))
			continue;
		if (way & D(i)) {
			moves = true;
			if (!go_on(a, b, k, i, elems, &out->o[k].stride[i]))
				return false;
		} else if (a->dims[i] > 1 &&
			   a->o[k].stride[i] != b->o[k].stride[i]) {
			return false;
		}
	}
	return moves || !elems;
}

/* What only this operation demands, of two and of both together. */
static bool fold_op(const struct nsp_cmd *a, const struct nsp_cmd *b,
		    unsigned int way, const struct nsp_cmd *out)
{
	switch (a->op) {
	case NSP_REDUCE:
		return !(way & a->imm[0].u);
	case NSP_MATMUL:
		/* a panel of its own is not the middle of a panel */
		if (qaic_dtype_is_panels(a->dtype[2]))
			return !(way & D(3)) ||
			       a->dims[3] % QPC_PANEL_ROWS == 0;
		/* how a BLAS sums depends on how much it is given */
		return (a->dtype[2] == QAIC_F16 && a->o[2].stride[4] == 1) ||
		       (uint64_t)out->dims[0] * out->dims[1] * out->dims[2] <
		       MM_SGEMM;
	case NSP_ATTN:
		/* which kv head a query head has is a ratio */
		if (way == D(2))
			return a->dims[3] == 1;
		return !(way & D(3)) || (uint64_t)a->dims[2] * b->dims[3] ==
					(uint64_t)b->dims[2] * a->dims[3];
	default:
		return true;
	}
}

bool nsp_fold(const struct nsp_cmd *a, const struct nsp_cmd *b,
	      unsigned int way, struct nsp_cmd *out)
{
	struct nsp_cmd both = *a;
	unsigned int k;

	if (!same_kind(a, b) || !add_dims(a, b, way, both.dims))
		return false;
	for (k = 0; k < NSP_DIMS; k++)
		if (!a->dims[k] || !b->dims[k])
			return false;
	for (k = 0; k < NSP_OPNDS; k++)
		if (!fold_operand(a, b, k, way, &both))
			return false;
	if (!fold_op(a, b, way, &both))
		return false;
	*out = both;
	return true;
}
