/* SPDX-License-Identifier: MIT */
/*
 * Row kernels: the inner loops of the NSP, once per instruction set.
 *
 * The same source (kern_body.h) is compiled for each; kern_get() chooses at the
 * first call. Rows are contiguous F32 unless a name says F16. @y may be the same
 * row as an input.
 */
#ifndef SOC_KERN_H
#define SOC_KERN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "qpc/isa.h"

typedef void kern_unary(float *y, const float *x, size_t n, float a, float b);
typedef void kern_binary(float *y, const float *a, const float *b, size_t n);

/*
 * A product of @m rows of x [m][k] with a weight matrix, y [m][n]. ld* are in
 * elements. @acc adds to y instead of setting it. Every element of y is summed
 * in an order that depends on k alone.
 */
#define KERN_GEMM_ARGS(wtype)						\
	float *y, size_t ldy, const float *x, size_t ldx, size_t m,	\
	const wtype *w, ptrdiff_t ldw, size_t n, size_t k, bool acc

/*
 * Cache lines of one type, @d elements each and @ld bytes apart; of MXINT8 as
 * qpc/isa.h has them. Rows that they meet (q, acc) are filled up to a multiple of
 * KERN_PAD elements, q with zeros.
 */
#define KERN_PAD	16

struct kern_lines {
	/* p[i][j] = q[i] . x[j] for @m rows and @n lines */
	void (*dot)(float *p, size_t ldp, const float *q, size_t ldq, size_t m,
		    const uint8_t *x, ptrdiff_t ld, size_t n, size_t d);
	/* acc[i] += p[i][0] x[0] + p[i][1] x[1] + ... in that order */
	void (*add)(float *acc, size_t lda, const float *p, size_t ldp,
		    size_t m, const uint8_t *x, ptrdiff_t ld, size_t n,
		    size_t d);
	/* as rows of F32, filled up with zeros to KERN_PAD */
	void (*unpack)(float *y, size_t ldy, const uint8_t *x, ptrdiff_t ld,
		       size_t n, size_t d);
	/* the same as columns, and as many of them, of any value */
	void (*turn)(float *y, size_t ldy, const uint8_t *x, ptrdiff_t ld,
		     size_t n, size_t d);
};

/*
 * A product with F16 panels (qpc/panel.h). K is cut into like blocks, two at least: other
 * numbers are no better in general. In a block of activations the rows are
 * KERN_PANEL_LD floats apart: a whole number of cache lines and an odd one, so that rows
 * do not fall on each other in the caches.
 */
#define KERN_PANEL_K	512		/* of a block, at most */
#define KERN_PANEL_LD	(KERN_PANEL_K + 16)

struct kern_panel {
	float *y;		/* [m][n], n filled up to a multiple of 16 */
	size_t ldy;
	const float *x;
	size_t next;		/* floats from block to block */
	size_t m, n, k;
	size_t block;		/* of K: kern_panel_block() of all of it */
	const uint16_t *w;
	size_t pitch;		/* elements from panel to panel */
	bool acc;		/* add to y */
};

static inline size_t kern_panel_block(size_t k)
{
	size_t n = k <= 2 * KERN_PANEL_K ? 2 :
		   (k + KERN_PANEL_K - 1) / KERN_PANEL_K;

	return ((k + n - 1) / n + 15) / 16 * 16;
}

struct kern {
	const char *name;
	void (*from_f16)(float *y, const uint16_t *x, size_t n);
	void (*to_f16)(uint16_t *y, const float *x, size_t n);

	kern_unary *unary[NSP_U_COUNT];		/* none is NULL */
	kern_binary *binary[NSP_B_COUNT];	/* comparisons give 0 or 1 */

	float (*sum)(const float *x, size_t n);
	float (*sumabs)(const float *x, size_t n);
	/* sum of (x - c)^2 */
	float (*sumsq)(const float *x, size_t n, float c);
	/* NaNs do not count; -inf / +inf for nothing */
	float (*max)(const float *x, size_t n);
	float (*min)(const float *x, size_t n);
	/* y = exp(x - c), returns the sum of y */
	float (*expsum)(float *y, const float *x, size_t n, float c);
	/* y = (x - mean) * r * gamma + beta; gamma and beta may be NULL */
	void (*norm)(float *y, const float *x, size_t n, float mean, float r,
		     const float *gamma, const float *beta);

	/* weights stored [n][k]: rows are dotted with x */
	void (*rows_f16)(KERN_GEMM_ARGS(uint16_t));
	void (*rows_f32)(KERN_GEMM_ARGS(float));
	/* weights stored [k][n]: rows are added up */
	void (*cols_f16)(KERN_GEMM_ARGS(uint16_t));
	void (*cols_f32)(KERN_GEMM_ARGS(float));
	/* weights in F16 panels */
	void (*panels_f16)(const struct kern_panel *p);

	struct kern_lines f16, f32, mxint8;
	/*
	 * dot() and add() for many rows, bit for bit, with what turn() and unpack()
	 * made. Rows of p and k have room for a multiple of 2 * KERN_PAD slots; d
	 * is filled up; scores() has room for 3 more rows of q and p.
	 */
	void (*scores)(float *p, size_t ldp, const float *q, size_t ldq,
		       size_t m, const float *k, size_t ldk, size_t n,
		       size_t d);
	void (*weigh)(float *acc, size_t lda, const float *p, size_t ldp,
		      size_t m, const float *v, size_t ldv, size_t n,
		      size_t d);
};

const struct kern *kern_get(void);

/* NULL where the CPU or the build lacks it */
const struct kern *kern_portable(void);
const struct kern *kern_avx2(void);
const struct kern *kern_avx512(void);

#endif
