// SPDX-License-Identifier: MIT
#include <errno.h>
#include <string.h>

#include "compiler/build.h"
#include "compiler/graph_priv.h"

/* IR version 1 files do not say the type. */
static int attr_type(const Onnx__AttributeProto *ap)
{
	if (ap->has_type && ap->type)
		return ap->type;
	if (ap->has_f)
		return ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__FLOAT;
	if (ap->has_i)
		return ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__INT;
	if (ap->has_s)
		return ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__STRING;
	if (ap->t)
		return ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__TENSOR;
	if (ap->n_floats)
		return ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__FLOATS;
	return ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__INTS;
}

static int convert_attr(struct qc_graph *g, const Onnx__AttributeProto *ap,
			struct qc_attr *a, struct qaic_err *err)
{
	char *s;

	switch (attr_type(ap)) {
	case ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__FLOAT:
		a->type = QC_ATTR_FLOAT;
		a->f = ap->f;
		return 0;
	case ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__INT:
		a->type = QC_ATTR_INT;
		a->i = ap->i;
		return 0;
	case ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__STRING:
		a->type = QC_ATTR_STR;
		s = qc_alloc(g, ap->s.len + 1);
		if (!s)
			return qaic_fail(err, -ENOMEM, "out of memory");
		if (ap->s.len)
			memcpy(s, ap->s.data, ap->s.len);
		a->s = s;
		return 0;
	case ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__INTS:
		a->type = QC_ATTR_INTS;
		a->ints = ap->ints;
		a->n = ap->n_ints;
		return 0;
	case ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__FLOATS:
		a->type = QC_ATTR_FLOATS;
		a->floats = ap->floats;
		a->n = ap->n_floats;
		return 0;
	case ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__TENSOR:
		a->type = QC_ATTR_TENSOR;
		a->t = qc_alloc(g, sizeof(*a->t));
		if (!a->t)
			return qaic_fail(err, -ENOMEM, "out of memory");
		if (!ap->t)
			return qaic_fail(err, -EINVAL,
					 "attribute '%s' has no value", a->name);
		qc_tensor_of_proto(ap->t, a->t);
		return 0;
	case ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__GRAPH:
	case ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__GRAPHS:
		return qaic_fail(err, -EOPNOTSUPP,
			"attribute '%s' is a subgraph; control flow is not supported",
			a->name);
	default:
		return qaic_fail(err, -EOPNOTSUPP,
				 "attribute '%s' has type %d, which is not supported",
				 a->name, (int)ap->type);
	}
}

/*
 * The value of a reference to the function's attribute: the call's, else the
 * function's default, else none (the attribute is absent then).
 */
static int resolve_ref(struct qc_graph *g, const struct qc_scope *s,
		       const char *ref, struct qc_attr *a, struct qaic_err *err)
{
	const struct qc_attr *given;
	const char *name = a->name;
	size_t i;

	if (!s->fn)
		return qaic_fail(err, -EINVAL,
			"attribute '%s' refers to '%s' outside a function",
			a->name, ref);
	given = qc_attr_find(s->call, ref);
	if (given) {
		*a = *given;
		a->name = name;
		return 1;
	}
	for (i = 0; i < s->fn->proto->n_attribute_proto; i++) {
		const Onnx__AttributeProto *d = s->fn->proto->attribute_proto[i];

		if (!strcmp(qc_str(d->name), ref))
			return convert_attr(g, d, a, err) ?: 1;
	}
	return 0;
}

int qc_build_attrs(struct qc_graph *g, const struct qc_scope *s,
		   const Onnx__NodeProto *np, struct qc_node *n,
		   struct qaic_err *err)
{
	size_t i;
	int rc;

	/* they are looked up one by one */
	if (np->n_attribute > QC_MAX_ATTRS)
		return qaic_fail(err, -EINVAL, "has %zu attributes",
				 np->n_attribute);
	n->attrs = qc_alloc(g, np->n_attribute * sizeof(*n->attrs));
	if (!n->attrs)
		return qaic_fail(err, -ENOMEM, "out of memory");
	for (i = 0; i < np->n_attribute; i++) {
		const Onnx__AttributeProto *ap = np->attribute[i];
		struct qc_attr *a = &n->attrs[n->num_attrs];

		a->name = qc_strdup(g, qc_str(ap->name));
		if (!a->name)
			return qaic_fail(err, -ENOMEM, "out of memory");
		if (qc_attr_find(n, a->name))
			return qaic_fail(err, -EINVAL,
					 "attribute '%s' is given twice",
					 a->name);
		if (ap->ref_attr_name && *ap->ref_attr_name) {
			rc = resolve_ref(g, s, ap->ref_attr_name, a, err);
			if (rc < 0)
				return rc;
			n->num_attrs += rc;
			continue;
		}
		rc = convert_attr(g, ap, a, err);
		if (rc)
			return rc;
		n->num_attrs++;
	}
	return 0;
}
