// SPDX-License-Identifier: MIT
/*
 * Floats to blocks. There is no branch on an element, so that a matrix takes a
 * fraction of a nanosecond a weight: codes of magnitudes rise with the value, and
 * within a binade a code is a rounded multiple of the value. The multiple of each
 * binade lies above those of its neighbours elsewhere, so the least of them is the
 * code; a rounding up runs into the next binade.
 *
 * A number below 2^22 plus 1.5 * 2^23 is rounded to an integer, half to even, and
 * that integer is in its low bits.
 */
#include <stdbool.h>
#include <string.h>
#if defined(__x86_64__)
#include <immintrin.h>
#endif

#include "base/f16.h"
#include "base/mx.h"

#define ROUND	12582912.0f
#define N	QAIC_MX_BLOCK

/* Of the formats with an exponent: three binades, the largest code, the sign. */
static const struct steps {
	float mul[3], add[3], top;
	uint32_t sign;
	int emax;		/* exponent of the largest power of two */
} e2m3 = {
	{ 8, 4, 2 }, { ROUND, ROUND + 8, ROUND + 16 }, ROUND + 31, 32, 2
}, e2m1 = {
	{ 2, 1, 0.5f }, { ROUND, ROUND + 2, ROUND + 4 }, ROUND + 7, 8, 2
};

static const struct steps *steps_of(enum qaic_dtype dtype)
{
	return dtype == QAIC_MXFP6 ? &e2m3 : dtype == QAIC_MXFP4 ? &e2m1 : NULL;
}

/*
 * The scale of a block by the bits of its largest magnitude (they are ordered as
 * the values are), and its inverse. True if there is nothing more to do.
 */
static inline bool scale_of(const struct steps *st, uint32_t top,
			    uint8_t *scale, float *by, uint8_t *code)
{
	/* of a subnormal float the clamp needs no exact exponent */
	int e = (int)(top >> 23) - (st ? st->emax : 0);

	e = e < 0 ? 0 : e;
	*scale = e;
	*by = qaic_e8m0_to_f32(254 - e);
	if (top && top < 0x7f800000)
		return false;
	memset(code, 0, N);
	*scale = top ? QAIC_MX_NAN : 0;
	return true;
}

static uint8_t encode_c(enum qaic_dtype dtype, const float *x, uint8_t *code)
{
	const struct steps *st = steps_of(dtype);
	float a[N], b, by, lo = ROUND - 127, hi = ROUND + 127;
	uint32_t u, top = 0;
	uint8_t scale;
	int i, k;

	for (i = 0; i < N; i++) {
		u = qaic_f32_to_bits(x[i]) & 0x7fffffff;
		top = u > top ? u : top;
	}
	if (scale_of(st, top, &scale, &by, code))
		return scale;
	if (!st) {
		for (i = 0; i < N; i++) {
			b = x[i] * by * 64 + ROUND;
			b = b < lo ? lo : b > hi ? hi : b;
			code[i] = qaic_f32_to_bits(b);
		}
		return scale;
	}
	for (i = 0; i < N; i++)
		a[i] = st->top;
	for (k = 0; k < 3; k++) {
		for (i = 0; i < N; i++) {
			b = (x[i] < 0 ? -x[i] : x[i]) * by * st->mul[k] +
			    st->add[k];
			a[i] = b < a[i] ? b : a[i];
		}
	}
	for (i = 0; i < N; i++)
		code[i] = (qaic_f32_to_bits(a[i]) & 31) |
			  (x[i] < 0 ? st->sign : 0);
	return scale;
}

