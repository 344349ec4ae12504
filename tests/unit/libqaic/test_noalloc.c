// SPDX-License-Identifier: MIT
/* A call allocates nothing: neither the library, nor the card, nor the NSPs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "libqaic/qaic.h"
#include "tests/unit/soc/handmade.h"

static unsigned long num_allocs;

#if defined(__GLIBC__) && !defined(__SANITIZE_ADDRESS__) && \
	!defined(__SANITIZE_THREAD__)
#define COUNTS 1

/* glibc's own, under the names it keeps for programs that replace malloc */
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t n, size_t size);
void *__libc_realloc(void *p, size_t size);
void *__libc_memalign(size_t align, size_t size);

static void count(void)
{
	__atomic_fetch_add(&num_allocs, 1, __ATOMIC_RELAXED);
}

void *malloc(size_t size)
{
	count();
	return __libc_malloc(size);
}

void *calloc(size_t n, size_t size)
{
	count();
	return __libc_calloc(n, size);
}

void *realloc(void *p, size_t size)
{
	count();
	return __libc_realloc(p, size);
}

void *aligned_alloc(size_t align, size_t size)
{
	count();
	return __libc_memalign(align, size);
}
#endif

static void test_calls(void **state)
{
	struct qaic_err err = QAIC_ERR_INIT;
	struct qaic_device *dev;
	struct qaic_program *prog;
	struct qaic_exec *e[4];
	const char *dir = hm_tmpdir();
	unsigned long before, after;
	unsigned int i, n, failed = 0;

#ifndef COUNTS
	print_message("skipped: AddressSanitizer has its own malloc\n");
	skip();
#endif
	assert_int_equal(hm_write(dir, 4, &err), 0);
	assert_int_equal(qaic_device_open(0, &dev, &err), 0);
	assert_int_equal(qaic_program_load(dev, dir, &prog, &err), 0);
	for (i = 0; i < 4; i++)
		assert_int_equal(qaic_exec_create(prog, i % 2, &e[i], &err), 0);
	assert_int_equal(qaic_exec_run(e[0], &err), 0);

	before = __atomic_load_n(&num_allocs, __ATOMIC_RELAXED);
	for (n = 0; n < 100; n++) {
		for (i = 0; i < 4; i++)
			failed += qaic_exec_submit(e[i], &err) != 0;
		for (i = 0; i < 4; i++)
			failed += qaic_exec_wait(e[i], 1000, &err) != 0;
	}
	after = __atomic_load_n(&num_allocs, __ATOMIC_RELAXED);
	assert_int_equal(failed, 0);
	assert_true(before > 0);
	assert_int_equal(after - before, 0);

	for (i = 0; i < 4; i++)
		qaic_exec_destroy(e[i]);
	qaic_program_unload(prog);
	qaic_device_close(dev);
	qaic_rmtree(dir, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_calls) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
