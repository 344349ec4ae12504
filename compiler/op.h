/* SPDX-License-Identifier: MIT */
/*
 * One operator is one table row: how its output shapes follow, how it is
 * evaluated in plain loops, how it becomes commands.
 */
#ifndef COMPILER_OP_H
#define COMPILER_OP_H

#include "compiler/graph.h"

struct qc_lower;

/* Operands of a reference evaluation: contiguous, in the value's own type,
 * except that F16, BF16 and F64 are held as F32. Bool is one byte. */
struct qc_eval {
	const struct qc_node *node;
	const void *in[64];		/* NULL where absent */
	void *out[64];			/* allocated by the evaluator to the shapes */
	void **more_in;			/* inputs beyond 64 (Concat), or NULL */
};

struct qc_op {
	const char *domain;		/* "" is ai.onnx; "qaic" is ours after fusion */
	const char *name;
	int min_in, max_in;		/* max_in -1: any number */
	int min_out, max_out;
	/*
	 * Check inputs and attributes; set dtype, rank and dim of the outputs.
	 * Shape-like inputs that must be constant by now are read with
	 * qc_const_ints(). An error names the node (qaic_fail(), the caller puts
	 * the node in front).
	 */
	int (*shape)(struct qc_graph *g, struct qc_node *n, struct qaic_err *err);
	/* Reference evaluation; NULL if shape() always makes it constant or a view. */
	int (*eval)(const struct qc_eval *e, struct qaic_err *err);
	/*
	 * Optional: with constant inputs, set cst of the outputs as views without
	 * touching data (Cast, Transpose, Reshape, ...). Returns 1 if it did.
	 */
	int (*view)(struct qc_graph *g, struct qc_node *n);
	/* Emit commands; NULL: "cannot be compiled yet" (named in an error). */
	int (*lower)(struct qc_lower *l, struct qc_node *n, struct qaic_err *err);
	/*
	 * Bit i: eval() can do without in[i] (NULL then) if that input is a
	 * constant, and reads it from node->in[i]->cst piece by piece.
	 */
	unsigned int stream;
};

/* The row of an operator, or NULL. */
const struct qc_op *qc_op_find(const char *domain, const char *name);

#endif
