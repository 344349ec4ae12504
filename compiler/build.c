// SPDX-License-Identifier: MIT
/*
 * A model and the values of its symbols become a graph: node by node in
 * topological order, functions inlined, shapes inferred, constants folded.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "compiler/build.h"
#include "compiler/graph_priv.h"

#define MAX_DEPTH 32		/* of function calls */
#define MAX_NODES (1u << 18)	/* of one graph, functions inlined */
#define MAX_VALUE (1ull << 40)	/* bytes */
#define MAX_NAME 512		/* of what a function makes; then it is cut */

struct build {
	struct qc_model *model;
	struct qc_graph *g;
	uint32_t nodes;		/* visited */
	bool named;		/* the error names the innermost node */
};

static int no_memory(struct qaic_err *err)
{
	return qaic_fail(err, -ENOMEM, "out of memory");
}

/* ---- the graph's inputs and constants ---- */

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
static bool fits(const struct qc_value *v)
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

static int add_input(struct build *b, struct qc_scope *s,
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
		return no_memory(err);
	if (!fits(v))
		return qaic_fail(err, -EINVAL, "input '%s' is too large",
				 ip->name);
	v->is_input = true;
	b->g->inputs[b->g->num_inputs++] = v;
	return qc_names_add(&s->values, v->name, 0, v) ? no_memory(err) : 0;
}

static int add_constants(struct build *b, struct qc_scope *s,
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
			return no_memory(err);
		if (!fits(v))
			return qaic_fail(err, -EINVAL,
					 "initializer '%s' is too large",
					 v->name);
	}
	return 0;
}

/* ---- nodes ---- */

/* What a function makes is named after the call. */
static char *inner_name(struct build *b, const struct qc_scope *s,
			const char *name)
{
	size_t len;
	char *full;

	if (!s->fn)
		return qc_strdup(b->g, name);
	len = strlen(s->call->name) + strlen(name) + 2;
	if (len > MAX_NAME)
		len = MAX_NAME;
	full = qc_alloc(b->g, len);
	if (full)
		snprintf(full, len, "%s/%s", s->call->name, name);
	return full;
}

static char *node_name(struct build *b, const struct qc_scope *s,
		       const Onnx__NodeProto *np)
{
	char made[80];

	if (np->name && *np->name)
		return inner_name(b, s, np->name);
	snprintf(made, sizeof(made), "%.60s_%u", qc_str(np->op_type), b->nodes);
	return inner_name(b, s, made);
}

static int find_inputs(struct build *b, const struct qc_scope *s,
		       const Onnx__NodeProto *np, struct qc_value ***in,
		       uint32_t *n, struct qaic_err *err)
{
	const struct qc_name *found;
	size_t i;

	*n = (uint32_t)np->n_input;
	while (*n && !*qc_str(np->input[*n - 1]))
		(*n)--;
	*in = qc_alloc(b->g, *n * sizeof(**in));
	if (!*in)
		return no_memory(err);
	for (i = 0; i < *n; i++) {
		if (!*qc_str(np->input[i]))
			continue;
		found = qc_names_find(&s->values, np->input[i]);
		if (!found)
			return qaic_fail(err, -EINVAL,
				"input '%s' is not known here", np->input[i]);
		(*in)[i] = found->ptr;	/* NULL: an argument that was left out */
	}
	return 0;
}

static int check_counts(const struct qc_op *op, const Onnx__NodeProto *np,
			uint32_t num_in, struct qaic_err *err)
{
	if ((int64_t)num_in < op->min_in ||
	    (op->max_in >= 0 && (int64_t)num_in > op->max_in))
		return qaic_fail(err, -EINVAL, "has %u inputs", num_in);
	if ((int64_t)np->n_output < op->min_out ||
	    (op->max_out >= 0 && (int64_t)np->n_output > op->max_out))
		return qaic_fail(err, -EINVAL, "has %zu outputs", np->n_output);
	return 0;
}

static int required_inputs(const struct qc_node *n, struct qaic_err *err)
{
	int i;

	for (i = 0; i < n->op->min_in; i++)
		if (!n->in[i])
			return qaic_fail(err, -EINVAL, "input %d is missing", i);
	if (n->op->max_in >= 0)
		return 0;
	for (i = 0; (uint32_t)i < n->num_in; i++)
		if (!n->in[i])
			return qaic_fail(err, -EINVAL, "input %d is missing", i);
	return 0;
}

static int check_outputs(const struct qc_node *n, struct qaic_err *err)
{
	uint32_t i;

	for (i = 0; i < n->num_out; i++)
		if (!fits(n->out[i]))
			return qaic_fail(err, -EINVAL,
				"output '%s' would have more than 2^40 bytes",
				n->out[i]->name);
	return 0;
}

static int64_t version_of(const struct build *b, const struct qc_scope *s,
			  const char *domain)
{
	int64_t v = 0;

	if (s->fn)
		v = qc_opset_version(s->fn->proto->opset_import,
				     s->fn->proto->n_opset_import, domain);
	if (!v)
		v = qc_opset_version(b->model->proto->opset_import,
				     b->model->proto->n_opset_import, domain);
	return v ? v : 1;
}

