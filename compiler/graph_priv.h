/* SPDX-License-Identifier: MIT */
/* What graph.c and build.c know of a graph and nobody else. */
#ifndef COMPILER_GRAPH_PRIV_H
#define COMPILER_GRAPH_PRIV_H

#include "compiler/graph.h"
#include "compiler/names.h"

struct qc_chunk;

struct qc_arena {
	struct qc_chunk *chunks;	/* newest first */
	uint8_t *at;			/* free room of the newest small chunk */
	size_t left;
	struct qc_names names;		/* of values */
	uint32_t fresh;			/* counter for made-up names */
	uint32_t cap_values;
	uint64_t total;			/* bytes given out */
	uint64_t folded;		/* bytes of constants made by folding */
	uint64_t work;			/* spent on folding, see build_fold.c */
};

/* Nodes made by a pass follow the newest rules of their operator. */
#define QC_NEWEST_VERSION 22

struct qc_graph *qc_graph_new(const char *name);
/* The value of that name, or NULL. */
struct qc_value *qc_value_named(struct qc_graph *g, const char *name);
/* Two values change names. */
void qc_value_swap_names(struct qc_graph *g, struct qc_value *a,
			 struct qc_value *b);
char *qc_strdup(struct qc_graph *g, const char *s);
/* Unlink a node and forget its uses; its outputs keep no producer. */
void qc_node_unlink(struct qc_graph *g, struct qc_node *n);

#endif
