// SPDX-License-Identifier: MIT
/*
 * MOVE and FILL, and the copies that the indexed commands are made of.
 */
#include <stdlib.h>
#include <string.h>

#include "soc/nsp_priv.h"

#define TILE	16		/* of a transpose: 16 lines of 64 bytes */

/* BOOL is made 0 or 1 on the way, everything else of one type is bits */
static bool same_bits(unsigned int dst, unsigned int src)
{
	return dst == src && dst != QAIC_BOOL;
}

static void copy_bits(uint8_t *d, int64_t ds, const uint8_t *s, int64_t ss,
		      size_t n, size_t size)
{
	size_t i;

#define COPY(type)							\
	for (i = 0; i < n; i++, d += ds, s += ss)			\
		*(type *)d = *(const type *)s;
	if (ds == (int64_t)size && ss == (int64_t)size) {
		memmove(d, s, n * size);
	} else if (size == 4) {
		COPY(uint32_t)
	} else if (size == 2) {
		COPY(uint16_t)
	} else if (size == 8) {
		COPY(uint64_t)
	} else {
		COPY(uint8_t)
	}
#undef COPY
}

static void copy_float(const struct nsp_copy *c, uint8_t *d, int64_t ds,
		       const uint8_t *s, int64_t ss, size_t n)
{
	float buf[NSP_CHUNK];
	const float *x;

	x = nsp_load_f(c->k, nsp_out_f(buf, d, c->dst, ds), s, c->src, ss, n);
	nsp_store_f(c->k, d, c->dst, ds, x, n);
}

static void copy_row(void *ctx, uint8_t *const p[], const int64_t *stride,
		     size_t n)
{
	const struct nsp_copy *c = ctx;
	int64_t buf[NSP_CHUNK];
	uint8_t *d = p[0], *s = p[1];
	size_t m;

	if (same_bits(c->dst, c->src)) {
		copy_bits(d, stride[0], s, stride[1], n,
			  qaic_dtype_size(c->dst));
		return;
	}
	for (; n; n -= m, d += m * stride[0], s += m * stride[1]) {
		m = n < NSP_CHUNK ? n : NSP_CHUNK;
		if (qaic_dtype_is_float(c->src)) {
			copy_float(c, d, stride[0], s, stride[1], m);
		} else {
			nsp_load_i(buf, s, c->src, stride[1], m);
			nsp_store_i(d, c->dst, stride[0], buf, m);
		}
	}
}

static void zero_row(void *ctx, uint8_t *const p[], const int64_t *stride,
		     size_t n)
{
	const struct nsp_copy *c = ctx;
	size_t i, size = qaic_dtype_size(c->dst);

	if (stride[0] == (int64_t)size) {
		memset(p[0], 0, n * size);
		return;
	}
	for (i = 0; i < n; i++)
		memset(p[0] + (int64_t)i * stride[0], 0, size);
}

void nsp_copy_init(struct nsp_copy *c, const struct nsp_run *r, int dst,
		   int src, const int *dims, int num_dims)
{
	const int opnds[2] = { dst, src };
	int i;

	c->k = r->k;
	c->dst = r->cmd->dtype[dst];
	c->src = r->cmd->dtype[src];
	nsp_loop_init(&c->loop, 2);
	for (i = 0; i < num_dims; i++)
		nsp_loop_add(&c->loop, r, dims[i], opnds);
	nsp_loop_simplify(&c->loop, true);
}

void nsp_copy_run(const struct nsp_copy *c, uint8_t *dst, const uint8_t *src)
{
	uint8_t *const p[2] = { dst, (uint8_t *)src };

	if (c->loop.nd == 1)
		copy_row((void *)c, p, (int64_t[]){ c->loop.stride[0][0],
			 c->loop.stride[1][0] }, c->loop.dim[0]);
	else
		nsp_loop_run(&c->loop, p, copy_row, (void *)c);
}

void nsp_copy_zero(const struct nsp_copy *c, uint8_t *dst)
{
	uint8_t *const p[2] = { dst, dst };
	struct nsp_loop l = c->loop;

	l.no = 1;
	nsp_loop_run(&l, p, zero_row, (void *)c);
}

