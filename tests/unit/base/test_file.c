// SPDX-License-Identifier: MIT
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/file.h"

static char dir[64];

static int set_up(void **state)
{
	strcpy(dir, "/tmp/qaic-test-XXXXXX");
	return mkdtemp(dir) ? 0 : -1;
}

static int tear_down(void **state)
{
	return qaic_rmtree(dir, NULL);
}

static size_t entries(const char *path)
{
	DIR *d = opendir(path);
	size_t n = 0;

	assert_non_null(d);
	while (readdir(d))
		n++;
	closedir(d);
	return n - 2;
}

static void holds(const char *path, const char *want)
{
	char *text;
	size_t len;

	assert_int_equal(qaic_read_file(path, 1000, &text, &len, NULL), 0);
	assert_string_equal(text, want);
	assert_int_equal(len, strlen(want));
	free(text);
}

static void read_and_map(void **state)
{
	struct qaic_err err = QAIC_ERR_INIT;
	char *path = qaic_path(dir, "f"), *text;
	struct qaic_map map;

	assert_int_equal(qaic_write_file(path, "hello", 5, &err), 0);
	holds(path, "hello");
	assert_int_equal(qaic_map_file(&map, path, &err), 0);
	assert_int_equal(map.size, 5);
	assert_memory_equal(map.data, "hello", 5);
	qaic_unmap_file(&map);
	assert_null(map.data);
	qaic_unmap_file(&map);

	assert_int_equal(qaic_read_file(path, 4, &text, NULL, &err), -EFBIG);
	assert_non_null(strstr(err.msg, path));
	assert_int_equal(qaic_read_file(dir, 100, &text, NULL, &err), -EISDIR);
	assert_int_equal(qaic_map_file(&map, dir, &err), -EISDIR);
	free(path);
	path = qaic_path(dir, "none");
	assert_int_equal(qaic_map_file(&map, path, &err), -ENOENT);
	assert_non_null(strstr(err.msg, path));
	assert_int_equal(qaic_read_file(path, 9, &text, NULL, &err), -ENOENT);
	free(path);
}

/* An empty file is a file; a FIFO is none, and nobody waits for its writer. */
static void odd_files(void **state)
{
	struct qaic_err err = QAIC_ERR_INIT;
	char *path = qaic_path(dir, "f"), *text;
	struct qaic_map map;

	assert_int_equal(qaic_write_file(path, "", 0, &err), 0);
	assert_int_equal(qaic_map_file(&map, path, &err), 0);
	assert_null(map.data);
	assert_int_equal(map.size, 0);
	qaic_unmap_file(&map);
	holds(path, "");
	assert_int_equal(unlink(path), 0);
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_int_equal(qaic_map_file(&map, path, &err), -EINVAL);
	assert_int_equal(qaic_read_file(path, 9, &text, NULL, &err), -EINVAL);
	free(path);
}

static void lfs_pointer(void **state)
{
	static const char text[] = "version https://git-lfs.github.com/spec/v1\n"
		"oid sha256:0123\nsize 17\n";
	struct qaic_err err = QAIC_ERR_INIT;
	char *path = qaic_path(dir, "f"), *got;
	struct qaic_map map;

	assert_int_equal(qaic_write_file(path, text, sizeof(text) - 1, &err), 0);
	assert_int_equal(qaic_map_file(&map, path, &err), -EINVAL);
	assert_null(map.data);
	assert_non_null(strstr(err.msg, "git lfs pull"));
	assert_int_equal(qaic_read_file(path, 999, &got, NULL, &err), -EINVAL);
	assert_non_null(strstr(err.msg, path));
	free(path);
}

/* What a user names may be a pipe; it is read to its end, or to the limit. */
static void input(void **state)
{
	struct qaic_err err = QAIC_ERR_INIT;
	char path[32], data[3000], *text;
	size_t len, i, max;
	int fd[2];

	for (i = 0; i < sizeof(data); i++)
		data[i] = 'a' + i % 26;
	for (max = sizeof(data) - 1; max <= sizeof(data); max++) {
		assert_int_equal(pipe(fd), 0);
		assert_int_equal(write(fd[1], data, sizeof(data)), sizeof(data));
		close(fd[1]);
		snprintf(path, sizeof(path), "/dev/fd/%d", fd[0]);
		if (max < sizeof(data)) {
			assert_int_equal(qaic_read_input(path, max, &text, &len,
							 &err), -EFBIG);
			assert_non_null(strstr(err.msg, path));
		} else {
			assert_int_equal(qaic_read_input(path, max, &text, &len,
							 &err), 0);
			assert_int_equal(len, sizeof(data));
			assert_memory_equal(text, data, len);
			assert_int_equal(text[len], 0);
			free(text);
		}
		close(fd[0]);
	}
	assert_int_equal(qaic_read_input(dir, 9, &text, &len, &err), -EISDIR);
	assert_int_equal(qaic_read_input("/dev/null", 0, &text, &len, &err), 0);
	assert_int_equal(len, 0);
	free(text);
}

static void commit(void **state)
{
	char *path = qaic_path(dir, "out");
	struct qaic_outfile f;

	assert_int_equal(qaic_write_file(path, "old", 3, NULL), 0);
	assert_int_equal(qaic_outfile_open(&f, path, NULL), 0);
	assert_int_equal(qaic_outfile_write(&f, "new ", 4, NULL), 0);
	assert_int_equal(qaic_outfile_pwrite(&f, "text", 4, 4, NULL), 0);
	holds(path, "old");		/* until it is complete */
	assert_int_equal(entries(dir), 2);
	assert_int_equal(qaic_outfile_commit(&f, NULL), 0);
	holds(path, "new text");
	assert_int_equal(entries(dir), 1);
	assert_int_equal(f.fd, -1);
	free(path);
}

