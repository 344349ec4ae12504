// SPDX-License-Identifier: MIT
/*
 * Block products for AVX-512 with VNNI and VBMI.
 *
 * A vector has four k of 16 rows, one row per 32-bit lane. A code becomes a value
 * by one table look-up over all 64 codes (VPERMB). With one activation row,
 * weights are bytes with an offset, and VPDPBUSD multiplies them with the high and
 * the low bytes of the activations; the offset goes out again with the sum of the
 * activations. With several rows, weights are unpacked once to words in the
 * first-level cache, for VPDPWSSD.
 */
#include "base/cpu.h"
#include "soc/kern_mx.h"

#if defined(__AVX512F__) && defined(__AVX512BW__) && defined(__AVX512VL__) && \
	defined(__AVX512VNNI__) && defined(__AVX512VBMI__)
#include <immintrin.h>

#include "soc/kern_mx_common.h"

#define TILE	8
#define MAX_STREAMS	4
#define RUN	16		/* blocks: 16 KiB of words */
#define DECODED	1024		/* bytes of a decoded block, at most */

/* Values of the codes in units. */
static const int8_t e2m3[64] __attribute__((aligned(64))) = {
	0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15,
	16, 18, 20, 22, 24, 26, 28, 30, 32, 36, 40, 44, 48, 52, 56, 60,
	0, -1, -2, -3, -4, -5, -6, -7, -8, -9, -10, -11, -12, -13, -14, -15,
	-16, -18, -20, -22, -24, -26, -28, -30,
	-32, -36, -40, -44, -48, -52, -56, -60,
};

/* four times the same: only four bits of the index count */
#define E2M1	0, 1, 2, 3, 4, 6, 8, 12, 0, -1, -2, -3, -4, -6, -8, -12
static const int8_t e2m1[64] __attribute__((aligned(64))) = {
	E2M1, E2M1, E2M1, E2M1,
};

static inline size_t few(enum qaic_dtype dtype, bool act8)
{
	return act8 ? 1 : dtype == QAIC_MXFP6 ? 3 : 7;
}

static bool use_bytes(enum qaic_dtype dtype, size_t m, bool act8)
{
	return act8 || m <= few(dtype, act8);
}

static inline int offset_of(enum qaic_dtype dtype)
{
	return dtype == QAIC_MXFP6 ? 60 : dtype == QAIC_MXFP4 ? 12 : 128;
}

/* What the codes mean: in units, plus @offset. */
static inline __m512i table(enum qaic_dtype dtype, int offset)
{
	return _mm512_add_epi8(_mm512_load_si512(dtype == QAIC_MXFP6 ? e2m3 :
						 e2m1),
			       _mm512_set1_epi8(offset));
}

static inline __m512i load(const uint8_t *p)
{
	return _mm512_loadu_si512(p);
}

/* Vector @v of a block: codes (high bits of a byte may be anything), or bytes. */
static inline __attribute__((always_inline))
__m512i codes(enum qaic_dtype dtype, const uint8_t *p, int v)
{
	__m512i l, h;

	if (dtype == QAIC_MXINT8)
		return load(p + 64 * v);
	l = load(p + 64 * (v / 2));
	if (v & 1)
		l = _mm512_srli_epi16(l, 4);
	if (dtype == QAIC_MXFP4)
		return l;
	h = load(p + 256 + 64 * (v / 4));
	switch (v % 4) {
	case 1:
		h = _mm512_srli_epi16(h, 2);
		break;
	case 2:
		h = _mm512_slli_epi16(h, 4);
		break;
	case 3:
		h = _mm512_slli_epi16(h, 2);
		break;
	}
	/* l where the mask is set, else h */
	return _mm512_ternarylogic_epi32(_mm512_set1_epi8(15), l, h, 0xca);
}

