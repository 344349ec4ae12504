// SPDX-License-Identifier: MIT
#include <string.h>

#include "base/f16.h"
#include "base/mx.h"

/* exponent of the largest power of two that an element holds */
static int element_emax(enum qaic_dtype dtype)
{
	return dtype == QAIC_MXINT8 ? 0 : 2;
}

float qaic_e8m0_to_f32(uint8_t scale)
{
	if (scale == QAIC_MX_NAN)
		return qaic_bits_to_f32(0x7fc00000);
	return qaic_bits_to_f32(scale ? (uint32_t)scale << 23 : 0x00400000);
}

float qaic_mx_element(enum qaic_dtype dtype, uint8_t code)
{
	/* magnitudes in units of 1/8 and 1/2 */
	static const uint8_t e2m3[32] = {
		0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15,
		16, 18, 20, 22, 24, 26, 28, 30, 32, 36, 40, 44, 48, 52, 56, 60,
	};
	static const uint8_t e2m1[8] = { 0, 1, 2, 3, 4, 6, 8, 12 };
	float v;

	switch (dtype) {
	case QAIC_MXFP6:
		v = e2m3[code & 31] * 0.125f;
		return code & 32 ? -v : v;
	case QAIC_MXFP4:
		v = e2m1[code & 7] * 0.5f;
		return code & 8 ? -v : v;
	default:
		return (int8_t)code * 0.015625f;
	}
}

/* Round to nearest even; |a| < 2^22. */
static inline int32_t nearest(float a)
{
	return (int32_t)qaic_f32_to_bits(a + 12582912.0f) - 0x4b400000;
}

/*
 * Codes of magnitudes rise with the value, so within each binade a code is a
 * rounded multiple of the value, and rounding up runs into the next binade.
 */
static inline uint8_t to_e2m3(float x)
{
	float a = x < 0 ? -x : x;
	int32_t c = a < 2 ? nearest(a * 8) : a < 4 ? 8 + nearest(a * 4) :
		    16 + nearest(a * 2);

	c = c > 31 ? 31 : c;
	return x < 0 ? c | 32 : c;
}

static inline uint8_t to_e2m1(float x)
{
	float a = x < 0 ? -x : x;
	int32_t c = a < 2 ? nearest(a * 2) : a < 4 ? 2 + nearest(a) :
		    4 + nearest(a * 0.5f);

	c = c > 7 ? 7 : c;
	return x < 0 ? c | 8 : c;
}

static inline uint8_t to_int8(float x)
{
	int32_t c = nearest(x * 64);

	return c > 127 ? 127 : c < -127 ? -127 : c;
}

/* The largest magnitude, as bits: they are ordered as the values are. */
static uint32_t largest(const float *x)
{
	uint32_t u, top = 0;
	unsigned int i;

	for (i = 0; i < QAIC_MX_BLOCK; i++) {
		u = qaic_f32_to_bits(x[i]) & 0x7fffffff;
		top = u > top ? u : top;
	}
	return top;
}

static int scale_of(enum qaic_dtype dtype, uint32_t top)
{
	/* of a subnormal float the clamp below needs no exact exponent */
	int e = (int)(top >> 23) - element_emax(dtype);

	return e < 0 ? 0 : e;
}

uint8_t qaic_mx_encode(enum qaic_dtype dtype, const float *x, unsigned int n,
		       uint8_t code[QAIC_MX_BLOCK])
{
	float v[QAIC_MX_BLOCK] = { 0 }, by;
	uint32_t top;
	int e, i;

	memcpy(v, x, n * sizeof(*v));
	top = largest(v);
	if (!top || top >= 0x7f800000) {
		memset(code, 0, QAIC_MX_BLOCK);
		return top ? QAIC_MX_NAN : 0;
	}
	e = scale_of(dtype, top);
	/* 2^(127 - e), exact, as two factors: one alone may be subnormal */
	by = qaic_bits_to_f32((uint32_t)(127 + (127 - e) / 2) << 23);
	for (i = 0; i < QAIC_MX_BLOCK; i++)
		v[i] *= by;
	by = qaic_bits_to_f32((uint32_t)(127 + 127 - e - (127 - e) / 2) << 23);
	for (i = 0; i < QAIC_MX_BLOCK; i++)
		v[i] *= by;
	switch (dtype) {
	case QAIC_MXFP6:
		for (i = 0; i < QAIC_MX_BLOCK; i++)
			code[i] = to_e2m3(v[i]);
		break;
	case QAIC_MXFP4:
		for (i = 0; i < QAIC_MX_BLOCK; i++)
			code[i] = to_e2m1(v[i]);
		break;
	default:
		for (i = 0; i < QAIC_MX_BLOCK; i++)
			code[i] = to_int8(v[i]);
	}
	return e;
}

void qaic_mx_decode(enum qaic_dtype dtype, uint8_t scale, const uint8_t *code,
		    unsigned int n, float *x)
{
	float s = qaic_e8m0_to_f32(scale);
	unsigned int i;

	for (i = 0; i < n; i++)
		x[i] = qaic_mx_element(dtype, code[i]) * s;
}
