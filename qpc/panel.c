// SPDX-License-Identifier: MIT
#include <string.h>

#include "qpc/panel.h"

#define VEC	64			/* bytes, elements */

/* Bytes of the elements of a block, 16 rows. */
static size_t block_bytes(enum qaic_dtype dtype)
{
	return (qaic_dtype_block(dtype) - 1) * QPC_PANEL_ROWS;
}

/* Where the elements of a block begin, and its 16 scales. */
static void locate(enum qaic_dtype dtype, size_t k, size_t block, size_t *elems,
		   size_t *scales)
{
	size_t blocks = qpc_panel_k(k) / QAIC_MX_BLOCK;
	size_t first = block / QPC_GROUP * QPC_GROUP;
	size_t in_group = blocks - first < QPC_GROUP ? blocks - first :
			  QPC_GROUP;
	size_t base = first * (block_bytes(dtype) + QPC_PANEL_ROWS);

	*elems = base + (block - first) * block_bytes(dtype);
	*scales = base + in_group * block_bytes(dtype) +
		  (block - first) * QPC_PANEL_ROWS;
}

/* Shift of the high two bits of vector @v within their byte */
static unsigned int high_shift(unsigned int v)
{
	static const uint8_t shift[4] = { 4, 6, 0, 2 };

	return shift[v % 4];
}

/*
 * The codes of one row of a block, @p at its place in the first vector. Two vectors
 * at a time: eight codes are a word of 64 bits, the odd vector above the even one.
 */
static inline void put_row(enum qaic_dtype dtype, uint8_t *p,
			   const uint8_t *code)
{
	const uint64_t low = 0x0f0f0f0f0f0f0f0f, high = 0x0303030303030303;
	uint64_t c[QAIC_MX_BLOCK / 8], t, u;
	unsigned int i;
	uint32_t w;

	memcpy(c, code, sizeof(c));
	if (dtype == QAIC_MXINT8) {
		for (i = 0; i < 4; i++, p += 2 * VEC) {
			t = c[i] ^ 0x8080808080808080;
			w = t;
			memcpy(p, &w, sizeof(w));
			w = t >> 32;
			memcpy(p + VEC, &w, sizeof(w));
		}
		return;
	}
	for (i = 0; i < 4; i++, p += VEC) {
		t = c[i] & low;
		w = t | t >> 28;
		memcpy(p, &w, sizeof(w));
	}
	/* vectors 0 to 3 to bits 4, 6, 0, 2: see high_shift() */
	for (i = 0; i < 4 && dtype == QAIC_MXFP6; i += 2, p += VEC) {
		t = c[i] >> 4 & high;
		u = c[i + 1] >> 4 & high;
		w = t << 4 | t >> 26 | u | u >> 30;
		memcpy(p, &w, sizeof(w));
	}
}

void qpc_panel_put(enum qaic_dtype dtype, uint8_t *panel, size_t k,
		   unsigned int row, size_t block, const uint8_t *code,
		   uint8_t scale)
{
	size_t elems, scales;

	locate(dtype, k, block, &elems, &scales);
	panel[scales + row] = scale;
	put_row(dtype, panel + elems + row * 4, code);
}

uint8_t qpc_panel_get(enum qaic_dtype dtype, const uint8_t *panel, size_t k,
		      unsigned int row, size_t block, uint8_t *code)
{
	size_t elems, scales;
	unsigned int i, v, at;
	const uint8_t *p;

	locate(dtype, k, block, &elems, &scales);
	p = panel + elems;
	for (i = 0; i < QAIC_MX_BLOCK; i++) {
		v = i / 4;
		at = row * 4 + i % 4;
		if (dtype == QAIC_MXINT8) {
			code[i] = p[v * VEC + at] ^ 0x80;
			continue;
		}
		code[i] = p[v / 2 * VEC + at] >> v % 2 * 4 & 15;
		if (dtype == QAIC_MXFP6)
			code[i] |= (p[(4 + v / 4) * VEC + at] >>
				    high_shift(v) & 3) << 4;
	}
	return panel[scales + row];
}

void qpc_panel_pack(enum qaic_dtype dtype, const float *x, size_t ld, size_t n,
		    size_t k, uint8_t *out)
{
	qaic_mx_encoder *encode = qaic_mx_encoder_get(0);
	size_t row, b, left, elems, scales;
	uint8_t code[QAIC_MX_BLOCK];
	const float *from;

	for (b = 0; b * QAIC_MX_BLOCK < k; b++) {
		locate(dtype, k, b, &elems, &scales);
		left = k - b * QAIC_MX_BLOCK;
		left = left < QAIC_MX_BLOCK ? left : QAIC_MX_BLOCK;
		for (row = 0; row < QPC_PANEL_ROWS; row++) {
			from = x + (row < n ? row * ld : 0) + b * QAIC_MX_BLOCK;
			if (row >= n)	/* zeros */
				out[scales + row] = qaic_mx_encode(dtype, x, 0,
								   code);
			else if (left < QAIC_MX_BLOCK)
				out[scales + row] = qaic_mx_encode(dtype, from,
								   left, code);
			else
				out[scales + row] = encode(dtype, from, code);
			put_row(dtype, out + elems + row * 4, code);
		}
	}
}
