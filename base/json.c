// SPDX-License-Identifier: MIT
#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "base/file.h"
#include "base/json.h"

static int parse(const char *text, size_t len, const char *what, size_t flags,
		 json_t **root, struct qaic_err *err)
{
	json_error_t je;
	json_t *j;

	/* jansson bounds the nesting (JSON_PARSER_MAX_DEPTH, 2048) */
	j = json_loadb(text, len, JSON_REJECT_DUPLICATES | flags, &je);
	if (!j)
		return qaic_fail(err, -EINVAL, "%s: line %d: not valid JSON: %s",
				 what, je.line, je.text);
	if (!json_is_object(j)) {
		json_decref(j);
		return qaic_fail(err, -EINVAL, "%s: not a JSON object", what);
	}
	*root = j;
	return 0;
}

int qaic_json_parse(const char *text, size_t len, const char *what,
		    json_t **root, struct qaic_err *err)
{
	return parse(text, len, what, 0, root, err);
}

static int load(const char *path, size_t max, size_t flags, json_t **root,
		struct qaic_err *err)
{
	char *text;
	size_t len;
	int rc;

	rc = qaic_read_file(path, max, &text, &len, err);
	if (rc)
		return rc;
	rc = parse(text, len, path, flags, root, err);
	free(text);
	return rc;
}

int qaic_json_load(const char *path, size_t max, json_t **root,
		   struct qaic_err *err)
{
	return load(path, max, 0, root, err);
}

int qaic_json_load_reals(const char *path, size_t max, json_t **root,
			 struct qaic_err *err)
{
	return load(path, max, JSON_DECODE_INT_AS_REAL, root, err);
}

static json_t *get(json_t *obj, const char *key)
{
	json_t *v = json_object_get(obj, key);

	return json_is_null(v) ? NULL : v;
}

static int wrong_type(const char *key, const char *want, struct qaic_err *err)
{
	return qaic_fail(err, -EINVAL, "field \"%s\" is not %s", key, want);
}

int qaic_json_int(json_t *obj, const char *key, int64_t min, int64_t max,
		  int64_t *out, struct qaic_err *err)
{
	json_t *v = get(obj, key);
	json_int_t i;

	if (!v)
		return 1;
	if (!json_is_integer(v))
		return wrong_type(key, "an integer", err);
	i = json_integer_value(v);
	if (i < min || i > max)
		return qaic_fail(err, -ERANGE,
				 "field \"%s\" is %lld; it must be %lld to %lld",
				 key, (long long)i, (long long)min,
				 (long long)max);
	*out = i;
	return 0;
}

int qaic_json_num(json_t *obj, const char *key, double *out,
		  struct qaic_err *err)
{
	json_t *v = get(obj, key);

	if (!v)
		return 1;
	if (!json_is_number(v) || !isfinite(json_number_value(v)))
		return wrong_type(key, "a number", err);
	*out = json_number_value(v);
	return 0;
}

int qaic_json_bool(json_t *obj, const char *key, bool *out,
		   struct qaic_err *err)
{
	json_t *v = get(obj, key);

	if (!v)
		return 1;
	if (!json_is_boolean(v))
		return wrong_type(key, "true or false", err);
	*out = json_is_true(v);
	return 0;
}

int qaic_json_str(json_t *obj, const char *key, const char **out,
		  struct qaic_err *err)
{
	json_t *v = get(obj, key);

	if (!v)
		return 1;
	if (!json_is_string(v))
		return wrong_type(key, "a string", err);
	*out = json_string_value(v);
	return 0;
}

int qaic_json_obj(json_t *obj, const char *key, json_t **out,
		  struct qaic_err *err)
{
	json_t *v = get(obj, key);

	if (!v)
		return 1;
	if (!json_is_object(v))
		return wrong_type(key, "an object", err);
	*out = v;
	return 0;
}

int qaic_json_arr(json_t *obj, const char *key, json_t **out,
		  struct qaic_err *err)
{
	json_t *v = get(obj, key);

	if (!v)
		return 1;
	if (!json_is_array(v))
		return wrong_type(key, "an array", err);
	*out = v;
	return 0;
}

static int need(int rc, const char *key, struct qaic_err *err)
{
	if (rc == 1)
		return qaic_fail(err, -EINVAL, "field \"%s\" is missing", key);
	return rc;
}

int qaic_json_need_int(json_t *obj, const char *key, int64_t min, int64_t max,
		       int64_t *out, struct qaic_err *err)
{
	return need(qaic_json_int(obj, key, min, max, out, err), key, err);
}

int qaic_json_need_str(json_t *obj, const char *key, const char **out,
		       struct qaic_err *err)
{
	return need(qaic_json_str(obj, key, out, err), key, err);
}
