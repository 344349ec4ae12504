// SPDX-License-Identifier: MIT
/*
 * Row kernels for AVX-512. The arithmetic units are often no wider than those of
 * AVX2; but half the instructions per byte lets the CPU look twice as far ahead
 * for the weights it will need from memory.
 */
#include "base/cpu.h"
#include "soc/kern.h"

#if defined(__AVX512F__) && defined(__AVX512BW__) && defined(__AVX512VL__) && \
	defined(__AVX512DQ__)
#include <immintrin.h>

#define V	16
#define KERN	avx512
#define KERN_NAME "avx512"

typedef float vf __attribute__((vector_size(4 * V)));
typedef int32_t vi __attribute__((vector_size(4 * V)));

static inline vf v_set(float f)
{
	return (vf)_mm512_set1_ps(f);
}

static inline vf v_fma(vf a, vf b, vf c)
{
	return (vf)_mm512_fmadd_ps((__m512)a, (__m512)b, (__m512)c);
}

static inline vf v_round(vf x)
{
	return (vf)_mm512_roundscale_ps((__m512)x, _MM_FROUND_TO_NEAREST_INT |
					_MM_FROUND_NO_EXC);
}

static inline vf v_sqrt(vf x)
{
	return (vf)_mm512_sqrt_ps((__m512)x);
}

static inline vf v_load_h(const uint16_t *p)
{
	return (vf)_mm512_cvtph_ps(_mm256_loadu_si256((const __m256i *)p));
}

/* V bytes */
static inline vf v_load_b(const int8_t *p)
{
	return (vf)_mm512_cvtepi32_ps(_mm512_cvtepi8_epi32(
			_mm_loadu_si128((const __m128i *)p)));
}

static inline void v_store_h(uint16_t *p, vf x)
{
	_mm256_storeu_si256((__m256i *)p, _mm512_cvtps_ph((__m512)x,
			    _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC));
}

static inline __m256 v_fold(vf x)
{
	return _mm256_add_ps(_mm512_castps512_ps256((__m512)x),
			     _mm512_extractf32x8_ps((__m512)x, 1));
}

static inline void v_sum4(float out[4], vf a, vf b, vf c, vf d)
{
	__m256 ab = _mm256_hadd_ps(v_fold(a), v_fold(b));
	__m256 cd = _mm256_hadd_ps(v_fold(c), v_fold(d));
	__m256 s = _mm256_hadd_ps(ab, cd);

	_mm_storeu_ps(out, _mm_add_ps(_mm256_castps256_ps128(s),
				      _mm256_extractf128_ps(s, 1)));
}

#include "soc/kern_body.h"

const struct kern *kern_avx512(void)
{
	if (__builtin_cpu_supports("avx512f") &&
	    __builtin_cpu_supports("avx512bw") &&
	    __builtin_cpu_supports("avx512vl") &&
	    __builtin_cpu_supports("avx512dq") &&
	    __builtin_cpu_supports("fma") &&
	    __builtin_cpu_supports(QAIC_CPU_F16C))
		return &avx512;
	return NULL;
}

#else

const struct kern *kern_avx512(void)
{
	return NULL;
}
#endif
