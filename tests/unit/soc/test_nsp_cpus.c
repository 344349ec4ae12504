// SPDX-License-Identifier: MIT
/* How many CPUs there are for us: affinities of any size, quotas of any cgroup. */
#include <dirent.h>
#include <errno.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/file.h"
#include "base/str.h"
#include "soc/nsp.h"
#include "soc/nsp_cpus.h"
#include "soc/nsp_keep.h"

/* ---- affinity ---- */

static unsigned int have, kernel_max, calls;

/* a kernel of kernel_max CPUs, with the first @have and the very last for us */
static int fake_affinity(pid_t pid, size_t size, cpu_set_t *set)
{
	unsigned int i;

	calls++;
	if (pid || size * 8 < kernel_max) {
		errno = EINVAL;
		return -1;
	}
	CPU_ZERO_S(size, set);
	for (i = 0; i + 1 < have; i++)
		CPU_SET_S(i, size, set);
	CPU_SET_S(kernel_max - 1, size, set);
	return 0;
}

static void test_affinity(void **state)
{
	static const unsigned int counts[] = { 1, 2, 64, 1024, 5000 };
	static const unsigned int maxes[] = { 64, 1024, 1025, 8192, 65536 };
	unsigned int i, k;

	for (i = 0; i < 5; i++)
		for (k = 0; k < 5; k++) {
			if (counts[i] > maxes[k])
				continue;
			have = counts[i];
			kernel_max = maxes[k];
			assert_int_equal(nsp_cpus_allowed(fake_affinity), have);
		}
	kernel_max = 1 << 20;
	assert_int_equal(nsp_cpus_allowed(fake_affinity), 0);
}

static int no_affinity(pid_t pid, size_t size, cpu_set_t *set)
{
	calls++;
	errno = ENOSYS;
	return -1;
}

static void test_no_affinity(void **state)
{
	calls = 0;
	assert_int_equal(nsp_cpus_allowed(no_affinity), 0);
	assert_int_equal(calls, 1);
}

