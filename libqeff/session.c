// SPDX-License-Identifier: MIT
/* A language-model QPC on a card: loading it, and its two kinds of calls. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/f16.h"
#include "base/str.h"
#include "libqeff/session.h"

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
		      uint32_t spec, const struct qeff_shape *sh,
		      struct qaic_err *err)
{
	size_t ids_size, logits_size;
	int ret;

	ret = qaic_exec_create(s->prog, spec, &ph->exec, err);
	if (ret)
		return ret;
	ph->spec = spec;
	ph->seq_len = sh->seq_len;
	ph->rows = sh->rows;
	qaic_program_model(s->prog, spec, &ph->model);
	ids_size = (size_t)s->batch * sh->seq_len * sizeof(int64_t);
	logits_size = (size_t)s->batch * sh->rows * s->vocab *
		      qaic_dtype_size(s->logits_dtype);
	ph->input_ids = buffer(s, ph, sh->ids_name, ids_size);
	ph->position_ids = buffer(s, ph, sh->pos_name, ids_size);
	ph->logits = buffer(s, ph, "logits", logits_size);
	if (!ph->input_ids || !ph->position_ids || !ph->logits)
		goto no_buffers;
	if (!sh->seq2seq)
		return 0;
	ph->cross = buffer(s, ph, "cross_position_ids",
			   s->batch * sizeof(int64_t));
	ids_size = (size_t)s->batch * sh->encoder_len * sizeof(int64_t);
	ph->encoder_ids = sh->encoder_len ?
		buffer(s, ph, "input_ids", ids_size) : NULL;
	if (ph->cross && !ph->encoder_ids == !sh->encoder_len)
		return 0;
no_buffers:
	return qaic_fail(err, -EIO, "the card gave no buffers");
}

/*
 * Prefill is the longest call, decode the shortest: one if there is one. With an
 * encoder its rows decide, without one seq_len, as QEfficient does.
 */
static int choose_phases(struct qeff_session *s, struct qaic_err *err)
{
	uint32_t i, n = qaic_program_num_specs(s->prog), pre = 0, dec = 0;
	struct qeff_shape sh[2], first, now;
	int ret;

	if (!n)
		return qaic_fail(err, -EINVAL, "this QPC has no specialization");
	ret = qeff_shape_read(s->prog, 0, &first, err);
	if (ret)
		return ret;
	sh[0] = sh[1] = first;
	for (i = 1; i < n; i++) {
		ret = qeff_shape_read(s->prog, i, &now, err);
		if (!ret)
			ret = qeff_shape_check(&first, &now, err);
		if (ret)
			return ret;
		if (qeff_shape_longer(&now, &sh[0])) {
			pre = i;
			sh[0] = now;
		}
		if (qeff_shape_longer(&sh[1], &now)) {
			dec = i;
			sh[1] = now;
		}
	}
	if (first.seq2seq && (!sh[0].encoder_len || sh[1].encoder_len))
		return qaic_fail(err, -EINVAL,
				 "this QPC needs two specializations, with and without encoder rows (encoder_len N and 0)");
	s->batch = first.batch;
	s->ctx_len = first.ctx_len;
	s->vocab = first.vocab;
	s->logits_dtype = first.logits_dtype;
	s->seq2seq = first.seq2seq;
	s->encoder_len = sh[0].encoder_len;
	ret = phase_open(s, &s->prefill, pre, &sh[0], err);
	if (ret)
		return ret;
	s->decode = &s->prefill;
	if (dec == pre)
		return 0;
	s->decode = &s->decode_own;
	return phase_open(s, s->decode, dec, &sh[1], err);
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
	qeff_rules_init(&s->rules);
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

const char *qeff_session_profiling(const struct qeff_session *s)
{
	return s->prog ? qaic_program_profiling(s->prog) : NULL;
}

void qeff_session_watch(struct qeff_session *s, const struct qeff_watch *w)
{
	s->watched = (struct qeff_watched){ 0 };
	if (w)
		s->watched.by = *w;
}

uint32_t qeff_session_batch(const struct qeff_session *s)
{
	return s->batch;
}

uint32_t qeff_session_prompt_len(const struct qeff_session *s)
{
	return s->seq2seq ? s->encoder_len : s->prefill.seq_len;
}

void qeff_session_set_rules(struct qeff_session *s, const struct qeff_rules *r)
{
	s->rules = *r;
}

int32_t qeff_session_start_id(const struct qeff_session *s)
{
	return s->rules.start_id;
}

bool qeff_session_seq2seq(const struct qeff_session *s)
{
	return s->seq2seq;
}

uint32_t qeff_session_ctx_len(const struct qeff_session *s)
{
	return s->ctx_len;
}

uint64_t qeff_session_decode_bytes(const struct qeff_session *s)
{
	return s->decode->model.const_bytes;
}

uint32_t qeff_session_vocab(const struct qeff_session *s)
{
	return s->vocab;
}

static int check_length(const struct qeff_session *s, size_t r, size_t n,
			struct qaic_err *err)
{
	if (!n)
		return qaic_fail(err, -EINVAL, "prompt %zu has no tokens", r + 1);
	if (s->seq2seq && n > s->encoder_len)
		return qaic_fail(err, -EINVAL,
				 "prompt %zu has %zu tokens, more than the encoder takes at once, %u; compile with a larger --prompt-len",
				 r + 1, n, s->encoder_len);
	if (s->seq2seq && s->ctx_len < 2)
		return qaic_fail(err, -EINVAL,
				 "the decoder's context of 1 token has room for its start token alone; compile with a larger --ctx-len");
	if (s->seq2seq)
		return 0;
	if (n > s->ctx_len)
		return qaic_fail(err, -EINVAL,
				 "prompt %zu has %zu tokens, more than the context of %u; compile with a larger --ctx-len",
				 r + 1, n, s->ctx_len);
	if (n == s->ctx_len)
		return qaic_fail(err, -EINVAL,
				 "prompt %zu fills the context of %u tokens and leaves no room to generate; compile with a larger --ctx-len",
				 r + 1, s->ctx_len);
	return 0;
}

int qeff_check_prompt(const struct qeff_session *s, size_t r,
		      const int32_t *ids, size_t n, struct qaic_err *err)
{
	uint32_t vocab = s->rules.source_vocab ? s->rules.source_vocab :
						 s->vocab;
	size_t i;
	int ret = check_length(s, r, n, err);

	for (i = 0; !ret && i < n; i++)
		if (ids[i] < 0 || (uint32_t)ids[i] >= vocab)
			ret = qaic_fail(err, -EINVAL,
					"token id %d of prompt %zu is outside the vocabulary of %u",
					ids[i], r + 1, vocab);
	return ret;
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
