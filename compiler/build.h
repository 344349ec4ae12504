/* SPDX-License-Identifier: MIT */
/* Building a graph from a model: what build.c and its helpers share. */
#ifndef COMPILER_BUILD_H
#define COMPILER_BUILD_H

#include "compiler/model.h"
#include "compiler/op.h"

/* A value of one name space: the graph, or a function while it is inlined. */
struct qc_scope {
	struct qc_scope *up;		/* of the call, or NULL */
	const struct qc_function *fn;	/* NULL for the graph */
	const struct qc_node *call;	/* carries the attributes of the call */
	struct qc_names values;
	unsigned int depth;
};

struct qc_build {
	struct qc_model *model;
	struct qc_graph *g;
	uint32_t nodes;		/* visited */
	bool named;		/* the error names the innermost node */
};

int qc_build_oom(struct qaic_err *err);
/* Do its shape and size stay within 8 dimensions and 2^40 bytes? */
bool qc_value_fits(const struct qc_value *v);

/* build_io.c: before the nodes, and after them. */
int qc_build_inputs(struct qc_build *b, struct qc_scope *s,
		    const struct qaicc_symbol *symbols, size_t num_symbols,
		    struct qaic_err *err);
int qc_build_outputs(struct qc_build *b, const struct qc_scope *s,
		     struct qaic_err *err);

/*
 * build_attr.c: the attributes of a node, those that refer to the function's
 * attributes looked up.
 */
int qc_build_attrs(struct qc_graph *g, const struct qc_scope *s,
		   const Onnx__NodeProto *np, struct qc_node *n,
		   struct qaic_err *err);

/*
 * build_fold.c: a node whose operands are constant becomes constants, unless that
 * would take too much memory or time. Returns 1 if it did, 0 if not.
 */
int qc_build_fold(struct qc_graph *g, struct qc_node *n, struct qaic_err *err);
/* A value of no elements becomes a constant. 0 or -ENOMEM. */
int qc_build_empty(struct qc_graph *g, struct qc_value *v);

#endif
