/* SPDX-License-Identifier: MIT */
/*
 * The row kernels, compiled once per instruction set. The including file defines
 * V, vf, vi, v_set, v_fma, v_round, v_sqrt, v_load_h, v_store_h, v_sum4 and KERN
 * (the name of the table), see kern_portable.c for what each means.
 */
#include <math.h>
#include <string.h>

#include "kern_math.h"
#include "qpc/panel.h"

typedef float vfu __attribute__((vector_size(4 * V), aligned(4), may_alias));

static inline vf v_load(const float *p)
{
	return *(const vfu *)p;
}

static inline void v_store(float *p, vf x)
{
	*(vfu *)p = x;
}

/* the first n < V lanes; the others are zero */
static inline vf v_load_n(const float *p, size_t n)
{
	float t[V] = { 0 };

	memcpy(t, p, n * sizeof(*p));
	return v_load(t);
}

static inline void v_store_n(float *p, vf x, size_t n)
{
	float t[V];

	v_store(t, x);
	memcpy(p, t, n * sizeof(*p));
}

static inline vf v_load_hn(const uint16_t *p, size_t n)
{
	uint16_t t[V] = { 0 };

	memcpy(t, p, n * sizeof(*p));
	return v_load_h(t);
}

static inline float v_sum(vf x)
{
	vf z = v_set(0.0f);
	float t[4];

	v_sum4(t, x, z, z, z);
	return t[0];
}

/* ---- conversion ---- */

static void k_from_f16(float *y, const uint16_t *x, size_t n)
{
	size_t i;

	for (i = 0; i + V <= n; i += V)
		v_store(y + i, v_load_h(x + i));
	if (i < n)
		v_store_n(y + i, v_load_hn(x + i, n - i), n - i);
}

static void k_to_f16(uint16_t *y, const float *x, size_t n)
{
	uint16_t t[V];
	size_t i;

	for (i = 0; i + V <= n; i += V)
		v_store_h(y + i, v_load(x + i));
	if (i < n) {
		v_store_h(t, v_load_n(x + i, n - i));
		memcpy(y + i, t, (n - i) * sizeof(*y));
	}
}

/* ---- element-wise ---- */

#define UNARY(name, expr)						\
static void u_##name(float *yp, const float *xp, size_t n, float a, float b) \
{									\
	size_t i;							\
	vf x;								\
									\
	for (i = 0; i + V <= n; i += V) {				\
		x = v_load(xp + i);					\
		v_store(yp + i, expr);					\
	}								\
	if (i < n) {							\
		x = v_load_n(xp + i, n - i);				\
		v_store_n(yp + i, expr, n - i);				\
	}								\
}

/* what no model runs often: the C library, element by element */
#define UNARY_LIBM(name, expr)						\
static void u_##name(float *yp, const float *xp, size_t n, float a, float b) \
{									\
	size_t i;							\
									\
	for (i = 0; i < n; i++) {					\
		float x = xp[i];					\
									\
		yp[i] = expr;						\
	}								\
}

#define V_BOOL(m) ((vf)((m) & (vi)v_set(1.0f)))
#define V_CLAMP01(x) v_min(v_max(x, v_set(0.0f)), v_set(1.0f))

