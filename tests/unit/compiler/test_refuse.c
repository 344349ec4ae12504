// SPDX-License-Identifier: MIT
/* Models that cannot become a QPC: one line that says why, nothing left behind. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/file.h"
#include "base/str.h"
#include "compiler/qaicc.h"
#include "tests/onnx/make_model.h"

static const struct refusal {
	const char *shape, *op, *more;	/* @more: a second output */
	const char *want;
} refusals[] = {
	{ "2,3", "Relu", "x", "output 'x' is an input too" },
	{ "0,3", "Relu", NULL, "output 'y': dimension 0 is 0" },
	{ "N,3", "Relu", NULL, "no value is given for the symbol 'N'" },
	{ "2,3", "Foo", NULL, "node of output 'y' (Foo): unsupported operator" },
	{ "2,3", "Relu", "y", "output 'y' is defined twice" },
	{ "70000,70000", "Relu", NULL, "more than 4 GiB" },
};

static void refused(void **state)
{
	char dir[] = "/tmp/qaic-refuse-XXXXXX", onnx[64], qpc[64];
	size_t i;

	assert_non_null(mkdtemp(dir));
	snprintf(onnx, sizeof(onnx), "%s/m.onnx", dir);
	snprintf(qpc, sizeof(qpc), "%s/qpc", dir);
	for (i = 0; i < QAIC_ARRAY_SIZE(refusals); i++) {
		const struct refusal *r = &refusals[i];
		struct qaicc_options o = { .onnx = onnx, .out_dir = qpc,
					   .num_cores = 3 };
		struct qaic_err err = QAIC_ERR_INIT;
		Onnx__ModelProto *m = mm_model(17);

		mm_input(m, "x", 1, r->shape);
		mm_node(m, r->op, "x", "y");
		mm_output(m, "y");
		if (r->more)
			mm_output(m, r->more);
		assert_int_equal(mm_write(m, onnx), 0);
		mm_free(m);
		assert_true(qaicc_compile(&o, NULL, &err) < 0);
		if (!strstr(err.msg, r->want))
			fail_msg("\"%s\", not \"%s\"", err.msg, r->want);
		assert_false(qaic_is_dir(qpc));
	}
	assert_int_equal(qaic_rmtree(dir, NULL), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
