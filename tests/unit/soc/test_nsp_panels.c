// SPDX-License-Identifier: MIT
/*
 * MATMUL with weights in panels, blocks and F16, as a command: batches, experts, bias,
 * strides, sizes at which the executor cuts. What a product gives is the business of
 * test_kern_mx and test_kern_panel; here it is within a bound of the double result.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/f16.h"
#include "qpc/panel.h"
#include "soc/nsp.h"

static uint64_t seed = 1234567;

static float rnd(void)
{
	seed = seed * 6364136223846793005ull + 1442695040888963407ull;
	return (int32_t)(seed >> 32) * 0x1p-31f;
}

struct mat {			/* what one test multiplies */
	enum qaic_dtype t;
	uint32_t b0, b1, m, n, k, experts;
	bool bias, act8, f32, turned;	/* turned: y and x are [.., n][m] */
	uint32_t used;		/* matrices: 1, b0 or b0 * b1 */
};

struct run {
	struct mat a;
	size_t k32, msize, ms;	/* elements and bytes of a matrix; how many */
	uint8_t *w, *ddr;
	float *wf;
	size_t xo, yo, bo, eo, end;
};

static void put(struct run *r, size_t off, size_t i, float v)
{
	uint16_t h = qaic_f32_to_f16(v);

	if (r->a.f32)
		memcpy(r->ddr + off + i * 4, &v, 4);
	else
		memcpy(r->ddr + off + i * 2, &h, 2);
}

static float get(const struct run *r, size_t off, size_t i)
{
	uint16_t h;
	float f;

	if (r->a.f32) {
		memcpy(&f, r->ddr + off + i * 4, 4);
		return f;
	}
	memcpy(&h, r->ddr + off + i * 2, 2);
	return qaic_f16_to_f32(h);
}

static void f16_panel(const struct run *r, const float *x, size_t rows,
		      uint16_t *to, float *wf)
{
	size_t k = r->a.k, i, j;

	memset(to, 0, 32 * k);
	for (i = 0; i < rows; i++) {
		for (j = 0; j < k; j++) {
			to[j * 16 + i] = qaic_f32_to_f16(x[i * k + j]);
			wf[i * k + j] = qaic_f16_to_f32(to[j * 16 + i]);
		}
	}
}

static void make_weights(struct run *r)
{
	const struct mat *a = &r->a;
	size_t n16 = qpc_panel_n(a->n), i, b, p;
	float *x = malloc(16 * (size_t)a->k * 4);
	uint8_t code[32], s;

	r->msize = qaic_dtype_bytes(a->t, n16 * r->k32);
	r->w = aligned_alloc(64, (r->msize * r->ms + 63) / 64 * 64);
	r->wf = malloc(r->ms * n16 * r->k32 * sizeof(float));
	for (p = 0; p < r->ms * n16 / 16; p++) {
		size_t row = p % (n16 / 16) * 16;
		size_t rows = a->n - row < 16 ? a->n - row : 16;
		uint8_t *to = r->w + p * qaic_dtype_bytes(a->t, 16 * r->k32);

		for (i = 0; i < rows * a->k; i++)
			x[i] = rnd() * 0.3f;
		if (a->t == QAIC_F16_PANELS) {
			f16_panel(r, x, rows, (uint16_t *)to,
				  r->wf + p * 16 * r->k32);
			continue;
		}
		qpc_panel_pack(a->t, x, a->k, rows, a->k, to);
		for (i = 0; i < 16; i++) {
			for (b = 0; b < r->k32 / 32; b++) {
				s = qpc_panel_get(a->t, to, a->k, i, b, code);
				qaic_mx_decode(a->t, s, code, 32, r->wf +
					(p * 16 + i) * r->k32 + b * 32);
			}
		}
	}
	free(x);
}

static void make_ddr(struct run *r)
{
	const struct mat *a = &r->a;
	size_t es = 4, batch = (size_t)a->b0 * a->b1, i;	/* room for F32 */
	int64_t e;

	r->xo = 64;
	r->yo = (r->xo + batch * a->m * a->k * es + 127) / 64 * 64;
	r->bo = (r->yo + batch * a->m * a->n * es + 127) / 64 * 64;
	r->eo = (r->bo + a->n * es + 127) / 64 * 64;
	r->end = r->eo + batch * 8;
	r->ddr = aligned_alloc(64, (r->end + 63) / 64 * 64);
	memset(r->ddr, 0x7e, r->end);
	for (i = 0; i < batch * a->m * a->k; i++)
		put(r, r->xo, i, rnd());
	for (i = 0; i < a->n; i++)
		put(r, r->bo, i, rnd());
	for (i = 0; i < batch; i++) {
		e = (int64_t)(i * 7 + 1) % (a->experts + 2) - 1;
		memcpy(r->ddr + r->eo + i * 8, &e, 8);
	}
}