UNARY(copy, x)
UNARY(neg, -x)
UNARY(abs, v_abs(x))
UNARY(sqrt, v_sqrt(x))
UNARY(rsqrt, 1.0f / v_sqrt(x))
UNARY(recip, 1.0f / x)
UNARY(exp, v_exp(x))
UNARY(log, v_log(x))
UNARY_LIBM(sin, sinf(x))
UNARY_LIBM(cos, cosf(x))
UNARY_LIBM(tan, tanf(x))
UNARY(tanh, v_tanh(x))
UNARY(sigmoid, v_sigmoid(x))
UNARY(erf, v_erf(x))
UNARY(gelu, v_gelu(x))
UNARY(gelu_tanh, v_gelu_tanh(x))
UNARY(silu, v_swish(x, x))
UNARY(relu, v_relu(x))
UNARY(leaky_relu, v_sel(x < 0.0f, x * a, x))
UNARY_LIBM(elu, x < 0 ? a * expm1f(x) : x)
UNARY_LIBM(selu, x > 0 ? b * x : b * a * expm1f(x))
UNARY(hardsigmoid, V_CLAMP01(x * a + b))
UNARY(hardswish, x * V_CLAMP01(x * (1.0f / 6) + 0.5f))
UNARY(softplus, v_softplus(x))
UNARY(softsign, x / (v_abs(x) + 1.0f))
UNARY(mish, x * v_tanh(v_softplus(x)))
UNARY(clip, v_min(v_max(x, v_set(a)), v_set(b)))
UNARY(floor, v_floor(x))
UNARY(ceil, -v_floor(-x))
UNARY(round, v_round(x))
UNARY(sign, v_sel(x > 0.0f, v_set(1.0f), v_sel(x < 0.0f, v_set(-1.0f), x)))
UNARY(not, V_BOOL(x == 0.0f))
UNARY(isnan, V_BOOL(x != x))
UNARY_LIBM(isinf, (x == __builtin_inff() && ((uint32_t)a & 1)) ||
	   (x == -__builtin_inff() && ((uint32_t)a & 2)))
UNARY_LIBM(asin, asinf(x))
UNARY_LIBM(acos, acosf(x))
UNARY_LIBM(atan, atanf(x))
UNARY_LIBM(sinh, sinhf(x))
UNARY_LIBM(cosh, coshf(x))
UNARY_LIBM(asinh, asinhf(x))
UNARY_LIBM(acosh, acoshf(x))
UNARY_LIBM(atanh, atanhf(x))
UNARY(scale, v_fma(x, v_set(a), v_set(b)))
UNARY(quick_gelu, v_swish(x, x * a))

#define BINARY(name, expr)						\
static void b_##name(float *yp, const float *ap, const float *bp, size_t n) \
{									\
	size_t i;							\
	vf a, b;							\
									\
	for (i = 0; i + V <= n; i += V) {				\
		a = v_load(ap + i);					\
		b = v_load(bp + i);					\
		v_store(yp + i, expr);					\
	}								\
	if (i < n) {							\
		a = v_load_n(ap + i, n - i);				\
		b = v_load_n(bp + i, n - i);				\
		v_store_n(yp + i, expr, n - i);				\
	}								\
}

static float pow1(float a, float b)
{
	return b == 2.0f ? a * a : powf(a, b);
}

static float mod1(float a, float b)
{
	float r = fmodf(a, b);

	return r != 0.0f && (r < 0) != (b < 0) ? r + b : r;
}

#define BINARY_LIBM(name, fn)						\
static void b_##name(float *y, const float *a, const float *b, size_t n) \
{									\
	size_t i;							\
									\
	for (i = 0; i < n; i++)						\
		y[i] = fn(a[i], b[i]);					\
}

BINARY(add, a + b)
BINARY(sub, a - b)
BINARY(mul, a * b)
BINARY(div, a / b)
BINARY_LIBM(pow, pow1)
BINARY_LIBM(mod, mod1)
BINARY_LIBM(fmod, fmodf)
BINARY(min, v_min(a, b))
BINARY(max, v_max(a, b))
BINARY(eq, V_BOOL(a == b))
BINARY(lt, V_BOOL(a < b))
BINARY(le, V_BOOL(a <= b))
BINARY(gt, V_BOOL(a > b))
BINARY(ge, V_BOOL(a >= b))
BINARY(and, V_BOOL((a != 0.0f) & (b != 0.0f)))
BINARY(or, V_BOOL((a != 0.0f) | (b != 0.0f)))
BINARY(xor, V_BOOL((a != 0.0f) ^ (b != 0.0f)))
BINARY(silu_mul, v_swish(a, a) * b)
BINARY(gelu_mul, v_gelu(a) * b)
BINARY(gelu_tanh_mul, v_gelu_tanh(a) * b)
BINARY(relu_mul, v_relu(a) * b)
BINARY(prelu, v_sel(a < 0.0f, a * b, a))

