// SPDX-License-Identifier: MIT
/*
 * ATTN: causal attention over a cache.
 *
 * The query heads that share a kv head, and a few query positions, go over the
 * cache together: every line of it is read from memory once for all of them. The
 * softmax is the online one: a block of slots at a time, with the running maximum
 * and sum kept per query row, so that the scratch does not grow with the cache.
 * Blocks begin at multiples of their size, and a row takes from a block only its
 * own slots: a row's result does not depend on the rows beside it.
 */
#include <math.h>
#include <string.h>

#include "soc/kern_mx.h"
#include "soc/nsp_priv.h"

#define MAX_D	8192		/* longer heads take attn_wide() */
#define MAX_ROWS 4096
#define MAX_HEADS 512		/* of one kv head, at a time */
#define MAX_SLOTS 128		/* of one block */

/* parts of the scratch, in floats */
#define Q_PART	(192 << 10)
#define KV_PART	(128 << 10)
#define P_PART	(MAX_HEADS * MAX_SLOTS)
_Static_assert((2 * Q_PART + 2 * KV_PART + P_PART + 2 * MAX_ROWS) * 4 +
	       2 * MAX_ROWS * 8 <= NSP_SCRATCH, "scratch");
_Static_assert(Q_PART / MAX_D >= 1 && KV_PART / MAX_D >= 1, "one row fits");

struct attn {
	const struct nsp_run *r;
	const struct kern *kern;
	size_t S, D, C;
	float scale, cap;
	int64_t window;
	size_t b, s0, sn, h0, hn, hkv;	/* what is being done */
	size_t block;			/* slots */
	float *q, *acc;			/* [sn][hn][D] */
	float *k, *v;			/* [block][D] */
	float *p;			/* [hn][block] */
	float *max, *sum;		/* [sn][hn] */
	int64_t *lo, *hi;		/* [sn]: slots [lo, hi) */
	bool bias;			/* o5 is added as it is */
};

static void range(struct attn *a, size_t b, size_t s, int64_t *lo, int64_t *hi)
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

static uint8_t *query(const struct attn *a, int o, size_t s, size_t h)
{
	const struct nsp_run *r = a->r;

	return r->p[o] + (int64_t)a->b * nsp_stride(r, o, 0) +
	       (int64_t)s * nsp_stride(r, o, 1) +
	       (int64_t)h * nsp_stride(r, o, 2);
}

static uint8_t *slot(const struct attn *a, int o, int64_t j)
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

/* A block of K or V lines as the product kernels want it. */
struct lines {
	const void *p;
	ptrdiff_t ld;			/* elements */
	bool f16;
};

static void get_lines(const struct attn *a, struct lines *l, int o, float *buf,
		      int64_t lo, int64_t hi)
{
	unsigned int t = a->r->cmd->dtype[o];
	size_t size = a->r->size[o];
	int64_t j;

	if (nsp_stride(a->r, o, 4) == (int64_t)size &&
	    (t == QAIC_F32 || (t == QAIC_F16 && a->sn == 1))) {
		l->p = slot(a, o, lo);
		l->ld = a->r->cmd->o[o].stride[5];
		l->f16 = t == QAIC_F16;
		return;
	}
	if (t == QAIC_MXINT8)
		for (j = lo; j < hi; j++)
			kern_mx_get()->line(buf + (j - lo) * a->D,
					    slot(a, o, j), a->D);
	/* several query positions: convert once for all */
	for (j = lo; t != QAIC_MXINT8 && j < hi; j++)
		load_row(a, buf + (j - lo) * a->D, o, slot(a, o, j));
	l->p = buf;
	l->ld = a->D;
	l->f16 = false;
}

static float slope(const struct attn *a, size_t h)
{
	const struct nsp_run *r = a->r;
	float buf;

	return *nsp_load_f(a->kern, &buf, r->p[5] + (int64_t)h *
			   nsp_stride(r, 5, 2), r->cmd->dtype[5], 0, 1);
}

