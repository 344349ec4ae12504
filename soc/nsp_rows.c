// SPDX-License-Identifier: MIT
/*
 * SOFTMAX, NORM and CUMSUM: commands that work along dim 5, each row alone.
 *
 * A row is converted to F32 in parts of at most PART elements. A longer one is
 * read again for every pass; that is rare. Sums are made of NSP_CHUNK elements at
 * a time, which are added in F64: so long rows lose no more than short ones.
 */
#include <math.h>
#include <string.h>

#include "soc/nsp_priv.h"

#define PART	(NSP_SCRATCH / sizeof(float) / 4)

struct rows {
	const struct nsp_run *r;
	float *buf[4];			/* of PART each: one per operand */
	void (*one)(struct rows *a, uint8_t *const p[]);
};

static void each(void *ctx, uint8_t *const p[], const int64_t *stride, size_t n)
{
	struct rows *a = ctx;
	uint8_t *q[4] = { p[0], p[1], p[2], p[3] };
	int i;

	for (; n; n--) {
		a->one(a, q);
		for (i = 0; i < 4; i++)
			q[i] += stride[i];
	}
}

static void run_rows(struct nsp_run *r,
		     void (*one)(struct rows *a, uint8_t *const p[]))
{
	static const int opnds[] = { 0, 1, 2, 3 };
	struct rows a = { .r = r, .one = one };
	struct nsp_loop l;
	int i;

	for (i = 0; i < 4; i++)
		a.buf[i] = (float *)r->scratch + i * PART;
	nsp_loop_init(&l, 4);
	for (i = 0; i < 5; i++) {
		nsp_loop_add(&l, r, i, opnds);
		/* operands that are absent stay at NULL */
		if (!r->p[2])
			l.stride[2][i] = 0;
		if (!r->p[3])
			l.stride[3][i] = 0;
	}
	nsp_loop_simplify(&l, false);
	nsp_loop_run(&l, r->p, each, &a);
}

static size_t part(size_t n, size_t at)
{
	return n - at < PART ? n - at : PART;
}

static const float *load(const struct rows *a, uint8_t *const p[], int o,
			 size_t at, size_t n)
{
	int64_t stride = nsp_stride(a->r, o, 5);

	return nsp_load_f(a->r->k, a->buf[o], p[o] + (int64_t)at * stride,
			  a->r->cmd->dtype[o], stride, n);
}

static float *out(const struct rows *a, uint8_t *const p[], size_t at)
{
	int64_t stride = nsp_stride(a->r, 0, 5);

	return nsp_out_f(a->buf[0], p[0] + (int64_t)at * stride,
			 a->r->cmd->dtype[0], stride);
}

static void store(const struct rows *a, uint8_t *const p[], size_t at,
		  const float *y, size_t n)
{
	int64_t stride = nsp_stride(a->r, 0, 5);

	nsp_store_f(a->r->k, p[0] + (int64_t)at * stride, a->r->cmd->dtype[0],
		    stride, y, n);
}

static size_t chunk(size_t n, size_t at)
{
	return n - at < NSP_CHUNK ? n - at : NSP_CHUNK;
}

/* ---- softmax ---- */

/* y = exp(x - c), returns their sum */
static double expsum(const struct kern *k, float *y, const float *x, size_t n,
		     float c)
{
	double sum = 0;
	size_t i;

	for (i = 0; i < n; i += NSP_CHUNK)
		sum += k->expsum(y + i, x + i, chunk(n, i), c);
	return sum;
}

static void softmax_one(struct rows *a, uint8_t *const p[])
{
	const struct kern *k = a->r->k;
	size_t len = a->r->cmd->dims[5], at, n;
	bool is_log = a->r->cmd->sub == 1, whole = len <= PART;
	float max = -INFINITY, m, *y;
	const float *x = NULL;
	double sum = 0;

	for (at = 0; at < len; at += n) {
		n = part(len, at);
		x = load(a, p, 1, at, n);
		m = k->max(x, n);
		max = m > max ? m : max;
	}
	if (max == -INFINITY) {
		/* nothing finite: zeros, unless a NaN is there */
		max = 0;
		for (at = 0; at < len; at += n) {
			n = part(len, at);
			x = load(a, p, 1, at, n);
			y = out(a, p, at);
			k->unary[NSP_U_EXP](y, x, n, 0, 0);
			store(a, p, at, y, n);
		}
		return;
	}
	for (at = 0; at < len; at += n) {
		n = part(len, at);
		if (!whole)
			x = load(a, p, 1, at, n);
		sum += expsum(k, a->buf[2], x, n, max);
	}
	for (at = 0; at < len; at += n) {
		n = part(len, at);
		y = out(a, p, at);
		if (!whole)
			x = load(a, p, 1, at, n);
		if (is_log) {
			k->norm(y, x, n, max, 1, NULL, NULL);
			k->unary[NSP_U_SCALE](y, y, n, 1, -(float)log(sum));
		} else {
			if (!whole)
				expsum(k, a->buf[2], x, n, max);
			k->unary[NSP_U_SCALE](y, a->buf[2], n, 1 / sum, 0);
		}
		store(a, p, at, y, n);
	}
}