static struct qc_value **new_outputs(struct build *b, const struct qc_scope *s,
				     const Onnx__NodeProto *np)
{
	struct qc_value **out = qc_alloc(b->g, np->n_output * sizeof(*out));
	const char *name;
	char *full;
	size_t i;

	for (i = 0; out && i < np->n_output; i++) {
		name = qc_str(np->output[i]);
		full = inner_name(b, s, *name ? name : "unused");
		out[i] = full ? qc_value_new(b->g, full, QAIC_F32, 0, NULL) :
				NULL;
		if (!out[i])
			return NULL;
	}
	return out;
}

static int name_outputs(struct qc_scope *s, const Onnx__NodeProto *np,
			struct qc_value *const *out, struct qaic_err *err)
{
	size_t i;

	for (i = 0; i < np->n_output; i++)
		if (*qc_str(np->output[i]) &&
		    qc_names_add(&s->values, np->output[i], 0, out[i]))
			return no_memory(err);
	return 0;
}

static int add_native(struct build *b, struct qc_scope *s,
		      const Onnx__NodeProto *np, const struct qc_op *op,
		      struct qc_value **in, uint32_t num_in,
		      struct qaic_err *err)
{
	struct qc_value **out;
	struct qc_node *n;
	char *name;
	int rc;

	rc = check_counts(op, np, num_in, err);
	if (rc)
		return rc;
	out = new_outputs(b, s, np);
	name = node_name(b, s, np);
	if (!out || !name)
		return no_memory(err);
	n = qc_node_new(b->g, NULL, op, name, in, num_in, out,
			(uint32_t)np->n_output);
	if (!n)
		return no_memory(err);
	n->version = version_of(b, s, op->domain);
	rc = qc_build_attrs(b->g, s, np, n, err);
	if (!rc)
		rc = required_inputs(n, err);
	if (!rc)
		rc = op->shape(b->g, n, err);
	if (!rc)
		rc = check_outputs(n, err);
	if (!rc)
		rc = qc_build_fold(b->g, n, err);
	return rc < 0 ? rc : name_outputs(s, np, out, err);
}

static int add_nodes(struct build *b, struct qc_scope *s,
		     Onnx__NodeProto *const *nodes, size_t n,
		     const uint32_t *order, struct qaic_err *err);

/* The arguments get the function's names, its results the call's. */
static int inline_function(struct build *b, struct qc_scope *up,
			   const Onnx__NodeProto *np,
			   const struct qc_function *fn, struct qc_value **in,
			   uint32_t num_in, struct qaic_err *err)
{
	const Onnx__FunctionProto *fp = fn->proto;
	struct qc_node call = { .version = 0 };
	struct qc_scope s = { .up = up, .fn = fn, .call = &call,
			      .depth = up->depth + 1 };
	const struct qc_name *found;
	struct qc_scope *p;
	size_t i;
	int rc;

	/* long argument lists count as nodes, too */
	b->nodes += (uint32_t)((fp->n_input + fp->n_output) / 64);
	for (p = up; p; p = p->up)
		if (p->fn == fn)
			return qaic_fail(err, -EINVAL, "the function calls itself");
	if (s.depth > MAX_DEPTH)
		return qaic_fail(err, -EINVAL,
				 "function calls are nested deeper than %d",
				 MAX_DEPTH);
	if (np->n_input > fp->n_input || np->n_output > fp->n_output)
		return qaic_fail(err, -EINVAL,
			"%zu inputs and %zu outputs; the function has %zu and %zu",
			np->n_input, np->n_output, fp->n_input, fp->n_output);
	call.name = node_name(b, up, np);
	if (!call.name)
		return no_memory(err);
	rc = qc_build_attrs(b->g, up, np, &call, err);
	for (i = 0; i < fp->n_input && !rc; i++)
		if (qc_names_add(&s.values, fp->input[i], 0,
				 i < num_in ? in[i] : NULL))
			rc = no_memory(err);
	if (!rc)
		rc = add_nodes(b, &s, fp->node, fp->n_node, fn->order, err);
	for (i = 0; i < np->n_output && !rc; i++) {
		if (!*qc_str(np->output[i]))
			continue;
		found = qc_names_find(&s.values, fp->output[i]);
		if (!found || !found->ptr)
			rc = qaic_fail(err, -EINVAL,
				"the function's output '%s' has no value",
				fp->output[i]);
		else if (qc_names_add(&up->values, np->output[i], 0, found->ptr))
			rc = no_memory(err);
	}
	qc_names_free(&s.values);
	return rc;
}

