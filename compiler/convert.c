// SPDX-License-Identifier: MIT
#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "base/cpu.h"
#include "base/f16.h"
#include "compiler/convert.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

#define LOAD(type)                                                             \
	({                                                                     \
		type load_;                                                    \
		memcpy(&load_, p, sizeof(load_));                              \
		load_;                                                         \
	})
#define STORE(type, v)                                                         \
	do {                                                                   \
		type store_ = (type)(v);                                       \
		memcpy(p, &store_, sizeof(store_));                            \
	} while (0)

double qc_load_f64(const void *p, enum qaic_dtype type)
{
	switch (type) {
	case QAIC_F32:
		return LOAD(float);
	case QAIC_F16:
		return qaic_f16_to_f32(LOAD(uint16_t));
	case QAIC_BF16:
		return qaic_bf16_to_f32(LOAD(uint16_t));
	case QAIC_F64:
		return LOAD(double);
	case QAIC_U64:
		return LOAD(uint64_t);
	default:
		return qc_load_i64(p, type);
	}
}

static int64_t f64_to_i64(double v)
{
	if (isnan(v))
		return 0;
	if (v >= 9223372036854775808.0)
		return INT64_MAX;
	if (v <= -9223372036854775808.0)
		return INT64_MIN;
	return (int64_t)v;
}

int64_t qc_load_i64(const void *p, enum qaic_dtype type)
{
	switch (type) {
	case QAIC_I8:
		return LOAD(int8_t);
	case QAIC_U8:
	case QAIC_BOOL:
		return LOAD(uint8_t);
	case QAIC_I16:
		return LOAD(int16_t);
	case QAIC_U16:
		return LOAD(uint16_t);
	case QAIC_I32:
		return LOAD(int32_t);
	case QAIC_U32:
		return LOAD(uint32_t);
	case QAIC_I64:
	case QAIC_U64:
		return LOAD(int64_t);
	default:
		return f64_to_i64(qc_load_f64(p, type));
	}
}

void qc_store_i64(void *p, enum qaic_dtype type, int64_t v)
{
	switch (type) {
	case QAIC_I8:
	case QAIC_U8:
		STORE(uint8_t, v);
		break;
	case QAIC_BOOL:
		STORE(uint8_t, v != 0);
		break;
	case QAIC_I16:
	case QAIC_U16:
		STORE(uint16_t, v);
		break;
	case QAIC_I32:
	case QAIC_U32:
		STORE(uint32_t, v);
		break;
	case QAIC_I64:
	case QAIC_U64:
		STORE(int64_t, v);
		break;
	default:
		qc_store_f64(p, type, v);
	}
}

/* The bounds of an integer type, for floats that do not fit. */
static double clamp_to(double v, enum qaic_dtype type)
{
	static const double bounds[QAIC_DTYPE_COUNT][2] = {
		[QAIC_I8] = { INT8_MIN, INT8_MAX },
		[QAIC_U8] = { 0, UINT8_MAX },
		[QAIC_I16] = { INT16_MIN, INT16_MAX },
		[QAIC_U16] = { 0, UINT16_MAX },
		[QAIC_I32] = { INT32_MIN, INT32_MAX },
		[QAIC_U32] = { 0, UINT32_MAX },
	};

	if (type == QAIC_I64 || isnan(v))
		return v;
	if (v < bounds[type][0])
		return bounds[type][0];
	return v > bounds[type][1] ? bounds[type][1] : v;
}

void qc_store_f64(void *p, enum qaic_dtype type, double v)
{
	switch (type) {
	case QAIC_F32:
		STORE(float, v);
		break;
	case QAIC_F16:
		STORE(uint16_t, qaic_f32_to_f16((float)v));
		break;
	case QAIC_BF16:
		STORE(uint16_t, qaic_f32_to_bf16((float)v));
		break;
	case QAIC_F64:
		STORE(double, v);
		break;
	case QAIC_BOOL:
		STORE(uint8_t, v != 0);
		break;
	case QAIC_U64:
		STORE(uint64_t, !(v > 0) ? 0 :
			v >= 18446744073709551616.0 ? UINT64_MAX : (uint64_t)v);
		break;
	default:
		qc_store_i64(p, type, f64_to_i64(clamp_to(v, type)));
	}
}

/* ---- the conversions that weights go through, fast ---- */

#if defined(__x86_64__)
__attribute__((target("avx,f16c")))
static int64_t f32_to_f16_x8(uint16_t *dst, const uint8_t *src, int64_t n)
{
	int64_t i;

	for (i = 0; i + 8 <= n; i += 8) {
		__m256 v = _mm256_loadu_ps((const float *)(src + 4 * i));

		_mm_storeu_si128((__m128i *)(dst + i),
				 _mm256_cvtps_ph(v, _MM_FROUND_TO_NEAREST_INT));
	}
	return i;
}

