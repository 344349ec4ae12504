// SPDX-License-Identifier: MIT
/* --aic-profiling-type: which calls are looked at, and the sums of their times. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "tools/common/profile.h"

static struct qaic_err err;

static void call(struct qaic_prof *p, const char *what, uint64_t iter,
		 uint64_t ns)
{
	struct qaic_prof_call c = {
		.what = what, .iter = iter, .begin = iter * 1000000, .ns = ns,
	};

	assert_int_equal(qaic_prof_before(p, NULL, iter, &err), 0);
	assert_int_equal(qaic_prof_after(p, &c, &err), 0);
}

static double number(const json_t *j, size_t i, const char *key)
{
	const json_t *calls = json_object_get(j, "calls");

	return json_number_value(json_object_get(json_array_get(calls, i), key));
}

static json_t *report(struct qaic_prof *p)
{
	json_t *j = NULL;

	assert_int_equal(qaic_prof_report(p, &j, &err), 0);
	assert_non_null(j);
	qaic_prof_release(p);
	return j;
}

/* 1 to 200 us, in a mixed order: the least that so many did not exceed. */
static void test_percentiles(void **state)
{
	struct qaic_prof p = { .type = "latency" };
	unsigned int i;
	json_t *j;

	for (i = 0; i < 200; i++)
		call(&p, "inference", i, (i * 77 % 200 + 1) * 1000);
	j = report(&p);
	assert_int_equal(json_array_size(json_object_get(j, "calls")), 1);
	assert_true(number(j, 0, "calls") == 200);
	assert_true(number(j, 0, "min_us") == 1);
	assert_true(number(j, 0, "mean_us") == 100.5);
	assert_true(number(j, 0, "p50_us") == 100);
	assert_true(number(j, 0, "p90_us") == 180);
	assert_true(number(j, 0, "p99_us") == 198);
	assert_true(number(j, 0, "max_us") == 200);
	json_decref(j);
}

static void test_few(void **state)
{
	struct qaic_prof p = { .type = "latency" };
	json_t *j;

	call(&p, "inference", 0, 5000);
	j = report(&p);
	assert_true(number(j, 0, "min_us") == 5 && number(j, 0, "p50_us") == 5 &&
		    number(j, 0, "p99_us") == 5 && number(j, 0, "max_us") == 5);
	json_decref(j);
	call(&p, "inference", 0, 3000);
	call(&p, "inference", 1, 1000);
	call(&p, "inference", 2, 2000);
	j = report(&p);
	assert_true(number(j, 0, "p50_us") == 2);
	assert_true(number(j, 0, "p90_us") == 3);
	json_decref(j);
}

/* Kinds apart, in the order in which they come first. */
static void test_kinds(void **state)
{
	struct qaic_prof p = { .type = "latency" };
	unsigned int i;
	json_t *j;

	for (i = 0; i < 3; i++) {
		call(&p, "prefill", 4 * i, 10000 + i * 1000);
		call(&p, "decode", 4 * i + 1, 1000 + i * 100);
		call(&p, "decode", 4 * i + 2, 2000 + i * 100);
	}
	j = report(&p);
	assert_int_equal(json_array_size(json_object_get(j, "calls")), 2);
	assert_true(number(j, 0, "calls") == 3 && number(j, 1, "calls") == 6);
	assert_true(number(j, 0, "min_us") == 10 && number(j, 0, "max_us") == 12);
	assert_true(number(j, 1, "min_us") == 1 && number(j, 1, "max_us") == 2.2);
	assert_true(number(j, 1, "p50_us") == 1.2);
	json_decref(j);
}

static void test_samples(void **state)
{
	struct qaic_prof p = {
		.type = "latency", .start_iter = 3, .num_samples = 4,
	};
	unsigned int i;
	json_t *j;

	for (i = 0; i < 20; i++)
		call(&p, "inference", i, i * 1000);
	j = report(&p);
	assert_true(number(j, 0, "calls") == 4);
	assert_true(number(j, 0, "min_us") == 3 && number(j, 0, "max_us") == 6);
	json_decref(j);
	call(&p, "inference", 2, 1000);
	assert_int_equal(qaic_prof_report(&p, &j, &err), -EINVAL);
	qaic_prof_release(&p);
}

static int check(struct qaic_prof p)
{
	return qaic_prof_check(&p, &err);
}

static void test_check(void **state)
{
	struct qaic_prof p = { 0 };

	assert_int_equal(check((struct qaic_prof){ .type = NULL }), 0);
	assert_int_equal(check((struct qaic_prof){ .type = "none" }), 0);
	assert_int_equal(check((struct qaic_prof){ .type = "trace",
						   .out_dir = "/tmp" }), 0);
	assert_int_equal(check((struct qaic_prof){ .type = "stat" }), -EINVAL);
	assert_int_equal(check((struct qaic_prof){ .given = true }), -EINVAL);
	assert_int_equal(check((struct qaic_prof){ .type = "stats",
						   .out_dir = "/tmp" }), -EINVAL);
	assert_int_equal(check((struct qaic_prof){ .type = "trace",
						   .out_dir = "/dev/null" }),
			 -ENOTDIR);
	/* the command line wins over the program */
	qaic_prof_default(&p, NULL);
	assert_null(p.type);
	qaic_prof_default(&p, "stats");
	assert_string_equal(p.type, "stats");
	qaic_prof_default(&p, "trace");
	assert_string_equal(p.type, "stats");
	p.type = "none";
	qaic_prof_default(&p, "trace");
	assert_null(p.type);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_percentiles), cmocka_unit_test(test_few),
		cmocka_unit_test(test_kinds), cmocka_unit_test(test_samples),
		cmocka_unit_test(test_check),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
