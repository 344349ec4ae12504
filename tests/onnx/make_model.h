/* SPDX-License-Identifier: MIT */
/*
 * Small ONNX models made by tests: a proto that is filled call by call, then
 * written to a file. Everything is malloc'ed, mm_free() frees it.
 */
#ifndef TESTS_ONNX_MAKE_MODEL_H
#define TESTS_ONNX_MAKE_MODEL_H

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "compiler/onnx.pb-c.h"

#define MM_MAYBE __attribute__((unused))

#define MM_PUSH(list, n, item)                                                 \
	do {                                                                   \
		(list) = realloc((list), ((n) + 1) * sizeof(*(list)));         \
		(list)[(n)++] = (item);                                        \
	} while (0)

#define MM_NEW(type, init)                                                     \
	({                                                                     \
		type *new_ = malloc(sizeof(type));                             \
		type init_ = init;                                             \
		*new_ = init_;                                                 \
		new_;                                                          \
	})

static MM_MAYBE void mm_opset(Onnx__OperatorSetIdProto ***list, size_t *n,
			      const char *domain, int64_t version)
{
	Onnx__OperatorSetIdProto *o = MM_NEW(Onnx__OperatorSetIdProto,
					ONNX__OPERATOR_SET_ID_PROTO__INIT);

	o->domain = strdup(domain);
	o->has_version = 1;
	o->version = version;
	MM_PUSH(*list, *n, o);
}

static MM_MAYBE Onnx__ModelProto *mm_model(int64_t opset)
{
	Onnx__ModelProto *m = MM_NEW(Onnx__ModelProto, ONNX__MODEL_PROTO__INIT);

	m->has_ir_version = 1;
	m->ir_version = 8;
	m->graph = MM_NEW(Onnx__GraphProto, ONNX__GRAPH_PROTO__INIT);
	m->graph->name = strdup("test");
	mm_opset(&m->opset_import, &m->n_opset_import, "", opset);
	return m;
}

/* @shape: "2,N,4"; what is no number is a symbol; "" is a scalar */
static MM_MAYBE Onnx__ValueInfoProto *mm_value(const char *name, int type,
					       const char *shape)
{
	Onnx__ValueInfoProto *v = MM_NEW(Onnx__ValueInfoProto,
					 ONNX__VALUE_INFO_PROTO__INIT);
	Onnx__TypeProto__Tensor *t = MM_NEW(Onnx__TypeProto__Tensor,
					    ONNX__TYPE_PROTO__TENSOR__INIT);
	char *copy = strdup(shape), *save = NULL, *word;

	v->name = strdup(name);
	v->type = MM_NEW(Onnx__TypeProto, ONNX__TYPE_PROTO__INIT);
	v->type->tensor_type = t;
	t->has_elem_type = 1;
	t->elem_type = type;
	t->shape = MM_NEW(Onnx__TensorShapeProto,
			  ONNX__TENSOR_SHAPE_PROTO__INIT);
	for (word = strtok_r(copy, ",", &save); word;
	     word = strtok_r(NULL, ",", &save)) {
		Onnx__TensorShapeProto__Dimension *d =
			MM_NEW(Onnx__TensorShapeProto__Dimension,
			       ONNX__TENSOR_SHAPE_PROTO__DIMENSION__INIT);
		char *end;

		d->dim_value = strtoll(word, &end, 10);
		if (*end)
			d->dim_param = strdup(word);
		else
			d->has_dim_value = 1;
		MM_PUSH(t->shape->dim, t->shape->n_dim, d);
	}
	free(copy);
	return v;
}

static MM_MAYBE void mm_input(Onnx__ModelProto *m, const char *name, int type,
			      const char *shape)
{
	Onnx__ValueInfoProto *v = mm_value(name, type, shape);

	MM_PUSH(m->graph->input, m->graph->n_input, v);
}

static MM_MAYBE void mm_output(Onnx__ModelProto *m, const char *name)
{
	Onnx__ValueInfoProto *v = mm_value(name, 1, "");

	MM_PUSH(m->graph->output, m->graph->n_output, v);
}

static MM_MAYBE Onnx__TensorProto *mm_tensor(const char *name, int type,
					     int rank, const int64_t *dims,
					     const void *data, size_t size)
{
	Onnx__TensorProto *t = MM_NEW(Onnx__TensorProto,
				      ONNX__TENSOR_PROTO__INIT);
	int i;

	t->name = strdup(name);
	t->has_data_type = 1;
	t->data_type = type;
	for (i = 0; i < rank; i++)
		MM_PUSH(t->dims, t->n_dims, dims[i]);
	t->has_raw_data = 1;
	t->raw_data.len = size;
	t->raw_data.data = malloc(size ? size : 1);
	memcpy(t->raw_data.data, data, size);
	return t;
}

static MM_MAYBE void mm_init(Onnx__ModelProto *m, Onnx__TensorProto *t)
{
	MM_PUSH(m->graph->initializer, m->graph->n_initializer, t);
}

