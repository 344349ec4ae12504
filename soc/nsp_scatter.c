// SPDX-License-Identifier: MIT
/*
 * SCATTER and SCATTERE: writes at indices that are data, in the order of the
 * indices. One that is out of range is dropped.
 */
#include "soc/nsp_index.h"

void nsp_loop_axis(struct nsp_loop *l, const struct nsp_run *r, int o)
{
	static const int opnds[] = { 0, 1, 2 };
	unsigned int axis = r->cmd->imm[0].u;
	int i;

	nsp_loop_init(l, 3);
	for (i = 0; i < 5; i++)
		nsp_loop_add(l, r, i, opnds);
	if (axis < 5)
		l->stride[o][axis] = 0;
}

bool nsp_nd_offset(const struct nsp_run *r, int o, int idx, uint32_t i,
		   int64_t *off)
{
	const uint8_t *p = r->p[idx] + i * nsp_stride(r, idx, 0);
	uint32_t k, q = r->cmd->dims[2];
	int64_t at;

	*off = 0;
	for (k = 0; k < q && k < 5; k++, p += nsp_stride(r, idx, 2)) {
		at = nsp_index(p, r->cmd->dtype[idx]);
		if (!nsp_wrap_index(&at, r->cmd->imm[k].i))
			return false;
		*off += at * nsp_stride(r, o, k);
	}
	return true;
}

static const uint8_t fold_op[] = {
	[1] = NSP_B_ADD, [2] = NSP_B_MUL, [3] = NSP_B_MIN, [4] = NSP_B_MAX,
};

/* y = sub(y, x) for n elements, x of the type of operand 2 */
static void fold(const struct nsp_run *r, uint8_t *y, int64_t ys,
		 const uint8_t *x, int64_t xs, size_t n)
{
	union { float f[NSP_CHUNK]; int64_t i[NSP_CHUNK]; } a, b;
	const uint8_t *t = r->cmd->dtype;
	unsigned int op = fold_op[r->cmd->sub];
	const float *fx, *fy;
	size_t m;

	for (; n; n -= m, y += m * ys, x += m * xs) {
		m = n < NSP_CHUNK ? n : NSP_CHUNK;
		if (qaic_dtype_is_float(t[0]) || qaic_dtype_is_float(t[2])) {
			fy = nsp_load_f(r->k, a.f, y, t[0], ys, m);
			fx = nsp_load_f(r->k, b.f, x, t[2], xs, m);
			r->k->binary[op](a.f, fy, fx, m);
			nsp_store_f(r->k, y, t[0], ys, a.f, m);
		} else {
			nsp_load_i(a.i, y, t[0], ys, m);
			nsp_load_i(b.i, x, t[2], xs, m);
			nsp_int_binary(op, a.i, a.i, b.i, m,
				       t[0] == QAIC_U64);
			nsp_store_i(y, t[0], ys, a.i, m);
		}
	}
}

void nsp_scatter(struct nsp_run *r)
{
	const uint32_t *d = r->cmd->dims;
	int64_t ys = nsp_stride(r, 0, 5), xs = nsp_stride(r, 2, 1), off;
	const uint8_t *x = r->p[2];
	struct nsp_copy c;
	uint32_t i;

	if (r->cmd->sub > 4)
		return;
	nsp_copy_init(&c, r, 0, 2, NULL, 0);
	c.loop.dim[0] = d[1];
	c.loop.stride[0][0] = ys;
	c.loop.stride[1][0] = xs;
	for (i = 0; i < d[0]; i++, x += nsp_stride(r, 2, 0)) {
		if (!nsp_nd_offset(r, 0, 1, i, &off))
			continue;
		if (r->cmd->sub)
			fold(r, r->p[0] + off, ys, x, xs, d[1]);
		else
			nsp_copy_run(&c, r->p[0] + off, x);
	}
}

struct scattere {
	const struct nsp_run *r;
	struct nsp_copy one;
};

static void scattere_row(void *ctx, uint8_t *const p[], const int64_t *stride,
			 size_t n)
{
	const struct scattere *g = ctx;
	const struct nsp_run *r = g->r;
	uint8_t *y = p[0], *idx = p[1], *x = p[2];
	int64_t at;

	for (; n; n--, y += stride[0], idx += stride[1], x += stride[2]) {
		at = nsp_index(idx, r->cmd->dtype[1]);
		if (!nsp_wrap_index(&at, r->cmd->dims[5]))
			continue;
		at *= nsp_stride(r, 0, 5);
		if (r->cmd->sub)
			fold(r, y + at, 0, x, 0, 1);
		else
			nsp_copy_run(&g->one, y + at, x);
	}
}

void nsp_scattere(struct nsp_run *r)
{
	struct scattere g = { .r = r };
	struct nsp_loop l;

	if (r->cmd->sub > 4)
		return;
	nsp_copy_init(&g.one, r, 0, 2, NULL, 0);
	nsp_loop_axis(&l, r, 0);
	nsp_loop_simplify(&l, false);	/* the last of equals must win */
	nsp_loop_run(&l, r->p, scattere_row, &g);
}
