// SPDX-License-Identifier: MIT
/*
 * Block products in plain C: for CPUs without AVX2, and what the others are
 * compared with.
 */
#include "soc/kern_mx_common.h"

#define VECTOR	(QPC_PANEL_ROWS * 4)	/* four k of each row; qpc/panel.h */

/*
 * The value of a code in units (mx_unit): a sign, two bits of exponent, @m of
 * mantissa. Nothing here keeps a compiler from doing many at once.
 */
static inline int8_t value_of(uint8_t code, int m)
{
	uint8_t e = code >> m & 3, v = code & ((1 << m) - 1);

	v += e ? 1 << m : 0;
	v += e >= 2 ? v : 0;
	v += e == 3 ? v : 0;
	return code >> (m + 2) & 1 ? -v : v;
}

/* Vector @v of the block. */
static void decode_vector(enum qaic_dtype dtype, const uint8_t *p, unsigned int v,
			  int8_t out[VECTOR])
{
	static const uint8_t shift[4] = { 4, 6, 0, 2 };
	const uint8_t *low = p + v / 2 * VECTOR, *high = p + (4 + v / 4) * VECTOR;
	unsigned int i, s = v % 2 * 4, h = shift[v % 4];

	if (dtype == QAIC_MXINT8)
		for (i = 0; i < VECTOR; i++)
			out[i] = (int8_t)(p[v * VECTOR + i] ^ 0x80);
	else if (dtype == QAIC_MXFP6)
		for (i = 0; i < VECTOR; i++)
			out[i] = value_of((low[i] >> s & 15) |
					  (high[i] >> h & 3) << 4, 3);
	else
		for (i = 0; i < VECTOR; i++)
			out[i] = value_of(low[i] >> s & 15, 1);
}

static void decode_block(enum qaic_dtype dtype, const uint8_t *p,
			 int16_t out[QPC_PANEL_ROWS][32])
{
	int8_t bytes[VECTOR];
	int16_t words[VECTOR];
	unsigned int v, i;

	for (v = 0; v < 8; v++) {
		decode_vector(dtype, p, v, bytes);
		for (i = 0; i < VECTOR; i++)
			words[i] = bytes[i];
		for (i = 0; i < QPC_PANEL_ROWS; i++)
			memcpy(&out[i][v * 4], &words[i * 4], 4 * sizeof(*words));
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

static void panel(enum qaic_dtype dtype, float *y, size_t ldy,
		  const struct mx_rows *x, const uint8_t *w)
{
	size_t elems = mx_elems(dtype), b, i, g;
	int16_t d[QPC_PANEL_ROWS][32];

	for (b = 0; b < x->blocks; b += g) {
		g = x->blocks - b < QPC_GROUP ? x->blocks - b : QPC_GROUP;
		for (i = 0; i < g; i++) {
			decode_block(dtype, w + i * elems, d);
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
	size_t i;

	(void)work;
	for (i = 0; i < n; i += QPC_PANEL_ROWS, w += pitch) {
		scale_y(y + i, ldy, x->m, acc ? 1 / unit : 0, !acc);
		panel(dtype, y + i, ldy, x, w);
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
	.name = "portable", .bytes = use_bytes, .quant = mx_quant,
	.mul = mx_mul,
};

const struct kern_mx *kern_mx_portable(void)
{
	return &portable;
}
