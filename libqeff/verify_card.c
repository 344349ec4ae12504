// SPDX-License-Identifier: MIT
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/f16.h"
#include "base/file.h"
#include "base/str.h"
#include "libqeff/verify.h"

static int no_memory(struct qaic_err *err)
{
	return qaic_fail(err, -ENOMEM, "out of memory");
}

/* Compile without retained state. */
static int compile(struct qeff_card *c, const struct qeff_verify_options *opt,
		   const struct qeff_io *io, const char *dir,
		   struct qaic_err *err)
{
	struct qeff_build_options o = {
		.num_cores = opt->num_cores, .batch_size = opt->batch,
		.prompt_len = opt->prompt_len, .ctx_len = opt->ctx_len,
		.fp32 = opt->fp32, .weights = opt->weights,
		.act_int8 = opt->act_int8, .fp32_nodes = opt->fp32_nodes,
		.seq_lens = &opt->prompt_len,
		.num_seq_lens = 1,
	};
	struct qeff_compile_plan plan;
	size_t i;
	int ret;

	ret = qeff_plan_init(&plan, &o, io->onnx, err);
	if (ret)
		return ret;
	plan.cache_is_io = true;
	plan.outputs = io->blocks;
	plan.num_outputs = io->num_blocks;
	ret = qeff_plan_compile(&plan, dir, "qpc", err);
	c->state = calloc(plan.num_states + 1, sizeof(*c->state));
	if (!ret && !c->state)
		ret = no_memory(err);
	for (i = 0; !ret && i < plan.num_states; i++) {
		c->state[i].name = plan.states[i];
		plan.states[i] = NULL;
		c->num_state++;
	}
	qeff_plan_release(&plan);
	return ret;
}

static void *buffer(struct qeff_card *c, const struct qeff_card_phase *ph,
		    const char *name, size_t *size)
{
	*size = 0;
	return qaic_exec_buffer(ph->exec,
				qaic_program_find(c->prog, ph->spec, name),
				size);
}

/* The two ends of a state in a phase; NULL if they do not fit it. */
static void *state_buffer(struct qeff_card *c, const struct qeff_card_phase *ph,
			  const struct qeff_card_state *st, bool output)
{
	char name[256];
	size_t size;
	void *p;

	snprintf(name, sizeof(name), "%s%s", st->name,
		 output ? QEFF_RETAINED : "");
	p = buffer(c, ph, name, &size);
	return p && size >= st->size ? p : NULL;
}

static int open_phases(struct qeff_card *c, struct qaic_err *err)
{
	uint32_t i, n = qaic_program_num_specs(c->prog);
	struct qaic_binding_info b;
	int ret, ids;

	if (!n || n > QAIC_ARRAY_SIZE(c->phase))
		return qaic_fail(err, -EINVAL, "%u specializations", n);
	for (i = 0; i < n; i++) {
		struct qeff_card_phase *ph = &c->phase[i];

		ph->encoder_len = 0;
		ids = qaic_program_find(c->prog, i, "decoder_input_ids");
		if (ids >= 0 && !qaic_program_binding(c->prog, i,
				qaic_program_find(c->prog, i, "input_ids"), &b))
			ph->encoder_len = b.dims[1];
		if (ids < 0)
			ids = qaic_program_find(c->prog, i, "input_ids");
		ret = qaic_program_binding(c->prog, i, ids, &b);
		if (ret)
			return qaic_fail(err, -EINVAL, "input_ids is missing");
		ph->spec = i;
		ph->seq_len = b.dims[1];
		ret = qaic_exec_create(c->prog, i, &ph->exec, err);
		if (ret)
			return ret;
		c->num_phases++;
	}
	return 0;
}

static int open_states(struct qeff_card *c, struct qaic_err *err)
{
	struct qaic_binding_info b;
	size_t i;

	for (i = 0; i < c->num_state; i++) {
		struct qeff_card_state *st = &c->state[i];

		if (qaic_program_binding(c->prog, 0,
				qaic_program_find(c->prog, 0, st->name), &b) ||
		    (b.dtype != QAIC_F32 && b.dtype != QAIC_F16))
			return qaic_fail(err, -EINVAL, "%s is no input",
					 st->name);
		st->dtype = b.dtype;
		st->size = b.size;
		st->data = calloc(1, b.size);
		if (!st->data)
			return no_memory(err);
	}
	return 0;
}

int qeff_card_open(struct qeff_card *c, const struct qeff_verify_options *opt,
		   const struct qeff_io *io, const char *dir,
		   struct qaic_err *err)
{
	memset(c, 0, sizeof(*c));
	c->qid = opt->qid;
	c->qpc = qaic_path(dir, "qpc");
	return c->qpc ? compile(c, opt, io, dir, err) : no_memory(err);
}

int qeff_card_load(struct qeff_card *c, struct qaic_err *err)
{
	int ret = qaic_device_open(c->qid, &c->dev, err);

	if (!ret)
		ret = qaic_program_load(c->dev, c->qpc, &c->prog, err);
	if (!ret)
		ret = open_phases(c, err);
	return ret ? ret : open_states(c, err);
}

