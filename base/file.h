/* SPDX-License-Identifier: MIT */
/*
 * Files: mapped for reading, written beside and renamed.
 */
#ifndef QAIC_FILE_H
#define QAIC_FILE_H

#include <stddef.h>
#include <stdint.h>
#include <stdbool.h>

#include "base/err.h"

struct qaic_map {
	const void *data;	/* NULL for an empty file */
	size_t size;
};

/*
 * Git LFS's pointers are refused as such by both of these, since they are met
 * wherever a model was cloned without LFS.
 *
 * Map a regular file read-only. -ENOENT, -EISDIR, -EINVAL (not a regular file).
 */
int qaic_map_file(struct qaic_map *map, const char *path, struct qaic_err *err);
/* The same, and the file stays open for reading: close(*fd). */
int qaic_map_open(struct qaic_map *map, int *fd, const char *path,
		  struct qaic_err *err);
void qaic_unmap_file(struct qaic_map *map);

/* Read a regular file of at most @max bytes, NUL added; free() it. */
int qaic_read_file(const char *path, size_t max, char **text, size_t *len,
		   struct qaic_err *err);

/*
 * The same for a file that a user names, which may also be a pipe (/dev/stdin,
 * <(command)), a FIFO or a terminal: it is read to its end, once. @len is needed.
 */
int qaic_read_input(const char *path, size_t max, char **text, size_t *len,
		    struct qaic_err *err);

/*
 * An output file that exists only when it is complete: written as a sibling
 * ".NAME.tmp-PID", fsynced and renamed by commit, removed by abort. Both end the
 * object. A file that was there before stays untouched until commit. A symlink
 * stays one, its target is replaced; a device, a FIFO or standard output is
 * written in place.
 */
struct qaic_outfile {
	int fd;			/* -1 when closed */
	char *path;
	char *tmp;		/* NULL: written in place */
};

int qaic_outfile_open(struct qaic_outfile *f, const char *path,
		      struct qaic_err *err);
int qaic_outfile_write(struct qaic_outfile *f, const void *data, size_t len,
		       struct qaic_err *err);
int qaic_outfile_pwrite(struct qaic_outfile *f, const void *data, size_t len,
			uint64_t off, struct qaic_err *err);
int qaic_outfile_commit(struct qaic_outfile *f, struct qaic_err *err);
void qaic_outfile_abort(struct qaic_outfile *f);

/* Write a small file at once (through struct qaic_outfile). */
int qaic_write_file(const char *path, const void *data, size_t len,
		    struct qaic_err *err);

/* mkdir -p. */
int qaic_mkdirs(const char *path, struct qaic_err *err);
/* rm -r of a directory tree; symlinks are removed, never followed. */
int qaic_rmtree(const char *path, struct qaic_err *err);
bool qaic_is_dir(const char *path);
bool qaic_is_file(const char *path);

/* "dir/name" in a new string, or NULL. */
char *qaic_path(const char *dir, const char *name);

#endif
