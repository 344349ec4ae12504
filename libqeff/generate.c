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
	bool done;
};

struct run {
	struct qeff_session *s;
	const struct qeff_request *req;
	struct row *rows;		/* [batch]; idle ones are done */
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

/* Take the next token of a row from the logits of the last call. */
static int next_token(struct run *run, const struct qeff_phase *ph, uint32_t r)
{
	const float *logits = qeff_session_logits(run->s, ph, r);
	struct row *row = &run->rows[r];
	int32_t id = argmax(logits, run->s->vocab);

	if (id < 0)
		return qaic_fail(run->err, -EIO,
				 "the logits of prompt %u after %zu tokens are not numbers",
				 r + 1, row->prompt_len + row->num);
	row->ids[row->num++] = id;
	if (row->num >= row->max || is_eos(run->req, id))
		row->done = true;
	if (run->req->token && run->req->token(run->req->ctx, r, id))
		row->done = true;
	return 0;
}

static int prefill(struct run *run, uint64_t *calls)
{
	struct qeff_session *s = run->s;
	struct qeff_phase *ph = &s->prefill;
	size_t first, longest = 0;
	uint32_t r;
	int ret;

	for (r = 0; r < s->batch; r++)
		if (run->rows[r].prompt_len > longest)
			longest = run->rows[r].prompt_len;
	for (first = 0; first < longest; first += ph->seq_len) {
		for (r = 0; r < s->batch; r++)
			qeff_fill_row(ph->input_ids + (size_t)r * ph->seq_len,
				      ph->position_ids + (size_t)r * ph->seq_len,
				      ph->seq_len, run->rows[r].prompt,
				      run->rows[r].prompt_len, first);
		ret = qaic_exec_run(ph->exec, run->err);
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
		pos[0] = row->prompt_len + row->num - 1;
		any = true;
	}
	return any;
}

static int decode(struct run *run, uint64_t *calls)
{
	struct qeff_phase *ph = run->s->decode;
	uint32_t r;
	int ret;

	while (fill_decode(run)) {
		ret = qaic_exec_run(ph->exec, run->err);
		if (ret)
			return ret;
		++*calls;
		for (r = 0; r < run->s->batch; r++) {
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

int qeff_check_prompt(const struct qeff_session *s, size_t r,
		      const int32_t *ids, size_t n, struct qaic_err *err)
{
	size_t i;

	if (!n)
		return qaic_fail(err, -EINVAL, "prompt %zu has no tokens", r + 1);
	if (n > s->ctx_len)
		return qaic_fail(err, -EINVAL,
				 "prompt %zu has %zu tokens, more than the context of %u; compile with a larger --ctx-len",
				 r + 1, n, s->ctx_len);
	if (n == s->ctx_len)
		return qaic_fail(err, -EINVAL,
				 "prompt %zu fills the context of %u tokens and leaves no room to generate; compile with a larger --ctx-len",
				 r + 1, s->ctx_len);
	for (i = 0; i < n; i++)
		if (ids[i] < 0 || (uint32_t)ids[i] >= s->vocab)
			return qaic_fail(err, -EINVAL,
					 "token id %d of prompt %zu is outside the vocabulary of %u",
					 ids[i], r + 1, s->vocab);
	return 0;
}

static int start_rows(struct run *run, struct qeff_result *res)
{
	const struct qeff_request *req = run->req;
	struct qeff_session *s = run->s;
	struct row *row;
	size_t r;
	int ret;

	if (!req->num_prompts || req->num_prompts > s->batch)
		return qaic_fail(run->err, -EINVAL,
				 "%zu prompts for a QPC of batch size %u",
				 req->num_prompts, s->batch);
	run->rows = calloc(s->batch, sizeof(*run->rows));
	res->ids = calloc(req->num_prompts, sizeof(*res->ids));
	res->num_ids = calloc(req->num_prompts, sizeof(*res->num_ids));
	if (!run->rows || !res->ids || !res->num_ids)
		return qaic_fail(run->err, -ENOMEM, "out of memory");
	res->num_prompts = req->num_prompts;
	for (r = 0; r < s->batch; r++) {
		row = &run->rows[r];
		if (r >= req->num_prompts) {
			row->done = true;
			continue;
		}
		ret = qeff_check_prompt(s, r, req->prompts[r],
					req->prompt_len[r], run->err);
		if (ret)
			return ret;
		row->prompt = req->prompts[r];
		row->prompt_len = req->prompt_len[r];
		row->max = s->ctx_len - row->prompt_len;
		if (req->generation_len && req->generation_len < row->max)
			row->max = req->generation_len;
		row->ids = res->ids[r] = calloc(row->max, sizeof(*row->ids));
		if (!row->ids)
			return qaic_fail(run->err, -ENOMEM, "out of memory");
	}
	return 0;
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
	res->model_prefill_s = prefills * s->prefill.model_time;
	res->model_decode_s = decodes * s->decode->model_time;
out:
	free(run.rows);
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
