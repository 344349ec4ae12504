// SPDX-License-Identifier: MIT
/*
 * A language-model QPC on a card. Which specialization is the prefill and which
 * the decode is read from the shape of input_ids, as QEfficient does.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/f16.h"
#include "base/str.h"
#include "libqeff/session.h"

struct spec_shape {
	uint32_t batch, seq_len, ctx_len, vocab;
	enum qaic_dtype logits_dtype;
};

static int find_binding(struct qaic_program *prog, uint32_t spec,
			const char *name, struct qaic_binding_info *info,
			struct qaic_err *err)
{
	int i = qaic_program_find(prog, spec, name);

	if (i < 0)
		return qaic_fail(err, -EINVAL,
				 "this QPC is no language model: it has no %s",
				 name);
	if (qaic_program_binding(prog, spec, i, info))
		return qaic_fail(err, -EINVAL, "binding %s cannot be described",
				 name);
	return 0;
}

/* Anything but ids, positions and logits would be left unset or unread. */
static int check_bindings(struct qaic_program *prog, uint32_t spec,
			  struct qaic_err *err)
{
	struct qaic_binding_info b;
	struct qaic_spec_info si;
	uint32_t i;

	if (qaic_program_spec(prog, spec, &si))
		return qaic_fail(err, -EINVAL, "specialization %u is missing",
				 spec);
	for (i = 0; i < si.num_bindings; i++) {
		if (qaic_program_binding(prog, spec, i, &b))
			return qaic_fail(err, -EINVAL, "binding %u is missing", i);
		if (b.output || !strcmp(b.name, "input_ids") ||
		    !strcmp(b.name, "position_ids"))
			continue;
		if (!strncmp(b.name, "past_", 5))
			return qaic_fail(err, -EINVAL,
					 "%s is an input of this QPC; compile it with -retained-state",
					 b.name);
		return qaic_fail(err, -EOPNOTSUPP,
				 "this QPC has an input %s that is not supported yet",
				 b.name);
	}
	return 0;
}

/* The context length: the symbol, else the third dimension of the KV cache. */
static uint32_t context_length(struct qaic_program *prog, uint32_t spec)
{
	uint32_t i, ctx = qaic_program_symbol(prog, spec, "ctx_len");
	struct qaic_state_info st;

	for (i = 0; !ctx && i < qaic_program_num_states(prog); i++)
		if (!qaic_program_state(prog, i, &st) && st.rank == 4)
			ctx = st.dims[2];
	return ctx;
}

static int spec_shape(struct qaic_program *prog, uint32_t spec,
		      struct spec_shape *sh, struct qaic_err *err)
{
	struct qaic_binding_info ids, pos, logits;
	int ret;

	ret = find_binding(prog, spec, "input_ids", &ids, err);
	if (!ret)
		ret = find_binding(prog, spec, "position_ids", &pos, err);
	if (!ret)
		ret = find_binding(prog, spec, "logits", &logits, err);
	if (!ret)
		ret = check_bindings(prog, spec, err);
	if (ret)
		return ret;
	if (ids.output || pos.output || ids.dtype != QAIC_I64 ||
	    pos.dtype != QAIC_I64 || ids.rank != 2 || pos.rank != 2 ||
	    ids.dims[0] != pos.dims[0] || ids.dims[1] != pos.dims[1] ||
	    !ids.dims[0] || !ids.dims[1])
		return qaic_fail(err, -EINVAL,
				 "input_ids and position_ids must be int64 [batch, seq_len]");
	sh->batch = ids.dims[0];
	sh->seq_len = ids.dims[1];
	sh->logits_dtype = logits.dtype;
	if (!logits.output || logits.rank < 2 ||
	    (logits.dtype != QAIC_F32 && logits.dtype != QAIC_F16))
		return qaic_fail(err, -EINVAL,
				 "logits must be a float output [batch, 1, vocab]");
	sh->vocab = logits.dims[logits.rank - 1];
	if (!sh->vocab || logits.size != (size_t)sh->batch * sh->vocab *
					 qaic_dtype_size(logits.dtype))
		return qaic_fail(err, -EINVAL,
				 "logits must be [batch, 1, vocab]: one row for each prompt");
	sh->ctx_len = context_length(prog, spec);
	if (!sh->ctx_len)
		return qaic_fail(err, -EINVAL,
				 "this QPC has no ctx_len and no KV cache");
	return 0;
}

/* The memory of a binding, if it is as large as its shape says. */
static void *buffer(struct qeff_session *s, struct qeff_phase *ph,
		    const char *name, size_t want)
{
	int i = qaic_program_find(s->prog, ph->spec, name);
	size_t size = 0;
	void *p = qaic_exec_buffer(ph->exec, i, &size);

	return p && size >= want ? p : NULL;
}

static int phase_open(struct qeff_session *s, struct qeff_phase *ph,
		      uint32_t spec, uint32_t seq_len, struct qaic_err *err)
{
	size_t ids_size, logits_size;
	int ret;

	ret = qaic_exec_create(s->prog, spec, &ph->exec, err);
	if (ret)
		return ret;
	ph->spec = spec;
	ph->seq_len = seq_len;
	ph->model_time = qaic_program_model_time(s->prog, spec);
	ids_size = (size_t)s->batch * seq_len * sizeof(int64_t);
	logits_size = (size_t)s->batch * s->vocab *
		      qaic_dtype_size(s->logits_dtype);
	ph->input_ids = buffer(s, ph, "input_ids", ids_size);
	ph->position_ids = buffer(s, ph, "position_ids", ids_size);
	ph->logits = buffer(s, ph, "logits", logits_size);
	if (!ph->input_ids || !ph->position_ids || !ph->logits)
		return qaic_fail(err, -EIO, "the card gave no buffers");
	return 0;
}

