/* SPDX-License-Identifier: MIT */
/*
 * Attention over a block of cache lines: included by kern_body.h.
 *
 * A score is summed as V partial sums, lane i taking d = i mod V in rising order,
 * and then f(0, 1) of
 *
 *	f(i, V) = lane i,  f(i, n) = f(i, 2 n) + f(i + n, 2 n)
 *
 * A weighted sum of lines adds them up one after the other. Whether there is one
 * query row or many, and whatever the type of the lines, it is the same order: only
 * the way differs. Few rows take the lines as they come, one line to a vector
 * (kern_attn_line.h), and sum the lanes of V lines at a time; many want them
 * turned, one slot to a lane, so that nothing crosses lanes.
 */

#define A_AHEAD	8192		/* bytes: to the second-level cache */

#if V == 16
#define A_LANES(F) { F(0), F(1), F(2), F(3), F(4), F(5), F(6), F(7), F(8), \
		     F(9), F(10), F(11), F(12), F(13), F(14), F(15) }
#elif V == 8
#define A_LANES(F) { F(0), F(1), F(2), F(3), F(4), F(5), F(6), F(7) }
#else
#define A_LANES(F) { F(0), F(1), F(2), F(3) }
#endif

/*
 * x and y are groups of 2 h lanes: the first or second h of each group, group 0 of
 * x, group 0 of y, group 1 of x, ...
 */
