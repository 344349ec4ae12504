// SPDX-License-Identifier: MIT
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/json.h"
#include "base/str.h"
#include "tools/common/verify_golden.h"

#define MAX_JSON	(16u << 20)
#define MAX_LOGITS	(1u << 30)

static int no_memory(struct qaic_err *err)
{
	return qaic_fail(err, -ENOMEM, "out of memory");
}

static int read_ids(json_t *root, const char *key, const char *path,
		    int32_t **out, size_t *n, struct qaic_err *err)
{
	json_t *list = json_object_get(root, key), *v;
	size_t i;

	*n = json_array_size(list);
	*out = calloc(*n + 1, sizeof(**out));
	if (!*out)
		return no_memory(err);
	json_array_foreach(list, i, v) {
		if (!json_is_integer(v) || json_integer_value(v) < 0 ||
		    json_integer_value(v) > INT32_MAX)
			return qaic_fail(err, -EINVAL,
					 "%s: field \"%s\": entry %zu is not a token id",
					 path, key, i);
		(*out)[i] = json_integer_value(v);
	}
	return 0;
}

/* @name beside golden.json: @n float32. */
static int read_floats(const char *path, const char *name, size_t n,
		       float **out, struct qaic_err *err)
{
	const char *slash = strrchr(path, '/');
	char *file, *data = NULL;
	size_t len = 0;
	int ret;

	file = qaic_asprintf("%.*s%s", (int)(slash ? slash + 1 - path : 0),
			     path, name);
	ret = file ? qaic_read_file(file, MAX_LOGITS, &data, &len, err) :
		     no_memory(err);
	if (!ret && len != n * sizeof(float))
		ret = qaic_fail(err, -EINVAL,
				"%s: %zu bytes; golden.json says %zu numbers of float32",
				file, len, n);
	free(file);
	*out = (float *)data;
	return ret;
}

static size_t dim(json_t *shape, size_t i, size_t max)
{
	json_int_t v = json_integer_value(json_array_get(shape, i));

	return v < 1 || (size_t)v > max ? 0 : v;
}

static int read_logits(struct qaic_golden *g, json_t *root, const char *path,
		       struct qaic_err *err)
{
	json_t *shape = json_object_get(root, "logits_f32_shape");

	g->rows = dim(shape, 0, g->num_ids);
	g->vocab = dim(shape, 1, 1 << 24);
	if (!g->rows || !g->vocab)
		return qaic_fail(err, -EINVAL,
				 "%s: field \"logits_f32_shape\" is not [rows of input_ids, vocabulary]",
				 path);
	return read_floats(path, "logits.f32", g->rows * g->vocab, &g->logits,
			   err);
}

static int read_hidden(struct qaic_golden *g, json_t *root, const char *path,
		       struct qaic_err *err)
{
	json_t *shape = json_object_get(root, "hidden_f32_shape");

	if (!shape)
		return 0;
	g->blocks = dim(shape, 0, 1 << 12);
	g->width = dim(shape, 2, 1 << 20);
	if (!g->blocks || !g->width || dim(shape, 1, g->rows) != g->rows)
		return qaic_fail(err, -EINVAL,
				 "%s: field \"hidden_f32_shape\" is not [blocks, rows of the logits, hidden]",
				 path);
	return read_floats(path, "hidden.f32", g->blocks * g->rows * g->width,
			   &g->hidden, err);
}

/* What is greedy behind the prompt. */
static int cut_prompt(struct qaic_golden *g, const char *path,
		      struct qaic_err *err)
{
	if (!g->num_greedy)
		return 0;
	if (g->num_greedy < g->num_ids ||
	    memcmp(g->greedy, g->ids, g->num_ids * sizeof(*g->ids)))
		return qaic_fail(err, -EINVAL,
				 "%s: field \"greedy_ids\" does not start with \"input_ids\"",
				 path);
	g->num_greedy -= g->num_ids;
	memmove(g->greedy, g->greedy + g->num_ids,
		g->num_greedy * sizeof(*g->greedy));
	return 0;
}

int qaic_golden_load(struct qaic_golden *g, const char *path,
		     struct qaic_err *err)
{
	json_t *root;
	int ret;

	memset(g, 0, sizeof(*g));
	g->gap = 1;
	ret = qaic_json_load(path, MAX_JSON, &root, err);
	if (ret)
		return ret;
	ret = read_ids(root, "input_ids", path, &g->ids, &g->num_ids, err);
	if (!ret && !g->num_ids)
		ret = qaic_fail(err, -EINVAL,
				"%s: field \"input_ids\" is missing", path);
	if (!ret)
		ret = read_ids(root, "greedy_ids", path, &g->greedy,
			       &g->num_greedy, err);
	if (!ret)
		ret = cut_prompt(g, path, err);
	if (!ret && qaic_json_num(root, "min_top1_gap", &g->gap, err) < 0)
		ret = -EINVAL;
	if (!ret)
		ret = read_logits(g, root, path, err);
	if (!ret)
		ret = read_hidden(g, root, path, err);
	json_decref(root);
	if (ret)
		qaic_golden_release(g);
	return ret;
}

int qaic_golden_prompt(const struct qaic_golden *g, struct qaic_prompts *p,
		       struct qaic_err *err)
{
	struct qaic_str s = { 0 };
	size_t i;
	int ret;

	for (i = 0; i < g->num_ids; i++)
		qaic_str_printf(&s, "%s%d", i ? " " : "", g->ids[i]);
	ret = s.failed ? no_memory(err) : qaic_prompts_ids(p, s.s, err);
	qaic_str_free(&s);
	return ret;
}

size_t qaic_golden_same(const struct qaic_golden *g, const int32_t *ids,
			size_t n)
{
	size_t i;

	for (i = 0; i < n && i < g->num_greedy && ids[i] == g->greedy[i]; i++)
		;
	return i;
}

void qaic_golden_release(struct qaic_golden *g)
{
	free(g->ids);
	free(g->greedy);
	free(g->logits);
	free(g->hidden);
	memset(g, 0, sizeof(*g));
}
