// SPDX-License-Identifier: MIT
/*
 * TOPK. Elements become integers that sort as they do (a NaN is the largest, -0
 * equals 0), best first; among equals the lower index comes first. A heap of the
 * k best is kept in the scratch; where k is too large for that, the next best is
 * searched k times.
 */
#include "base/f16.h"
#include "soc/nsp_priv.h"

struct item {
	int64_t key;			/* larger is better */
	int64_t at;
};

#define HEAP_MAX (NSP_SCRATCH / sizeof(struct item))

static bool better(const struct item *a, const struct item *b)
{
	return a->key != b->key ? a->key > b->key : a->at < b->at;
}

struct topk {
	const struct nsp_run *r;
	const uint8_t *row;
	int64_t len, k;
	bool largest;
};

static struct item item_at(const struct topk *t, int64_t i)
{
	unsigned int type = t->r->cmd->dtype[1];
	const uint8_t *p = t->row + i * nsp_stride(t->r, 1, 5);
	struct item it = { .at = i };
	float f;

	if (qaic_dtype_is_float(type)) {
		f = *nsp_load_f(t->r->k, &f, p, type, 0, 1) + 0.0f;
		it.key = f != f ? INT32_MAX : (int32_t)qaic_f32_to_bits(f);
		if (it.key < 0)
			it.key ^= INT32_MAX;
	} else {
		nsp_load_i(&it.key, p, type, 0, 1);
		if (type == QAIC_U64)
			it.key ^= INT64_MIN;
	}
	if (!t->largest)
		it.key = ~it.key;
	return it;
}

static void swap(struct item *a, struct item *b)
{
	struct item t = *a;

	*a = *b;
	*b = t;
}

/* a heap with the worst on top */
static void sift_down(struct item *h, int64_t n, int64_t i)
{
	int64_t c;

	for (; (c = 2 * i + 1) < n; i = c) {
		if (c + 1 < n && better(&h[c], &h[c + 1]))
			c++;
		if (!better(&h[i], &h[c]))
			return;
		swap(&h[i], &h[c]);
	}
}

static void put(const struct topk *t, uint8_t *const p[], int64_t j,
		int64_t at)
{
	const struct nsp_cmd *cmd = t->r->cmd;
	uint8_t *y = p[0] + j * nsp_stride(t->r, 0, 5);
	const uint8_t *x = t->row + at * nsp_stride(t->r, 1, 5);
	int64_t v;
	float f;

	if (qaic_dtype_is_float(cmd->dtype[1])) {
		nsp_store_f(t->r->k, y, cmd->dtype[0], 0,
			    nsp_load_f(t->r->k, &f, x, cmd->dtype[1], 0, 1),
			    1);
	} else {
		nsp_load_i(&v, x, cmd->dtype[1], 0, 1);
		nsp_store_i(y, cmd->dtype[0], 0, &v, 1);
	}
	if (t->r->p[2])
		nsp_store_i(p[2] + j * nsp_stride(t->r, 2, 5), cmd->dtype[2],
			    0, &at, 1);
}

static void by_heap(const struct topk *t, uint8_t *const p[])
{
	struct item *h = (struct item *)t->r->scratch, it;
	int64_t i, n;

	for (i = 0; i < t->k; i++)
		h[i] = item_at(t, i);
	for (i = t->k / 2 - 1; i >= 0; i--)
		sift_down(h, t->k, i);
	for (i = t->k; i < t->len; i++) {
		it = item_at(t, i);
		if (!better(&it, &h[0]))
			continue;
		h[0] = it;
		sift_down(h, t->k, 0);
	}
	for (n = t->k; n > 0; n--) {
		put(t, p, n - 1, h[0].at);
		h[0] = h[n - 1];
		sift_down(h, n - 1, 0);
	}
}

static void by_search(const struct topk *t, uint8_t *const p[])
{
	struct item last = { 0 }, best = { 0 }, it;
	int64_t i, j;
	bool any;

	for (j = 0; j < t->k; j++, last = best) {
		for (i = 0, any = false; i < t->len; i++) {
			it = item_at(t, i);
			if ((j && !better(&last, &it)) ||
			    (any && !better(&it, &best)))
				continue;
			best = it;
			any = true;
		}
		put(t, p, j, best.at);
	}
}

static void topk_rows(void *ctx, uint8_t *const p[], const int64_t *stride,
		      size_t n)
{
	struct topk *t = ctx;
	uint8_t *q[3] = { p[0], p[1], p[2] };
	int i;

	for (; n; n--) {
		t->row = q[1];
		if (t->k <= (int64_t)HEAP_MAX)
			by_heap(t, q);
		else
			by_search(t, q);
		for (i = 0; i < 3; i++)
			q[i] += stride[i];
	}
}

void nsp_topk(struct nsp_run *r)
{
	static const int opnds[] = { 0, 1, 2 };
	struct topk t = {
		.r = r, .len = r->cmd->imm[2].i, .k = r->cmd->dims[5],
		.largest = r->cmd->imm[1].i == 1,
	};
	struct nsp_loop l;
	int i;

	if (t.k > t.len)
		t.k = t.len;
	if (t.k <= 0)
		return;
	nsp_loop_init(&l, 3);
	for (i = 0; i < 5; i++)
		nsp_loop_add(&l, r, i, opnds);
	nsp_loop_simplify(&l, false);
	nsp_loop_run(&l, r->p, topk_rows, &t);
}
