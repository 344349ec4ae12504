// SPDX-License-Identifier: MIT
/*
 * Tensors of the ONNX file. Whatever way the file stores one (raw bytes, typed
 * lists, another file), it is raw bytes of the right length when we are done: in
 * place, without a copy.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "compiler/model.h"

int qc_dtype_of_onnx(int32_t data_type)
{
	switch (data_type) {
	case ONNX__TENSOR_PROTO__DATA_TYPE__FLOAT:
		return QAIC_F32;
	case ONNX__TENSOR_PROTO__DATA_TYPE__FLOAT16:
		return QAIC_F16;
	case ONNX__TENSOR_PROTO__DATA_TYPE__BFLOAT16:
		return QAIC_BF16;
	case ONNX__TENSOR_PROTO__DATA_TYPE__DOUBLE:
		return QAIC_F64;
	case ONNX__TENSOR_PROTO__DATA_TYPE__INT8:
		return QAIC_I8;
	case ONNX__TENSOR_PROTO__DATA_TYPE__UINT8:
		return QAIC_U8;
	case ONNX__TENSOR_PROTO__DATA_TYPE__INT16:
		return QAIC_I16;
	case ONNX__TENSOR_PROTO__DATA_TYPE__UINT16:
		return QAIC_U16;
	case ONNX__TENSOR_PROTO__DATA_TYPE__INT32:
		return QAIC_I32;
	case ONNX__TENSOR_PROTO__DATA_TYPE__UINT32:
		return QAIC_U32;
	case ONNX__TENSOR_PROTO__DATA_TYPE__INT64:
		return QAIC_I64;
	case ONNX__TENSOR_PROTO__DATA_TYPE__UINT64:
		return QAIC_U64;
	case ONNX__TENSOR_PROTO__DATA_TYPE__BOOL:
		return QAIC_BOOL;
	default:
		return -1;
	}
}

void qc_tensor_of_proto(const Onnx__TensorProto *tp, struct qc_tensor *t)
{
	int64_t stride = 1;
	uint32_t i;

	memset(t, 0, sizeof(*t));
	t->dtype = qc_dtype_of_onnx(tp->data_type);
	t->store = t->dtype;
	t->rank = (uint32_t)tp->n_dims;
	for (i = t->rank; i-- > 0;) {
		t->dim[i] = tp->dims[i];
		t->stride[i] = stride;
		stride *= tp->dims[i];
	}
	t->data = tp->raw_data.data;
}

/* Type, rank and byte size; what does not fit is refused. */
static int tensor_size(const Onnx__TensorProto *tp, const char *what,
		       size_t *size, struct qaic_err *err)
{
	int dtype = qc_dtype_of_onnx(tp->has_data_type ? tp->data_type : 0);
	size_t i;

	if (dtype < 0)
		return qaic_fail(err, -EOPNOTSUPP,
				 "%s: element type %d is not supported", what,
				 tp->data_type);
	if (tp->n_dims > QC_MAX_RANK)
		return qaic_fail(err, -EOPNOTSUPP,
				 "%s: %zu dimensions; at most %d are supported",
				 what, tp->n_dims, QC_MAX_RANK);
	*size = qaic_dtype_size(dtype);
	for (i = 0; i < tp->n_dims; i++) {
		if (tp->dims[i] < 0 || tp->dims[i] > INT64_MAX / 2)
			return qaic_fail(err, -EINVAL,
					 "%s: dimension %zu is %lld", what, i,
					 (long long)tp->dims[i]);
		/* zero makes the tensor empty, whatever the others say */
		if (!qaic_mul_size(*size, tp->dims[i], size) ||
		    *size > (size_t)1 << 46)
			return qaic_fail(err, -EINVAL,
					 "%s: its shape is too large", what);
	}
	return 0;
}

static const char *external_key(const Onnx__TensorProto *tp, const char *key)
{
	size_t i;

	for (i = 0; i < tp->n_external_data; i++)
		if (!strcmp(qc_str(tp->external_data[i]->key), key))
			return qc_str(tp->external_data[i]->value);
	return NULL;
}

static int external_number(const Onnx__TensorProto *tp, const char *key,
			   uint64_t dflt, uint64_t *out)
{
	const char *text = external_key(tp, key);
	char *end;

	*out = dflt;
	if (!text)
		return 0;
	if (*text < '0' || *text > '9')
		return -EINVAL;
	errno = 0;
	*out = strtoull(text, &end, 10);
	return errno || *end ? -EINVAL : 0;
}

/* A relative path that stays below the model's directory. */
static bool location_ok(const char *location)
{
	const char *p = location;
	size_t len;

	if (!location || !*location || *location == '/')
		return false;
	while (*p) {
		len = strcspn(p, "/");
		if (len == 2 && !memcmp(p, "..", 2))
			return false;
		p += len;
		p += *p == '/';
	}
	return true;
}

static int map_extern(struct qc_model *m, const char *location,
		      const struct qaic_map **map, struct qaic_err *err)
{
	const char *slash = strrchr(m->path, '/');
	struct qc_extern *e;
	char *path;
	size_t i;
	int rc;

	for (i = 0; i < m->num_externs; i++) {
		if (!strcmp(m->externs[i].location, location)) {
			*map = &m->externs[i].map;
			return 0;
		}
	}
	e = realloc(m->externs, (m->num_externs + 1) * sizeof(*e));
	if (!e)
		return qaic_fail(err, -ENOMEM, "out of memory");
	m->externs = e;
	e += m->num_externs;
	e->location = strdup(location);
	path = qaic_asprintf("%.*s%s", slash ? (int)(slash + 1 - m->path) : 0,
			     m->path, location);
	rc = e->location && path ? qaic_map_file(&e->map, path, err) :
				   qaic_fail(err, -ENOMEM, "out of memory");
	free(path);
	if (rc) {
		free(e->location);
		return rc;
	}
	m->num_externs++;
	*map = &e->map;
	return 0;
}

