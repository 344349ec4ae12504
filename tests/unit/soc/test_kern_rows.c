// SPDX-License-Identifier: MIT
/*
 * Products with rows of weights [N][K], every instruction set: against double, and
 * each result bit for bit the same with other activation rows or fewer weights.
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
#include "base/str.h"
#include "tests/unit/soc/kerns.h"

static uint32_t seed = 20261121;

static float number(void)
{
	seed = seed * 1664525 + 1013904223;
	return (int)(seed >> 8) / 8388608.0f - 1;
}

struct data {
	size_t m, n, k;
	float *x, *wf;		/* to the byte */
	uint16_t *w;
	float *y;
};

static void make(struct data *d, size_t m, size_t n, size_t k)
{
	size_t i;

	*d = (struct data){ .m = m, .n = n, .k = k };
	d->x = malloc(m * k * sizeof(*d->x));
	d->w = malloc(n * k * sizeof(*d->w));
	d->wf = malloc(n * k * sizeof(*d->wf));
	d->y = malloc(m * n * sizeof(*d->y));
	for (i = 0; i < m * k; i++)
		d->x[i] = number();
	for (i = 0; i < n * k; i++) {
		d->w[i] = qaic_f32_to_f16(number());
		d->wf[i] = qaic_f16_to_f32(d->w[i]);
	}
}

static void drop(struct data *d)
{
	free(d->x);
	free(d->w);
	free(d->wf);
	free(d->y);
}

static void against_double(const struct data *d, bool acc)
{
	double want, size;
	size_t i, j, k;

	for (i = 0; i < d->m; i++) {
		for (j = 0; j < d->n; j++) {
			want = size = acc ? 3 : 0;
			for (k = 0; k < d->k; k++) {
				double p = (double)d->x[i * d->k + k] *
					   d->wf[j * d->k + k];

				want += p;
				size += fabs(p);
			}
			assert_true(fabs(d->y[i * d->n + j] - want) <=
				    size * 0x1p-24 * (d->k + 8));
		}
	}
}

/* one activation row alone, weights from a row in the middle on */
static void alone(const struct kern *kern, const struct data *d, bool acc)
{
	size_t i = d->m / 2, from = d->n / 3, n = d->n - from, j;
	float *y = malloc(n * sizeof(*y));

	for (j = 0; j < n; j++)
		y[j] = 3;
	kern->rows_f16(y, n, d->x + i * d->k, d->k, 1, d->w + from * d->k,
		       d->k, n, d->k, acc);
	assert_memory_equal(y, d->y + i * d->n + from, n * sizeof(*y));
	free(y);
}

static void one(size_t m, size_t n, size_t k, bool acc)
{
	struct data d;
	float *y = malloc(m * n * sizeof(*y));
	size_t i;
	int nr;

	make(&d, m, n, k);
	for (nr = 0; nr < num_kerns; nr++) {
		for (i = 0; i < m * n; i++)
			y[i] = d.y[i] = 3;
		kerns[nr]->rows_f16(d.y, n, d.x, k, m, d.w, k, n, k, acc);
		against_double(&d, acc);
		alone(kerns[nr], &d, acc);
		kerns[nr]->rows_f32(y, n, d.x, k, m, d.wf, k, n, k, acc);
		assert_memory_equal(y, d.y, m * n * sizeof(*y));
	}
	drop(&d);
	free(y);
}

static void test_shapes(void **state)
{
	static const size_t ns[] = { 1, 3, 4, 31, 70 };
	static const size_t ks[] = { 1, 15, 33, 200, 1030 };
	size_t m, i, j;

	(void)state;
	for (m = 1; m <= 13; m++)
		for (i = 0; i < QAIC_ARRAY_SIZE(ns); i++)
			for (j = 0; j < QAIC_ARRAY_SIZE(ks); j++)
				one(m, ns[i], ks[j], (m + i + j) & 1);
	one(1, 41, 3000, false);		/* eight streams */
	one(2, 41, 3000, true);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_shapes),
	};

	find_kerns();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
