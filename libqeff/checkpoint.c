// SPDX-License-Identifier: MIT
/*
 * The weight files of a model directory: one, or shards with an index.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/str.h"
#include "libqeff/safetensors.h"

#define SINGLE	"model.safetensors"
#define INDEX	"model.safetensors.index.json"

static int add_file(struct qf_tensors *ts, const char *dir, const char *name,
		    struct qaic_err *err)
{
	struct qf_weight_file *f, *grown;
	char *path;
	int rc;

	grown = realloc(ts->file, (ts->num_files + 1) * sizeof(*grown));
	if (!grown)
		return qaic_fail(err, -ENOMEM, "%s: out of memory", name);
	ts->file = grown;
	f = &ts->file[ts->num_files];
	memset(f, 0, sizeof(*f));
	path = qaic_path(dir, name);
	f->name = strdup(name);
	if (!path || !f->name) {
		rc = qaic_fail(err, -ENOMEM, "%s: out of memory", name);
		goto fail;
	}
	rc = qaic_map_file(&f->map, path, err);
	if (rc)
		goto fail;
	rc = qf_safetensors_parse(ts, f->map.data, f->map.size, ts->num_files,
				  path, &f->header, err);
	ts->num_files++;
	free(path);
	return rc;
fail:
	free(f->name);
	free(path);
	return rc;
}

/* An index may only name files that lie beside it. */
static bool plain_name(const char *s)
{
	return *s && *s != '.' && !strchr(s, '/');
}

static int add_shards(struct qf_tensors *ts, const char *dir, json_t *map,
		      const char *path, struct qaic_err *err)
{
	json_t *seen = json_object();
	const char *name, *file;
	json_t *v;
	int rc = 0;

	if (!seen)
		return qaic_fail(err, -ENOMEM, "%s: out of memory", path);
	json_object_foreach(map, name, v) {
		file = json_string_value(v);
		if (!file || !plain_name(file)) {
			rc = qaic_fail(err, -EINVAL,
				       "%s: tensor %s: not the name of a file beside it",
				       path, name);
			break;
		}
		if (json_object_get(seen, file))
			continue;
		if (json_object_set_new(seen, file, json_true())) {
			rc = qaic_fail(err, -ENOMEM, "%s: out of memory", path);
			break;
		}
		rc = add_file(ts, dir, file, err);
		if (rc)
			break;
	}
	json_decref(seen);
	return rc;
}

/* Every tensor of the index must be in the file that it names. */
static int check_index(const struct qf_tensors *ts, json_t *map,
		       const char *path, struct qaic_err *err)
{
	const struct qf_tensor *t;
	const char *name;
	json_t *v;

	json_object_foreach(map, name, v) {
		t = qf_tensors_find(ts, name);
		if (!t || strcmp(ts->file[t->file].name, json_string_value(v)))
			return qaic_fail(err, -EINVAL,
					 "%s: tensor %s is not in %s", path,
					 name, json_string_value(v));
	}
	return 0;
}

static int open_sharded(struct qf_tensors *ts, const char *dir,
			const char *path, struct qaic_err *err)
{
	json_t *root, *map;
	int rc;

	rc = qaic_json_load(path, QF_SAFETENSORS_MAX_HEADER, &root, err);
	if (rc)
		return rc;
	rc = qaic_json_obj(root, "weight_map", &map, err);
	if (rc < 0)
		qaic_fail_in(err, "%s", path);
	else if (rc || !json_object_size(map))
		rc = qaic_fail(err, -EINVAL, "%s: \"weight_map\" is missing",
			       path);
	else
		rc = add_shards(ts, dir, map, path, err);
	if (!rc && qf_tensors_sort(ts, err))
		rc = qaic_fail_in(err, "%s", path);
	if (!rc)
		rc = check_index(ts, map, path, err);
	json_decref(root);
	return rc;
}

int qf_tensors_open(struct qf_tensors *ts, const char *dir,
		    struct qaic_err *err)
{
	char *single = qaic_path(dir, SINGLE);
	char *index = qaic_path(dir, INDEX);
	int rc;

	memset(ts, 0, sizeof(*ts));
	if (!single || !index) {
		rc = qaic_fail(err, -ENOMEM, "%s: out of memory", dir);
	} else if (qaic_is_file(single)) {
		rc = add_file(ts, dir, SINGLE, err);
		if (!rc && qf_tensors_sort(ts, err))
			rc = qaic_fail_in(err, "%s", single);
	} else if (qaic_is_file(index)) {
		rc = open_sharded(ts, dir, index, err);
	} else {
		rc = qaic_fail(err, -ENOENT,
			       "%s: no weights: neither " SINGLE " nor " INDEX
			       " is there (other formats must be converted to safetensors)",
			       dir);
	}
	free(single);
	free(index);
	if (rc)
		qf_tensors_close(ts);
	return rc;
}