static void make_cmd(const struct run *r, struct nsp_cmd *c)
{
	const struct mat *a = &r->a;
	uint8_t ft = a->f32 ? QAIC_F32 : QAIC_F16;
	int32_t mat = qpc_panel_n(a->n) * r->k32;
	int32_t bx = a->m * a->k, by = a->m * a->n;

	*c = (struct nsp_cmd){
		.op = NSP_MATMUL,
		.flags = a->act8 && a->t != QAIC_F16_PANELS ? NSP_MM_ACT8 : 0,
		.dims = { a->b0, a->b1, a->m, a->n, a->k,
			  a->experts ? a->experts : 1 },
		.dtype = { ft, ft, a->t },
	};
	c->o[0] = (struct nsp_opnd){ NSP_ADDR(NSP_SPACE_DDR, r->yo),
		{ a->b1 * by, by, a->n, 1 } };
	c->o[1] = (struct nsp_opnd){ NSP_ADDR(NSP_SPACE_DDR, r->xo),
		{ a->b1 * bx, bx, a->k, 0, 1 } };
	if (a->turned) {
		c->o[0].stride[2] = 1;
		c->o[0].stride[3] = a->m;
		c->o[1].stride[2] = 1;
		c->o[1].stride[4] = a->m;
	}
	c->o[2] = (struct nsp_opnd){ NSP_ADDR(NSP_SPACE_CONST, 0),
		{ a->used > 1 ? mat * (a->used / a->b0) : 0,
		  a->used > a->b0 ? mat : 0, 0, r->k32, 1,
		  a->experts ? mat : 0 } };
	if (a->bias) {
		c->o[3] = (struct nsp_opnd){ NSP_ADDR(NSP_SPACE_DDR, r->bo),
			{ 0, 0, 0, 1 } };
		c->dtype[3] = ft;
	}
	if (a->experts) {
		c->o[4] = (struct nsp_opnd){ NSP_ADDR(NSP_SPACE_DDR, r->eo),
			{ a->b1, 1 } };
		c->dtype[4] = QAIC_I64;
	}
}

static void check_one(const struct run *r, size_t i, size_t j, size_t m,
		      size_t n)
{
	const struct mat *a = &r->a;
	size_t batch = i * a->b1 + j, k, mat = a->used > a->b0 ? batch :
					      a->used > 1 ? i : 0;
	double want = a->bias ? get(r, r->bo, n) : 0, size = fabs(want), x, got;
	const float *w;
	int64_t e = 0;

	if (a->experts) {
		memcpy(&e, r->ddr + r->eo + batch * 8, 8);
		mat = e;
	}
	w = r->wf + (mat * qpc_panel_n(a->n) + n) * r->k32;
	for (k = 0; k < a->k && e >= 0 && e < (a->experts ? a->experts : 1);
	     k++) {
		x = get(r, r->xo, batch * a->m * a->k +
			(a->turned ? k * a->m + m : m * a->k + k));
		want += x * w[k];
		size += fabs((double)w[k]);	/* |x| is up to 1 */
	}
	got = get(r, r->yo, batch * a->m * a->n +
		  (a->turned ? n * a->m + m : m * a->n + n));
	assert_true(fabs(got - want) <= size * (a->act8 ? 4e-3 : 2e-5) +
		    fabs(want) * (a->f32 ? 0 : 5e-4) + 1e-7);
}

static void try(const struct mat *a)
{
	void *scratch = aligned_alloc(64, NSP_SCRATCH);
	struct run r = { .a = *a, .k32 = qpc_panel_width(a->t, a->k) };
	struct nsp_mem mem;
	struct nsp_cmd c;
	size_t i, j, m, n, step;

	r.ms = a->experts ? a->experts : a->used;
	make_weights(&r);
	make_ddr(&r);
	make_cmd(&r, &c);
	memset(scratch, 0xff, NSP_SCRATCH);
	mem = (struct nsp_mem){ .consts = r.w, .ddr = r.ddr };
	nsp_exec(&c, &mem, 0, scratch);
	step = (uint64_t)a->m * a->n * a->k > 10000000 ? 37 : 1;
	for (i = 0; i < a->b0; i++)
		for (j = 0; j < a->b1; j++)
			for (m = 0; m < a->m; m += step)
				for (n = 0; n < a->n; n += step)
					check_one(&r, i, j, m, n);
	assert_int_equal(r.ddr[r.xo - 1], 0x7e);
	assert_int_equal(r.ddr[r.yo - 1], 0x7e);
	assert_int_equal(r.ddr[r.bo - 1], 0x7e);
	free(r.w);
	free(r.wf);
	free(r.ddr);
	free(scratch);
}

