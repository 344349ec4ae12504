// SPDX-License-Identifier: MIT
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/hash.h"
#include "base/str.h"
#include "base/strmap.h"

static void strings(void **state)
{
	struct qaic_str s = { 0 };
	int i;

	qaic_str_puts(&s, "");
	assert_string_equal(s.s, "");
	qaic_str_add(&s, "a\0b", 3);
	qaic_str_putc(&s, 'c');
	assert_int_equal(s.len, 4);
	assert_memory_equal(s.s, "a\0bc", 5);
	qaic_str_free(&s);
	for (i = 0; i < 1000; i++)
		qaic_str_printf(&s, "%03d", i);
	assert_int_equal(s.len, 3000);
	assert_memory_equal(s.s, "000001002", 9);
	assert_string_equal(s.s + 2997, "999");
	assert_false(s.failed);
	/* a size that no memory has fails and keeps what is there */
	qaic_str_add(&s, "x", SIZE_MAX - 10);
	assert_true(s.failed);
	assert_int_equal(s.len, 3000);
	qaic_str_free(&s);
	assert_null(s.s);
}

static void shell(void **state)
{
	static const char *const words[][2] = {
		{ "-m=/a/b_c-1.onnx", "-m=/a/b_c-1.onnx" },
		{ "", "''" },
		{ "-m=/my models/x", "'-m=/my models/x'" },
		{ "it's", "'it'\\''s'" },
		{ "$HOME;\n*~", "'$HOME;\n*~'" },
		{ "~x", "'~x'" },
		{ "\xc3\xa4", "'\xc3\xa4'" },
	};
	struct qaic_str s = { 0 };
	size_t i;

	for (i = 0; i < QAIC_ARRAY_SIZE(words); i++) {
		qaic_str_shell(&s, words[i][0]);
		assert_string_equal(s.s, words[i][1]);
		qaic_str_free(&s);
	}
}

static void sizes(void **state)
{
	size_t n;
	char *s = qaic_asprintf("%d-%s", 7, "x");

	assert_string_equal(s, "7-x");
	free(s);
	assert_true(qaic_mul_size(1u << 20, 3, &n));
	assert_int_equal(n, 3u << 20);
	assert_false(qaic_mul_size(SIZE_MAX / 2, 3, &n));
	assert_int_equal(qaic_align(0, 64), 0);
	assert_int_equal(qaic_align(1, 64), 64);
	assert_int_equal(qaic_align(64, 64), 64);
	assert_int_equal(qaic_align(65, 48), 96);
}

static void nearest(void **state)
{
	static const char *const list[] = { "--num-cores", "--batch-size",
					    "--prompt", "-o" };

	assert_string_equal(qaic_nearest("--num-core", list, 4), "--num-cores");
	assert_string_equal(qaic_nearest("--bacth-size", list, 4),
			    "--batch-size");
	assert_string_equal(qaic_nearest("--prompt", list, 4), "--prompt");
	assert_null(qaic_nearest("--completely-different", list, 4));
	assert_null(qaic_nearest("", list, 4));
	assert_null(qaic_nearest("x", list, 0));
}

static void sha256(void **state)
{
	char hex[65];

	qaic_sha256_hex("abc", 3, hex);
	assert_string_equal(hex, "ba7816bf8f01cfea414140de5dae2223"
				 "b00361a396177a9cb410ff61f20015ad");
}

static void map(void **state)
{
	struct qaic_strmap m = { 0 };
	char key[32];
	int32_t v = 0;
	size_t len;
	int i, n;

	assert_false(qaic_strmap_get(&m, "a", 1, &v));
	for (i = 0; i < 20000; i++) {
		n = snprintf(key, sizeof(key), "key %d", i);
		assert_int_equal(qaic_strmap_add(&m, key, n, i * 3), 0);
	}
	assert_int_equal(m.n, 20000);
	assert_int_equal(qaic_strmap_add(&m, "key 7", 5, 1), -EEXIST);
	/* a NUL is a character like any other, and so is nothing at all */
	assert_int_equal(qaic_strmap_add(&m, "key\0" "7", 5, -1), 0);
	assert_int_equal(qaic_strmap_add(&m, "", 0, -2), 0);
	assert_true(qaic_strmap_get(&m, "", 0, &v));
	assert_int_equal(v, -2);
	for (i = 0; i < 20000; i++) {
		n = snprintf(key, sizeof(key), "key %d", i);
		assert_true(qaic_strmap_get(&m, key, n, &v));
		assert_int_equal(v, i * 3);
		assert_string_equal(qaic_strmap_key(&m, i, &len), key);
		assert_int_equal(len, n);
	}
	assert_false(qaic_strmap_get(&m, "key 20000", 9, &v));
	assert_false(qaic_strmap_get(&m, "key 19999", 8, &v) && v == 59997);
	qaic_strmap_free(&m);
	qaic_strmap_free(&m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(strings),
		cmocka_unit_test(shell),
		cmocka_unit_test(sizes),
		cmocka_unit_test(nearest),
		cmocka_unit_test(sha256),
		cmocka_unit_test(map),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
