// SPDX-License-Identifier: MIT
/*
 * The host loop of generation: chunked prefill, then one token a call, greedily.
 *
 * It follows QEfficient's text_generation_inference.py except where that goes
 * wrong for batches: a row whose prompt needs fewer chunks than its neighbour
 * keeps the logits of its own last chunk, and a row that is finished or idle gets
 * position -1, which neither writes the KV cache nor is read from it. For the
 * same reason nothing has to be cleared between prompts: a new prompt starts at
 * position 0, and slots beyond a row's position are never read.
 *
 * With an encoder the first call has the whole prompt and the decoder's start
 * token; the decoder's positions count from that one.
 */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "libqeff/session.h"

/* One row of the batch. */
struct row {
	const int32_t *prompt;
	size_t prompt_len;
	int32_t *ids;			/* generated; the result's */
	size_t num, max;
	size_t first;			/* position of the first one */
	int32_t *past;			/* start token and generated, for rules */
	bool done;
};

struct run {
	struct qeff_session *s;
	const struct qeff_request *req;
	struct row *rows;		/* [batch]; idle ones are done */
	float *ruled;			/* logits after the rules; NULL: none */
	struct qaic_err *err;
};

static double now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec + ts.tv_nsec * 1e-9;
}

/* Index of the largest, the first of equals; -1 if none is a number. */
static int32_t argmax(const float *v, uint32_t n)
{
	float best = -INFINITY;
	int32_t at = -1;
	uint32_t i;

	for (i = 0; i < n; i++) {
		if (v[i] > best) {
			best = v[i];
			at = i;
		}
	}
	return at;
}

static bool is_eos(const struct qeff_request *req, int32_t id)
{
	size_t i;

	for (i = 0; i < req->num_eos; i++)
		if (req->eos_ids[i] == id)
			return true;
	return false;
}

/* Hand a row's logits of the last call to whoever wants to see them. */
static int show_logits(struct run *run, const struct qeff_phase *ph, uint32_t r)
{
	const float *logits;
	int ret;

	if (!run->req->logits)
		return 0;
	logits = qeff_session_logits(run->s, ph, r);
	ret = run->req->logits(run->req->ctx, r, logits, run->s->vocab);
	if (ret < 0)
		return qaic_fail(run->err, ret, "the logits of row %u cannot be stored: %s",
				 r, strerror(-ret));
	return 0;
}

/* The logits of a row, without what must not come. */
static const float *ruled_logits(struct run *run, const struct qeff_phase *ph,
				 uint32_t r)
{
	const float *logits = qeff_session_logits(run->s, ph, r);
	struct row *row = &run->rows[r];
	struct qeff_history h = {
		.ids = row->past, .num = row->num + 1, .max = row->max + 1,
		.eos_ids = run->req->eos_ids, .num_eos = run->req->num_eos,
	};

	/* a row of nonsense stays one, for argmax() to find */
	if (!run->ruled || argmax(logits, run->s->vocab) < 0)
		return logits;
	memcpy(row->past + 1, row->ids, row->num * sizeof(*row->ids));
	memcpy(run->ruled, logits, run->s->vocab * sizeof(*logits));
	qeff_rules_apply(&run->s->rules, &h, run->ruled, run->s->vocab);
	return run->ruled;
}

/* Take the next token of a row from the logits of the last call. */
static int next_token(struct run *run, const struct qeff_phase *ph, uint32_t r)
{
	const float *logits = ruled_logits(run, ph, r);
	struct row *row = &run->rows[r];
	int32_t id = argmax(logits, run->s->vocab);

	if (id < 0 && logits == run->ruled)
		return qaic_fail(run->err, -EINVAL,
				 "the rules of generation_config.json leave no token to come after %zu of prompt %u",
				 row->num, r + 1);
	if (id < 0)
		return qaic_fail(run->err, -EDOM,
				 "the logits of prompt %u after %zu tokens are not numbers",
				 r + 1, row->prompt_len + row->num);
	row->ids[row->num++] = id;
	if (row->num >= row->max || is_eos(run->req, id))
		row->done = true;
	if (run->req->token && run->req->token(run->req->ctx, r, id))
		row->done = true;
	return 0;
}

