/* SPDX-License-Identifier: MIT */
/* What the programs that check golden models share. */
#ifndef TESTS_GOLDEN_CHECK_H
#define TESTS_GOLDEN_CHECK_H

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/json.h"
#include "base/str.h"
#include "libqeff/qeff.h"
#include "libqeff/session.h"

static char cache[] = "/tmp/qaic-golden-XXXXXX";
static int passed, failed;

static void result(bool ok, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

static void result(bool ok, const char *fmt, ...)
{
	va_list ap;

	if (ok) {
		passed++;
		return;
	}
	failed++;
	va_start(ap, fmt);
	printf("FAIL ");
	vprintf(fmt, ap);
	printf("\n");
	va_end(ap);
	fflush(stdout);
}

/*
 * The rest of main(): each model of the arguments, behind a "-v" that asks for
 * numbers, with a directory for what is built.
 */
static inline int check_models(int argc, char **argv,
			       void (*check)(const char *dir, bool verbose))
{
	bool verbose = argc > 1 && !strcmp(argv[1], "-v");
	int i;

	if (!mkdtemp(cache)) {
		perror(cache);
		return 2;
	}
	for (i = 1 + verbose; i < argc; i++)
		check(argv[i], verbose);
	qaic_rmtree(cache, NULL);
	printf("%d passed, %d failed, 0 skipped\n", passed, failed);
	return failed != 0;
}

/* golden.json of @dir, and what the model is called */
static inline int golden_json(const char *dir, const char **name,
			      json_t **root, struct qaic_err *err)
{
	char *path = qaic_path(dir, "golden.json");
	int ret = qaic_json_load(path, 1 << 20, root, err);

	*name = strrchr(dir, '/') ? strrchr(dir, '/') + 1 : dir;
	free(path);
	return ret;
}

static inline int32_t *id_array(json_t *root, const char *key, size_t *n)
{
	json_t *a = json_object_get(root, key), *v;
	int32_t *ids;
	size_t i;

	*n = json_array_size(a);
	ids = calloc(*n + 1, sizeof(*ids));
	json_array_foreach(a, i, v)
		ids[i] = json_integer_value(v);
	return ids;
}

static inline float *load_logits(const char *dir, const char *file,
				 size_t rows, size_t vocab)
{
	char *path = qaic_path(dir, file), *data = NULL;
	size_t len = 0;

	if (qaic_read_file(path, 1 << 28, &data, &len, NULL) ||
	    len != rows * vocab * sizeof(float)) {
		free(data);
		data = NULL;
	}
	free(path);
	return (float *)data;
}

/* Export, compile and load; NULL (and a failure noted under @name) if it cannot. */
static struct qeff_session *open_model(const char *name,
				       const struct qeff_build_options *o)
{
	struct qeff_session_options so = { 0 };
	struct qaic_err err = QAIC_ERR_INIT;
	struct qeff_artefacts art;
	struct qeff_session *s = NULL;

	if (qeff_build(o, &art, &err)) {
		result(false, "%s: %s", name, err.msg);
		return NULL;
	}
	so.qpc_dir = art.qpc_dir;
	if (qeff_session_open(&so, &s, &err))
		result(false, "%s: %s", name, err.msg);
	qeff_artefacts_release(&art);
	return s;
}

#endif
