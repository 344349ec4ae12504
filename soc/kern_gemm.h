/* SPDX-License-Identifier: MIT */
/*
 * Products with few activation rows, for one type of weights: included by
 * kern_body.h with WTYPE, WLOAD, WLOAD_N and FN() set.
 *
 * These are bound by reading weights, so a weight is read from memory once, in its
 * own type, and converted once per group of activation rows. Every KBLOCK of k has
 * V partial sums, lane i taking k = i mod V in rising order, added up by v_sum4;
 * the blocks are added in order. This is the same for every row, every split of n,
 * every number of activation rows and both types of weights. Four weight rows of
 * KBLOCK stay in the first-level cache while the activation rows go by.
 */

#ifndef KBLOCK
#define KBLOCK	1024
#endif
#define AHEAD	2048				/* bytes */
#define AHEAD1	384				/* where the memory is the limit */
#define LINE	(64 / sizeof(WTYPE))		/* weights of a cache line */

enum FN(pass) {			/* over a weight row */
	FN(AGAIN), FN(FIRST), FN(ONLY),
};

/*
 * out[j][r] = w[r] . x[j], r < R, j < M. When w is read the first time, what
 * comes next is fetched: the hardware does that by itself, but not enough. It goes
 * to the second-level cache where there is arithmetic to hide the way from there, and
 * past that where the memory is the limit.
 */
#define DOT(R, M)							\
static inline __attribute__((always_inline))				\
void FN(dot##R##x##M)(float (*out)[8], const WTYPE *const *w,		\
		      const float *x, size_t ldx, size_t k,		\
		      enum FN(pass) pass)				\
{									\
	vf s[M][R], wv, xv[M];						\
	size_t i, b;							\
	int j, r;							\
									\
	for (j = 0; j < M; j++)						\
		for (r = 0; r < R; r++)					\
			s[j][r] = v_set(0.0f);				\
	for (i = 0; i + LINE <= k; i += LINE) {				\
		for (r = 0; pass == FN(FIRST) && r < R; r++)		\
			__builtin_prefetch((const void *)		\
				((uintptr_t)(w[r] + i) + AHEAD), 0, 2);	\
		for (r = 0; pass == FN(ONLY) && r < R; r++)		\
			__builtin_prefetch((const void *)		\
				((uintptr_t)(w[r] + i) + AHEAD1), 0, 0); \
		_Pragma("GCC unroll 4")					\
		for (b = i; b < i + LINE; b += V) {			\
			for (j = 0; j < M; j++)				\
				xv[j] = v_load(x + j * ldx + b);	\
			_Pragma("GCC unroll 8")				\
			for (r = 0; r < R; r++) {			\
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
		_Pragma("GCC unroll 8")					\
		for (r = 0; r < R; r++) {				\
			wv = b < V ? WLOAD_N(w[r] + i, b) :		\
			     WLOAD(w[r] + i);				\
			for (j = 0; j < M; j++)				\
				s[j][r] = v_fma(wv, xv[j], s[j][r]);	\
		}							\
	}								\
	for (j = 0; j < M; j++)						\
		for (r = 0; r < R; r += 4)				\
			v_sum4(out[j] + r, s[j][r], s[j][r + 1],	\
			       s[j][r + 2], s[j][r + 3]);		\
}

DOT(8, 1)
DOT(4, 1)
DOT(4, 2)
DOT(4, 3)
#if V == 16
DOT(4, 4)
#define TOGETHER 4		/* activation rows; there are registers for them */
#else
#define TOGETHER 3
#endif
#undef DOT
#undef LINE
#undef AHEAD
#undef AHEAD1

/* Of @m activation rows. One more than TOGETHER is halved: both convert twice. */
static inline size_t FN(group)(size_t m)
{
	return m == TOGETHER + 1 ? m / 2 : m < TOGETHER ? m : TOGETHER;
}

/* R (4 or 8) rows of w @far apart, to columns of y as far; @live of them count */
static inline __attribute__((always_inline))
void FN(some_rows)(KERN_GEMM_ARGS(WTYPE), size_t far, int R)
{
	const size_t live = n;
	const WTYPE *row[8];
	float out[TOGETHER][8];
	enum FN(pass) pass;
	size_t b, kb, j, g;
	size_t r;

	for (b = 0; b < k; b += KBLOCK) {
		kb = k - b < KBLOCK ? k - b : KBLOCK;
		for (r = 0; r < (size_t)R; r++)
			row[r] = w + (ptrdiff_t)(r % live * far) * ldw + b;
		for (j = 0; j < m; j += g) {
			const float *xj = x + j * ldx + b;

			g = R == 8 ? 1 : FN(group)(m - j);
			pass = j ? FN(AGAIN) : g == m ? FN(ONLY) : FN(FIRST);
			if (R == 8)
				FN(dot8x1)(out, row, xj, ldx, kb, FN(FIRST));
			else if (g == 1)
				FN(dot4x1)(out, row, xj, ldx, kb, pass);
			else if (g == 2)
				FN(dot4x2)(out, row, xj, ldx, kb, pass);
#if V == 16
			else if (g == 4)
				FN(dot4x4)(out, row, xj, ldx, kb, pass);
#endif
			else
				FN(dot4x3)(out, row, xj, ldx, kb, pass);
			for (r = 0; r < g * live; r++) {
				float *d = y + (j + r / live) * ldy +
					   r % live * far;
				float v = out[r / live][r % live];

				*d = acc || b ? *d + v : v;
			}
		}
	}
}

/*
 * Streams far apart, each through consecutive rows: so the memory is read a third
 * faster than with neighbours, whose streams end with every row. A long activation
 * row does not stay in the first-level cache beside the weights, and is read again
 * for each group: then eight streams are better than four. What is left over is
 * done as neighbours.
 */
static void FN(rows)(KERN_GEMM_ARGS(WTYPE))
{
	size_t streams = m == 1 && k > 2048 ? 8 : 4, part = n / streams, i;

	for (i = 0; i < part; i++) {
		const WTYPE *wi = w + (ptrdiff_t)i * ldw;

		if (streams == 8)
			FN(some_rows)(y + i, ldy, x, ldx, m, wi, ldw, 8, k,
				      acc, part, 8);
		else
			FN(some_rows)(y + i, ldy, x, ldx, m, wi, ldw, 4, k,
				      acc, part, 4);
	}
	for (i = part * streams; i < n; i += 4)
		FN(some_rows)(y + i, ldy, x, ldx, m, w + (ptrdiff_t)i * ldw,
			      ldw, n - i < 4 ? n - i : 4, k, acc, 1, 4);
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
#undef TOGETHER
