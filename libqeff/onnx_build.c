// SPDX-License-Identifier: MIT
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "libqeff/onnx_priv.h"

#define ARENA_BLOCK (64u << 10)

struct qf_arena_block {
	struct qf_arena_block *next;
	size_t used, size;
	_Alignas(16) char data[];
};

int qf_onnx_init(struct qf_onnx *o, struct qaic_err *err)
{
	memset(o, 0, sizeof(*o));
	o->err = err;
	o->names = json_object();
	if (!o->names)
		o->rc = qaic_fail(err, -ENOMEM, "out of memory");
	return o->rc;
}

void qf_onnx_release(struct qf_onnx *o)
{
	struct qf_arena_block *a, *next;

	for (a = o->arena; a; a = next) {
		next = a->next;
		free(a);
	}
	free(o->nodes.v);
	free(o->init);
	free(o->ext);
	free(o->in);
	free(o->out);
	free(o->fn);
	free(o->meta);
	json_decref(o->names);
	memset(o, 0, sizeof(*o));
}

void qf_onnx_fail(struct qf_onnx *o, int code, const char *fmt, ...)
{
	char msg[480];
	va_list ap;

	if (o->rc)
		return;
	va_start(ap, fmt);
	vsnprintf(msg, sizeof(msg), fmt, ap);
	va_end(ap);
	o->rc = qaic_fail(o->err, code, "%s", msg);
}

void *qf_onnx_alloc(struct qf_onnx *o, size_t size)
{
	struct qf_arena_block *a = o->arena;
	size_t need = qaic_align(size ? size : 1, 16);
	void *p;

	if (o->rc)
		return NULL;
	if (!a || a->size - a->used < need) {
		size_t block = need > ARENA_BLOCK ? need : ARENA_BLOCK;

		a = malloc(sizeof(*a) + block);
		if (!a) {
			qf_onnx_fail(o, -ENOMEM, "out of memory");
			return NULL;
		}
		a->next = o->arena;
		a->used = 0;
		a->size = block;
		o->arena = a;
	}
	p = a->data + a->used;
	a->used += need;
	return memset(p, 0, need);
}

char *qf_onnx_dup_bytes(struct qf_onnx *o, const void *data, size_t len)
{
	char *p = qf_onnx_alloc(o, len + 1);

	if (p && len)
		memcpy(p, data, len);
	return p;
}

char *qf_onnx_dup(struct qf_onnx *o, const char *s)
{
	return qf_onnx_dup_bytes(o, s, strlen(s));
}

char *qf_onnx_printf(struct qf_onnx *o, const char *fmt, ...)
{
	va_list ap;
	char *s = NULL, *copy = NULL;
	int n;

	if (o->rc)
		return NULL;
	va_start(ap, fmt);
	n = vasprintf(&s, fmt, ap);
	va_end(ap);
	if (n < 0) {
		qf_onnx_fail(o, -ENOMEM, "out of memory");
		return NULL;
	}
	copy = qf_onnx_dup(o, s);
	free(s);
	return copy;
}

bool qf_onnx_grow(struct qf_onnx *o, void *array, size_t n, size_t *cap,
		  size_t elem)
{
	void **v = array, *p;

	if (o->rc)
		return false;
	if (n < *cap)
		return true;
	p = reallocarray(*v, *cap ? *cap * 2 : 16, elem);
	if (!p) {
		qf_onnx_fail(o, -ENOMEM, "out of memory");
		return false;
	}
	*v = p;
	*cap = *cap ? *cap * 2 : 16;
	return true;
}

int qf_onnx_dtype(enum qaic_dtype dtype)
{
	switch (dtype) {
	case QAIC_F32: return ONNX__TENSOR_PROTO__DATA_TYPE__FLOAT;
	case QAIC_F16: return ONNX__TENSOR_PROTO__DATA_TYPE__FLOAT16;
	case QAIC_BF16: return ONNX__TENSOR_PROTO__DATA_TYPE__BFLOAT16;
	case QAIC_F64: return ONNX__TENSOR_PROTO__DATA_TYPE__DOUBLE;
	case QAIC_I32: return ONNX__TENSOR_PROTO__DATA_TYPE__INT32;
	case QAIC_I64: return ONNX__TENSOR_PROTO__DATA_TYPE__INT64;
	case QAIC_BOOL: return ONNX__TENSOR_PROTO__DATA_TYPE__BOOL;
	default: return ONNX__TENSOR_PROTO__DATA_TYPE__UNDEFINED;
	}
}

/* ---- nodes ---- */

static Onnx__AttributeProto *new_attr(struct qf_onnx *o,
				      const struct qf_attr *a)
{
	Onnx__AttributeProto *p = qf_onnx_alloc(o, sizeof(*p));

	if (!p)
		return NULL;
	onnx__attribute_proto__init(p);
	p->name = qf_onnx_dup(o, a->name);
	p->has_type = 1;
	p->type = (Onnx__AttributeProto__AttributeType)a->type;
	if (a->ref) {
		p->ref_attr_name = qf_onnx_dup(o, a->ref);
	} else if (a->type == QF_ATTR_INT) {
		p->has_i = 1;
		p->i = a->i;
	} else if (a->type == QF_ATTR_FLOAT) {
		p->has_f = 1;
		p->f = a->f;
	} else {
		p->ints = (int64_t *)qf_onnx_dup_bytes(o, a->ints,
					       a->n * sizeof(*a->ints));
		p->n_ints = a->n;
	}
	return p;
}