#if defined(__x86_64__)
__attribute__((target("avx2,fma")))
static uint8_t encode_avx2(enum qaic_dtype dtype, const float *x, uint8_t *code)
{
	const struct steps *st = steps_of(dtype);
	const __m256i abs = _mm256_set1_epi32(0x7fffffff);
	__m256 v[4], s, a;
	__m256i c[4], m;
	__m128i h;
	uint8_t scale;
	float by;
	int i;

	for (i = 0; i < 4; i++) {
		v[i] = _mm256_loadu_ps(x + 8 * i);
		c[i] = _mm256_and_si256(_mm256_castps_si256(v[i]), abs);
	}
	m = _mm256_max_epu32(_mm256_max_epu32(c[0], c[1]),
			     _mm256_max_epu32(c[2], c[3]));
	h = _mm_max_epu32(_mm256_castsi256_si128(m),
			  _mm256_extracti128_si256(m, 1));
	h = _mm_max_epu32(h, _mm_shuffle_epi32(h, 0x4e));
	h = _mm_max_epu32(h, _mm_shuffle_epi32(h, 0xb1));
	if (scale_of(st, _mm_cvtsi128_si32(h), &scale, &by, code))
		return scale;
	s = _mm256_set1_ps(by);
	for (i = 0; i < 4 && !st; i++) {
		a = _mm256_fmadd_ps(_mm256_mul_ps(v[i], s),
				    _mm256_set1_ps(64), _mm256_set1_ps(ROUND));
		a = _mm256_max_ps(a, _mm256_set1_ps(ROUND - 127));
		a = _mm256_min_ps(a, _mm256_set1_ps(ROUND + 127));
		c[i] = _mm256_and_si256(_mm256_castps_si256(a),
					_mm256_set1_epi32(255));
	}
	for (i = 0; i < 4 && st; i++) {
		const __m256 y = _mm256_mul_ps(_mm256_castsi256_ps(c[i]), s);

		a = _mm256_min_ps(_mm256_set1_ps(st->top), _mm256_fmadd_ps(y,
				_mm256_set1_ps(st->mul[0]),
				_mm256_set1_ps(st->add[0])));
		a = _mm256_min_ps(a, _mm256_fmadd_ps(y,
				_mm256_set1_ps(st->mul[1]),
				_mm256_set1_ps(st->add[1])));
		a = _mm256_min_ps(a, _mm256_fmadd_ps(y,
				_mm256_set1_ps(st->mul[2]),
				_mm256_set1_ps(st->add[2])));
		m = _mm256_castps_si256(_mm256_cmp_ps(v[i],
				_mm256_setzero_ps(), _CMP_LT_OQ));
		c[i] = _mm256_or_si256(
			_mm256_and_si256(_mm256_castps_si256(a),
					 _mm256_set1_epi32(31)),
			_mm256_and_si256(m, _mm256_set1_epi32(st->sign)));
	}
	/* packs work on halves: dwords come as 0 2 4 6, 1 3 5 7 */
	m = _mm256_packus_epi16(_mm256_packus_epi32(c[0], c[1]),
				_mm256_packus_epi32(c[2], c[3]));
	m = _mm256_permutevar8x32_epi32(m, _mm256_setr_epi32(0, 4, 1, 5,
							     2, 6, 3, 7));
	_mm256_storeu_si256((__m256i *)code, m);
	return scale;
}

__attribute__((target("avx512f")))
static uint8_t encode_avx512(enum qaic_dtype dtype, const float *x,
			     uint8_t *code)
{
	const struct steps *st = steps_of(dtype);
	const __m512i abs = _mm512_set1_epi32(0x7fffffff);
	__m512 v[2], s, a;
	__m512i c[2];
	uint8_t scale;
	float by;
	int i;

	for (i = 0; i < 2; i++) {
		v[i] = _mm512_loadu_ps(x + 16 * i);
		c[i] = _mm512_and_si512(_mm512_castps_si512(v[i]), abs);
	}
	if (scale_of(st, _mm512_reduce_max_epu32(_mm512_max_epu32(c[0], c[1])),
		     &scale, &by, code))
		return scale;
	s = _mm512_set1_ps(by);
	for (i = 0; i < 2 && !st; i++) {
		a = _mm512_fmadd_ps(_mm512_mul_ps(v[i], s),
				    _mm512_set1_ps(64), _mm512_set1_ps(ROUND));
		a = _mm512_max_ps(a, _mm512_set1_ps(ROUND - 127));
		a = _mm512_min_ps(a, _mm512_set1_ps(ROUND + 127));
		c[i] = _mm512_castps_si512(a);
	}
	for (i = 0; i < 2 && st; i++) {
		const __m512 y = _mm512_mul_ps(_mm512_castsi512_ps(c[i]), s);

		a = _mm512_min_ps(_mm512_set1_ps(st->top), _mm512_fmadd_ps(y,
				_mm512_set1_ps(st->mul[0]),
				_mm512_set1_ps(st->add[0])));
		a = _mm512_min_ps(a, _mm512_fmadd_ps(y,
				_mm512_set1_ps(st->mul[1]),
				_mm512_set1_ps(st->add[1])));
		a = _mm512_min_ps(a, _mm512_fmadd_ps(y,
				_mm512_set1_ps(st->mul[2]),
				_mm512_set1_ps(st->add[2])));
		c[i] = _mm512_and_si512(_mm512_castps_si512(a),
					_mm512_set1_epi32(31));
		c[i] = _mm512_mask_or_epi32(c[i], _mm512_cmp_ps_mask(v[i],
				_mm512_setzero_ps(), _CMP_LT_OQ), c[i],
				_mm512_set1_epi32(st->sign));
	}
	for (i = 0; i < 2; i++)
		_mm_storeu_si128((__m128i *)(code + 16 * i),
				 _mm512_cvtepi32_epi8(c[i]));
	return scale;
}
#endif

qaic_mx_encoder *qaic_mx_encoder_get(unsigned int i)
{
#if defined(__x86_64__)
	if (__builtin_cpu_supports("avx512f") && !i--)
		return encode_avx512;
	if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") &&
	    !i--)
		return encode_avx2;
#endif
	return i ? NULL : encode_c;
}

uint8_t qaic_mx_encode(enum qaic_dtype dtype, const float *x, unsigned int n,
		       uint8_t code[QAIC_MX_BLOCK])
{
	float v[N] = { 0 };

	if (n < N)
		x = memcpy(v, x, n * sizeof(*v));
	return qaic_mx_encoder_get(0)(dtype, x, code);
}
