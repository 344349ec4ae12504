// SPDX-License-Identifier: MIT
/* The reference's side of a verification: the ONNX bound to a seq_len. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "libqeff/verify.h"

static int no_memory(struct qaic_err *err)
{
	return qaic_fail(err, -ENOMEM, "out of memory");
}

static int bind_input(struct qeff_verifier *v, struct qeff_eval *e, size_t i)
{
	size_t n = (size_t)v->opt.batch * e->seq_len * sizeof(int64_t);
	struct qaicc_tensor t;
	int64_t **ids = NULL;

	if (qaicc_ref_input(e->ref, i, &t))
		return qaic_fail(v->err, -EINVAL, "input %zu is missing", i);
	if (!strcmp(t.name, "input_ids"))
		ids = &e->input_ids;
	else if (!strcmp(t.name, "position_ids"))
		ids = &e->position_ids;
	if (ids) {
		if (t.dtype != QAIC_I64 || t.size != n || *ids)
			return qaic_fail(v->err, -EINVAL,
					 "%s is not int64 [batch, seq_len]",
					 t.name);
		*ids = calloc(1, n);
		e->inputs[i] = *ids;
		return *ids ? 0 : no_memory(v->err);
	}
	if (strncmp(t.name, "past_", 5))
		return qaic_fail(v->err, -EOPNOTSUPP,
				 "input %s is not supported here", t.name);
	if (!v->state[i]) {
		v->state[i] = calloc(1, t.size);
		v->state_name[i] = strdup(t.name);
		v->state_size[i] = t.size;
	}
	e->inputs[i] = v->state[i];
	if (!v->state[i] || !v->state_name[i])
		return no_memory(v->err);
	if (t.size != v->state_size[i] || t.dtype != QAIC_F32)
		return qaic_fail(v->err, -EINVAL,
				 "%s is not float32, or differs by seq_len",
				 t.name);
	return 0;
}

/* Find the input X of each output X_RetainedState, and the logits. */
static int bind_output(struct qeff_verifier *v, struct qeff_eval *e, size_t i)
{
	struct qaicc_tensor out, in;
	size_t j, n, tail = strlen(QEFF_RETAINED);

	e->state_of_output[i] = -1;
	if (qaicc_ref_output(e->ref, i, &out))
		return qaic_fail(v->err, -EINVAL, "output %zu is missing", i);
	if (!strcmp(out.name, "logits")) {
		if (out.dtype != QAIC_F32 ||
		    out.size != (size_t)v->opt.batch * v->opt.vocab * 4)
			return qaic_fail(v->err, -EINVAL,
					 "logits are not float32 [batch, 1, %u]",
					 v->opt.vocab);
		e->logits = i;
		return 0;
	}
	n = strlen(out.name);
	if (n <= tail || strcmp(out.name + n - tail, QEFF_RETAINED))
		return 0;
	for (j = 0; j < e->num_inputs; j++) {
		if (qaicc_ref_input(e->ref, j, &in) ||
		    strlen(in.name) != n - tail ||
		    strncmp(in.name, out.name, n - tail))
			continue;
		if (in.size != out.size || !v->state[j])
			break;
		e->state_of_output[i] = j;
		return 0;
	}
	return qaic_fail(v->err, -EINVAL, "output %s has no input of its shape",
			 out.name);
}

int qeff_eval_open(struct qeff_verifier *v, struct qeff_eval *e,
		   uint32_t seq_len)
{
	struct qaicc_symbol sym[] = {
		{ "batch_size", v->opt.batch }, { "seq_len", seq_len },
		{ "ctx_len", v->opt.ctx_len },
	};
	size_t i;
	int ret;

	e->seq_len = seq_len;
	ret = qaicc_ref_open(v->opt.onnx, sym, QAIC_ARRAY_SIZE(sym), &e->ref,
			     v->err);
	if (ret)
		return ret;
	e->num_inputs = qaicc_ref_num_inputs(e->ref);
	e->num_outputs = qaicc_ref_num_outputs(e->ref);
	e->logits = e->num_outputs;
	e->inputs = calloc(e->num_inputs + 1, sizeof(*e->inputs));
	e->state_of_output = calloc(e->num_outputs + 1, sizeof(int));
	if (!v->state) {
		v->num_state = e->num_inputs;
		v->state = calloc(e->num_inputs + 1, sizeof(*v->state));
		v->state_name = calloc(e->num_inputs + 1, sizeof(char *));
		v->state_size = calloc(e->num_inputs + 1, sizeof(size_t));
	}
	if (!e->inputs || !e->state_of_output || !v->state || !v->state_name ||
	    !v->state_size)
		return no_memory(v->err);
	if (v->num_state != e->num_inputs)
		return qaic_fail(v->err, -EINVAL, "the inputs differ by seq_len");
	for (i = 0; !ret && i < e->num_inputs; i++)
		ret = bind_input(v, e, i);
	for (i = 0; !ret && i < e->num_outputs; i++)
		ret = bind_output(v, e, i);
	if (ret)
		return ret;
	if (!e->input_ids || !e->position_ids || e->logits == e->num_outputs)
		return qaic_fail(v->err, -EINVAL,
				 "input_ids, position_ids or logits is missing");
	return 0;
}

void qeff_eval_close(struct qeff_eval *e)
{
	if (e->ref)
		qaicc_ref_close(e->ref);
	free(e->input_ids);
	free(e->position_ids);
	free(e->inputs);
	free(e->state_of_output);
}
