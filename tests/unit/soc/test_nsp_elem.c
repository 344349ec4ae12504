// SPDX-License-Identifier: MIT
/* MOVE, FILL, UNARY, BINARY, SELECT against a scalar model. */
#include "nsp_test.h"

static void random_dims(struct arena *a)
{
	int d, long_one = rnd_below(a, NSP_DIMS);

	for (d = 0; d < NSP_DIMS; d++)
		a->cmd.dims[d] = rnd_below(a, 3) ? 1 : 1 + rnd_below(a, 4);
	a->cmd.dims[long_one] = 1 + rnd_below(a, rnd_below(a, 8) ? 70 : 2500);
	limit_dims(a, 20000);
}

static void range_of(unsigned int t, double *lo, double *hi)
{
	*lo = -100;
	*hi = 100;
	if (t == QAIC_BOOL)
		*lo = 0, *hi = 2;
}

static void test_move(void **state)
{
	struct arena a;
	int64_t i[NSP_DIMS];
	double lo, hi;
	int n, how;

	arena_open(&a, 1);
	for (n = 0; n < 1500; n++) {
		unsigned int src = all_types[rnd_below(&a, NUM_TYPES)];
		unsigned int dst = rnd_below(&a, 2) ? src :
				   all_types[rnd_below(&a, NUM_TYPES)];

		arena_new(&a, NSP_MOVE, 0);
		random_dims(&a);
		if (!rnd_below(&a, 4))	/* room for a transpose */
			a.cmd.dims[1] = 10 + rnd_below(&a, 40);
		limit_dims(&a, 20000);
		how = rnd_how(&a);
		range_of(src, &lo, &hi);
		if (dst == QAIC_F16 || dst == QAIC_F32 || rnd_below(&a, 2))
			lo *= 300, hi *= 300;
		/* an integer that does not fit is cut: only floats saturate */
		if (src != QAIC_F16 && src != QAIC_F32 &&
		    qaic_dtype_size(dst) < 4)
			lo = lo < 0 ? -100 : 0, hi = 100;
		if (src != QAIC_F16 && src != QAIC_F32 && src != dst)
			lo = 0;
		arena_opnd(&a, 0, dst, 63, a.cmd.dims, how, 0, 1);
		arena_opnd(&a, 1, src, 63, a.cmd.dims, rnd_how(&a), lo, hi);
		arena_same(&a);
		EACH(&a, i)
			put_elem(at_elem(&a, 0, i), dst,
				 get_elem(at_elem(&a, 1, i), src));
		arena_check(&a, 0, 0);
	}
	arena_close(&a);
}

/* floats that do not fit, and integers that are cut */
static void test_casts(void **state)
{
	static const float odd[] = { 1e30, -1e30, 300, -300, NAN, INFINITY,
		-INFINITY, 2.9, -2.9, 4e9, 1e10, -0.0, 65519, 65520, 3e-8 };
	struct arena a;
	unsigned int t, i;

	arena_open(&a, 2);
	for (t = 0; t < NUM_TYPES; t++) {
		arena_new(&a, NSP_MOVE, 0);
		a.cmd.dims[5] = QAIC_ARRAY_SIZE(odd);
		arena_opnd(&a, 0, all_types[t], 32, a.cmd.dims, DENSE, 0, 1);
		arena_opnd(&a, 1, QAIC_F32, 32, a.cmd.dims, DENSE, 0, 1);
		memcpy(a.mem + a.start[1], odd, sizeof(odd));
		arena_same(&a);
		for (i = 0; i < QAIC_ARRAY_SIZE(odd); i++)
			PUT(&a, 0, odd[i], 0, 0, 0, 0, 0, i);
		arena_check(&a, 0, 0);
	}
	arena_new(&a, NSP_MOVE, 0);
	arena_opnd(&a, 0, QAIC_I8, 0, a.cmd.dims, DENSE, 0, 1);
	arena_opnd(&a, 1, QAIC_I32, 0, a.cmd.dims, DENSE, 0, 1);
	*(int32_t *)(a.mem + a.start[1]) = 0x12345681;
	run_card(&a);
	assert_int_equal(*(int8_t *)(a.mem + a.start[0]), -127);
	arena_close(&a);
}

