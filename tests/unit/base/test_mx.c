// SPDX-License-Identifier: MIT
/*
 * Block formats against a second conversion that shares nothing with the first:
 * values by the formulas of the specification in double, and encoding by search
 * among all elements.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

#include "base/f16.h"
#include "base/mx.h"

static const struct form {
	enum qaic_dtype dtype;
	unsigned int codes, exp_bits, man_bits, bias;
	double top;		/* largest element */
	int emax;		/* of the largest power of two */
} forms[] = {
	{ QAIC_MXFP6, 64, 2, 3, 1, 7.5, 2 },
	{ QAIC_MXFP4, 16, 2, 1, 1, 6, 2 },
	{ QAIC_MXINT8, 256, 0, 0, 0, 127 / 64.0, 0 },
};
#define FORMS	(sizeof(forms) / sizeof(forms[0]))

/* (-1)^S 2^(E - bias) (1 + M / 2^m), subnormals 2^(1 - bias) M / 2^m */
static double exact(const struct form *f, unsigned int code)
{
	unsigned int man, exp;
	double v;

	if (!f->exp_bits)
		return (code < 128 ? (int)code : (int)code - 256) / 64.0;
	man = code & ((1u << f->man_bits) - 1);
	exp = code >> f->man_bits & ((1u << f->exp_bits) - 1);
	v = exp ? ldexp(1 + ldexp(man, -(int)f->man_bits), exp - f->bias) :
		  ldexp(man, 1 - (int)f->bias - (int)f->man_bits);
	return code >> (f->exp_bits + f->man_bits) & 1 ? -v : v;
}

/* The element nearest to @v; of two, the one whose mantissa is even. */
static double nearest(const struct form *f, double v)
{
	double best = INFINITY, d, least = INFINITY;
	unsigned int c, best_code = 0;

	for (c = 0; c < f->codes; c++) {
		if (!f->exp_bits && c == 128)
			continue;	/* not used by encoders */
		d = fabs(exact(f, c) - v);
		if (d < least || (d == least && !(c & 1) && (best_code & 1))) {
			least = d;
			best = exact(f, c);
			best_code = c;
		}
	}
	return best;
}

static void every_element(void **state)
{
	unsigned int i, c;

	for (i = 0; i < FORMS; i++)
		for (c = 0; c < forms[i].codes; c++)
			assert_true(qaic_mx_element(forms[i].dtype, c) ==
				    exact(&forms[i], c));
	/* what lies above the bits of a code does not matter */
	assert_true(qaic_mx_element(QAIC_MXFP6, 0xc0 | 9) == 1.125f);
	assert_true(qaic_mx_element(QAIC_MXFP4, 0xf0 | 5) == 3.0f);
}

/* Every code at every scale, decoded. */
static void every_scale(void **state)
{
	uint8_t code[32];
	unsigned int i, s, c, k;
	float x[32];

	for (s = 0; s < 255; s++)
		assert_true(qaic_e8m0_to_f32(s) == ldexp(1, (int)s - 127));
	assert_true(isnan(qaic_e8m0_to_f32(255)));
	for (i = 0; i < FORMS; i++) {
		for (s = 0; s < 256; s++) {
			for (c = 0; c < forms[i].codes; c += k) {
				for (k = 0; k < 32 && c + k < forms[i].codes;
				     k++)
					code[k] = c + k;
				qaic_mx_decode(forms[i].dtype, s, code, k, x);
				for (unsigned int j = 0; j < k; j++) {
					double want = exact(&forms[i], c + j);

					if (s == 255)
						assert_true(isnan(x[j]));
					else	/* past F32: infinity */
						assert_true(x[j] == (float)
							ldexp(want, (int)s - 127));
				}
			}
		}
	}
}

/* Every instruction set makes the same of it. */
static void same_everywhere(const struct form *f, const float *x,
			    unsigned int n, const uint8_t *want, uint8_t scale)
{
	float v[32] = { 0 };
	uint8_t code[32];
	unsigned int i;

	memcpy(v, x, n * sizeof(*v));
	for (i = 0; qaic_mx_encoder_get(i); i++) {
		memset(code, 0xaa, sizeof(code));
		assert_int_equal(qaic_mx_encoder_get(i)(f->dtype, v, code),
				 scale);
		assert_memory_equal(code, want, sizeof(code));
	}
	assert_true(i > 0);
}

static void check_block(const struct form *f, const float *x, unsigned int n)
{
	double top = 0, scale, want;
	uint8_t code[32], s;
	float y[32];
	unsigned int i;
	int e;

	for (i = 0; i < n; i++)
		top = fmax(top, fabs(x[i]));
	s = qaic_mx_encode(f->dtype, x, n, code);
	same_everywhere(f, x, n, code, s);
	if (top == 0) {
		assert_int_equal(s, 0);
	} else {
		e = (int)floor(log2(top));	/* exact below for powers */
		while (ldexp(1, e) > top)
			e--;
		while (ldexp(1, e + 1) <= top)
			e++;
		e -= f->emax;
		e = e < -127 ? -127 : e > 127 ? 127 : e;
		assert_int_equal(s, e + 127);
	}
	scale = ldexp(1, (int)s - 127);
	qaic_mx_decode(f->dtype, s, code, 32, y);
	for (i = 0; i < n; i++) {
		want = nearest(f, x[i] / scale) * scale;
		assert_true(y[i] == (float)want);
		/* the sign of a zero is free; every other one is kept */
		if (want != 0)
			assert_int_equal(!signbit(y[i]), !signbit(x[i]));
	}
	for (; i < 32; i++)
		assert_int_equal(code[i], 0);
}

