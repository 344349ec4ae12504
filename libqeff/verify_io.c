// SPDX-License-Identifier: MIT
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "libqeff/pipeline.h"
#include "libqeff/verify_io.h"

static int no_memory(struct qaic_err *err)
{
	return qaic_fail(err, -ENOMEM, "out of memory");
}

static bool is_state(const char *name)
{
	size_t n = strlen(name), tail = strlen(QEFF_RETAINED);

	return n > tail && !strcmp(name + n - tail, QEFF_RETAINED);
}

/* Is its second dimension that of the tokens? */
static bool has_seq_len(const Onnx__ValueInfoProto *v)
{
	const Onnx__TensorShapeProto *s = v->type && v->type->tensor_type ?
		v->type->tensor_type->shape : NULL;

	return s && s->n_dim >= 2 && s->dim[1]->dim_param &&
	       !strcmp(s->dim[1]->dim_param, "seq_len");
}

static int add(struct qeff_io *io, const char *label, size_t len,
	       const char *value, size_t value_len, enum qeff_output_kind kind,
	       bool per_token, struct qaic_err *err)
{
	struct qeff_io_out *o = &io->v[io->n];

	o->label = strndup(label, len);
	o->value = strndup(value, value_len);
	o->kind = kind;
	o->per_token = per_token;
	io->cached |= kind == QEFF_OUTPUT_STATE;
	io->n++;
	return o->label && o->value ? 0 : no_memory(err);
}

static int add_outputs(struct qeff_io *io, const Onnx__GraphProto *g,
		       bool states, struct qaic_err *err)
{
	const char *name;
	size_t i;
	int ret = 0;

	for (i = 0; i < g->n_output && !ret; i++) {
		name = g->output[i]->name ? g->output[i]->name : "";
		if (is_state(name) == states)
			ret = add(io, name, strlen(name), name, strlen(name),
				  states ? QEFF_OUTPUT_STATE :
					   QEFF_OUTPUT_RESULT,
				  has_seq_len(g->output[i]), err);
	}
	return ret;
}

static size_t count_blocks(const char *list)
{
	size_t n = 0;

	for (; list && *list; list++)
		n += *list == '=';
	return n;
}

/* "label=value,label=value" */
static int add_blocks(struct qeff_io *io, const char *list, struct qaic_err *err)
{
	size_t len, eq;
	int ret = 0;

	for (; *list && !ret; list += len + (list[len] == ',')) {
		len = strcspn(list, ",");
		eq = strcspn(list, "=");
		if (eq >= len || !eq || eq + 1 == len)
			return qaic_fail(err, -EINVAL,
					 "%s: its metadata " QEFF_BLOCKS_META
					 " is damaged", io->onnx);
		ret = add(io, list, eq, list + eq + 1, len - eq - 1,
			  QEFF_OUTPUT_BLOCK, true, err);
		io->blocks[io->num_blocks++] = io->v[io->n - 1].value;
	}
	return ret;
}

struct reading {
	struct qeff_io *io;
	bool blocks;
};

static int read_io(void *ctx, const Onnx__ModelProto *m, struct qaic_err *err)
{
	struct reading *r = ctx;
	struct qeff_io *io = r->io;
	const char *list = r->blocks ? qeff_onnx_meta(m, QEFF_BLOCKS_META) : NULL;
	size_t n = count_blocks(list);
	int ret;

	if (r->blocks && !list)
		return qaic_fail(err, -EOPNOTSUPP,
				 "%s does not say where its blocks end (metadata " QEFF_BLOCKS_META
				 "); qeff export writes that", io->onnx);
	io->seq2seq = qeff_onnx_has_input(m, "decoder_input_ids");
	io->blocks = calloc(n + 1, sizeof(*io->blocks));
	io->v = calloc(m->graph->n_output + n + 1, sizeof(*io->v));
	if (!io->blocks || !io->v)
		return no_memory(err);
	ret = add_outputs(io, m->graph, false, err);
	if (!ret && list)
		ret = add_blocks(io, list, err);
	return ret ? ret : add_outputs(io, m->graph, true, err);
}

int qeff_io_open(struct qeff_io *io, const char *onnx, bool blocks,
		 struct qaic_err *err)
{
	struct reading r = { io, blocks };

	memset(io, 0, sizeof(*io));
	io->onnx = strdup(onnx);
	return io->onnx ? qeff_read_onnx(onnx, read_io, &r, err) :
			  no_memory(err);
}

const struct qeff_io_out *qeff_io_find(const struct qeff_io *io,
				       const char *label)
{
	size_t i;

	for (i = 0; i < io->n; i++)
		if (!strcmp(io->v[i].label, label))
			return &io->v[i];
	return NULL;
}

void qeff_io_close(struct qeff_io *io)
{
	size_t i;

	for (i = 0; i < io->n; i++) {
		free(io->v[i].label);
		free(io->v[i].value);
	}
	free(io->v);
	free(io->blocks);
	free(io->onnx);
	memset(io, 0, sizeof(*io));
}