__attribute__((target("avx,f16c")))
static int64_t f16_to_f32_x8(float *dst, const uint8_t *src, int64_t n)
{
	int64_t i;

	for (i = 0; i + 8 <= n; i += 8) {
		__m128i h = _mm_loadu_si128((const __m128i *)(src + 2 * i));

		_mm256_storeu_ps(dst + i, _mm256_cvtph_ps(h));
	}
	return i;
}

static int have_f16c(void)
{
	return __builtin_cpu_supports("avx") &&
	       __builtin_cpu_supports(QAIC_CPU_F16C);
}
#else
static int64_t f32_to_f16_x8(uint16_t *dst, const uint8_t *src, int64_t n)
{
	return 0;
}

static int64_t f16_to_f32_x8(float *dst, const uint8_t *src, int64_t n)
{
	return 0;
}

static int have_f16c(void)
{
	return 0;
}
#endif

/* Sixteen at a time, for the compiler to make vectors of. */
static int64_t bf16_to_f32_x16(float *dst, const uint8_t *src, int64_t n)
{
	uint16_t h[16];
	int64_t i;
	int k;

	for (i = 0; i + 16 <= n; i += 16) {
		memcpy(h, src + 2 * i, sizeof(h));
		for (k = 0; k < 16; k++)
			dst[i + k] = qaic_bf16_to_f32(h[k]);
	}
	return i;
}

/* Float to float; false if the pair is not one of the common ones. */
static int convert_float(uint8_t *dst, enum qaic_dtype dtype,
			 const uint8_t *src, enum qaic_dtype stype,
			 int64_t stride, int64_t n)
{
	int64_t i = 0;
	const uint8_t *p;
	float f;

	if (dtype == QAIC_F16 && stype == QAIC_F32) {
		if (stride == 1 && have_f16c())
			i = f32_to_f16_x8((uint16_t *)dst, src, n);
		for (; i < n; i++) {
			p = src + 4 * stride * i;
			f = LOAD(float);
			p = dst + 2 * i;
			*(uint16_t *)p = qaic_f32_to_f16(f);
		}
		return 1;
	}
	if (dtype == QAIC_F32 && stype == QAIC_F16) {
		if (stride == 1 && have_f16c())
			i = f16_to_f32_x8((float *)dst, src, n);
		for (; i < n; i++) {
			p = src + 2 * stride * i;
			((float *)dst)[i] = qaic_f16_to_f32(LOAD(uint16_t));
		}
		return 1;
	}
	if (dtype == QAIC_F32 && stype == QAIC_BF16) {
		if (stride == 1)
			i = bf16_to_f32_x16((float *)dst, src, n);
		for (; i < n; i++) {
			p = src + 2 * stride * i;
			((float *)dst)[i] = qaic_bf16_to_f32(LOAD(uint16_t));
		}
		return 1;
	}
	if (dtype == QAIC_F16 && stype == QAIC_BF16) {
		for (; i < n; i++) {
			p = src + 2 * stride * i;
			((uint16_t *)dst)[i] = qaic_f32_to_f16(
				qaic_bf16_to_f32(LOAD(uint16_t)));
		}
		return 1;
	}
	return 0;
}

static void convert_same(uint8_t *dst, const uint8_t *src, size_t size,
			 int64_t stride, int64_t n)
{
	int64_t i;

	if (stride == 1) {
		memcpy(dst, src, size * n);
	} else if (size == 4) {
		for (i = 0; i < n; i++)
			memcpy(dst + 4 * i, src + 4 * stride * i, 4);
	} else if (size == 2) {
		for (i = 0; i < n; i++)
			memcpy(dst + 2 * i, src + 2 * stride * i, 2);
	} else {
		for (i = 0; i < n; i++)
			memcpy(dst + size * i,
			       src + (int64_t)size * stride * i, size);
	}
}

void qc_convert(void *dst, enum qaic_dtype dtype, const void *src,
		enum qaic_dtype stype, int64_t stride, int64_t n)
{
	int64_t dsize = qaic_dtype_size(dtype), ssize = qaic_dtype_size(stype);
	bool via_f64 = qaic_dtype_is_float(dtype) || qaic_dtype_is_float(stype);
	bool aligned = !((uintptr_t)dst % dsize);
	const uint8_t *s = src;
	uint8_t *d = dst;
	int64_t i;

	if (n <= 0)
		return;
	if (dtype == stype) {
		convert_same(d, s, dsize, stride, n);
		return;
	}
	if (aligned && convert_float(d, dtype, s, stype, stride, n))
		return;
	for (i = 0; i < n; i++) {
		const uint8_t *from = s + ssize * stride * i;

		if (via_f64)
			qc_store_f64(d + dsize * i, dtype,
				     qc_load_f64(from, stype));
		else
			qc_store_i64(d + dsize * i, dtype,
				     qc_load_i64(from, stype));
	}
}
