/* SPDX-License-Identifier: MIT */
/* ATTN: what nsp_attn.c and nsp_attn_wide.c share. */
#ifndef SOC_NSP_ATTN_H
#define SOC_NSP_ATTN_H

#include "soc/nsp_priv.h"

#define ATTN_MAX_SLOTS 128		/* of one block */

struct attn {
	const struct nsp_run *r;
	const struct kern *kern;
	size_t S, D, C;
	float scale, cap;
	int64_t window;
	size_t b, s0, sn, h0, hn, hkv;	/* what is being done */
	size_t dp;			/* D filled up to KERN_PAD */
	size_t block;			/* slots, for the softmax */
	size_t ldp;			/* of p, at least block */
	float *q, *acc;			/* [sn][hn][dp] */
	float *k, *v;			/* [dp][block] and [block][dp], or lines */
	float *raw;			/* lines that are not as kernels want them */
	float *p;			/* rows of [ldp] */
	float *max, *sum;		/* [sn][hn] */
	int64_t *lo, *hi;		/* [sn]: slots [lo, hi) */
	bool bias;			/* o5 is added as it is */
};

/* the slots that query position @s reads */
void nsp_attn_range(struct attn *a, size_t b, size_t s, int64_t *lo,
		    int64_t *hi);
uint8_t *nsp_attn_query(const struct attn *a, int o, size_t s, size_t h);
uint8_t *nsp_attn_slot(const struct attn *a, int o, int64_t j);
/* p[i] += what o5 says of the slots [lo, lo + n) for query position s0 + @s */
void nsp_attn_bias(const struct attn *a, float *p, size_t s, size_t h,
		   int64_t lo, size_t n);

/* ---- nsp_attn_wide.c ---- */

/* Heads that are too long for the scratch: slow, but any length. */
void nsp_attn_wide(struct attn *a, size_t group);

#endif