/* Prefill is the longest seq_len, decode the shortest: one if there is one. */
static int choose_phases(struct qeff_session *s, struct qaic_err *err)
{
	uint32_t i, n = qaic_program_num_specs(s->prog);
	uint32_t pre = 0, dec = 0, pre_len = 0, dec_len = 0;
	struct spec_shape sh = { 0 }, first = { 0 };
	int ret;

	if (!n)
		return qaic_fail(err, -EINVAL, "this QPC has no specialization");
	for (i = 0; i < n; i++) {
		ret = spec_shape(s->prog, i, &sh, err);
		if (ret)
			return ret;
		if (!i)
			first = sh;
		if (sh.batch != first.batch || sh.ctx_len != first.ctx_len ||
		    sh.vocab != first.vocab ||
		    sh.logits_dtype != first.logits_dtype)
			return qaic_fail(err, -EOPNOTSUPP,
					 "specializations that differ in more than seq_len are not supported yet");
		if (!i || sh.seq_len > pre_len) {
			pre = i;
			pre_len = sh.seq_len;
		}
		if (!i || sh.seq_len < dec_len) {
			dec = i;
			dec_len = sh.seq_len;
		}
	}
	s->batch = first.batch;
	s->ctx_len = first.ctx_len;
	s->vocab = first.vocab;
	s->logits_dtype = first.logits_dtype;
	ret = phase_open(s, &s->prefill, pre, pre_len, err);
	if (ret)
		return ret;
	s->decode = &s->prefill;
	if (dec == pre)
		return 0;
	s->decode = &s->decode_own;
	return phase_open(s, s->decode, dec, dec_len, err);
}

void qeff_session_rest(struct qeff_session *s)
{
	if (s->decode_own.exec)
		qaic_exec_destroy(s->decode_own.exec);
	if (s->prefill.exec)
		qaic_exec_destroy(s->prefill.exec);
	s->decode_own.exec = s->prefill.exec = NULL;
	if (s->prog)
		qaic_program_unload(s->prog);
	s->prog = NULL;
	if (s->dev)
		qaic_device_close(s->dev);
	s->dev = NULL;
}

int qeff_session_wake(struct qeff_session *s, struct qaic_err *err)
{
	int ret;

	if (s->prog)
		return 0;
	ret = qaic_device_open(s->qid, &s->dev, err);
	if (!ret)
		ret = qaic_program_load(s->dev, s->qpc_dir, &s->prog, err);
	if (ret)
		goto fail;
	ret = choose_phases(s, err);
	if (ret) {
		qaic_fail_in(err, "%s", s->qpc_dir);
		goto fail;
	}
	return 0;
fail:
	qeff_session_rest(s);
	return ret;
}

int qeff_session_open(const struct qeff_session_options *opt,
		      struct qeff_session **out, struct qaic_err *err)
{
	struct qeff_session *s = calloc(1, sizeof(*s));
	int ret;

	*out = NULL;
	if (!s)
		return qaic_fail(err, -ENOMEM, "out of memory");
	qaic_progress_update(&opt->progress, "load", 0, 1);
	s->qid = opt->qid;
	s->qpc_dir = strdup(opt->qpc_dir);
	ret = s->qpc_dir ? qeff_session_wake(s, err) :
			   qaic_fail(err, -ENOMEM, "out of memory");
	if (ret)
		goto fail;
	if (s->logits_dtype == QAIC_F16) {
		s->row = calloc(s->vocab, sizeof(*s->row));
		if (!s->row) {
			ret = qaic_fail(err, -ENOMEM, "out of memory");
			goto fail;
		}
	}
	qaic_progress_update(&opt->progress, "load", 1, 1);
	*out = s;
	return 0;
fail:
	qeff_session_close(s);
	return ret;
}

void qeff_session_close(struct qeff_session *s)
{
	if (!s)
		return;
	qeff_session_rest(s);
	free(s->qpc_dir);
	free(s->row);
	free(s);
}

uint32_t qeff_session_batch(const struct qeff_session *s)
{
	return s->batch;
}

uint32_t qeff_session_prompt_len(const struct qeff_session *s)
{
	return s->prefill.seq_len;
}

uint32_t qeff_session_ctx_len(const struct qeff_session *s)
{
	return s->ctx_len;
}

uint32_t qeff_session_vocab(const struct qeff_session *s)
{
	return s->vocab;
}

const float *qeff_session_logits(struct qeff_session *s,
				 const struct qeff_phase *ph, uint32_t row)
{
	size_t off = (size_t)row * s->vocab;
	const uint16_t *h;
	uint32_t i;

	if (s->logits_dtype == QAIC_F32)
		return (const float *)ph->logits + off;
	h = (const uint16_t *)ph->logits + off;
	for (i = 0; i < s->vocab; i++)
		s->row[i] = qaic_f16_to_f32(h[i]);
	return s->row;
}

uint32_t qeff_fill_row(int64_t *input_ids, int64_t *position_ids,
		       uint32_t seq_len, const int32_t *tokens, size_t num,
		       size_t first)
{
	uint32_t i, n = 0;

	for (i = 0; i < seq_len; i++) {
		bool real = first + i < num;

		input_ids[i] = real ? tokens[first + i] : 0;
		position_ids[i] = real ? (int64_t)(first + i) : -1;
		n += real;
	}
	return n;
}