#define A_FROM(l, h)	(((l) / (h) & 1) * V + (l) / (2 * (h)) * 2 * (h) + (l) % (h))
#define A_PICK(h)							\
static inline vf a_low##h(vf x, vf y)					\
{									\
	return __builtin_shuffle(x, y, (vi)A_LANES(A_LOW##h));		\
}									\
static inline vf a_high##h(vf x, vf y)					\
{									\
	return __builtin_shuffle(x, y, (vi)A_LANES(A_HIGH##h));		\
}
#define A_LOW8(l)	A_FROM(l, 8)
#define A_HIGH8(l)	(A_FROM(l, 8) + 8)
#define A_LOW4(l)	A_FROM(l, 4)
#define A_HIGH4(l)	(A_FROM(l, 4) + 4)
#define A_LOW2(l)	A_FROM(l, 2)
#define A_HIGH2(l)	(A_FROM(l, 2) + 2)
#define A_LOW1(l)	A_FROM(l, 1)
#define A_HIGH1(l)	(A_FROM(l, 1) + 1)
#if V == 16
A_PICK(8)
#endif
#if V >= 8
A_PICK(4)
#endif
A_PICK(2)
A_PICK(1)

/* One step of the two below, over the first @n of @a. */
#define A_ADD(h, n)							\
	_Pragma("GCC unroll 16")					\
	for (i = 0; i < (n); i++)					\
		a[i] = a_low##h(a[i], a[i + (n)]) +			\
		       a_high##h(a[i], a[i + (n)])

/* lane i of the result: the sum of the lanes of a[i] */
static inline __attribute__((always_inline)) vf a_sums(vf a[V])
{
	int i;

#if V == 16
	A_ADD(8, 8);
#endif
#if V >= 8
	A_ADD(4, 4);
#endif
	A_ADD(2, 2);
	A_ADD(1, 1);
	return a[0];
}

#define A_SWAP(h, n)							\
	_Pragma("GCC unroll 16")					\
	for (i = 0; i < V; i++) {					\
		if (i & (n))						\
			continue;					\
		t = a_low##h(a[i], a[i + (n)]);				\
		a[i + (n)] = a_high##h(a[i], a[i + (n)]);		\
		a[i] = t;						\
	}

/* a[i][j] becomes a[j][i] */
static inline __attribute__((always_inline)) void a_turn(vf a[V])
{
	vf t;
	int i;

#if V == 16
	A_SWAP(8, 8);
#endif
#if V >= 8
	A_SWAP(4, 4);
#endif
	A_SWAP(2, 2);
	A_SWAP(1, 1);
}

/* ---- many rows ---- */

#if V == 16
#define A_SUMS	16		/* sums that stay in registers */
#define A_SLOTS	2		/* vectors of slots of a tile */
#define A_COLS	4		/* vectors of a line */
#else
#define A_SUMS	8
#define A_SLOTS	1
#define A_COLS	2
#endif
#define A_ROWS	4

struct a_tile {
	const float *q, *k;
	size_t ldq, ldk, d;
};

/* partial sum @i of A_ROWS rows and the slots of @n vectors */
static inline __attribute__((always_inline))
void a_leaf(vf s[A_ROWS][A_SLOTS], const struct a_tile *t, size_t i, int n)
{
	vf kv[A_SLOTS], qv;
	int r, c;

	for (r = 0; r < A_ROWS; r++)
		for (c = 0; c < n; c++)
			s[r][c] = v_set(0.0f);
	for (; i < t->d; i += V) {
		for (c = 0; c < n; c++)
			kv[c] = v_load(t->k + i * t->ldk + c * V);
		_Pragma("GCC unroll 4")
		for (r = 0; r < A_ROWS; r++) {
			qv = v_set(t->q[r * t->ldq + i]);
			for (c = 0; c < n; c++)
				s[r][c] = v_fma(kv[c], qv, s[r][c]);
		}
	}
}

#define A_NODE(name, half, n)						\
static inline __attribute__((always_inline))				\
void name(vf s[A_ROWS][A_SLOTS], const struct a_tile *t, size_t i, int v) \
{									\
	vf u[A_ROWS][A_SLOTS];						\
	int r, c;							\
									\
	half(s, t, i, v);						\
	half(u, t, i + (n), v);						\
	for (r = 0; r < A_ROWS; r++)					\
		for (c = 0; c < v; c++)					\
			s[r][c] += u[r][c];				\
}
#if V == 16
A_NODE(a_node8, a_leaf, 8)
A_NODE(a_node4, a_node8, 4)
A_NODE(a_node2, a_node4, 2)
#elif V == 8
A_NODE(a_node4, a_leaf, 4)
A_NODE(a_node2, a_node4, 2)
#else
A_NODE(a_node2, a_leaf, 2)
#endif
A_NODE(a_node1, a_node2, 1)

static inline __attribute__((always_inline))
void a_scores(float *p, size_t ldp, const struct a_tile *t, int n)
{
	vf s[A_ROWS][A_SLOTS];
	int r, c;

	a_node1(s, t, 0, n);
	for (r = 0; r < A_ROWS; r++)
		for (c = 0; c < n; c++)
			v_store(p + r * ldp + c * V, s[r][c]);
}

static void k_scores(float *p, size_t ldp, const float *q, size_t ldq,
		     size_t m, const float *k, size_t ldk, size_t n, size_t d)
{
	struct a_tile t = { .ldq = ldq, .ldk = ldk, .d = d };
	size_t i, j;

	for (j = 0; j < n; j += A_SLOTS * V) {
		t.k = k + j;
		for (i = 0; i < m; i += A_ROWS) {
			t.q = q + i * ldq;
			if (n - j > V)
				a_scores(p + i * ldp + j, ldp, &t, A_SLOTS);
			else
				a_scores(p + i * ldp + j, ldp, &t, 1);
		}
	}
}

/* acc[R rows][C vectors] += p v */
static inline __attribute__((always_inline))
void a_weigh(float *acc, size_t lda, const float *p, size_t ldp,
	     const float *v, size_t ldv, size_t n, int R, int C)
{
	vf s[A_ROWS][A_COLS], vv[A_COLS], pv;
	int r, c;

	for (r = 0; r < R; r++)
		for (c = 0; c < C; c++)
			s[r][c] = v_load(acc + r * lda + c * V);
	for (; n; n--, v += ldv, p++) {
		for (c = 0; c < C; c++)
			vv[c] = v_load(v + c * V);
		_Pragma("GCC unroll 4")
		for (r = 0; r < R; r++) {
			pv = v_set(p[r * ldp]);
			for (c = 0; c < C; c++)
				s[r][c] = v_fma(vv[c], pv, s[r][c]);
		}
	}
	for (r = 0; r < R; r++)
		for (c = 0; c < C; c++)
			v_store(acc + r * lda + c * V, s[r][c]);
}

/* all columns of R rows */
static inline __attribute__((always_inline))
void a_weigh_rows(float *acc, size_t lda, const float *p, size_t ldp,
		  const float *v, size_t ldv, size_t n, size_t d, int R)
{
	size_t c = 0;

	for (; c + A_COLS * V <= d; c += A_COLS * V)
		a_weigh(acc + c, lda, p, ldp, v + c, ldv, n, R, A_COLS);
	for (; c < d; c += V)
		a_weigh(acc + c, lda, p, ldp, v + c, ldv, n, R, 1);
}

static void k_weigh(float *acc, size_t lda, const float *p, size_t ldp,
		    size_t m, const float *v, size_t ldv, size_t n, size_t d)
{
	size_t i = 0;

	for (; i + A_ROWS <= m; i += A_ROWS)
		a_weigh_rows(acc + i * lda, lda, p + i * ldp, ldp, v, ldv, n,
			     d, A_ROWS);
	for (; i + 2 <= m; i += 2)
		a_weigh_rows(acc + i * lda, lda, p + i * ldp, ldp, v, ldv, n,
			     d, 2);
	if (i < m)
		a_weigh_rows(acc + i * lda, lda, p + i * ldp, ldp, v, ldv, n,
			     d, 1);
}

/* ---- lines of each type ---- */

/* e8m0 / 64 as bits of a float: what an MXINT8 code is multiplied by */
#define A_S1(e)		(uint32_t)((e) == 255 ? 0x7fc00000 : (e) > 6 ?	\
			((e) - 6) << 23 : 1 << ((e) + 16))
#define A_S4(e)		A_S1(e), A_S1((e) + 1), A_S1((e) + 2), A_S1((e) + 3)
#define A_S16(e)	A_S4(e), A_S4((e) + 4), A_S4((e) + 8), A_S4((e) + 12)
#define A_S64(e)	A_S16(e), A_S16((e) + 16), A_S16((e) + 32), A_S16((e) + 48)
static const uint32_t a_scale[256] = { A_S64(0), A_S64(64), A_S64(128),
				       A_S64(192) };

/* elements [i, i + V) of a line of @d, zeros beyond its end */
static inline vf a_load_f32(const uint8_t *line, size_t i, size_t d)
{
	const float *x = (const float *)line + i;

	return d - i < V ? v_load_n(x, d - i) : v_load(x);
}

static inline vf a_load_f16(const uint8_t *line, size_t i, size_t d)
{
	const uint16_t *x = (const uint16_t *)line + i;

	return d - i < V ? v_load_hn(x, d - i) : v_load_h(x);
}

/* lines are filled up with zeros to whole blocks */
static inline vf a_load_mxint8(const uint8_t *line, size_t i, size_t d)
{
	float by;

	memcpy(&by, &a_scale[line[qpc_panel_k(d) + i / QAIC_MX_BLOCK]], 4);
	return v_load_b((const int8_t *)line + i) * v_set(by);
}

#define a_bytes_f32(d)		((d) * 4)
#define a_bytes_f16(d)		((d) * 2)
#define a_bytes_mxint8(d)	((d) + (d) / QAIC_MX_BLOCK)

#define FN(x)	x##_f32
#include "kern_attn_line.h"
#undef FN
#define FN(x)	x##_f16
#include "kern_attn_line.h"
#undef FN
#define FN(x)	x##_mxint8
#include "kern_attn_line.h"
#undef FN
