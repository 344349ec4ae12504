// SPDX-License-Identifier: MIT
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/str.h"

/* Open a regular file for reading; a FIFO must not block us. */
static int open_regular(const char *path, struct stat *st, struct qaic_err *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	int rc;

	if (fd < 0)
		return qaic_fail(err, -errno, "%s: %s", path, strerror(errno));
	if (fstat(fd, st)) {
		rc = qaic_fail(err, -errno, "%s: %s", path, strerror(errno));
		goto fail;
	}
	if (!S_ISREG(st->st_mode)) {
		rc = S_ISDIR(st->st_mode) ? -EISDIR : -EINVAL;
		qaic_fail(err, rc, rc == -EISDIR ? "%s: a directory, not a file" :
			  "%s: not a regular file", path);
		goto fail;
	}
	return fd;
fail:
	close(fd);
	return rc;
}

/* What git clone leaves in place of a large file when it has no LFS. */
static int check_content(const char *path, const void *data, size_t len,
			 struct qaic_err *err)
{
	static const char lfs[] = "version https://git-lfs.github.com/spec/";

	if (len < sizeof(lfs) || memcmp(data, lfs, sizeof(lfs) - 1))
		return 0;
	return qaic_fail(err, -EINVAL,
			 "%s: a Git LFS pointer, the file itself is missing: fetch it with git lfs pull",
			 path);
}

int qaic_map_open(struct qaic_map *map, int *fd_out, const char *path,
		  struct qaic_err *err)
{
	struct stat st;
	void *p = NULL;
	int fd, rc = 0;

	memset(map, 0, sizeof(*map));
	fd = open_regular(path, &st, err);
	if (fd < 0)
		return fd;
	if (st.st_size > 0) {
		p = mmap(NULL, st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
		if (p == MAP_FAILED)
			rc = qaic_fail(err, -errno, "%s: cannot map: %s", path,
				       strerror(errno));
	}
	if (rc)
		goto fail;
	map->data = p;
	map->size = st.st_size;
	rc = check_content(path, p, st.st_size, err);
	if (rc)
		goto fail;
	*fd_out = fd;
	return 0;

fail:
	qaic_unmap_file(map);
	close(fd);
	return rc;
}

int qaic_map_file(struct qaic_map *map, const char *path, struct qaic_err *err)
{
	int fd, rc = qaic_map_open(map, &fd, path, err);

	if (!rc)
		close(fd);
	return rc;
}

void qaic_unmap_file(struct qaic_map *map)
{
	if (map->data)
		munmap((void *)map->data, map->size);
	memset(map, 0, sizeof(*map));
}

/* What @fd has up to its end, @max bytes at most; @hint: how many may be there. */
static int read_all(int fd, const char *path, size_t hint, size_t max,
		    char **text, size_t *len, struct qaic_err *err)
{
	size_t cap = hint + 1, got = 0;
	char *buf = malloc(cap + 1), *grown;
	ssize_t n;
	int rc;

	while (buf) {
		n = read(fd, buf + got, cap - got);
		if (!n)
			break;
		if (n < 0 && errno == EINTR)
			continue;
		rc = n < 0 ? -errno : 0;
		got += rc ? 0 : n;
		if (rc)
			qaic_fail(err, rc, "%s: %s", path, strerror(errno));
		else if (got > max)
			rc = qaic_fail(err, -EFBIG,
				       "%s: more than the %zu bytes that are taken",
				       path, max);
		if (rc) {
			free(buf);
			return rc;
		}
		if (got < cap)
			continue;
		cap *= 2;
		grown = realloc(buf, cap + 1);
		if (!grown)
			free(buf);
		buf = grown;
	}
	if (!buf)
		return qaic_fail(err, -ENOMEM, "%s: out of memory", path);
	buf[got] = '\0';
	*text = buf;
	*len = got;
	return 0;
}

int qaic_read_file(const char *path, size_t max, char **text, size_t *len,
		   struct qaic_err *err)
{
	struct stat st;
	size_t got;
	int fd, rc;

	fd = open_regular(path, &st, err);
	if (fd < 0)
		return fd;
	if ((uint64_t)st.st_size > max)
		rc = qaic_fail(err, -EFBIG, "%s: %lld bytes; at most %zu are taken",
			       path, (long long)st.st_size, max);
	else
		rc = read_all(fd, path, st.st_size, max, text, &got, err);
	close(fd);
	if (rc)
		return rc;
	rc = check_content(path, *text, got, err);
	if (rc)
		free(*text);
	else if (len)
		*len = got;
	return rc;
}

int qaic_read_input(const char *path, size_t max, char **text, size_t *len,
		    struct qaic_err *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	int rc;

	if (fd < 0)
		return qaic_fail(err, -errno, "%s: %s", path, strerror(errno));
	rc = read_all(fd, path, 0, max, text, len, err);
	close(fd);
	return rc;
}

char *qaic_path(const char *dir, const char *name)
{
	size_t n = strlen(dir);

	return qaic_asprintf("%s%s%s", dir, n && dir[n - 1] == '/' ? "" : "/",
			     name);
}

/* Is it the file that standard output goes to, as /dev/stdout may be? */
static bool is_stdout(const struct stat *st)
{
	struct stat out;

	return S_ISREG(st->st_mode) && !fstat(STDOUT_FILENO, &out) &&
	       st->st_dev == out.st_dev && st->st_ino == out.st_ino;
}

/*
 * Where to write: @path, or what a symlink there leads to, so that the link
 * survives. What is no regular file (a device, a FIFO) cannot be replaced by a
 * rename: *direct, it is written in place. So is standard output, behind what
 * it has: *fd.
 */
static int resolve(const char *path, char **real, bool *direct, int *fd)
{
	struct stat st;

	*direct = false;
	*real = NULL;
	if (!stat(path, &st)) {
		if (S_ISDIR(st.st_mode))
			return -EISDIR;
		*direct = !S_ISREG(st.st_mode);
		if (is_stdout(&st)) {
			*fd = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 0);
			if (*fd < 0)
				return -errno;
		}
		if (!*direct)
			*real = realpath(path, NULL);
	}
	if (!*real)
		*real = strdup(path);
	return *real ? 0 : -ENOMEM;
}