void nsp_softmax(struct nsp_run *r)
{
	run_rows(r, softmax_one);
}

/* ---- norms ---- */

/* mean of the row, or mean of (x - c)^2; x is the row if it is whole */
static double row_mean(struct rows *a, uint8_t *const p[], const float *x,
		       bool square, float c)
{
	const struct kern *k = a->r->k;
	size_t len = a->r->cmd->dims[5], at, n, i, m;
	double sum = 0;

	for (at = 0; at < len; at += n) {
		n = part(len, at);
		if (len > PART)
			x = load(a, p, 1, at, n);
		for (i = 0; i < n; i += m) {
			m = chunk(n, i);
			sum += square ? k->sumsq(x + i, m, c) :
					k->sum(x + i, m);
		}
	}
	return sum / len;
}

static void norm_one(struct rows *a, uint8_t *const p[])
{
	const struct nsp_cmd *cmd = a->r->cmd;
	size_t len = cmd->dims[5], at, n;
	const float *x = NULL, *gamma = NULL, *beta = NULL;
	float mean = 0, rstd, *y;
	bool layer = cmd->sub == 1;

	if (len <= PART)
		x = load(a, p, 1, 0, len);
	if (layer)
		mean = row_mean(a, p, x, false, 0);
	rstd = 1 / sqrt(row_mean(a, p, x, true, mean) + cmd->imm[0].f);
	for (at = 0; at < len; at += n) {
		n = part(len, at);
		if (len > PART)
			x = load(a, p, 1, at, n);
		if (p[2])
			gamma = load(a, p, 2, at, n);
		if (p[3] && layer)
			beta = load(a, p, 3, at, n);
		y = out(a, p, at);
		a->r->k->norm(y, x, n, mean, rstd, gamma, beta);
		store(a, p, at, y, n);
	}
}

void nsp_norm(struct nsp_run *r)
{
	run_rows(r, norm_one);
}

/* ---- running sums ---- */

/* element @i of the walk: from the back with bit 1 of imm0 */
static uint8_t *walk(const struct rows *a, uint8_t *const p[], int o, size_t i)
{
	size_t len = a->r->cmd->dims[5];

	if (a->r->cmd->imm[0].u & 2)
		i = len - 1 - i;
	return p[o] + (int64_t)i * nsp_stride(a->r, o, 5);
}

static void cumsum_one(struct rows *a, uint8_t *const p[])
{
	const struct nsp_cmd *cmd = a->r->cmd;
	bool exclusive = cmd->imm[0].u & 1;
	bool is_float = qaic_dtype_is_float(cmd->dtype[1]);
	uint64_t isum = 0;
	float sum = 0, f, g;
	int64_t v, w;
	size_t i;

	for (i = 0; i < cmd->dims[5]; i++) {
		uint8_t *d = walk(a, p, 0, i), *s = walk(a, p, 1, i);

		if (is_float) {
			f = *nsp_load_f(a->r->k, &g, s, cmd->dtype[1], 0, 1);
			g = exclusive ? sum : sum + f;
			sum += f;
			nsp_store_f(a->r->k, d, cmd->dtype[0], 0, &g, 1);
		} else {
			nsp_load_i(&v, s, cmd->dtype[1], 0, 1);
			w = (int64_t)(exclusive ? isum : isum + (uint64_t)v);
			isum += (uint64_t)v;
			nsp_store_i(d, cmd->dtype[0], 0, &w, 1);
		}
	}
}

void nsp_cumsum(struct nsp_run *r)
{
	run_rows(r, cumsum_one);
}
