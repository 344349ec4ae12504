// SPDX-License-Identifier: MIT
/* The Unigram model of tokenizer.json: a list of pieces and their scores. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "libqeff/tok.h"

static int read_piece(struct qeff_tokenizer *tok, json_t *v, size_t id,
		      struct qaic_err *err)
{
	json_t *s = json_array_get(v, 0), *score = json_array_get(v, 1);
	struct tok_model *m = &tok->model;
	int rc;

	if (json_array_size(v) != 2 || !json_is_string(s) ||
	    !json_is_number(score))
		return qaic_fail(err, -EINVAL, "not [piece, score]");
	m->score[id] = json_number_value(score);
	if (!isfinite(m->score[id]))
		return qaic_fail(err, -EINVAL, "its score is not a number");
	rc = tok_vocab_add(&tok->vocab, json_string_value(s),
			   json_string_length(s), id, err);
	if (!rc && json_string_length(s))
		tok->vocab.flags[id] |= TOK_PIECE;
	return rc;
}

static int read_pieces(struct qeff_tokenizer *tok, json_t *arr,
		       struct qaic_err *err)
{
	struct tok_model *m = &tok->model;
	double lowest = INFINITY;
	json_t *v;
	size_t i;
	int rc;

	m->score = calloc(json_array_size(arr) + 1, sizeof(*m->score));
	if (!m->score)
		return tok_nomem(err);
	json_array_foreach(arr, i, v) {
		rc = read_piece(tok, v, i, err);
		if (rc) {
			qaic_fail_in(err, "vocab[%zu]", i);
			return rc;
		}
		if (m->score[i] < lowest)
			lowest = m->score[i];
	}
	m->unk_score = lowest - TOK_UNK_PENALTY;
	return tok_vocab_check(&tok->vocab, err);
}

int tok_unigram_json(struct qeff_tokenizer *tok, json_t *obj,
		     struct qaic_err *err)
{
	static const char *const keys[] = { "type", "unk_id", "vocab",
					    "byte_fallback", NULL };
	struct tok_model *m = &tok->model;
	int64_t unk = -1;
	json_t *vocab;
	int rc;

	m->type = TOK_MODEL_UNIGRAM;
	m->fuse_unk = true;
	m->need_unk = true;
	rc = tok_json_known(obj, "Unigram", keys, err);
	if (!rc)
		rc = tok_json_bool(obj, "byte_fallback", false,
				   &m->byte_fallback, err);
	if (!rc)
		rc = qaic_json_arr(obj, "vocab", &vocab, err);
	if (rc)
		return rc < 0 ? rc : qaic_fail(err, -EINVAL,
				"field \"vocab\" is missing");
	rc = read_pieces(tok, vocab, err);
	if (!rc)
		rc = qaic_json_int(obj, "unk_id", 0,
				   (int64_t)json_array_size(vocab) - 1, &unk,
				   err);
	m->unk = unk;
	return rc < 0 ? rc : 0;
}
