// SPDX-License-Identifier: MIT
/* Panels: every code of every format in every place comes back. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "qpc/panel.h"

static const enum qaic_dtype types[] = { QAIC_MXINT8, QAIC_MXFP6, QAIC_MXFP4 };

static unsigned int code_at(enum qaic_dtype t, size_t row, size_t block, int i)
{
	unsigned int c = row * 37 + block * 101 + i * 5 + 3;

	return t == QAIC_MXINT8 ? c & 255 : t == QAIC_MXFP6 ? c & 63 : c & 15;
}

static void check(enum qaic_dtype t, size_t k)
{
	size_t bytes = qaic_dtype_bytes(t, QPC_PANEL_ROWS * qpc_panel_k(k));
	size_t blocks = qpc_panel_k(k) / 32, row, b;
	/* malloc'ed to the byte: a sanitizer sees one step too far */
	uint8_t *p = calloc(1, bytes), code[32];
	int i;

	for (row = 0; row < QPC_PANEL_ROWS; row++) {
		for (b = 0; b < blocks; b++) {
			for (i = 0; i < 32; i++)
				code[i] = code_at(t, row, b, i);
			qpc_panel_put(t, p, k, row, b, code, row * 16 + b);
		}
	}
	for (row = 0; row < QPC_PANEL_ROWS; row++) {
		for (b = 0; b < blocks; b++) {
			assert_int_equal(qpc_panel_get(t, p, k, row, b, code),
					 (row * 16 + b) & 255);
			for (i = 0; i < 32; i++)
				assert_int_equal(code[i], code_at(t, row, b, i));
		}
	}
	free(p);
}

static void round_trip(void **state)
{
	static const size_t ks[] = { 1, 32, 33, 64, 96, 127, 128, 129, 160, 1000 };
	size_t i, j;

	for (i = 0; i < 3; i++)
		for (j = 0; j < sizeof(ks) / sizeof(ks[0]); j++)
			check(types[i], ks[j]);
}

/* qpc_panel_pack() is qaic_mx_encode() for each block, and zeros around. */
static void check_pack(enum qaic_dtype t, size_t n, size_t k, size_t ld)
{
	size_t bytes = qaic_dtype_bytes(t, QPC_PANEL_ROWS * qpc_panel_k(k));
	/* the last row ends with k: a sanitizer sees one step too far */
	float *x = malloc(((n - 1) * ld + k) * sizeof(*x)), y[32];
	uint8_t *p = malloc(bytes), code[32], want[32], s;
	size_t i, row, b, left;

	for (i = 0; i < (n - 1) * ld + k; i++)
		x[i] = ldexpf((float)(i * 7919 % 1023) - 511, i / 40 % 9);
	memset(p, 0xaa, bytes);
	qpc_panel_pack(t, x, ld, n, k, p);
	for (row = 0; row < QPC_PANEL_ROWS; row++) {
		for (b = 0; b * 32 < k; b++) {
			left = k - b * 32 < 32 ? k - b * 32 : 32;
			s = qaic_mx_encode(t, row < n ? x + row * ld + b * 32 :
					   x, row < n ? left : 0, want);
			assert_int_equal(s, qpc_panel_get(t, p, k, row, b,
							  code));
			assert_memory_equal(code, want, 32);
			qaic_mx_decode(t, s, code, 32, y);
			if (row >= n)
				assert_true(y[0] == 0);
		}
	}
	free(x);
	free(p);
}

static void pack(void **state)
{
	static const size_t ks[] = { 1, 31, 32, 70, 128, 129, 200, 1000 };
	size_t i, j, n;

	for (i = 0; i < 3; i++)
		for (j = 0; j < sizeof(ks) / sizeof(ks[0]); j++)
			for (n = 1; n <= 16; n += 5)
				check_pack(types[i], n, ks[j], ks[j] + n % 3);
}

static void sizes(void **state)
{
	assert_int_equal(qpc_panel_k(1), 32);
	assert_int_equal(qpc_panel_k(64), 64);
	assert_int_equal(qpc_panel_n(17), 32);
	/* 6.25 bits a weight */
	assert_int_equal(qaic_dtype_bytes(QAIC_MXFP6, 4096 * 4096),
			 4096 * 4096 / 8 / 4 * 25);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(round_trip),
		cmocka_unit_test(pack),
		cmocka_unit_test(sizes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
