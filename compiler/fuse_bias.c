// SPDX-License-Identifier: MIT
/*
 * ALiBi: a bias of scores that is linear in the slot, with one slope per head.
 *
 * Models write slope[h] * (slot - position), slope[h] * slot, or a table of it
 * with any zero point. To a softmax they are one: what is the same for all slots
 * of a row has no say in it. So a bias is taken apart into its coefficient of the
 * slot, and the rest, of which only that it has one column is asked.
 */
#include <math.h>
#include <string.h>

#include "compiler/fuse_attn.h"

#define MAX_DEPTH 8

struct linear {
	int64_t heads, slots;
	const struct qc_value *pos;
};

static bool one_column(const struct qc_value *v)
{
	return !v->rank || v->dim[v->rank - 1] == 1;
}

/* All axes of @v but the heads' (third from behind) and the last are 1. */
static bool by_head(const struct qc_value *v, int64_t heads)
{
	uint32_t i;

	for (i = 0; i + 1 < v->rank; i++)
		if (v->dim[i] != 1 && (i + 3 != v->rank || v->dim[i] != heads))
			return false;
	return v->rank <= 4;
}

/* A constant factor, one number per head or one for all. */
static bool factor(const struct qc_value *v, const struct linear *l, double *k)
{
	int64_t n = qc_numel(v), h;

	if (!v->cst || !one_column(v) || !by_head(v, l->heads))
		return false;
	qc_tensor_read(v->cst, 0, n, QAIC_F64, k);
	for (h = n; h < l->heads; h++)
		k[h] = k[0];
	return true;
}

/* Elements [at, at + n) of @v lie on a straight line, up to F32's rounding. */
static bool straight(const struct qc_value *v, int64_t at, int64_t n, double *k)
{
	double x[256], first, last, big, off;
	int64_t j, len;

	qc_tensor_read(v->cst, at, 1, QAIC_F64, &first);
	qc_tensor_read(v->cst, at + n - 1, 1, QAIC_F64, &last);
	*k = (last - first) / (n - 1);
	big = fmax(fabs(first), fabs(last));
	for (j = 0; j < n; j++) {
		len = n - j < 256 ? n - j : 256;
		if (!(j % 256))
			qc_tensor_read(v->cst, at + j, len, QAIC_F64, x);
		off = fabs(x[j % 256] - first - *k * j);
		if (!(off <= 2.4e-7 * big))
			return false;
	}
	return true;
}

static bool table(const struct qc_value *v, const struct linear *l, double *k)
{
	int64_t rows = qc_numel(v) / l->slots, h;

	if (!by_head(v, l->heads))
		return false;
	for (h = 0; h < rows; h++)
		if (!straight(v, h * l->slots, l->slots, &k[h]))
			return false;
	for (; h < l->heads; h++)
		k[h] = k[0];
	return true;
}

/* Casts of integers to floats: of slots and positions, exact. */
static bool is_exact_cast(const struct qc_node *n)
{
	enum qaic_dtype from = n->in[0]->dtype, to = n->out[0]->dtype;

	if (from == QAIC_BOOL || to == QAIC_BOOL || to == QAIC_F16 ||
	    to == QAIC_BF16)
		return false;
	return qaic_dtype_is_float(to) || !qaic_dtype_is_float(from);
}

static bool is_slots(const struct qc_value *v, int64_t slots)
{
	double first, k;

	if (!v->cst || v->dtype == QAIC_BOOL || !v->rank ||
	    qc_numel(v) != slots || v->dim[v->rank - 1] != slots)
		return false;
	qc_tensor_read(v->cst, 0, 1, QAIC_F64, &first);
	return !first && straight(v, 0, slots, &k) && k == 1;
}

/* |slot - position| = position - slot wherever it counts. */
static bool distance(const struct qc_value *v, const struct linear *l,
		     double *k)
{
	struct qc_node *sub = qc_def(v, "Sub", true);
	int64_t h;
	int i;

	for (i = 0; sub && i < 2; i++) {
		struct qc_value *p = sub->in[1 - i];

		if (p->def && !p->cst && qc_node_is(p->def, "Cast") &&
		    is_exact_cast(p->def))
			p = p->def->in[0];
		if (!is_slots(sub->in[i], l->slots) ||
		    qc_attn_positions(p) != l->pos)
			continue;
		for (h = 0; h < l->heads; h++)
			k[h] = -1;
		return true;
	}
	return false;
}

