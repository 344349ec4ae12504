/* SPDX-License-Identifier: MIT */
/*
 * Fusion: patterns of nodes become one node of ours (lower.h). A pattern that
 * does not match exactly stays as it is and is compiled node by node.
 */
#ifndef COMPILER_FUSE_H
#define COMPILER_FUSE_H

#include "compiler/lower.h"

int qc_fuse(struct qc_graph *g, struct qaic_err *err);

/* Passes, in this order; each goes over the whole graph. 0 or a negative errno. */
int qc_fuse_norms(struct qc_graph *g);
int qc_fuse_activations(struct qc_graph *g);
int qc_fuse_matmuls(struct qc_graph *g);
int qc_fuse_gated(struct qc_graph *g);
int qc_fuse_rope(struct qc_graph *g);
int qc_fuse_attention(struct qc_graph *g);
int qc_fuse_experts(struct qc_graph *g);

/* ---- matching ---- */

/* The node that makes @v if it is operator @name and nobody else reads @v
 * (@shared: others may), else NULL. */
struct qc_node *qc_def(const struct qc_value *v, const char *name, bool shared);
/* @v looked at through Identity and Casts between floats or between integers. */
struct qc_value *qc_skip_casts(struct qc_value *v);
/* Look through what only changes the shape: the elements and their order stay. */
struct qc_value *qc_skip_shape(struct qc_value *v);
/* A float scalar near @want (1e-3 of it)? */
bool qc_is_scalar(const struct qc_value *v, double want);
/* One input a constant scalar: give it and the other input. */
bool qc_scalar_operand(const struct qc_node *n, double *k,
		       struct qc_value **other);
/* The one node that reads @v, or NULL if there are more, or it is an output. */
struct qc_node *qc_only_user(const struct qc_value *v);
/* @v is elements [*start, *start + its length) of *src along the last axis. */
bool qc_is_tail_slice(struct qc_value *v, struct qc_value **src,
		      int64_t *start);
/* The attribute or constant input @i says: the last axis alone, kept. */
bool qc_reduces_last(const struct qc_node *n);
/* Make @op's node in place of the one that made @out: @out keeps its readers. */
struct qc_node *qc_fused(struct qc_graph *g, struct qc_node *at,
			 const struct qc_op *op, struct qc_value *const *in,
			 uint32_t num_in, struct qc_value *out);

#endif
