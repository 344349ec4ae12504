// SPDX-License-Identifier: MIT
/*
 * ATTN: causal attention over a cache.
 *
 * The query heads that share a kv head, and a few query positions, go over the
 * cache together: every line of it is read from memory once for all of them. The
 * softmax is the online one: a block of slots at a time, with the running maximum
 * and sum kept per query row, so that the scratch does not grow with the cache.
 * Blocks begin at multiples of their size, and a row takes from a block only its
 * own slots: a row's result does not depend on the rows beside it, and what it
 * costs is in proportion to the slots that it sees.
 */
#include <math.h>
#include <string.h>

#include "soc/nsp_attn.h"

#define MAX_D	8192		/* longer heads take nsp_attn_wide() */
#define MAX_ROWS 4096
#define MAX_HEADS 512		/* of one kv head, at a time */
#define MANY	12		/* rows for which lines are turned */
#define GROUP	8		/* rows that are then done together */
#define RUN	2048		/* slots of K, then of V, for fewer rows */

/* parts of the scratch, in floats */
#define Q_PART	(192 << 10)
#define KV_PART	(128 << 10)
#define P_PART	((MAX_HEADS + 3) * ATTN_MAX_SLOTS)
_Static_assert((2 * Q_PART + 3 * KV_PART + P_PART + 2 * MAX_ROWS) * 4 +
	       2 * MAX_ROWS * 8 <= NSP_SCRATCH, "scratch");
_Static_assert(P_PART >= MANY * RUN && RUN % ATTN_MAX_SLOTS == 0, "scratch");
_Static_assert(Q_PART / MAX_D >= 1 && KV_PART / MAX_D >= KERN_PAD, "fits");

void nsp_attn_range(struct attn *a, size_t b, size_t s, int64_t *lo,
		    int64_t *hi)
{
	const struct nsp_run *r = a->r;
	int64_t p = nsp_index(r->p[4] + (int64_t)b * nsp_stride(r, 4, 0) +
			      (int64_t)s * nsp_stride(r, 4, 1),
			      r->cmd->dtype[4]);

	*lo = *hi = 0;
	if (p < 0)
		return;
	if (p > (int64_t)a->C - 1)
		p = a->C - 1;
	if (a->window > 0 && p >= a->window)
		*lo = p - a->window + 1;
	*hi = p + 1;
}

uint8_t *nsp_attn_query(const struct attn *a, int o, size_t s, size_t h)
{
	const struct nsp_run *r = a->r;

	return r->p[o] + (int64_t)a->b * nsp_stride(r, o, 0) +
	       (int64_t)s * nsp_stride(r, o, 1) +
	       (int64_t)h * nsp_stride(r, o, 2);
}

uint8_t *nsp_attn_slot(const struct attn *a, int o, int64_t j)
{
	const struct nsp_run *r = a->r;

	return r->p[o] + (int64_t)a->b * nsp_stride(r, o, 0) +
	       (int64_t)a->hkv * nsp_stride(r, o, 3) + j * nsp_stride(r, o, 5);
}

static void load_row(const struct attn *a, float *buf, int o, const uint8_t *p)
{
	const float *x = nsp_load_f(a->kern, buf, p, a->r->cmd->dtype[o],
				    nsp_stride(a->r, o, 4), a->D);

	if (x != buf)
		memcpy(buf, x, a->D * sizeof(*x));
}

/* A block of K or V lines as the kernels want it. */
struct lines {
	const uint8_t *p;
	ptrdiff_t ld;			/* bytes */
	const struct kern_lines *kern;
};

/* Are they as a kernel wants them already? */
static bool lines_fit(const struct attn *a, int o)
{
	unsigned int t = a->r->cmd->dtype[o];

	return t == QAIC_MXINT8 || ((t == QAIC_F32 || t == QAIC_F16) &&
	       nsp_stride(a->r, o, 4) == (int64_t)a->r->size[o]);
}

