// SPDX-License-Identifier: MIT
/*
 * Products with weights in block formats, every instruction set: against double
 * within the bound that Documentation/number-formats.md states, exact where all
 * numbers are small integers, and AVX2 and AVX-512 alike to the last bit.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "soc/kern_mx.h"

static const enum qaic_dtype types[] = { QAIC_MXINT8, QAIC_MXFP6, QAIC_MXFP4 };
static const struct kern_mx *kerns[3];
static int num_kerns;
static uint64_t seed = 88172645463325252ull;

static uint32_t rnd(void)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return seed >> 16;
}

static float gauss(void)
{
	float s = 0;
	int i;

	for (i = 0; i < 6; i++)
		s += (rnd() & 0xffff) / 65536.0f - 0.5f;
	return s;
}

struct shape {
	size_t m, n, k, k32, blocks, pitch, ldy;
};

struct data {
	struct shape s;
	float *x;		/* [m][k32], zeros at the end */
	uint8_t *w;		/* panels, to the byte */
	double *wd;		/* [n][k32] the values in it */
};

static struct shape shape(size_t m, size_t n, size_t k, enum qaic_dtype t)
{
	struct shape s = { .m = m, .n = n, .k = k, .k32 = qpc_panel_k(k) };

	s.blocks = s.k32 / 32;
	s.pitch = qaic_dtype_bytes(t, QPC_PANEL_ROWS * s.k32);
	s.ldy = qpc_panel_n(n) + 16;
	return s;
}

static void make(struct data *d, enum qaic_dtype t, bool whole)
{
	struct shape *s = &d->s;
	size_t panels = qpc_panel_n(s->n) / 16, p, i, b, row;
	float *w = calloc(16 * s->k, sizeof(*w)), v[32];
	uint8_t code[32], sc;

	d->x = calloc(s->m * s->k32, sizeof(float));
	d->w = malloc(panels * s->pitch);
	d->wd = calloc(panels * 16 * s->k32, sizeof(double));
	for (i = 0; i < s->m; i++)
		for (p = 0; p < s->k; p++)
			d->x[i * s->k32 + p] = whole ? (int)(rnd() % 255) - 127 :
				gauss() * exp2f((int)(rnd() % 8) - 4);
	for (p = 0; p < panels; p++) {
		size_t rows = s->n - p * 16 < 16 ? s->n - p * 16 : 16;

		for (i = 0; i < rows * s->k; i++)
			w[i] = whole ? (int)(rnd() % 9) - 4 :
			       gauss() * exp2f(-(int)(i / 300 % 9));
		qpc_panel_pack(t, w, s->k, rows, s->k, d->w + p * s->pitch);
		for (row = 0; row < 16; row++) {
			for (b = 0; b < s->blocks; b++) {
				sc = qpc_panel_get(t, d->w + p * s->pitch, s->k,
						   row, b, code);
				qaic_mx_decode(t, sc, code, 32, v);
				for (i = 0; i < 32; i++)
					d->wd[(p * 16 + row) * s->k32 + b * 32 +
					      i] = v[i];
			}
		}
	}
	free(w);
}

static void drop(struct data *d)
{
	free(d->x);
	free(d->w);
	free(d->wd);
}

/* in @chunks runs of blocks, as MATMUL does when K is long */
static float *run(const struct kern_mx *k, const struct data *d,
		  enum qaic_dtype t, bool act8, size_t chunk)
{
	const struct shape *s = &d->s;
	float *y = aligned_alloc(64, qpc_panel_n(s->m * s->ldy) * 4);
	void *work = aligned_alloc(64, MX_WORK), *buf;
	struct mx_rows r;
	size_t i, b, n;

