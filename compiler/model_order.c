// SPDX-License-Identifier: MIT
/*
 * Nodes in topological order. ONNX demands that they come so; files that do not
 * are sorted, and a cycle is named.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "compiler/model.h"

const char *qc_node_label(const Onnx__NodeProto *np, char *buf, size_t size)
{
	const char *out = np->n_output ? qc_str(np->output[0]) : "";

	if (np->name && *np->name)
		snprintf(buf, size, "node '%.100s' (%.60s)", np->name,
			 qc_str(np->op_type));
	else
		snprintf(buf, size, "node of output '%.100s' (%.60s)", out,
			 qc_str(np->op_type));
	return buf;
}

struct order {
	Onnx__NodeProto *const *nodes;
	uint32_t n;
	struct qc_names *known;
	uint32_t *missing;	/* per node: inputs whose producer is not placed */
	uint32_t *first;	/* per node: its readers in readers[] */
	uint32_t *readers;
};

/* Name every output; each may be defined once. */
static int name_outputs(struct order *o, struct qaic_err *err)
{
	char label[200];
	uint32_t i;
	size_t k;
	int rc;

	for (i = 0; i < o->n; i++) {
		const Onnx__NodeProto *np = o->nodes[i];

		for (k = 0; k < np->n_output; k++) {
			if (!*qc_str(np->output[k]))
				continue;
			rc = qc_names_add(o->known, np->output[k], i, NULL);
			if (rc == -EEXIST)
				return qaic_fail(err, -EINVAL,
					"%s: output '%s' is defined twice",
					qc_node_label(np, label, sizeof(label)),
					np->output[k]);
			if (rc)
				return qaic_fail(err, rc, "out of memory");
		}
	}
	return 0;
}

/* Count the edges between nodes; undefined inputs are refused. */
static int count_edges(struct order *o, size_t *edges, struct qaic_err *err)
{
	const struct qc_name *from;
	char label[200];
	uint32_t i;
	size_t k;

	*edges = 0;
	for (i = 0; i < o->n; i++) {
		const Onnx__NodeProto *np = o->nodes[i];

		for (k = 0; k < np->n_input; k++) {
			if (!*qc_str(np->input[k]))
				continue;
			from = qc_names_find(o->known, np->input[k]);
			if (!from)
				return qaic_fail(err, -EINVAL,
					"%s: input '%s' is defined by no node, input or initializer",
					qc_node_label(np, label, sizeof(label)),
					np->input[k]);
			if (from->index == QC_OUTSIDE)
				continue;
			o->missing[i]++;
			o->first[from->index + 1]++;
			(*edges)++;
		}
	}
	if (*edges >= UINT32_MAX)
		return qaic_fail(err, -EFBIG, "too many node inputs");
	return 0;
}

static void list_readers(struct order *o, uint32_t *fill)
{
	const struct qc_name *from;
	uint32_t i;
	size_t k;

	for (i = 0; i < o->n; i++)
		o->first[i + 1] += o->first[i];
	for (i = 0; i < o->n; i++)
		fill[i] = o->first[i];
	for (i = 0; i < o->n; i++) {
		const Onnx__NodeProto *np = o->nodes[i];

		for (k = 0; k < np->n_input; k++) {
			if (!*qc_str(np->input[k]))
				continue;
			from = qc_names_find(o->known, np->input[k]);
			if (from->index != QC_OUTSIDE)
				o->readers[fill[from->index]++] = i;
		}
	}
}

/* Place nodes whose inputs are all placed; a sorted file keeps its order. */
static uint32_t place(struct order *o, uint32_t *order)
{
	uint32_t done = 0, next = 0, i, k;

	for (i = 0; i < o->n; i++) {
		if (!o->missing[i])
			order[done++] = i;
		/* in a sorted file, readers of what is placed become ready here */
		for (; next < done; next++)
			for (k = o->first[order[next]];
			     k < o->first[order[next] + 1]; k++)
				if (!--o->missing[o->readers[k]] &&
				    o->readers[k] <= i)
					order[done++] = o->readers[k];
	}
	return done;
}

static int cycle_error(struct order *o, struct qaic_err *err)
{
	char label[200];
	uint32_t i;

	for (i = 0; i < o->n && !o->missing[i]; i++)
		;
	return qaic_fail(err, -EINVAL, "%s: its inputs depend on its outputs (a cycle)",
			 i < o->n ? qc_node_label(o->nodes[i], label,
						  sizeof(label)) : "graph");
}

int qc_node_order(Onnx__NodeProto *const *nodes, size_t n,
		  struct qc_names *known, uint32_t **order,
		  struct qaic_err *err)
{
	struct order o = { .nodes = nodes, .n = (uint32_t)n, .known = known };
	uint32_t *fill = NULL;
	size_t edges;
	int rc;

	*order = NULL;
	if (n >= UINT32_MAX)
		return qaic_fail(err, -EFBIG, "too many nodes");
	o.missing = calloc(n + 1, sizeof(*o.missing));
	o.first = calloc(n + 1, sizeof(*o.first));
	fill = calloc(n + 1, sizeof(*fill));
	*order = calloc(n + 1, sizeof(**order));
	if (!o.missing || !o.first || !fill || !*order) {
		rc = qaic_fail(err, -ENOMEM, "out of memory");
		goto out;
	}
	rc = name_outputs(&o, err);
	if (!rc)
		rc = count_edges(&o, &edges, err);
	if (rc)
		goto out;
	o.readers = calloc(edges + 1, sizeof(*o.readers));
	if (!o.readers) {
		rc = qaic_fail(err, -ENOMEM, "out of memory");
		goto out;
	}
	list_readers(&o, fill);
	if (place(&o, *order) != o.n)
		rc = cycle_error(&o, err);
out:
	if (rc) {
		free(*order);
		*order = NULL;
	}
	free(o.missing);
	free(o.first);
	free(fill);
	free(o.readers);
	return rc;
}