/* p[i] += what o5 says of the slots [lo, lo + n) for query position @s */
static void add_bias(const struct attn *a, float *p, size_t s, size_t h,
		     int64_t lo, size_t n)
{
	const struct nsp_run *r = a->r;
	int64_t st = nsp_stride(r, 5, 5);
	float buf[MAX_SLOTS], k;
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

/* p[h][j] = scores of the slots [lo, lo + n) for query position @s */
static void scores(const struct attn *a, const struct lines *k, size_t skip,
		   size_t s, int64_t lo, size_t n)
{
	const float *q = a->q + s * a->hn * a->D;
	const struct kern *kern = a->kern;
	size_t h;

	if (k->f16)
		kern->rows_f16(a->p, a->block, q, a->D, a->hn,
			       (const uint16_t *)k->p + (ptrdiff_t)skip * k->ld,
			       k->ld, n, a->D, false);
	else
		kern->rows_f32(a->p, a->block, q, a->D, a->hn,
			       (const float *)k->p + (ptrdiff_t)skip * k->ld,
			       k->ld, n, a->D, false);
	for (h = 0; h < a->hn; h++) {
		float *p = a->p + h * a->block;

		kern->unary[NSP_U_SCALE](p, p, n, a->scale, 0);
		if (a->cap > 0) {
			kern->unary[NSP_U_SCALE](p, p, n, 1 / a->cap, 0);
			kern->unary[NSP_U_TANH](p, p, n, 0, 0);
			kern->unary[NSP_U_SCALE](p, p, n, a->cap, 0);
		}
		if (a->r->p[5])
			add_bias(a, p, s, a->h0 + h, lo, n);
	}
}

/* scores to exponentials; what is there already is scaled to the new maximum */
static void rescale(const struct attn *a, size_t s, size_t n)
{
	const struct kern *kern = a->kern;
	size_t h;

	for (h = 0; h < a->hn; h++) {
		float *p = a->p + h * a->block, *acc, max, was, f;
		size_t row = s * a->hn + h;

		acc = a->acc + row * a->D;
		was = a->max[row];
		max = kern->max(p, n);
		max = max > was ? max : was;
		if (max > was) {
			f = expf(was - max);
			a->max[row] = max;
			a->sum[row] *= f;
			if (was > -INFINITY)
				kern->unary[NSP_U_SCALE](acc, acc, a->D, f, 0);
		}
		a->sum[row] += kern->expsum(p, p, n,
					    max > -INFINITY ? max : 0);
	}
}

static void weigh(const struct attn *a, const struct lines *v, size_t skip,
		  size_t s, size_t n)
{
	float *acc = a->acc + s * a->hn * a->D;

	if (v->f16)
		a->kern->cols_f16(acc, a->D, a->p, a->block, a->hn,
			(const uint16_t *)v->p + (ptrdiff_t)skip * v->ld,
			v->ld, a->D, n, true);
	else
		a->kern->cols_f32(acc, a->D, a->p, a->block, a->hn,
			(const float *)v->p + (ptrdiff_t)skip * v->ld,
			v->ld, a->D, n, true);
}

static int64_t max64(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

static int64_t min64(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

/* the slots of block [j0, j0 + block) that any of the query positions needs */
static void one_block(struct attn *a, int64_t j0)
{
	int64_t j1 = j0 + (int64_t)a->block, lo = j1, hi = j0, l, h;
	struct lines k, v;
	size_t s;

	for (s = 0; s < a->sn; s++) {
		l = max64(a->lo[s], j0);
		h = min64(a->hi[s], j1);
		if (l >= h)
			continue;
		lo = min64(lo, l);
		hi = max64(hi, h);
	}
	if (lo >= hi)
		return;
	get_lines(a, &k, 2, a->k, lo, hi);
	get_lines(a, &v, 3, a->v, lo, hi);
	for (s = 0; s < a->sn; s++) {
		l = max64(a->lo[s], j0);
		h = min64(a->hi[s], j1);
		if (l >= h)
			continue;
		scores(a, &k, l - lo, s, l, h - l);
		rescale(a, s, h - l);
		weigh(a, &v, l - lo, s, h - l);
	}
}

/* query positions [s0, s0 + sn), query heads [h0, h0 + hn) of kv head hkv */
static void some_queries(struct attn *a)
{
	int64_t lo = INT64_MAX, hi = 0, j;
	size_t s, h, row;

	for (s = 0; s < a->sn; s++) {
		range(a, a->b, a->s0 + s, &a->lo[s], &a->hi[s]);
		if (a->hi[s])
			lo = min64(lo, a->lo[s]);
		hi = max64(hi, a->hi[s]);
		for (h = 0; h < a->hn; h++) {
			row = s * a->hn + h;
			load_row(a, a->q + row * a->D, 1,
				 query(a, 1, a->s0 + s, a->h0 + h));
			a->max[row] = -INFINITY;
			a->sum[row] = 0;
		}
	}
	memset(a->acc, 0, a->sn * a->hn * a->D * sizeof(*a->acc));
	if (hi)
		for (j = lo / (int64_t)a->block * (int64_t)a->block; j < hi;
		     j += a->block)
			one_block(a, j);
	for (row = 0; row < a->sn * a->hn; row++) {
		float *acc = a->acc + row * a->D;

		if (a->sum[row] != 0)
			a->kern->unary[NSP_U_SCALE](acc, acc, a->D,
						    1 / a->sum[row], 0);
		nsp_store_f(a->kern,
			    query(a, 0, a->s0 + row / a->hn,
				  a->h0 + row % a->hn),
			    a->r->cmd->dtype[0], nsp_stride(a->r, 0, 4), acc,
			    a->D);
	}
}

static void attn_blocked(struct attn *a, size_t group)
{
	size_t heads = Q_PART / a->D, rows, end = (a->hkv + 1) * group;

	heads = heads < group ? heads : group;
	heads = heads < MAX_HEADS ? heads : MAX_HEADS;
	a->block = KV_PART / a->D < MAX_SLOTS ? KV_PART / a->D : MAX_SLOTS;
	for (a->h0 = a->hkv * group; a->h0 < end; a->h0 += a->hn) {
		a->hn = end - a->h0 < heads ? end - a->h0 : heads;
		rows = Q_PART / a->D / a->hn;
		rows = rows < MAX_ROWS / a->hn ? rows : MAX_ROWS / a->hn;
		for (a->s0 = 0; a->s0 < a->S; a->s0 += a->sn) {
			a->sn = a->S - a->s0 < rows ? a->S - a->s0 : rows;
			some_queries(a);
		}
	}
}

/* ---- heads too long for the scratch: slow, but any length ---- */

static float wide_score(struct attn *a, size_t s, size_t h, int64_t j)
{
	const struct nsp_run *r = a->r;
	int64_t sq = nsp_stride(r, 1, 4), sk = nsp_stride(r, 2, 4);
	float bq[NSP_CHUNK], bk[NSP_CHUNK], y;
	const uint8_t *q = query(a, 1, s, h), *k = slot(a, 2, j);
	const float *x, *w;
	double sum = 0;
	size_t i, n;

	for (i = 0; i < a->D; i += n) {
		n = a->D - i < NSP_CHUNK ? a->D - i : NSP_CHUNK;
		x = nsp_load_f(a->kern, bq, q + (int64_t)i * sq,
			       r->cmd->dtype[1], sq, n);
		w = nsp_load_f(a->kern, bk, k + (int64_t)i * sk,
			       r->cmd->dtype[2], sk, n);
		a->kern->rows_f32(&y, 1, x, n, 1, w, n, 1, n, false);
		sum += y;
	}
	y = sum * a->scale;
	if (a->cap > 0)
		y = a->cap * tanhf(y / a->cap);
	a->s0 = s;		/* *a->hi is that of this row */
	if (r->p[5])
		add_bias(a, &y, 0, h, j, 1);
	return y;
}

static void wide_row(struct attn *a, size_t s, size_t h)
{
	const struct nsp_run *r = a->r;
	int64_t so = nsp_stride(r, 0, 4), sv = nsp_stride(r, 3, 4), j;
	float max = -INFINITY, x, acc[NSP_CHUNK], buf[NSP_CHUNK];
	const float *v;
	double sum = 0;
	size_t i, n;

	range(a, a->b, s, a->lo, a->hi);
	for (j = *a->lo; j < *a->hi; j++) {
		x = wide_score(a, s, h, j);
		max = x > max ? x : max;
	}
	for (j = *a->lo; j < *a->hi; j++)
		sum += expf(wide_score(a, s, h, j) - max);
	for (i = 0; i < a->D; i += n) {
		n = a->D - i < NSP_CHUNK ? a->D - i : NSP_CHUNK;
		memset(acc, 0, sizeof(acc));
		for (j = *a->lo; j < *a->hi; j++) {
			x = expf(wide_score(a, s, h, j) - max) / sum;
			v = nsp_load_f(a->kern, buf, slot(a, 3, j) +
				       (int64_t)i * sv, r->cmd->dtype[3], sv,
				       n);
			a->kern->cols_f32(acc, n, &x, 1, 1, v, n, n, 1, true);
		}
		nsp_store_f(a->kern, query(a, 0, s, h) + (int64_t)i * so,
			    r->cmd->dtype[0], so, acc, n);
	}
}

static void attn_wide(struct attn *a, size_t group)
{
	size_t s, h;

	for (s = 0; s < a->S; s++)
		for (h = a->hkv * group; h < (a->hkv + 1) * group; h++)
			wide_row(a, s, h);
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
		.p = f + 2 * Q_PART + 2 * KV_PART,
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
				attn_wide(&a, group);
		}
}
