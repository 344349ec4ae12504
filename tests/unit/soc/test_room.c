// SPDX-License-Identifier: MIT
/* What memory there is, by files that say it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "soc/room.h"
#include "tests/unit/soc/handmade.h"

static const char *dir;
static char *proc, *groups;

static void put(const char *name, const char *text)
{
	char *path = qaic_path(dir, name);
	char *end = strrchr(path, '/');

	*end = '\0';
	assert_int_equal(qaic_mkdirs(path, NULL), 0);
	*end = '/';
	assert_int_equal(qaic_write_file(path, text, strlen(text), NULL), 0);
	free(path);
}

/* @line with the directory of the groups */
static void mount(const char *line)
{
	char text[512];

	snprintf(text, sizeof(text), line, groups);
	put("proc/self/mountinfo", text);
}

static int setup(void **state)
{
	dir = hm_tmpdir();
	if (!dir)
		return -1;
	proc = qaic_path(dir, "proc");
	groups = qaic_path(dir, "groups");
	return 0;
}

static int teardown(void **state)
{
	free(proc);
	free(groups);
	return qaic_rmtree(dir, NULL);
}

static uint64_t room(void)
{
	return soc_room(proc);
}

static void test_room(void **state)
{
	/* nothing is known */
	assert_true(room() == UINT64_MAX);
	put("proc/meminfo", "MemTotal: 9000 kB\nMemFree: 1 kB\n");
	assert_true(room() == UINT64_MAX);
	put("proc/meminfo", "MemTotal: 9000 kB\nMemAvailable:  4000 kB\n");
	assert_int_equal(room(), 4096000);
	/* groups without limits; an old hierarchy beside them */
	put("proc/self/cgroup", "2:cpu:/x\n0::/a/b\n");
	mount("31 30 0:27 / %s rw - cgroup2 cgroup2 rw\n");
	put("groups/a/b/memory.max", "max\n");
	put("groups/a/b/memory.current", "5000\n");
	assert_int_equal(room(), 4096000);
	put("groups/a/b/memory.max", "1000000\n");
	assert_int_equal(room(), 995000);
	/* page cache can go */
	put("groups/a/b/memory.stat", "anon 1000\ninactive_file 2500\n"
	    "active_file 500\nslab 1\n");
	assert_int_equal(room(), 998000);
	put("groups/a/b/memory.high", "500000\n");
	assert_int_equal(room(), 498000);
	/* a group above, which is used up */
	put("groups/a/memory.max", "3000\n");
	put("groups/a/memory.current", "4000\n");
	assert_int_equal(room(), 0);
	put("groups/a/memory.max", "junk\n");
	assert_int_equal(room(), 498000);
	put("proc/self/cgroup", "0::/\n");
	put("groups/memory.max", "600000\n");
	put("groups/memory.current", "0\n");
	assert_int_equal(room(), 600000);
	/* the old way */
	put("proc/self/cgroup", "4:memory:/c\n");
	mount("31 30 0:27 / %s rw - cgroup cgroup rw,memory\n");
	put("groups/c/memory.limit_in_bytes", "700000\n");
	put("groups/c/memory.usage_in_bytes", "90000\n");
	put("groups/c/memory.stat", "inactive_file 1\n"
	    "total_inactive_file 10000\ntotal_active_file 5000\n");
	assert_int_equal(room(), 625000);
}

static void test_huge(void **state)
{
	static const char name[] = "mm/transparent_hugepage/enabled";
	char *mm = qaic_path(dir, "mm");

	assert_false(soc_huge_pages(mm));
	put(name, "always madvise [never]\n");
	assert_false(soc_huge_pages(mm));
	put(name, "always [madvise] never\n");
	assert_true(soc_huge_pages(mm));
	put(name, "[always] madvise never\n");
	assert_true(soc_huge_pages(mm));
	free(mm);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_room),
		cmocka_unit_test(test_huge),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