	for (i = 0; i < s->m * s->ldy; i++)
		y[i] = 7777;
	for (b = 0; b < s->blocks; b += n) {
		n = s->blocks - b < chunk ? s->blocks - b : chunk;
		buf = aligned_alloc(64, qpc_panel_n(mx_rows_bytes(s->m, n)) * 4);
		mx_rows_init(&r, buf, s->m, n, act8,
			     k->bytes(t, s->m, act8));
		for (i = 0; i < s->m; i++)
			k->quant(&r, i, 0, n, d->x + i * s->k32 + b * 32);
		k->mul(t, y, s->ldy, &r,
		       d->w + qaic_dtype_bytes(t, b * 32 * 16), s->pitch, s->n,
		       b > 0, work);
		free(buf);
	}
	for (i = 0; i < s->m; i++)
		for (n = qpc_panel_n(s->n); n < s->ldy; n++)
			assert_true(y[i * s->ldy + n] == 7777);
	free(work);
	return y;
}

/* the bound: half a step of every block, and the F32 sum over blocks */
static void check(const struct data *d, const float *y, bool act8)
{
	const struct shape *s = &d->s;
	double want, size, bound, top, half;
	size_t i, j, b, k;

	for (i = 0; i < s->m; i++) {
		for (j = 0; j < s->n; j++) {
			const float *x = d->x + i * s->k32;
			const double *w = d->wd + j * s->k32;

			want = size = bound = 0;
			for (b = 0; b < s->k32; b += 32) {
				for (top = 0, k = b; k < b + 32; k++)
					top = fmax(top, fabs(x[k]));
				/* and what the scale and x * by are rounded */
				half = top * (act8 ? 0.5001 / 127 : 0.51 / 32512);
				for (k = b; k < b + 32; k++) {
					want += x[k] * w[k];
					size += fabs(x[k] * w[k]);
					bound += half * fabs(w[k]);
				}
			}
			bound += size * (s->blocks + 3) * 0x1p-23;
			assert_true(fabs(y[i * s->ldy + j] - want) <=
				    bound + 1e-30);
		}
	}
}

static void one_shape(size_t m, size_t n, size_t k)
{
	enum qaic_dtype t;
	struct data d;
	float *y, *z;
	int i, f, act8;

	for (f = 0; f < 3; f++) {
		t = types[f];
		d.s = shape(m, n, k, t);
		make(&d, t, false);
		for (act8 = 0; act8 < 2; act8++) {
			z = NULL;
			for (i = 0; i < num_kerns; i++) {
				y = run(kerns[i], &d, t, act8, 1 << 20);
				check(&d, y, act8);
				if (strcmp(kerns[i]->name, "portable")) {
					if (z)
						assert_memory_equal(y, z, m *
							d.s.ldy * sizeof(*y));
					free(z);
					z = y;
				} else {
					free(y);
				}
			}
			free(z);
		}
		drop(&d);
	}
}

static void shapes(void **state)
{
	static const size_t odd[][3] = {
		{ 1, 1, 1 }, { 1, 16, 32 }, { 1, 17, 33 }, { 1, 48, 128 },
		{ 1, 31, 500 }, { 2, 15, 31 }, { 3, 33, 129 }, { 4, 16, 96 },
		{ 5, 64, 100 }, { 7, 40, 640 }, { 8, 16, 1030 }, { 9, 20, 64 },
		{ 13, 32, 544 }, { 16, 7, 200 }, { 21, 50, 333 },
		/* panels as long as those that are read some at a time */
		{ 1, 203, 5000 }, { 3, 203, 4999 },
	};
	size_t i;

	for (i = 0; i < sizeof(odd) / sizeof(odd[0]); i++)
		one_shape(odd[i][0], odd[i][1], odd[i][2]);
	for (i = 0; i < 12; i++)
		one_shape(1 + rnd() % 20, 1 + rnd() % 70, 1 + rnd() % 700);
}

