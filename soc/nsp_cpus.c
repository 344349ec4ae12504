// SPDX-License-Identifier: MIT
/*
 * How many CPUs this process may use: its affinity (in which CPUs that are offline
 * are not), cut by the CPU quota of its control groups (cgroups(7): cpu.max of v2,
 * cpu.cfs_quota_us of v1, or both where a v1 hierarchy has the controller).
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/str.h"
#include "soc/nsp_cpus.h"

#define MOST_CPUS	(64 << 10)
#define MOST_TEXT	(16u << 20)

/* ---- affinity ---- */

/* The kernel refuses a set that is smaller than its own (EINVAL). */
unsigned int nsp_cpus_allowed(int (*get)(pid_t pid, size_t size,
					 cpu_set_t *set))
{
	unsigned int max, n = 0;
	cpu_set_t *set;
	size_t size;
	int rc = -1;

	for (max = CPU_SETSIZE; rc && max <= MOST_CPUS; max *= 2) {
		set = CPU_ALLOC(max);
		if (!set)
			return 0;
		size = CPU_ALLOC_SIZE(max);
		rc = get(0, size, set);
		if (!rc)
			n = CPU_COUNT_S(size, set);
		else if (errno != EINVAL)
			max = MOST_CPUS;
		CPU_FREE(set);
	}
	return n;
}

/* ---- quota ---- */

static char *read_text(const char *dir, const char *name)
{
	char *path = qaic_path(dir, name), *text = NULL;
	size_t len;

	if (path && qaic_read_file(path, MOST_TEXT, &text, &len, NULL))
		text = NULL;
	free(path);
	return text;
}

/* In thousandths, at least one; 0 for what is no limit. */
static uint64_t thousandths(long long quota, long long period)
{
	uint64_t n;

	if (quota <= 0 || period <= 0 || quota / period >= MOST_CPUS)
		return 0;
	n = quota / period * 1000 + quota % period * 1000 / period;
	return n ? n : 1;
}

/* "max 100000" or "150000 100000" */
static uint64_t quota_v2(const char *dir)
{
	char *text = read_text(dir, "cpu.max");
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
	char *quota = read_text(dir, "cpu.cfs_quota_us");
	char *period = read_text(dir, "cpu.cfs_period_us");
	uint64_t n = 0;

	if (quota && period)
		n = thousandths(atoll(quota), atoll(period));
	free(quota);
	free(period);
	return n;
}

/* @word in a list with commas */
static bool has_word(const char *list, const char *word)
{
	size_t len = strlen(word);
	const char *s;

	for (s = list; (s = strstr(s, word)); s += len)
		if ((s == list || s[-1] == ',') && (!s[len] || s[len] == ','))
			return true;
	return false;
}

/*
 * Our group in the hierarchy, of lines "3:cpu,cpuacct:/a/b"; v2 has "0::/a/b".
 * Points into @text, which is cut there.
 */
static char *group_of(char *text, bool v2)
{
	char *line, *list, *path, *next;

	for (line = text; line && *line; line = next) {
		next = strchr(line, '\n');
		if (next)
			*next++ = '\0';
		list = strchr(line, ':');
		path = list ? strchr(list + 1, ':') : NULL;
		if (!path)
			continue;
		*path++ = '\0';
		if (v2 ? !list[1] && !strcmp(line, "0:") :
		    has_word(list + 1, "cpu"))
			return path;
	}
	return NULL;
}

/* mountinfo writes blanks, and the backslash itself, as \ooo */
static void unescape(char *s)
{
	char *to = s;

	for (; *s; s++) {
		if (s[0] == '\\' && s[1] >= '0' && s[1] <= '3' &&
		    s[2] >= '0' && s[2] <= '7' && s[3] >= '0' && s[3] <= '7') {
			*to++ = (s[1] - '0') << 6 | (s[2] - '0') << 3 |
				(s[3] - '0');
			s += 3;
		} else {
			*to++ = *s;
		}
	}
	*to = '\0';
}

/*
 * A line "36 35 98:0 ROOT POINT options - TYPE source options" (proc(5)), if it is
 * a mount of that hierarchy. Cuts the line.
 */
static bool read_mount(char *line, bool v2, char **root, char **point)
{
	char *field[5], *tail = strstr(line, " - "), *type, *options;
	int i;

	if (!tail)
		return false;
	*tail = '\0';
	type = strtok_r(tail + 3, " ", &options);
	strtok_r(NULL, " ", &options);
	if (!type || strcmp(type, v2 ? "cgroup2" : "cgroup") ||
	    (!v2 && (!options || !has_word(options, "cpu"))))
		return false;
	for (i = 0; i < 5; i++) {
		field[i] = strtok_r(i ? NULL : line, " ", &tail);
		if (!field[i])
			return false;
	}
	*root = field[3];
	*point = field[4];
	unescape(*root);
	unescape(*point);
	return true;
}

/* Where @group is below a mount of @root: "" for its top. NULL: not there. */
static const char *below(const char *root, const char *group)
{
	size_t len = strlen(root);

	if (!strcmp(root, "/"))
		len = 0;
	/* a group outside of our cgroup namespace: "/../x" */
	if (strstr(group, "/..") || strncmp(group, root, len) ||
	    (group[len] && group[len] != '/'))
		return NULL;
	return !strcmp(group + len, "/") ? "" : group + len;
}

/* The directory of our group; *top is the length of its mount point. */
static char *find_dir(char *mounts, const char *group, bool v2, size_t *top)
{
	char *line, *next, *root, *point, *dir = NULL;
	const char *rest;

	for (line = mounts; line && *line; line = next) {
		next = strchr(line, '\n');
		if (next)
			*next++ = '\0';
		if (!read_mount(line, v2, &root, &point))
			continue;
		rest = below(root, group);
		if (dir && !rest)
			continue;
		/* the top is better than nothing: containers see no more */
		free(dir);
		*top = strlen(point);
		dir = qaic_asprintf("%s%s", point, rest ? rest : "");
		if (rest)
			break;
	}
	return dir;
}

/* every group from ours up to the top may have a quota */
static uint64_t hierarchy_quota(const char *proc, bool v2)
{
	char *groups = read_text(proc, "cgroup");
	char *mounts = read_text(proc, "mountinfo");
	char *group = groups ? group_of(groups, v2) : NULL, *dir = NULL;
	uint64_t min = 0, n;
	size_t top = 0;

	if (group && mounts)
		dir = find_dir(mounts, group, v2, &top);
	while (dir) {
		n = v2 ? quota_v2(dir) : quota_v1(dir);
		if (n && (!min || n < min))
			min = n;
		if (strlen(dir) <= top)
			break;
		*strrchr(dir, '/') = '\0';
	}
	free(dir);
	free(mounts);
	free(groups);
	return min;
}

uint64_t nsp_cpus_quota(const char *proc)
{
	uint64_t v1 = hierarchy_quota(proc, false);
	uint64_t v2 = hierarchy_quota(proc, true);

	return v1 && (!v2 || v1 < v2) ? v1 : v2;
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