static int add_node(struct build *b, struct qc_scope *s,
		    const Onnx__NodeProto *np, struct qaic_err *err)
{
	const char *domain = qc_domain(np->domain);
	const char *type = qc_str(np->op_type);
	const struct qc_function *fn;
	const struct qc_op *op;
	struct qc_value **in;
	uint32_t num_in;
	int rc;

	if (++b->nodes > MAX_NODES)
		return qaic_fail(err, -EFBIG, "more than %u nodes", MAX_NODES);
	op = qc_op_find(domain, type);
	if (op && !op->shape)
		op = NULL;	/* of the compiler's own, not for models */
	fn = op ? NULL : qc_model_function(b->model, domain, type);
	if (!op && !fn)
		return qaic_fail(err, -EOPNOTSUPP, "unsupported operator%s%s",
				 *domain ? " of domain " : "", domain);
	rc = find_inputs(b, s, np, &in, &num_in, err);
	if (rc)
		return rc;
	if (op)
		return add_native(b, s, np, op, in, num_in, err);
	return inline_function(b, s, np, fn, in, num_in, err);
}

static int add_nodes(struct build *b, struct qc_scope *s,
		     Onnx__NodeProto *const *nodes, size_t n,
		     const uint32_t *order, struct qaic_err *err)
{
	char label[200];
	size_t i;
	int rc;

	for (i = 0; i < n; i++) {
		rc = add_node(b, s, nodes[order[i]], err);
		if (!rc)
			continue;
		/* of a chain of calls, the first and the last are enough */
		if (!b->named || !s->depth)
			qaic_fail_in(err, "%s", qc_node_label(nodes[order[i]],
							label, sizeof(label)));
		b->named = true;
		return rc;
	}
	return 0;
}

/* ---- the graph's outputs ---- */

/*
 * A graph output has the name the model gives it. That name may have gone to a
 * value inside a function, or the value may come from one and have another name.
 */
static int name_output(struct build *b, struct qc_value *v, const char *name,
		       struct qaic_err *err)
{
	struct qc_value *other = qc_value_named(b->g, name);

	if (!other)	/* nobody has it yet */
		other = qc_value_new(b->g, name, QAIC_F32, 0, NULL);
	if (!other)
		return no_memory(err);
	if (other != v)
		qc_value_swap_names(b->g, v, other);
	return 0;
}

static int add_outputs(struct build *b, const struct qc_scope *s,
		       struct qaic_err *err)
{
	const Onnx__GraphProto *gp = b->model->proto->graph;
	const struct qc_op *identity = qc_op_find("", "Identity");
	struct qc_value *v, *same;
	size_t i;
	int rc;

	for (i = 0; i < gp->n_output; i++) {
		const char *name = gp->output[i]->name;

		v = qc_names_find(&s->values, name)->ptr;
		if (!v)
			return qaic_fail(err, -EINVAL,
					 "output '%s' has no value", name);
		if (v->is_output || (v->is_input && strcmp(v->name, name))) {
			/* two outputs of one value: the second is a copy */
			same = v->cst ? qc_value_const(b->g, name, v->cst) :
					qc_value_new(b->g, name, v->dtype,
						     v->rank, v->dim);
			if (!same ||
			    (!v->cst && !qc_node_new(b->g, NULL, identity, name,
						     &v, 1, &same, 1)))
				return no_memory(err);
			v = same;
		}
		rc = name_output(b, v, name, err);
		if (rc)
			return rc;
		v->is_output = true;
		v->num_uses++;
		b->g->outputs[b->g->num_outputs++] = v;
	}
	return 0;
}

static bool is_initializer(const struct qc_scope *s, const char *name)
{
	return qc_names_find(&s->values, name) != NULL;
}

static int build_graph(struct build *b, struct qc_scope *s,
		       const struct qaicc_symbol *symbols, size_t num_symbols,
		       struct qaic_err *err)
{
	const Onnx__GraphProto *gp = b->model->proto->graph;
	struct qc_graph *g = b->g;
	size_t i;
	int rc;

	g->inputs = qc_alloc(g, gp->n_input * sizeof(*g->inputs));
	g->outputs = qc_alloc(g, gp->n_output * sizeof(*g->outputs));
	if (!g->inputs || !g->outputs)
		return no_memory(err);
	rc = add_constants(b, s, err);
	for (i = 0; i < gp->n_input && !rc; i++)
		if (!is_initializer(s, gp->input[i]->name))
			rc = add_input(b, s, gp->input[i], symbols, num_symbols,
				       err);
	if (!rc)
		rc = add_nodes(b, s, gp->node, gp->n_node, b->model->order, err);
	if (!rc)
		rc = add_outputs(b, s, err);
	if (!rc)
		qc_remove_dead(g);
	return rc;
}

int qc_graph_build(struct qc_model *model, const struct qaicc_symbol *symbols,
		   size_t num_symbols, struct qc_graph **out,
		   struct qaic_err *err)
{
	struct build b = { .model = model };
	struct qc_scope s = { .depth = 0 };
	struct qaic_err local = QAIC_ERR_INIT;
	int rc;

	*out = NULL;
	b.g = qc_graph_new(qc_str(model->proto->graph->name));
	if (!b.g)
		return no_memory(err);
	rc = build_graph(&b, &s, symbols, num_symbols, &local);
	qc_names_free(&s.values);
	if (rc) {
		qc_graph_free(b.g);
		qaic_fail(err, rc, "%s: %s", model->path, local.msg);
		return rc;
	}
	*out = b.g;
	return 0;
}