/* The prompts of an encoder-decoder, and the decoder's first step. */
static int encode(struct run *run, uint64_t *calls)
{
	struct qeff_session *s = run->s;
	struct qeff_phase *ph = &s->prefill;
	uint32_t r, i;
	int ret;

	for (r = 0; r < s->batch; r++) {
		const struct row *row = &run->rows[r];
		int64_t *ids = ph->encoder_ids + (size_t)r * s->encoder_len;

		for (i = 0; i < s->encoder_len; i++)
			ids[i] = i < row->prompt_len ? row->prompt[i] : 0;
		/* -1 for idle rows: nothing to attend */
		ph->cross[r] = (int64_t)row->prompt_len - 1;
		s->decode->cross[r] = ph->cross[r];
		qeff_fill_row(ph->input_ids + (size_t)r * ph->seq_len,
			      ph->position_ids + (size_t)r * ph->seq_len,
			      ph->seq_len, &s->rules.start_id,
			      !row->done, 0);
	}
	ret = qeff_watched_run(&s->watched, s->dev, ph->exec, QEFF_CALL_PREFILL,
			       &ph->model, run->err);
	++*calls;
	for (r = 0; !ret && r < s->batch; r++) {
		if (run->rows[r].done)
			continue;
		ret = show_logits(run, ph, r);
		if (!ret)
			ret = next_token(run, ph, r);
	}
	return ret;
}

static int prefill(struct run *run, uint64_t *calls)
{
	struct qeff_session *s = run->s;
	struct qeff_phase *ph = &s->prefill;
	size_t first, longest = 0;
	uint32_t r;
	int ret;

	if (s->seq2seq)
		return encode(run, calls);
	for (r = 0; r < s->batch; r++)
		if (run->rows[r].prompt_len > longest)
			longest = run->rows[r].prompt_len;
	for (first = 0; first < longest; first += ph->seq_len) {
		for (r = 0; r < s->batch; r++)
			qeff_fill_row(ph->input_ids + (size_t)r * ph->seq_len,
				      ph->position_ids + (size_t)r * ph->seq_len,
				      ph->seq_len, run->rows[r].prompt,
				      run->rows[r].prompt_len, first);
		ret = qeff_watched_run(&s->watched, s->dev, ph->exec,
				       QEFF_CALL_PREFILL, &ph->model,
				       run->err);
		if (ret)
			return ret;
		++*calls;
		for (r = 0; r < s->batch; r++) {
			if (run->rows[r].prompt_len <= first)
				continue;
			ret = show_logits(run, ph, r);
			/* its own last chunk? */
			if (!ret && run->rows[r].prompt_len - first <= ph->seq_len)
				ret = next_token(run, ph, r);
			if (ret)
				return ret;
		}
	}
	return 0;
}

/* Put the newest token of each live row; true if there is one. */
static bool fill_decode(struct run *run)
{
	struct qeff_phase *ph = run->s->decode;
	bool any = false;
	uint32_t r;

	for (r = 0; r < run->s->batch; r++) {
		int64_t *ids = ph->input_ids + (size_t)r * ph->seq_len;
		int64_t *pos = ph->position_ids + (size_t)r * ph->seq_len;
		const struct row *row = &run->rows[r];

		qeff_fill_row(ids, pos, ph->seq_len, NULL, 0, 0);
		if (row->done)
			continue;
		ids[0] = row->ids[row->num - 1];
		pos[0] = row->first + row->num - 1;
		any = true;
	}
	return any;
}

static int decode(struct run *run, uint64_t *calls)
{
	struct qeff_session *s = run->s;
	struct qeff_phase *ph = s->decode;
	uint32_t r;
	int ret;

	while (fill_decode(run)) {
		ret = qeff_watched_run(&s->watched, s->dev, ph->exec,
				       QEFF_CALL_DECODE, &ph->model, run->err);
		if (ret)
			return ret;
		++*calls;
		for (r = 0; r < s->batch; r++) {
			if (run->rows[r].done)
				continue;
			ret = show_logits(run, ph, r);
			if (!ret)
				ret = next_token(run, ph, r);
			if (ret)
				return ret;
		}
	}
	return 0;
}

static int start_row(struct run *run, struct row *row, size_t r,
		     struct qeff_result *res)
{
	const struct qeff_request *req = run->req;
	const struct qeff_session *s = run->s;
	int ret = qeff_check_prompt(s, r, req->prompts[r], req->prompt_len[r],
				    run->err);