/*
 * A transpose: the source is contiguous along a dim that is not the innermost of
 * the destination. Put that dim next to the innermost one, so that the two can be
 * done in tiles of whole cache lines.
 */
static bool find_transpose(struct nsp_loop *l, size_t size)
{
	unsigned int i, o, in = l->nd - 1;
	int64_t t;

	if (l->nd < 2 || llabs(l->stride[1][in]) == (int64_t)size ||
	    !l->stride[1][in])
		return false;
	for (i = 0; i < in && llabs(l->stride[1][i]) != (int64_t)size; i++)
		;
	if (i == in || l->dim[i] < TILE || l->dim[in] < TILE)
		return false;
	for (; i + 1 < in; i++) {
		t = l->dim[i], l->dim[i] = l->dim[i + 1], l->dim[i + 1] = t;
		for (o = 0; o < 2; o++) {
			t = l->stride[o][i];
			l->stride[o][i] = l->stride[o][i + 1];
			l->stride[o][i + 1] = t;
		}
	}
	return true;
}

struct transpose {
	const struct nsp_copy *copy;
	int64_t ds, ss;			/* of the other dim of a tile */
};

static void transpose_tile(void *ctx, uint8_t *const p[], const int64_t *stride,
			   size_t rows)
{
	/* one "row" is a column of tiles: TILE of the inner dim, all of the other */
	const struct transpose *t = ctx;
	const struct nsp_loop *l = &t->copy->loop;
	size_t in = l->dim[l->nd - 1], i, j, n;
	int64_t inner[2] = { l->stride[0][l->nd - 1], l->stride[1][l->nd - 1] };
	uint8_t *q[2];

	for (j = 0; j < in; j += n) {
		n = in - j < TILE ? in - j : TILE;
		for (i = 0; i < rows; i++) {
			q[0] = p[0] + (int64_t)i * t->ds + (int64_t)j * inner[0];
			q[1] = p[1] + (int64_t)i * t->ss + (int64_t)j * inner[1];
			copy_row((void *)t->copy, q, inner, n);
		}
	}
}

void nsp_move(struct nsp_run *r)
{
	static const int dims[] = { 0, 1, 2, 3, 4, 5 };
	struct nsp_copy c;
	struct transpose t;
	struct nsp_loop l;

	nsp_copy_init(&c, r, 0, 1, dims, NSP_DIMS);
	if (!find_transpose(&c.loop, r->size[1])) {
		nsp_copy_run(&c, r->p[0], r->p[1]);
		return;
	}
	l = c.loop;
	l.nd--;
	t.copy = &c;
	t.ds = l.stride[0][l.nd - 1];
	t.ss = l.stride[1][l.nd - 1];
	nsp_loop_run(&l, r->p, transpose_tile, &t);
}

struct fill {
	uint64_t bits;
	size_t size;
};

static void fill_row(void *ctx, uint8_t *const p[], const int64_t *stride,
		     size_t n)
{
	const struct fill *f = ctx;
	uint8_t *d = p[0];

	if (!f->bits && stride[0] == (int64_t)f->size) {
		memset(d, 0, n * f->size);
		return;
	}
	copy_bits(d, stride[0], (const uint8_t *)&f->bits, 0, n, f->size);
}

void nsp_fill(struct nsp_run *r)
{
	struct fill f = {
		.bits = r->cmd->imm[0].u | (uint64_t)r->cmd->imm[1].u << 32,
		.size = r->size[0],
	};
	static const int o[] = { 0 };
	struct nsp_loop l;
	int i;

	if (r->cmd->dtype[0] == QAIC_BOOL)
		f.bits = (f.bits & 0xff) != 0;
	nsp_loop_init(&l, 1);
	for (i = 0; i < NSP_DIMS; i++)
		nsp_loop_add(&l, r, i, o);
	nsp_loop_simplify(&l, true);
	nsp_loop_run(&l, r->p, fill_row, &f);
}