/* Values of vector @v plus the offset that @tab has (128 for MXINT8). */
static inline __attribute__((always_inline))
__m512i values(enum qaic_dtype dtype, const uint8_t *p, int v, __m512i tab)
{
	__m512i c = codes(dtype, p, v);

	return dtype == QAIC_MXINT8 ? c : _mm512_permutexvar_epi8(c, tab);
}

/*
 * s += weights times the four bytes, or two words, at @p, the same for all rows.
 * By hand, since GCC 12 loads them with an instruction of their own.
 */
static inline __m512i dot_bytes(__m512i s, __m512i w, const int8_t *p)
{
	__asm__("vpdpbusd %2%{1to16%}, %1, %0" : "+v"(s)
		: "v"(w), "m"(*(const int8_t (*)[4])p));
	return s;
}

static inline __m512i dot_words(__m512i s, __m512i w, const int16_t *p)
{
	__asm__("vpdpwssd %2%{1to16%}, %1, %0" : "+v"(s)
		: "v"(w), "m"(*(const int16_t (*)[2])p));
	return s;
}

/* 16 scales: 2^(e - 127); 0 for the smallest, infinity for NaN (codes are 0) */
static inline __m512 scales16(const uint8_t *p)
{
	__m512i e = _mm512_cvtepu8_epi32(_mm_loadu_si128((const void *)p));

	return _mm512_castsi512_ps(_mm512_slli_epi32(e, 23));
}

/* ---- one activation row ---- */

/*
 * The sums of block @i of a group, as integers. @ahead is where the group to fetch
 * begins; it is asked for evenly, where arithmetic fills the time.
 */
static inline __attribute__((always_inline))
__m512i gemv_block(enum qaic_dtype dtype, bool act8, const uint8_t *p,
		   const int8_t *hi, const int8_t *lo, int32_t sum, __m512i tab,
		   const uint8_t *ahead, const int i, bool even)
{
	const int bytes = mx_elems(dtype) + QPC_PANEL_ROWS;
	__m512i a = _mm512_set1_epi32(-offset_of(dtype) * sum);
	__m512i b = _mm512_setzero_si512(), w;
	int v, o = (i * bytes + 63) / 64;

	_Pragma("GCC unroll 8")
	for (v = 0; v < 8; v++) {
		for (; 512 * o < (8 * i + (even ? v + 1 : 8)) * bytes; o++)
			mx_fetch(ahead + 64 * o);
		w = values(dtype, p, v, tab);
		if (act8) {
			if (v & 1)
				b = dot_bytes(b, w, hi + 4 * v);
			else
				a = dot_bytes(a, w, hi + 4 * v);
			continue;
		}
		b = dot_bytes(b, w, hi + 4 * v);
		a = dot_bytes(a, w, lo + 4 * v);
	}
	if (!act8)
		b = _mm512_slli_epi32(b, 8);
	return _mm512_add_epi32(a, b);
}

/*
 * How many panels go together, each read from end to end. What the memory gives faster
 * depends on the strides in a way that was measured, not understood: long panels that
 * take more arithmetic for a byte gain 6 to 40 % beside each other.
 */
static inline int streams(enum qaic_dtype dtype, size_t pitch)
{
	if (pitch < 16 << 10 || dtype == QAIC_MXINT8)
		return 1;
	return dtype == QAIC_MXFP4 ? 4 : 3;
}

static inline int ahead_of(enum qaic_dtype dtype, int S)
{
	return S == 1 ? MX_AHEAD : dtype == QAIC_MXFP4 ? 768 : 1280;
}

