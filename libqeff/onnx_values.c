// SPDX-License-Identifier: MIT
/* The builder's initializers, model inputs and outputs, and metadata. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "libqeff/onnx_priv.h"

static bool have_init(struct qf_onnx *o, const char *name)
{
	char key[300];

	/* initializers share the table of names, behind a character of their own */
	snprintf(key, sizeof(key), "=%s", name);
	if (json_object_get(o->names, key))
		return true;
	if (json_object_set_new(o->names, key, json_true()))
		qf_onnx_fail(o, -ENOMEM, "out of memory");
	return false;
}

static Onnx__TensorProto *new_init(struct qf_onnx *o, const char *name,
				   enum qaic_dtype dtype, uint32_t rank,
				   const int64_t *dim)
{
	Onnx__TensorProto *t = qf_onnx_alloc(o, sizeof(*t));

	if (!t)
		return NULL;
	onnx__tensor_proto__init(t);
	t->name = qf_onnx_dup(o, name);
	t->has_data_type = 1;
	t->data_type = qf_onnx_dtype(dtype);
	t->dims = (int64_t *)qf_onnx_dup_bytes(o, dim, rank * sizeof(*dim));
	t->n_dims = rank;
	APPEND(o, o->init, o->num_init, o->cap_init, t);
	return o->rc ? NULL : t;
}

static void set_raw(Onnx__TensorProto *t, void *data, size_t size)
{
	t->has_raw_data = 1;
	t->raw_data.data = data;
	t->raw_data.len = size;
}

static uint64_t size_of(enum qaic_dtype dtype, uint32_t rank,
			const int64_t *dim)
{
	uint64_t size = qaic_dtype_size(dtype);
	uint32_t i;

	for (i = 0; i < rank; i++)
		size *= dim[i];
	return size;
}

static qf_val small(struct qf_onnx *o, const char *name, enum qaic_dtype dtype,
		    uint32_t rank, const int64_t *dim, const void *data)
{
	Onnx__TensorProto *t;

	if (o->rc || have_init(o, name))
		return name;
	t = new_init(o, name, dtype, rank, dim);
	if (t)
		set_raw(t, qf_onnx_dup_bytes(o, data, size_of(dtype, rank, dim)),
			size_of(dtype, rank, dim));
	return name;
}

qf_val qf_onnx_i64s(struct qf_onnx *o, const int64_t *v, size_t n)
{
	struct qaic_str s = { 0 };
	int64_t dim = n;
	char *name;
	size_t i;

	qaic_str_puts(&s, "const.i64");
	for (i = 0; i < n; i++)
		qaic_str_printf(&s, "_%lld", (long long)v[i]);
	if (s.failed)
		qf_onnx_fail(o, -ENOMEM, "out of memory");
	name = qf_onnx_printf(o, "%s", s.s ? s.s : "");
	qaic_str_free(&s);
	return name ? small(o, name, QAIC_I64, 1, &dim, v) : "";
}

qf_val qf_onnx_i64(struct qf_onnx *o, int64_t v)
{
	char *name = qf_onnx_printf(o, "const.scalar.i64_%lld", (long long)v);

	return name ? small(o, name, QAIC_I64, 0, NULL, &v) : "";
}

qf_val qf_onnx_i32(struct qf_onnx *o, int32_t v)
{
	char *name = qf_onnx_printf(o, "const.scalar.i32_%d", v);

	return name ? small(o, name, QAIC_I32, 0, NULL, &v) : "";
}

qf_val qf_onnx_f32(struct qf_onnx *o, float v)
{
	char *name = qf_onnx_printf(o, "const.scalar.f32_%.9g", v);

	return name ? small(o, name, QAIC_F32, 0, NULL, &v) : "";
}

