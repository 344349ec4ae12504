// SPDX-License-Identifier: MIT
/*
 * Loading and running a program made by hand, from the public API. tests/kernel
 * runs it on the driver's card, too.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>

#include "libqaic/qaic.h"
#include "tests/unit/soc/handmade.h"

static const char *dir;
static struct qaic_device *dev;
static struct qaic_program *prog;
static struct qaic_err err;

static int setup(void **state)
{
	dir = hm_tmpdir();
	if (!dir || hm_write(dir, 4, &err) || qaic_device_open(0, &dev, &err)) {
		fprintf(stderr, "%s\n", err.msg);
		return -1;
	}
	return 0;
}

static int teardown(void **state)
{
	qaic_device_close(dev);
	return qaic_rmtree(dir, NULL);
}

static int load(void **state)
{
	return qaic_program_load(dev, dir, &prog, &err);
}

static int unload(void **state)
{
	qaic_program_unload(prog);
	prog = NULL;
	return 0;
}

static bool embedded(void)
{
	struct qaic_location loc;

	return !qaic_device_locate(0, &loc) && !loc.node[0];
}

static struct qaic_exec *make_exec(uint32_t spec)
{
	struct qaic_exec *exec;

	assert_int_equal(qaic_exec_create(prog, spec, &exec, &err), 0);
	return exec;
}

static void fill_x(struct qaic_exec *exec, float v)
{
	size_t size;
	float *x = qaic_exec_buffer(exec, 0, &size);
	unsigned int i;

	assert_int_equal(size, HM_BYTES);
	for (i = 0; i < HM_N; i++)
		x[i] = v + i;
}

/* Element i must be want + slope * i. */
static void check_y(struct qaic_exec *exec, float want, float slope)
{
	const float *y = qaic_exec_buffer(exec, 1, NULL);
	unsigned int i;

	for (i = 0; i < HM_N; i++)
		assert_true(y[i] == want + slope * i);
}

static void test_describe(void **state)
{
	struct qaic_binding_info b;
	struct qaic_state_info s;
	struct qaic_spec_info spec;

	assert_string_equal(qaic_program_name(prog), "handmade");
	assert_int_equal(qaic_program_num_nsps(prog), 4);
	assert_int_equal(qaic_program_num_specs(prog), HM_SPECS);
	assert_int_equal(qaic_program_spec(prog, 1, &spec), 0);
	assert_string_equal(spec.name, "Decode");
	assert_int_equal(spec.num_symbols, 1);
	assert_string_equal(spec.symbols[0].name, "seq_len");
	assert_int_equal(spec.symbols[0].value, 2);
	assert_int_equal(spec.num_bindings, 2);
	assert_int_equal(qaic_program_symbol(prog, 1, "seq_len"), 2);
	assert_int_equal(qaic_program_symbol(prog, 1, "ctx_len"), 0);
	assert_int_equal(qaic_program_symbol(prog, 9, "seq_len"), 0);
	assert_int_equal(qaic_program_spec(prog, HM_SPECS, &spec), -EINVAL);
	assert_int_equal(qaic_program_find(prog, 0, "y"), 1);
	assert_int_equal(qaic_program_find(prog, 0, "z"), -ENOENT);
	assert_int_equal(qaic_program_binding(prog, 0, 1, &b), 0);
	assert_string_equal(b.name, "y");
	assert_true(b.output);
	assert_int_equal(b.rank, 2);
	assert_int_equal(b.dims[1], HM_N);
	assert_int_equal(b.size, HM_BYTES);
	assert_int_equal(qaic_program_binding(prog, 0, 2, &b), -EINVAL);
	assert_int_equal(qaic_program_num_states(prog), 1);
	assert_int_equal(qaic_program_state(prog, 0, &s), 0);
	assert_string_equal(s.name, "past.0");
	assert_int_equal(s.size, HM_BYTES);
	assert_int_equal(qaic_program_state(prog, 1, &s), -EINVAL);
}

