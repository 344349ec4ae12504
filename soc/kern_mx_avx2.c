// SPDX-License-Identifier: MIT
/*
 * Block products for AVX2: a vector has four k of 8 rows, a panel is two halves.
 *
 * Values are signed bytes: a magnitude by one table look-up of the low four bits,
 * then the sign. 16-bit activations want them as words, of even and of odd k; with
 * 8-bit ones the sign goes to the activation, so that magnitudes are the unsigned
 * factor of VPMADDUBSW. No sum of 16 bits overflows: 128 * 127 * 2 = 32512 for
 * MXINT8, 60 * 127 * 4 = 30480 for two sums of MXFP6.
 */
#include "base/cpu.h"
#include "soc/kern_mx.h"

#if defined(__AVX2__) && defined(__FMA__) && defined(__F16C__)
#include <immintrin.h>

#include "soc/kern_mx_common.h"

#define TILE	4
#define MAX_STREAMS	1
#define RUN	16		/* blocks: 16 KiB of words */
#define DECODED	1024		/* bytes of a decoded block */

static inline size_t few(enum qaic_dtype dtype, bool act8)
{
	(void)dtype;
	(void)act8;
	return 1;
}

static bool use_bytes(enum qaic_dtype dtype, size_t m, bool act8)
{
	(void)dtype;
	return act8 && m == 1;
}

static inline __m256i load(const uint8_t *p)
{
	return _mm256_loadu_si256((const __m256i *)p);
}

static inline __m256i bcast(const void *p)
{
	int32_t i;

	memcpy(&i, p, sizeof(i));
	return _mm256_set1_epi32(i);
}

static inline __m256 scales8(const uint8_t *p)
{
	__m256i e = _mm256_cvtepu8_epi32(_mm_loadl_epi64((const __m128i *)p));

	return _mm256_castsi256_ps(_mm256_slli_epi32(e, 23));
}

/* @low: codes' low bits; bit 7 of @sign and @big are their bits 5 and 4 */
static inline __m256i magnitude6(__m256i low, __m256i big)
{
	const __m256i t = _mm256_broadcastsi128_si256(_mm_setr_epi8(
		16, 18, 20, 22, 24, 26, 28, 30, 32, 36, 40, 44, 48, 52, 56, 60));

	return _mm256_blendv_epi8(low, _mm256_shuffle_epi8(t, low), big);
}

static inline __m256i magnitude4(__m256i low)
{
	const __m256i t = _mm256_broadcastsi128_si256(_mm_setr_epi8(
		0, 1, 2, 3, 4, 6, 8, 12, 0, 1, 2, 3, 4, 6, 8, 12));

	return _mm256_shuffle_epi8(t, low);
}

/* The low four bits of the codes of vector @v of half @p of a block. */
static inline __m256i low_bits(const uint8_t *p, int v)
{
	__m256i l = load(p + 64 * (v / 2));

	if (v & 1)
		l = _mm256_srli_epi16(l, 4);
	return _mm256_and_si256(l, _mm256_set1_epi8(15));
}

/* Vector @v of half @p of a block: magnitude, and a byte with the value's sign. */
static inline __attribute__((always_inline))
__m256i split(enum qaic_dtype dtype, const uint8_t *p, int v, __m256i *sign)
{
	const __m256i one = _mm256_set1_epi8(1);
	__m256i l, h, big;

	if (dtype == QAIC_MXINT8) {
		l = _mm256_xor_si256(load(p + 64 * v),
				     _mm256_set1_epi8((char)0x80));
		*sign = l;
		return _mm256_abs_epi8(l);
	}
	l = low_bits(p, v);
	if (dtype == QAIC_MXFP4) {
		*sign = _mm256_or_si256(_mm256_slli_epi16(l, 4), one);
		return magnitude4(l);
	}
	h = load(p + 256 + 64 * (v / 4));
	switch (v % 4) {		/* bits 4-5, 6-7, 0-1, 2-3 */
	case 0:
		big = _mm256_slli_epi16(h, 3);
		h = _mm256_slli_epi16(h, 2);
		break;
	case 1:
		big = _mm256_add_epi8(h, h);
		break;
	case 2:
		big = _mm256_slli_epi16(h, 7);
		h = _mm256_slli_epi16(h, 6);
		break;
	default:
		big = _mm256_slli_epi16(h, 5);
		h = _mm256_slli_epi16(h, 4);
	}
	*sign = _mm256_or_si256(h, one);
	return magnitude6(l, big);
}