static qf_val large(struct qf_onnx *o, const char *name, enum qaic_dtype dtype,
		    uint32_t rank, const int64_t *dim,
		    const struct qf_external *src)
{
	struct qf_external e = *src;
	void *copy;

	if (o->rc)
		return "";
	name = qf_onnx_dup(o, name);
	if (!name || have_init(o, name))
		return name ? name : "";
	e.elem = qaic_dtype_size(dtype);
	e.size = size_of(dtype, rank, dim);
	e.tensor = new_init(o, name, dtype, rank, dim);
	if (!e.tensor)
		return "";
	if (e.size > QF_ONNX_INLINE) {
		APPEND(o, o->ext, o->num_ext, o->cap_ext, e);
		return name;
	}
	copy = qf_onnx_alloc(o, e.size);
	if (copy && e.data)
		memcpy(copy, e.data, e.size);
	else if (copy)
		e.fill(e.ctx, 0, e.size / e.elem, copy);
	set_raw(e.tensor, copy, e.size);
	return name;
}

qf_val qf_onnx_data(struct qf_onnx *o, const char *name, enum qaic_dtype dtype,
		    uint32_t rank, const int64_t *dim, const void *data)
{
	struct qf_external e = { .data = data };

	return large(o, name, dtype, rank, dim, &e);
}

qf_val qf_onnx_fill(struct qf_onnx *o, const char *name, enum qaic_dtype dtype,
		    uint32_t rank, const int64_t *dim, qf_fill_fn fill,
		    const void *ctx)
{
	struct qf_external e = { .fill = fill, .ctx = ctx };

	return large(o, name, dtype, rank, dim, &e);
}

/* ---- inputs, outputs, metadata ---- */

static Onnx__ValueInfoProto *new_info(struct qf_onnx *o, const char *name,
				      enum qaic_dtype dtype,
				      const struct qf_dim *dim, size_t rank)
{
	struct {
		Onnx__ValueInfoProto info;
		Onnx__TypeProto type;
		Onnx__TypeProto__Tensor tensor;
		Onnx__TensorShapeProto shape;
		Onnx__TensorShapeProto__Dimension dim[8], *dims[8];
	} *p = qf_onnx_alloc(o, sizeof(*p));
	size_t i;

	if (!p)
		return NULL;
	onnx__value_info_proto__init(&p->info);
	onnx__type_proto__init(&p->type);
	onnx__type_proto__tensor__init(&p->tensor);
	onnx__tensor_shape_proto__init(&p->shape);
	p->info.name = qf_onnx_dup(o, name);
	p->info.type = &p->type;
	p->type.tensor_type = &p->tensor;
	p->tensor.has_elem_type = 1;
	p->tensor.elem_type = qf_onnx_dtype(dtype);
	p->tensor.shape = &p->shape;
	p->shape.n_dim = rank;
	p->shape.dim = p->dims;
	for (i = 0; i < rank; i++) {
		onnx__tensor_shape_proto__dimension__init(&p->dim[i]);
		p->dims[i] = &p->dim[i];
		if (dim[i].symbol) {
			p->dim[i].dim_param = qf_onnx_dup(o, dim[i].symbol);
		} else {
			p->dim[i].has_dim_value = 1;
			p->dim[i].dim_value = dim[i].value;
		}
	}
	return &p->info;
}

qf_val qf_onnx_input(struct qf_onnx *o, const char *name,
		     enum qaic_dtype dtype, const struct qf_dim *dim,
		     size_t rank)
{
	Onnx__ValueInfoProto *p = new_info(o, name, dtype, dim, rank);

	APPEND(o, o->in, o->num_in, o->cap_in, p);
	return o->rc ? "" : p->name;
}

void qf_onnx_output(struct qf_onnx *o, qf_val name, enum qaic_dtype dtype,
		    const struct qf_dim *dim, size_t rank)
{
	Onnx__ValueInfoProto *p = new_info(o, name, dtype, dim, rank);

	APPEND(o, o->out, o->num_out, o->cap_out, p);
}

void qf_onnx_meta(struct qf_onnx *o, const char *key, const char *value)
{
	Onnx__StringStringEntryProto *p = qf_onnx_alloc(o, sizeof(*p));

	if (!p)
		return;
	onnx__string_string_entry_proto__init(p);
	p->key = qf_onnx_dup(o, key);
	p->value = qf_onnx_dup(o, value);
	APPEND(o, o->meta, o->num_meta, o->cap_meta, p);
}