/* ---- rows to one number ---- */

#define REDUCE(name, init, fold, last, args, arg)			\
static float k_##name args						\
{									\
	vf s0 = v_set(init), s1 = s0, x;				\
	size_t i;							\
									\
	for (i = 0; i + 2 * V <= n; i += 2 * V) {			\
		x = v_load(xp + i);					\
		s0 = fold(s0, x, arg);					\
		x = v_load(xp + i + V);					\
		s1 = fold(s1, x, arg);					\
	}								\
	return last(s0, s1, xp + i, n - i, arg);			\
}

#define SUM_FOLD(s, x, c)	((s) + (x))
#define ABS_FOLD(s, x, c)	((s) + v_abs(x))
#define SQ_FOLD(s, x, c)	v_fma((x) - (c), (x) - (c), s)
#define MAX_FOLD(s, x, c)	v_sel((x) > (s), x, s)
#define MIN_FOLD(s, x, c)	v_sel((x) < (s), x, s)

static inline float sum_last(vf s0, vf s1, const float *x, size_t n, float c)
{
	float s = v_sum(s0 + s1);

	while (n--)
		s += *x++;
	return s;
}

static inline float abs_last(vf s0, vf s1, const float *x, size_t n, float c)
{
	float s = v_sum(s0 + s1);

	while (n--)
		s += fabsf(*x++);
	return s;
}

static inline float sq_last(vf s0, vf s1, const float *x, size_t n, float c)
{
	float s = v_sum(s0 + s1), d;

	for (; n--; x++) {
		d = *x - c;
		s += d * d;
	}
	return s;
}

static inline float max_last(vf s0, vf s1, const float *x, size_t n, float c)
{
	float t[V], s = -__builtin_inff();
	int i;

	v_store(t, MAX_FOLD(s0, s1, c));
	for (i = 0; i < V; i++)
		s = t[i] > s ? t[i] : s;
	for (; n--; x++)
		s = *x > s ? *x : s;
	return s;
}

static inline float min_last(vf s0, vf s1, const float *x, size_t n, float c)
{
	float t[V], s = __builtin_inff();
	int i;

	v_store(t, MIN_FOLD(s0, s1, c));
	for (i = 0; i < V; i++)
		s = t[i] < s ? t[i] : s;
	for (; n--; x++)
		s = *x < s ? *x : s;
	return s;
}

REDUCE(sum, 0.0f, SUM_FOLD, sum_last, (const float *xp, size_t n), 0.0f)
REDUCE(sumabs, 0.0f, ABS_FOLD, abs_last, (const float *xp, size_t n), 0.0f)
REDUCE(sumsq, 0.0f, SQ_FOLD, sq_last,
       (const float *xp, size_t n, float c), c)
REDUCE(max, -__builtin_inff(), MAX_FOLD, max_last,
       (const float *xp, size_t n), 0.0f)
REDUCE(min, __builtin_inff(), MIN_FOLD, min_last,
       (const float *xp, size_t n), 0.0f)

static float k_expsum(float *yp, const float *xp, size_t n, float c)
{
	vf s = v_set(0.0f), y;
	float t[V], r;
	size_t i;

	for (i = 0; i + V <= n; i += V) {
		y = v_exp(v_load(xp + i) - c);
		v_store(yp + i, y);
		s += y;
	}
	r = v_sum(s);
	if (i < n) {
		v_store(t, v_exp(v_load_n(xp + i, n - i) - c));
		for (size_t j = 0; i + j < n; j++) {
			yp[i + j] = t[j];
			r += t[j];
		}
	}
	return r;
}

