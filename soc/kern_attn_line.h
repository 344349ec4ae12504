/* SPDX-License-Identifier: MIT */
/*
 * Attention's kernels that read cache lines of one type: included by kern_attn.h.
 * R query rows at a time take a line while it is converted.
 */

/*
 * Fetch the line that comes A_AHEAD later, where arithmetic takes longer than memory.
 * Otherwise the CPU goes ahead by itself, and is only held up.
 */
static inline __attribute__((always_inline))
void FN(a_fetch)(const uint8_t *line, ptrdiff_t ld, size_t d, int R)
{
	uintptr_t p = (uintptr_t)line + (A_AHEAD / FN(a_bytes)(d) + 1) * ld;
	size_t i;

	if (R == 1 && FN(a_bytes)(d) >= 2 * d)
		return;
	for (i = 0; i < FN(a_bytes)(d); i += 64)
		__builtin_prefetch((const void *)(p + i), 0, 2);
}

/* the products of one line with R query rows, V partial sums each, @step apart */
static inline __attribute__((always_inline))
void FN(a_products)(vf *s, int step, const uint8_t *line, const float *q,
		    size_t ldq, size_t d, int R)
{
	size_t i;
	int r;
	vf x;

	for (r = 0; r < R; r++)
		s[r * step] = v_set(0.0f);
#pragma GCC unroll 8
	for (i = 0; i < d; i += V) {
		x = FN(a_load)(line, i, d);
#pragma GCC unroll 4
		for (r = 0; r < R; r++)
			s[r * step] = v_fma(x, v_load(q + r * ldq + i),
					    s[r * step]);
	}
}

/* scores of R rows and V / R lines, or the @n that there are */
static inline __attribute__((always_inline))
void FN(a_group)(float *p, size_t ldp, const float *q, size_t ldq,
		 const uint8_t *x, ptrdiff_t ld, size_t n, size_t d, int R)
{
	const int lines = V / R;
	float t[V];
	vf a[V];
	int j, r;

	if (n >= (size_t)lines) {
#pragma GCC unroll 16
		for (j = 0; j < lines; j++) {
			FN(a_fetch)(x + j * ld, ld, d, R);
			FN(a_products)(a + j, lines, x + j * ld, q, ldq, d, R);
		}
		v_store(t, a_sums(a));
#pragma GCC unroll 4
		for (r = 0; r < R; r++)
			memcpy(p + r * ldp, t + r * lines,
			       lines * sizeof(*p));
		return;
	}
	for (j = 0; j < V; j++)
		a[j] = v_set(0.0f);
	for (j = 0; j < (int)n; j++)
		FN(a_products)(a + j, lines, x + j * ld, q, ldq, d, R);
	v_store(t, a_sums(a));
	for (r = 0; r < R; r++)
		memcpy(p + r * ldp, t + r * lines, n * sizeof(*p));
}

static inline __attribute__((always_inline))
void FN(a_dot)(float *p, size_t ldp, const float *q, size_t ldq,
	       const uint8_t *x, ptrdiff_t ld, size_t n, size_t d, int R)
{
	size_t j;

	for (j = 0; j < n; j += V / R)
		FN(a_group)(p + j, ldp, q, ldq, x + (ptrdiff_t)j * ld, ld,
			    n - j, d, R);
}

/* acc += p x for R rows and C vectors of each line, from element @i on */
static inline __attribute__((always_inline))
void FN(a_add_some)(float *acc, size_t lda, const float *p, size_t ldp,
		    const uint8_t *x, ptrdiff_t ld, size_t n, size_t i,
		    size_t d, int R, int C)
{
	vf s[A_ROWS][8], v;
	int r, c;

	for (r = 0; r < R; r++)
		for (c = 0; c < C; c++)
			s[r][c] = v_load(acc + r * lda + i + c * V);
	for (; n; n--, x += ld, p++) {
		if (!i)
			FN(a_fetch)(x, ld, d, R);
#pragma GCC unroll 8
		for (c = 0; c < C; c++) {
			v = FN(a_load)(x, i + c * V, d);
#pragma GCC unroll 4
			for (r = 0; r < R; r++)
				s[r][c] = v_fma(v, v_set(p[r * ldp]), s[r][c]);
		}
	}
	for (r = 0; r < R; r++)
		for (c = 0; c < C; c++)
			v_store(acc + r * lda + i + c * V, s[r][c]);
}

