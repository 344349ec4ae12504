/* SPDX-License-Identifier: MIT */
/*
 * Products with few activation rows, for one type of weights: included by
 * kern_body.h with WTYPE, WLOAD, WLOAD_N and FN() set.
 *
 * These are bound by reading weights, so a weight is read and converted once per
 * group of activation rows, four weight rows at a time (four streams keep the
 * memory busier than one), in its own type. Every KBLOCK of k has V partial sums,
 * lane i taking k = i mod V in rising order, added up by v_sum4; the blocks are
 * added in order. This is the same for every row, every split of n, every number
 * of activation rows and both types of weights. Four weight rows of KBLOCK stay
 * in the first-level cache while the activation rows go by.
 */

#ifndef KBLOCK
#define KBLOCK	1024
#endif
#define LINE	(64 / sizeof(WTYPE))	/* weights of a cache line */

/*
 * out[j][r] = w[r] . x[j], r < 4, j < M. The rows of the next call are @ahead
 * bytes further: they are fetched meanwhile, since what the hardware fetches by
 * itself ends with a page.
 */
#define DOT4(M)								\
static inline __attribute__((always_inline))				\
void FN(dot4x##M)(float (*out)[4], const WTYPE *const w[4],		\
		  const float *x, size_t ldx, size_t k, ptrdiff_t ahead) \
{									\
	vf s[M][4], wv, xv[M];						\
	size_t i, b;							\
	int j, r;							\
									\
	for (j = 0; j < M; j++)						\
		for (r = 0; r < 4; r++)					\
			s[j][r] = v_set(0.0f);				\
	for (i = 0; i + LINE <= k; i += LINE) {				\
		for (r = 0; ahead && r < 4; r++)			\
			__builtin_prefetch((const void *)		\
				((uintptr_t)(w[r] + i) + ahead), 0, 2);	\
		_Pragma("GCC unroll 4")					\
		for (b = i; b < i + LINE; b += V) {			\
			for (j = 0; j < M; j++)				\
				xv[j] = v_load(x + j * ldx + b);	\
			_Pragma("GCC unroll 4")				\
			for (r = 0; r < 4; r++) {			\
				wv = WLOAD(w[r] + b);			\
				for (j = 0; j < M; j++)			\
					s[j][r] = v_fma(wv, xv[j],	\
							s[j][r]);	\
			}						\
		}							\
	}								\
	for (; i < k; i += V) {						\
		b = k - i;						\
		for (j = 0; j < M; j++)					\
			xv[j] = b < V ? v_load_n(x + j * ldx + i, b) :	\
				v_load(x + j * ldx + i);		\
		_Pragma("GCC unroll 4")					\
		for (r = 0; r < 4; r++) {				\
			wv = b < V ? WLOAD_N(w[r] + i, b) :		\
			     WLOAD(w[r] + i);				\
			for (j = 0; j < M; j++)				\
				s[j][r] = v_fma(wv, xv[j], s[j][r]);	\
		}							\
	}								\
	for (j = 0; j < M; j++)						\
		v_sum4(out[j], s[j][0], s[j][1], s[j][2], s[j][3]);	\
}

DOT4(1)
DOT4(2)
DOT4(3)
#undef DOT4
#undef LINE

/* four rows (the last ones may be the same), KBLOCK of k, all of m */
static inline void FN(rows4)(float *y, size_t ldy, const float *x, size_t ldx,
			     size_t m, const WTYPE *const row[4], size_t live,
			     size_t k, ptrdiff_t ahead, bool acc)
{
	float out[3][4];
	size_t j, g, r;

	for (j = 0; j < m; j += g, ahead = 0) {
		/* 4 is 2 + 2: 3 + 1 would convert as often, less evenly */
		g = m - j == 4 ? 2 : m - j < 3 ? m - j : 3;
		if (g == 1)
			FN(dot4x1)(out, row, x + j * ldx, ldx, k, ahead);
		else if (g == 2)
			FN(dot4x2)(out, row, x + j * ldx, ldx, k, ahead);
		else
			FN(dot4x3)(out, row, x + j * ldx, ldx, k, ahead);
		for (r = 0; r < g * live; r++) {
			float *d = y + (j + r / live) * ldy + r % live;
			float v = out[r / live][r % live];

			*d = acc ? *d + v : v;
		}
	}
}

static void FN(rows)(KERN_GEMM_ARGS(WTYPE))
{
	ptrdiff_t ahead = 4 * ldw * (ptrdiff_t)sizeof(*w);
	size_t i, r, b, live;
	const WTYPE *row[4];

	for (i = 0; i < n; i += 4) {
		live = n - i < 4 ? n - i : 4;
		for (b = 0; b < k; b += KBLOCK) {
			for (r = 0; r < 4; r++)
				row[r] = w + (ptrdiff_t)(i + r % live) * ldw +
					 b;
			FN(rows4)(y + i, ldy, x + b, ldx, m, row, live,
				  k - b < KBLOCK ? k - b : KBLOCK, ahead,
				  acc || b);
		}
	}
}

/* y += x[0] w[0] + ... + x[3] w[3], in that order */
static inline void FN(axpy4)(float *y, const float *x, const WTYPE *w,
			     ptrdiff_t ldw, size_t n, size_t rows)
{
	vf x0 = v_set(x[0]), x1 = v_set(x[rows > 1 ? 1 : 0]);
	vf x2 = v_set(x[rows > 2 ? 2 : 0]), x3 = v_set(x[rows > 3 ? 3 : 0]);
	size_t i, c;
	vf s;

	for (i = 0; i < n; i += V) {
		c = n - i < V ? n - i : V;
		s = c == V ? v_load(y + i) : v_load_n(y + i, c);
#define STEP(r) s = v_fma(x##r, c == V ? WLOAD(w + r * ldw + i) :	\
			  WLOAD_N(w + r * ldw + i, c), s)
		STEP(0);
		if (rows > 1)
			STEP(1);
		if (rows > 2)
			STEP(2);
		if (rows > 3)
			STEP(3);
#undef STEP
		if (c == V)
			v_store(y + i, s);
		else
			v_store_n(y + i, s, c);
	}
}

static void FN(cols)(KERN_GEMM_ARGS(WTYPE))
{
	size_t i, j, b, c;

	/* columns in blocks whose sums stay in the first-level cache */
	for (b = 0; b < n; b += c) {
		c = n - b < 1024 ? n - b : 1024;
		if (!acc)
			for (j = 0; j < m; j++)
				memset(y + j * ldy + b, 0, c * sizeof(*y));
		for (i = 0; i + 4 <= k; i += 4)
			for (j = 0; j < m; j++)
				FN(axpy4)(y + j * ldy + b, x + j * ldx + i,
					  w + (ptrdiff_t)i * ldw + b, ldw, c,
					  4);
		for (j = 0; i < k && j < m; j++)
			FN(axpy4)(y + j * ldy + b, x + j * ldx + i,
				  w + (ptrdiff_t)i * ldw + b, ldw, c, k - i);
	}
}
