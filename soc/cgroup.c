// SPDX-License-Identifier: MIT
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/str.h"
#include "soc/cgroup.h"

#define MOST_TEXT	(16u << 20)

char *soc_read_text(const char *dir, const char *name)
{
	char *path = qaic_path(dir, name), *text = NULL;
	size_t len;

	if (path && qaic_read_file(path, MOST_TEXT, &text, &len, NULL))
		text = NULL;
	free(path);
	return text;
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
static char *group_of(char *text, const char *v1)
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
		if (v1 ? has_word(list + 1, v1) :
		    !list[1] && !strcmp(line, "0:"))
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
static bool read_mount(char *line, const char *v1, char **root, char **point)
{
	char *field[5], *tail = strstr(line, " - "), *type, *options;
	int i;

	if (!tail)
		return false;
	*tail = '\0';
	type = strtok_r(tail + 3, " ", &options);
	strtok_r(NULL, " ", &options);
	if (!type || strcmp(type, v1 ? "cgroup" : "cgroup2") ||
	    (v1 && (!options || !has_word(options, v1))))
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
static char *find_dir(char *mounts, const char *group, const char *v1, size_t *top)
{
	char *line, *next, *root, *point, *dir = NULL;
	const char *rest;

	for (line = mounts; line && *line; line = next) {
		next = strchr(line, '\n');
		if (next)
			*next++ = '\0';
		if (!read_mount(line, v1, &root, &point))
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

void soc_cgroup_each(const char *proc, const char *v1,
		     void (*fn)(const char *dir, void *ctx), void *ctx)
{
	char *groups = soc_read_text(proc, "cgroup");
	char *mounts = soc_read_text(proc, "mountinfo");
	char *group = groups ? group_of(groups, v1) : NULL, *dir = NULL;
	size_t top = 0;

	if (group && mounts)
		dir = find_dir(mounts, group, v1, &top);
	while (dir) {
		fn(dir, ctx);
		if (strlen(dir) <= top)
			break;
		*strrchr(dir, '/') = '\0';
	}
	free(dir);
	free(mounts);
	free(groups);
}
