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

void qpc_panel_put(enum qaic_dtype dtype, uint8_t *panel, size_t k,
		   unsigned int row, size_t block, const uint8_t *code,
		   uint8_t scale)
{
	size_t elems, scales;
	uint32_t c[QAIC_MX_BLOCK / 4], w;
	unsigned int v, i;
	uint8_t *p;

	locate(dtype, k, block, &elems, &scales);
	panel[scales + row] = scale;
	p = panel + elems + row * 4;
	memcpy(c, code, sizeof(c));	/* four at a time */
	if (dtype == QAIC_MXINT8) {
		for (v = 0; v < 8; v++, p += VEC) {
			w = c[v] ^ 0x80808080;
			memcpy(p, &w, sizeof(w));
		}
		return;
	}
	for (v = 0; v < 8; v += 2, p += VEC) {
		w = (c[v] & 0x0f0f0f0f) | (c[v + 1] & 0x0f0f0f0f) << 4;
		memcpy(p, &w, sizeof(w));
	}
	for (v = 0; v < 8 && dtype == QAIC_MXFP6; v += 4, p += VEC) {
		for (i = w = 0; i < 4; i++)
			w |= (c[v + i] >> 4 & 0x03030303) << high_shift(v + i);
		memcpy(p, &w, sizeof(w));
	}
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
	uint8_t code[QAIC_MX_BLOCK], scale;
	size_t row, b;

	for (row = 0; row < QPC_PANEL_ROWS; row++) {
		for (b = 0; b * QAIC_MX_BLOCK < k; b++) {
			size_t left = k - b * QAIC_MX_BLOCK;

			if (row < n)
				scale = qaic_mx_encode(dtype, x + row * ld +
						b * QAIC_MX_BLOCK,
						left < QAIC_MX_BLOCK ? left :
						QAIC_MX_BLOCK, code);
			else	/* zeros */
				scale = qaic_mx_encode(dtype, x, 0, code);
			qpc_panel_put(dtype, out, k, row, b, code, scale);
		}
	}
}