#define TYPES(...)						\
	do {							\
		static const enum qaic_dtype ts[] = { QAIC_MXINT8,	\
			QAIC_MXFP6, QAIC_MXFP4, QAIC_F16_PANELS };	\
		struct mat a = { __VA_ARGS__ };			\
		for (int q = 0; q < 16; q++) {			\
			a.t = ts[q % 4];			\
			a.act8 = q / 4 & 1;			\
			a.f32 = q / 8;				\
			try(&a);				\
		}						\
	} while (0)

static void plain(void **state)
{
	TYPES(.b0 = 1, .b1 = 1, .m = 1, .n = 100, .k = 200, .used = 1);
	TYPES(.b0 = 1, .b1 = 1, .m = 5, .n = 33, .k = 75, .used = 1,
	      .bias = true);
	TYPES(.b0 = 1, .b1 = 1, .m = 6, .n = 20, .k = 64, .used = 1,
	      .turned = true, .bias = true);
}

static void batches(void **state)
{
	/* one matrix for all: folded to rows, or not where it does not go */
	TYPES(.b0 = 3, .b1 = 2, .m = 2, .n = 17, .k = 40, .used = 1);
	TYPES(.b0 = 3, .b1 = 2, .m = 2, .n = 17, .k = 40, .used = 1,
	      .turned = true);
	TYPES(.b0 = 3, .b1 = 2, .m = 2, .n = 17, .k = 40, .used = 3);
	TYPES(.b0 = 3, .b1 = 2, .m = 1, .n = 17, .k = 40, .used = 6);
}

/* with indices outside of what there is: the bias alone */
static void experts(void **state)
{
	TYPES(.b0 = 5, .b1 = 2, .m = 1, .n = 48, .k = 70, .used = 1,
	      .experts = 4);
	TYPES(.b0 = 4, .b1 = 1, .m = 3, .n = 9, .k = 32, .used = 1,
	      .experts = 3, .bias = true);
}

static void parts(void **state)
{
	static const uint32_t mnk[][3] = {
		{ 1, 3, 131072 + 40 }, { 3, 17, 131072 * 2 }, { 300, 530, 64 },
		{ 257, 16, 1100 }, { 9, 2100, 96 }, { 1, 131100, 32 },
		{ 17, 5, 40000 }, { 141, 2000, 33 }, { 16, 40, 32001 },
	};
	struct mat a = { .b0 = 1, .b1 = 1, .used = 1, .t = QAIC_MXFP6,
			 .f32 = true, .bias = true };
	size_t i;

	for (i = 0; i < sizeof(mnk) / sizeof(mnk[0]); i++) {
		a.m = mnk[i][0];
		a.n = mnk[i][1];
		a.k = mnk[i][2];
		a.act8 = i & 1;
		a.t = QAIC_MXFP6;
		try(&a);
		a.t = QAIC_F16_PANELS;
		try(&a);
		a.f32 = !a.f32;
		try(&a);
	}
}

/*
 * Blocks of activations are remembered: another shape, type or number of bits of the
 * same bytes, or one other bit, must not find the old ones.
 */
static void remembered(void **state)
{
	struct mat a = { .b0 = 1, .b1 = 1, .m = 9, .n = 32, .k = 96, .used = 1,
			 .t = QAIC_MXFP6 };
	void *scratch = aligned_alloc(64, NSP_SCRATCH);
	struct run r = { .a = a, .k32 = 96, .ms = 1 };
	struct nsp_mem mem;
	struct nsp_cmd c;
	int i, j;

	make_weights(&r);
	make_ddr(&r);
	mem = (struct nsp_mem){ .consts = r.w, .ddr = r.ddr };
	for (i = 0; i < 60; i++) {
		r.a.act8 = i % 7 == 3;
		r.a.f32 = i % 5 == 2;
		r.a.m = i % 11 == 4 ? 3 : i % 4 ? 9 : 1;
		/* nothing, the first or the last number is another one */
		if (r.a.f32 || i % 3)
			for (j = 0; j < 9 * 96; j++)
				put(&r, r.xo, j, (j * (i / 6) % 17) / 17.0f);
		put(&r, r.xo, i & 1 ? 0 : r.a.m * 96 - 1, 0.25f + i / 100.0f);
		make_cmd(&r, &c);
		nsp_exec(&c, &mem, 0, scratch);
		for (j = 0; j < (int)r.a.m; j++)
			check_one(&r, 0, 0, j, i % 32);
	}
	free(r.w);
	free(r.wf);
	free(r.ddr);
	free(scratch);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(plain),
		cmocka_unit_test(batches),
		cmocka_unit_test(experts),
		cmocka_unit_test(parts),
		cmocka_unit_test(remembered),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
