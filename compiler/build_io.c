// SPDX-License-Identifier: MIT
/* What a graph gets from outside and what it gives: inputs, constants, outputs. */
#include <errno.h>
#include <string.h>

#include "base/str.h"
#include "compiler/build.h"
#include "compiler/graph_priv.h"

#define MAX_VALUE (1ull << 40)	/* bytes */

int qc_build_oom(struct qaic_err *err)
{
	return qaic_fail(err, -ENOMEM, "out of memory");
}

static int bind_dim(const struct qaicc_symbol *symbols, size_t n,
		    const char *input, size_t axis,
		    const Onnx__TensorShapeProto__Dimension *d, int64_t *dim,
		    struct qaic_err *err)
{
	size_t i;

	if (d->dim_param && *d->dim_param) {
		for (i = 0; i < n && strcmp(symbols[i].name, d->dim_param); i++)
			;
		if (i == n)
			return qaic_fail(err, -EINVAL,
				"input '%s': no value is given for the symbol '%s' of its dimension %zu",
				input, d->dim_param, axis);
		*dim = symbols[i].value;
	} else if (d->has_dim_value) {
		*dim = d->dim_value;
	} else {
		return qaic_fail(err, -EINVAL,
			"input '%s': dimension %zu has neither size nor symbol",
			input, axis);
	}
	if (*dim < 0 || *dim > INT32_MAX)
		return qaic_fail(err, -EINVAL,
				 "input '%s': dimension %zu is %lld", input,
				 axis, (long long)*dim);
	return 0;
}

/* numel * size of element, at most MAX_VALUE. */
bool qc_value_fits(const struct qc_value *v)
{
	size_t size = qaic_dtype_size(v->dtype);
	uint32_t i;

	if (v->rank > QC_MAX_RANK || !size)
		return false;
	if (size < 4)
		size = 4;	/* floats are evaluated as F32 */
	for (i = 0; i < v->rank; i++) {
		if (v->dim[i] < 0 || v->dim[i] > (int64_t)MAX_VALUE)
			return false;
		/* count a zero as one, so that strides cannot overflow either */
		if (!qaic_mul_size(size, v->dim[i] ? v->dim[i] : 1, &size) ||
		    size > MAX_VALUE)
			return false;
	}
	return true;
}

static int add_input(struct qc_build *b, struct qc_scope *s,
		     const Onnx__ValueInfoProto *ip,
		     const struct qaicc_symbol *symbols, size_t num_symbols,
		     struct qaic_err *err)
{
	const Onnx__TypeProto__Tensor *tt =
		ip->type ? ip->type->tensor_type : NULL;
	int64_t dim[QC_MAX_RANK] = { 0 };
	struct qc_value *v;
	size_t i;
	int rc, dtype;

	if (!tt || !tt->shape)
		return qaic_fail(err, -EOPNOTSUPP,
			"input '%s': not a tensor with a shape", ip->name);
	dtype = qc_dtype_of_onnx(tt->has_elem_type ? tt->elem_type : 0);
	if (dtype < 0 || tt->shape->n_dim > QC_MAX_RANK)
		return qaic_fail(err, -EOPNOTSUPP,
			"input '%s': element type %d with %zu dimensions is not supported",
			ip->name, tt->elem_type, tt->shape->n_dim);
	for (i = 0; i < tt->shape->n_dim; i++) {
		rc = bind_dim(symbols, num_symbols, ip->name, i,
			      tt->shape->dim[i], &dim[i], err);
		if (rc)
			return rc;
	}
	v = qc_value_new(b->g, ip->name, dtype, (uint32_t)tt->shape->n_dim, dim);
	if (!v)
		return qc_build_oom(err);
	if (!qc_value_fits(v))
		return qaic_fail(err, -EINVAL, "input '%s' is too large",
				 ip->name);
	if (!qc_numel(v) && qc_build_empty(b->g, v))
		return qc_build_oom(err);
	v->is_input = true;
	b->g->inputs[b->g->num_inputs++] = v;
	return qc_names_add(&s->values, v->name, 0, v) ? qc_build_oom(err) : 0;
}

