/* SPDX-License-Identifier: MIT */
/*
 * One matrix product, inside MATMUL.
 */
#ifndef SOC_NSP_MM_H
#define SOC_NSP_MM_H

#include "soc/nsp_priv.h"

#define MM_SGEMM 33		/* activation rows for which a BLAS is faster */

enum mm_form {			/* how the weights are stored */
	MM_ROWS_F16, MM_ROWS_F32,	/* [N][K] */
	MM_COLS_F16, MM_COLS_F32,	/* [K][N] */
	MM_PANELS,			/* a block type, qpc/panel.h */
	MM_PANELS_F16,
	MM_OTHER,
};

struct mm_row {			/* where one is, in bytes */
	int64_t x, y;
};

struct mm {
	const struct kern *kern;
	uint8_t *scratch;
	size_t m, n, k;
	uint8_t *y;
	const uint8_t *x, *w, *bias;	/* bias may be NULL */
	int64_t ym, yn, xm, xk, wn, wk, bn;	/* strides in bytes */
	const struct mm_row *row;	/* of each m, instead of ym and xm */
	uint8_t yt, xt, wt, bt;		/* dtypes */
	bool act8;			/* MM_PANELS: 8-bit activations */
	enum mm_form form;
};

static inline const uint8_t *mm_x(const struct mm *mm, size_t m)
{
	return mm->x + (mm->row ? mm->row[m].x : (int64_t)m * mm->xm);
}

static inline uint8_t *mm_y(const struct mm *mm, size_t m)
{
	return mm->y + (mm->row ? mm->row[m].y : (int64_t)m * mm->ym);
}

/* Activations [m][k] as F32 with row stride @ld, in @buf or where they are. */
const float *mm_load_x(const struct mm *mm, float *buf, size_t ld, size_t m0,
		       size_t m, size_t k0, size_t k);
/* Weights [n][k] as F32. */
void mm_load_w(const struct mm *mm, float *buf, size_t ld, size_t n0, size_t n,
	       size_t k0, size_t k);
/* Add the bias to y [m][n] (which it changes) and store it. */
void mm_store_y(const struct mm *mm, float *y, size_t ld, size_t m0, size_t m,
		size_t n0, size_t n);

/*
 * nsp_matmul.c: by streaming, so that a row's result does not depend on how many
 * there are; no weights are zeros
 */
void mm_stream(const struct mm *mm);

/*
 * nsp_experts.c: products [b0][b1] of a row each with the matrix that its index
 * chooses. False: not in this way, nothing is done.
 */
bool mm_experts(const struct nsp_run *r, const struct mm *mm, size_t b0,
		size_t b1);

/* nsp_sgemm.c: any number of activation rows. False: there is no BLAS. */
bool mm_sgemm(const struct mm *mm);

/* nsp_panels.c: weights in blocks */
void mm_panels(const struct mm *mm);
/* nsp_panels_f16.c: weights in F16 panels */
void mm_panels_f16(const struct mm *mm);
/* Fill @rows from the activation rows @m0 on, block @b0 of K on. */
struct mx_rows;
void mm_quantize(const struct mm *mm, const struct mx_rows *rows, size_t m0,
		 size_t b0);
/*
 * nsp_remember.c: rows [m0, m0 + m) in blocks, from the calling thread's memory of
 * what it made last. False if it has no room for them.
 */
bool mm_remembered(const struct mm *mm, size_t m0, size_t m, bool bytes,
		   struct mx_rows *x);

#endif
