// SPDX-License-Identifier: MIT
/* Views and regions against brute force over random shapes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "compiler/lower.h"

static uint64_t seed = 88172645463325252ull;

static uint32_t rnd(uint32_t n)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return seed % n;
}

/* Byte offset of element @i, counted row-major. */
static int64_t at(const struct qc_view *v, int64_t i)
{
	int64_t off = v->off;
	uint32_t k;

	for (k = v->rank; k-- > 0;) {
		off += i % v->dim[k] * v->stride[k] * 2;
		i /= v->dim[k];
	}
	return off;
}

static void random_view(struct qc_view *v)
{
	int64_t dim[4];
	uint32_t i;

	memset(v, 0, sizeof(*v));
	v->dtype = QAIC_F16;
	for (i = 0; i < 4; i++)
		dim[i] = 1 + rnd(4);
	qc_view_set_dense(v, 4, dim);
	if (rnd(2)) {
		uint32_t perm[4] = { 0, 2, 1, 3 };

		qc_view_permute(v, perm);
	}
	if (rnd(2))
		qc_view_slice(v, rnd(4), 0, 1, 1);
	if (rnd(3) == 0) {
		i = rnd(4);
		qc_view_slice(v, i, v->dim[i] - 1, v->dim[i], -1);
	}
}

static void reshape(void **state)
{
	int done = 0, refused = 0, k;

	for (k = 0; k < 20000; k++) {
		struct qc_view v, w;
		int64_t n, dim[3], i;

		random_view(&v);
		w = v;
		n = qc_view_numel(&v);
		dim[0] = 1 + rnd(4);
		if (n % dim[0])
			continue;
		dim[1] = 1 + rnd(4);
		if (n / dim[0] % dim[1])
			continue;
		dim[2] = n / dim[0] / dim[1];
		if (!qc_view_reshape(&w, 3, dim)) {
			assert_false(qc_view_dense(&v));
			refused++;
			continue;
		}
		for (i = 0; i < n; i++)
			assert_int_equal(at(&v, i), at(&w, i));
		done++;
	}
	assert_true(done > 500 && refused > 100);
}

static void broadcast(void **state)
{
	struct qc_view v = { .dtype = QAIC_F16 };
	int64_t i;

	qc_view_set_dense(&v, 2, (int64_t[]){ 3, 1 });
	assert_true(qc_view_broadcast(&v, 3, (int64_t[]){ 2, 3, 4 }));
	for (i = 0; i < 24; i++)
		assert_int_equal(at(&v, i), i / 4 % 3 * 2);
	assert_false(qc_view_broadcast(&v, 3, (int64_t[]){ 2, 5, 4 }));
	assert_false(qc_view_broadcast(&v, 2, (int64_t[]){ 3, 4 }));
}

/* ---- regions ---- */

static void random_region(struct qc_region *r)
{
	static const int64_t strides[] = { 2, 2, 8, 16, 32, 6, 64 };
	uint32_t i;

	r->elem = 2;
	r->base = 2 * rnd(40);
	r->n = 1 + rnd(3);
	for (i = 0; i < r->n; i++) {
		r->dim[i] = 2 + rnd(3);
		r->stride[i] = strides[rnd(7)];
	}
}

static void mark(const struct qc_region *r, uint32_t axis, int64_t off,
		 uint8_t *bytes)
{
	int64_t i;

	if (axis == r->n) {
		bytes[off] = bytes[off + 1] = 1;
		return;
	}
	for (i = 0; i < r->dim[axis]; i++)
		mark(r, axis + 1, off + i * r->stride[axis], bytes);
}

/* Never "apart" when they meet; and columns of a matrix are seen to be apart. */
static void overlap(void **state)
{
	static uint8_t a[2048], b[2048];
	struct qc_region x, y;
	int k, i, apart = 0, seen = 0;

	for (k = 0; k < 50000; k++) {
		bool meet = false;

		random_region(&x);
		random_region(&y);
		memset(a, 0, sizeof(a));
		memset(b, 0, sizeof(b));
		mark(&x, 0, x.base, a);
		mark(&y, 0, y.base, b);
		for (i = 0; i < 2048; i++)
			meet |= a[i] && b[i];
		assert_int_equal(qc_region_overlap(&x, &y),
				 qc_region_overlap(&y, &x));
		if (meet)
			assert_true(qc_region_overlap(&x, &y));
		apart += !meet;
		seen += !qc_region_overlap(&x, &y);
	}
	/* conservative, but not blind */
	assert_true(seen * 2 > apart);
	x = (struct qc_region){ 0, 2, 2, { 5, 8 }, { 64, 2 } };
	y = (struct qc_region){ 16, 2, 2, { 5, 8 }, { 64, 2 } };
	assert_false(qc_region_overlap(&x, &y));
	y.base = 14;
	assert_true(qc_region_overlap(&x, &y));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reshape),
		cmocka_unit_test(broadcast),
		cmocka_unit_test(overlap),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