static int add_constants(struct qc_build *b, struct qc_scope *s,
			 struct qaic_err *err)
{
	const Onnx__GraphProto *gp = b->model->proto->graph;
	struct qc_tensor t;
	struct qc_value *v;
	size_t i;

	for (i = 0; i < gp->n_initializer; i++) {
		qc_tensor_of_proto(gp->initializer[i], &t);
		v = qc_value_const(b->g, gp->initializer[i]->name, &t);
		if (!v || qc_names_add(&s->values, v->name, 0, v))
			return qc_build_oom(err);
		if (!qc_value_fits(v))
			return qaic_fail(err, -EINVAL,
					 "initializer '%s' is too large",
					 v->name);
	}
	return 0;
}

static bool is_initializer(const struct qc_scope *s, const char *name)
{
	return qc_names_find(&s->values, name) != NULL;
}

int qc_build_inputs(struct qc_build *b, struct qc_scope *s,
		    const struct qaicc_symbol *symbols, size_t num_symbols,
		    struct qaic_err *err)
{
	const Onnx__GraphProto *gp = b->model->proto->graph;
	struct qc_graph *g = b->g;
	size_t i;
	int rc;

	g->inputs = qc_alloc(g, gp->n_input * sizeof(*g->inputs));
	g->outputs = qc_alloc(g, (gp->n_output + b->model->num_more_outputs) *
			      sizeof(*g->outputs));
	if (!g->inputs || !g->outputs)
		return qc_build_oom(err);
	rc = add_constants(b, s, err);
	for (i = 0; i < gp->n_input && !rc; i++)
		if (!is_initializer(s, gp->input[i]->name))
			rc = add_input(b, s, gp->input[i], symbols, num_symbols,
				       err);
	return rc;
}

/*
 * A graph output has the name the model gives it. That name may have gone to a
 * value inside a function, or the value may come from one and have another name.
 */
static int name_output(struct qc_build *b, struct qc_value *v, const char *name,
		       struct qaic_err *err)
{
	struct qc_value *other = qc_value_named(b->g, name);

	if (!other)	/* nobody has it yet */
		other = qc_value_new(b->g, name, QAIC_F32, 0, NULL);
	if (!other)
		return qc_build_oom(err);
	if (other != v)
		qc_value_swap_names(b->g, v, other);
	return 0;
}

static int add_output(struct qc_build *b, const struct qc_scope *s,
		      const char *name, struct qaic_err *err)
{
	const struct qc_op *identity = qc_op_find("", "Identity");
	const struct qc_name *found = qc_names_find(&s->values, name);
	struct qc_value *v = found ? found->ptr : NULL, *same;
	int rc;

	if (!v)
		return qaic_fail(err, -EINVAL, "output '%s' has no value",
				 name);
	if (v->is_output && !strcmp(v->name, name))
		return 0;
	if (v->is_output || (v->is_input && strcmp(v->name, name))) {
		/* two outputs of one value: the second is a copy */
		same = v->cst ? qc_value_const(b->g, name, v->cst) :
				qc_value_new(b->g, name, v->dtype, v->rank,
					     v->dim);
		if (!same ||
		    (!v->cst && !qc_node_new(b->g, NULL, identity, name, &v, 1,
					     &same, 1)))
			return qc_build_oom(err);
		v = same;
	}
	rc = name_output(b, v, name, err);
	if (rc)
		return rc;
	v->is_output = true;
	v->num_uses++;
	b->g->outputs[b->g->num_outputs++] = v;
	return 0;
}

int qc_build_outputs(struct qc_build *b, const struct qc_scope *s,
		     struct qaic_err *err)
{
	const Onnx__GraphProto *gp = b->model->proto->graph;
	size_t i;
	int rc = 0;

	for (i = 0; i < gp->n_output && !rc; i++)
		rc = add_output(b, s, gp->output[i]->name, err);
	for (i = 0; i < b->model->num_more_outputs && !rc; i++)
		rc = add_output(b, s, b->model->more_outputs[i], err);
	return rc;
}
