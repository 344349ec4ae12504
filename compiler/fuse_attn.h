/* SPDX-License-Identifier: MIT */
/* Attention's fusion: the proofs about masks and biases that it is made of. */
#ifndef COMPILER_FUSE_ATTN_H
#define COMPILER_FUSE_ATTN_H

#include "compiler/fuse.h"

#define QC_ATTN_MAX_HEADS 512		/* of biases that depend on the head */

struct qc_attn_mask {
	struct qc_value *pos;		/* [B, S] */
	int64_t window;			/* 0: none */
};

/* ---- fuse_mask.c ---- */

/* A constant 0, 1, ... n - 1 along @axis, 1 elsewhere. */
bool qc_attn_is_range(const struct qc_value *v, uint32_t axis, int64_t n);
/* v [B, 1, S, 1] (or [B, S, 1]) holds the positions [B, S]: give those. */
struct qc_value *qc_attn_positions(struct qc_value *v);
/* v: true where slot > position, or slot <= position - window. */
bool qc_attn_mask(struct qc_value *v, int64_t slots, struct qc_attn_mask *m);
/* v: true only at slots (along its last axis) beyond every position of its row. */
bool qc_attn_is_empty(struct qc_value *v, int64_t slots, struct qc_value **pos);
/* The gather reads slot j from slot j, wherever j <= position. */
bool qc_attn_in_order(struct qc_value *idx, int64_t slots,
		      struct qc_value **pos);

/* ---- fuse_bias.c ---- */

/*
 * Is @v, added to scores [B, heads, S, slots], slope[h] * slot plus something that
 * is the same for all slots of a row? At slots up to the position @pos, that is;
 * what is beyond does not count. @slope has @heads entries.
 */
bool qc_attn_slopes(struct qc_value *v, int64_t heads, int64_t slots,
		    const struct qc_value *pos, double *slope);

#endif
