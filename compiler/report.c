// SPDX-License-Identifier: MIT
/* The numbers behind -aic-perf-metrics. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "compiler/compile.h"

static void report_ops(const struct qpc_timing *t, struct qaicc_spec_report *r)
{
	uint32_t i;

	for (i = 0; i < NSP_OP_COUNT && r->num_ops < QAICC_REPORT_OPS; i++) {
		const struct qpc_timing_op *op = &t->op[i];

		if (!op->commands)
			continue;
		r->op[r->num_ops++] = (struct qaicc_op_report){
			.name = qpc_op_name(i), .commands = op->commands,
			.hmx = op->hmx_s, .hvx = op->hvx_s,
			.ddr = op->ddr, .noc = op->noc,
		};
	}
}

static void report_parts(const struct qpc_timing *t,
			 struct qaicc_spec_report *r)
{
	static const char *const bound[QPC_BOUND_COUNT] = {
		[QPC_BOUND_HMX] = "HMX", [QPC_BOUND_HVX] = "HVX",
		[QPC_BOUND_DDR] = "DDR", [QPC_BOUND_NOC] = "NoC",
		[QPC_BOUND_PORT] = "port of an NSP",
	};
	uint32_t i;

	_Static_assert(QPC_BOUND_COUNT + 3 == QAICC_REPORT_PARTS, "a place each");
	for (i = 0; i < QPC_BOUND_COUNT; i++) {
		r->part[i].what = bound[i];
		r->part[i].seconds = t->bound_s[i];
	}
	r->part[i].what = "barriers";
	r->part[i++].seconds = t->barrier_s;
	r->part[i].what = "PCIe";
	r->part[i++].seconds = t->pcie_s;
	r->part[i].what = "call";
	r->part[i].seconds = t->call_s;
}

static void report_spec(const struct qpc_program *prog, uint32_t k,
			struct qaicc_spec_report *r)
{
	struct qpc_timing t;
	uint32_t i;

	snprintf(r->name, sizeof(r->name), "%s", prog->specs[k].name);
	for (i = 0; i < QPC_SKU_COUNT; i++) {
		qpc_timing(prog, k, i, &t);
		r->seconds[i] = t.seconds;
		if (i == QPC_SKU_PRO) {
			report_ops(&t, r);
			report_parts(&t, r);
			r->hmx = t.hmx_s;
		}
	}
	r->macs = t.macs;
	r->ddr_read = t.ddr_read;
	r->ddr_write = t.ddr_write;
	r->vtcm = t.vtcm;
	r->phases = t.phases;
	for (i = 0; i < prog->num_nsps; i++)
		r->commands += prog->specs[k].streams[i].num_cmds;
}

static int by_count(const void *a, const void *b)
{
	const struct { char name[48]; uint32_t count; } *x = a, *y = b;

	if (x->count != y->count)
		return x->count < y->count ? 1 : -1;
	return strcmp(x->name, y->name);
}

static int histogram(const struct qc_graph *g, struct qaicc_report *r)
{
	const struct qc_node *n;
	size_t i;

	r->ops = calloc((size_t)g->num_nodes + 1, sizeof(*r->ops));
	if (!r->ops)
		return -ENOMEM;
	for (n = g->first; n; n = n->next) {
		if (n->dead)
			continue;
		for (i = 0; i < r->num_ops; i++)
			if (!strncmp(r->ops[i].name, n->op->name,
				     sizeof(r->ops[i].name) - 1))
				break;
		if (i == r->num_ops) {
			snprintf(r->ops[i].name, sizeof(r->ops[i].name), "%s",
				 n->op->name);
			r->num_ops++;
		}
		r->ops[i].count++;
	}
	qsort(r->ops, r->num_ops, sizeof(*r->ops), by_count);
	return 0;
}

int qc_report(const struct qc_compile *c, struct qaicc_report *r,
	      struct qaic_err *err)
{
	uint32_t i;

	r->const_size = c->prog.const_size;
	r->ddr_size = c->prog.ddr_size;
	r->specs = calloc(c->num_specs, sizeof(*r->specs));
	if (!r->specs || histogram(c->specs[0].g, r)) {
		qaicc_report_release(r);
		return qaic_fail(err, -ENOMEM, "out of memory");
	}
	r->num_specs = c->num_specs;
	qc_consts_in_blocks(c->consts, &r->num_blocks, &r->block_elems,
			    &r->block_bytes);
	for (i = 0; i < c->num_specs; i++)
		report_spec(&c->prog, i, &r->specs[i]);
	return 0;
}

static int by_place(const void *a, const void *b)
{
	const uint8_t *x = (*(Onnx__TensorProto *const *)a)->raw_data.data;
	const uint8_t *y = (*(Onnx__TensorProto *const *)b)->raw_data.data;

	return x < y ? -1 : x > y;
}

/* The model's tensors by where they lie; NULL if there is no memory. */
static Onnx__TensorProto **tensors_by_place(const Onnx__GraphProto *g)
{
	Onnx__TensorProto **t = calloc(g->n_initializer + 1, sizeof(*t));

	if (t && g->n_initializer) {
		memcpy(t, g->initializer, g->n_initializer * sizeof(*t));
		qsort(t, g->n_initializer, sizeof(*t), by_place);
	}
	return t;
}

/*
 * What a matrix is called in the model: the value that the program has is its
 * transpose perhaps, or a part of it.
 */
static const char *tensor_name(Onnx__TensorProto *const *t, size_t n,
			       const struct qc_clipped *c)
{
	size_t low = 0, mid;

	while (low < n) {	/* the first that begins behind it */
		mid = low + (n - low) / 2;
		if (t[mid]->raw_data.data <= c->data)
			low = mid + 1;
		else
			n = mid;
	}
	if (!low || !c->data || !t[low - 1]->name || !*t[low - 1]->name ||
	    (size_t)(c->data - t[low - 1]->raw_data.data) >=
	    t[low - 1]->raw_data.len)
		return c->name;
	return t[low - 1]->name;
}

int qc_report_clipped(const struct qc_compile *c, struct qaicc_report *r,
		      struct qaic_err *err)
{
	const Onnx__GraphProto *g = c->model->proto->graph;
	struct qc_clipped cl = { 0 };
	Onnx__TensorProto **t;
	size_t n = 0;

	while (qc_consts_clipped(c->consts, &cl))
		n++;
	r->clipped = calloc(n + 1, sizeof(*r->clipped));
	t = tensors_by_place(g);
	if (!r->clipped || !t) {
		free(t);
		return qaic_fail(err, -ENOMEM, "out of memory");
	}
	cl.at = NULL;
	while (r->num_clipped < n && qc_consts_clipped(c->consts, &cl)) {
		snprintf(r->clipped[r->num_clipped].name,
			 sizeof(r->clipped[0].name), "%s",
			 tensor_name(t, g->n_initializer, &cl));
		r->clipped[r->num_clipped++].count = cl.count;
	}
	free(t);
	return 0;
}

void qaicc_report_release(struct qaicc_report *r)
{
	free(r->specs);
	free(r->ops);
	free(r->clipped);
	memset(r, 0, sizeof(*r));
}
