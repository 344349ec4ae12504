// SPDX-License-Identifier: MIT
/*
 * Attention's kernels: against double, and those for many rows bit for bit like those
 * for few. Lines and rows are exactly as large as promised, so that sanitizers see
 * what reads beyond.
 */
#include <float.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/f16.h"
#include "base/mx.h"
#include "qpc/panel.h"
#include "soc/kern.h"

#define MAX_M	20
#define MAX_N	128
#define MAX_D	300

enum { F32, F16, MX, TYPES };

static uint64_t seed = 7;

static uint32_t rnd(uint32_t n)
{
	seed = seed * 6364136223846793005ull + 1442695040888963407ull;
	return (seed >> 33) % n;
}

static float number(void)
{
	return ((int)rnd(4001) - 2000) / 1000.0f;
}

/* One shape: lines as the card has them, and what they hold. */
struct shape {
	size_t m, n, d, dp, ld;		/* ld: bytes */
	int type;
	uint8_t *x;
	float *lines, *q, *p, *acc;
};

static size_t line_bytes(const struct shape *s)
{
	if (s->type == MX)
		return qaic_dtype_bytes(QAIC_MXINT8, qpc_panel_k(s->d));
	return s->d * (s->type == F16 ? 2 : 4);
}

static void write_line(struct shape *s, size_t j)
{
	uint8_t *to = s->x + j * s->ld;
	float *f = s->lines + j * s->d;
	size_t i, n, k = qpc_panel_k(s->d);
	uint16_t h;

	for (i = 0; i < s->d; i++) {
		f[i] = qaic_f16_to_f32(qaic_f32_to_f16(number()));
		h = qaic_f32_to_f16(f[i]);
		if (s->type == F16)
			memcpy(to + 2 * i, &h, 2);
		else if (s->type == F32)
			memcpy(to + 4 * i, &f[i], 4);
	}
	for (i = 0; s->type == MX && i < s->d; i += QAIC_MX_BLOCK) {
		n = s->d - i < QAIC_MX_BLOCK ? s->d - i : QAIC_MX_BLOCK;
		to[k + i / QAIC_MX_BLOCK] =
			qaic_mx_encode(QAIC_MXINT8, f + i, n, to + i);
		qaic_mx_decode(QAIC_MXINT8, to[k + i / QAIC_MX_BLOCK], to + i,
			       n, f + i);
	}
}

static void shape_open(struct shape *s, int type)
{
	static const size_t usual[] = { 16, 32, 64, 80, 96, 128, 256 };
	size_t i, j;

	s->type = type;
	s->d = rnd(2) ? usual[rnd(7)] : 1 + rnd(MAX_D);
	s->m = 1 + rnd(MAX_M);
	s->n = 1 + rnd(rnd(2) ? MAX_N : 20);
	s->dp = (s->d + KERN_PAD - 1) / KERN_PAD * KERN_PAD;
	s->ld = line_bytes(s);
	if (rnd(2))
		s->ld += type == MX ? rnd(3) * 33 : rnd(3) * 8;
	s->x = malloc((s->n - 1) * s->ld + line_bytes(s));
	s->lines = malloc(s->n * s->d * 4);
	s->q = calloc((s->m + 3) * s->dp, 4);
	s->p = malloc((s->m + 3) * MAX_N * 4);
	s->acc = calloc(s->m * s->dp, 4);
	assert_true(s->x && s->lines && s->q && s->p && s->acc);
	for (j = 0; j < s->n; j++)
		write_line(s, j);
	for (j = 0; j < s->m; j++)
		for (i = 0; i < s->d; i++)
			s->q[j * s->dp + i] = number();
}

static void shape_close(struct shape *s)
{
	free(s->x);
	free(s->lines);
	free(s->q);
	free(s->p);
	free(s->acc);
}

static const struct kern_lines *kernels(const struct kern *k, int type)
{
	return type == F32 ? &k->f32 : type == F16 ? &k->f16 : &k->mxint8;
}

static void check_dot(const struct shape *s)
{
	double want, size;
	size_t i, j, k;

	for (i = 0; i < s->m; i++) {
		for (j = 0; j < s->n; j++) {
			want = size = 0;
			for (k = 0; k < s->d; k++) {
				double t = (double)s->q[i * s->dp + k] *
					   s->lines[j * s->d + k];

				want += t;
				size += fabs(t);
			}
			assert_true(fabs(s->p[i * MAX_N + j] - want) <=
				    size * 40 * FLT_EPSILON);
		}
	}
}

