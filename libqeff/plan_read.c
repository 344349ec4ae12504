// SPDX-License-Identifier: MIT
/* What the compile stage has to know of the ONNX. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/str.h"
#include "compiler/onnx.pb-c.h"
#include "libqeff/pipeline.h"

static int no_memory(struct qaic_err *err)
{
	return qaic_fail(err, -ENOMEM, "out of memory");
}

/* The cache tensors: outputs called X_RetainedState, X being an input. */
static int add_states(struct qeff_compile_plan *plan,
		      const Onnx__GraphProto *g, struct qaic_err *err)
{
	size_t i, n, tail = strlen(QEFF_RETAINED);
	const char *name;

	plan->states = calloc(g->n_output + 1, sizeof(*plan->states));
	if (!plan->states)
		return no_memory(err);
	for (i = 0; i < g->n_output; i++) {
		name = g->output[i]->name;
		n = name ? strlen(name) : 0;
		if (n <= tail || strcmp(name + n - tail, QEFF_RETAINED))
			continue;
		plan->states[plan->num_states] = strndup(name, n - tail);
		if (!plan->states[plan->num_states])
			return no_memory(err);
		plan->num_states++;
	}
	return 0;
}

int qeff_read_onnx(const char *path,
		   int (*take)(void *ctx, const Onnx__ModelProto *m,
			       struct qaic_err *err),
		   void *ctx, struct qaic_err *err)
{
	Onnx__ModelProto *m = NULL;
	struct qaic_map map;
	int ret;

	ret = qaic_map_file(&map, path, err);
	if (ret)
		return ret;
	m = onnx__model_proto__unpack(NULL, map.size, map.data);
	if (!m || !m->graph)
		ret = qaic_fail(err, -EINVAL, "%s: not an ONNX model", path);
	else
		ret = take(ctx, m, err);
	if (m)
		onnx__model_proto__free_unpacked(m, NULL);
	qaic_unmap_file(&map);
	return ret;
}

const char *qeff_onnx_meta(const Onnx__ModelProto *m, const char *key)
{
	size_t i;

	for (i = 0; i < m->n_metadata_props; i++)
		if (m->metadata_props[i]->key &&
		    !strcmp(m->metadata_props[i]->key, key))
			return m->metadata_props[i]->value;
	return NULL;
}

/* The export's names in @text, and those of the user's file. */
static int add_fp32_nodes(struct qeff_compile_plan *plan, const char *text,
			  struct qaic_err *err)
{
	const struct qeff_build_options *o = plan->opt;
	char *at, *name;
	size_t n = 1, read = 0, i;
	int ret;

	if (o->fp32 && !o->weights)
		return 0;
	if (o->fp32_nodes) {
		ret = qaicc_read_fp32_nodes(o->fp32_nodes, &plan->fp32_read,
					    &read, err);
		if (ret)
			return ret;
	}
	text = text ? text : "";
	plan->fp32_text = strdup(text);
	for (; *text; text++)
		n += *text == ',';
	plan->fp32_nodes = calloc(n + read, sizeof(*plan->fp32_nodes));
	if (!plan->fp32_text || !plan->fp32_nodes)
		return no_memory(err);
	at = *plan->fp32_text ? plan->fp32_text : NULL;
	while ((name = strsep(&at, ",")))
		plan->fp32_nodes[plan->num_fp32_nodes++] = name;
	for (i = 0; i < read; i++)
		plan->fp32_nodes[plan->num_fp32_nodes++] = plan->fp32_read[i];
	return 0;
}

bool qeff_onnx_has_input(const Onnx__ModelProto *m, const char *name)
{
	const Onnx__GraphProto *g = m->graph;
	size_t i;

	for (i = 0; i < g->n_input; i++)
		if (g->input[i]->name && !strcmp(g->input[i]->name, name))
			return true;
	return false;
}

static int take_states(void *ctx, const Onnx__ModelProto *m,
		       struct qaic_err *err)
{
	struct qeff_compile_plan *plan = ctx;
	int ret = add_states(plan, m->graph, err);

	plan->seq2seq = qeff_onnx_has_input(m, "decoder_input_ids");
	plan->encoder = !plan->num_states &&
			qeff_onnx_has_input(m, "attention_mask");
	return ret ? ret : add_fp32_nodes(plan, qeff_onnx_meta(m, QEFF_FP32_META),
					  err);
}

int qeff_plan_read(struct qeff_compile_plan *plan, struct qaic_err *err)
{
	int ret = qeff_read_onnx(plan->onnx, take_states, plan, err);

	if (!ret && !plan->num_states && !plan->encoder)
		ret = qaic_fail(err, -EINVAL,
				"%s: no output is called *" QEFF_RETAINED
				" and no input attention_mask; a language model keeps its KV cache in such outputs, an encoder has that input",
				plan->onnx);
	return ret;
}
