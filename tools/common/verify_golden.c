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

static int read_logits(struct qaic_golden *g, json_t *root, const char *path,
		       struct qaic_err *err)
{
	json_t *shape = json_object_get(root, "logits_f32_shape");
	json_int_t rows = json_integer_value(json_array_get(shape, 0));
	json_int_t vocab = json_integer_value(json_array_get(shape, 1));
	const char *slash = strrchr(path, '/');
	char *file, *data = NULL;
	size_t len = 0;
	int ret;

	if (rows < 1 || vocab < 1 || rows > 1 << 20 || vocab > 1 << 24 ||
	    (size_t)rows > g->num_ids)
		return qaic_fail(err, -EINVAL,
				 "%s: field \"logits_f32_shape\" is not [rows of input_ids, vocabulary]",
				 path);
	file = qaic_asprintf("%.*slogits.f32",
			     (int)(slash ? slash + 1 - path : 0), path);
	ret = file ? qaic_read_file(file, MAX_LOGITS, &data, &len, err) :
		     no_memory(err);
	if (!ret && len != (size_t)rows * vocab * sizeof(float))
		ret = qaic_fail(err, -EINVAL,
				"%s: %zu bytes are not the %lld x %lld float32 of golden.json",
				file, len, (long long)rows, (long long)vocab);
	free(file);
	g->logits = (float *)data;
	g->rows = rows;
	g->vocab = vocab;
	return ret;
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
	memset(g, 0, sizeof(*g));
}