static void test_fill(void **state)
{
	struct arena a;
	int64_t i[NSP_DIMS];
	uint64_t bits;
	int n;

	arena_open(&a, 3);
	for (n = 0; n < 200; n++) {
		unsigned int t = all_types[rnd_below(&a, NUM_TYPES - 1)];

		arena_new(&a, NSP_FILL, 0);
		random_dims(&a);
		arena_opnd(&a, 0, t, 63, a.cmd.dims, rnd_how(&a), 0, 1);
		bits = rnd_below(&a, 3) ? rnd(&a) | (uint64_t)rnd(&a) << 33 : 0;
		a.cmd.imm[0].u = bits;
		a.cmd.imm[1].u = bits >> 32;
		arena_same(&a);
		EACH(&a, i)
			memcpy(at_elem(&a, 0, i), &bits, qaic_dtype_size(t));
		arena_check(&a, 0, 0);
	}
	arena_close(&a);
}

/* ---- unary ---- */

static double sigmoid(double x)
{
	return 1 / (1 + exp(-x));
}

static double gelu(double x)
{
	return x / 2 * erfc(-x / sqrt(2));
}

static double gelu_tanh(double x)
{
	return x * sigmoid(2 * sqrt(2 / M_PI) * (x + 0.044715 * x * x * x));
}

static double unary(unsigned int sub, double x, double a, double b)
{
	switch (sub) {
	case NSP_U_COPY: return x;
	case NSP_U_NEG: return -x;
	case NSP_U_ABS: return fabs(x);
	case NSP_U_SQRT: return sqrt(x);
	case NSP_U_RSQRT: return 1 / sqrt(x);
	case NSP_U_RECIP: return 1 / x;
	case NSP_U_EXP: return exp(x);
	case NSP_U_LOG: return log(x);
	case NSP_U_SIN: return sin(x);
	case NSP_U_COS: return cos(x);
	case NSP_U_TAN: return tan(x);
	case NSP_U_TANH: return tanh(x);
	case NSP_U_SIGMOID: return sigmoid(x);
	case NSP_U_ERF: return erf(x);
	case NSP_U_GELU: return gelu(x);
	case NSP_U_GELU_TANH: return gelu_tanh(x);
	case NSP_U_SILU: return x * sigmoid(x);
	case NSP_U_RELU: return x < 0 ? 0 : x;
	case NSP_U_LEAKY_RELU: return x < 0 ? a * x : x;
	case NSP_U_ELU: return x < 0 ? a * expm1(x) : x;
	case NSP_U_SELU: return x > 0 ? b * x : b * a * expm1(x);
	case NSP_U_HARDSIGMOID: return fmin(fmax(a * x + b, 0), 1);
	case NSP_U_HARDSWISH: return x * fmin(fmax(x / 6 + 0.5, 0), 1);
	case NSP_U_SOFTPLUS: return x > 30 ? x : log1p(exp(x));
	case NSP_U_SOFTSIGN: return x / (1 + fabs(x));
	case NSP_U_MISH: return x * tanh(x > 30 ? x : log1p(exp(x)));
	case NSP_U_CLIP: return fmin(fmax(x, a), b);
	case NSP_U_FLOOR: return floor(x);
	case NSP_U_CEIL: return ceil(x);
	case NSP_U_ROUND: return nearbyint(x);
	case NSP_U_SIGN: return (x > 0) - (x < 0);
	case NSP_U_NOT: return x == 0;
	case NSP_U_ISNAN: return x != x;
	case NSP_U_ISINF: return isinf(x);
	case NSP_U_ASIN: return asin(x);
	case NSP_U_ACOS: return acos(x);
	case NSP_U_ATAN: return atan(x);
	case NSP_U_SINH: return sinh(x);
	case NSP_U_COSH: return cosh(x);
	case NSP_U_ASINH: return asinh(x);
	case NSP_U_ACOSH: return acosh(x);
	case NSP_U_ATANH: return atanh(x);
	case NSP_U_SCALE: return x * a + b;
	case NSP_U_QUICK_GELU: return x * sigmoid(a * x);
	}
	return NAN;
}

static void domain(unsigned int sub, double *lo, double *hi)
{
	*lo = -8;
	*hi = 8;
	switch (sub) {
	case NSP_U_SQRT: case NSP_U_RSQRT: case NSP_U_LOG: case NSP_U_RECIP:
		*lo = 0.001;
		break;
	case NSP_U_ASIN: case NSP_U_ACOS: case NSP_U_ATANH:
		*lo = -0.99, *hi = 0.99;
		break;
	case NSP_U_ACOSH:
		*lo = 1;
		break;
	case NSP_U_TAN:
		*lo = -1.4, *hi = 1.4;
		break;
	}
}