static void k_norm(float *yp, const float *xp, size_t n, float mean, float r,
		   const float *gamma, const float *beta)
{
	size_t i;
	vf y;

	for (i = 0; i + V <= n; i += V) {
		y = (v_load(xp + i) - mean) * r;
		if (gamma)
			y = y * v_load(gamma + i);
		if (beta)
			y = y + v_load(beta + i);
		v_store(yp + i, y);
	}
	for (; i < n; i++) {
		float s = (xp[i] - mean) * r;

		if (gamma)
			s *= gamma[i];
		if (beta)
			s += beta[i];
		yp[i] = s;
	}
}

/* ---- products ---- */

#define WTYPE	uint16_t
#define WLOAD	v_load_h
#define WLOAD_N	v_load_hn
#define FN(x)	x##_f16
#include "kern_gemm.h"
#undef WTYPE
#undef WLOAD
#undef WLOAD_N
#undef FN

#define WTYPE	float
#define WLOAD	v_load
#define WLOAD_N	v_load_n
#define FN(x)	x##_f32
#include "kern_gemm.h"

#undef WTYPE
#undef WLOAD
#undef WLOAD_N
#undef FN

#include "kern_attn.h"
#include "kern_panel.h"

#define LINES(t)	{ .dot = k_dot_##t, .add = k_add_##t,		\
			  .unpack = k_unpack_##t, .turn = k_turn_##t }

#define U(op, fn)	[NSP_U_##op] = u_##fn
#define B(op, fn)	[NSP_B_##op] = b_##fn

static const struct kern KERN = {
	.name = KERN_NAME,
	.from_f16 = k_from_f16,
	.to_f16 = k_to_f16,
	.unary = {
		U(COPY, copy), U(NEG, neg), U(ABS, abs), U(SQRT, sqrt),
		U(RSQRT, rsqrt), U(RECIP, recip), U(EXP, exp), U(LOG, log),
		U(SIN, sin), U(COS, cos), U(TAN, tan), U(TANH, tanh),
		U(SIGMOID, sigmoid), U(ERF, erf), U(GELU, gelu),
		U(GELU_TANH, gelu_tanh), U(SILU, silu), U(RELU, relu),
		U(LEAKY_RELU, leaky_relu), U(ELU, elu), U(SELU, selu),
		U(HARDSIGMOID, hardsigmoid), U(HARDSWISH, hardswish),
		U(SOFTPLUS, softplus), U(SOFTSIGN, softsign), U(MISH, mish),
		U(CLIP, clip), U(FLOOR, floor), U(CEIL, ceil),
		U(ROUND, round), U(SIGN, sign), U(NOT, not),
		U(ISNAN, isnan), U(ISINF, isinf), U(ASIN, asin),
		U(ACOS, acos), U(ATAN, atan), U(SINH, sinh), U(COSH, cosh),
		U(ASINH, asinh), U(ACOSH, acosh), U(ATANH, atanh),
		U(SCALE, scale), U(QUICK_GELU, quick_gelu),
	},
	.binary = {
		B(ADD, add), B(SUB, sub), B(MUL, mul), B(DIV, div),
		B(POW, pow), B(MOD, mod), B(FMOD, fmod), B(MIN, min),
		B(MAX, max), B(EQ, eq), B(LT, lt), B(LE, le), B(GT, gt),
		B(GE, ge), B(AND, and), B(OR, or), B(XOR, xor),
		B(SILU_MUL, silu_mul), B(GELU_MUL, gelu_mul),
		B(GELU_TANH_MUL, gelu_tanh_mul), B(RELU_MUL, relu_mul),
		B(PRELU, prelu),
	},
	.sum = k_sum, .sumabs = k_sumabs, .sumsq = k_sumsq,
	.max = k_max, .min = k_min, .expsum = k_expsum, .norm = k_norm,
	.rows_f16 = rows_f16, .rows_f32 = rows_f32,
	.cols_f16 = cols_f16, .cols_f32 = cols_f32,
	.panels_f16 = panels_f16,
	.f16 = LINES(f16), .f32 = LINES(f32), .mxint8 = LINES(mxint8),
	.scores = k_scores, .weigh = k_weigh,
};
