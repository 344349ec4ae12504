// SPDX-License-Identifier: MIT
/* What the models share: bytes, unknown characters, tables of frequent ids. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "libqeff/tok.h"

/* Keys point into the vocabulary, which does not move any more. */
static int index_prefixes(struct qeff_tokenizer *tok)
{
	struct tok_model *m = &tok->model;
	struct tok_vocab *v = &tok->vocab;
	const char *s;
	size_t i, len;
	int rc = 0;

	for (i = 0; !rc && i < v->size; i++) {
		if (!(v->flags[i] & TOK_PIECE))
			continue;
		s = tok_vocab_text(v, i, &len);
		if (v->flags[i] & TOK_USER)
			rc = tok_prefix_add(&m->user, s, len, i);
		else if (m->type != TOK_MODEL_SPM)
			rc = tok_prefix_add(&m->pieces, s, len, i);
		if (!rc && (v->flags[i] & TOK_INNER))
			rc = tok_prefix_add(&m->inner, s + m->inner_skip,
					    len - m->inner_skip, i);
	}
	tok_prefix_sort(&m->user);
	tok_prefix_sort(&m->pieces);
	tok_prefix_sort(&m->inner);
	return rc;
}

int tok_model_index(struct qeff_tokenizer *tok, struct qaic_err *err)
{
	struct tok_model *m = &tok->model;
	uint32_t c;
	char u[4];

	for (c = 0; c < QAIC_ARRAY_SIZE(m->byte_id); c++)
		m->byte_id[c] = tok_vocab_byte(&tok->vocab, c);
	for (c = 0; c < QAIC_ARRAY_SIZE(m->low_id); c++)
		m->low_id[c] = tok_vocab_model(&tok->vocab, u,
					       tok_utf8_put(u, c));
	return index_prefixes(tok) ? tok_nomem(err) : 0;
}

static bool as_bytes(const struct tok_model *m, const char *text, size_t len,
		     int32_t *ids, size_t *num)
{
	size_t i;

	for (i = 0; i < len && i < 4; i++) {
		ids[i] = m->byte_id[(uint8_t)text[i]];
		if (ids[i] < 0)
			return false;
	}
	*num = i;
	return true;
}

void tok_model_unknown(const struct qeff_tokenizer *tok, const char *text,
		       size_t len, int32_t ids[4], size_t *num)
{
	const struct tok_model *m = &tok->model;
	uint32_t cp;
	char raw;

	tok_utf8_get(text, &cp);
	if (tok_raw_byte(cp) >= 0) {
		raw = tok_raw_byte(cp);
		if (m->byte_fallback && as_bytes(m, &raw, 1, ids, num))
			return;
		ids[0] = tok_vocab_model(&tok->vocab, "\xef\xbf\xbd", 3);
	} else {
		if (m->byte_fallback && as_bytes(m, text, len, ids, num))
			return;
		ids[0] = -1;
	}
	if (ids[0] < 0)
		ids[0] = m->unk;
	*num = ids[0] >= 0;
}

int tok_model_lacks(struct qaic_err *err)
{
	return qaic_fail(err, -EINVAL,
			 "the tokenizer lacks a character of the text and has no unknown token");
}

int tok_model_run(const struct qeff_tokenizer *tok, const struct tok_view *v,
		  struct tok_scratch *s)
{
	switch (tok->model.type) {
	case TOK_MODEL_UNIGRAM:
		return tok_unigram_run(tok, v, s);
	case TOK_MODEL_WORDPIECE:
		return tok_wordpiece_run(tok, v, s);
	case TOK_MODEL_WORDLEVEL:
		return tok_wordlevel_run(tok, v, s);
	default:
		return tok_bpe_run(tok, v, s);
	}
}

void tok_model_free(struct tok_model *m)
{
	free(m->pair);
	free(m->inner_prefix);
	free(m->end_suffix);
	free(m->rank);
	free(m->score);
	free(m->piece_id);
	while (m->num_pieces)
		free(m->piece_text[--m->num_pieces]);
	free(m->piece_text);
	tok_prefix_free(&m->pieces);
	tok_prefix_free(&m->inner);
	tok_prefix_free(&m->user);
}
