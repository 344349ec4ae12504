// SPDX-License-Identifier: MIT
/* Strided constants and conversions. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/f16.h"
#include "base/str.h"
#include "compiler/convert.h"
#include "compiler/graph.h"

static struct qc_tensor tensor(const void *data, enum qaic_dtype t,
			       uint32_t rank, const int64_t *dim,
			       const int64_t *stride)
{
	struct qc_tensor c = { .dtype = t, .store = t, .rank = rank,
			       .data = data };

	memcpy(c.dim, dim, rank * sizeof(*dim));
	memcpy(c.stride, stride, rank * sizeof(*stride));
	return c;
}

/* The element at a row-major position, the slow way. */
static double element(const struct qc_tensor *t, int64_t i)
{
	int64_t off = 0;
	uint32_t k;

	for (k = t->rank; k-- > 0;) {
		off += i % t->dim[k] * t->stride[k];
		i /= t->dim[k];
	}
	return qc_load_f64(t->data + off * (int64_t)qaic_dtype_size(t->store),
			   t->store);
}

static void check_reads(const struct qc_tensor *t)
{
	int64_t n = qc_tensor_numel(t), first, count, i;
	float out[8192];

	assert_true(n <= 8192);
	for (first = 0; first < n; first += 1 + first / 3) {
		for (count = 1; first + count <= n; count += 1 + count / 2) {
			qc_tensor_read(t, first, count, QAIC_F32, out);
			for (i = 0; i < count; i++)
				assert_true(out[i] ==
					    (float)element(t, first + i));
		}
	}
	qc_tensor_read(t, 0, n, QAIC_F32, out);
	for (i = 0; i < n; i++)
		assert_true(out[i] == (float)element(t, i));
}

static void views(void **state)
{
	static float data[4096];
	static uint16_t half[4096];
	struct qc_tensor t;
	int i;

	for (i = 0; i < 4096; i++) {
		data[i] = (float)(i % 2039);
		half[i] = qaic_f32_to_f16((float)(i % 2039));
	}
#define T(d, type, rank, ...)                                                  \
	do {                                                                   \
		int64_t ds_[2][8] = __VA_ARGS__;                               \
		t = tensor(d, type, rank, ds_[0], ds_[1]);                     \
	} while (0)
	T(data, QAIC_F32, 2, { { 5, 7 }, { 7, 1 } });
	assert_true(qc_tensor_contiguous(&t));
	check_reads(&t);
	T(data, QAIC_F32, 2, { { 70, 50 }, { 1, 70 } });	/* transposed */
	assert_false(qc_tensor_contiguous(&t));
	check_reads(&t);
	T(half, QAIC_F16, 2, { { 33, 65 }, { 1, 33 } });
	check_reads(&t);
	T(half, QAIC_F16, 3, { { 3, 40, 20 }, { 800, 1, 40 } });
	check_reads(&t);
	T(data + 100, QAIC_F32, 2, { { 6, 9 }, { 9, -1 } });	/* reversed */
	check_reads(&t);
	T(data, QAIC_F32, 3, { { 4, 1, 6 }, { 0, 0, 1 } });	/* broadcast */
	check_reads(&t);
	T(data, QAIC_F32, 3, { { 4, 3, 6 }, { 0, 0, 0 } });
	check_reads(&t);
	T(data, QAIC_F32, 4, { { 2, 3, 4, 5 }, { 5, 40, 10, 1 } });
	check_reads(&t);
	T(data + 5, QAIC_F32, 0, { { 0 }, { 0 } });
	assert_int_equal(qc_tensor_numel(&t), 1);
	check_reads(&t);
	T(data, QAIC_F32, 2, { { 0, 5 }, { 5, 1 } });
	qc_tensor_read(&t, 0, 0, QAIC_F32, NULL);	/* nothing to read */
#undef T
}

static void conversions(void **state)
{
	const float f[] = { 0, -1.5f, 300, -300, 1e20f, -1e20f, NAN, INFINITY,
			    0.1f };
	float back[QAIC_ARRAY_SIZE(f)];
	uint16_t h[QAIC_ARRAY_SIZE(f)];
	uint8_t odd[4 * QAIC_ARRAY_SIZE(f) + 1], u8[QAIC_ARRAY_SIZE(f)];
	int64_t i64[QAIC_ARRAY_SIZE(f)], big = -1;
	int8_t i8[QAIC_ARRAY_SIZE(f)];
	uint64_t u64;
	size_t i, n = QAIC_ARRAY_SIZE(f);

	qc_convert(i64, QAIC_I64, f, QAIC_F32, 1, n);
	assert_int_equal(i64[1], -1);
	assert_true(i64[4] == INT64_MAX && i64[5] == INT64_MIN);
	assert_int_equal(i64[6], 0);
	qc_convert(i8, QAIC_I8, f, QAIC_F32, 1, n);
	assert_int_equal(i8[2], 127);
	assert_int_equal(i8[3], -128);
	qc_convert(u8, QAIC_BOOL, f, QAIC_F32, 1, n);
	assert_true(!u8[0] && u8[1] == 1 && u8[8] == 1);
	qc_convert(h, QAIC_F16, f, QAIC_F32, 1, n);
	for (i = 0; i < n; i++)
		if (!isnan(f[i]))
			assert_int_equal(h[i], qaic_f32_to_f16(f[i]));
	qc_convert(back, QAIC_F32, h, QAIC_F16, 1, n);
	assert_true(back[1] == -1.5f && isnan(back[6]) && isinf(back[4]));
	/* unaligned on both sides */
	memcpy(odd + 1, f, sizeof(f));
	qc_convert(back, QAIC_F32, odd + 1, QAIC_F32, 1, n);
	assert_memory_equal(back, f, sizeof(f));
	qc_convert(h, QAIC_BF16, odd + 1, QAIC_F32, 1, n);
	assert_int_equal(h[8], qaic_f32_to_bf16(0.1f));
	/* -1 as uint64 is large, not negative */
	qc_convert(back, QAIC_F32, &big, QAIC_U64, 1, 1);
	assert_true(back[0] > 1e19f);
	qc_convert(&u64, QAIC_U64, back, QAIC_F32, 1, 1);
	assert_true(u64 == UINT64_MAX);
}

static void scalars(void **state)
{
	static const int32_t ints[] = { 3, -4, 5 };
	static const float one[] = { 2.5f };
	struct qc_tensor t = { .dtype = QAIC_I32, .store = QAIC_I32, .rank = 1,
			       .dim = { 3 }, .stride = { 1 },
			       .data = (const uint8_t *)ints };
	struct qc_value v = { .dtype = QAIC_I32, .rank = 1, .dim = { 3 },
			      .cst = &t };
	int64_t out[4];
	double d;

	assert_int_equal(qc_const_ints(&v, out, 4), 3);
	assert_int_equal(out[1], -4);
	assert_int_equal(qc_const_ints(&v, out, 2), -1);
	assert_false(qc_const_scalar(&v, &d));
	v.cst = NULL;
	assert_int_equal(qc_const_ints(&v, out, 4), -1);
	t = (struct qc_tensor){ .dtype = QAIC_F16, .store = QAIC_F32,
				.data = (const uint8_t *)one };
	v = (struct qc_value){ .dtype = QAIC_F16, .cst = &t };
	assert_true(qc_const_scalar(&v, &d) && d == 2.5);
	assert_int_equal(qc_const_ints(&v, out, 4), -1);	/* not integers */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(views),
		cmocka_unit_test(conversions),
		cmocka_unit_test(scalars),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
