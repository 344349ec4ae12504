// SPDX-License-Identifier: MIT
/*
 * Open an ONNX file: unpack it within a memory budget, locate every tensor, put
 * every node in order. What is wrong with the file as such is found here; what
 * depends on shapes is found when a graph is built.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "compiler/model.h"

#define MIN_OPSET 7
#define MAX_OPSET 25

const char *qc_domain(const char *domain)
{
	if (!domain || !strcmp(domain, "ai.onnx"))
		return "";
	return domain;
}

int64_t qc_opset_version(Onnx__OperatorSetIdProto *const *list, size_t n,
			 const char *domain)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (!strcmp(qc_domain(list[i]->domain), domain))
			return list[i]->version;
	return 0;
}

/* ---- unpacking ---- */

/* A header in front of each block remembers its size for the budget. */
#define HEADER 16

static void *budget_alloc(void *data, size_t size)
{
	struct qc_model *m = data;
	uint8_t *p;

	if (size > SIZE_MAX - HEADER || size + HEADER > m->budget)
		return NULL;
	p = malloc(size + HEADER);
	if (!p)
		return NULL;
	m->budget -= size + HEADER;
	memcpy(p, &size, sizeof(size));
	return p + HEADER;
}

static void budget_free(void *data, void *ptr)
{
	struct qc_model *m = data;
	size_t size;

	if (!ptr)
		return;
	memcpy(&size, (uint8_t *)ptr - HEADER, sizeof(size));
	m->budget += size + HEADER;
	free((uint8_t *)ptr - HEADER);
}

static int unpack(struct qc_model *m, struct qaic_err *err)
{
	struct qaic_map map;
	int rc;

	rc = qaic_map_file(&map, m->path, err);
	if (rc)
		return rc;
	if (map.size > INT32_MAX) {
		rc = qaic_fail(err, -EFBIG,
			"%s: larger than 2 GiB, which protobuf does not allow; store the weights as external data",
			m->path);
		goto out;
	}
	/*
	 * Honest files unpack to about their size; an empty submessage of two
	 * bytes becomes a structure of a hundred.
	 */
	m->budget = (512ull << 20) + 4 * (uint64_t)map.size;
	m->alloc = (ProtobufCAllocator){ budget_alloc, budget_free, m };
	m->proto = onnx__model_proto__unpack(&m->alloc, map.size, map.data);
	if (!m->proto)
		rc = qaic_fail(err, -EINVAL, "%s: not an ONNX model, or damaged",
			       m->path);
	else if (!m->proto->graph)
		rc = qaic_fail(err, -EINVAL, "%s: the model has no graph",
			       m->path);
out:
	qaic_unmap_file(&map);
	return rc;
}

/* ---- tensors ---- */

static int attr_tensors(struct qc_model *m, Onnx__NodeProto *const *nodes,
			size_t n, struct qaic_err *err)
{
	char label[200];
	size_t i, k;
	int rc;

	for (i = 0; i < n; i++) {
		for (k = 0; k < nodes[i]->n_attribute; k++) {
			if (!nodes[i]->attribute[k]->t)
				continue;
			qc_node_label(nodes[i], label, sizeof(label));
			rc = qc_model_tensor(m, nodes[i]->attribute[k]->t,
					     label, err);
			if (rc)
				return rc;
		}
	}
	return 0;
}

static int all_tensors(struct qc_model *m, struct qaic_err *err)
{
	const Onnx__GraphProto *gp = m->proto->graph;
	char what[200];
	size_t i, k;
	int rc;

	for (i = 0; i < gp->n_initializer; i++) {
		snprintf(what, sizeof(what), "initializer '%.150s'",
			 qc_str(gp->initializer[i]->name));
		rc = qc_model_tensor(m, gp->initializer[i], what, err);
		if (rc)
			return rc;
	}
	rc = attr_tensors(m, gp->node, gp->n_node, err);
	for (i = 0; i < m->proto->n_functions && !rc; i++) {
		Onnx__FunctionProto *f = m->proto->functions[i];

		rc = attr_tensors(m, f->node, f->n_node, err);
		for (k = 0; k < f->n_attribute_proto && !rc; k++)
			if (f->attribute_proto[k]->t)
				rc = qc_model_tensor(m, f->attribute_proto[k]->t,
						     "function attribute", err);
	}
	return rc;
}

/* ---- order ---- */

static int know(struct qc_names *known, const char *name, const char *what,
		bool twice_ok, struct qaic_err *err)
{
	int rc;

	if (!name || !*name)
		return qaic_fail(err, -EINVAL, "%s without a name", what);
	rc = qc_names_add(known, name, QC_OUTSIDE, NULL);
	if (rc == -EEXIST && twice_ok)
		return 0;
	if (rc == -EEXIST)
		return qaic_fail(err, -EINVAL, "%s '%s' is defined twice",
				 what, name);
	return rc ? qaic_fail(err, rc, "out of memory") : 0;
}

static int outputs_known(const struct qc_names *known, const char *name,
			 struct qaic_err *err)
{
	if (qc_names_find(known, qc_str(name)))
		return 0;
	return qaic_fail(err, -EINVAL, "output '%s' is defined by no node",
			 qc_str(name));
}