/* What is no regular file is written to, not replaced. */
static void commit_in_place(void **state)
{
	char *path = qaic_path(dir, "out"), *link = qaic_path(dir, "link");
	struct qaic_err err = QAIC_ERR_INIT;
	char buf[8] = "";
	struct stat st;
	int fd;

	assert_int_equal(mkfifo(path, 0600), 0);
	fd = open(path, O_RDONLY | O_NONBLOCK);
	assert_true(fd >= 0);
	assert_int_equal(qaic_write_file(path, "abc", 3, &err), 0);
	assert_int_equal(read(fd, buf, sizeof(buf)), 3);
	assert_string_equal(buf, "abc");
	assert_int_equal(close(fd), 0);
	assert_int_equal(stat(path, &st), 0);
	assert_true(S_ISFIFO(st.st_mode));
	assert_int_equal(entries(dir), 1);
	assert_int_equal(unlink(path), 0);

	assert_int_equal(qaic_write_file(path, "old", 3, &err), 0);
	assert_int_equal(symlink("out", link), 0);
	assert_int_equal(qaic_write_file(link, "new", 3, &err), 0);
	holds(path, "new");
	assert_int_equal(lstat(link, &st), 0);
	assert_true(S_ISLNK(st.st_mode));
	assert_int_equal(entries(dir), 2);
	assert_int_equal(unlink(link), 0);

	/* refused before anything is computed */
	assert_int_equal(qaic_write_file(dir, "x", 1, &err), -EISDIR);
	assert_non_null(strstr(err.msg, dir));
	free(path);
	free(link);
}

static void abort_keeps(void **state)
{
	char *path = qaic_path(dir, "out");
	struct qaic_outfile f;

	assert_int_equal(qaic_write_file(path, "old", 3, NULL), 0);
	assert_int_equal(qaic_outfile_open(&f, path, NULL), 0);
	assert_int_equal(qaic_outfile_write(&f, "new", 3, NULL), 0);
	qaic_outfile_abort(&f);
	holds(path, "old");
	assert_int_equal(entries(dir), 1);
	qaic_outfile_abort(&f);		/* of a closed one: nothing */
	free(path);
}

static void cannot_write(void **state)
{
	struct qaic_err err = QAIC_ERR_INIT;
	char *path = qaic_path(dir, "missing/out");
	struct qaic_outfile f;

	assert_int_equal(qaic_outfile_open(&f, path, &err), -ENOENT);
	assert_non_null(strstr(err.msg, path));
	assert_int_equal(f.fd, -1);
	free(path);
	/* a directory of that name: the rename fails, nothing stays behind */
	path = qaic_path(dir, "d");
	assert_int_equal(mkdir(path, 0700), 0);
	assert_true(qaic_write_file(path, "x", 1, &err) < 0);
	assert_int_equal(entries(dir), 1);
	assert_true(qaic_is_dir(path));
	assert_false(qaic_is_file(path));
	free(path);
}

static void mkdirs(void **state)
{
	struct qaic_err err = QAIC_ERR_INIT;
	char *path = qaic_path(dir, "a/b/c"), *file = qaic_path(dir, "f");
	char *below;

	assert_int_equal(qaic_mkdirs(path, &err), 0);
	assert_true(qaic_is_dir(path));
	assert_int_equal(qaic_mkdirs(path, &err), 0);
	assert_int_equal(qaic_write_file(file, "x", 1, NULL), 0);
	assert_true(qaic_is_file(file));
	assert_int_equal(qaic_mkdirs(file, &err), -ENOTDIR);
	below = qaic_path(file, "g");
	assert_int_equal(qaic_mkdirs(below, &err), -ENOTDIR);
	assert_int_equal(qaic_mkdirs("", &err) < 0, 1);
	free(below);
	free(file);
	free(path);
}

/* Only the links go: what they point at belongs to somebody else. */
static void rmtree(void **state)
{
	char *keep = qaic_path(dir, "keep"), *tree = qaic_path(dir, "tree");
	char *file = qaic_path(keep, "precious"), *p;

	assert_int_equal(qaic_mkdirs(keep, NULL), 0);
	assert_int_equal(qaic_write_file(file, "x", 1, NULL), 0);
	p = qaic_path(tree, "a/b");
	assert_int_equal(qaic_mkdirs(p, NULL), 0);
	free(p);
	p = qaic_path(tree, "a/link-to-directory");
	assert_int_equal(symlink(keep, p), 0);
	free(p);
	p = qaic_path(tree, "link-to-file");
	assert_int_equal(symlink(file, p), 0);
	free(p);
	p = qaic_path(tree, "dangling");
	assert_int_equal(symlink("/nowhere/at/all", p), 0);
	free(p);
	assert_int_equal(qaic_rmtree(tree, NULL), 0);
	assert_false(qaic_is_dir(tree));
	holds(file, "x");
	/* the root itself may be a link */
	assert_int_equal(symlink(keep, tree), 0);
	assert_int_equal(qaic_rmtree(tree, NULL), 0);
	holds(file, "x");
	free(file);
	free(tree);
	free(keep);
}

static void paths(void **state)
{
	char *p = qaic_path("a", "b");

	assert_string_equal(p, "a/b");
	free(p);
	p = qaic_path("a/", "b");
	assert_string_equal(p, "a/b");
	free(p);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(read_and_map), TEST(odd_files), TEST(lfs_pointer),
		TEST(input), TEST(commit),
		TEST(commit_in_place), TEST(abort_keeps), TEST(cannot_write),
		TEST(mkdirs), TEST(rmtree), TEST(paths),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