static int open_beside(struct qaic_outfile *f)
{
	const char *slash = strrchr(f->path, '/');
	int dirlen = slash ? slash + 1 - f->path : 0;

	f->tmp = qaic_asprintf("%.*s.%s.tmp-%d", dirlen, f->path,
			       f->path + dirlen, (int)getpid());
	if (!f->tmp)
		return -ENOMEM;
	f->fd = open(f->tmp, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW,
		     0666);
	if (f->fd >= 0)
		return 0;
	free(f->tmp);
	f->tmp = NULL;
	return -errno;
}

int qaic_outfile_open(struct qaic_outfile *f, const char *path,
		      struct qaic_err *err)
{
	bool direct;
	int rc;

	*f = (struct qaic_outfile){ .fd = -1 };
	rc = resolve(path, &f->path, &direct, &f->fd);
	if (!rc && f->fd < 0 && direct) {
		f->fd = open(f->path, O_WRONLY | O_CLOEXEC);
		rc = f->fd < 0 ? -errno : 0;
	} else if (!rc && f->fd < 0) {
		rc = open_beside(f);
	}
	if (rc) {
		qaic_fail(err, rc, "%s: cannot write: %s", path, strerror(-rc));
		qaic_outfile_abort(f);
	}
	return rc;
}

static int write_failed(struct qaic_outfile *f, struct qaic_err *err)
{
	return qaic_fail(err, -errno, "%s: cannot write: %s", f->path,
			 strerror(errno));
}

int qaic_outfile_write(struct qaic_outfile *f, const void *data, size_t len,
		       struct qaic_err *err)
{
	const char *p = data;
	ssize_t n;

	for (; len; p += n, len -= n) {
		n = write(f->fd, p, len);
		if (n < 0 && errno == EINTR)
			n = 0;
		else if (n < 0)
			return write_failed(f, err);
	}
	return 0;
}

int qaic_outfile_pwrite(struct qaic_outfile *f, const void *data, size_t len,
			uint64_t off, struct qaic_err *err)
{
	const char *p = data;
	ssize_t n;

	for (; len; p += n, off += n, len -= n) {
		n = pwrite(f->fd, p, len, off);
		if (n < 0 && errno == EINTR)
			n = 0;
		else if (n < 0)
			return write_failed(f, err);
	}
	return 0;
}

int qaic_outfile_commit(struct qaic_outfile *f, struct qaic_err *err)
{
	int rc = 0;

	if (f->tmp && (fsync(f->fd) || rename(f->tmp, f->path))) {
		rc = write_failed(f, err);
	} else {
		free(f->tmp);
		f->tmp = NULL;
	}
	qaic_outfile_abort(f);
	return rc;
}

void qaic_outfile_abort(struct qaic_outfile *f)
{
	if (f->fd >= 0)
		close(f->fd);
	if (f->tmp)
		unlink(f->tmp);
	free(f->tmp);
	free(f->path);
	f->fd = -1;
	f->tmp = f->path = NULL;
}

int qaic_write_file(const char *path, const void *data, size_t len,
		    struct qaic_err *err)
{
	struct qaic_outfile f;
	int rc;

	rc = qaic_outfile_open(&f, path, err);
	if (rc)
		return rc;
	rc = qaic_outfile_write(&f, data, len, err);
	if (rc) {
		qaic_outfile_abort(&f);
		return rc;
	}
	return qaic_outfile_commit(&f, err);
}

int qaic_mkdirs(const char *path, struct qaic_err *err)
{
	char *copy = strdup(path), *p;
	int rc = 0;

	if (!copy)
		return qaic_fail(err, -ENOMEM, "%s: out of memory", path);
	for (p = copy; !rc; p++) {
		char c = *p;

		if ((c != '/' || p == copy) && c != '\0')
			continue;
		*p = '\0';
		if (mkdir(copy, 0777) && errno != EEXIST)
			rc = qaic_fail(err, -errno, "%s: cannot make directory: %s",
				       copy, strerror(errno));
		*p = c;
		if (!c)
			break;
	}
	if (!rc && !qaic_is_dir(path))
		rc = qaic_fail(err, -ENOTDIR, "%s: not a directory", path);
	free(copy);
	return rc;
}

static int remove_one(const char *path, const struct stat *st, int flag,
		      struct FTW *ftw)
{
	return remove(path);
}

int qaic_rmtree(const char *path, struct qaic_err *err)
{
	if (nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS | FTW_MOUNT))
		return qaic_fail(err, -errno, "%s: cannot remove: %s", path,
				 strerror(errno));
	return 0;
}

bool qaic_is_dir(const char *path)
{
	struct stat st;

	return !stat(path, &st) && S_ISDIR(st.st_mode);
}

bool qaic_is_file(const char *path)
{
	struct stat st;

	return !stat(path, &st) && S_ISREG(st.st_mode);
}
