// SPDX-License-Identifier: MIT
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/hash.h"
#include "base/json.h"
#include "base/str.h"
#include "libqeff/artefact.h"

#define SIZES		"sizes.json"
#define MAX_SIZES	(1 << 20)
#define MAX_DEPTH	4
/* numbers of a config have at most that many digits, and stay readable */
#define REAL		JSON_REAL_PRECISION(15)

static int no_memory(struct qaic_err *err)
{
	return qaic_fail(err, -ENOMEM, "out of memory");
}

int qeff_json_hash(const json_t *params, char hash[17], struct qaic_err *err)
{
	char *text = json_dumps(params, JSON_COMPACT | JSON_SORT_KEYS | REAL |
				JSON_ENSURE_ASCII);
	char hex[65];

	if (!text)
		return no_memory(err);
	qaic_sha256_hex(text, strlen(text), hex);
	free(text);
	memcpy(hash, hex, 16);
	hash[16] = '\0';
	return 0;
}

int qeff_json_write(const char *dir, const char *name, const json_t *j,
		    struct qaic_err *err)
{
	char *path = qaic_path(dir, name);
	char *text = json_dumps(j, JSON_INDENT(4) | JSON_COMPACT | REAL |
				JSON_SORT_KEYS | JSON_ENSURE_ASCII);
	int ret;

	if (path && text)
		ret = qaic_write_file(path, text, strlen(text), err);
	else
		ret = no_memory(err);
	free(path);
	free(text);
	return ret;
}

/* A name from sizes.json must stay inside the directory. */
static bool safe_name(const char *name)
{
	return *name && *name != '/' && !strstr(name, "..");
}

bool qeff_artefact_complete(const char *dir)
{
	struct qaic_err err = QAIC_ERR_INIT;
	bool ok = false;
	json_t *root = NULL, *size;
	const char *name;
	struct stat st;
	char *path;

	path = qaic_path(dir, SIZES);
	if (!path || qaic_json_load(path, MAX_SIZES, &root, &err))
		goto out;
	ok = json_object_size(root) > 0;
	json_object_foreach(root, name, size) {
		free(path);
		path = qaic_path(dir, name);
		if (!path || !safe_name(name) || !json_is_integer(size) ||
		    stat(path, &st) || !S_ISREG(st.st_mode) ||
		    st.st_size != json_integer_value(size)) {
			ok = false;
			break;
		}
	}
out:
	json_decref(root);
	free(path);
	return ok;
}

/* Record the size of every file below dir/sub as "sub/name". */
static int add_sizes(json_t *sizes, const char *dir, const char *sub, int depth,
		     struct qaic_err *err)
{
	char *path = *sub ? qaic_path(dir, sub) : strdup(dir);
	DIR *d = path ? opendir(path) : NULL;
	struct dirent *e;
	char *name = NULL, *file = NULL;
	struct stat st;
	int ret = 0;

	if (!d) {
		ret = qaic_fail(err, path ? -errno : -ENOMEM, "%s: %s", dir,
				strerror(path ? errno : ENOMEM));
		goto out;
	}
	while (!ret && (e = readdir(d))) {
		if (!strcmp(e->d_name, ".") || !strcmp(e->d_name, ".."))
			continue;
		free(name);
		free(file);
		name = *sub ? qaic_path(sub, e->d_name) : strdup(e->d_name);
		file = name ? qaic_path(dir, name) : NULL;
		if (!file)
			ret = no_memory(err);
		else if (stat(file, &st))
			ret = qaic_fail(err, -errno, "%s: %s", file,
					strerror(errno));
		else if (S_ISDIR(st.st_mode) && depth < MAX_DEPTH)
			ret = add_sizes(sizes, dir, name, depth + 1, err);
		else if (S_ISREG(st.st_mode) &&
			 json_object_set_new(sizes, name,
					     json_integer(st.st_size)))
			ret = no_memory(err);
	}
out:
	if (d)
		closedir(d);
	free(name);
	free(file);
	free(path);
	return ret;
}

static int write_sizes(const char *dir, struct qaic_err *err)
{
	json_t *sizes = json_object();
	int ret;

	ret = sizes ? add_sizes(sizes, dir, "", 0, err) : no_memory(err);
	if (!ret)
		ret = qeff_json_write(dir, SIZES, sizes, err);
	json_decref(sizes);
	return ret;
}

/* "parent/" and "name" of a path, in one new string each. */
static int split(const char *path, char **parent, char **name)
{
	const char *slash = strrchr(path, '/');

	*parent = slash ? strndup(path, slash + 1 - path) : strdup("./");
	*name = strdup(slash ? slash + 1 : path);
	if (*parent && *name)
		return 0;
	free(*parent);
	free(*name);
	return -ENOMEM;
}

/* Remove what builders that died have left beside @name. */
static void remove_leftovers(const char *parent, const char *name)
{
	struct qaic_err err = QAIC_ERR_INIT;
	char *prefix = qaic_asprintf(".%s.tmp-", name);
	DIR *d = opendir(parent);
	struct dirent *e;
	char *path;

	while (prefix && d && (e = readdir(d))) {
		if (strncmp(e->d_name, prefix, strlen(prefix)))
			continue;
		path = qaic_path(parent, e->d_name);
		if (path)
			qaic_rmtree(path, &err);
		free(path);
	}
	if (d)
		closedir(d);
	free(prefix);
}

int qeff_artefact_build(const char *dir,
			int (*build)(void *ctx, const char *dir,
				     struct qaic_err *err),
			void *ctx, struct qaic_err *err)
{
	char *parent, *name, *tmp = NULL;
	struct qaic_err ignored = QAIC_ERR_INIT;
	int ret;

	if (split(dir, &parent, &name))
		return no_memory(err);
	tmp = qaic_asprintf("%s.%s.tmp-%d", parent, name, (int)getpid());
	if (!tmp) {
		ret = no_memory(err);
		goto out;
	}
	remove_leftovers(parent, name);
	ret = qaic_mkdirs(tmp, err);
	if (ret)
		goto out;
	ret = build(ctx, tmp, err);
	if (!ret)
		ret = write_sizes(tmp, err);
	if (!ret && !access(dir, F_OK))
		ret = qaic_rmtree(dir, err);
	if (!ret && rename(tmp, dir))
		ret = qaic_fail(err, -errno, "%s: cannot rename into place: %s",
				dir, strerror(errno));
	if (ret)
		qaic_rmtree(tmp, &ignored);
out:
	free(tmp);
	free(parent);
	free(name);
	return ret;
}

int qeff_artefact_lock(const char *dir, struct qaic_err *err)
{
	char *parent, *name, *path = NULL;
	int fd = -ENOMEM, ret;

	if (split(dir, &parent, &name))
		return no_memory(err);
	ret = qaic_mkdirs(parent, err);
	if (ret) {
		fd = ret;
		goto out;
	}
	path = qaic_asprintf("%s.%s.lock", parent, name);
	if (!path) {
		fd = no_memory(err);
		goto out;
	}
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0666);
	if (fd < 0) {
		fd = qaic_fail(err, -errno, "%s: %s", path, strerror(errno));
		goto out;
	}
	do {
		ret = flock(fd, LOCK_EX);
	} while (ret && errno == EINTR);
	if (ret) {
		ret = qaic_fail(err, -errno, "%s: cannot lock: %s", path,
				strerror(errno));
		close(fd);
		fd = ret;
	}
out:
	free(path);
	free(parent);
	free(name);
	return fd;
}
