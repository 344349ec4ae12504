// SPDX-License-Identifier: MIT
/* The evaluations in the reference loops: an ONNX bound to a seq_len. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "libqeff/verify.h"

static int no_memory(struct qaic_err *err)
{
	return qaic_fail(err, -ENOMEM, "out of memory");
}

static bool copy(void *to, size_t size, const int64_t *from, size_t n)
{
	if (size != n * sizeof(*from))
		return false;
	memcpy(to, from, size);
	return true;
}

bool qeff_call_fill(const struct qeff_call *call, const char *name,
		    enum qaic_dtype dtype, void *to, size_t size)
{
	size_t i, n = (size_t)call->batch * call->seq_len;
	int64_t *v = to;

	if (dtype != QAIC_I64)
		return false;
	if (call->seq2seq) {
		if (!strcmp(name, "input_ids"))
			return copy(to, size, call->source, (size_t)call->batch *
				    call->encoder_len);
		if (!strcmp(name, "cross_position_ids"))
			return copy(to, size, call->last, call->batch);
		if (strncmp(name, "decoder_", 8))
			return false;
		name += 8;
	}
	if (size != n * sizeof(*v))
		return false;
	if (!strcmp(name, "input_ids"))
		memcpy(v, call->ids, size);
	else if (!strcmp(name, "position_ids"))
		memcpy(v, call->pos, size);
	else if (!strcmp(name, "attention_mask"))
		for (i = 0; i < n; i++)
			v[i] = call->pos[i] >= 0;
	else if (!strcmp(name, "token_type_ids"))
		memset(v, 0, size);
	else
		return false;
	return true;
}

static int bind_state(struct qeff_eval *e, size_t i,
		      const struct qaicc_tensor *t, struct qaic_err *err)
{
	struct qeff_states *st = e->states;

	if (!st->data[i]) {
		st->data[i] = calloc(1, t->size ? t->size : 1);
		st->name[i] = strdup(t->name);
		st->size[i] = t->size;
	}
	e->inputs[i] = st->data[i];
	if (!st->data[i] || !st->name[i])
		return no_memory(err);
	if (t->size != st->size[i] || t->dtype != QAIC_F32)
		return qaic_fail(err, -EINVAL,
				 "%s is not float32, or differs by seq_len",
				 t->name);
	return 0;
}

static int bind_input(struct qeff_eval *e, size_t i, struct qaic_err *err)
{
	struct qaicc_tensor t;

	if (qaicc_ref_input(e->ref, i, &t))
		return qaic_fail(err, -EINVAL, "input %zu is missing", i);
	if (!strncmp(t.name, "past_", 5))
		return bind_state(e, i, &t, err);
	e->inputs[i] = calloc(1, t.size ? t.size : 1);
	return e->inputs[i] ? 0 : no_memory(err);
}

/* Find the input X of an output X_RetainedState. */
static int bind_output(struct qeff_eval *e, size_t i, struct qaic_err *err)
{
	size_t j, n, tail = strlen(QEFF_RETAINED);
	struct qaicc_tensor out, in;

	e->state_of_output[i] = -1;
	if (qaicc_ref_output(e->ref, i, &out))
		return qaic_fail(err, -EINVAL, "output %zu is missing", i);
	if (out.dtype != QAIC_F32)
		return qaic_fail(err, -EINVAL, "output %s is not float32",
				 out.name);
	n = strlen(out.name);
	if (n <= tail || strcmp(out.name + n - tail, QEFF_RETAINED))
		return 0;
	for (j = 0; j < e->num_inputs; j++) {
		if (qaicc_ref_input(e->ref, j, &in) ||
		    strlen(in.name) != n - tail ||
		    strncmp(in.name, out.name, n - tail))
			continue;
		if (in.size != out.size || !e->states->data[j])
			break;
		e->state_of_output[i] = j;
		return 0;
	}
	return qaic_fail(err, -EINVAL, "output %s has no input of its shape",
			 out.name);
}

static int states_alloc(struct qeff_states *st, size_t n, struct qaic_err *err)
{
	if (st->data)
		return st->n == n ? 0 :
		       qaic_fail(err, -EINVAL, "the inputs differ by seq_len");
	st->n = n;
	st->data = calloc(n + 1, sizeof(*st->data));
	st->name = calloc(n + 1, sizeof(*st->name));
	st->size = calloc(n + 1, sizeof(*st->size));
	return st->data && st->name && st->size ? 0 : no_memory(err);
}

