// SPDX-License-Identifier: MIT
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/str.h"
#include "libqeff/safetensors.h"

static const struct {
	const char *name;
	enum qaic_dtype dtype;
} dtypes[] = {
	{ "F32", QAIC_F32 }, { "F16", QAIC_F16 }, { "BF16", QAIC_BF16 },
	{ "F64", QAIC_F64 }, { "BOOL", QAIC_BOOL },
	{ "I8", QAIC_I8 }, { "U8", QAIC_U8 }, { "I16", QAIC_I16 },
	{ "U16", QAIC_U16 }, { "I32", QAIC_I32 }, { "U32", QAIC_U32 },
	{ "I64", QAIC_I64 }, { "U64", QAIC_U64 },
};

static int parse_dtype(json_t *entry, const char *what, const char *name,
		       struct qf_tensor *t, struct qaic_err *err)
{
	const char *s = json_string_value(json_object_get(entry, "dtype"));
	size_t i;

	if (!s)
		return qaic_fail(err, -EINVAL,
				 "%s: tensor %s: \"dtype\" is not a string",
				 what, name);
	for (i = 0; i < QAIC_ARRAY_SIZE(dtypes); i++) {
		if (strcmp(s, dtypes[i].name))
			continue;
		t->dtype = dtypes[i].dtype;
		return 0;
	}
	return qaic_fail(err, -EOPNOTSUPP,
			 "%s: tensor %s: type %s is not supported (F32, F16 and BF16 are)",
			 what, name, s);
}

/* Read the shape; t->size becomes the bytes that it needs. */
static int parse_shape(json_t *entry, const char *what, const char *name,
		       struct qf_tensor *t, struct qaic_err *err)
{
	json_t *shape = json_object_get(entry, "shape");
	uint64_t size = qaic_dtype_size(t->dtype);
	size_t i;

	if (!json_is_array(shape))
		return qaic_fail(err, -EINVAL,
				 "%s: tensor %s: \"shape\" is not an array",
				 what, name);
	if (json_array_size(shape) > QF_MAX_RANK)
		return qaic_fail(err, -EINVAL,
				 "%s: tensor %s: %zu dimensions; at most %d are taken",
				 what, name, json_array_size(shape), QF_MAX_RANK);
	t->rank = json_array_size(shape);
	for (i = 0; i < t->rank; i++) {
		json_t *d = json_array_get(shape, i);
		json_int_t v = json_integer_value(d);

		if (!json_is_integer(d) || v < 0)
			return qaic_fail(err, -EINVAL,
					 "%s: tensor %s: dimension %zu is not a count",
					 what, name, i);
		if (__builtin_mul_overflow(size, (uint64_t)v, &size) ||
		    size > INT64_MAX)
			return qaic_fail(err, -EINVAL,
					 "%s: tensor %s: the shape overflows",
					 what, name);
		t->dim[i] = v;
	}
	t->size = size;
	return 0;
}

static int parse_offsets(json_t *entry, const char *what, const char *name,
			 uint64_t space, struct qf_tensor *t, uint64_t *begin,
			 struct qaic_err *err)
{
	json_t *off = json_object_get(entry, "data_offsets");
	json_t *b = json_array_get(off, 0), *e = json_array_get(off, 1);
	uint64_t from, to;

	if (json_array_size(off) != 2 || !json_is_integer(b) ||
	    !json_is_integer(e) || json_integer_value(b) < 0 ||
	    json_integer_value(e) < json_integer_value(b))
		return qaic_fail(err, -EINVAL,
				 "%s: tensor %s: \"data_offsets\" is not a range",
				 what, name);
	from = json_integer_value(b);
	to = json_integer_value(e);
	if (to > space)
		return qaic_fail(err, -EINVAL,
				 "%s: tensor %s ends at byte %llu of %llu: the file is truncated or its header lies",
				 what, name, (unsigned long long)to,
				 (unsigned long long)space);
	if (to - from != t->size)
		return qaic_fail(err, -EINVAL,
				 "%s: tensor %s: its shape needs %llu bytes, its range holds %llu",
				 what, name, (unsigned long long)t->size,
				 (unsigned long long)(to - from));
	*begin = from;
	return 0;
}

static int by_data(const void *pa, const void *pb)
{
	const struct qf_tensor *a = pa, *b = pb;

	if (a->data != b->data)
		return a->data < b->data ? -1 : 1;
	if (a->size != b->size)
		return a->size < b->size ? -1 : 1;
	return strcmp(a->name, b->name);
}

/* The tensors of one file must cover its bytes once. */
static int check_cover(struct qf_tensor *t, size_t n, const uint8_t *data,
		       uint64_t space, const char *what, struct qaic_err *err)
{
	const uint8_t *end = data;
	size_t i;

	if (n)
		qsort(t, n, sizeof(*t), by_data);
	for (i = 0; i < n; i++) {
		if (t[i].data < end)
			return qaic_fail(err, -EINVAL,
					 "%s: tensor %s overlaps another one",
					 what, t[i].name);
		if (t[i].data > end)
			return qaic_fail(err, -EINVAL,
					 "%s: %llu bytes before tensor %s belong to no tensor",
					 what,
					 (unsigned long long)(t[i].data - end),
					 t[i].name);
		end = t[i].data + t[i].size;
	}
	if ((uint64_t)(end - data) != space)
		return qaic_fail(err, -EINVAL,
				 "%s: %llu bytes at the end belong to no tensor",
				 what,
				 (unsigned long long)(space - (end - data)));
	return 0;
}