static int order_graph(struct qc_model *m, struct qaic_err *err)
{
	const Onnx__GraphProto *gp = m->proto->graph;
	struct qc_names known = { NULL }, outputs = { NULL };
	size_t i;
	int rc = 0;

	for (i = 0; i < gp->n_initializer && !rc; i++)
		rc = know(&known, gp->initializer[i]->name, "initializer", false,
			  err);
	/* before IR version 4 initializers were listed as inputs, too */
	for (i = 0; i < gp->n_input && !rc; i++)
		rc = know(&known, gp->input[i]->name, "input", true, err);
	for (i = 0; i < gp->n_input && !rc; i++)
		rc = know(&outputs, gp->input[i]->name, "input", false, err);
	qc_names_free(&outputs);
	if (!rc)
		rc = qc_node_order(gp->node, gp->n_node, &known, &m->order, err);
	for (i = 0; i < gp->n_output && !rc; i++) {
		rc = outputs_known(&known, gp->output[i]->name, err);
		if (!rc)
			rc = know(&outputs, gp->output[i]->name, "output", false,
				  err);
	}
	if (!rc && !gp->n_output)
		rc = qaic_fail(err, -EINVAL, "the graph has no outputs");
	qc_names_free(&known);
	qc_names_free(&outputs);
	return rc;
}

static int order_function(struct qc_function *f, struct qaic_err *err)
{
	const Onnx__FunctionProto *fp = f->proto;
	struct qc_names known = { NULL };
	size_t i;
	int rc = 0;

	for (i = 0; i < fp->n_input && !rc; i++)
		rc = know(&known, fp->input[i], "input", false, err);
	if (!rc)
		rc = qc_node_order(fp->node, fp->n_node, &known, &f->order, err);
	for (i = 0; i < fp->n_output && !rc; i++)
		rc = outputs_known(&known, fp->output[i], err);
	qc_names_free(&known);
	if (rc && err)
		qaic_fail_in(err, "function '%s'", qc_str(fp->name));
	return rc;
}

/* ---- functions ---- */

static char *function_key(const char *domain, const char *name)
{
	return qaic_asprintf("%s\1%s", qc_domain(domain), qc_str(name));
}

static int index_functions(struct qc_model *m, struct qaic_err *err)
{
	size_t i, n = m->proto->n_functions;
	struct qc_function *f;
	int rc;

	m->functions = calloc(n + 1, sizeof(*m->functions));
	if (!m->functions)
		return qaic_fail(err, -ENOMEM, "out of memory");
	for (i = 0; i < n; i++) {
		f = &m->functions[i];
		f->proto = m->proto->functions[i];
		f->key = function_key(f->proto->domain, f->proto->name);
		rc = f->key ? qc_names_add(&m->function_names, f->key, i, f) :
			      -ENOMEM;
		if (rc == -EEXIST)
			return qaic_fail(err, -EINVAL,
					 "function '%s' is defined twice",
					 qc_str(f->proto->name));
		if (rc)
			return qaic_fail(err, rc, "out of memory");
		rc = order_function(f, err);
		if (rc)
			return rc;
	}
	return 0;
}

const struct qc_function *qc_model_function(const struct qc_model *m,
					    const char *domain,
					    const char *name)
{
	const struct qc_name *found;
	char *key = function_key(domain, name);

	found = key ? qc_names_find(&m->function_names, key) : NULL;
	free(key);
	return found ? found->ptr : NULL;
}

/* ---- the model ---- */

static int check_opset(struct qc_model *m, struct qaic_err *err)
{
	int64_t v = qc_opset_version(m->proto->opset_import,
				     m->proto->n_opset_import, "");
	size_t i;

	for (i = 0; i < m->proto->n_functions; i++) {
		const Onnx__FunctionProto *f = m->proto->functions[i];

		if (f->n_attribute_proto > QC_MAX_ATTRS ||
		    f->n_opset_import > QC_MAX_OPSETS)
			return qaic_fail(err, -EINVAL,
				"function '%s' has too many attributes or opsets",
				qc_str(f->name));
	}
	if (m->proto->n_opset_import > QC_MAX_OPSETS)
		return qaic_fail(err, -EINVAL, "too many opset imports");
	if (v < MIN_OPSET || v > MAX_OPSET)
		return qaic_fail(err, -EOPNOTSUPP,
			"the model is of opset %lld; %d to %d are supported",
			(long long)v, MIN_OPSET, MAX_OPSET);
	return 0;
}

void qc_model_more_outputs(struct qc_model *m, const char *const *names,
			   size_t n)
{
	m->more_outputs = names;
	m->num_more_outputs = n;
}

int qc_model_open(const char *path, struct qc_model **out,
		  struct qaic_err *err)
{
	struct qc_model *m = calloc(1, sizeof(*m));
	int rc;

	*out = NULL;
	if (!m)
		return qaic_fail(err, -ENOMEM, "out of memory");
	m->path = strdup(path);
	rc = m->path ? unpack(m, err) : qaic_fail(err, -ENOMEM, "out of memory");
	if (rc)
		goto fail;
	rc = check_opset(m, err);
	if (!rc)
		rc = all_tensors(m, err);
	if (!rc)
		rc = order_graph(m, err);
	if (!rc)
		rc = index_functions(m, err);
	if (rc) {
		if (err)
			qaic_fail_in(err, "%s", path);
		goto fail;
	}
	*out = m;
	return 0;
fail:
	qc_model_close(m);
	return rc;
}

void qc_model_close(struct qc_model *m)
{
	size_t i;

	if (!m)
		return;
	qc_model_tensors_release(m);
	qc_names_free(&m->function_names);
	for (i = 0; m->functions && i < m->proto->n_functions; i++) {
		free(m->functions[i].order);
		free(m->functions[i].key);
	}
	free(m->functions);
	free(m->order);
	if (m->proto)
		onnx__model_proto__free_unpacked(m->proto, &m->alloc);
	free(m->path);
	free(m);
}
