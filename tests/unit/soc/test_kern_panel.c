// SPDX-License-Identifier: MIT
/*
 * Products with F16 panels, every instruction set: against double, and bit for bit the
 * same however rows, columns and K are cut.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/f16.h"
#include "qpc/panel.h"
#include "tests/unit/soc/kerns.h"

#define MAX_M	40

static uint64_t seed = 20261121;

static uint32_t rnd(uint32_t n)
{
	seed = seed * 6364136223846793005ull + 1442695040888963407ull;
	return (seed >> 33) % n;
}

static float rnd_real(void)
{
	return (int32_t)rnd(2000001) / 1000000.0f - 1;
}

struct data {
	struct kern_panel p;
	size_t panels, blocks;
	uint16_t *w;		/* to the byte */
	float *x, *y;
	double *wd, *xd;	/* [n][k], [m][k] */
};

static void make(struct data *d, size_t m, size_t n, size_t k)
{
	size_t i, j, at;
	float v;

	memset(d, 0, sizeof(*d));
	d->panels = (n + 15) / 16;
	d->p = (struct kern_panel){
		.m = m, .n = n, .k = k, .block = kern_panel_block(k),
		.next = m * KERN_PANEL_LD, .pitch = 16 * k,
		.ldy = d->panels * 16 + 16,
	};
	d->blocks = (k + d->p.block - 1) / d->p.block;
	d->w = malloc(d->panels * 16 * k * 2);
	d->x = malloc(d->blocks * d->p.next * 4);
	d->y = malloc(m * d->p.ldy * 4);
	d->wd = malloc(n * k * sizeof(double));
	d->xd = malloc(m * k * sizeof(double));
	memset(d->x, 0xff, d->blocks * d->p.next * 4);
	memset(d->w, 0, d->panels * 16 * k * 2);
	for (i = 0; i < n; i++) {
		for (j = 0; j < k; j++) {
			at = (i / 16 * k + j) * 16 + i % 16;
			d->w[at] = qaic_f32_to_f16(rnd_real() *
					exp2f((int)rnd(10) - 20 * !rnd(9)));
			d->wd[i * k + j] = qaic_f16_to_f32(d->w[at]);
		}
	}
	for (i = 0; i < m; i++) {
		for (j = 0; j < k; j++) {
			v = rnd_real();
			d->xd[i * k + j] = v;
			d->x[j / d->p.block * d->p.next + i * KERN_PANEL_LD +
			     j % d->p.block] = v;
		}
	}
	d->p.w = d->w;
	d->p.x = d->x;
	d->p.y = d->y;
}

static void drop(struct data *d)
{
	free(d->w);
	free(d->x);
	free(d->y);
	free(d->wd);
	free(d->xd);
}

static void against_double(struct data *d, const struct kern *kern, bool acc)
{
	size_t i, j, k;
	double want, size, got;

	for (i = 0; i < d->p.m * d->p.ldy; i++)
		d->y[i] = i % 7;
	d->p.acc = acc;
	kern->panels_f16(&d->p);
	for (i = 0; i < d->p.m; i++) {
		for (j = 0; j < d->p.n; j++) {
			want = acc ? (i * d->p.ldy + j) % 7 : 0;
			size = want;
			for (k = 0; k < d->p.k; k++) {
				want += d->xd[i * d->p.k + k] *
					d->wd[j * d->p.k + k];
				size += fabs(d->xd[i * d->p.k + k] *
					     d->wd[j * d->p.k + k]);
			}
			got = d->y[i * d->p.ldy + j];
			assert_true(fabs(got - want) <= size * 0x1p-24 *
				    (d->p.block + d->blocks + 2));
		}
		/* nothing beyond the last panel */
		for (j = d->panels * 16; j < d->p.ldy; j++)
			assert_true(d->y[i * d->p.ldy + j] ==
				    (i * d->p.ldy + j) % 7);
	}
}

