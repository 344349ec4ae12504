// SPDX-License-Identifier: MIT
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "tools/common/opt.h"

static bool verbose, given;
static unsigned int cores;
static double secs;
static const char *model;
static struct qaic_opt_list files;
static int called;

static int call(void *to, const char *value, struct qaic_err *err)
{
	if (!strcmp(value, "bad"))
		return qaic_fail(err, -EINVAL, "--pair: no");
	*(int *)to += 1;
	return 0;
}

static const struct qaic_opt opts[] = {
	QAIC_OPT_GROUP("Things:"),
	{ .name = "verbose", .alias = "v", .kind = QAIC_OPT_FLAG,
	  .to = &verbose, .help = "Say more." },
	{ .name = "num-cores", .alias = "aic-num-cores", .kind = QAIC_OPT_UINT,
	  .to = &cores, .min = 1, .max = 16, .arg = "N", .def = "16",
	  .given = &given, .help = "NSPs" },
	{ .name = "time", .kind = QAIC_OPT_REAL, .to = &secs, .arg = "S",
	  .help = "Seconds." },
	{ .name = "m", .alias = "model", .kind = QAIC_OPT_STR, .to = &model,
	  .arg = "FILE", .help = "A model with a text so long that it has to be "
	  "wrapped over more than one line of the terminal." },
	{ .name = "i", .kind = QAIC_OPT_LIST, .to = &files, .arg = "FILE",
	  .help = "Input." },
	{ .name = "pair", .kind = QAIC_OPT_CALL, .to = &called, .call = call,
	  .arg = "A,B", .help = "A pair." },
	{ .name = "mxfp6", .alias = "mxfp6-matmul", .kind = QAIC_OPT_LATER,
	  .help = "MXFP6 weights" },
};

static struct qaic_opt_cmd cmd = {
	.prog = "tool sub", .usage = "[options] [ARG]", .about = "A tool.",
	.opts = opts, .num_opts = QAIC_ARRAY_SIZE(opts), .max_args = 1,
};

static struct qaic_err err;

static int parse(int argc, const char *const *args)
{
	char *argv[16] = { (char *)"tool" };
	int i;

	for (i = 0; i < argc; i++)
		argv[i + 1] = (char *)args[i];
	qaic_opt_release(&cmd);
	verbose = given = false;
	cores = 0;
	secs = 0;
	model = NULL;
	called = 0;
	err.code = 0;
	err.msg[0] = '\0';
	return qaic_opt_parse(&cmd, argc + 1, argv, &err);
}

#define PARSE(...) parse(sizeof((const char *[]){ __VA_ARGS__ }) / \
	sizeof(char *), (const char *[]){ __VA_ARGS__ })

static void test_forms(void **state)
{
	assert_int_equal(PARSE("--num-cores", "3"), 0);
	assert_int_equal(cores, 3);
	assert_true(given);
	assert_int_equal(PARSE("--num_cores=4"), 0);
	assert_int_equal(cores, 4);
	assert_int_equal(PARSE("-num_cores=5"), 0);
	assert_int_equal(cores, 5);
	assert_int_equal(PARSE("-aic-num-cores", "6", "-v"), 0);
	assert_int_equal(cores, 6);
	assert_true(verbose);
	assert_int_equal(PARSE("--verbose=false"), 0);
	assert_false(verbose);
	assert_int_equal(PARSE("--verbose=True"), 0);
	assert_true(verbose);
	assert_int_equal(PARSE("-m=a=b.onnx"), 0);
	assert_string_equal(model, "a=b.onnx");
	assert_int_equal(PARSE("--model", "-"), 0);
	assert_string_equal(model, "-");
	assert_int_equal(PARSE("--model", "-5"), 0);
	assert_string_equal(model, "-5");
	assert_int_equal(PARSE("--model="), 0);
	assert_string_equal(model, "");
	assert_int_equal(PARSE("--time", "1.5"), 0);
	assert_true(secs == 1.5);
	assert_int_equal(PARSE("-pair=1,2", "--pair", "3,4"), 0);
	assert_int_equal(called, 2);
}

static void test_lists(void **state)
{
	assert_int_equal(PARSE("-i", "a", "-i=b", "--i", "c"), 0);
	assert_int_equal(files.n, 3);
	assert_string_equal(files.v[0], "a");
	assert_string_equal(files.v[2], "c");
	assert_int_equal(PARSE("--", "-v"), 0);
	assert_false(verbose);
	assert_int_equal(cmd.args.n, 1);
	assert_string_equal(cmd.args.v[0], "-v");
	assert_int_equal(PARSE("one", "two"), -EINVAL);
	assert_non_null(strstr(err.msg, "two"));
}

static void test_refused(void **state)
{
	assert_int_equal(PARSE("--num-core", "3"), -EINVAL);
	assert_string_equal(err.msg,
		"unknown option --num-core; did you mean --num-cores?");
	assert_int_equal(PARSE("--zzzzzzzz=3"), -EINVAL);
	assert_string_equal(err.msg,
		"unknown option --zzzzzzzz; tool sub --help lists the options");
	assert_int_equal(PARSE("--hlep"), -EINVAL);
	assert_non_null(strstr(err.msg, "--help?"));
	assert_int_equal(PARSE("--num-cores", "17"), -EINVAL);
	assert_string_equal(err.msg,
		"--num-cores takes a number from 1 to 16, not \"17\"");
	assert_int_equal(PARSE("--num-cores", "-3"), -EINVAL);
	assert_int_equal(PARSE("--num-cores", "3x"), -EINVAL);
	assert_int_equal(PARSE("--num-cores", "99999999999999999999999"), -EINVAL);
	assert_int_equal(PARSE("--num-cores="), -EINVAL);
	assert_int_equal(PARSE("--num-cores"), -EINVAL);
	assert_string_equal(err.msg, "--num-cores needs a value: --num-cores N");
	assert_int_equal(PARSE("--model", "--num-cores", "3"), -EINVAL);
	assert_int_equal(PARSE("--verbose=maybe"), -EINVAL);
	assert_int_equal(PARSE("--time", "nan"), -EINVAL);
	assert_int_equal(PARSE("--time", "-1"), -EINVAL);
	assert_int_equal(PARSE("--pair", "bad"), -EINVAL);
	assert_string_equal(err.msg, "--pair: no");
	assert_int_equal(PARSE("--mxfp6_matmul"), -EOPNOTSUPP);
	assert_string_equal(err.msg,
		"--mxfp6 is not available yet: MXFP6 weights");
}

static void test_help(void **state)
{
	char *text = NULL, *line, *save;
	size_t len;
	FILE *f = open_memstream(&text, &len);

	assert_non_null(f);
	qaic_opt_help(&cmd, f);
	fclose(f);
	assert_non_null(strstr(text, "Usage: tool sub [options] [ARG]\n"));
	assert_non_null(strstr(text, "  -v, --verbose"));
	assert_non_null(strstr(text, "--num-cores, --aic-num-cores N\n"));
	assert_non_null(strstr(text, "[default: 16]"));
	assert_non_null(strstr(text, "(1 to 16)"));
	assert_non_null(strstr(text, "Not available yet"));
	assert_non_null(strstr(text, "--mxfp6"));
	for (line = strtok_r(text, "\n", &save); line;
	     line = strtok_r(NULL, "\n", &save))
		assert_true(strlen(line) < 80);
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_forms),
		cmocka_unit_test(test_lists),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_help),
	};
	int ret = cmocka_run_group_tests(tests, NULL, NULL);

	qaic_opt_release(&cmd);
	return ret;
}
