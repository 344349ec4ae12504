// SPDX-License-Identifier: MIT
/* ATTN with heads that are too long for the scratch. */
#include <math.h>
#include <string.h>

#include "soc/nsp_attn.h"

static float wide_score(struct attn *a, size_t s, size_t h, int64_t j)
{
	const struct nsp_run *r = a->r;
	int64_t sq = nsp_stride(r, 1, 4), sk = nsp_stride(r, 2, 4);
	float bq[NSP_CHUNK], bk[NSP_CHUNK], y;
	const uint8_t *q = nsp_attn_query(a, 1, s, h), *k = nsp_attn_slot(a, 2, j);
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
		nsp_attn_bias(a, &y, 0, h, j, 1);
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

	nsp_attn_range(a, a->b, s, a->lo, a->hi);
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
			v = nsp_load_f(a->kern, buf, nsp_attn_slot(a, 3, j) +
				       (int64_t)i * sv, r->cmd->dtype[3], sv,
				       n);
			a->kern->cols_f32(acc, n, &x, 1, 1, v, n, n, 1, true);
		}
		nsp_store_f(a->kern, nsp_attn_query(a, 0, s, h) + (int64_t)i * so,
			    r->cmd->dtype[0], so, acc, n);
	}
}

void nsp_attn_wide(struct attn *a, size_t group)
{
	size_t s, h;

	for (s = 0; s < a->S; s++)
		for (h = a->hkv * group; h < (a->hkv + 1) * group; h++)
			wide_row(a, s, h);
}