/* Integers up to 127 and weights that all formats hold: no rounding at all. */
static void exact(void **state)
{
	struct data d;
	size_t i, j, k;
	double want;
	float *y;
	int f, n;

	for (f = 0; f < 3; f++) {
		d.s = shape(3, 37, 150, types[f]);
		make(&d, types[f], true);
		for (i = 0; i < 3; i++)		/* steps of 1 in every block */
			for (k = 0; k < d.s.k; k += 32)
				d.x[i * d.s.k32 + k] = i & 1 ? -127 : 127;
		for (n = 0; n < num_kerns; n++) {
			y = run(kerns[n], &d, types[f], true, 1 << 20);
			for (i = 0; i < 3; i++) {
				for (j = 0; j < d.s.n; j++) {
					for (want = k = 0; k < d.s.k32; k++)
						want += d.x[i * d.s.k32 + k] *
							d.wd[j * d.s.k32 + k];
					assert_true(y[i * d.s.ldy + j] == want);
				}
			}
			free(y);
		}
		drop(&d);
	}
}

/* One row gives the same bits alone, among others, and with K in pieces. */
static void independence(void **state)
{
	struct data d, one;
	size_t i;
	float *y, *z;
	int f, n, act8;

	for (f = 0; f < 3; f++) {
		d.s = shape(11, 35, 900, types[f]);
		make(&d, types[f], false);
		for (n = 0; n < num_kerns * 2; n++) {
			act8 = n & 1;
			y = run(kerns[n / 2], &d, types[f], act8, 1 << 20);
			z = run(kerns[n / 2], &d, types[f], act8, 4);
			assert_memory_equal(y, z, 11 * d.s.ldy * sizeof(*y));
			free(z);
			for (i = 0; i < 11; i += 5) {
				one = d;
				one.s.m = 1;
				one.x = d.x + i * d.s.k32;
				z = run(kerns[n / 2], &one, types[f], act8,
					1 << 20);
				assert_memory_equal(y + i * d.s.ldy, z,
						    35 * sizeof(*y));
				free(z);
			}
			free(y);
		}
		drop(&d);
	}
}

/* A block that is NaN on either side makes its results NaN, and no others. */
static void specials(void **state)
{
	static const float bad[] = { NAN, INFINITY, -INFINITY };
	struct data d;
	uint8_t code[32];
	size_t m, i, j;
	float *y;
	int f, n, b;

	for (f = 0; f < 3; f++) {
		for (n = 0; n < num_kerns; n++) {
			for (m = 1; m < 4; m += 2) {
				for (b = 0; b < 3; b++) {
					d.s = shape(m, 20, 200, types[f]);
					make(&d, types[f], false);
					d.x[(m - 1) * d.s.k32 + 70] = bad[b];
					y = run(kerns[n], &d, types[f], b & 1,
						1 << 20);
					for (i = 0; i < m; i++)
						for (j = 0; j < 20; j++)
							assert_int_equal(!isnan(
							y[i * d.s.ldy + j]),
							i != m - 1);
					free(y);
					drop(&d);
				}
				d.s = shape(m, 20, 200, types[f]);
				make(&d, types[f], false);
				/* row 18: codes 0 as the encoder makes them */
				free(d.w);
				d.w = calloc(2, d.s.pitch);
				memset(code, 0, sizeof(code));
				for (j = 0; j < 32; j++)
					for (i = 0; i < d.s.blocks; i++)
						qpc_panel_put(types[f], d.w +
							j / 16 * d.s.pitch,
							200, j % 16, i, code,
							j == 18 ? 255 : 127);
				y = run(kerns[n], &d, types[f], false, 1 << 20);
				for (i = 0; i < m; i++)
					for (j = 0; j < 20; j++)
						assert_true(j == 18 ?
							isnan(y[i * d.s.ldy + j])
							: y[i * d.s.ldy + j] == 0);
				free(y);
				drop(&d);
			}
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(shapes),
		cmocka_unit_test(exact),
		cmocka_unit_test(independence),
		cmocka_unit_test(specials),
	};
	const struct kern_mx *all[] = { kern_mx_portable(), kern_mx_avx2(),
					kern_mx_avx512() };
	int i;

	for (i = 0; i < 3; i++)
		if (all[i])
			kerns[num_kerns++] = all[i];
	printf("kernels:");
	for (i = 0; i < num_kerns; i++)
		printf(" %s", kerns[i]->name);
	printf("\n");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