static void test_unary(void **state)
{
	struct arena a;
	int64_t i[NSP_DIMS];
	double lo, hi;
	unsigned int sub, src, dst;
	int n;

	arena_open(&a, 4);
	for (sub = 0; sub < NSP_U_COUNT; sub++) {
		for (n = 0; n < 24; n++) {
			src = dst = rnd_float_type(&a);
			if (sub >= NSP_U_NOT && sub <= NSP_U_ISINF)
				dst = QAIC_BOOL;
			else if (!rnd_below(&a, 4))
				dst = rnd_float_type(&a);
			arena_new(&a, NSP_UNARY, sub);
			random_dims(&a);
			domain(sub, &lo, &hi);
			a.cmd.imm[0].f = 0.4f;
			a.cmd.imm[1].f = 1.3f;
			arena_opnd(&a, 0, dst, 63, a.cmd.dims, rnd_how(&a), 0,
				   1);
			arena_opnd(&a, 1, src, 63, a.cmd.dims, rnd_how(&a), lo,
				   hi);
			if (sub == NSP_U_ISINF)
				a.cmd.imm[0].u = 3;
			arena_same(&a);
			EACH(&a, i)
				put_elem(at_elem(&a, 0, i), dst, unary(sub,
					get_elem(at_elem(&a, 1, i), src),
					a.cmd.imm[0].f, a.cmd.imm[1].f));
			arena_check(&a, 1e-6, 2e-7);
		}
	}
	arena_close(&a);
}

static void test_unary_int(void **state)
{
	static const unsigned int subs[] = { NSP_U_COPY, NSP_U_NEG, NSP_U_ABS,
		NSP_U_RELU, NSP_U_SIGN, NSP_U_NOT, NSP_U_FLOOR };
	struct arena a;
	int64_t i[NSP_DIMS];
	unsigned int t, sub, dst;
	int n;

	arena_open(&a, 5);
	for (n = 0; n < 200; n++) {
		sub = subs[rnd_below(&a, QAIC_ARRAY_SIZE(subs))];
		t = rnd_below(&a, 2) ? QAIC_I32 : QAIC_I64;
		dst = sub == NSP_U_NOT ? QAIC_BOOL : t;
		arena_new(&a, NSP_UNARY, sub);
		random_dims(&a);
		arena_opnd(&a, 0, dst, 63, a.cmd.dims, rnd_how(&a), 0, 1);
		arena_opnd(&a, 1, t, 63, a.cmd.dims, rnd_how(&a), -5, 5);
		arena_same(&a);
		EACH(&a, i)
			put_elem(at_elem(&a, 0, i), dst, unary(sub,
				 get_elem(at_elem(&a, 1, i), t), 0, 0));
		arena_check(&a, 0, 0);
	}
	arena_close(&a);
}

/* ---- binary ---- */

static double binary(unsigned int sub, double x, double y, bool ints)
{
	double r;

	switch (sub) {
	case NSP_B_ADD: return x + y;
	case NSP_B_SUB: return x - y;
	case NSP_B_MUL: return x * y;
	case NSP_B_DIV: return !ints ? x / y : y == 0 ? 0 : trunc(x / y);
	case NSP_B_POW:
		r = pow(x, y);
		return ints ? trunc(r) : r;
	case NSP_B_MOD:
		if (ints && y == 0)
			return 0;
		r = fmod(x, y);
		return r != 0 && (r < 0) != (y < 0) ? r + y : r;
	case NSP_B_FMOD: return ints && y == 0 ? 0 : fmod(x, y);
	case NSP_B_MIN: return x < y ? x : y;
	case NSP_B_MAX: return x > y ? x : y;
	case NSP_B_EQ: return x == y;
	case NSP_B_LT: return x < y;
	case NSP_B_LE: return x <= y;
	case NSP_B_GT: return x > y;
	case NSP_B_GE: return x >= y;
	case NSP_B_AND: return x != 0 && y != 0;
	case NSP_B_OR: return x != 0 || y != 0;
	case NSP_B_XOR: return (x != 0) != (y != 0);
	case NSP_B_SILU_MUL: return x * sigmoid(x) * y;
	case NSP_B_GELU_MUL: return gelu(x) * y;
	case NSP_B_GELU_TANH_MUL: return gelu_tanh(x) * y;
	case NSP_B_RELU_MUL: return (x < 0 ? 0 : x) * y;
	case NSP_B_PRELU: return x < 0 ? x * y : x;
	}
	return NAN;
}

