// SPDX-License-Identifier: MIT
/*
 * Row kernels for AVX2 with FMA and F16C.
 */
#include "base/cpu.h"
#include "soc/kern.h"

#if defined(__AVX2__) && defined(__FMA__) && defined(__F16C__)
#include <immintrin.h>

#define V	8
#define KERN	avx2
#define KERN_NAME "avx2"

typedef float vf __attribute__((vector_size(4 * V)));
typedef int32_t vi __attribute__((vector_size(4 * V)));

static inline vf v_set(float f)
{
	return (vf)_mm256_set1_ps(f);
}

static inline vf v_fma(vf a, vf b, vf c)
{
	return (vf)_mm256_fmadd_ps((__m256)a, (__m256)b, (__m256)c);
}

static inline vf v_round(vf x)
{
	return (vf)_mm256_round_ps((__m256)x, _MM_FROUND_TO_NEAREST_INT |
				   _MM_FROUND_NO_EXC);
}

static inline vf v_sqrt(vf x)
{
	return (vf)_mm256_sqrt_ps((__m256)x);
}

static inline vf v_load_h(const uint16_t *p)
{
	return (vf)_mm256_cvtph_ps(_mm_loadu_si128((const __m128i *)p));
}

/* V bytes */
static inline vf v_load_b(const int8_t *p)
{
	return (vf)_mm256_cvtepi32_ps(_mm256_cvtepi8_epi32(
			_mm_loadl_epi64((const __m128i *)p)));
}

static inline void v_store_h(uint16_t *p, vf x)
{
	_mm_storeu_si128((__m128i *)p, _mm256_cvtps_ph((__m256)x,
			 _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC));
}

static inline void v_sum4(float out[4], vf a, vf b, vf c, vf d)
{
	__m256 ab = _mm256_hadd_ps((__m256)a, (__m256)b);
	__m256 cd = _mm256_hadd_ps((__m256)c, (__m256)d);
	__m256 s = _mm256_hadd_ps(ab, cd);

	_mm_storeu_ps(out, _mm_add_ps(_mm256_castps256_ps128(s),
				      _mm256_extractf128_ps(s, 1)));
}

#include "soc/kern_body.h"

const struct kern *kern_avx2(void)
{
	if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") &&
	    __builtin_cpu_supports(QAIC_CPU_F16C))
		return &avx2;
	return NULL;
}

#else

const struct kern *kern_avx2(void)
{
	return NULL;
}
#endif