/* State survives from call to call and never crosses the bus. */
static void test_state(void **state)
{
	struct qaic_exec *exec = make_exec(0), *other = make_exec(1);
	struct qaic_dma_stats a, b;
	unsigned int i;

	assert_int_equal(qaic_program_dma_stats(prog, &a), 0);
	assert_int_equal(a.elements, 0);
	fill_x(exec, 1);
	fill_x(other, 10);
	for (i = 1; i <= 5; i++) {
		assert_int_equal(qaic_exec_run(exec, &err), 0);
		check_y(exec, 2 * i, 2 * i);
	}
	/* the other specialization sees the same state */
	assert_int_equal(qaic_exec_run(other, &err), 0);
	check_y(other, 30 + 10, 3 + 10);

	assert_int_equal(qaic_program_dma_stats(prog, &b), 0);
	assert_int_equal(b.elements, 6 * 2);
	assert_int_equal(b.bytes_to_dev, 6 * HM_BYTES);
	assert_int_equal(b.bytes_from_dev, 6 * HM_BYTES);
	qaic_exec_destroy(exec);
	qaic_exec_destroy(other);
}

static void test_state_is_per_activation(void **state)
{
	struct qaic_program *first = prog, *second;
	struct qaic_exec *a, *b;

	a = make_exec(0);
	fill_x(a, 1);
	assert_int_equal(qaic_exec_run(a, &err), 0);
	assert_int_equal(qaic_program_load(dev, dir, &second, &err), 0);
	prog = second;
	b = make_exec(0);
	fill_x(b, 1);
	assert_int_equal(qaic_exec_run(b, &err), 0);
	check_y(b, 2, 2);
	assert_int_equal(qaic_exec_run(a, &err), 0);
	check_y(a, 4, 4);
	qaic_exec_destroy(b);
	qaic_program_unload(second);
	qaic_exec_destroy(a);
	prog = first;
}

#define FLIGHT	40

static void test_in_flight(void **state)
{
	struct qaic_exec *e[FLIGHT];
	unsigned int i, round, rounds = embedded() ? 50 : 5;

	for (i = 0; i < FLIGHT; i++) {
		e[i] = make_exec(0);
		fill_x(e[i], 1);
	}
	for (round = 0; round < rounds; round++) {
		for (i = 0; i < FLIGHT; i++)
			assert_int_equal(qaic_exec_submit(e[i], &err), 0);
		for (i = 0; i < FLIGHT; i++) {
			unsigned int n = round * FLIGHT + i + 1;

			assert_int_equal(qaic_exec_wait(e[i], 0, &err), 0);
			check_y(e[i], 2 * n, 2 * n);
			assert_int_equal(qaic_exec_wait(e[i], 0, &err), 0);
		}
	}
	for (i = 0; i < FLIGHT; i++)
		qaic_exec_destroy(e[i]);
}

/*
 * Whoever looks at a busy card may be kept from it until the card is done: on a
 * busy machine for a round or two, in a guest with one CPU for ever.
 */
static void test_busy_and_timeout(void **state)
{
	struct qaic_exec *slow = make_exec(2), *next = make_exec(0);
	unsigned int round, rounds = embedded() ? 50 : 1, calls = 0;
	bool busy = false, timeout = false;
	int ret;

	fill_x(slow, 1);
	fill_x(next, 1);
	for (round = 0; round < rounds && !(busy && timeout); round++) {
		assert_int_equal(qaic_exec_submit(slow, &err), 0);
		calls++;
		ret = qaic_exec_submit(slow, &err);
		assert_true(ret == 0 || ret == -EBUSY);
		busy |= ret;
		calls += !ret;
		assert_int_equal(qaic_exec_submit(next, &err), 0);
		ret = qaic_exec_wait(next, 1, &err);
		assert_true(ret == 0 || ret == -ETIMEDOUT);
		timeout |= ret;
		assert_int_equal(qaic_exec_wait(next, 0, &err), 0);
		/* all before it are done, too */
		assert_int_equal(qaic_exec_wait(slow, 1, &err), 0);
		check_y(slow, 2 * calls, 2 * calls);
		calls++;
		check_y(next, 2 * calls, 2 * calls);
	}
	assert_true(!embedded() || (busy && timeout));
	qaic_exec_destroy(slow);
	qaic_exec_destroy(next);
}