static void one_binary(struct arena *a, unsigned int sub, unsigned int t,
		       bool ints)
{
	bool cmp = sub >= NSP_B_EQ && sub <= NSP_B_XOR;
	unsigned int dst = cmp ? QAIC_BOOL : t;
	double lo = ints ? -6 : -4, hi = ints ? 6 : 4;
	int64_t i[NSP_DIMS];

	if (sub >= NSP_B_AND && sub <= NSP_B_XOR)
		t = QAIC_BOOL, lo = 0, hi = 2;
	arena_new(a, NSP_BINARY, sub);
	random_dims(a);
	arena_opnd(a, 0, dst, 63, a->cmd.dims, rnd_how(a), 0, 1);
	arena_opnd(a, 1, t, 63, a->cmd.dims, rnd_how(a),
		   sub == NSP_B_POW && !ints ? 0.1 : lo, hi);
	arena_opnd(a, 2, t, 63, a->cmd.dims, rnd_how(a),
		   sub == NSP_B_POW && ints ? 0 : lo, hi);
	arena_same(a);
	EACH(a, i)
		put_elem(at_elem(a, 0, i), dst, binary(sub,
			 get_elem(at_elem(a, 1, i), t),
			 get_elem(at_elem(a, 2, i), t), ints));
	arena_check(a, 1e-6, 2e-7);
}

static void test_binary(void **state)
{
	struct arena a;
	unsigned int sub;
	int n;

	arena_open(&a, 6);
	for (sub = 0; sub < NSP_B_COUNT; sub++) {
		for (n = 0; n < 20; n++) {
			one_binary(&a, sub, rnd_float_type(&a), false);
			if (sub < NSP_B_SILU_MUL)
				one_binary(&a, sub, rnd_index_type(&a), true);
		}
	}
	arena_close(&a);
}

static void test_int64(void **state)
{
	static const struct {
		unsigned int sub, t;
		int64_t a, b, want;
	} v[] = {
		{ NSP_B_ADD, QAIC_I64, INT64_MAX, 1, INT64_MIN },
		{ NSP_B_MUL, QAIC_I64, 0x7123456789abcdef, 3, 0x5369d0369d0369cd },
		{ NSP_B_DIV, QAIC_I64, INT64_MIN, -1, INT64_MIN },
		{ NSP_B_DIV, QAIC_I64, -7, 2, -3 },
		{ NSP_B_DIV, QAIC_I64, 5, 0, 0 },
		{ NSP_B_MOD, QAIC_I64, INT64_MIN, -1, 0 },
		{ NSP_B_MOD, QAIC_I64, 5, 0, 0 },
		{ NSP_B_MOD, QAIC_I64, -7, 3, 2 },
		{ NSP_B_FMOD, QAIC_I64, -7, 3, -1 },
		{ NSP_B_DIV, QAIC_U64, -1, 2, INT64_MAX },
		{ NSP_B_MAX, QAIC_U64, -1, 2, -1 },
		{ NSP_B_MIN, QAIC_U64, -1, 2, 2 },
		{ NSP_B_SUB, QAIC_I64, (1ll << 60) + 1, 2, (1ll << 60) - 1 },
		{ NSP_B_POW, QAIC_I64, 3, 39, 4052555153018976267 },
		{ NSP_B_POW, QAIC_I64, -1, -3, -1 },
	};
	struct arena a;
	size_t i;

	arena_open(&a, 7);
	for (i = 0; i < QAIC_ARRAY_SIZE(v); i++) {
		arena_new(&a, NSP_BINARY, v[i].sub);
		arena_opnd(&a, 0, v[i].t, 0, a.cmd.dims, DENSE, 0, 1);
		arena_opnd(&a, 1, v[i].t, 0, a.cmd.dims, DENSE, 0, 1);
		arena_opnd(&a, 2, v[i].t, 0, a.cmd.dims, DENSE, 0, 1);
		*(int64_t *)(a.mem + a.start[1]) = v[i].a;
		*(int64_t *)(a.mem + a.start[2]) = v[i].b;
		run_card(&a);
		if (*(int64_t *)(a.mem + a.start[0]) != v[i].want)
			fail_msg("case %zu gives %llx", i, (long long)
				 *(int64_t *)(a.mem + a.start[0]));
	}
	arena_close(&a);
}