/* @buf has room for a block of lines that do not fit. */
static void get_lines(const struct attn *a, struct lines *l, int o, float *buf,
		      int64_t lo, int64_t hi)
{
	unsigned int t = a->r->cmd->dtype[o];
	int64_t j;

	l->p = nsp_attn_slot(a, o, lo);
	l->ld = nsp_stride(a->r, o, 5);
	l->kern = t == QAIC_MXINT8 ? &a->kern->mxint8 :
		  t == QAIC_F16 ? &a->kern->f16 : &a->kern->f32;
	if (lines_fit(a, o))
		return;
	for (j = lo; j < hi; j++)
		load_row(a, buf + (j - lo) * a->D, o, nsp_attn_slot(a, o, j));
	l->p = (const uint8_t *)buf;
	l->ld = a->D * sizeof(*buf);
	l->kern = &a->kern->f32;
}

static float slope(const struct attn *a, size_t h)
{
	const struct nsp_run *r = a->r;
	float buf;

	return *nsp_load_f(a->kern, &buf, r->p[5] + (int64_t)h *
			   nsp_stride(r, 5, 2), r->cmd->dtype[5], 0, 1);
}

void nsp_attn_bias(const struct attn *a, float *p, size_t s, size_t h,
		   int64_t lo, size_t n)
{
	const struct nsp_run *r = a->r;
	int64_t st = nsp_stride(r, 5, 5);
	float buf[ATTN_MAX_SLOTS], k;
	const float *x;
	size_t i;

	if (!a->bias) {
		k = slope(a, h);
		for (i = 0; i < n; i++)
			p[i] += k * (float)(lo + (int64_t)i - (a->hi[s] - 1));
		return;
	}
	x = nsp_load_f(a->kern, buf, r->p[5] +
		       (int64_t)a->b * nsp_stride(r, 5, 0) +
		       (int64_t)(a->s0 + s) * nsp_stride(r, 5, 1) +
		       (int64_t)h * nsp_stride(r, 5, 2) + lo * st,
		       r->cmd->dtype[5], st, n);
	for (i = 0; i < n; i++)
		p[i] += x[i];
}

/*
 * Scores of query position @s, [hn] rows of @p, with the slots [lo, lo + n) to
 * exponentials; what was summed before is scaled to the new maximum.
 */
static void soften(const struct attn *a, float *p, size_t s, int64_t lo,
		   size_t n)
{
	const struct kern *kern = a->kern;
	float *acc, max, was, f;
	size_t h, row;

	for (h = 0; h < a->hn; h++, p += a->ldp) {
		if (a->cap > 0) {
			kern->unary[NSP_U_SCALE](p, p, n, 1 / a->cap, 0);
			kern->unary[NSP_U_TANH](p, p, n, 0, 0);
			kern->unary[NSP_U_SCALE](p, p, n, a->cap, 0);
		}
		if (a->r->p[5])
			nsp_attn_bias(a, p, s, a->h0 + h, lo, n);
		row = s * a->hn + h;
		acc = a->acc + row * a->dp;
		was = a->max[row];
		max = kern->max(p, n);
		max = max > was ? max : was;
		if (max > was) {
			f = expf(was - max);
			a->max[row] = max;
			a->sum[row] *= f;
			if (was > -INFINITY)
				kern->unary[NSP_U_SCALE](acc, acc, a->dp, f, 0);
		}
		a->sum[row] += kern->expsum(p, p, n,
					    max > -INFINITY ? max : 0);
	}
}