static void test_queue_full(void **state)
{
	struct qaic_exec *slow = make_exec(2), *e[300];
	unsigned int n, i;
	int ret = 0;

	/* a guest may be slower than the card; abi.c fills the driver's queue */
	if (!embedded())
		skip();
	for (i = 0; i < 300; i++)
		e[i] = make_exec(0);
	fill_x(slow, 1);
	assert_int_equal(qaic_exec_submit(slow, &err), 0);
	for (n = 0; n < 300 && !ret; n++)
		ret = qaic_exec_submit(e[n], &err);
	n--;
	assert_int_equal(ret, -EAGAIN);
	assert_true(n >= 250);		/* 512 elements, two to a call */
	assert_int_equal(qaic_exec_wait(e[n - 1], 0, &err), 0);
	assert_int_equal(qaic_exec_run(e[n], &err), 0);
	for (i = 0; i < 300; i++)
		qaic_exec_destroy(e[i]);
	qaic_exec_destroy(slow);
}

static void test_destroy_in_flight(void **state)
{
	struct qaic_exec *slow = make_exec(2), *next = make_exec(0);

	assert_int_equal(qaic_exec_submit(slow, &err), 0);
	assert_int_equal(qaic_exec_submit(next, &err), 0);
	qaic_exec_destroy(slow);
	qaic_exec_destroy(next);
	/* the program is none the worse */
	next = make_exec(0);
	fill_x(next, 1);
	assert_int_equal(qaic_exec_run(next, &err), 0);
	check_y(next, 2, 2);
	qaic_exec_destroy(next);
}

static void test_too_many(void **state)
{
	struct qaic_program *p[4];
	unsigned int i;

	/* one of four NSPs is loaded already */
	for (i = 0; i < 3; i++)
		assert_int_equal(qaic_program_load(dev, dir, &p[i], &err), 0);
	assert_int_equal(qaic_program_load(dev, dir, &p[3], &err), -EBUSY);
	assert_non_null(strstr(err.msg, "NSP"));
	for (i = 0; i < 3; i++)
		qaic_program_unload(p[i]);
}

static void test_bad_args(void **state)
{
	struct qaic_program *p;
	struct qaic_device *d;
	struct qaic_exec *e;

	assert_int_equal(qaic_device_open(7, &d, &err), -ENODEV);
	assert_int_equal(qaic_program_load(dev, "/nonexistent/x", &p, &err),
			 -ENOENT);
	assert_int_equal(qaic_program_load(dev, "Makefile", &p, &err), -EINVAL);
	assert_int_equal(qaic_exec_create(prog, HM_SPECS, &e, &err), -EINVAL);
	if (embedded())
		assert_int_equal(qaic_embedded_set_threads(2), -EBUSY);
	assert_int_equal(qaic_embedded_set_threads(99), -EINVAL);
	e = make_exec(0);
	assert_null(qaic_exec_buffer(e, 2, NULL));
	assert_int_equal(qaic_exec_wait(e, 0, &err), 0);
	qaic_exec_destroy(e);
}

/* Load and unload leave the card as it was. */
static void test_resources(void **state)
{
	struct qaic_device_info a, b, c;
	struct qaic_program *p;
	unsigned int i;

	assert_int_equal(qaic_device_get_info(dev, &a, &err), 0);
	assert_string_equal(a.name, embedded() ? "embedded" :
			    "/dev/accel/accel0");
	assert_string_equal(a.status, "Ready");
	assert_int_equal(a.nsp_total, 16);
	assert_int_equal(a.nsp_free, 16);
	assert_int_equal(a.hw_version, 0x00020000);
	assert_int_equal(a.num_loaded, 0);
	for (i = 0; i < (embedded() ? 50 : 5); i++) {
		assert_int_equal(qaic_program_load(dev, dir, &p, &err), 0);
		assert_int_equal(qaic_device_get_info(dev, &b, &err), 0);
		assert_int_equal(b.nsp_free, 12);
		assert_int_equal(b.num_loaded, 1);
		assert_int_equal(b.num_active, 1);
		assert_true(b.dram_free < a.dram_free);
		qaic_program_unload(p);
		assert_int_equal(qaic_device_get_info(dev, &c, &err), 0);
		assert_memory_equal(&a, &c, sizeof(a));
	}
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, load, unload)
	const struct CMUnitTest tests[] = {
		T(test_describe), T(test_state),
		T(test_state_is_per_activation), T(test_in_flight),
		T(test_busy_and_timeout), T(test_queue_full),
		T(test_destroy_in_flight), T(test_too_many), T(test_bad_args),
		cmocka_unit_test(test_resources),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
