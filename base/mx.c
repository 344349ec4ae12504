// SPDX-License-Identifier: MIT
#include "base/f16.h"
#include "base/mx.h"

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

void qaic_mx_decode(enum qaic_dtype dtype, uint8_t scale, const uint8_t *code,
		    unsigned int n, float *x)
{
	float s = qaic_e8m0_to_f32(scale);
	unsigned int i;

	for (i = 0; i < n; i++)
		x[i] = qaic_mx_element(dtype, code[i]) * s;
}
