// SPDX-License-Identifier: MIT
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

#include "base/err.h"

static void message(void **state)
{
	struct qaic_err err = QAIC_ERR_INIT;

	assert_int_equal(qaic_fail(&err, -EINVAL, "%s: %d", "file", 7),
			 -EINVAL);
	assert_int_equal(err.code, -EINVAL);
	assert_string_equal(err.msg, "file: 7");
	assert_int_equal(qaic_fail(NULL, -EIO, "lost"), -EIO);
}

/* The innermost message stays; callers put their context in front. */
static void context(void **state)
{
	struct qaic_err err = QAIC_ERR_INIT;

	qaic_fail(&err, -ERANGE, "too big");
	assert_int_equal(qaic_fail_in(&err, "tensor \"%s\"", "w"), -ERANGE);
	assert_int_equal(qaic_fail_in(&err, "model"), -ERANGE);
	assert_string_equal(err.msg, "model: tensor \"w\": too big");
	assert_true(qaic_fail_in(NULL, "model") < 0);
}

/* A hostile name cannot move the cursor or start a line of its own. */
static void one_line(void **state)
{
	struct qaic_err err = QAIC_ERR_INIT;

	qaic_fail(&err, -EINVAL, "a\nb\r\x1b[2J\x7f\t");
	assert_string_equal(err.msg, "a?b??[2J??");
	qaic_fail_in(&err, "x\ny");
	assert_string_equal(err.msg, "x?y: a?b??[2J??");
}

static void long_messages(void **state)
{
	struct qaic_err err = QAIC_ERR_INIT;
	char big[2000];
	int i;

	memset(big, 'x', sizeof(big) - 1);
	big[sizeof(big) - 1] = '\0';
	qaic_fail(&err, -EINVAL, "%s", big);
	assert_int_equal(strlen(err.msg), sizeof(err.msg) - 1);
	for (i = 0; i < 10; i++)
		qaic_fail_in(&err, "%s", big);
	assert_int_equal(strlen(err.msg), sizeof(err.msg) - 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(message),
		cmocka_unit_test(context),
		cmocka_unit_test(one_line),
		cmocka_unit_test(long_messages),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
