// SPDX-License-Identifier: MIT
/*
 * GATHER, GATHERE, GATHERND. Indices are data: one that is out of range reads
 * zeros.
 */
#include "soc/nsp_index.h"

void nsp_gather(struct nsp_run *r)
{
	static const int dims[] = { 2, 3 };
	const uint32_t *d = r->cmd->dims;
	struct nsp_copy c;
	uint32_t o, i;
	int64_t at;

	nsp_copy_init(&c, r, 0, 1, dims, 2);
	for (o = 0; o < d[0]; o++) {
		for (i = 0; i < d[1]; i++) {
			uint8_t *y = r->p[0] + o * nsp_stride(r, 0, 0) +
				     i * nsp_stride(r, 0, 1);

			at = nsp_index(r->p[2] + i * nsp_stride(r, 2, 1),
				       r->cmd->dtype[2]);
			if (nsp_wrap_index(&at, d[4]))
				nsp_copy_run(&c, y, r->p[1] +
					     o * nsp_stride(r, 1, 0) +
					     at * nsp_stride(r, 1, 4));
			else
				nsp_copy_zero(&c, y);
		}
	}
}

struct gathere {
	const struct nsp_run *r;
	struct nsp_copy one;		/* a single element */
};

static void gathere_row(void *ctx, uint8_t *const p[], const int64_t *stride,
			size_t n)
{
	const struct gathere *g = ctx;
	const struct nsp_run *r = g->r;
	uint8_t *y = p[0], *x = p[1], *idx = p[2];
	int64_t at;

	for (; n; n--, y += stride[0], x += stride[1], idx += stride[2]) {
		at = nsp_index(idx, r->cmd->dtype[2]);
		if (nsp_wrap_index(&at, r->cmd->dims[5]))
			nsp_copy_run(&g->one, y, x + at * nsp_stride(r, 1, 5));
		else
			nsp_copy_zero(&g->one, y);
	}
}

void nsp_gathere(struct nsp_run *r)
{
	struct gathere g = { .r = r };
	struct nsp_loop l;

	nsp_copy_init(&g.one, r, 0, 1, NULL, 0);
	nsp_loop_axis(&l, r, 1);
	nsp_loop_simplify(&l, true);
	nsp_loop_run(&l, r->p, gathere_row, &g);
}

void nsp_gathernd(struct nsp_run *r)
{
	const uint32_t *d = r->cmd->dims;
	struct nsp_copy c;
	int64_t off;
	uint32_t i;

	nsp_copy_init(&c, r, 0, 1, NULL, 0);
	c.loop.dim[0] = d[1];
	c.loop.stride[0][0] = nsp_stride(r, 0, 1);
	c.loop.stride[1][0] = nsp_stride(r, 1, 5);
	for (i = 0; i < d[0]; i++) {
		uint8_t *y = r->p[0] + i * nsp_stride(r, 0, 0);

		if (nsp_nd_offset(r, 1, 2, i, &off))
			nsp_copy_run(&c, y, r->p[1] + off);
		else
			nsp_copy_zero(&c, y);
	}
}