static void test_special(void **state)
{
	static const struct {
		unsigned int sub;
		float x, want;
	} v[] = {
		{ NSP_U_EXP, INFINITY, INFINITY }, { NSP_U_EXP, -INFINITY, 0 },
		{ NSP_U_EXP, 89, INFINITY }, { NSP_U_EXP, -104, 0 },
		{ NSP_U_EXP, -100, 3.78e-44 }, { NSP_U_EXP, NAN, NAN },
		{ NSP_U_LOG, 0, -INFINITY }, { NSP_U_LOG, -1, NAN },
		{ NSP_U_LOG, INFINITY, INFINITY },
		{ NSP_U_LOG, 1e-40, -92.1034 }, { NSP_U_LOG, 1, 0 },
		{ NSP_U_TANH, 100, 1 }, { NSP_U_TANH, -INFINITY, -1 },
		{ NSP_U_TANH, NAN, NAN },
		{ NSP_U_SIGMOID, -INFINITY, 0 }, { NSP_U_SIGMOID, 200, 1 },
		{ NSP_U_ERF, INFINITY, 1 }, { NSP_U_ERF, -20, -1 },
		{ NSP_U_ERF, NAN, NAN },
		{ NSP_U_GELU, -INFINITY, 0 }, { NSP_U_GELU, 50, 50 },
		{ NSP_U_GELU, -50, 0 }, { NSP_U_GELU, INFINITY, INFINITY },
		{ NSP_U_GELU_TANH, -100, 0 }, { NSP_U_GELU_TANH, 100, 100 },
		{ NSP_U_SILU, -INFINITY, 0 }, { NSP_U_SILU, 500, 500 },
		{ NSP_U_SILU, NAN, NAN },
		{ NSP_U_SOFTPLUS, 1000, 1000 }, { NSP_U_SOFTPLUS, -1000, 0 },
		{ NSP_U_FLOOR, -0.5, -1 }, { NSP_U_FLOOR, 3e9, 3e9 },
		{ NSP_U_ROUND, 2.5, 2 }, { NSP_U_ROUND, 3.5, 4 },
		{ NSP_U_ROUND, -2.5, -2 }, { NSP_U_ROUND, 1e20, 1e20 },
		{ NSP_U_RELU, NAN, NAN }, { NSP_U_ISNAN, NAN, 1 },
		{ NSP_U_ISINF, -INFINITY, 0 }, { NSP_U_SQRT, -1, NAN },
	};
	struct arena a;
	float got;
	size_t i;

	arena_open(&a, 8);
	for (i = 0; i < QAIC_ARRAY_SIZE(v); i++) {
		arena_new(&a, NSP_UNARY, v[i].sub);
		a.cmd.dims[5] = 19;	/* with and without a tail */
		a.cmd.imm[0].u = 1;
		arena_opnd(&a, 0, QAIC_F32, 32, a.cmd.dims, DENSE, 0, 1);
		arena_opnd(&a, 1, QAIC_F32, 0, a.cmd.dims, DENSE, 0, 1);
		*(float *)(a.mem + a.start[1]) = v[i].x;
		run_card(&a);
		for (int j = 0; j < 19; j++) {
			got = ((float *)(a.mem + a.start[0]))[j];
			if (!close_to(got, v[i].want, 1e-2, 1e-45))
				fail_msg("unary %u of %g is %g", v[i].sub,
					 v[i].x, got);
		}
	}
	arena_close(&a);
}

static void test_select(void **state)
{
	struct arena a;
	int64_t i[NSP_DIMS];
	unsigned int t, c;
	int n, o;

	arena_open(&a, 9);
	for (n = 0; n < 200; n++) {
		t = all_types[rnd_below(&a, NUM_TYPES)];
		c = rnd_below(&a, 4) ? QAIC_BOOL : QAIC_I32;
		arena_new(&a, NSP_SELECT, 0);
		random_dims(&a);
		arena_opnd(&a, 0, t, 63, a.cmd.dims, rnd_how(&a), 0, 1);
		arena_opnd(&a, 1, c, 63, a.cmd.dims, rnd_how(&a), 0, 2);
		arena_opnd(&a, 2, t, 63, a.cmd.dims, rnd_how(&a), 0, 50);
		arena_opnd(&a, 3, t, 63, a.cmd.dims, rnd_how(&a), 0, 50);
		arena_same(&a);
		EACH(&a, i) {
			o = get_elem(at_elem(&a, 1, i), c) ? 2 : 3;
			put_elem(at_elem(&a, 0, i), t,
				 get_elem(at_elem(&a, o, i), t));
		}
		arena_check(&a, 0, 0);
	}
	arena_close(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_move),
		cmocka_unit_test(test_casts),
		cmocka_unit_test(test_fill),
		cmocka_unit_test(test_unary),
		cmocka_unit_test(test_unary_int),
		cmocka_unit_test(test_binary),
		cmocka_unit_test(test_int64),
		cmocka_unit_test(test_special),
		cmocka_unit_test(test_select),
	};

	return RUN_ALL(tests);
}