int qeff_eval_open(struct qeff_eval *e, const struct qeff_io *io,
		   const struct qeff_verify_options *opt, uint32_t seq_len,
		   uint32_t encoder_len, struct qeff_states *st,
		   struct qaic_err *err)
{
	struct qaicc_symbol sym[] = {
		{ "batch_size", opt->batch }, { "seq_len", seq_len },
		{ "ctx_len", opt->ctx_len }, { "encoder_len", encoder_len },
		{ "encoder_ctx_len", opt->prompt_len },
	};
	size_t i;
	int ret;

	memset(e, 0, sizeof(*e));
	e->seq_len = seq_len;
	e->encoder_len = encoder_len;
	e->states = st;
	ret = qaicc_ref_open_outputs(io->onnx, sym, QAIC_ARRAY_SIZE(sym),
				     io->blocks, io->num_blocks, &e->ref, err);
	if (ret)
		return ret;
	e->num_inputs = qaicc_ref_num_inputs(e->ref);
	e->num_outputs = qaicc_ref_num_outputs(e->ref);
	e->inputs = calloc(e->num_inputs + 1, sizeof(*e->inputs));
	e->state_of_output = calloc(e->num_outputs + 1, sizeof(int));
	ret = states_alloc(st, e->num_inputs, err);
	if (!e->inputs || !e->state_of_output)
		ret = no_memory(err);
	for (i = 0; !ret && i < e->num_inputs; i++)
		ret = bind_input(e, i, err);
	for (i = 0; !ret && i < e->num_outputs; i++)
		ret = bind_output(e, i, err);
	return ret;
}

int qeff_eval_call(struct qeff_eval *e, const struct qeff_call *call,
		   struct qaic_err *err)
{
	struct qaicc_tensor t;
	size_t i;

	for (i = 0; i < e->num_inputs; i++) {
		if (e->states->data[i])
			continue;
		if (qaicc_ref_input(e->ref, i, &t) ||
		    !qeff_call_fill(call, t.name, t.dtype, e->inputs[i],
				    t.size))
			return qaic_fail(err, -EOPNOTSUPP,
					 "input %s is not one that can be verified: int64 [batch, seq_len] of a known name",
					 t.name);
	}
	return qaicc_ref_run(e->ref, (const void *const *)e->inputs, err);
}

void qeff_eval_keep_states(struct qeff_eval *e)
{
	struct qaicc_tensor t;
	size_t i;

	for (i = 0; i < e->num_outputs; i++)
		if (e->state_of_output[i] >= 0 &&
		    !qaicc_ref_output(e->ref, i, &t))
			memcpy(e->states->data[e->state_of_output[i]], t.data,
			       t.size);
}

const float *qeff_eval_output(const struct qeff_eval *e, const char *name,
			      size_t *num)
{
	struct qaicc_tensor t;
	size_t i;

	for (i = 0; i < e->num_outputs; i++) {
		if (qaicc_ref_output(e->ref, i, &t) || strcmp(t.name, name))
			continue;
		*num = t.size / sizeof(float);
		return t.data;
	}
	return NULL;
}

void qeff_eval_close(struct qeff_eval *e)
{
	size_t i;

	for (i = 0; e->inputs && i < e->num_inputs; i++)
		if (!e->states->data || !e->states->data[i])
			free(e->inputs[i]);
	free(e->inputs);
	free(e->state_of_output);
	if (e->ref)
		qaicc_ref_close(e->ref);
	memset(e, 0, sizeof(*e));
}

void qeff_states_clear(struct qeff_states *st)
{
	size_t i;

	for (i = 0; i < st->n; i++)
		if (st->data[i])
			memset(st->data[i], 0, st->size[i]);
}

const float *qeff_states_find(const struct qeff_states *st, const char *name,
			      size_t len, size_t *num)
{
	size_t i;

	for (i = 0; i < st->n; i++) {
		if (!st->name[i] || strlen(st->name[i]) != len ||
		    strncmp(st->name[i], name, len))
			continue;
		*num = st->size[i] / sizeof(float);
		return st->data[i];
	}
	return NULL;
}

void qeff_states_release(struct qeff_states *st)
{
	size_t i;

	for (i = 0; st->data && i < st->n; i++)
		free(st->data[i]);
	for (i = 0; st->name && i < st->n; i++)
		free(st->name[i]);
	free(st->data);
	free(st->name);
	free(st->size);
	memset(st, 0, sizeof(*st));
}
