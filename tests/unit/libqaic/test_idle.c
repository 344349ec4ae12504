// SPDX-License-Identifier: MIT
/*
 * An idle card does nothing: between calls no thread of the process runs, nor wakes
 * up to look around.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "libqaic/qaic.h"
#include "tests/unit/soc/handmade.h"
#include "tests/unit/soc/spent.h"

static void expect_idle(void)
{
	struct spent a, b;

	usleep(20000);			/* threads on their way to sleep */
	a = spent();
	sleep(1);
	b = spent();
	assert_true(b.cpu - a.cpu < 0.05);
	assert_true(b.switches - a.switches < 20);
}

static void idle(unsigned int threads)
{
	const char *dir = hm_tmpdir();
	struct qaic_err err = QAIC_ERR_INIT;
	struct qaic_program *prog;
	struct qaic_device *dev;
	struct qaic_exec *exec;
	uint32_t spec;

	assert_int_equal(qaic_embedded_set_threads(threads), 0);
	assert_int_equal(hm_write(dir, 4, &err), 0);
	assert_int_equal(qaic_device_open(0, &dev, &err), 0);
	assert_int_equal(qaic_program_load(dev, dir, &prog, &err), 0);
	/* a short one, which its client runs, and a long one */
	for (spec = 0; spec < HM_SPECS; spec += 2) {
		assert_int_equal(qaic_exec_create(prog, spec, &exec, &err), 0);
		assert_int_equal(qaic_exec_run(exec, &err), 0);
		expect_idle();
		qaic_exec_destroy(exec);
	}
	qaic_program_unload(prog);
	qaic_device_close(dev);
	qaic_rmtree(dir, NULL);
}

static void test_idle(void **state)
{
	setenv("QAIC_EMBEDDED", "1", 1);
	idle(2);
	idle(16);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_idle),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