static inline __attribute__((always_inline))
void FN(a_add)(float *acc, size_t lda, const float *p, size_t ldp,
	       const uint8_t *x, ptrdiff_t ld, size_t n, size_t d, int R)
{
	const int C = A_SUMS / R < 8 ? A_SUMS / R : 8;
	size_t i = 0;

	for (; i + C * V <= d; i += C * V)
		FN(a_add_some)(acc, lda, p, ldp, x, ld, n, i, d, R, C);
	for (; C > 4 && i + 4 * V <= d; i += 4 * V)
		FN(a_add_some)(acc, lda, p, ldp, x, ld, n, i, d, R, 4);
	for (; i < d; i += V)
		FN(a_add_some)(acc, lda, p, ldp, x, ld, n, i, d, R, 1);
}

/* with the usual lengths of a head known to the compiler */
#define A_R(R)								\
static void FN(a_dot##R)(float *p, size_t ldp, const float *q,		\
			 size_t ldq, const uint8_t *x, ptrdiff_t ld,	\
			 size_t n, size_t d)				\
{									\
	if (d == 64)							\
		FN(a_dot)(p, ldp, q, ldq, x, ld, n, 64, R);		\
	else if (d == 128)						\
		FN(a_dot)(p, ldp, q, ldq, x, ld, n, 128, R);		\
	else								\
		FN(a_dot)(p, ldp, q, ldq, x, ld, n, d, R);		\
}									\
									\
static void FN(a_add##R)(float *acc, size_t lda, const float *p,	\
			 size_t ldp, const uint8_t *x, ptrdiff_t ld,	\
			 size_t n, size_t d)				\
{									\
	if (d == 64)							\
		FN(a_add)(acc, lda, p, ldp, x, ld, n, 64, R);		\
	else if (d == 128)						\
		FN(a_add)(acc, lda, p, ldp, x, ld, n, 128, R);		\
	else								\
		FN(a_add)(acc, lda, p, ldp, x, ld, n, d, R);		\
}
A_R(1)
A_R(2)
A_R(4)
#undef A_R

static void FN(k_dot)(float *p, size_t ldp, const float *q, size_t ldq,
		      size_t m, const uint8_t *x, ptrdiff_t ld, size_t n,
		      size_t d)
{
	for (; m >= 4; m -= 4, p += 4 * ldp, q += 4 * ldq)
		FN(a_dot4)(p, ldp, q, ldq, x, ld, n, d);
	for (; m >= 2; m -= 2, p += 2 * ldp, q += 2 * ldq)
		FN(a_dot2)(p, ldp, q, ldq, x, ld, n, d);
	if (m)
		FN(a_dot1)(p, ldp, q, ldq, x, ld, n, d);
}

static void FN(k_add)(float *acc, size_t lda, const float *p, size_t ldp,
		      size_t m, const uint8_t *x, ptrdiff_t ld, size_t n,
		      size_t d)
{
	for (; m >= 4; m -= 4, p += 4 * ldp, acc += 4 * lda)
		FN(a_add4)(acc, lda, p, ldp, x, ld, n, d);
	for (; m >= 2; m -= 2, p += 2 * ldp, acc += 2 * lda)
		FN(a_add2)(acc, lda, p, ldp, x, ld, n, d);
	if (m)
		FN(a_add1)(acc, lda, p, ldp, x, ld, n, d);
}

static void FN(k_unpack)(float *y, size_t ldy, const uint8_t *x, ptrdiff_t ld,
			 size_t n, size_t d)
{
	size_t i, j;

	for (j = 0; j < n; j++, x += ld, y += ldy) {
		for (i = 0; i < d; i += V)
			v_store(y + i, FN(a_load)(x, i, d));
		for (; i % KERN_PAD; i += V)
			v_store(y + i, v_set(0.0f));
	}
}

static void FN(k_turn)(float *y, size_t ldy, const uint8_t *x, ptrdiff_t ld,
		       size_t n, size_t d)
{
	size_t i, j, k;
	vf a[V];

	for (j = 0; j < n; j += V, x += V * ld, y += V) {
		for (i = 0; i < d; i += V) {
#pragma GCC unroll 16
			for (k = 0; k < V; k++)
				a[k] = j + k < n ?
				       FN(a_load)(x + (ptrdiff_t)k * ld, i, d) :
				       v_set(0.0f);
			a_turn(a);
#pragma GCC unroll 16
			for (k = 0; k < V; k++)
				v_store(y + (i + k) * ldy, a[k]);
		}
		for (; i % KERN_PAD; i++)
			for (k = 0; k < V; k++)
				y[i * ldy + k] = 0;
	}
}
