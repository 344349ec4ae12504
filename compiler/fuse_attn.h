/* SPDX-License-Identifier: MIT */
/* Attention's fusion: the proofs about masks and biases that it is made of. */
#ifndef COMPILER_FUSE_ATTN_H
#define COMPILER_FUSE_ATTN_H

#include "compiler/fuse.h"

#define QC_ATTN_MAX_HEADS 512		/* of biases that depend on the head */

struct qc_attn_mask {
	struct qc_value *pos;		/* [B, S]; NULL: no slot is beyond it */
	int64_t window;			/* 0: none */
	struct qc_value *rest;		/* bool, masks as well; NULL: nothing */
	struct qc_value *big;		/* what replaces the scores then */
};

struct qc_attn_cache {
	struct qc_value *data;		/* [B, Hkv, C, D] */
	int64_t slots;			/* that are looked at */
	struct qc_value *pos;		/* base of the proof, or NULL */
};

struct qc_attention {
	struct qc_value *q;
	struct qc_attn_cache k, v;
	struct qc_attn_mask mask;
	double scale, softcap;
	double slope[QC_ATTN_MAX_HEADS];
	bool alibi;
	struct qc_value *bias;		/* [B or 1, H or 1, S or 1, slots], or NULL */
};

/*
 * Make the command in place of the product @mm. @last: as qc_attn_masked_bias()
 * (fuse_attn_make.c).
 */
int qc_attn_make(struct qc_graph *g, struct qc_node *mm,
		 struct qc_attention *a, struct qc_node **last);

/* ---- fuse_mask.c ---- */

/* A constant 0, 1, ... n - 1 along @axis, 1 elsewhere. */
bool qc_attn_is_range(const struct qc_value *v, uint32_t axis, int64_t n);
/* v [B, 1, S, 1] (or [B, S, 1]) holds the positions [B, S]: give those. */
struct qc_value *qc_attn_positions(struct qc_value *v);
/* v: true where slot > position, or slot <= position - window. */
bool qc_attn_mask(struct qc_value *v, int64_t slots, struct qc_attn_mask *m);
/*
 * The mask as a bias: a node before @at that gives @big where m->rest is true, else
 * @bias, or 0 without one. The last one made is used again for the same three.
 */
struct qc_value *qc_attn_masked_bias(struct qc_graph *g, struct qc_node *at,
				     const struct qc_attn_mask *m,
				     struct qc_value *bias,
				     struct qc_node **last);
/* The last slot for each of @batch sequences, [batch, 1]. */
struct qc_value *qc_attn_all_slots(struct qc_graph *g, int64_t batch,
				   int64_t slots);
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
