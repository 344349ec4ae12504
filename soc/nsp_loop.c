// SPDX-License-Identifier: MIT
/*
 * Strided iteration: as few and as long rows as the strides allow.
 */
#include <stdlib.h>

#include "soc/nsp_priv.h"

void nsp_loop_init(struct nsp_loop *l, unsigned int no)
{
	l->nd = 0;
	l->no = no;
}

void nsp_loop_add(struct nsp_loop *l, const struct nsp_run *r, int dim,
		  const int *opnds)
{
	unsigned int i;

	for (i = 0; i < l->no; i++)
		l->stride[i][l->nd] = nsp_stride(r, opnds[i], dim);
	l->dim[l->nd++] = r->cmd->dims[dim];
}

static void swap64(int64_t *a, int64_t *b)
{
	int64_t t = *a;

	*a = *b;
	*b = t;
}

static void sort_dims(struct nsp_loop *l)
{
	const int64_t *s = l->stride[0];
	unsigned int i, j, o;

	for (i = 1; i < l->nd; i++)
		for (j = i; j && llabs(s[j - 1]) < llabs(s[j]); j--) {
			swap64(&l->dim[j - 1], &l->dim[j]);
			for (o = 0; o < l->no; o++)
				swap64(&l->stride[o][j - 1],
				       &l->stride[o][j]);
		}
}

/* put dim @from in the place of the earlier or same @to */
static void take_dim(struct nsp_loop *l, unsigned int to, unsigned int from)
{
	unsigned int o;

	l->dim[to] = l->dim[from];
	for (o = 0; o < l->no; o++)
		l->stride[o][to] = l->stride[o][from];
}

static bool merges(const struct nsp_loop *l, unsigned int outer,
		   unsigned int inner)
{
	unsigned int o;

	for (o = 0; o < l->no; o++)
		if (l->stride[o][outer] !=
		    l->stride[o][inner] * l->dim[inner])
			return false;
	return true;
}

void nsp_loop_simplify(struct nsp_loop *l, bool sort)
{
	unsigned int i, n = 0;
	int64_t dim;

	for (i = 0; i < l->nd; i++)
		if (l->dim[i] != 1)
			take_dim(l, n++, i);
	l->nd = n;
	if (sort)
		sort_dims(l);
	for (i = 1, n = n ? 1 : 0; i < l->nd; i++) {
		if (merges(l, n - 1, i)) {
			dim = l->dim[n - 1] * l->dim[i];
			take_dim(l, n - 1, i);
			l->dim[n - 1] = dim;
		} else {
			take_dim(l, n++, i);
		}
	}
	if (!n) {
		for (i = 0; i < l->no; i++)
			l->stride[i][0] = 0;
		l->dim[n++] = 1;
	}
	l->nd = n;
}

void nsp_loop_run(const struct nsp_loop *l, uint8_t *const p[],
		  nsp_row_fn *fn, void *ctx)
{
	int64_t at[NSP_DIMS] = { 0 }, inner[NSP_OPNDS];
	uint8_t *q[NSP_OPNDS];
	unsigned int o;
	int d;

	for (o = 0; o < l->no; o++) {
		q[o] = p[o];
		inner[o] = l->stride[o][l->nd - 1];
	}
	for (;;) {
		fn(ctx, q, inner, l->dim[l->nd - 1]);
		for (d = (int)l->nd - 2; d >= 0; d--) {
			if (++at[d] < l->dim[d]) {
				for (o = 0; o < l->no; o++)
					q[o] += l->stride[o][d];
				break;
			}
			at[d] = 0;
			for (o = 0; o < l->no; o++)
				q[o] -= l->stride[o][d] * (l->dim[d] - 1);
		}
		if (d < 0)
			return;
	}
}
