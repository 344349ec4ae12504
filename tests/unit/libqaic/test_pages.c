// SPDX-License-Identifier: MIT
/*
 * Constants in huge pages: a mapping keeps its content while its pages are replaced,
 * whatever happens to the file; and a program computes the same in all ways. Where
 * the kernel has no huge pages, replacing works with small ones.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sys/mman.h>

#include "libqaic/pages.h"
#include "libqaic/qaic.h"
#include "tests/unit/soc/handmade.h"

#define MIB	(1ull << 20)
#define SIZE	(70 * MIB + 12345)

static const char *dir;
static char *path;
static struct qaic_mapping map;

static uint64_t word(uint64_t i)
{
	return (i ^ i >> 7) * 0x9e3779b97f4a7c15ull;
}

static int setup(void **state)
{
	dir = hm_tmpdir();
	path = dir ? qaic_path(dir, "file") : NULL;
	return path ? 0 : -1;
}

static int teardown(void **state)
{
	free(path);
	return qaic_rmtree(dir, NULL);
}

/* A new file, mapped from its second page on. */
static int map_file(void **state)
{
	uint64_t i, *buf = malloc(SIZE);
	uint8_t *p;

	if (!buf)
		return -1;
	for (i = 0; i < SIZE / 8; i++)
		buf[i] = word(i);
	map.fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (map.fd < 0 || pwrite(map.fd, buf, SIZE, 0) != (ssize_t)SIZE)
		return -1;
	free(buf);
	p = mmap(NULL, SIZE, PROT_READ, MAP_PRIVATE, map.fd, 0);
	if (p == MAP_FAILED)
		return -1;
	map.addr = p + 4096;
	map.off = 4096;
	map.len = SIZE - 4096;
	return 0;
}

static int unmap_file(void **state)
{
	munmap((uint8_t *)map.addr - 4096, SIZE);
	close(map.fd);
	return 0;
}

/* [from, to) of the mapping is as it was written. */
static bool intact(uint64_t from, uint64_t to)
{
	const uint64_t *p = map.addr;
	uint64_t i;

	for (i = from / 8; i < to / 8; i++)
		if (p[i] != word(i + map.off / 8))
			return false;
	return true;
}

static void *run(void *arg)
{
	pages_replace(&map, arg);
	return NULL;
}

/* What is replaced no longer needs its file. */
static void test_replaced(void **state)
{
	struct pages_work w = { 0 };

	assert_true(intact(0, map.len));
	pages_replace(&map, &w);
	assert_int_equal(w.stop, 0);
	assert_true(intact(0, map.len));
	assert_int_equal(ftruncate(map.fd, 0), 0);
	assert_true(intact(2 * MIB, map.len - 2 * MIB));
}

static void test_read_meanwhile(void **state)
{
	struct pages_work w = { 0 };
	pthread_t t[3];
	unsigned int i;

	for (i = 0; i < 3; i++)
		assert_int_equal(pthread_create(&t[i], NULL, run, &w), 0);
	for (i = 0; i < 8; i++)
		assert_true(intact(0, map.len));
	for (i = 0; i < 3; i++)
		pthread_join(t[i], NULL);
	assert_int_equal(w.stop, 0);
	assert_true(intact(0, map.len));
}

/* A file that became shorter: no copy of what is gone, and no SIGBUS. */
static void test_shorter(void **state)
{
	struct pages_work w = { 0 };

	assert_int_equal(ftruncate(map.fd, 40 * MIB), 0);
	pages_replace(&map, &w);
	assert_int_equal(w.stop, ENODATA);
	assert_true(intact(0, 40 * MIB - 4096));
	assert_int_equal(ftruncate(map.fd, 0), 0);
	assert_true(intact(2 * MIB, 32 * MIB));
}

static void test_stopped(void **state)
{
	struct pages_work w = { .stop = ECANCELED };

	pages_replace(&map, &w);
	assert_true(intact(0, map.len));
	assert_int_equal(w.next, 0);
}

/* Less than a huge page, or none that begins in it: nothing happens. */
static void test_small(void **state)
{
	struct qaic_mapping all = map;
	struct pages_work w;
	uint64_t len;

	for (len = 0; len < 2 * MIB; len += 100000) {
		memset(&w, 0, sizeof(w));
		map.len = len;
		pages_replace(&map, &w);
		assert_int_equal(w.stop, 0);
	}
	map = all;
	assert_true(intact(0, map.len));
}

/* ---- programs ---- */

static void check(struct qaic_program *prog, uint32_t spec, float k,
		  unsigned int calls)
{
	struct qaic_exec *exec;
	unsigned int i, n;
	float *x, *y;

	assert_int_equal(qaic_exec_create(prog, spec, &exec, NULL), 0);
	x = qaic_exec_buffer(exec, 0, NULL);
	for (i = 0; i < HM_N; i++)
		x[i] = i + 1;
	for (n = 1; n <= calls; n++) {
		assert_int_equal(qaic_exec_run(exec, NULL), 0);
		y = qaic_exec_buffer(exec, 1, NULL);
		for (i = 0; i < HM_N; i++)
			assert_true(y[i] == n * k * (i + 1));
	}
	qaic_exec_destroy(exec);
}

static void one_mode(const char *mode)
{
	struct qaic_err err = QAIC_ERR_INIT;
	struct qaic_program *prog;
	struct qaic_device *dev;
	unsigned int i;

	if (mode)
		setenv("QAIC_HUGE_PAGES", mode, 1);
	else
		unsetenv("QAIC_HUGE_PAGES");
	assert_int_equal(qaic_device_open(0, &dev, &err), 0);
	/* unloaded at once, after a call (while they are replaced), and later */
	for (i = 0; i < 3; i++) {
		assert_int_equal(qaic_program_load(dev, dir, &prog, &err), 0);
		if (i)
			check(prog, i - 1, i + 1, i == 1 ? 1 : 2000);
		qaic_program_unload(prog);
	}
	qaic_device_close(dev);
}

static void test_programs(void **state)
{
	struct qaic_err err = QAIC_ERR_INIT;
	struct qaic_device *dev;

	hm_const_off = 40 * MIB;
	assert_int_equal(hm_write(dir, 4, &err), 0);
	hm_const_off = 0;
	setenv("QAIC_EMBEDDED", "1", 1);
	one_mode("0");
	one_mode("1");
	one_mode(NULL);
	setenv("QAIC_HUGE_PAGES", "yes", 1);
	assert_int_equal(qaic_device_open(0, &dev, &err), -EINVAL);
	assert_non_null(strstr(err.msg, "QAIC_HUGE_PAGES=yes"));
}

#define WITH_FILE(f) cmocka_unit_test_setup_teardown(f, map_file, unmap_file)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_FILE(test_replaced),
		WITH_FILE(test_read_meanwhile),
		WITH_FILE(test_shorter),
		WITH_FILE(test_stopped),
		WITH_FILE(test_small),
		cmocka_unit_test(test_programs),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