static int parse_entries(struct qf_tensors *ts, json_t *root,
			 const uint8_t *data, uint64_t space, uint32_t file,
			 const char *what, struct qaic_err *err)
{
	size_t first = ts->num, count = json_object_size(root);
	struct qf_tensor *grown;
	const char *name;
	json_t *entry;
	int rc;

	if (!count)
		return 0;
	grown = realloc(ts->tensor, (ts->num + count) * sizeof(*grown));
	if (!grown)
		return qaic_fail(err, -ENOMEM, "%s: out of memory", what);
	ts->tensor = grown;
	json_object_foreach(root, name, entry) {
		struct qf_tensor t = { .file = file };
		uint64_t begin = 0;

		if (!strcmp(name, "__metadata__"))
			continue;
		if (!json_is_object(entry))
			return qaic_fail(err, -EINVAL,
					 "%s: tensor %s: its entry is not an object",
					 what, name);
		rc = parse_dtype(entry, what, name, &t, err);
		if (!rc)
			rc = parse_shape(entry, what, name, &t, err);
		if (!rc)
			rc = parse_offsets(entry, what, name, space, &t, &begin,
					   err);
		if (rc)
			return rc;
		t.data = data + begin;
		t.name = strdup(name);
		if (!t.name)
			return qaic_fail(err, -ENOMEM, "%s: out of memory",
					 what);
		ts->tensor[ts->num++] = t;
	}
	return check_cover(ts->tensor + first, ts->num - first, data, space,
			   what, err);
}

int qf_safetensors_parse(struct qf_tensors *ts, const uint8_t *data,
			 size_t size, uint32_t file, const char *what,
			 uint64_t *header, struct qaic_err *err)
{
	uint64_t n = 0;
	json_t *root;
	int i, rc;

	if (size < 8)
		return qaic_fail(err, -EINVAL,
				 "%s: %zu bytes are no safetensors file", what,
				 size);
	for (i = 7; i >= 0; i--)
		n = n << 8 | data[i];
	if (n > QF_SAFETENSORS_MAX_HEADER)
		return qaic_fail(err, -EINVAL,
				 "%s: not a safetensors file, or its header is too large (%llu bytes; at most %d are taken)",
				 what, (unsigned long long)n,
				 QF_SAFETENSORS_MAX_HEADER);
	if (n > size - 8)
		return qaic_fail(err, -EINVAL,
				 "%s: the header needs %llu bytes, the file has %zu: it is truncated",
				 what, (unsigned long long)n, size - 8);
	if (!n || data[8] != '{')
		return qaic_fail(err, -EINVAL,
				 "%s: not a safetensors file: its header is not a JSON object",
				 what);
	rc = qaic_json_parse((const char *)data + 8, n, what, &root, err);
	if (rc)
		return rc;
	rc = parse_entries(ts, root, data + 8 + n, size - 8 - n, file, what,
			   err);
	json_decref(root);
	if (header)
		*header = 8 + n;
	return rc;
}

static int by_name(const void *pa, const void *pb)
{
	return strcmp(((const struct qf_tensor *)pa)->name,
		      ((const struct qf_tensor *)pb)->name);
}

int qf_tensors_sort(struct qf_tensors *ts, struct qaic_err *err)
{
	size_t i;

	if (ts->num)
		qsort(ts->tensor, ts->num, sizeof(*ts->tensor), by_name);
	for (i = 1; i < ts->num; i++) {
		if (strcmp(ts->tensor[i - 1].name, ts->tensor[i].name))
			continue;
		return qaic_fail(err, -EINVAL, "tensor %s is there twice",
				 ts->tensor[i].name);
	}
	return 0;
}

const struct qf_tensor *qf_tensors_find(const struct qf_tensors *ts,
					const char *name)
{
	struct qf_tensor key = { .name = (char *)name };

	if (!ts->num)
		return NULL;
	return bsearch(&key, ts->tensor, ts->num, sizeof(key), by_name);
}

uint64_t qf_tensor_numel(const struct qf_tensor *t)
{
	return t->size / qaic_dtype_size(t->dtype);
}

void qf_tensors_close(struct qf_tensors *ts)
{
	size_t i;

	for (i = 0; i < ts->num; i++)
		free(ts->tensor[i].name);
	for (i = 0; i < ts->num_files; i++) {
		qaic_unmap_file(&ts->file[i].map);
		free(ts->file[i].name);
	}
	free(ts->tensor);
	free(ts->file);
	memset(ts, 0, sizeof(*ts));
}
