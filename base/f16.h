/* SPDX-License-Identifier: MIT */
/*
 * Scalar conversions between float and the 16-bit formats: IEEE 754 binary16
 * (round to nearest even, subnormals kept, overflow to infinity) and bfloat16.
 */
#ifndef QAIC_F16_H
#define QAIC_F16_H

#include <stdint.h>
#include <string.h>

static inline float qaic_bits_to_f32(uint32_t u)
{
	float f;

	memcpy(&f, &u, sizeof(f));
	return f;
}

static inline uint32_t qaic_f32_to_bits(float f)
{
	uint32_t u;

	memcpy(&u, &f, sizeof(u));
	return u;
}

static inline float qaic_bf16_to_f32(uint16_t h)
{
	return qaic_bits_to_f32((uint32_t)h << 16);
}

static inline uint16_t qaic_f32_to_bf16(float f)
{
	uint32_t u = qaic_f32_to_bits(f);

	if ((u & 0x7fffffff) > 0x7f800000)
		return (u >> 16) | 0x40;	/* keep a NaN a NaN */
	return (u + 0x7fff + ((u >> 16) & 1)) >> 16;
}

static inline float qaic_f16_to_f32(uint16_t h)
{
	uint32_t sign = (uint32_t)(h & 0x8000) << 16;
	uint32_t exp = (h >> 10) & 0x1f;
	uint32_t man = h & 0x3ff;

	if (exp == 0x1f)
		return qaic_bits_to_f32(sign | 0x7f800000 | man << 13);
	if (exp)
		return qaic_bits_to_f32(sign | (exp + 112) << 23 | man << 13);
	/* zero or subnormal: man * 2^-24 is exact in float */
	return qaic_bits_to_f32(sign |
			qaic_f32_to_bits((float)man * 5.9604644775390625e-08f));
}

static inline uint16_t qaic_f32_to_f16(float f)
{
	uint32_t u = qaic_f32_to_bits(f);
	uint16_t sign = (u >> 16) & 0x8000;
	uint32_t a = u & 0x7fffffff;

	if (a > 0x7f800000)
		return sign | 0x7e00;
	if (a >= 0x477ff000)			/* rounds to 65536 or more */
		return sign | 0x7c00;
	if (a < 0x38800000) {			/* below 2^-14: subnormal */
		/* adding 0.5 leaves round(a * 2^24) in the low mantissa bits */
		float r = qaic_bits_to_f32(a) + 0.5f;

		return sign | (uint16_t)(qaic_f32_to_bits(r) - 0x3f000000);
	}
	return sign | (uint16_t)((a - 0x38000000 + 0xfff + ((a >> 13) & 1)) >> 13);
}

#endif
