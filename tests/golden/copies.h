/* SPDX-License-Identifier: MIT */
/* Copies of golden models with other weights. */
#ifndef TESTS_GOLDEN_COPIES_H
#define TESTS_GOLDEN_COPIES_H

#include "tests/golden/check.h"

/* What becomes of a matrix [@n][@k]. */
typedef void edit_matrix(const void *ctx, const char *name, float *w, size_t n,
			 size_t k);

/* Every matrix of a safetensors file of float32. */
static inline int edit_file(char *data, size_t len, edit_matrix *edit,
			    const void *ctx)
{
	struct qaic_err err = QAIC_ERR_INIT;
	uint64_t head, at;
	json_t *root, *t, *shape;
	const char *name;
	size_t n, k;
	float *w;

	memcpy(&head, data, 8);
	if (head > len - 8 ||
	    qaic_json_parse(data + 8, head, "safetensors", &root, &err))
		return -1;
	json_object_foreach(root, name, t) {
		shape = json_object_get(t, "shape");
		if (json_array_size(shape) != 2)
			continue;
		if (strcmp(json_string_value(json_object_get(t, "dtype")),
			   "F32")) {
			json_decref(root);
			return -1;
		}
		n = json_integer_value(json_array_get(shape, 0));
		k = json_integer_value(json_array_get(shape, 1));
		at = 8 + head + json_integer_value(json_array_get(
				json_object_get(t, "data_offsets"), 0));
		w = malloc(n * k * sizeof(*w));
		memcpy(w, data + at, n * k * sizeof(*w));
		edit(ctx, name, w, n, k);
		memcpy(data + at, w, n * k * sizeof(*w));
		free(w);
	}
	json_decref(root);
	return 0;
}

/* A copy of a model in the cache under @name; NULL and a failure if not. */
static inline char *edited_copy(const char *from_dir, const char *name,
				edit_matrix *edit, const void *ctx)
{
	static const char *const files[] = { "model.safetensors", "config.json",
					     "generation_config.json" };
	char *dir = qaic_asprintf("%s/%s", cache, name);
	struct qaic_err err = QAIC_ERR_INIT;
	char *from, *to, *data = NULL;
	size_t i, len;
	int ret;

	ret = qaic_mkdirs(dir, &err);
	for (i = 0; !ret && i < QAIC_ARRAY_SIZE(files); i++) {
		from = qaic_path(from_dir, files[i]);
		to = qaic_path(dir, files[i]);
		if (i < 2 || !access(from, R_OK)) {
			ret = qaic_read_file(from, 1 << 28, &data, &len, &err);
			if (!ret && !i)
				ret = edit_file(data, len, edit, ctx);
			if (!ret)
				ret = qaic_write_file(to, data, len, &err);
			free(data);
			data = NULL;
		}
		free(from);
		free(to);
	}
	result(!ret, "%s: a copy of it: %s", from_dir, err.msg);
	if (!ret)
		return dir;
	free(dir);
	return NULL;
}

/*
 * T5 does not scale its scores, and the golden models' random weights make scores
 * in the hundreds: rounding nothing but the weights to half precision moves their
 * logits by 8 % and more. With queries of a 64th (in every format as exact as they
 * were) the scores are those of a trained model.
 */
static inline void tame(const void *ctx, const char *name, float *w, size_t n,
			size_t k)
{
	static const char end[] = "Attention.q.weight";
	size_t i, len = strlen(name);

	if (len < sizeof(end) || strcmp(name + len - strlen(end), end))
		return;
	for (i = 0; i < n * k; i++)
		w[i] /= 64;
}

static inline bool is_t5(const char *name)
{
	return !strncmp(name, "t5", 2);
}

#endif
