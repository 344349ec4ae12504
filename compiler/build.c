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
#define MAX_NAME 512		/* of what a function makes; then it is cut */

/* ---- nodes ---- */

/* What a function makes is named after the call. */
static char *inner_name(struct qc_build *b, const struct qc_scope *s,
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

static char *node_name(struct qc_build *b, const struct qc_scope *s,
		       const Onnx__NodeProto *np)
{
	char made[80];

	if (np->name && *np->name)
		return inner_name(b, s, np->name);
	snprintf(made, sizeof(made), "%.60s_%u", qc_str(np->op_type), b->nodes);
	return inner_name(b, s, made);
}

static int find_inputs(struct qc_build *b, const struct qc_scope *s,
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
		return qc_build_oom(err);
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
		if (!qc_value_fits(n->out[i]))
			return qaic_fail(err, -EINVAL,
				"output '%s' would have more than 2^40 bytes",
				n->out[i]->name);
	return 0;
}

static int64_t version_of(const struct qc_build *b, const struct qc_scope *s,
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

static struct qc_value **new_outputs(struct qc_build *b, const struct qc_scope *s,
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
			return qc_build_oom(err);
	return 0;
}

static int add_native(struct qc_build *b, struct qc_scope *s,
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
		return qc_build_oom(err);
	n = qc_node_new(b->g, NULL, op, name, in, num_in, out,
			(uint32_t)np->n_output);
	if (!n)
		return qc_build_oom(err);
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

static int add_nodes(struct qc_build *b, struct qc_scope *s,
		     Onnx__NodeProto *const *nodes, size_t n,
		     const uint32_t *order, struct qaic_err *err);

/* The arguments get the function's names, its results the call's. */
static int inline_function(struct qc_build *b, struct qc_scope *up,
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
		return qc_build_oom(err);
	rc = qc_build_attrs(b->g, up, np, &call, err);
	for (i = 0; i < fp->n_input && !rc; i++)
		if (qc_names_add(&s.values, fp->input[i], 0,
				 i < num_in ? in[i] : NULL))
			rc = qc_build_oom(err);
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
			rc = qc_build_oom(err);
	}
	qc_names_free(&s.values);
	return rc;
}

static int add_node(struct qc_build *b, struct qc_scope *s,
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

static int add_nodes(struct qc_build *b, struct qc_scope *s,
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

static int build_graph(struct qc_build *b, struct qc_scope *s,
		       const struct qaicc_symbol *symbols, size_t num_symbols,
		       struct qaic_err *err)
{
	const Onnx__GraphProto *gp = b->model->proto->graph;
	struct qc_graph *g = b->g;
	int rc;

	rc = qc_build_inputs(b, s, symbols, num_symbols, err);
	if (!rc)
		rc = add_nodes(b, s, gp->node, gp->n_node, b->model->order, err);
	if (!rc)
		rc = qc_build_outputs(b, s, err);
	if (!rc)
		qc_remove_dead(g);
	return rc;
}

int qc_graph_build(struct qc_model *model, const struct qaicc_symbol *symbols,
		   size_t num_symbols, struct qc_graph **out,
		   struct qaic_err *err)
{
	struct qc_build b = { .model = model };
	struct qc_scope s = { .depth = 0 };
	struct qaic_err local = QAIC_ERR_INIT;
	int rc;

	*out = NULL;
	b.g = qc_graph_new(qc_str(model->proto->graph->name));
	if (!b.g)
		return qc_build_oom(err);
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