static inline __attribute__((always_inline))
__m256i value(enum qaic_dtype dtype, const uint8_t *p, int v)
{
	const __m256i e2m1 = _mm256_broadcastsi128_si256(_mm_setr_epi8(
		0, 1, 2, 3, 4, 6, 8, 12, 0, -1, -2, -3, -4, -6, -8, -12));
	__m256i sign, mag;

	if (dtype == QAIC_MXINT8)
		return _mm256_xor_si256(load(p + 64 * v),
					_mm256_set1_epi8((char)0x80));
	if (dtype == QAIC_MXFP4)
		return _mm256_shuffle_epi8(e2m1, low_bits(p, v));
	mag = split(dtype, p, v, &sign);
	return _mm256_sign_epi8(mag, sign);
}

/* words of k = 0, 2 and of k = 1, 3 */
static inline __m256i even(__m256i w)
{
	return _mm256_maddubs_epi16(_mm256_set1_epi16(1), w);
}

static inline __m256i odd(__m256i w)
{
	return _mm256_srai_epi16(w, 8);
}

/* ---- one activation row ---- */

static inline __attribute__((always_inline))
__m256i block16(enum qaic_dtype dtype, const uint8_t *p, const int16_t *a)
{
	__m256i s = _mm256_setzero_si256(), t = s, w;
	int v;

	_Pragma("GCC unroll 8")
	for (v = 0; v < 8; v++) {
		w = value(dtype, p, v);
		s = _mm256_add_epi32(s, _mm256_madd_epi16(even(w),
							  bcast(a + 4 * v)));
		t = _mm256_add_epi32(t, _mm256_madd_epi16(odd(w),
							  bcast(a + 4 * v + 2)));
	}
	return _mm256_add_epi32(s, t);
}

static inline __attribute__((always_inline))
__m256i block8(enum qaic_dtype dtype, const uint8_t *p, const int8_t *a)
{
	const __m256i one = _mm256_set1_epi16(1);
	__m256i s = _mm256_setzero_si256(), mag, sign, t, u;
	int v;

	_Pragma("GCC unroll 4")
	for (v = 0; v < 8; v += 2) {
		mag = split(dtype, p, v, &sign);
		t = _mm256_maddubs_epi16(mag, _mm256_sign_epi8(bcast(a + 4 * v),
							       sign));
		mag = split(dtype, p, v + 1, &sign);
		u = _mm256_maddubs_epi16(mag,
			_mm256_sign_epi8(bcast(a + 4 * v + 4), sign));
		if (dtype == QAIC_MXINT8) {
			s = _mm256_add_epi32(s, _mm256_madd_epi16(t, one));
			s = _mm256_add_epi32(s, _mm256_madd_epi16(u, one));
		} else {
			t = _mm256_add_epi16(t, u);
			s = _mm256_add_epi32(s, _mm256_madd_epi16(t, one));
		}
	}
	return s;
}

/* Where there is more arithmetic, prefetches are better left to GCC's schedule. */
static inline __attribute__((always_inline))
void ahead(enum qaic_dtype dtype, const uint8_t *w)
{
	const size_t bytes = mx_elems(dtype) + QPC_PANEL_ROWS;
	size_t o;

	for (o = 0; o < bytes; o += 64) {
		if (dtype == QAIC_MXINT8)
			mx_fetch(w + o);
		else
			__builtin_prefetch(w + o, 0, 0);
	}
}

/* The arithmetic limits: one stream. */
static inline int streams(enum qaic_dtype dtype, size_t pitch)
{
	(void)dtype;
	(void)pitch;
	return 1;
}

static inline __attribute__((always_inline))
void gemv_act(enum qaic_dtype dtype, bool act8, const int S,
	      const struct mx_job *j, size_t m, float *y, size_t yfar,
	      const uint8_t *w, size_t far)
{
	const size_t elems = mx_elems(dtype), bytes = elems + QPC_PANEL_ROWS;
	const struct mx_rows *x = j->x;
	__m256 acc[2], unit = _mm256_set1_ps(mx_unit(dtype)), ws;
	const uint8_t *p;
	size_t b, g, i, at;
	__m256i s;
	int h;

	(void)S;
	(void)yfar;
	(void)far;
	for (h = 0; h < 2; h++)
		acc[h] = j->acc ? _mm256_div_ps(_mm256_loadu_ps(y + h * 8),
						unit) :
			 _mm256_setzero_ps();
	for (b = 0; b < x->blocks; b += g, w += g * bytes) {
		g = x->blocks - b < QPC_GROUP ? x->blocks - b : QPC_GROUP;
		for (i = 0; i < g; i++) {
			at = m * x->blocks + b + i;
			ahead(dtype, w + i * bytes + MX_AHEAD);
			_Pragma("GCC unroll 2")
			for (h = 0; h < 2; h++) {
				p = w + i * elems + h * 32;
				s = act8 ? block8(dtype, p, x->b +
						  at * QAIC_MX_BLOCK) :
					   block16(dtype, p, x->q +
						   at * QAIC_MX_BLOCK);
				ws = scales8(w + g * elems +
					     i * QPC_PANEL_ROWS + h * 8);
				acc[h] = _mm256_fmadd_ps(
					_mm256_cvtepi32_ps(s),
					_mm256_mul_ps(ws, _mm256_set1_ps(
							x->scale[at])),
					acc[h]);
			}
		}
	}
	for (h = 0; h < 2; h++)
		_mm256_storeu_ps(y + h * 8, _mm256_mul_ps(acc[h], unit));
}

