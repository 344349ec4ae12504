// SPDX-License-Identifier: MIT
/*
 * The reference evaluation of a whole graph: node by node, plain loops, F32 for all
 * floats. Values are freed after their last reader.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "compiler/convert.h"
#include "compiler/eval.h"

struct qaicc_ref {
	struct qc_model *model;
	struct qc_graph *graph;
	void **data;		/* per value, while it lives */
	uint32_t *uses;		/* per value, still to come in this run */
	void **outputs;		/* per graph output, in its own type */
};

static int fail_oom(struct qaic_err *err)
{
	return qaic_fail(err, -ENOMEM, "out of memory");
}

int qaicc_ref_open(const char *onnx, const struct qaicc_symbol *symbols,
		   size_t num_symbols, struct qaicc_ref **out,
		   struct qaic_err *err)
{
	return qaicc_ref_open_outputs(onnx, symbols, num_symbols, NULL, 0, out,
				      err);
}

int qaicc_ref_open_outputs(const char *onnx, const struct qaicc_symbol *symbols,
			   size_t num_symbols, const char *const *outputs,
			   size_t num_outputs, struct qaicc_ref **out,
			   struct qaic_err *err)
{
	struct qaicc_ref *r = calloc(1, sizeof(*r));
	int rc;

	*out = NULL;
	if (!r)
		return fail_oom(err);
	rc = qc_model_open(onnx, &r->model, err);
	if (!rc) {
		qc_model_more_outputs(r->model, outputs, num_outputs);
		rc = qc_graph_build(r->model, symbols, num_symbols, &r->graph,
				    err);
	}
	if (rc)
		goto fail;
	r->data = calloc(r->graph->num_values + 1, sizeof(*r->data));
	r->uses = calloc(r->graph->num_values + 1, sizeof(*r->uses));
	r->outputs = calloc(r->graph->num_outputs + 1, sizeof(*r->outputs));
	if (!r->data || !r->uses || !r->outputs) {
		rc = fail_oom(err);
		goto fail;
	}
	*out = r;
	return 0;
fail:
	qaicc_ref_close(r);
	return rc;
}

static void free_values(struct qaicc_ref *r)
{
	uint32_t i;

	for (i = 0; r->data && i < r->graph->num_values; i++) {
		free(r->data[i]);
		r->data[i] = NULL;
	}
}

void qaicc_ref_close(struct qaicc_ref *r)
{
	uint32_t i;

	if (!r)
		return;
	if (r->graph) {
		free_values(r);
		for (i = 0; r->outputs && i < r->graph->num_outputs; i++)
			free(r->outputs[i]);
	}
	free(r->data);
	free(r->uses);
	free(r->outputs);
	qc_graph_free(r->graph);
	qc_model_close(r->model);
	free(r);
}

size_t qaicc_ref_num_inputs(const struct qaicc_ref *r)
{
	return r->graph->num_inputs;
}

size_t qaicc_ref_num_outputs(const struct qaicc_ref *r)
{
	return r->graph->num_outputs;
}

static void describe(const struct qc_value *v, struct qaicc_tensor *t)
{
	uint32_t i;

	memset(t, 0, sizeof(*t));
	t->name = v->name;
	t->dtype = v->dtype;
	t->rank = v->rank;
	for (i = 0; i < v->rank; i++)
		t->dims[i] = v->dim[i];
	t->size = qc_numel(v) * qaic_dtype_size(v->dtype);
}

int qaicc_ref_input(const struct qaicc_ref *r, size_t i, struct qaicc_tensor *t)
{
	if (i >= r->graph->num_inputs)
		return -EINVAL;
	describe(r->graph->inputs[i], t);
	return 0;
}

int qaicc_ref_output(const struct qaicc_ref *r, size_t i,
		     struct qaicc_tensor *t)
{
	if (i >= r->graph->num_outputs)
		return -EINVAL;
	describe(r->graph->outputs[i], t);
	t->data = r->outputs[i];
	return 0;
}

/* ---- a run ---- */

static void *value_alloc(const struct qc_value *v)
{
	size_t size = qc_eval_size(v);

	return malloc(size ? size : 1);
}

static int take_inputs(struct qaicc_ref *r, const void *const *inputs)
{
	struct qc_value *v;
	uint32_t i;

	for (i = 0; i < r->graph->num_inputs; i++) {
		v = r->graph->inputs[i];
		r->data[v->id] = value_alloc(v);
		if (!r->data[v->id])
			return -ENOMEM;
		qc_convert(r->data[v->id], qc_eval_dtype(v->dtype), inputs[i],
			   v->dtype, 1, qc_numel(v));
	}
	return 0;
}

static void drop_use(struct qaicc_ref *r, const struct qc_value *v)
{
	if (!v || v->cst || --r->uses[v->id])
		return;
	free(r->data[v->id]);
	r->data[v->id] = NULL;
}

static int run_node(struct qaicc_ref *r, const struct qc_node *n,
		    struct qaic_err *err)
{
	void **in = calloc(n->num_in + n->num_out + 1, sizeof(*in));
	void **out = in + n->num_in;
	uint32_t i;
	int rc = -ENOMEM;

	if (!in)
		return fail_oom(err);
	for (i = 0; i < n->num_in; i++)
		if (n->in[i])
			in[i] = r->data[n->in[i]->id];
	for (i = 0; i < n->num_out; i++) {
		out[i] = value_alloc(n->out[i]);
		r->data[n->out[i]->id] = out[i];
		if (!out[i])
			break;
	}
	if (i == n->num_out)
		rc = n->op->eval ? qc_eval_node(n, in, out, err) :
			qaic_fail(err, -EOPNOTSUPP, "cannot be evaluated");
	else
		fail_oom(err);
	free(in);
	for (i = 0; i < n->num_in; i++)
		drop_use(r, n->in[i]);
	for (i = 0; i < n->num_out; i++) {
		if (!n->out[i]->num_uses) {
			free(r->data[n->out[i]->id]);
			r->data[n->out[i]->id] = NULL;
		}
	}
	if (rc && err)
		qaic_fail_in(err, "node '%s' (%s)", n->name, n->op->name);
	return rc;
}

/* Outputs in the model's types. */
static int give_outputs(struct qaicc_ref *r)
{
	struct qc_value *v;
	int64_t count;
	uint32_t i;

	for (i = 0; i < r->graph->num_outputs; i++) {
		v = r->graph->outputs[i];
		count = qc_numel(v);
		if (!r->outputs[i])
			r->outputs[i] = malloc(count * qaic_dtype_size(v->dtype) ?:
					       1);
		if (!r->outputs[i])
			return -ENOMEM;
		if (v->cst)
			qc_tensor_read(v->cst, 0, count, v->dtype,
				       r->outputs[i]);
		else
			qc_convert(r->outputs[i], v->dtype, r->data[v->id],
				   qc_eval_dtype(v->dtype), 1, count);
	}
	return 0;
}

int qaicc_ref_run(struct qaicc_ref *r, const void *const *inputs,
		  struct qaic_err *err)
{
	struct qc_node *n;
	uint32_t i;
	int rc;

	for (i = 0; i < r->graph->num_values; i++)
		r->uses[i] = r->graph->values[i]->num_uses;
	rc = take_inputs(r, inputs);
	if (rc)
		fail_oom(err);
	for (n = r->graph->first; n && !rc; n = n->next)
		rc = run_node(r, n, err);
	if (!rc) {
		rc = give_outputs(r);
		if (rc)
			fail_oom(err);
	}
	free_values(r);
	return rc;
}