static void test_random(void **state)
{
	struct data d;
	int t, i;

	for (t = 0; t < 160; t++) {
		make(&d, 1 + (t < 40 ? (uint32_t)t : rnd(MAX_M)), 1 + rnd(100),
		     1 + rnd(rnd(3) ? 100 : 1300));
		for (i = 0; i < num_kerns; i++)
			against_double(&d, kerns[i], t & 1);
		drop(&d);
	}
}

static void same(const struct data *d, const float *y, size_t m0, size_t n0,
		 size_t m, size_t n)
{
	size_t i;

	for (i = 0; i < m; i++)
		assert_memory_equal(d->y + (m0 + i) * d->p.ldy + n0,
				    y + i * d->p.ldy, n * 4);
}

/* Any rows, any panels, any blocks of K at a time. */
static void test_cuts(void **state)
{
	struct kern_panel p;
	struct data d;
	float *y;
	size_t n0, m0, b;
	int t, i;

	for (t = 0; t < 60; t++) {
		make(&d, 2 + rnd(MAX_M - 1), 1 + rnd(200), 1 + rnd(1300));
		y = malloc(d.p.m * d.p.ldy * 4);
		for (i = 0; i < num_kerns; i++) {
			kerns[i]->panels_f16(&d.p);
			p = d.p;
			p.y = y;
			m0 = rnd(p.m);
			p.m = 1 + rnd(p.m - m0);
			p.x = d.x + m0 * KERN_PANEL_LD;
			n0 = rnd(d.panels) * 16;
			p.n = 1 + rnd(p.n - n0);
			p.w = d.w + n0 * p.k;
			kerns[i]->panels_f16(&p);
			same(&d, y, m0, n0, p.m, p.n);
			for (b = 0; b < d.blocks; b++) {
				p.k = d.p.k - b * p.block;
				p.k = p.k < p.block ? p.k : p.block;
				p.acc = b > 0;
				kerns[i]->panels_f16(&p);
				p.x += p.next;
				p.w += p.block * 16;
			}
			same(&d, y, m0, n0, p.m, p.n);
		}
		free(y);
		drop(&d);
	}
}

/* What has fused multiply-adds gives the same bits. */
static void test_alike(void **state)
{
	struct data d;
	float *y;
	int t, i, j;

	for (t = 0; t < 30; t++) {
		make(&d, 1 + rnd(MAX_M), 1 + rnd(60), 1 + rnd(1100));
		y = NULL;
		for (i = 0; i < num_kerns; i++) {
			if (!strcmp(kerns[i]->name, "portable"))
				continue;
			kerns[i]->panels_f16(&d.p);
			if (!y) {
				y = malloc(d.p.m * d.p.ldy * 4);
				memcpy(y, d.y, d.p.m * d.p.ldy * 4);
			}
			for (j = 0; j < (int)d.p.m; j++)
				assert_memory_equal(y + j * d.p.ldy,
						    d.y + j * d.p.ldy,
						    d.panels * 64);
		}
		free(y);
		drop(&d);
	}
}

/* Infinities and NaNs in weights and activations stay in their rows and columns. */
static void test_specials(void **state)
{
	struct data d;
	size_t i, j;
	float v;
	int k;

	make(&d, 9, 20, 70);
	d.w[(0 * 70 + 5) * 16 + 3] = 0x7c00;		/* column 3 */
	d.w[(1 * 70 + 6) * 16 + 2] = 0x7e01;		/* column 18 */
	d.x[4 * KERN_PANEL_LD + 8] = NAN;
	for (k = 0; k < num_kerns; k++) {
		kerns[k]->panels_f16(&d.p);
		for (i = 0; i < 9; i++) {
			for (j = 0; j < 20; j++) {
				v = d.y[i * d.p.ldy + j];
				if (i == 4 || j == 18)
					assert_true(v != v);
				else
					assert_int_equal(!!isinf(v), j == 3);
			}
		}
	}
	drop(&d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_random),
		cmocka_unit_test(test_cuts),
		cmocka_unit_test(test_alike),
		cmocka_unit_test(test_specials),
	};

	find_kerns();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