/* A one-dimensional int64 initializer. */
static MM_MAYBE void mm_ints(Onnx__ModelProto *m, const char *name, int n, ...)
{
	int64_t v[16], dim = n;
	va_list ap;
	int i;

	va_start(ap, n);
	for (i = 0; i < n; i++)
		v[i] = va_arg(ap, long long);
	va_end(ap);
	mm_init(m, mm_tensor(name, 7, 1, &dim, v, n * sizeof(*v)));
}

static MM_MAYBE void mm_split(const char *list, char ***out, size_t *n)
{
	const char *p = list;
	size_t len;

	/* "a,,b": the middle one is absent */
	while (*list) {
		len = strcspn(p, ",");
		MM_PUSH(*out, *n, strndup(p, len));
		p += len;
		if (!*p)
			break;
		p++;
	}
}

static MM_MAYBE Onnx__NodeProto *mm_new_node(const char *op, const char *in,
					     const char *out)
{
	Onnx__NodeProto *n = MM_NEW(Onnx__NodeProto, ONNX__NODE_PROTO__INIT);
	const char *colon = strstr(op, "::");

	n->op_type = strdup(colon ? colon + 2 : op);
	if (colon)
		n->domain = strndup(op, colon - op);
	mm_split(in, &n->input, &n->n_input);
	mm_split(out, &n->output, &n->n_output);
	return n;
}

/* @op: "Add" or "domain::Name"; @in and @out: names with commas */
static MM_MAYBE Onnx__NodeProto *mm_node(Onnx__ModelProto *m, const char *op,
					 const char *in, const char *out)
{
	Onnx__NodeProto *n = mm_new_node(op, in, out);

	MM_PUSH(m->graph->node, m->graph->n_node, n);
	return n;
}

static MM_MAYBE Onnx__AttributeProto *mm_attr(Onnx__NodeProto *n, const char *name,
				     int type)
{
	Onnx__AttributeProto *a = MM_NEW(Onnx__AttributeProto,
					 ONNX__ATTRIBUTE_PROTO__INIT);

	a->name = strdup(name);
	a->has_type = 1;
	a->type = type;
	MM_PUSH(n->attribute, n->n_attribute, a);
	return a;
}

static MM_MAYBE void mm_attr_int(Onnx__NodeProto *n, const char *name, int64_t v)
{
	Onnx__AttributeProto *a = mm_attr(n, name, 2);

	a->has_i = 1;
	a->i = v;
}

static MM_MAYBE void mm_attr_float(Onnx__NodeProto *n, const char *name, float v)
{
	Onnx__AttributeProto *a = mm_attr(n, name, 1);

	a->has_f = 1;
	a->f = v;
}

static MM_MAYBE void mm_attr_str(Onnx__NodeProto *n, const char *name,
				 const char *v)
{
	Onnx__AttributeProto *a = mm_attr(n, name, 3);

	a->has_s = 1;
	a->s.len = strlen(v);
	a->s.data = (uint8_t *)strdup(v);
}

static MM_MAYBE void mm_attr_ints(Onnx__NodeProto *n, const char *name,
				  int count, ...)
{
	Onnx__AttributeProto *a = mm_attr(n, name, 7);
	va_list ap;
	int i;

	va_start(ap, count);
	for (i = 0; i < count; i++)
		MM_PUSH(a->ints, a->n_ints, va_arg(ap, long long));
	va_end(ap);
}

/* The attribute of the function that the node is in. */
static MM_MAYBE void mm_attr_ref(Onnx__NodeProto *n, const char *name, int type,
				 const char *ref)
{
	mm_attr(n, name, type)->ref_attr_name = strdup(ref);
}

static MM_MAYBE Onnx__FunctionProto *mm_function(Onnx__ModelProto *m,
						 const char *domain,
						 const char *name,
						 const char *in, const char *out)
{
	Onnx__FunctionProto *f = MM_NEW(Onnx__FunctionProto,
					ONNX__FUNCTION_PROTO__INIT);

	f->domain = strdup(domain);
	f->name = strdup(name);
	mm_split(in, &f->input, &f->n_input);
	mm_split(out, &f->output, &f->n_output);
	mm_opset(&f->opset_import, &f->n_opset_import, "", 17);
	MM_PUSH(m->functions, m->n_functions, f);
	return f;
}

static MM_MAYBE Onnx__NodeProto *mm_function_node(Onnx__FunctionProto *f,
						  const char *op,
						  const char *in,
						  const char *out)
{
	Onnx__NodeProto *n = mm_new_node(op, in, out);

	MM_PUSH(f->node, f->n_node, n);
	return n;
}

static MM_MAYBE int mm_write(const Onnx__ModelProto *m, const char *path)
{
	size_t len = onnx__model_proto__get_packed_size(m);
	uint8_t *buf = malloc(len ? len : 1);
	FILE *f = fopen(path, "wb");
	int rc = -1;

	onnx__model_proto__pack(m, buf);
	if (f && fwrite(buf, 1, len, f) == len)
		rc = 0;
	if (f && fclose(f))
		rc = -1;
	free(buf);
	return rc;
}

static MM_MAYBE void mm_free(Onnx__ModelProto *m)
{
	onnx__model_proto__free_unpacked(m, NULL);
}

#endif