static bool linear(struct qc_value *v, const struct linear *l, double *k,
		   unsigned int depth);

static bool sum(const struct qc_node *n, double sign, const struct linear *l,
		double *k, unsigned int depth)
{
	double b[QC_ATTN_MAX_HEADS];
	int64_t h;

	if (!linear(n->in[0], l, k, depth) || !linear(n->in[1], l, b, depth))
		return false;
	for (h = 0; h < l->heads; h++)
		k[h] += sign * b[h];
	return true;
}

static bool product(const struct qc_node *n, const struct linear *l, double *k,
		    unsigned int depth)
{
	double f[QC_ATTN_MAX_HEADS];
	int64_t h;
	int i;

	for (i = 0; i < 2; i++) {
		if (!factor(n->in[i], l, f) ||
		    !linear(n->in[1 - i], l, k, depth))
			continue;
		for (h = 0; h < l->heads; h++)
			k[h] *= f[h];
		return true;
	}
	return false;
}

static bool quotient(const struct qc_node *n, const struct linear *l, double *k,
		     unsigned int depth)
{
	double f[QC_ATTN_MAX_HEADS];
	int64_t h;

	/* integers are cut off: not linear */
	if (!qaic_dtype_is_float(n->out[0]->dtype) ||
	    !factor(n->in[1], l, f) || !linear(n->in[0], l, k, depth))
		return false;
	for (h = 0; h < l->heads; h++)
		k[h] /= f[h];
	return true;
}

static bool negated(const struct qc_node *n, const struct linear *l, double *k,
		    unsigned int depth)
{
	int64_t h;

	if (!linear(n->in[0], l, k, depth))
		return false;
	for (h = 0; h < l->heads; h++)
		k[h] = -k[h];
	return true;
}

/* Unsqueeze and Reshape that leave the columns, if no head differs. */
static bool reshaped(const struct qc_node *n, const struct linear *l, double *k,
		     unsigned int depth)
{
	const struct qc_value *x = n->in[0];
	int64_t h;

	if (!x->rank || x->dim[x->rank - 1] != l->slots ||
	    !linear(n->in[0], l, k, depth))
		return false;
	for (h = 1; h < l->heads; h++)
		if (k[h] != k[0])
			return false;
	return true;
}

static bool linear(struct qc_value *v, const struct linear *l, double *k,
		   unsigned int depth)
{
	const struct qc_node *n;

	if (one_column(v)) {
		memset(k, 0, l->heads * sizeof(*k));
		return true;
	}
	if (v->dim[v->rank - 1] != l->slots || !depth)
		return false;
	if (v->cst)
		return v->dtype != QAIC_BOOL && table(v, l, k);
	n = v->def;
	if (!n)
		return false;
	depth--;
	if (qc_node_is(n, "Add"))
		return sum(n, 1, l, k, depth);
	if (qc_node_is(n, "Sub"))
		return sum(n, -1, l, k, depth);
	if (qc_node_is(n, "Mul"))
		return product(n, l, k, depth);
	if (qc_node_is(n, "Div"))
		return quotient(n, l, k, depth);
	if (qc_node_is(n, "Neg"))
		return negated(n, l, k, depth);
	if (qc_node_is(n, "Abs"))
		return distance(n->in[0], l, k);
	if (qc_node_is(n, "Identity") ||
	    (qc_node_is(n, "Cast") && is_exact_cast(n)))
		return linear(n->in[0], l, k, depth);
	if (qc_node_is(n, "Unsqueeze") || qc_node_is(n, "Reshape"))
		return reshaped(n, l, k, depth);
	return false;
}

bool qc_attn_slopes(struct qc_value *v, int64_t heads, int64_t slots,
		    const struct qc_value *pos, double *slope)
{
	struct linear l = { .heads = heads, .slots = slots, .pos = pos };
	int64_t h;

	if (heads > QC_ATTN_MAX_HEADS || slots < 2 || v->rank > 4 ||
	    !linear(v, &l, slope, MAX_DEPTH))
		return false;
	for (h = 0; h < heads; h++)
		if (!isfinite(slope[h]))
			return false;
	return true;
}