/* As taskset does: a pool that is made then has one thread. */
static void test_taskset(void **state)
{
	struct nsp_pool *pool;
	cpu_set_t all, one;
	int cpu, status;
	pid_t pid;

	assert_int_equal(sched_getaffinity(0, sizeof(all), &all), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (!pid) {
		for (cpu = 0; !CPU_ISSET(cpu, &all); cpu++)
			;
		CPU_ZERO(&one);
		CPU_SET(cpu, &one);
		if (sched_setaffinity(0, sizeof(one), &one) ||
		    nsp_cpus() != 1 || nsp_pool_create(0, &pool, NULL) ||
		    nsp_pool_threads(pool) != 1)
			_exit(1);
		/* more CPUs later: the pool stays as it is, and works */
		sched_setaffinity(0, sizeof(all), &all);
		nsp_pool_destroy(pool);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	assert_true(nsp_cpus() >= 1);
	assert_true(nsp_cpus() <= (unsigned int)CPU_COUNT(&all));
}

/* 0, or the line that is wrong: in a process of its own, for its affinity */
static int keep_number(unsigned int nr)
{
	cpu_set_t all, now;
	struct nsp_keep k;

	sched_getaffinity(0, sizeof(all), &all);
	nsp_keep_init(&k, nr);
	nsp_keep(&k, true);
	sched_getaffinity(0, sizeof(now), &now);
	if (nr >= (unsigned int)CPU_COUNT(&all))
		return !CPU_EQUAL(&all, &now) ? __LINE__ : 0;
	CPU_AND(&now, &all, &now);
	if (CPU_COUNT(&now) != 1)
		return __LINE__;
	nsp_keep(&k, false);
	sched_getaffinity(0, sizeof(now), &now);
	if (!CPU_EQUAL(&all, &now))
		return __LINE__;

	/* somebody else has the last word */
	nsp_keep(&k, true);
	sched_setaffinity(0, sizeof(all), &all);
	nsp_keep(&k, false);
	nsp_keep(&k, true);
	sched_getaffinity(0, sizeof(now), &now);
	nsp_keep_release(&k);
	return CPU_COUNT(&all) > 1 && !CPU_EQUAL(&all, &now) ? __LINE__ : 0;
}

static void test_keep(void **state)
{
	unsigned int n = nsp_cpus_allowed(sched_getaffinity), i;
	int status;
	pid_t pid;

	for (i = 0; i <= n; i++) {
		pid = fork();
		assert_true(pid >= 0);
		if (!pid)
			_exit(keep_number(i));
		assert_int_equal(waitpid(pid, &status, 0), pid);
		assert_int_equal(status, 0);
	}
}

/* CPUs that any thread but this one may use, and each alone; or -1 */
static int kept_cpus(void)
{
	cpu_set_t any, one;
	struct dirent *e;
	DIR *d = opendir("/proc/self/task");
	bool alone = true;
	pid_t tid;

	assert_non_null(d);
	CPU_ZERO(&any);
	while ((e = readdir(d))) {
		tid = atoi(e->d_name);
		if (!tid || tid == getpid() ||
		    sched_getaffinity(tid, sizeof(one), &one))
			continue;
		alone = alone && CPU_COUNT(&one) == 1;
		CPU_OR(&any, &any, &one);
	}
	closedir(d);
	return alone ? CPU_COUNT(&any) : -1;
}

/* A thread for each CPU keeps its own; fewer go where they like. */
static void test_kept_pool(void **state)
{
	int n = nsp_cpus_allowed(sched_getaffinity), tries;
	struct nsp_pool *pool;

	if (n == 1 || n > 16 || nsp_cpus() != (unsigned int)n)
		skip();
	assert_int_equal(nsp_pool_create(0, &pool, NULL), 0);
	for (tries = 0; kept_cpus() != n && tries < 2000; tries++)
		usleep(1000);
	assert_int_equal(kept_cpus(), n);
	nsp_pool_destroy(pool);

	assert_int_equal(nsp_pool_create(1, &pool, NULL), 0);
	usleep(20000);
	assert_int_equal(kept_cpus(), -1);
	nsp_pool_destroy(pool);
}

/* ---- quotas ---- */

/* A file "DIR/NAME" in the temporary directory; directories are made. */
static void put(const char *tmp, const char *dir, const char *name,
		const char *text)
{
	char *d = qaic_asprintf("%s/%s", tmp, dir), *path = qaic_path(d, name);

	assert_int_equal(qaic_mkdirs(d, NULL), 0);
	assert_int_equal(qaic_write_file(path, text, strlen(text), NULL), 0);
	free(path);
	free(d);
}

#define MOUNTS								\
	"22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw\n"	\
	"26 22 0:24 / %s/v2 rw shared:9 - cgroup2 cgroup2 rw,nsdelegate\n" \
	"31 22 0:27 / %s/cpuset rw - cgroup cgroup rw,cpuset\n"	\
	"32 22 0:28 %s %s/v1 rw shared:7 master:1 - cgroup cgroup rw,cpu,cpuacct\n"

static uint64_t quota(const char *tmp, const char *groups, const char *v1_root)
{
	char *mounts = qaic_asprintf(MOUNTS, tmp, tmp, v1_root, tmp);

	put(tmp, ".", "cgroup", groups);
	put(tmp, ".", "mountinfo", mounts);
	free(mounts);
	return nsp_cpus_quota(tmp);
}

static char *make_tmp(void)
{
	char *tmp = strdup("/tmp/qaic-cpus-XXXXXX");

	assert_non_null(mkdtemp(tmp));
	return tmp;
}

static void drop_tmp(char *tmp)
{
	qaic_rmtree(tmp, NULL);
	free(tmp);
}

/* What cpu.max may hold. */
static void test_v2(void **state)
{
	static const struct {
		const char *text;
		uint64_t want;
	} max[] = {
		{ "max 100000\n", 0 }, { "100000 100000\n", 1000 },
		{ "50000 100000\n", 500 }, { "150000 100000\n", 1500 },
		{ "1000 1000000\n", 1 }, { "1 1000000\n", 1 },
		{ "6400000 100000\n", 64000 }, { "", 0 }, { "100000", 0 },
		{ "100000 0\n", 0 }, { "-5 100000\n", 0 },
		{ "9223372036854775807 1\n", 0 },
		{ "9223372036854775807 9223372036854775807\n", 1000 },
		{ "4611686018427387904 9223372036854775807\n", 500 },
	};
	char *tmp = make_tmp();
	size_t i;

	/* the top of a hierarchy has no such file */
	assert_int_equal(quota(tmp, "0::/\n", "/"), 0);
	for (i = 0; i < QAIC_ARRAY_SIZE(max); i++) {
		put(tmp, "v2/a.slice/b", "cpu.max", max[i].text);
		assert_int_equal(quota(tmp, "0::/a.slice/b\n", "/"),
				 max[i].want);
	}
	drop_tmp(tmp);
}

/* The least of all groups around ours counts. */
static void test_nested(void **state)
{
	char *tmp = make_tmp();

	put(tmp, "v2/a", "cpu.max", "200000 100000\n");
	put(tmp, "v2/a/b", "cpu.max", "max 100000\n");
	put(tmp, "v2/a/b/c", "cpu.max", "350000 100000\n");
	assert_int_equal(quota(tmp, "0::/a/b/c\n", "/"), 2000);
	assert_int_equal(quota(tmp, "0::/a/b/c/not/there\n", "/"), 2000);
	put(tmp, "v2/a/b/c", "cpu.max", "25000 50000\n");
	assert_int_equal(quota(tmp, "0::/a/b/c\n", "/"), 500);
	assert_int_equal(quota(tmp, "0::/a\n", "/"), 2000);
	/* a neighbour's is nothing to us */
	assert_int_equal(quota(tmp, "0::/x\n", "/"), 0);
	drop_tmp(tmp);
}

static void put_v1(const char *tmp, const char *dir, const char *us)
{
	put(tmp, dir, "cpu.cfs_quota_us", us);
	put(tmp, dir, "cpu.cfs_period_us", "100000\n");
}

static void test_v1(void **state)
{
	static const char groups[] = "12:cpuset:/\n4:cpuacct,cpu:/docker/x\n"
				     "1:name=systemd:/docker/x\n0::/docker/x\n";
	char *tmp = make_tmp();

	put_v1(tmp, "v1", "-1\n");
	put_v1(tmp, "v1/docker/x", "150000\n");
	assert_int_equal(quota(tmp, groups, "/"), 1500);
	put_v1(tmp, "v1/docker", "50000\n");
	assert_int_equal(quota(tmp, groups, "/"), 500);
	/* both kinds, as systemd's hybrid layout might have it */
	put(tmp, "v2/docker", "cpu.max", "30000 100000\n");
	assert_int_equal(quota(tmp, groups, "/"), 300);
	put_v1(tmp, "v1/docker", "-1\n");
	put_v1(tmp, "v1/docker/x", "-1\n");
	put(tmp, "v2/docker", "cpu.max", "max 100000\n");
	assert_int_equal(quota(tmp, groups, "/"), 0);
	drop_tmp(tmp);
}

/* A container sees its own group, as the top of the mount. */
static void test_container(void **state)
{
	static const char groups[] = "4:cpu,cpuacct:/docker/x\n";
	char *tmp = make_tmp();

	put_v1(tmp, "v1", "200000\n");
	assert_int_equal(quota(tmp, groups, "/docker/x"), 2000);
	assert_int_equal(quota(tmp, groups, "/docker"), 2000);
	put_v1(tmp, "v1/x", "100000\n");
	assert_int_equal(quota(tmp, groups, "/docker"), 1000);
	/* not below: "/dock" is no group around "/docker" */
	assert_int_equal(quota(tmp, groups, "/dock"), 2000);
	assert_int_equal(quota(tmp, groups, "/other"), 2000);
	/* from outside of our namespace */
	assert_int_equal(quota(tmp, "4:cpu:/../../x\n", "/"), 2000);
	drop_tmp(tmp);
}

/* Blanks in the path, and files that are not what they should be. */
static void test_odd(void **state)
{
	static const char mount[] =
		"26 22 0:24 / %s/a\\040b\\134c rw - cgroup2 none rw\n";
	char *tmp = make_tmp(), *text;

	assert_int_equal(nsp_cpus_quota(tmp), 0);
	text = qaic_asprintf(mount, tmp);
	put(tmp, ".", "mountinfo", text);
	put(tmp, ".", "cgroup", "0::/");
	put(tmp, "a b\\c", "cpu.max", "70000 100000");
	assert_int_equal(nsp_cpus_quota(tmp), 700);
	put(tmp, ".", "mountinfo", "26 - cgroup2\n - \n1 2 3 - cgroup2 a b\n"
	    "- cgroup\n26 22 0:24 / - cgroup none\n - cgroup none cpu");
	put(tmp, ".", "cgroup", "::\n\n0:\n0::\n4:cpu\n5:cpu:x:\n:::/");
	assert_int_equal(nsp_cpus_quota(tmp), 0);
	free(text);
	drop_tmp(tmp);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_affinity),
		cmocka_unit_test(test_no_affinity),
		cmocka_unit_test(test_taskset),
		cmocka_unit_test(test_keep),
		cmocka_unit_test(test_kept_pool),
		cmocka_unit_test(test_v2),
		cmocka_unit_test(test_nested),
		cmocka_unit_test(test_v1),
		cmocka_unit_test(test_container),
		cmocka_unit_test(test_odd),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
