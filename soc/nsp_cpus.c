// SPDX-License-Identifier: MIT
/*
 * How many CPUs this process may use: its affinity (in which CPUs that are offline
 * are not), cut by the CPU quota of its control groups (cgroups(7): cpu.max of v2,
 * cpu.cfs_quota_us of v1, or both where a v1 hierarchy has the controller).
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "soc/cgroup.h"
#include "soc/nsp_cpus.h"

#define MOST_CPUS	(64 << 10)

/* ---- affinity ---- */

/* The kernel refuses a set that is smaller than its own (EINVAL). */
cpu_set_t *nsp_cpus_set(int (*get)(pid_t pid, size_t size, cpu_set_t *set),
			size_t *size)
{
	cpu_set_t *set;
	unsigned int max;

	for (max = CPU_SETSIZE; max <= MOST_CPUS; max *= 2) {
		*size = CPU_ALLOC_SIZE(max);
		set = CPU_ALLOC(max);
		if (!set || !get(0, *size, set))
			return set;
		CPU_FREE(set);
		if (errno != EINVAL)
			break;
	}
	return NULL;
}

unsigned int nsp_cpus_allowed(int (*get)(pid_t pid, size_t size,
					 cpu_set_t *set))
{
	size_t size;
	cpu_set_t *set = nsp_cpus_set(get, &size);
	unsigned int n;

	if (!set)
		return 0;
	n = CPU_COUNT_S(size, set);
	CPU_FREE(set);
	return n;
}

/* ---- quota ---- */

/* In thousandths, at least one; 0 for what is no limit. */
static uint64_t thousandths(long long quota, long long period)
{
	uint64_t n;

	if (quota <= 0 || period <= 0 || quota / period >= MOST_CPUS)
		return 0;
	n = (__int128)quota * 1000 / period;
	return n ? n : 1;
}

/* "max 100000" or "150000 100000" */
static uint64_t quota_v2(const char *dir)
{
	char *text = soc_read_text(dir, "cpu.max");
	long long quota, period;
	uint64_t n = 0;

	if (text && sscanf(text, "%lld %lld", &quota, &period) == 2)
		n = thousandths(quota, period);
	free(text);
	return n;
}

/* "-1" is none */
static uint64_t quota_v1(const char *dir)
{
	char *quota = soc_read_text(dir, "cpu.cfs_quota_us");
	char *period = soc_read_text(dir, "cpu.cfs_period_us");
	uint64_t n = 0;

	if (quota && period)
		n = thousandths(atoll(quota), atoll(period));
	free(quota);
	free(period);
	return n;
}

struct least {
	uint64_t (*quota)(const char *dir);
	uint64_t min;
};

/* every group from ours up to the top may have a quota */
static void take_least(const char *dir, void *ctx)
{
	struct least *l = ctx;
	uint64_t n = l->quota(dir);

	if (n && (!l->min || n < l->min))
		l->min = n;
}

uint64_t nsp_cpus_quota(const char *proc)
{
	struct least v1 = { .quota = quota_v1 }, v2 = { .quota = quota_v2 };

	soc_cgroup_each(proc, "cpu", take_least, &v1);
	soc_cgroup_each(proc, NULL, take_least, &v2);
	return v1.min && (!v2.min || v1.min < v2.min) ? v1.min : v2.min;
}

/* ---- both ---- */

unsigned int nsp_cpus(void)
{
	uint64_t quota = (nsp_cpus_quota("/proc/self") + 999) / 1000;
	unsigned int n = nsp_cpus_allowed(sched_getaffinity);

	if (quota && quota < n)
		n = quota;
	return n ? n : 1;
}
