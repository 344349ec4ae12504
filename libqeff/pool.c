// SPDX-License-Identifier: MIT
/*
 * From the vectors of tokens to the vector of a text, as sentence-transformers does
 * it and says in modules.json and 1_Pooling/config.json.
 */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/json.h"
#include "base/str.h"
#include "libqeff/qeff.h"
#include "libqeff/registry.h"

void qeff_pool(enum qeff_pooling pooling, bool normalize, const float *hidden,
	       size_t num, size_t width, float *out)
{
	double sum, len = 0;
	size_t i, k;

	for (k = 0; k < width; k++) {
		sum = num ? hidden[k] : 0;
		for (i = 1; i < num && pooling != QEFF_POOL_CLS; i++) {
			float v = hidden[i * width + k];

			if (pooling == QEFF_POOL_MEAN)
				sum += v;
			else if (v > sum)
				sum = v;
		}
		if (pooling == QEFF_POOL_MEAN && num)
			sum /= num;
		out[k] = sum;
		len += sum * sum;
	}
	len = fmax(sqrt(len), 1e-12);
	for (k = 0; normalize && k < width; k++)
		out[k] /= len;
}

/* 1_Pooling/config.json: exactly one of its modes is on. */
static int read_mode(const char *path, enum qeff_pooling *pooling,
		     struct qaic_err *err)
{
	static const struct {
		const char *key;
		int mode;		/* -1: not supported */
	} modes[] = {
		{ "pooling_mode_mean_tokens", QEFF_POOL_MEAN },
		{ "pooling_mode_cls_token", QEFF_POOL_CLS },
		{ "pooling_mode_max_tokens", QEFF_POOL_MAX },
		{ "pooling_mode_mean_sqrt_len_tokens", -1 },
		{ "pooling_mode_weightedmean_tokens", -1 },
		{ "pooling_mode_lasttoken", -1 },
	};
	json_t *root = NULL;
	int rc, found = 0;
	size_t i;

	rc = qaic_json_load(path, QF_MAX_CONFIG, &root, err);
	for (i = 0; !rc && i < QAIC_ARRAY_SIZE(modes); i++) {
		if (!json_is_true(json_object_get(root, modes[i].key)))
			continue;
		found++;
		*pooling = modes[i].mode;
		if (modes[i].mode < 0 || found > 1)
			rc = qaic_fail(err, -EOPNOTSUPP,
				       "%s: field \"%s\" is true%s; one of mean, cls and max is supported (--pooling chooses another)",
				       path, modes[i].key,
				       found > 1 ? ", and it is not the only one" : "");
	}
	json_decref(root);
	return rc;
}

/* {"type": "sentence_transformers.models.Pooling", "path": "1_Pooling"} */
static int read_module(const char *dir, json_t *j, enum qeff_pooling *pooling,
		       bool *normalize, struct qaic_err *err)
{
	const char *type = json_string_value(json_object_get(j, "type"));
	const char *path = json_string_value(json_object_get(j, "path"));
	const char *dot = type ? strrchr(type, '.') : NULL;
	const char *name = dot ? dot + 1 : "";
	char *file;
	int rc;

	if (!strcmp(name, "Transformer"))
		return 0;
	if (!strcmp(name, "Normalize")) {
		*normalize = true;
		return 0;
	}
	if (strcmp(name, "Pooling") || !path || strchr(path, '/') ||
	    !strcmp(path, ".."))
		return qaic_fail(err, -EOPNOTSUPP,
				 "%s/" QF_MODULES ": module \"%.80s\" is not supported; Transformer, Pooling and Normalize are",
				 dir, type ? type : "");
	file = qaic_asprintf("%s/%s/config.json", dir, path);
	if (!file)
		return qaic_fail(err, -ENOMEM, "%s: out of memory", dir);
	rc = read_mode(file, pooling, err);
	free(file);
	return rc;
}

/* A file that is a JSON list. */
static int read_list(const char *path, json_t **out, struct qaic_err *err)
{
	json_error_t why;
	char *text;
	size_t len;
	int rc = qaic_read_file(path, QF_MAX_CONFIG, &text, &len, err);

	if (rc)
		return rc;
	*out = json_loadb(text, len, JSON_REJECT_DUPLICATES, &why);
	free(text);
	if (*out && json_is_array(*out))
		return 0;
	return qaic_fail(err, -EINVAL, "%s: not a JSON list%s%s", path,
			 *out ? "" : ": ", *out ? "" : why.text);
}

int qeff_model_pooling(const char *dir, enum qeff_pooling *pooling,
		       bool *normalize, struct qaic_err *err)
{
	char *path = qaic_path(dir, QF_MODULES);
	json_t *root = NULL;
	size_t i;
	int rc = 0;

	*pooling = QEFF_POOL_MEAN;
	*normalize = false;
	if (!path)
		return qaic_fail(err, -ENOMEM, "%s: out of memory", dir);
	if (qaic_is_file(path))
		rc = read_list(path, &root, err);
	for (i = 0; !rc && i < json_array_size(root); i++)
		rc = read_module(dir, json_array_get(root, i), pooling,
				 normalize, err);
	json_decref(root);
	free(path);
	return rc;
}
