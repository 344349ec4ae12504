/* SPDX-License-Identifier: MIT */
/*
 * What each kern_mx_*.c includes first: activations to block integers, written so
 * that the compiler makes vectors of it, and the numbers of the formats.
 */
#include <string.h>

#include "base/f16.h"
#include "soc/kern_mx.h"

struct mx_job {
	float *y;
	size_t ldy;
	const struct mx_rows *x;
	float unit;		/* of the integers that weights are */
	bool acc;
};

/* Weights times elements per unit of integers: 8, 2 and 64. Exact. */
static inline float mx_unit(enum qaic_dtype dtype)
{
	return dtype == QAIC_MXFP6 ? 0.125f : dtype == QAIC_MXFP4 ? 0.5f :
	       0.015625f;
}

/* Bytes of the elements of a block of 16 rows. */
static inline size_t mx_elems(enum qaic_dtype dtype)
{
	return dtype == QAIC_MXFP6 ? 384 : dtype == QAIC_MXFP4 ? 256 : 512;
}

/*
 * One stream of weights is read fastest from memory if it is asked for some way ahead, 2
 * to 5 KB; several beside each other want less. Weights are used once, so they need not
 * stay in a cache. By hand, so that it stays where it is: GCC puts the prefetches of
 * some blocks together, which is as slow as none.
 */
#define MX_AHEAD	4096

static inline void mx_fetch(const uint8_t *p)
{
	__asm__ volatile("prefetchnta %0" : : "m"(*p));
}

/* ---- activations ---- */

/* to nearest even, |f| < 2^22 */
static inline int32_t mx_nearest(float f)
{
	return (int32_t)qaic_f32_to_bits(f + 12582912.0f) - 0x4b400000;
}

/* bits of the largest magnitude */
static inline uint32_t mx_largest(const float *x)
{
	uint32_t u[QAIC_MX_BLOCK], top = 0;
	int i;

	memcpy(u, x, sizeof(u));
	for (i = 0; i < QAIC_MX_BLOCK; i++) {
		uint32_t a = u[i] & 0x7fffffff;

		top = a > top ? a : top;
	}
	return top;
}

/* a b c d -> a c b d */
static inline void mx_swap_middle(int16_t *q)
{
	uint64_t u[QAIC_MX_BLOCK / 4];
	int i;

	memcpy(u, q, sizeof(u));
	for (i = 0; i < QAIC_MX_BLOCK / 4; i++)
		u[i] = (u[i] & 0xffff00000000ffffull) |
		       (u[i] & 0xffff0000ull) << 16 |
		       (u[i] >> 16 & 0xffff0000ull);
	memcpy(q, u, sizeof(u));
}

static inline void mx_one_block(const struct mx_rows *r, size_t row, size_t block,
				const float *x)
{
	size_t nr = row * r->blocks + block, at = nr * QAIC_MX_BLOCK;
	size_t half = r->m * r->blocks * QAIC_MX_BLOCK;
	float limit = r->act8 ? MX_TOP8 : MX_TOP16, by, top;
	uint32_t bits = mx_largest(x);
	int32_t q[QAIC_MX_BLOCK], sum = 0;
	int8_t hi[QAIC_MX_BLOCK], lo[QAIC_MX_BLOCK];
	int16_t s[QAIC_MX_BLOCK];
	int i;

	top = qaic_bits_to_f32(bits);
	if (bits >= 0x7f800000 || top < 0x1p-100f) {
		memset(q, 0, sizeof(q));
		r->scale[nr] = bits >= 0x7f800000 ?
			       qaic_bits_to_f32(0x7fc00000) : 0;
	} else {
		by = limit / top;
		for (i = 0; i < QAIC_MX_BLOCK; i++)
			q[i] = mx_nearest(x[i] * by);
		r->scale[nr] = top / limit;
	}
	for (i = 0; i < QAIC_MX_BLOCK; i++) {
		sum += q[i];
		s[i] = q[i];
	}
	r->sum[nr] = sum;
	if (r->q) {
		mx_swap_middle(s);
		memcpy(r->q + at, s, sizeof(s));
		return;
	}
	if (r->act8) {
		for (i = 0; i < QAIC_MX_BLOCK; i++)
			hi[i] = s[i];
	} else {
		for (i = 0; i < QAIC_MX_BLOCK; i++) {
			hi[i] = (int16_t)(s[i] + 128) >> 8;
			lo[i] = s[i];	/* what is left: modulo 256, signed */
		}
		memcpy(r->b + half + at, lo, sizeof(lo));
	}
	memcpy(r->b + at, hi, sizeof(hi));
}

static void mx_quant(const struct mx_rows *r, size_t row, size_t first,
		     size_t count, const float *x)
{
	size_t i;

	for (i = 0; i < count; i++)
		mx_one_block(r, row, first + i, x + i * QAIC_MX_BLOCK);
}