	if (ret)
		return ret;
	row->prompt = req->prompts[r];
	row->prompt_len = req->prompt_len[r];
	row->first = s->seq2seq ? 1 : row->prompt_len;
	row->max = s->ctx_len - row->first;
	if (req->generation_len && req->generation_len < row->max)
		row->max = req->generation_len;
	row->ids = res->ids[r] = calloc(row->max, sizeof(*row->ids));
	row->past = calloc(row->max + 1, sizeof(*row->past));
	if (!row->ids || !row->past)
		return qaic_fail(run->err, -ENOMEM, "out of memory");
	row->past[0] = s->rules.start_id;
	return 0;
}

static int start_rows(struct run *run, struct qeff_result *res)
{
	const struct qeff_request *req = run->req;
	struct qeff_session *s = run->s;
	size_t r;
	int ret;

	if (!req->num_prompts || req->num_prompts > s->batch)
		return qaic_fail(run->err, -EINVAL,
				 "%zu prompts for a QPC of batch size %u",
				 req->num_prompts, s->batch);
	if (s->prefill.rows > 1)
		return qaic_fail(run->err, -EINVAL,
				 "this QPC gives the logits of every token, to be scored; generation needs one that gives the last one's");
	if (s->seq2seq && (s->rules.start_id < 0 ||
			   (uint32_t)s->rules.start_id >= s->vocab))
		return qaic_fail(run->err, -EINVAL,
				 "no start token for the decoder; give --model-name, whose config.json has decoder_start_token_id");
	run->rows = calloc(s->batch, sizeof(*run->rows));
	res->ids = calloc(req->num_prompts, sizeof(*res->ids));
	res->num_ids = calloc(req->num_prompts, sizeof(*res->num_ids));
	if (s->seq2seq && qeff_rules_any(&s->rules)) {
		run->ruled = calloc(s->vocab, sizeof(*run->ruled));
		if (!run->ruled)
			return qaic_fail(run->err, -ENOMEM, "out of memory");
	}
	if (!run->rows || !res->ids || !res->num_ids)
		return qaic_fail(run->err, -ENOMEM, "out of memory");
	res->num_prompts = req->num_prompts;
	for (r = 0; r < s->batch; r++) {
		run->rows[r].done = r >= req->num_prompts;
		if (run->rows[r].done)
			continue;
		ret = start_row(run, &run->rows[r], r, res);
		if (ret)
			return ret;
	}
	return 0;
}

static void release_run(struct run *run)
{
	uint32_t r;

	for (r = 0; run->rows && r < run->s->batch; r++)
		free(run->rows[r].past);
	free(run->rows);
	free(run->ruled);
}

int qeff_generate(struct qeff_session *s, const struct qeff_request *req,
		  struct qeff_result *res, struct qaic_err *err)
{
	struct run run = { .s = s, .req = req, .err = err };
	uint64_t prefills = 0, decodes = 0;
	double start, first, end;
	size_t r;
	int ret;

	memset(res, 0, sizeof(*res));
	ret = qeff_session_wake(s, err);
	if (!ret)
		ret = start_rows(&run, res);
	if (ret)
		goto out;
	start = now();
	ret = prefill(&run, &prefills);
	if (ret)
		goto out;
	first = now();
	ret = decode(&run, &decodes);
	if (ret)
		goto out;
	end = now();
	for (r = 0; r < req->num_prompts; r++)
		res->num_ids[r] = run.rows[r].num;
	res->prefill_s = first - start;
	res->decode_s = end - first;
	res->total_s = end - start;
	res->decode_steps = decodes;
	for (r = 0; r < QEFF_NUM_SKUS; r++) {
		res->model_prefill_s[r] = prefills * s->prefill.model.seconds[r];
		res->model_decode_s[r] = decodes * s->decode->model.seconds[r];
	}
out:
	release_run(&run);
	if (ret)
		qeff_result_release(res);
	return ret;
}

void qeff_result_release(struct qeff_result *res)
{
	size_t i;

	for (i = 0; res->ids && i < res->num_prompts; i++)
		free(res->ids[i]);
	free(res->ids);
	free(res->num_ids);
	memset(res, 0, sizeof(*res));
}
