// SPDX-License-Identifier: MIT
/* The vendor's files: specializations, custom IO, node precision. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/file.h"
#include "compiler/qaicc.h"

static char path[] = "/tmp/qaic-read-XXXXXX";

static int setup(void **state)
{
	return close(mkstemp(path));
}

static int teardown(void **state)
{
	return unlink(path);
}

static void put(const char *text)
{
	assert_int_equal(qaic_write_file(path, text, strlen(text), NULL), 0);
}

static void specs_flat(void **state)
{
	struct qaic_err err = QAIC_ERR_INIT;
	struct qaicc_spec *s;
	size_t n;

	put("{\"specializations\": [{\"batch_size\": \"1\",\"seq_len\": \"32\"},"
	    "{\"batch_size\": 1,\"seq_len\": 1}]}");
	assert_int_equal(qaicc_read_specs(path, &s, &n, &err), 0);
	assert_int_equal(n, 2);
	assert_null(s[0].name);
	assert_int_equal(s[0].num_symbols, 2);
	assert_string_equal(s[0].symbols[1].name, "seq_len");
	assert_int_equal(s[0].symbols[1].value, 32);
	assert_int_equal(s[1].symbols[1].value, 1);
	free(s);
}

static void specs_named(void **state)
{
	struct qaic_err err = QAIC_ERR_INIT;
	struct qaicc_spec *s;
	size_t n;

	put("{\"specializations\":[{\"name\":\"Prefill\",\"symbols\":"
	    "{\"seq_len\":\"32\"}},{\"name\":\"Decode\",\"symbols\":"
	    "{\"seq_len\":\"1\"}}]}");
	assert_int_equal(qaicc_read_specs(path, &s, &n, &err), 0);
	assert_int_equal(n, 2);
	assert_string_equal(s[0].name, "Prefill");
	assert_string_equal(s[1].name, "Decode");
	assert_int_equal(s[1].symbols[0].value, 1);
	free(s);
}

static void specs_bad(void **state)
{
	static const char *const bad[] = {
		"", "[]", "{}", "{\"specializations\":{}}",
		"{\"specializations\":[]}", "{\"specializations\":[1]}",
		"{\"specializations\":[{\"a\":\"x\"}]}",
		"{\"specializations\":[{\"a\":\"\"}]}",
		"{\"specializations\":[{\"a\":0.5}]}",
		"{\"specializations\":[{\"a\":-1}]}",
		"{\"specializations\":[{\"a\":1e300}]}",
		"{\"specializations\":[{\"a\":99999999999999999999}]}",
		"{\"specializations\":[{\"a\":[1]}]}",
		"{\"specializations\":[{\"name\":1,\"symbols\":{}}]}",
	};
	struct qaicc_spec *s;
	size_t i, n;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct qaic_err err = QAIC_ERR_INIT;

		put(bad[i]);
		if (!qaicc_read_specs(path, &s, &n, &err))
			fail_msg("taken: %s", bad[i]);
		assert_non_null(strstr(err.msg, path));
		assert_null(s);
	}
}

static void custom_io(void **state)
{
	struct qaic_err err = QAIC_ERR_INIT;
	struct qaicc_custom_io *io;
	size_t n;

	put("# Model Inputs\n\n - IOName: past_key.0\n   Precision: float16\n\n"
	    "# Model Outputs\n\n - IOName: logits\n   Precision: float32\n");
	assert_int_equal(qaicc_read_custom_io(path, &io, &n, &err), 0);
	assert_int_equal(n, 2);
	assert_string_equal(io[0].name, "past_key.0");
	assert_int_equal(io[0].precision, QAIC_F16);
	assert_int_equal(io[1].precision, QAIC_F32);
	free(io);
	put("# nothing\n");
	assert_int_equal(qaicc_read_custom_io(path, &io, &n, &err), 0);
	assert_int_equal(n, 0);
	free(io);
	put(" - IOName: past_key.0\n   Precision: mxint8\n");
	assert_int_equal(qaicc_read_custom_io(path, &io, &n, &err), 0);
	assert_int_equal(n, 1);
	assert_int_equal(io[0].precision, QAIC_MXINT8);
	free(io);
}

static void custom_io_bad(void **state)
{
	static const char *const bad[] = {
		"a: b", "- x", "- IOName: a", "- Precision: float16",
		"- IOName: [a]\n  Precision: float16",
		"- IOName: a\n  Precision: int4", "- IOName: a\n  Other: b",
		"- {", "- IOName: \"a\\0b\"\n  Precision: float16",
	};
	struct qaicc_custom_io *io;
	size_t i, n;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct qaic_err err = QAIC_ERR_INIT;

		put(bad[i]);
		if (!qaicc_read_custom_io(path, &io, &n, &err))
			fail_msg("taken: %s", bad[i]);
		assert_non_null(strstr(err.msg, path));
		assert_null(io);
	}
}

static void fp32_nodes(void **state)
{
	struct qaic_err err = QAIC_ERR_INIT;
	const char **names;
	size_t n;

	put("FP32NodeInstanceNames: [/a/MatMul, \"b\"]\n");
	assert_int_equal(qaicc_read_fp32_nodes(path, &names, &n, &err), 0);
	assert_int_equal(n, 2);
	assert_string_equal(names[0], "/a/MatMul");
	assert_string_equal(names[1], "b");
	free(names);
	put("FP16NodeInstanceNames: [a]\n");
	assert_int_equal(qaicc_read_fp32_nodes(path, &names, &n, &err),
			 -EINVAL);
	put("- a\n");
	assert_int_equal(qaicc_read_fp32_nodes(path, &names, &n, &err),
			 -EINVAL);
	assert_null(names);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(specs_flat),
		cmocka_unit_test(specs_named),
		cmocka_unit_test(specs_bad),
		cmocka_unit_test(custom_io),
		cmocka_unit_test(custom_io_bad),
		cmocka_unit_test(fp32_nodes),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
