// SPDX-License-Identifier: MIT
#include <math.h>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

#include "base/cpu.h"
#include "base/f16.h"
#include "compiler/consts.h"

static void convert_c(const float *src, uint16_t *dst, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++) {
		float f = src[i];

		if (fabsf(f) > 65504.0f && !isinf(f))
			f = f < 0 ? -65504.0f : 65504.0f;
		dst[i] = qaic_f32_to_f16(f);
	}
}

#if defined(__x86_64__)
__attribute__((target("avx2,f16c")))
static void convert_f16c(const float *src, uint16_t *dst, size_t n)
{
	const __m256 top = _mm256_set1_ps(65504.0f);
	const __m256 inf = _mm256_set1_ps(INFINITY);
	const __m256 sign = _mm256_set1_ps(-0.0f);
	size_t i;

	for (i = 0; i + 8 <= n; i += 8) {
		__m256 x = _mm256_loadu_ps(src + i);
		__m256 a = _mm256_andnot_ps(sign, x);
		/* finite and too large; false for NaN and infinity */
		__m256 big = _mm256_and_ps(
				_mm256_cmp_ps(a, top, _CMP_GT_OQ),
				_mm256_cmp_ps(a, inf, _CMP_LT_OQ));
		__m256 clip = _mm256_or_ps(top, _mm256_and_ps(sign, x));

		x = _mm256_blendv_ps(x, clip, big);
		_mm_storeu_si128((__m128i *)(dst + i),
				 _mm256_cvtps_ph(x, _MM_FROUND_TO_NEAREST_INT));
	}
	convert_c(src + i, dst + i, n - i);
}
#endif

void qc_f32_to_f16(const float *src, uint16_t *dst, size_t n)
{
#if defined(__x86_64__)
	if (__builtin_cpu_supports("avx2") &&
	    __builtin_cpu_supports(QAIC_CPU_F16C)) {
		convert_f16c(src, dst, n);
		return;
	}
#endif
	convert_c(src, dst, n);
}