void qeff_card_unload(struct qeff_card *c)
{
	size_t i;

	for (i = 0; i < c->num_phases; i++)
		qaic_exec_destroy(c->phase[i].exec);
	c->num_phases = 0;
	if (c->prog)
		qaic_program_unload(c->prog);
	c->prog = NULL;
	if (c->dev)
		qaic_device_close(c->dev);
	c->dev = NULL;
	for (i = 0; i < c->num_state; i++) {
		free(c->state[i].data);
		c->state[i].data = NULL;
	}
}

static bool is_state(const struct qeff_card *c, const char *name)
{
	size_t i;

	for (i = 0; i < c->num_state; i++)
		if (!strcmp(c->state[i].name, name))
			return true;
	return false;
}

/* What a call brings, into the buffers of the inputs. */
static int fill_inputs(struct qeff_card *c, const struct qeff_card_phase *ph,
		       const struct qeff_call *call, struct qaic_err *err)
{
	struct qaic_binding_info b;
	size_t size;
	uint32_t i;
	void *p;

	for (i = 0; !qaic_program_binding(c->prog, ph->spec, i, &b); i++) {
		if (b.output || is_state(c, b.name))
			continue;
		p = qaic_exec_buffer(ph->exec, i, &size);
		if (!p || !qeff_call_fill(call, b.name, b.dtype, p, b.size))
			return qaic_fail(err, -EOPNOTSUPP,
					 "input %s is not one that can be verified",
					 b.name);
	}
	return 0;
}

/* The cache into its inputs, or out of its outputs. */
static int move_states(struct qeff_card *c, const struct qeff_card_phase *ph,
		       bool output, struct qaic_err *err)
{
	size_t i;
	void *p;

	for (i = 0; i < c->num_state; i++) {
		p = state_buffer(c, ph, &c->state[i], output);
		if (!p)
			return qaic_fail(err, -EINVAL, "%s: no buffer",
					 c->state[i].name);
		if (output)
			memcpy(c->state[i].data, p, c->state[i].size);
		else
			memcpy(p, c->state[i].data, c->state[i].size);
	}
	return 0;
}

int qeff_card_call(struct qeff_card *c, const struct qeff_call *call,
		   struct qaic_err *err)
{
	struct qeff_card_phase *ph = NULL;
	size_t i;
	int ret;

	for (i = 0; i < c->num_phases; i++)
		if (c->phase[i].seq_len == call->seq_len &&
		    c->phase[i].encoder_len == call->encoder_len)
			ph = &c->phase[i];
	if (!ph)
		return qaic_fail(err, -EINVAL, "no specialization of seq_len %u",
				 call->seq_len);
	ret = fill_inputs(c, ph, call, err);
	if (!ret)
		ret = move_states(c, ph, false, err);
	if (!ret)
		ret = qaic_exec_run(ph->exec, err);
	if (!ret)
		ret = move_states(c, ph, true, err);
	c->last = ph;
	return ret;
}

/* @size bytes as float32, in c->out. */
static const float *as_float(struct qeff_card *c, enum qaic_dtype dtype,
			     const void *data, size_t size, size_t *num)
{
	size_t i, n;

	if (dtype != QAIC_F32 && dtype != QAIC_F16)
		return NULL;
	n = size / qaic_dtype_size(dtype);
	free(c->out);
	c->out = malloc((n + 1) * sizeof(*c->out));
	if (!c->out)
		return NULL;
	for (i = 0; i < n; i++)
		c->out[i] = dtype == QAIC_F32 ? ((const float *)data)[i] :
			    qaic_f16_to_f32(((const uint16_t *)data)[i]);
	*num = n;
	return c->out;
}

const float *qeff_card_output(struct qeff_card *c, const char *name, size_t *num)
{
	struct qaic_binding_info b;
	size_t size;
	void *p;
	int i;

	i = qaic_program_find(c->prog, c->last->spec, name);
	if (i < 0 || qaic_program_binding(c->prog, c->last->spec, i, &b))
		return NULL;
	p = qaic_exec_buffer(c->last->exec, i, &size);
	return p ? as_float(c, b.dtype, p, b.size, num) : NULL;
}

const float *qeff_card_state(struct qeff_card *c, const char *name, size_t len,
			     size_t *num)
{
	const struct qeff_card_state *st;
	size_t i;

	for (i = 0; i < c->num_state; i++) {
		st = &c->state[i];
		if (strlen(st->name) == len && !strncmp(st->name, name, len))
			return as_float(c, st->dtype, st->data, st->size, num);
	}
	return NULL;
}

void qeff_card_close(struct qeff_card *c)
{
	size_t i;

	qeff_card_unload(c);
	for (i = 0; i < c->num_state; i++)
		free(c->state[i].name);
	free(c->state);
	free(c->out);
	free(c->qpc);
	memset(c, 0, sizeof(*c));
}
