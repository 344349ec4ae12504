// SPDX-License-Identifier: MIT
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/json.h"

static json_t *parse(const char *text)
{
	struct qaic_err err = QAIC_ERR_INIT;
	json_t *root = NULL;

	if (qaic_json_parse(text, strlen(text), "test", &root, &err))
		fail_msg("%s", err.msg);
	return root;
}

static void integers(void **state)
{
	json_t *o = parse("{\"a\":7,\"b\":null,\"c\":7.0,\"d\":\"7\",\"e\":-3}");
	struct qaic_err err = QAIC_ERR_INIT;
	int64_t v = 42;

	assert_int_equal(qaic_json_int(o, "a", 0, 10, &v, &err), 0);
	assert_int_equal(v, 7);
	v = 42;
	assert_int_equal(qaic_json_int(o, "b", 0, 10, &v, &err), 1);
	assert_int_equal(qaic_json_int(o, "none", 0, 10, &v, &err), 1);
	assert_int_equal(qaic_json_int(o, "a", 8, 10, &v, &err), -ERANGE);
	assert_non_null(strstr(err.msg, "\"a\" is 7; it must be 8 to 10"));
	assert_int_equal(qaic_json_int(o, "e", 0, 10, &v, &err), -ERANGE);
	assert_int_equal(qaic_json_int(o, "c", 0, 10, &v, &err), -EINVAL);
	assert_int_equal(qaic_json_int(o, "d", 0, 10, &v, &err), -EINVAL);
	assert_non_null(strstr(err.msg, "\"d\""));
	assert_int_equal(v, 42);	/* untouched by all of these */
	assert_int_equal(qaic_json_need_int(o, "b", 0, 10, &v, &err), -EINVAL);
	assert_non_null(strstr(err.msg, "\"b\" is missing"));
	json_decref(o);
}

static void others(void **state)
{
	json_t *o = parse("{\"t\":true,\"s\":\"x\",\"n\":1.5,\"i\":2,\"o\":{},"
			  "\"l\":[]}");
	struct qaic_err err = QAIC_ERR_INIT;
	const char *s = NULL;
	json_t *p = NULL;
	bool b = false;
	double d = 0;

	assert_int_equal(qaic_json_bool(o, "t", &b, &err), 0);
	assert_true(b);
	assert_int_equal(qaic_json_bool(o, "i", &b, &err), -EINVAL);
	assert_int_equal(qaic_json_bool(o, "x", &b, &err), 1);
	assert_int_equal(qaic_json_str(o, "s", &s, &err), 0);
	assert_string_equal(s, "x");
	assert_int_equal(qaic_json_str(o, "t", &s, &err), -EINVAL);
	assert_int_equal(qaic_json_need_str(o, "x", &s, &err), -EINVAL);
	assert_int_equal(qaic_json_num(o, "n", &d, &err), 0);
	assert_true(d == 1.5);
	assert_int_equal(qaic_json_num(o, "i", &d, &err), 0);
	assert_true(d == 2);
	assert_int_equal(qaic_json_num(o, "s", &d, &err), -EINVAL);
	assert_int_equal(qaic_json_obj(o, "o", &p, &err), 0);
	assert_true(json_is_object(p));
	assert_int_equal(qaic_json_obj(o, "l", &p, &err), -EINVAL);
	assert_int_equal(qaic_json_arr(o, "l", &p, &err), 0);
	assert_true(json_is_array(p));
	assert_int_equal(qaic_json_arr(o, "o", &p, &err), -EINVAL);
	assert_int_equal(qaic_json_arr(o, "x", &p, &err), 1);
	json_decref(o);
}

static void refused(void **state)
{
	static const char *const bad[] = {
		"", "{", "[]", "7", "{\"a\":}", "{\"a\":1}x", "{\"a\":1,\"a\":2}",
		"{\"a\":\"\xff\"}", "{\"a\":NaN}", "{\"a\":1e999}",
		"{\"a\":123456789012345678901234567890}", "{\"a\":\"\\u0000\"}",
	};
	struct qaic_err err;
	size_t i, depth = 1000000;
	json_t *root;
	char *deep;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		err = (struct qaic_err)QAIC_ERR_INIT;
		assert_int_equal(qaic_json_parse(bad[i], strlen(bad[i]),
						 "name", &root, &err), -EINVAL);
		assert_memory_equal(err.msg, "name: ", 6);
	}
	deep = malloc(depth);
	assert_non_null(deep);
	memset(deep, '[', depth);
	assert_int_equal(qaic_json_parse(deep, depth, "deep", &root, &err),
			 -EINVAL);
	free(deep);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(integers),
		cmocka_unit_test(others),
		cmocka_unit_test(refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
