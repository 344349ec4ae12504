// SPDX-License-Identifier: MIT
/*
 * -node-precision-info: which nodes stay F32. QEfficient's lists have the names of
 * what nodes put out, others those of the nodes: both will do.
 */
#include <errno.h>
#include <stdlib.h>

#include "compiler/compile.h"

int qc_fp32_init(struct qc_compile *c, struct qaic_err *err)
{
	size_t i, n = c->opt->num_fp32_nodes;
	int rc = 0;

	c->fp32_found = calloc(n + 1, sizeof(*c->fp32_found));
	if (!c->fp32_found || n > UINT32_MAX)
		rc = -ENOMEM;
	for (i = 0; i < n && !rc; i++) {
		rc = qc_names_add(&c->fp32_names, c->opt->fp32_nodes[i], i,
				  NULL);
		if (rc == -EEXIST) {	/* the first one counts */
			c->fp32_found[i] = true;
			rc = 0;
		}
	}
	return rc ? qaic_fail(err, rc, "out of memory") : 0;
}

void qc_fp32_release(struct qc_compile *c)
{
	qc_names_free(&c->fp32_names);
	free(c->fp32_found);
}

static bool find(struct qc_compile *c, const char *name)
{
	const struct qc_name *n = name ? qc_names_find(&c->fp32_names, name) :
					 NULL;

	if (n)
		c->fp32_found[n->index] = true;
	return n;
}

int qc_fp32_mark(struct qc_compile *c, struct qc_graph *g, struct qaic_err *err)
{
	struct qc_node *n;
	bool marked;
	uint32_t i;

	for (n = c->opt->num_fp32_nodes ? g->first : NULL; n; n = n->next) {
		marked = find(c, n->name);
		for (i = 0; i < n->num_out; i++)
			if (n->out[i] && find(c, n->out[i]->name))
				marked = true;
		if (marked && qc_attr_set_int(g, n, QC_FP32, 1))
			return qaic_fail(err, -ENOMEM, "out of memory");
	}
	return 0;
}

/* What is in the file need not be in a graph: it is a constant, or not needed. */
static void look_in_file(struct qc_compile *c)
{
	const Onnx__GraphProto *g = c->model->proto->graph;
	size_t i, k;

	for (i = 0; i < g->n_node; i++) {
		find(c, g->node[i]->name);
		for (k = 0; k < g->node[i]->n_output; k++)
			find(c, g->node[i]->output[k]);
	}
}

int qc_fp32_check(struct qc_compile *c, struct qaic_err *err)
{
	size_t i;

	look_in_file(c);
	for (i = 0; i < c->opt->num_fp32_nodes; i++)
		if (!c->fp32_found[i])
			return qaic_fail(err, -EINVAL,
				"node precision: the model has no node and no output of one that is called '%s'",
				c->opt->fp32_nodes[i]);
	return 0;
}