static int64_t max64(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

static int64_t min64(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

/* Slots that somebody needs, and those that everybody does; none: lo >= hi. */
struct span {
	int64_t lo, hi, lo_all, hi_all;
};

/* the slots of [j0, j1) that query position @s needs */
static bool clip(const struct attn *a, size_t s, int64_t j0, int64_t j1,
		 int64_t *lo, int64_t *hi)
{
	*lo = max64(a->lo[s], j0);
	*hi = min64(a->hi[s], j1);
	return *lo < *hi;
}

/* of [j0, j1), for @n query positions from @s on */
static struct span span(const struct attn *a, size_t s, size_t n, int64_t j0,
			int64_t j1)
{
	struct span w = { j1, j0, j0, j1 };
	int64_t lo, hi;

	for (; n; n--, s++) {
		if (!clip(a, s, j0, j1, &lo, &hi)) {
			w.hi_all = j0;
			continue;
		}
		w.lo = min64(w.lo, lo);
		w.hi = max64(w.hi, hi);
		w.lo_all = max64(w.lo_all, lo);
		w.hi_all = min64(w.hi_all, hi);
	}
	return w;
}

/*
 * Few rows: lines are read as they are, many of K and then the same of V, since the
 * CPU fetches ahead by itself while it goes on through memory.
 */
static void few(const struct attn *a, const struct span *w)
{
	int64_t lo, hi, j, block = a->block;
	struct lines k, v;
	size_t s, row;
	float *p;

	get_lines(a, &k, 2, a->k, w->lo, w->hi);
	get_lines(a, &v, 3, a->v, w->lo, w->hi);
	for (s = 0; s < a->sn; s++) {
		row = s * a->hn;
		if (clip(a, s, w->lo, w->hi, &lo, &hi))
			k.kern->dot(a->p + row * a->ldp + (lo - w->lo), a->ldp,
				    a->q + row * a->dp, a->dp, a->hn,
				    k.p + (lo - w->lo) * k.ld, k.ld, hi - lo,
				    a->D);
	}
	for (j = w->lo / block * block; j < w->hi; j += block) {
		for (s = 0; s < a->sn; s++) {
			if (!clip(a, s, j, j + block, &lo, &hi))
				continue;
			row = s * a->hn;
			p = a->p + row * a->ldp + (lo - w->lo);
			soften(a, p, s, lo, hi - lo);
			v.kern->add(a->acc + row * a->dp, a->dp, p, a->ldp,
				    a->hn, v.p + (lo - w->lo) * v.ld, v.ld,
				    hi - lo, a->D);
		}
	}
}

/* Slots [lo, hi) of V, which has @from on, for @n query positions. */
static void weigh(const struct attn *a, const float *p, size_t s, size_t n,
		  int64_t from, int64_t lo, int64_t hi)
{
	if (lo < hi)
		a->kern->weigh(a->acc + s * a->hn * a->dp, a->dp,
			       p + (lo - from), a->ldp, n * a->hn,
			       a->v + (lo - from) * a->dp, a->dp, hi - lo,
			       a->dp);
}

/* query positions [s, s + n): K and V have slots from @from on */
static void some_rows(const struct attn *a, size_t s, size_t n, int64_t from,
		      int64_t to)
{
	struct span w = span(a, s, n, from, to);
	int64_t lo, hi, at;
	float *p = a->p;
	size_t i;

	if (w.lo >= w.hi)
		return;
	if (w.lo_all >= w.hi_all)
		w.lo_all = w.hi_all = w.hi;
	at = (w.lo - from) / KERN_PAD * KERN_PAD;
	a->kern->scores(p + at, a->ldp, a->q + s * a->hn * a->dp, a->dp,
			n * a->hn, a->k + at, a->block, w.hi - from - at,
			a->dp);
	for (i = 0; i < n; i++, p += a->hn * a->ldp) {
		if (!clip(a, s + i, from, to, &lo, &hi))
			continue;
		soften(a, p + (lo - from), s + i, lo, hi - lo);
		weigh(a, p, s + i, 1, from, lo, min64(hi, w.lo_all));
	}
	weigh(a, a->p, s, n, from, w.lo_all, w.hi_all);
	for (i = 0, p = a->p; i < n; i++, p += a->hn * a->ldp)
		if (clip(a, s + i, from, to, &lo, &hi))
			weigh(a, p, s + i, 1, from, max64(lo, w.hi_all), hi);
}

/* Many rows: K is turned, V unpacked. */
static void many(const struct attn *a, const struct span *w)
{
	size_t step = a->hn < GROUP ? GROUP / a->hn : 1, s, n;
	struct lines l;

	get_lines(a, &l, 2, a->raw, w->lo, w->hi);
	l.kern->turn(a->k, a->block, l.p, l.ld, w->hi - w->lo, a->D);
	get_lines(a, &l, 3, a->raw, w->lo, w->hi);
	l.kern->unpack(a->v, a->dp, l.p, l.ld, w->hi - w->lo, a->D);
	for (s = 0; s < a->sn; s += n) {
		n = a->sn - s < step ? a->sn - s : step;
		some_rows(a, s, n, w->lo, w->hi);
	}
}

/* query positions [s0, s0 + sn), query heads [h0, h0 + hn) of kv head hkv */
static void some_queries(struct attn *a)
{
	int64_t lo = INT64_MAX, hi = 0, j, step = a->block;
	size_t s, h, row, rows = a->sn * a->hn;
	struct span w;
	float *q;

	memset(a->q, 0, rows * a->dp * sizeof(*a->q));
	memset(a->acc, 0, rows * a->dp * sizeof(*a->acc));
	for (s = 0; s < a->sn; s++) {
		nsp_attn_range(a, a->b, a->s0 + s, &a->lo[s], &a->hi[s]);
		if (a->hi[s])
			lo = min64(lo, a->lo[s]);
		hi = max64(hi, a->hi[s]);
		for (h = 0; h < a->hn; h++) {
			row = s * a->hn + h;
			q = a->q + row * a->dp;
			load_row(a, q, 1,
				 nsp_attn_query(a, 1, a->s0 + s, a->h0 + h));
			a->kern->unary[NSP_U_SCALE](q, q, a->D, a->scale, 0);
			a->max[row] = -INFINITY;
			a->sum[row] = 0;
		}
	}
	if (rows < MANY && lines_fit(a, 2) && lines_fit(a, 3))
		step = RUN / step * step;
	a->ldp = step;
	for (j = hi ? lo / a->block * a->block : 0; j < hi; j += step) {
		w = span(a, 0, a->sn, j, j + step);
		if (w.lo >= w.hi)
			continue;
		if (rows < MANY)
			few(a, &w);
		else
			many(a, &w);
	}
	for (row = 0; row < rows; row++) {
		float *acc = a->acc + row * a->dp;

		if (a->sum[row] != 0)
			a->kern->unary[NSP_U_SCALE](acc, acc, a->D,
						    1 / a->sum[row], 0);
		nsp_store_f(a->kern,
			    nsp_attn_query(a, 0, a->s0 + row / a->hn,
					   a->h0 + row % a->hn),
			    a->r->cmd->dtype[0], nsp_stride(a->r, 0, 4), acc,
			    a->D);
	}
}

static void attn_blocked(struct attn *a, size_t group)
{
	size_t heads, rows, end = (a->hkv + 1) * group;

	a->dp = (a->D + KERN_PAD - 1) / KERN_PAD * KERN_PAD;
	heads = Q_PART / a->dp;
	heads = heads < group ? heads : group;
	heads = heads < MAX_HEADS ? heads : MAX_HEADS;
	a->block = KV_PART / a->dp / KERN_PAD * KERN_PAD;
	a->block = a->block < ATTN_MAX_SLOTS ? a->block : ATTN_MAX_SLOTS;
	for (a->h0 = a->hkv * group; a->h0 < end; a->h0 += a->hn) {
		a->hn = end - a->h0 < heads ? end - a->h0 : heads;
		rows = Q_PART / a->dp / a->hn;
		rows = rows < MAX_ROWS / a->hn ? rows : MAX_ROWS / a->hn;
		for (a->s0 = 0; a->s0 < a->S; a->s0 += a->sn) {
			a->sn = a->S - a->s0 < rows ? a->S - a->s0 : rows;
			some_queries(a);
		}
	}
}

void nsp_attn(struct nsp_run *r)
{
	const struct nsp_cmd *cmd = r->cmd;
	float *f = (float *)r->scratch;
	struct attn a = {
		.r = r, .kern = r->k,
		.S = cmd->dims[1], .D = cmd->dims[4], .C = cmd->dims[5],
		.scale = cmd->imm[0].f, .window = cmd->imm[1].i,
		.cap = cmd->imm[2].f, .bias = cmd->imm[3].u,
		.q = f, .acc = f + Q_PART, .k = f + 2 * Q_PART,
		.v = f + 2 * Q_PART + KV_PART,
		.raw = f + 2 * Q_PART + 2 * KV_PART,
		.p = f + 2 * Q_PART + 3 * KV_PART,
	};
	size_t group = cmd->dims[2] / cmd->dims[3];

	a.max = a.p + P_PART;
	a.sum = a.max + MAX_ROWS;
	a.lo = (int64_t *)(a.sum + MAX_ROWS);
	a.hi = a.lo + MAX_ROWS;
	for (a.b = 0; a.b < cmd->dims[0]; a.b++)
		for (a.hkv = 0; a.hkv < cmd->dims[3]; a.hkv++) {
			if (a.D <= MAX_D)
				attn_blocked(&a, group);
			else
				nsp_attn_wide(&a, group);
		}
}