static char **dup_names(struct qf_onnx *o, const qf_val *names, size_t n)
{
	char **v = qf_onnx_alloc(o, n * sizeof(*v));
	size_t i;

	for (i = 0; v && i < n; i++)
		v[i] = qf_onnx_dup(o, names[i]);
	return v;
}

static Onnx__NodeProto *new_node(struct qf_onnx *o, const char *op,
				 const struct qf_attr *attrs, size_t num_attrs,
				 const qf_val *in, size_t num_in,
				 const qf_val *out, size_t num_out)
{
	Onnx__NodeProto *p = qf_onnx_alloc(o, sizeof(*p));
	const char *sep = strstr(op, "::");
	size_t i;

	if (!p)
		return NULL;
	onnx__node_proto__init(p);
	if (sep)
		p->domain = qf_onnx_dup_bytes(o, op, sep - op);
	p->op_type = qf_onnx_dup(o, sep ? sep + 2 : op);
	p->input = dup_names(o, in, num_in);
	p->n_input = num_in;
	p->output = dup_names(o, out, num_out);
	p->n_output = num_out;
	p->attribute = qf_onnx_alloc(o, num_attrs * sizeof(*p->attribute));
	for (i = 0; p->attribute && i < num_attrs; i++)
		p->attribute[p->n_attribute++] = new_attr(o, &attrs[i]);
	return p;
}

/* @name, or @name_1, @name_2 ... when it is in use. */
static const char *unique(struct qf_onnx *o, const char *name)
{
	json_int_t n = json_integer_value(json_object_get(o->names, name));

	if (!o->rc && json_object_set_new(o->names, name, json_integer(n + 1)))
		qf_onnx_fail(o, -ENOMEM, "out of memory");
	return n ? qf_onnx_printf(o, "%s_%lld", name, (long long)n) :
		   qf_onnx_dup(o, name);
}

qf_val qf_onnx_node(struct qf_onnx *o, const char *name, const char *op,
		    const struct qf_attr *attrs, size_t num_attrs,
		    const qf_val *in, size_t num_in, qf_val *out,
		    size_t num_out)
{
	qf_val one[1] = { NULL };
	Onnx__NodeProto *p;
	size_t i;

	if (o->rc)
		return "";
	name = unique(o, name);
	if (!out) {
		out = one;
		num_out = 1;
	}
	for (i = 0; i < num_out; i++)
		if (!out[i])
			out[i] = qf_onnx_printf(o, "%s_output_%zu", name, i);
	if (o->rc)
		return "";
	p = new_node(o, op, attrs, num_attrs, in, num_in, out, num_out);
	if (p)
		p->name = (char *)name;
	APPEND(o, o->nodes.v, o->nodes.n, o->nodes.cap, p);
	return o->rc ? "" : out[0];
}

const char *qf_onnx_function(struct qf_onnx *o, const struct qf_fn *fn)
{
	Onnx__FunctionProto *p;
	Onnx__OperatorSetIdProto *set;
	size_t i, a;

	if (o->rc)
		return "";
	for (i = 0; i < o->num_fn; i++)
		if (!strcmp(o->fn[i]->name, fn->name) &&
		    !strcmp(o->fn[i]->domain, fn->domain))
			goto out;
	p = qf_onnx_alloc(o, sizeof(*p));
	set = qf_onnx_alloc(o, sizeof(*set));
	if (!p || !set)
		return "";
	onnx__function_proto__init(p);
	p->name = qf_onnx_dup(o, fn->name);
	p->domain = qf_onnx_dup(o, fn->domain);
	for (i = 0; i < 4 && fn->in[i]; i++)
		;
	p->input = dup_names(o, fn->in, i);
	p->n_input = i;
	p->output = dup_names(o, &fn->out, 1);
	p->n_output = 1;
	if (fn->attr) {
		p->attribute = dup_names(o, &fn->attr, 1);
		p->n_attribute = 1;
	}
	onnx__operator_set_id_proto__init(set);
	set->domain = "";
	set->has_version = 1;
	set->version = QF_ONNX_OPSET;
	p->opset_import = qf_onnx_alloc(o, sizeof(*p->opset_import));
	p->node = qf_onnx_alloc(o, fn->num_nodes * sizeof(*p->node));
	if (o->rc)
		return "";
	p->opset_import[p->n_opset_import++] = set;
	for (i = 0; i < fn->num_nodes; i++) {
		const struct qf_fn_node *n = &fn->node[i];
		size_t in = 0;

		while (in < 4 && n->in[in])
			in++;
		for (a = 0; a < 3 && n->attr[a].name; a++)
			;
		p->node[p->n_node++] = new_node(o, n->op, n->attr, a, n->in, in,
						&n->out, 1);
	}
	APPEND(o, o->fn, o->num_fn, o->cap_fn, p);
out:
	return qf_onnx_printf(o, "%s::%s", fn->domain, fn->name);
}
