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

#endif
