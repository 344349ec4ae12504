/* SPDX-License-Identifier: MIT */
/*
 * How a matrix of weights lies in constants.bin: in panels of 16 rows, made for
 * kernels that keep one row per 32-bit lane. Panels follow each other; N is filled
 * up with rows of zeros to a multiple of 16.
 *
 * QAIC_F16_PANELS: element (n, k) of a panel is number 16 k + n, an F16; so a panel is
 * [K][16]. K is as it is.
 *
 * The block formats (base/mx.h):
 *
 * K is filled up with zeros to a multiple of 32. A panel is cut along K into groups
 * of four blocks, 128 elements of K; the last group has what is left. A group of B
 * blocks is the elements of its blocks, one block after the other, then the scales,
 * B times 16 bytes. So full groups are a multiple of 64 bytes, and a scale costs no
 * more than its byte.
 *
 * The elements of one block, 16 rows by 32 k, are eight vectors v of 64 elements:
 * element 4 i + j of vector v is row i, k = 4 v + j.
 *
 *	MXINT8	8 x 64 bytes: byte = code ^ 0x80 (the value plus 128)
 *	MXFP4	4 x 64 bytes: vector 2 i in the low halves of byte vector i,
 *		vector 2 i + 1 in the high halves
 *	MXFP6	4 x 64 bytes of the low four bits, as MXFP4; then 2 x 64 bytes of
 *		the high two bits: byte vector i has those of vector 4 i in bits
 *		4-5, of 4 i + 1 in bits 6-7, of 4 i + 2 in bits 0-1, of 4 i + 3 in
 *		bits 2-3
 *
 * All in all N16 * K32 / 32 blocks of qaic_dtype_block() bytes. Row 16 p begins at
 * qaic_dtype_bytes(dtype, 16 * p * K32), of F16 16 * p * K: a matrix can be cut
 * between panels.
 */
#ifndef QPC_PANEL_H
#define QPC_PANEL_H

#include <stddef.h>
#include <stdint.h>

#include "base/dtype.h"
#include "base/mx.h"

#define QPC_PANEL_ROWS	16
#define QPC_GROUP	4		/* blocks */

static inline uint64_t qpc_panel_k(uint64_t k)
{
	return (k + QAIC_MX_BLOCK - 1) / QAIC_MX_BLOCK * QAIC_MX_BLOCK;
}

static inline uint64_t qpc_panel_n(uint64_t n)
{
	return (n + QPC_PANEL_ROWS - 1) / QPC_PANEL_ROWS * QPC_PANEL_ROWS;
}

/* Elements of a row of a matrix in panels of @dtype, as it is stored. */
static inline uint64_t qpc_panel_width(unsigned int dtype, uint64_t k)
{
	return qaic_dtype_is_mx(dtype) ? qpc_panel_k(k) : k;
}

/*
 * Block formats: write the panel of @n <= 16 rows of @k floats, @ld apart. @out gets
 * qaic_dtype_bytes(dtype, 16 * qpc_panel_k(k)) bytes.
 */
void qpc_panel_pack(enum qaic_dtype dtype, const float *x, size_t ld, size_t n,
		    size_t k, uint8_t *out);

/* One block of one row, of codes and a scale that are at hand. */
void qpc_panel_put(enum qaic_dtype dtype, uint8_t *panel, size_t k,
		   unsigned int row, size_t block, const uint8_t *code,
		   uint8_t scale);

/* The codes (32) and the scale of one block of one row of a panel. */
uint8_t qpc_panel_get(enum qaic_dtype dtype, const uint8_t *panel, size_t k,
		      unsigned int row, size_t block, uint8_t *code);

#endif
