// SPDX-License-Identifier: MIT
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>

#include "base/file.h"
#include "soc/cgroup.h"
#include "soc/room.h"

/* The number behind @key, which begins a line of @text; 0 without. */
static uint64_t number_of(const char *text, const char *key)
{
	size_t len = strlen(key);
	const char *p = text;

	for (; p; p = strchr(p, '\n')) {
		p += *p == '\n';
		if (!strncmp(p, key, len))
			return strtoull(p + len, NULL, 10);
	}
	return 0;
}

/* false: no such file, or "max" */
static bool limit_of(const char *dir, const char *name, uint64_t *n)
{
	char *text = soc_read_text(dir, name), *end;

	if (!text)
		return false;
	*n = strtoull(text, &end, 10);
	free(text);
	return end != text;
}

/* What a group is said to have, in the two versions of cgroups */
static const struct names {
	const char *max, *high, *used, *inactive, *active;
} v2 = {
	"memory.max", "memory.high", "memory.current", "inactive_file ",
	"active_file ",
}, v1 = {
	"memory.limit_in_bytes", NULL, "memory.usage_in_bytes",
	"total_inactive_file ", "total_active_file ",
};

/* a group's limit less what it has taken, but for page cache */
static void group_room(const struct names *n, const char *dir, uint64_t *room)
{
	uint64_t max, high, used, cache = 0;
	char *stat;

	if (!limit_of(dir, n->max, &max))
		max = UINT64_MAX;
	if (n->high && limit_of(dir, n->high, &high) && high < max)
		max = high;
	if (max == UINT64_MAX || !limit_of(dir, n->used, &used))
		return;
	stat = soc_read_text(dir, "memory.stat");
	if (stat)
		cache = number_of(stat, n->inactive) +
			number_of(stat, n->active);
	free(stat);
	used = used > cache ? used - cache : 0;
	max = max > used ? max - used : 0;
	if (max < *room)
		*room = max;
}

static void room_v2(const char *dir, void *room)
{
	group_room(&v2, dir, room);
}

static void room_v1(const char *dir, void *room)
{
	group_room(&v1, dir, room);
}

uint64_t soc_room(const char *proc)
{
	char *text = soc_read_text(proc, "meminfo");
	char *self = qaic_path(proc, "self");
	uint64_t room = UINT64_MAX;

	if (text && strstr(text, "MemAvailable:"))
		room = number_of(text, "MemAvailable:") << 10;
	if (self) {
		soc_cgroup_each(self, NULL, room_v2, &room);
		soc_cgroup_each(self, "memory", room_v1, &room);
	}
	free(self);
	free(text);
	return room;
}

bool soc_huge_pages(const char *sys)
{
	char *text = soc_read_text(sys, "transparent_hugepage/enabled");
	bool on = text && !strstr(text, "[never]");

	free(text);
	return on && prctl(PR_GET_THP_DISABLE, 0, 0, 0, 0) != 1;
}
