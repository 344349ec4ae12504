// SPDX-License-Identifier: MIT
/*
 * The row kernels: conversions bit by bit, functions against double within the
 * bounds that Documentation/numerics.md names, both instruction sets.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/f16.h"
#include "tests/unit/soc/kerns.h"

static void test_from_f16(void **state)
{
	static uint16_t h[65536 + 3];
	static float f[65536 + 3];
	int i, k;

	for (i = 0; i < 65536; i++)
		h[i] = i;
	for (k = 0; k < num_kerns; k++) {
		kerns[k]->from_f16(f, h, 65536);
		for (i = 0; i < 65536; i++) {
			float w = qaic_f16_to_f32(i);

			if (w != w)
				assert_true(f[i] != f[i]);
			else
				assert_int_equal(qaic_f32_to_bits(f[i]),
						 qaic_f32_to_bits(w));
		}
	}
}

/* every F16, what lies just beside it and half way to the next one */
static void test_to_f16(void **state)
{
	static float f[65536 * 3];
	static uint16_t h[65536 * 3];
	int i, k;

	for (i = 0; i < 65536; i++) {
		float a = qaic_f16_to_f32(i), b = qaic_f16_to_f32(i + 1);

		f[3 * i] = a;
		f[3 * i + 1] = nextafterf(a, 1e9);
		f[3 * i + 2] = (a + b) / 2;
	}
	for (k = 0; k < num_kerns; k++) {
		kerns[k]->to_f16(h, f, 65536 * 3);
		for (i = 0; i < 65536 * 3; i++) {
			if (f[i] != f[i])
				assert_true((h[i] & 0x7fff) > 0x7c00);
			else
				assert_int_equal(h[i], qaic_f32_to_f16(f[i]));
		}
	}
}

/* tails write nothing beyond their end */
static void test_tails(void **state)
{
	float x[40], y[48];
	uint16_t h[48];
	size_t n, i;
	int k;

	for (i = 0; i < 40; i++)
		x[i] = i;
	for (k = 0; k < num_kerns; k++) {
		for (n = 0; n <= 40; n++) {
			memset(y, 0xee, sizeof(y));
			memset(h, 0xee, sizeof(h));
			kerns[k]->to_f16(h, x, n);
			kerns[k]->from_f16(y, h, n);
			for (i = 0; i < n; i++)
				assert_true(y[i] == x[i]);
			for (; i < 48; i++) {
				assert_int_equal(h[i], 0xeeee);
				assert_int_equal(qaic_f32_to_bits(y[i]),
						 0xeeeeeeee);
			}
			for (i = 0; i < n; i++)
				y[i] = x[i];
			kerns[k]->unary[NSP_U_NEG](y, y, n, 0, 0);
			for (i = 0; i < n; i++)
				assert_true(y[i] == -x[i]);
			assert_int_equal(qaic_f32_to_bits(y[i]), 0xeeeeeeee);
			assert_true(kerns[k]->sum(x, n) == n * (n - 1.) / 2);
			assert_true(kerns[k]->max(x, n) ==
				    (n ? n - 1 : -INFINITY));
		}
	}
}

static double f_sigmoid(double x)
{
	return 1 / (1 + exp(-x));
}

static double f_silu(double x)
{
	return x * f_sigmoid(x);
}

static double f_gelu(double x)
{
	return x / 2 * erfc(-x / sqrt(2));
}

static double f_gelu_tanh(double x)
{
	return x * f_sigmoid(2 * sqrt(2 / M_PI) * (x + 0.044715 * x * x * x));
}

static double f_softplus(double x)
{
	return x > 0 ? x + log1p(exp(-x)) : log1p(exp(x));
}

static double f_rsqrt(double x)
{
	return 1 / sqrt(x);
}

static const struct {
	const char *name;
	unsigned int sub;
	double (*fn)(double);
	double lo, hi;
	double ulps;
} funcs[] = {
	{ "exp", NSP_U_EXP, exp, -103, 88.7, 2 },
	{ "log", NSP_U_LOG, log, 1e-42, 1e38, 2 },
	{ "log near 1", NSP_U_LOG, log, 0.5, 2, 3 },
	{ "tanh", NSP_U_TANH, tanh, -10, 10, 3 },
	{ "sigmoid", NSP_U_SIGMOID, f_sigmoid, -87, 20, 4 },
	{ "erf", NSP_U_ERF, erf, -5, 5, 4 },
	{ "gelu", NSP_U_GELU, f_gelu, -4, 10, 24 },
	{ "gelu tanh", NSP_U_GELU_TANH, f_gelu_tanh, -4, 10, 24 },
	{ "silu", NSP_U_SILU, f_silu, -80, 80, 5 },
	{ "softplus", NSP_U_SOFTPLUS, f_softplus, -80, 80, 4 },
	{ "sqrt", NSP_U_SQRT, sqrt, 0, 1e30, 0.51 },
	{ "rsqrt", NSP_U_RSQRT, f_rsqrt, 1e-30, 1e30, 2 },
};

#define POINTS	200000

/* evenly over the range, and over its logarithm near 0 */
static float point(int f, int i)
{
	double lo = funcs[f].lo, hi = funcs[f].hi, t = (i / 2) / (POINTS / 2.);

	if (i & 1)
		return lo + (hi - lo) * t;
	if (lo >= 0)
		return lo + (hi - lo) * pow(10, -38 * t);
	return (i & 2 ? lo : hi) * pow(10, -12 * t);
}

static void test_functions(void **state)
{
	float *x = malloc(POINTS * 4), *y = malloc(POINTS * 4);
	double worst, e, want, ulp;
	int f, i, k, at = 0;

	for (k = 0; k < num_kerns; k++) {
		for (f = 0; f < (int)(sizeof(funcs) / sizeof(funcs[0])); f++) {
			for (i = 0; i < POINTS; i++)
				x[i] = point(f, i);
			kerns[k]->unary[funcs[f].sub](y, x, POINTS, 0, 0);
			for (i = 0, worst = 0; i < POINTS; i++) {
				want = funcs[f].fn(x[i]);
				ulp = fmax(fabs(want), 0x1p-126) * 0x1p-23;
				e = fabs(y[i] - want) / ulp;
				if (!(e <= worst)) {
					worst = e;
					at = i;
				}
			}
			if (getenv("V"))
				print_message("%s %s: %.2f at %g\n",
					      kerns[k]->name, funcs[f].name,
					      worst, x[at]);
			if (!(worst <= funcs[f].ulps))
				fail_msg("%s %s(%g): %.1f units off",
					 kerns[k]->name, funcs[f].name, x[at],
					 worst);
		}
	}
	free(x);
	free(y);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_from_f16),
		cmocka_unit_test(test_to_f16),
		cmocka_unit_test(test_tails),
		cmocka_unit_test(test_functions),
	};

	find_kerns();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
