// SPDX-License-Identifier: MIT
/*
 * How many CPUs this process may use: its affinity, cut by the CPU quota of its
 * control groups (cgroup v2 cpu.max).
 */
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/str.h"
#include "soc/nsp_cpus.h"

/* "max 100000" or "150000 100000": whole CPUs, at least 1; 0 = no limit */
static unsigned int parse_max(const char *text)
{
	unsigned long long quota, period;

	if (sscanf(text, "%llu %llu", &quota, &period) != 2 || !quota ||
	    !period || quota / period >= 4096)
		return 0;
	return (quota + period - 1) / period;
}

static unsigned int quota_of(const char *dir)
{
	char *path = qaic_path(dir, "cpu.max"), *text = NULL;
	unsigned int n = 0;
	size_t len;

	if (path && !qaic_read_file(path, 4096, &text, &len, NULL))
		n = parse_max(text);
	free(text);
	free(path);
	return n;
}

/* every group from ours up to the root may have a quota */
static unsigned int cgroup_quota(void)
{
	static const char root[] = "/sys/fs/cgroup";
	char *text = NULL, *line, *dir, *end;
	unsigned int min = 0, n;
	size_t len;

	if (qaic_read_file("/proc/self/cgroup", 65536, &text, &len, NULL))
		return 0;
	line = strncmp(text, "0::/", 4) ? strstr(text, "\n0::/") : text - 1;
	if (!line) {
		free(text);
		return 0;
	}
	line += 4;
	line[strcspn(line, "\n")] = '\0';
	dir = qaic_asprintf("%s%s", root, line);
	free(text);
	while (dir && strlen(dir) >= sizeof(root) - 1) {
		n = quota_of(dir);
		if (n && (!min || n < min))
			min = n;
		end = strrchr(dir, '/');
		if (!end)
			break;
		*end = '\0';
	}
	free(dir);
	return min;
}

unsigned int nsp_cpus(void)
{
	unsigned int n = 1, quota;
	cpu_set_t set;

	if (!sched_getaffinity(0, sizeof(set), &set))
		n = CPU_COUNT(&set);
	quota = cgroup_quota();
	if (quota && quota < n)
		n = quota;
	return n ? n : 1;
}
