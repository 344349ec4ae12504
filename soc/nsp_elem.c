// SPDX-License-Identifier: MIT
/*
 * UNARY, BINARY and SELECT: element by element, in chunks that are converted to
 * F32 or to 64-bit integers.
 *
 * Arithmetic is float if a source is float, or if the function has no integer
 * meaning; otherwise it is integer.
 */
#include <string.h>

#include "soc/nsp_priv.h"

struct elem {
	const struct nsp_run *r;
	kern_unary *un;
	kern_binary *bin;
	float a, b;
	bool is_unsigned;
};

static const uint8_t *dtypes(const struct elem *e)
{
	return e->r->cmd->dtype;
}

static void unary_float(void *ctx, uint8_t *const p[], const int64_t *stride,
			size_t n)
{
	const struct elem *e = ctx;
	const uint8_t *t = dtypes(e);
	float in[NSP_CHUNK], out[NSP_CHUNK], *y;
	uint8_t *d = p[0], *s = p[1];
	const float *x;
	size_t m;

	for (; n; n -= m, d += m * stride[0], s += m * stride[1]) {
		m = n < NSP_CHUNK ? n : NSP_CHUNK;
		x = nsp_load_f(e->r->k, in, s, t[1], stride[1], m);
		y = nsp_out_f(out, d, t[0], stride[0]);
		e->un(y, x, m, e->a, e->b);
		nsp_store_f(e->r->k, d, t[0], stride[0], y, m);
	}
}

static void unary_int(void *ctx, uint8_t *const p[], const int64_t *stride,
		      size_t n)
{
	const struct elem *e = ctx;
	const uint8_t *t = dtypes(e);
	uint8_t *d = p[0], *s = p[1];
	int64_t x[NSP_CHUNK];
	size_t m;

	for (; n; n -= m, d += m * stride[0], s += m * stride[1]) {
		m = n < NSP_CHUNK ? n : NSP_CHUNK;
		nsp_load_i(x, s, t[1], stride[1], m);
		nsp_int_unary(e->r->cmd->sub, x, x, m);
		nsp_store_i(d, t[0], stride[0], x, m);
	}
}

static void binary_float(void *ctx, uint8_t *const p[], const int64_t *stride,
			 size_t n)
{
	const struct elem *e = ctx;
	const uint8_t *t = dtypes(e);
	float ba[NSP_CHUNK], bb[NSP_CHUNK], out[NSP_CHUNK], *y;
	uint8_t *d = p[0], *s = p[1], *u = p[2];
	const float *a, *b;
	size_t m;

	for (; n; n -= m, d += m * stride[0], s += m * stride[1],
	     u += m * stride[2]) {
		m = n < NSP_CHUNK ? n : NSP_CHUNK;
		a = nsp_load_f(e->r->k, ba, s, t[1], stride[1], m);
		b = nsp_load_f(e->r->k, bb, u, t[2], stride[2], m);
		y = nsp_out_f(out, d, t[0], stride[0]);
		e->bin(y, a, b, m);
		nsp_store_f(e->r->k, d, t[0], stride[0], y, m);
	}
}

static void binary_int(void *ctx, uint8_t *const p[], const int64_t *stride,
		       size_t n)
{
	const struct elem *e = ctx;
	const uint8_t *t = dtypes(e);
	uint8_t *d = p[0], *s = p[1], *u = p[2];
	int64_t a[NSP_CHUNK], b[NSP_CHUNK];
	size_t m;

	for (; n; n -= m, d += m * stride[0], s += m * stride[1],
	     u += m * stride[2]) {
		m = n < NSP_CHUNK ? n : NSP_CHUNK;
		nsp_load_i(a, s, t[1], stride[1], m);
		nsp_load_i(b, u, t[2], stride[2], m);
		nsp_int_binary(e->r->cmd->sub, a, a, b, m, e->is_unsigned);
		nsp_store_i(d, t[0], stride[0], a, m);
	}
}

