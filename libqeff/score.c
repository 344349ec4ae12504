// SPDX-License-Identifier: MIT
/* Texts through a model that gives the logits of every token, in chunks. */
#include <errno.h>
#include <string.h>

#include "libqeff/session.h"

static int check_row(const struct qeff_session *s, const struct qeff_score_request *req,
		     size_t r, struct qaic_err *err)
{
	const int32_t *ids = req->tokens[r];
	size_t i, n = req->num_tokens[r];

	if (!n || n > s->ctx_len)
		return qaic_fail(err, -EINVAL,
				 "row %zu has %zu tokens; the context takes 1 to %u",
				 r + 1, n, s->ctx_len);
	for (i = 0; i < n; i++)
		if (ids[i] < 0 || (uint32_t)ids[i] >= s->vocab)
			return qaic_fail(err, -EINVAL,
					 "token id %d is outside the vocabulary of %u",
					 ids[i], s->vocab);
	return 0;
}

static int check(const struct qeff_session *s, const struct qeff_score_request *req,
		 struct qaic_err *err)
{
	size_t r;
	int ret = 0;

	if (s->seq2seq || s->prefill.rows != s->prefill.seq_len)
		return qaic_fail(err, -EINVAL,
				 "%s gives the logits of the last token of a call alone; scoring needs those of every token",
				 s->qpc_dir);
	if (!req->num_rows || req->num_rows > s->batch)
		return qaic_fail(err, -EINVAL, "%zu rows for a QPC of batch size %u",
				 req->num_rows, s->batch);
	for (r = 0; !ret && r < req->num_rows; r++)
		ret = check_row(s, req, r, err);
	return ret;
}

/* The call of tokens @first.. of each row. */
static int run_chunk(struct qeff_session *s, const struct qeff_score_request *req,
		     size_t first, struct qaic_err *err)
{
	struct qeff_phase *ph = &s->prefill;
	uint32_t r, i;
	size_t n;
	int ret;

	for (r = 0; r < s->batch; r++) {
		n = r < req->num_rows ? req->num_tokens[r] : 0;
		qeff_fill_row(ph->input_ids + (size_t)r * ph->seq_len,
			      ph->position_ids + (size_t)r * ph->seq_len,
			      ph->seq_len, n ? req->tokens[r] : NULL, n, first);
	}
	ret = qeff_watched_run(&s->watched, s->dev, ph->exec, QEFF_CALL_TEXT,
			       &ph->model, err);
	for (r = 0; !ret && r < req->num_rows; r++) {
		n = req->num_tokens[r];
		for (i = 0; !ret && i < ph->seq_len && first + i < n; i++)
			ret = req->logits(req->ctx, r, first + i,
				qeff_session_logits(s, ph, r * ph->rows + i),
				s->vocab);
		if (ret < 0)
			qaic_fail(err, ret, "the logits of row %u: %s", r + 1,
				  strerror(-ret));
	}
	return ret;
}

int qeff_score(struct qeff_session *s, const struct qeff_score_request *req,
	       struct qaic_err *err)
{
	size_t first, longest = 0, r;
	int ret;

	ret = qeff_session_wake(s, err);
	if (!ret)
		ret = check(s, req, err);
	if (ret)
		return ret;
	for (r = 0; r < req->num_rows; r++)
		if (req->num_tokens[r] > longest)
			longest = req->num_tokens[r];
	for (first = 0; !ret && first < longest; first += s->prefill.seq_len)
		ret = run_chunk(s, req, first, err);
	return ret < 0 ? ret : 0;
}
