// SPDX-License-Identifier: MIT
/*
 * The 16-bit formats against their definitions: every half, and around every
 * pair of neighbouring halves the floats that decide the rounding.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/dtype.h"
#include "base/f16.h"

/* From the definition, with no code in common. */
static double half_value(uint16_t h)
{
	int exp = h >> 10 & 31, man = h & 1023;
	double sign = h & 0x8000 ? -1 : 1;

	if (exp == 31)
		return man ? NAN : sign * INFINITY;
	if (!exp)
		return sign * ldexp(man, -24);
	return sign * ldexp(1024 + man, exp - 25);
}

static int is_nan(uint16_t h)
{
	return (h & 0x7c00) == 0x7c00 && (h & 0x3ff);
}

static void to_float(void **state)
{
	uint32_t h;
	float f;

	for (h = 0; h < 65536; h++) {
		f = qaic_f16_to_f32(h);
		if (is_nan(h)) {
			assert_true(isnan(f));
			continue;
		}
		assert_true((double)f == half_value(h));
		assert_int_equal(signbit(f) != 0, h >> 15);
	}
}

static void every_half_returns(void **state)
{
	uint32_t h;

	for (h = 0; h < 65536; h++) {
		uint16_t back = qaic_f32_to_f16(qaic_f16_to_f32(h));

		if (is_nan(h))
			assert_true(is_nan(back) && back >> 15 == h >> 15);
		else
			assert_int_equal(back, h);
	}
}

/* Between two halves: the nearer one, and at the middle the even one. */
static void rounding(void **state)
{
	uint16_t h, sign;
	int s;

	for (s = 0; s < 2; s++) {
		sign = s ? 0x8000 : 0;
		for (h = 0; h < 0x7c00; h++) {
			/* after the largest half comes 2^16, which is infinite */
			double lo = half_value(h), hi = h == 0x7bff ? 65536 :
							half_value(h + 1);
			float mid = (lo + hi) / 2;
			float below = nextafterf(mid, 0);
			float above = nextafterf(mid, INFINITY);

			if (s) {
				mid = -mid;
				below = -below;
				above = -above;
			}
			assert_int_equal(qaic_f32_to_f16(below), sign | h);
			assert_int_equal(qaic_f32_to_f16(above), sign | (h + 1));
			assert_int_equal(qaic_f32_to_f16(mid),
					 sign | (h + (h & 1)));
		}
	}
}

static void extremes(void **state)
{
	assert_int_equal(qaic_f32_to_f16(INFINITY), 0x7c00);
	assert_int_equal(qaic_f32_to_f16(-INFINITY), 0xfc00);
	assert_int_equal(qaic_f32_to_f16(3e38f), 0x7c00);
	assert_int_equal(qaic_f32_to_f16(65519.996f), 0x7bff);
	assert_int_equal(qaic_f32_to_f16(65520.0f), 0x7c00);
	assert_int_equal(qaic_f32_to_f16(1e-45f), 0);
	assert_int_equal(qaic_f32_to_f16(-1e-45f), 0x8000);
	assert_true(is_nan(qaic_f32_to_f16(NAN)));
	/* a NaN whose payload is in the low bits alone stays a NaN */
	assert_true(is_nan(qaic_f32_to_f16(qaic_bits_to_f32(0x7f800001))));
}

static void bfloat16(void **state)
{
	uint32_t h, base;

	for (h = 0; h < 65536; h++) {
		float f = qaic_bf16_to_f32(h);

		assert_int_equal(qaic_f32_to_bits(f), h << 16);
		if (isnan(f)) {
			assert_true(isnan(qaic_bf16_to_f32(qaic_f32_to_bf16(f))));
			continue;
		}
		assert_int_equal(qaic_f32_to_bf16(f), h);
		if ((h & 0x7fff) >= 0x7f80)
			continue;
		base = h << 16;
		assert_int_equal(qaic_f32_to_bf16(
			qaic_bits_to_f32(base | 0x7fff)), h);
		assert_int_equal(qaic_f32_to_bf16(
			qaic_bits_to_f32(base | 0x8000)), h + (h & 1));
		assert_int_equal(qaic_f32_to_bf16(
			qaic_bits_to_f32(base | 0x8001)), h + 1);
	}
	assert_true(isnan(qaic_bf16_to_f32(qaic_f32_to_bf16(
		qaic_bits_to_f32(0x7f800001)))));
}

static void dtypes(void **state)
{
	assert_int_equal(qaic_dtype_size(QAIC_F16), 2);
	assert_int_equal(qaic_dtype_size(QAIC_I64), 8);
	assert_int_equal(qaic_dtype_size(QAIC_BOOL), 1);
	assert_int_equal(qaic_dtype_size(QAIC_DTYPE_COUNT), 0);
	assert_string_equal(qaic_dtype_name(QAIC_BF16), "bfloat16");
	assert_string_equal(qaic_dtype_name(999), "?");
	assert_true(qaic_dtype_is_float(QAIC_F64));
	assert_false(qaic_dtype_is_float(QAIC_I8));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(to_float),
		cmocka_unit_test(every_half_returns),
		cmocka_unit_test(rounding),
		cmocka_unit_test(extremes),
		cmocka_unit_test(bfloat16),
		cmocka_unit_test(dtypes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