static void run_all(struct nsp_run *r, unsigned int no, nsp_row_fn *fn,
		    void *ctx)
{
	static const int opnds[] = { 0, 1, 2, 3 };
	struct nsp_loop l;
	int i;

	nsp_loop_init(&l, no);
	for (i = 0; i < NSP_DIMS; i++)
		nsp_loop_add(&l, r, i, opnds);
	nsp_loop_simplify(&l, true);
	nsp_loop_run(&l, r->p, fn, ctx);
}

void nsp_unary(struct nsp_run *r)
{
	const struct nsp_cmd *cmd = r->cmd;
	struct elem e = { .r = r, .a = cmd->imm[0].f, .b = cmd->imm[1].f };

	if (cmd->sub >= NSP_U_COUNT)
		return;
	if (cmd->sub == NSP_U_ISINF)
		e.a = cmd->imm[0].u & 3;
	e.un = r->k->unary[cmd->sub];
	if (!qaic_dtype_is_float(cmd->dtype[1]) &&
	    nsp_int_unary(cmd->sub, NULL, NULL, 0))
		run_all(r, 2, unary_int, &e);
	else
		run_all(r, 2, unary_float, &e);
}

void nsp_binary(struct nsp_run *r)
{
	const struct nsp_cmd *cmd = r->cmd;
	struct elem e = {
		.r = r,
		.is_unsigned = cmd->dtype[1] == QAIC_U64 &&
			       cmd->dtype[2] == QAIC_U64,
	};

	if (cmd->sub >= NSP_B_COUNT)
		return;
	e.bin = r->k->binary[cmd->sub];
	if (!qaic_dtype_is_float(cmd->dtype[1]) &&
	    !qaic_dtype_is_float(cmd->dtype[2]) &&
	    nsp_int_binary(cmd->sub, NULL, NULL, NULL, 0, false))
		run_all(r, 3, binary_int, &e);
	else
		run_all(r, 3, binary_float, &e);
}

/* bits when the three have one type, else through F32 or I64 */
static void select_row(void *ctx, uint8_t *const p[], const int64_t *stride,
		       size_t n)
{
	const struct elem *e = ctx;
	const uint8_t *t = dtypes(e);
	size_t i, size = e->r->size[0];
	const uint8_t *s;
	int64_t v;
	float f;
	int o;

	for (i = 0; i < n; i++) {
		uint8_t *d = p[0] + (int64_t)i * stride[0];

		nsp_load_i(&v, p[1] + (int64_t)i * stride[1], t[1], 0, 1);
		o = v ? 2 : 3;
		s = p[o] + (int64_t)i * stride[o];
		if (t[o] == t[0] && t[0] != QAIC_BOOL) {
			memcpy(d, s, size);
		} else if (qaic_dtype_is_float(t[o])) {
			nsp_store_f(e->r->k, d, t[0], 0,
				    nsp_load_f(e->r->k, &f, s, t[o], 0, 1), 1);
		} else {
			nsp_load_i(&v, s, t[o], 0, 1);
			nsp_store_i(d, t[0], 0, &v, 1);
		}
	}
}

/* the usual case, F32 or F16 with a contiguous result */
#define SELECT_ROW(name, type)						\
static void name(void *ctx, uint8_t *const p[], const int64_t *stride,	\
		 size_t n)						\
{									\
	const uint8_t *c = p[1], *a = p[2], *b = p[3];			\
	uint8_t *d = p[0];						\
									\
	for (; n; n--, d += stride[0], c += stride[1], a += stride[2],	\
	     b += stride[3])						\
		*(type *)d = *c ? *(const type *)a : *(const type *)b;	\
}

SELECT_ROW(select_16, uint16_t)
SELECT_ROW(select_32, uint32_t)
SELECT_ROW(select_64, uint64_t)

void nsp_select(struct nsp_run *r)
{
	const uint8_t *t = r->cmd->dtype;
	struct elem e = { .r = r };
	nsp_row_fn *fn = select_row;

	if (t[1] == QAIC_BOOL && t[0] == t[2] && t[0] == t[3]) {
		if (r->size[0] == 2)
			fn = select_16;
		else if (r->size[0] == 4)
			fn = select_32;
		else if (r->size[0] == 8)
			fn = select_64;
	}
	run_all(r, 4, fn, &e);
}
