// SPDX-License-Identifier: MIT
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/file.h"
#include "base/str.h"
#include "libqeff/artefact.h"
#include "libqeff/qeff.h"

static char root[] = "/tmp/qeff-artefact-XXXXXX";
static char dir[64];
static int builds;

static void put(const char *d, const char *name, const char *text)
{
	char *p = qaic_path(d, name);

	assert_int_equal(qaic_write_file(p, text, strlen(text), NULL), 0);
	free(p);
}

static int build(void *ctx, const char *d, struct qaic_err *err)
{
	char *sub = qaic_path(d, "qpc");

	builds++;
	assert_int_equal(qaic_mkdirs(sub, NULL), 0);
	put(d, "a.json", "{}");
	put(sub, "programqpc.bin", "0123456789");
	free(sub);
	return ctx ? qaic_fail(err, -EIO, "no") : 0;
}

static void test_build(void **state)
{
	struct qaic_err err = QAIC_ERR_INIT;
	char path[128], fail = 0;

	assert_false(qeff_artefact_complete(dir));
	assert_int_equal(qeff_artefact_build(dir, build, NULL, &err), 0);
	assert_true(qeff_artefact_complete(dir));
	/* cut short */
	snprintf(path, sizeof(path), "%s/qpc/programqpc.bin", dir);
	assert_int_equal(truncate(path, 9), 0);
	assert_false(qeff_artefact_complete(dir));
	assert_int_equal(qeff_artefact_build(dir, build, NULL, &err), 0);
	assert_true(qeff_artefact_complete(dir));
	/* a file lost */
	assert_int_equal(unlink(path), 0);
	assert_false(qeff_artefact_complete(dir));
	/* a failed build leaves what was there, and nothing beside it */
	assert_int_equal(qeff_artefact_build(dir, build, &fail, &err), -EIO);
	assert_false(qeff_artefact_complete(dir));
	snprintf(path, sizeof(path), "ls -A %s | grep -q tmp", root);
	assert_int_not_equal(system(path), 0);
	/* lists that name what is not ours to look at */
	put(dir, "sizes.json", "{\"../x\":1}");
	assert_false(qeff_artefact_complete(dir));
	put(dir, "sizes.json", "{\"/etc/passwd\":1}");
	assert_false(qeff_artefact_complete(dir));
	put(dir, "sizes.json", "{}");
	assert_false(qeff_artefact_complete(dir));
	put(dir, "sizes.json", "[");
	assert_false(qeff_artefact_complete(dir));
}

/* Several processes want the same artefact: one builds it. */
static void test_race(void **state)
{
	struct qaic_err err = QAIC_ERR_INIT;
	int i, st, total = 0;

	assert_int_equal(qaic_rmtree(dir, &err), 0);
	for (i = 0; i < 6; i++) {
		if (fork())
			continue;
		builds = 0;
		st = qeff_artefact_lock(dir, &err);
		if (st < 0)
			_exit(99);
		if (!qeff_artefact_complete(dir) &&
		    qeff_artefact_build(dir, build, NULL, &err))
			_exit(98);
		_exit(builds);
	}
	for (i = 0; i < 6; i++) {
		assert_true(wait(&st) > 0);
		assert_true(WIFEXITED(st));
		total += WEXITSTATUS(st);
	}
	assert_int_equal(total, 1);
	assert_true(qeff_artefact_complete(dir));
}

static void test_json(void **state)
{
	json_t *j = json_pack("{s:i, s:[i, i], s:{}}", "b", 1, "a", 2, 3, "c");
	struct qaic_err err = QAIC_ERR_INIT;
	char hash[17], *text, *path = qaic_path(root, "j.json");

	/* printf '{"a":[2,3],"b":1,"c":{}}' | sha256sum */
	assert_int_equal(qeff_json_hash(j, hash, &err), 0);
	assert_string_equal(hash, "b352e784360b2a08");
	assert_int_equal(qeff_json_write(root, "j.json", j, &err), 0);
	assert_int_equal(qaic_read_file(path, 1000, &text, NULL, &err), 0);
	assert_string_equal(text, "{\n    \"a\":[\n        2,\n        3\n    ],\n"
			    "    \"b\":1,\n    \"c\":{}\n}");
	free(text);
	free(path);
	json_decref(j);
}

static void test_cache_dir(void **state)
{
	char *d;

	setenv("QEFF_HOME", "/q", 1);
	setenv("XDG_CACHE_HOME", "/x", 1);
	setenv("HOME", "/h", 1);
	d = qeff_cache_dir();
	assert_string_equal(d, "/q");
	free(d);
	unsetenv("QEFF_HOME");
	d = qeff_cache_dir();
	assert_string_equal(d, "/x/qeff_models");
	free(d);
	setenv("XDG_CACHE_HOME", "", 1);
	d = qeff_cache_dir();
	assert_string_equal(d, "/h/.cache/qeff_models");
	free(d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_build),
		cmocka_unit_test(test_race),
		cmocka_unit_test(test_json),
		cmocka_unit_test(test_cache_dir),
	};
	int ret;

	if (!mkdtemp(root))
		return 1;
	snprintf(dir, sizeof(dir), "%s/artefact", root);
	ret = cmocka_run_group_tests(tests, NULL, NULL);
	qaic_rmtree(root, NULL);
	return ret;
}