static void check_add(const struct shape *s, const float *was)
{
	double want, size;
	size_t i, j, k;

	for (i = 0; i < s->m; i++) {
		for (k = 0; k < s->d; k++) {
			want = was[i * s->dp + k];
			size = fabs(want);
			for (j = 0; j < s->n; j++) {
				double t = (double)s->p[i * MAX_N + j] *
					   s->lines[j * s->d + k];

				want += t;
				size += fabs(t);
			}
			assert_true(fabs(s->acc[i * s->dp + k] - want) <=
				    size * 130 * FLT_EPSILON);
		}
	}
}

/* the two ways of many rows, and rows one by one */
static void check_same(const struct kern *k, const struct shape *s,
		       const float *was)
{
	const struct kern_lines *l = kernels(k, s->type);
	size_t room = (s->n + KERN_PAD - 1) / KERN_PAD * KERN_PAD, i, j;
	float *turned = malloc(s->dp * room * 4);
	float *rows = malloc(s->n * s->dp * 4);
	float *p = malloc((s->m + 3) * MAX_N * 4);
	float *acc = malloc(s->m * s->dp * 4);

	assert_true(turned && rows && p && acc);
	l->turn(turned, room, s->x, s->ld, s->n, s->d);
	l->unpack(rows, s->dp, s->x, s->ld, s->n, s->d);
	for (j = 0; j < s->n; j++) {
		for (i = 0; i < s->dp; i++) {
			float want = i < s->d ? s->lines[j * s->d + i] : 0;

			assert_true(rows[j * s->dp + i] == want);
			assert_true(turned[i * room + j] == want);
		}
	}
	k->scores(p, MAX_N, s->q, s->dp, s->m, turned, room, s->n, s->dp);
	for (i = 0; i < s->m; i++)
		assert_memory_equal(p + i * MAX_N, s->p + i * MAX_N, s->n * 4);
	for (i = 0; i < s->m; i++)
		l->dot(p + i * MAX_N, MAX_N, s->q + i * s->dp, s->dp, 1, s->x,
		       s->ld, s->n, s->d);
	for (i = 0; i < s->m; i++)
		assert_memory_equal(p + i * MAX_N, s->p + i * MAX_N, s->n * 4);
	memcpy(acc, was, s->m * s->dp * 4);
	k->weigh(acc, s->dp, s->p, MAX_N, s->m, rows, s->dp, s->n, s->dp);
	assert_memory_equal(acc, s->acc, s->m * s->dp * 4);
	memcpy(acc, was, s->m * s->dp * 4);
	for (i = 0; i < s->m; i++)
		l->add(acc + i * s->dp, s->dp, s->p + i * MAX_N, MAX_N, 1,
		       s->x, s->ld, s->n, s->d);
	assert_memory_equal(acc, s->acc, s->m * s->dp * 4);
	free(turned);
	free(rows);
	free(p);
	free(acc);
}

static void check_kernels(const struct kern *k)
{
	struct shape s;
	float *was;
	size_t i, j;
	int t;

	for (t = 0; k && t < 120; t++) {
		shape_open(&s, t % TYPES);
		kernels(k, s.type)->dot(s.p, MAX_N, s.q, s.dp, s.m, s.x, s.ld,
					s.n, s.d);
		check_dot(&s);
		for (i = 0; i < s.m; i++)
			for (j = 0; j < s.d; j++)
				s.acc[i * s.dp + j] = number();
		was = malloc(s.m * s.dp * 4);
		assert_non_null(was);
		memcpy(was, s.acc, s.m * s.dp * 4);
		kernels(k, s.type)->add(s.acc, s.dp, s.p, MAX_N, s.m, s.x,
					s.ld, s.n, s.d);
		check_add(&s, was);
		check_same(k, &s, was);
		free(was);
		shape_close(&s);
	}
}

static void portable(void **state)
{
	check_kernels(kern_portable());
}

static void avx2(void **state)
{
	check_kernels(kern_avx2());
}

static void avx512(void **state)
{
	check_kernels(kern_avx512());
}

/* Every scale of a block; that of 255 is no number. */
static void scales(void **state)
{
	const struct kern *all[] = { kern_portable(), kern_avx2(),
				     kern_avx512() };
	float want[32], got[32];
	uint8_t line[33];
	size_t k, e, i;

	for (i = 0; i < 32; i++)
		line[i] = i * 8 - 100;
	for (k = 0; k < 3; k++) {
		for (e = 0; all[k] && e < 256; e++) {
			line[32] = e;
			qaic_mx_decode(QAIC_MXINT8, e, line, 32, want);
			all[k]->mxint8.unpack(got, 32, line, 33, 1, 32);
			for (i = 0; i < 32; i++)
				assert_true(e == 255 ? got[i] != got[i] :
					    got[i] == want[i]);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(portable),
		cmocka_unit_test(avx2),
		cmocka_unit_test(avx512),
		cmocka_unit_test(scales),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