static uint64_t seed = 88172645463325252ull;

static uint32_t rnd(void)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return seed >> 16;
}

/*
 * Every code of a format, and the ties and the floats next to them on both sides,
 * under every scale.
 */
static void every_tie(void **state)
{
	unsigned int i, n;
	float x[32], t;
	int s, c, side;

	for (i = 0; i < FORMS; i++) {
		int codes = forms[i].exp_bits ? (int)forms[i].codes / 2 : 128;

		for (s = -127; s <= 127 - forms[i].emax; s++) {
			n = 1;
			for (c = 0; c < codes - 1; c++) {
				x[0] = ldexp(exact(&forms[i], codes - 1), s);
				t = ldexp((exact(&forms[i], c) +
					   exact(&forms[i], c + 1)) / 2, s);
				x[n++] = ldexp(exact(&forms[i], c), s);
				for (side = 0; side < 3; side++, t = -t)
					x[n++] = side == 1 ? t :
						 nextafterf(t, side ? t * 2 : 0);
				if (n + 4 > 32 || c == codes - 2) {
					check_block(&forms[i], x, n);
					n = 1;
				}
			}
		}
	}
}

/* All ties and all values between: 1/64 of a step, with a fixed largest. */
static void rounding(void **state)
{
	unsigned int i, k, n;
	float x[32];

	for (i = 0; i < FORMS; i++) {
		for (int s = -149; s < 128; s += s < -120 || s > 118 ? 1 : 7) {
			n = 0;
			/* largest element of the block: its binade's start */
			for (k = 0; k <= 1024; k++) {
				x[n ? n : 1] = (float)ldexp(k / 512.0, s) *
					       (k & 1 ? -1 : 1);
				x[0] = (float)ldexp(1, s);
				if (isinf(x[n ? n : 1]))
					break;
				n = n ? n + 1 : 2;
				if (n == 32) {
					check_block(&forms[i], x, n);
					n = 0;
				}
			}
			if (n)
				check_block(&forms[i], x, n);
		}
	}
}

static void random_blocks(void **state)
{
	unsigned int i, k, t, n;
	float x[32];

	for (t = 0; t < 20000; t++) {
		n = 1 + rnd() % 32;
		for (k = 0; k < n; k++) {
			x[k] = t & 1 ? (int32_t)rnd() * 0x1p-31f :
			       qaic_bits_to_f32(rnd());
			if (!isfinite(x[k]))
				x[k] = 0;
		}
		for (i = 0; i < FORMS; i++)
			check_block(&forms[i], x, n);
	}
}

static void specials(void **state)
{
	static const float odd[] = { NAN, -NAN, INFINITY, -INFINITY };
	uint8_t code[32];
	float x[32], y[32];
	unsigned int i, k;

	for (i = 0; i < FORMS; i++) {
		for (k = 0; k < 4; k++) {
			memset(x, 0, sizeof(x));
			x[3] = 1.5f;
			x[17] = odd[k];
			assert_int_equal(qaic_mx_encode(forms[i].dtype, x, 32,
							code), QAIC_MX_NAN);
			same_everywhere(&forms[i], x, 32, code, QAIC_MX_NAN);
			qaic_mx_decode(forms[i].dtype, QAIC_MX_NAN, code, 32, y);
			assert_true(isnan(y[0]) && isnan(y[17]));
		}
		/* saturation: just below the next power of two */
		memset(x, 0, sizeof(x));
		x[0] = nextafterf(8, 0);
		x[1] = -x[0];
		k = qaic_mx_encode(forms[i].dtype, x, 2, code);
		qaic_mx_decode(forms[i].dtype, k, code, 2, y);
		assert_true(y[0] == forms[i].top * (forms[i].emax ? 1 : 4));
		assert_true(y[1] == -y[0]);
		/* zeros of both signs */
		x[0] = -0.0f;
		x[1] = 0;
		assert_int_equal(qaic_mx_encode(forms[i].dtype, x, 2, code), 0);
		qaic_mx_decode(forms[i].dtype, 0, code, 2, y);
		assert_true(y[0] == 0 && y[1] == 0);
		/* the largest float there is, and the smallest */
		x[0] = 3.40282347e38f;
		check_block(&forms[i], x, 2);
		x[0] = -1.4e-45f;
		check_block(&forms[i], x, 1);
	}
}

static void sizes(void **state)
{
	assert_int_equal(qaic_dtype_block(QAIC_MXINT8), 33);
	assert_int_equal(qaic_dtype_block(QAIC_MXFP6), 25);
	assert_int_equal(qaic_dtype_block(QAIC_MXFP4), 17);
	assert_int_equal(qaic_dtype_block(QAIC_F16), 0);
	assert_int_equal(qaic_dtype_size(QAIC_MXFP6), 0);
	assert_int_equal(qaic_dtype_bytes(QAIC_MXFP6, 320), 250);
	assert_int_equal(qaic_dtype_bytes(QAIC_MXFP4, -64), -34);
	assert_int_equal(qaic_dtype_bytes(QAIC_F16, 3), 6);
	assert_true(qaic_dtype_is_mx(QAIC_MXFP4));
	assert_false(qaic_dtype_is_mx(QAIC_U64));
	assert_string_equal(qaic_dtype_name(QAIC_MXFP6), "mxfp6");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_element),
		cmocka_unit_test(every_scale),
		cmocka_unit_test(every_tie),
		cmocka_unit_test(rounding),
		cmocka_unit_test(random_blocks),
		cmocka_unit_test(specials),
		cmocka_unit_test(sizes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
