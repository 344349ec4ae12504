// SPDX-License-Identifier: MIT
/*
 * Block products in plain C: for CPUs without AVX2, and what the others are
 * compared with.
 */
#include "soc/kern_mx_common.h"

/* Values of the codes of a format in units, and of the bytes of MXINT8. */
static int value_of(enum qaic_dtype dtype, uint8_t code)
{
	return qaic_mx_element(dtype, code) / mx_unit(dtype);
}

/* Four vectors' places: k = 4 v + j of row i; see qpc/panel.h. */
static void decode_block(enum qaic_dtype dtype, const int8_t *table,
			 const uint8_t *p, int16_t out[QPC_PANEL_ROWS][32])
{
	static const uint8_t shift[4] = { 4, 6, 0, 2 };
	unsigned int v, i, j, c;

	for (v = 0; v < 8; v++) {
		for (i = 0; i < QPC_PANEL_ROWS * 4; i++) {
			j = v * 4 + i % 4;
			if (dtype == QAIC_MXINT8) {
				out[i / 4][j] = (int8_t)(p[v * 64 + i] ^ 0x80);
				continue;
			}
			c = p[v / 2 * 64 + i] >> v % 2 * 4 & 15;
			if (dtype == QAIC_MXFP6)
				c |= (p[(4 + v / 4) * 64 + i] >> shift[v % 4] &
				      3) << 4;
			out[i / 4][j] = table[c];
		}
	}
}

/* The integers of a block in their own order. */
static void natural(const struct mx_rows *x, size_t nr, int16_t a[32])
{
	memcpy(a, x->q + nr * QAIC_MX_BLOCK, 32 * sizeof(*a));
	mx_swap_middle(a);
}

static void add_block(const struct mx_rows *x, size_t b, const uint8_t *scales,
		      int16_t w[QPC_PANEL_ROWS][32], float *acc, size_t ld)
{
	int16_t a[32];
	size_t m, nr;
	int32_t s;
	int i, k;

	for (m = 0; m < x->m; m++) {
		nr = m * x->blocks + b;
		natural(x, nr, a);
		for (i = 0; i < QPC_PANEL_ROWS; i++) {
			for (k = s = 0; k < 32; k++)
				s += (int32_t)w[i][k] * a[k];
			acc[m * ld + i] += s * (x->scale[nr] *
				qaic_bits_to_f32((uint32_t)scales[i] << 23));
		}
	}
}

static void panel(enum qaic_dtype dtype, const int8_t *table, float *y, size_t ldy,
		  const struct mx_rows *x, const uint8_t *w)
{
	size_t elems = mx_elems(dtype), b, i, g;
	int16_t d[QPC_PANEL_ROWS][32];

	for (b = 0; b < x->blocks; b += g) {
		g = x->blocks - b < QPC_GROUP ? x->blocks - b : QPC_GROUP;
		for (i = 0; i < g; i++) {
			decode_block(dtype, table, w + i * elems, d);
			add_block(x, b + i, w + g * elems + i * QPC_PANEL_ROWS,
				  d, y, ldy);
		}
		w += g * (elems + QPC_PANEL_ROWS);
	}
}

static void scale_y(float *y, size_t ldy, size_t m, float by, bool set)
{
	size_t i, j;

	for (i = 0; i < m; i++)
		for (j = 0; j < QPC_PANEL_ROWS; j++)
			y[i * ldy + j] = set ? by : y[i * ldy + j] * by;
}

static void mx_mul(enum qaic_dtype dtype, float *y, size_t ldy,
		   const struct mx_rows *x, const uint8_t *w, size_t pitch,
		   size_t n, bool acc, void *work)
{
	float unit = mx_unit(dtype);
	int8_t table[64];
	size_t i;

	(void)work;
	for (i = 0; i < 64; i++)
		table[i] = value_of(dtype, i);
	for (i = 0; i < n; i += QPC_PANEL_ROWS, w += pitch) {
		scale_y(y + i, ldy, x->m, acc ? 1 / unit : 0, !acc);
		panel(dtype, table, y + i, ldy, x, w);
		scale_y(y + i, ldy, x->m, unit, false);
	}
}

static bool use_bytes(enum qaic_dtype dtype, size_t m, bool act8)
{
	(void)dtype;
	(void)m;
	(void)act8;
	return false;
}

static const struct kern_mx portable = {
	.name = "portable", .bytes = use_bytes, .quant = mx_quant, .line = mx_line,
	.mul = mx_mul,
};

const struct kern_mx *kern_mx_portable(void)
{
	return &portable;
}
