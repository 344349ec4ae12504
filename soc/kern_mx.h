/* SPDX-License-Identifier: MIT */
/*
 * Products with weights in a block format (base/mx.h, qpc/panel.h), once per
 * instruction set.
 *
 * Activations are turned into integers with a scale for every 32 of them along K,
 * 16 bits wide (or 8, if the command says so). The products and sums of one block
 * are exact integers; the sums of the blocks, times both scales, are added in F32
 * in rising order of K. So a result does not depend on the number of rows, and the
 * instruction sets differ by a rounding of multiply-add at most. The bounds are in
 * Documentation/number-formats.md.
 */
#ifndef SOC_KERN_MX_H
#define SOC_KERN_MX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "qpc/panel.h"

#define MX_TOP16	32512	/* 127 * 256: its high byte is an int8_t */
#define MX_TOP8		127

/* Rows of activations in blocks. Buffers are the caller's, 64-aligned. */
struct mx_rows {
	size_t m, blocks;	/* blocks of 32 per row */
	bool act8;
	/* either the integers [m][32 blocks]; groups of four in order 0, 2, 1, 3 */
	int16_t *q;
	/* or, 16 bits: [2][m][32 blocks] high and low bytes, the low one signed;
	 * 8 bits: the integers alone */
	int8_t *b;
	int32_t *sum;		/* [m][blocks] of the integers */
	float *scale;		/* [m][blocks] */
};

/* Bytes for the buffers of @m rows; their places in @buf. @bytes: b, not q. */
size_t mx_rows_bytes(size_t m, size_t blocks);
void mx_rows_init(struct mx_rows *r, void *buf, size_t m, size_t blocks,
		  bool act8, bool bytes);

struct kern_mx {
	const char *name;
	/* Does mul() take bytes for so many rows? */
	bool (*bytes)(enum qaic_dtype dtype, size_t m, bool act8);
	/*
	 * Fill @count blocks of row @row, from block @first on. @x has 32 @count
	 * floats. A block with an infinity or a NaN becomes NaN, one below 2^-100
	 * zeros.
	 */
	void (*quant)(const struct mx_rows *r, size_t row, size_t first,
		      size_t count, const float *x);
	/*
	 * y[m][n] (+)= x * w^T. @w is the first panel, or what is left of it from
	 * a group on, with x->blocks blocks to go; panels are @pitch bytes apart.
	 * y is written up to a multiple of 16 columns (ldy allows that). @work is
	 * MX_WORK bytes, 64-aligned.
	 */
	void (*mul)(enum qaic_dtype dtype, float *y, size_t ldy,
		    const struct mx_rows *x, const uint8_t *w, size_t pitch,
		    size_t n, bool acc, void *work);
};

#define MX_WORK		(64u << 10)

const struct kern_mx *kern_mx_get(void);

/* NULL where the CPU or the build lacks it */
const struct kern_mx *kern_mx_portable(void);
const struct kern_mx *kern_mx_avx2(void);
const struct kern_mx *kern_mx_avx512(void);

#endif