/* A group of @g blocks of S panels; x->b and so on from @nr on. */
static inline __attribute__((always_inline))
void gemv_group(enum qaic_dtype dtype, bool act8, const int S, const int g,
		const struct mx_rows *x, size_t nr, const uint8_t *w, size_t far,
		__m512i tab, __m512 acc[])
{
	const size_t elems = mx_elems(dtype);
	const int8_t *hi = x->b + nr * QAIC_MX_BLOCK;
	const int8_t *lo = hi + x->m * x->blocks * QAIC_MX_BLOCK;
	const int ahead = ahead_of(dtype, S);
	const bool even = S > 1 || (dtype != QAIC_MXINT8 && !act8);
	__m512i q;
	__m512 ws;
	int i, s;

	_Pragma("GCC unroll 4")
	for (i = 0; i < g; i++) {
		_Pragma("GCC unroll 4")
		for (s = 0; s < S; s++) {
			const uint8_t *p = w + s * far;

			q = gemv_block(dtype, act8, p + i * elems,
				       hi + i * QAIC_MX_BLOCK,
				       lo + i * QAIC_MX_BLOCK, x->sum[nr + i],
				       tab, p + ahead, i, even);
			ws = scales16(p + g * elems + i * QPC_PANEL_ROWS);
			acc[s] = _mm512_fmadd_ps(_mm512_cvtepi32_ps(q),
				_mm512_mul_ps(ws, _mm512_set1_ps(
						x->scale[nr + i])), acc[s]);
		}
	}
}

/* S panels, @far bytes apart, @yfar results apart. */
static inline __attribute__((always_inline))
void gemv_act(enum qaic_dtype dtype, bool act8, const int S,
	      const struct mx_job *j, size_t m, float *y, size_t yfar,
	      const uint8_t *w, size_t far)
{
	const size_t bytes = mx_elems(dtype) + QPC_PANEL_ROWS;
	const __m512 unit = _mm512_set1_ps(mx_unit(dtype));
	const __m512i tab = table(dtype, offset_of(dtype));
	size_t b, blocks = j->x->blocks, nr = m * blocks;
	__m512 acc[MAX_STREAMS];
	int s;

	for (s = 0; s < S; s++)
		acc[s] = j->acc ? _mm512_div_ps(_mm512_loadu_ps(y + s * yfar),
						unit) : _mm512_setzero_ps();
	for (b = 0; b + QPC_GROUP <= blocks; b += QPC_GROUP) {
		gemv_group(dtype, act8, S, QPC_GROUP, j->x, nr + b, w, far, tab,
			   acc);
		w += QPC_GROUP * bytes;
	}
	if (b < blocks)
		gemv_group(dtype, act8, S, blocks - b, j->x, nr + b, w, far,
			   tab, acc);
	for (s = 0; s < S; s++)
		_mm512_storeu_ps(y + s * yfar, _mm512_mul_ps(acc[s], unit));
}

/* ---- several ---- */

/* To words, k = 0, 2 and 1, 3 of each four; or to bytes with an offset. */
static inline __attribute__((always_inline))
void decode_act(enum qaic_dtype dtype, bool act8, const uint8_t *p, uint8_t *out)
{
	__m512i tab = table(dtype, act8 ? offset_of(dtype) : 0), w;
	int v;

	_Pragma("GCC unroll 8")
	for (v = 0; v < 8; v++) {
		w = values(dtype, p, v, tab);
		if (act8) {
			_mm512_store_si512(out + 64 * v, w);
			continue;
		}
		if (dtype == QAIC_MXINT8)
			w = _mm512_xor_si512(w, _mm512_set1_epi8((char)0x80));
		_mm512_store_si512(out + 128 * v,
			_mm512_srai_epi16(_mm512_slli_epi16(w, 8), 8));
		_mm512_store_si512(out + 128 * v + 64, _mm512_srai_epi16(w, 8));
	}
}

static inline __attribute__((always_inline))
void decode(enum qaic_dtype dtype, bool act8, const uint8_t *p, uint8_t *out)
{
	if (act8)
		decode_act(dtype, true, p, out);
	else
		decode_act(dtype, false, p, out);
}

static inline void decode_scales(const uint8_t *p, float *out)
{
	_mm512_store_ps(out, scales16(p));
}