/* ---- several ---- */

/* To words: of each vector even k of 16 rows, then odd k. */
static inline __attribute__((always_inline))
void decode(enum qaic_dtype dtype, bool act8, const uint8_t *p, uint8_t *out)
{
	__m256i w;
	int v, h;

	(void)act8;		/* words do for both */
	_Pragma("GCC unroll 8")
	for (v = 0; v < 8; v++) {
		for (h = 0; h < 2; h++) {
			w = value(dtype, p + 32 * h, v);
			_mm256_store_si256((__m256i *)(out + 128 * v + 32 * h),
					   even(w));
			_mm256_store_si256((__m256i *)(out + 128 * v + 64 +
						       32 * h), odd(w));
		}
	}
}

static inline void decode_scales(const uint8_t *p, float *out)
{
	_mm256_store_ps(out, scales8(p));
	_mm256_store_ps(out + 8, scales8(p + 8));
}

static inline __attribute__((always_inline))
void tile_rows(const struct mx_job *j, size_t m, const int T, size_t b0,
	       size_t n, const uint8_t *data, const float *scales)
{
	const struct mx_rows *x = j->x;
	size_t row = x->blocks * QAIC_MX_BLOCK, nr, b;
	__m256 unit = _mm256_set1_ps(j->unit), acc[2 * TILE], xs;
	__m256i s[2 * TILE], w0, w1, a;
	int t, v;

	for (t = 0; t < 2 * T; t++)
		acc[t] = b0 || j->acc ? _mm256_div_ps(_mm256_loadu_ps(j->y +
				(m + t / 2) * j->ldy + t % 2 * 8), unit) :
			 _mm256_setzero_ps();
	for (b = 0; b < n; b++) {
		const int16_t *q;

		nr = m * x->blocks + b0 + b;
		q = x->q + nr * QAIC_MX_BLOCK;
		for (t = 0; t < 2 * T; t++)
			s[t] = _mm256_setzero_si256();
		for (v = 0; v < 16; v++) {
			w0 = load(data + b * DECODED + 64 * v);
			w1 = load(data + b * DECODED + 64 * v + 32);
			_Pragma("GCC unroll 4")
			for (t = 0; t < T; t++) {
				a = bcast(q + t * row + 2 * v);
				s[2 * t] = _mm256_add_epi32(s[2 * t],
					_mm256_madd_epi16(w0, a));
				s[2 * t + 1] = _mm256_add_epi32(s[2 * t + 1],
					_mm256_madd_epi16(w1, a));
			}
		}
		for (t = 0; t < 2 * T; t++) {
			xs = _mm256_set1_ps(x->scale[nr + t / 2 * x->blocks]);
			acc[t] = _mm256_fmadd_ps(_mm256_cvtepi32_ps(s[t]),
				_mm256_mul_ps(_mm256_load_ps(scales +
					b * QPC_PANEL_ROWS + t % 2 * 8), xs),
				acc[t]);
		}
	}
	for (t = 0; t < 2 * T; t++)
		_mm256_storeu_ps(j->y + (m + t / 2) * j->ldy + t % 2 * 8,
				 _mm256_mul_ps(acc[t], unit));
}

/* Not inlined: the constants of decode() would take the registers. */
static __attribute__((noinline))
void tile(enum qaic_dtype dtype, const struct mx_job *j, size_t m, size_t count,
	  size_t b0, size_t n, const uint8_t *data, const float *scales)
{
	(void)dtype;
	if (count == 4) {
		tile_rows(j, m, 4, b0, n, data, scales);
		return;
	}
	if (count >= 2) {
		tile_rows(j, m, 2, b0, n, data, scales);
		m += 2;
		count -= 2;
	}
	if (count)
		tile_rows(j, m, 1, b0, n, data, scales);
}

#include "soc/kern_mx_body.h"

static const struct kern_mx avx2 = {
	.name = "avx2", .bytes = use_bytes, .quant = mx_quant,
	.mul = mx_mul,
};

const struct kern_mx *kern_mx_avx2(void)
{
	if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") &&
	    __builtin_cpu_supports(QAIC_CPU_F16C))
		return &avx2;
	return NULL;
}

#else

const struct kern_mx *kern_mx_avx2(void)
{
	return NULL;
}
#endif
