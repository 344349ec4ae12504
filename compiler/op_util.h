/* SPDX-License-Identifier: MIT */
/*
 * What operator rows have in common: shapes, axes, operands, broadcasting.
 */
#ifndef COMPILER_OP_UTIL_H
#define COMPILER_OP_UTIL_H

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "compiler/convert.h"
#include "compiler/eval.h"
#include "compiler/op_rows.h"

/* ---- for shape rules ---- */

void qc_set_out(struct qc_node *n, uint32_t i, enum qaic_dtype dtype,
		uint32_t rank, const int64_t *dim);
/* Output @i is like @v. */
void qc_set_out_like(struct qc_node *n, uint32_t i, const struct qc_value *v);
/* Broadcast @v onto *dim (numpy rules, both ways). */
int qc_broadcast(uint32_t *rank, int64_t *dim, const struct qc_value *v,
		 struct qaic_err *err);
/* An axis in [-rank, rank) as [0, rank). */
int qc_axis(int64_t axis, uint32_t rank, uint32_t *out, struct qaic_err *err);
/*
 * A list of integers that is an input in some versions and an attribute in others:
 * the input if it is there, else the attribute. *count is -1 if neither is. An
 * input that is not constant is an error.
 */
int qc_ints(const struct qc_node *n, uint32_t input, const char *attr, int max,
	    int64_t *out, int *count, struct qaic_err *err);
/* Input @i, or NULL if it is absent. */
static inline struct qc_value *qc_in(const struct qc_node *n, uint32_t i)
{
	return i < n->num_in ? n->in[i] : NULL;
}
/* Index operands must be int32 or int64. */
int qc_need_index(const struct qc_value *v, struct qaic_err *err);
/* A constant in graph memory, its data copied. */
struct qc_tensor *qc_new_const(struct qc_graph *g, enum qaic_dtype dtype,
			       uint32_t rank, const int64_t *dim,
			       const void *data, size_t size);
/*
 * Output @i becomes a view of the constant operand 0: the output's dims, these
 * strides, @start elements from the operand's first. Returns 1.
 */
int qc_set_view(struct qc_graph *g, struct qc_node *n, uint32_t i,
		const int64_t *stride, int64_t start);
/* a * b, or -1 when it leaves 2^46. */
static inline int64_t qc_mul(int64_t a, int64_t b)
{
	int64_t r;

	if (a < 0 || b < 0 || __builtin_mul_overflow(a, b, &r) ||
	    r > (int64_t)1 << 46)
		return -1;
	return r;
}
/* Product of dim[from..to). */
int64_t qc_span(const struct qc_value *v, uint32_t from, uint32_t to);

/* ---- for evaluations ---- */

static inline const void *qc_arg(const struct qc_eval *e, uint32_t i)
{
	if (i < 64)
		return e->in[i];
	return i < e->node->num_in ? e->more_in[i - 64] : NULL;
}

/* Bytes of an element of @v during an evaluation. */
static inline int64_t qc_esize(const struct qc_value *v)
{
	return qaic_dtype_size(qc_eval_dtype(v->dtype));
}

/* Row-major strides, in elements. */
void qc_strides(const struct qc_value *v, int64_t *stride);

/*
 * An odometer over a shape that moves up to four operands by strides: the last
 * dimension is left to the caller's inner loop.
 *
 *	for (qc_walk_start(&w); !w.done; qc_walk_next(&w))
 *		inner(w.off[0], ..., w.n, w.step[0], ...)
 */
#define QC_WALK_MAX 4
struct qc_walk {
	uint32_t rank, ops;
	int64_t dim[QC_MAX_RANK];
	int64_t stride[QC_WALK_MAX][QC_MAX_RANK];
	int64_t at[QC_MAX_RANK];
	int64_t off[QC_WALK_MAX];	/* elements */
	int64_t step[QC_WALK_MAX];	/* of the inner loop */
	int64_t n;			/* of the inner loop */
	bool done;
};

/* Over @rank dimensions; then add operands, then start. */
void qc_walk_init(struct qc_walk *w, uint32_t rank, const int64_t *dim);
void qc_walk_add(struct qc_walk *w, const int64_t *stride);
/* An operand that is contiguous and broadcast to the walk's shape. */
void qc_walk_add_bcast(struct qc_walk *w, const struct qc_value *v);
void qc_walk_start(struct qc_walk *w);
void qc_walk_next(struct qc_walk *w);

/* Copy elements that lie @stride apart into a contiguous block. */
void qc_gather_strided(void *dst, const void *src, size_t esize, uint32_t rank,
		       const int64_t *dim, const int64_t *stride);

/* Index operand @i as int64, in a new array; NULL when out of memory. */
int64_t *qc_indices(const struct qc_eval *e, uint32_t i);

#endif