/* T rows from @m on with @n blocks; @offset is in the bytes of 8-bit products */
static inline __attribute__((always_inline))
void tile_act(int offset, bool act8, const struct mx_job *j, size_t m,
	      const int T, size_t b0, size_t n, const uint8_t *data,
	      const float *scales)
{
	const struct mx_rows *x = j->x;
	size_t row = x->blocks * QAIC_MX_BLOCK, nr, b;
	__m512 unit = _mm512_set1_ps(j->unit), acc[TILE], ws;
	__m512i s[TILE], w;
	int t, v;

	for (t = 0; t < T; t++)
		acc[t] = b0 || j->acc ? _mm512_div_ps(_mm512_loadu_ps(
				j->y + (m + t) * j->ldy), unit) :
			 _mm512_setzero_ps();
	for (b = 0; b < n; b++) {
		nr = m * x->blocks + b0 + b;
		for (t = 0; t < T; t++)
			s[t] = act8 ? _mm512_set1_epi32(-offset *
					x->sum[nr + t * x->blocks]) :
			       _mm512_setzero_si512();
		if (act8) {
			const int8_t *a = x->b + nr * QAIC_MX_BLOCK;

			_Pragma("GCC unroll 8")
			for (v = 0; v < 8; v++) {
				w = _mm512_load_si512(data + b * DECODED + 64 * v);
				_Pragma("GCC unroll 8")
				for (t = 0; t < T; t++)
					s[t] = dot_bytes(s[t], w,
							 a + t * row + 4 * v);
			}
		} else {
			const int16_t *a = x->q + nr * QAIC_MX_BLOCK;

			_Pragma("GCC unroll 16")
			for (v = 0; v < 16; v++) {
				w = _mm512_load_si512(data + b * DECODED + 64 * v);
				_Pragma("GCC unroll 8")
				for (t = 0; t < T; t++)
					s[t] = dot_words(s[t], w,
							 a + t * row + 2 * v);
			}
		}
		ws = _mm512_load_ps(scales + b * QPC_PANEL_ROWS);
		_Pragma("GCC unroll 8")
		for (t = 0; t < T; t++)
			acc[t] = _mm512_fmadd_ps(_mm512_cvtepi32_ps(s[t]),
				_mm512_mul_ps(ws, _mm512_set1_ps(
					x->scale[nr + t * x->blocks])), acc[t]);
	}
	for (t = 0; t < T; t++)
		_mm512_storeu_ps(j->y + (m + t) * j->ldy,
				 _mm512_mul_ps(acc[t], unit));
}

/* Not inlined: the constants of decode() would take the registers. */
static __attribute__((noinline))
void tile(enum qaic_dtype dtype, const struct mx_job *j, size_t m, size_t count,
	  size_t b0, size_t n, const uint8_t *data, const float *scales)
{
	bool act8 = j->x->act8;
	int offset = offset_of(dtype);

#define SOME(T)								\
	do {								\
		if (act8)						\
			tile_act(offset, true, j, m, T, b0, n, data,	\
				 scales);				\
		else							\
			tile_act(offset, false, j, m, T, b0, n, data,	\
				 scales);				\
		m += T;							\
		count -= T;						\
	} while (0)
	if (count == 8)
		SOME(8);
	if (count >= 4)
		SOME(4);
	if (count >= 2)
		SOME(2);
	if (count)
		SOME(1);
#undef SOME
}

#include "soc/kern_mx_body.h"

static const struct kern_mx avx512 = {
	.name = "avx512", .bytes = use_bytes, .quant = mx_quant,
	.mul = mx_mul,
};

const struct kern_mx *kern_mx_avx512(void)
{
	if (__builtin_cpu_supports("avx512f") &&
	    __builtin_cpu_supports("avx512bw") &&
	    __builtin_cpu_supports("avx512vl") &&
	    __builtin_cpu_supports("avx512dq") &&
	    __builtin_cpu_supports("avx512vbmi") &&
	    __builtin_cpu_supports("avx512vnni") &&
	    __builtin_cpu_supports("fma"))
		return &avx512;
	return NULL;
}

#else

const struct kern_mx *kern_mx_avx512(void)
{
	return NULL;
}
#endif
