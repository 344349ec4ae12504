// SPDX-License-Identifier: MIT
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/file.h"
#include "tools/common/textgen_priv.h"

static struct qaic_err err;

static void test_split(void **state)
{
	struct qaic_prompts p = { 0 };

	assert_int_equal(qaic_prompts_split(&p, "a b|c||", &err), 0);
	assert_int_equal(p.n, 4);
	assert_string_equal(p.v[0].text, "a b");
	assert_string_equal(p.v[1].text, "c");
	assert_string_equal(p.v[3].text, "");
	qaic_prompts_release(&p);
	assert_int_equal(qaic_prompts_split(&p, "", &err), 0);
	assert_int_equal(p.n, 1);
	qaic_prompts_release(&p);
}

static void test_file(void **state)
{
	static const char text[] = "  one two \r\n\n\t\nthree";
	char path[] = "/tmp/qaic-prompts-XXXXXX";
	struct qaic_prompts p = { 0 };
	int fd = mkstemp(path);

	assert_true(fd >= 0);
	close(fd);
	assert_int_equal(qaic_write_file(path, text, strlen(text), &err), 0);
	assert_int_equal(qaic_prompts_file(&p, path, &err), 0);
	assert_int_equal(p.n, 2);
	assert_string_equal(p.v[0].text, "one two");
	assert_string_equal(p.v[1].text, "three");
	qaic_prompts_release(&p);
	assert_int_equal(qaic_write_file(path, "\n", 1, &err), 0);
	assert_int_equal(qaic_prompts_file(&p, path, &err), -EINVAL);
	qaic_prompts_release(&p);
	unlink(path);
	assert_int_equal(qaic_prompts_file(&p, path, &err), -ENOENT);
}

static void test_ids(void **state)
{
	static const char *const bad[] = {
		"", "1|", "1 -2", "x", "1 2x", "99999999999", "+1", "1.5", "|",
	};
	struct qaic_prompts p = { 0 };
	size_t i;

	assert_int_equal(qaic_prompts_ids(&p, "1 8,56|3", &err), 0);
	assert_int_equal(p.n, 2);
	assert_int_equal(p.v[0].num_ids, 3);
	assert_int_equal(p.v[0].ids[2], 56);
	assert_int_equal(p.v[1].ids[0], 3);
	qaic_prompts_release(&p);
	for (i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		assert_int_equal(qaic_prompts_ids(&p, bad[i], &err), -EINVAL);
		qaic_prompts_release(&p);
	}
}

static void test_fit(void **state)
{
	struct qaic_prompts p = { 0 };
	const char *note;

	assert_int_equal(qaic_prompts_ids(&p, "1|2 3", &err), 0);
	assert_int_equal(qaic_prompts_fit(&p, 2, &note, &err), 0);
	assert_null(note);
	assert_int_equal(qaic_prompts_fit(&p, 5, &note, &err), 0);
	assert_non_null(note);
	assert_int_equal(p.n, 5);
	assert_int_equal(p.v[3].num_ids, 2);
	assert_int_equal(p.v[3].ids[1], 3);
	assert_int_equal(p.v[4].ids[0], 1);
	assert_int_equal(qaic_prompts_fit(&p, 2, &note, &err), 0);
	assert_non_null(note);
	assert_int_equal(p.n, 4);
	qaic_prompts_release(&p);
}

/* What Python 3 prints for round(x, 2). */
static void test_round(void **state)
{
	static const struct {
		double x;
		const char *want;
	} t[] = {
		{ 0, "0.0" }, { 0.004, "0.0" }, { 0.01, "0.01" },
		{ 0.1, "0.1" }, { 120.1, "120.1" }, { 123.456, "123.46" },
		{ 2.675, "2.67" }, { 0.125, "0.12" }, { 100, "100.0" },
		{ 12345678.9, "12345678.9" }, { 1.0 / 0.0, "0.0" },
	};
	char buf[32];
	size_t i;

	for (i = 0; i < sizeof(t) / sizeof(*t); i++) {
		qaic_print_round2(buf, t[i].x);
		assert_string_equal(buf, t[i].want);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_split),
		cmocka_unit_test(test_file),
		cmocka_unit_test(test_ids),
		cmocka_unit_test(test_fit),
		cmocka_unit_test(test_round),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