static int remember_mapped(struct qc_model *m, Onnx__TensorProto *tp)
{
	size_t cap = m->cap_mapped ? m->cap_mapped * 2 : 64;
	Onnx__TensorProto **list;

	if (m->num_mapped == m->cap_mapped) {
		list = realloc(m->mapped, cap * sizeof(*list));
		if (!list)
			return -ENOMEM;
		m->mapped = list;
		m->cap_mapped = cap;
	}
	m->mapped[m->num_mapped++] = tp;
	return 0;
}

static int load_external(struct qc_model *m, Onnx__TensorProto *tp,
			 const char *what, size_t size, struct qaic_err *err)
{
	const char *location = external_key(tp, "location");
	const struct qaic_map *map = NULL;
	uint64_t offset, length;
	int rc;

	if (!location_ok(location))
		return qaic_fail(err, -EINVAL,
			"%s: its external data is at '%s'; only files below the model's directory are read",
			what, qc_str(location));
	if (external_number(tp, "offset", 0, &offset) ||
	    external_number(tp, "length", size, &length))
		return qaic_fail(err, -EINVAL,
			"%s: offset or length of its external data is not a number",
			what);
	if (length != size)
		return qaic_fail(err, -EINVAL,
			"%s: its external data has %llu bytes, its shape needs %zu",
			what, (unsigned long long)length, size);
	rc = map_extern(m, location, &map, err);
	if (rc) {
		if (err)
			qaic_fail_in(err, "%s: external data", what);
		return rc;
	}
	if (offset > map->size || size > map->size - offset)
		return qaic_fail(err, -EINVAL,
			"%s: its external data ends at byte %llu of '%s', which has %zu",
			what, (unsigned long long)offset + size, location,
			map->size);
	if (tp->raw_data.data) {
		m->alloc.free(m->alloc.allocator_data, tp->raw_data.data);
		memset(&tp->raw_data, 0, sizeof(tp->raw_data));
	}
	if (remember_mapped(m, tp))
		return qaic_fail(err, -ENOMEM, "out of memory");
	tp->raw_data.data = (uint8_t *)map->data + (size ? offset : 0);
	tp->raw_data.len = size;
	return 0;
}

/* The list becomes the raw bytes; the proto still owns them. */
static void steal(Onnx__TensorProto *tp, void **list, size_t *n, size_t size)
{
	tp->raw_data.data = *list;
	tp->raw_data.len = *n * size;
	*list = NULL;
	*n = 0;
}

/* Narrow a stolen list in place: each element moves towards the front. */
static void narrow(Onnx__TensorProto *tp, size_t from, size_t to)
{
	size_t i, n = tp->raw_data.len / from;

	/* little-endian: the low bytes come first */
	for (i = 0; i < n; i++)
		memmove(tp->raw_data.data + i * to, tp->raw_data.data + i * from,
			to);
	tp->raw_data.len = n * to;
}

static void load_typed(Onnx__TensorProto *tp)
{
	size_t size = qaic_dtype_size(qc_dtype_of_onnx(tp->data_type));

	if (tp->n_float_data) {
		if (size == 4)
			steal(tp, (void **)&tp->float_data, &tp->n_float_data, 4);
	} else if (tp->n_int64_data) {
		if (size == 8)
			steal(tp, (void **)&tp->int64_data, &tp->n_int64_data, 8);
	} else if (tp->n_double_data) {
		if (size == 8)
			steal(tp, (void **)&tp->double_data, &tp->n_double_data,
			      8);
	} else if (tp->n_uint64_data) {
		if (size < 4)
			return;
		steal(tp, (void **)&tp->uint64_data, &tp->n_uint64_data, 8);
		narrow(tp, 8, size);
	} else if (tp->n_int32_data) {
		if (size > 4)
			return;
		steal(tp, (void **)&tp->int32_data, &tp->n_int32_data, 4);
		narrow(tp, 4, size);
	}
}

int qc_model_tensor(struct qc_model *m, Onnx__TensorProto *tp,
		    const char *what, struct qaic_err *err)
{
	size_t size = 0;
	int rc;

	rc = tensor_size(tp, what, &size, err);
	if (rc)
		return rc;
	if (tp->has_data_location &&
	    tp->data_location == ONNX__TENSOR_PROTO__DATA_LOCATION__EXTERNAL)
		return load_external(m, tp, what, size, err);
	if (!tp->raw_data.len && size) {
		m->alloc.free(m->alloc.allocator_data, tp->raw_data.data);
		tp->raw_data.data = NULL;
		load_typed(tp);
	}
	if (tp->raw_data.len != size)
		return qaic_fail(err, -EINVAL,
				 "%s: has %zu bytes of data, its shape needs %zu",
				 what, tp->raw_data.len, size);
	return 0;
}

void qc_model_tensors_release(struct qc_model *m)
{
	size_t i;

	for (i = 0; i < m->num_mapped; i++)
		memset(&m->mapped[i]->raw_data, 0,
		       sizeof(m->mapped[i]->raw_data));
	free(m->mapped);
	for (i = 0; i < m->num_externs; i++) {
		qaic_unmap_file(&m->externs[i].map);
		free(m->externs[i].location);
	}
	free(m->externs);
}
