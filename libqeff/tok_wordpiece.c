// SPDX-License-Identifier: MIT
/*
 * WordPiece and WordLevel. WordPiece takes the longest token that begins a word,
 * then the longest that continues it, and so on; a word that cannot be spelled
 * so, or that is too long, is one unknown token. WordLevel knows whole words.
 */
#include <errno.h>
#include <string.h>

#include "libqeff/tok.h"

static int unknown(const struct qeff_tokenizer *tok, const struct tok_view *v,
		   struct tok_scratch *s)
{
	if (tok->model.unk < 0)
		return tok_model_lacks(s->err);
	return tok_emit(s, tok->model.unk, v, 0, v->len);
}

static size_t count_chars(const struct tok_view *v)
{
	size_t i, n = 0;

	for (i = 0; i < v->len; i++)
		n += (v->s[i] & 0xc0) != 0x80;
	return n;
}

int tok_wordpiece_run(const struct qeff_tokenizer *tok, const struct tok_view *v,
		      struct tok_scratch *s)
{
	const struct tok_model *m = &tok->model;
	const size_t had = s->ids.n;
	int32_t id = -1;
	size_t i, n;
	int rc;

	if (count_chars(v) > m->max_chars)
		return unknown(tok, v, s);
	for (i = 0; i < v->len; i += n) {
		n = tok_prefix_longest(i ? &m->inner : &m->pieces, v->s + i,
				       v->len - i, &id);
		if (!n) {
			s->ids.n = had;
			return unknown(tok, v, s);
		}
		rc = tok_emit(s, id, v, i, i + n);
		if (rc)
			return rc;
	}
	return 0;
}

int tok_wordlevel_run(const struct qeff_tokenizer *tok, const struct tok_view *v,
		      struct tok_scratch *s)
{
	int32_t id = tok_vocab_model(&tok->vocab, v->s, v->len);

	return id < 0 ? unknown(tok, v, s) : tok_emit(s, id, v, 0, v->len);
}

/* The unknown token may be missing, then texts must not need it. */
static int read_unk(struct qeff_tokenizer *tok, json_t *obj, const char *def,
		    struct qaic_err *err)
{
	const char *s = def;
	int rc = qaic_json_str(obj, "unk_token", &s, err);

	if (rc < 0)
		return rc;
	tok->model.unk = tok_vocab_find(&tok->vocab, s, strlen(s));
	return 0;
}

int tok_wordlevel_json(struct qeff_tokenizer *tok, json_t *obj,
		       struct qaic_err *err)
{
	static const char *const keys[] = { "type", "unk_token", "vocab", NULL };
	int rc;

	tok->model.type = TOK_MODEL_WORDLEVEL;
	rc = tok_json_known(obj, "WordLevel", keys, err);
	if (!rc)
		rc = tok_vocab_json(tok, obj, err);
	return rc ? rc : read_unk(tok, obj, "<unk>", err);
}

/* Every token may begin a word; those with the prefix continue one. */
static void mark_tokens(struct qeff_tokenizer *tok, const char *prefix)
{
	const size_t np = strlen(prefix);
	const char *s;
	size_t i, len;

	tok->model.inner_skip = np;
	for (i = 0; i < tok->vocab.size; i++) {
		s = tok_vocab_text(&tok->vocab, i, &len);
		if (!s)
			continue;
		tok->vocab.flags[i] |= TOK_PIECE;
		if (len > np && !memcmp(s, prefix, np))
			tok->vocab.flags[i] |= TOK_INNER;
	}
}

int tok_wordpiece_json(struct qeff_tokenizer *tok, json_t *obj,
		       struct qaic_err *err)
{
	static const char *const keys[] = {
		"type", "unk_token", "continuing_subword_prefix",
		"max_input_chars_per_word", "vocab", NULL
	};
	const char *prefix = "##";
	int64_t max = 100;
	int rc;

	tok->model.type = TOK_MODEL_WORDPIECE;
	rc = tok_json_known(obj, "WordPiece", keys, err);
	if (!rc)
		rc = tok_vocab_json(tok, obj, err);
	if (!rc)
		rc = read_unk(tok, obj, "[UNK]", err);
	if (!rc)
		rc = qaic_json_int(obj, "max_input_chars_per_word", 0, INT32_MAX,
				   &max, err);
	if (rc >= 0)
		rc = qaic_json_str(obj, "continuing_subword_prefix", &prefix,
				   err);
	if (rc < 0)
		return rc;
	tok->model.max_chars = max;
	mark_tokens(tok, prefix);
	return 0;
}
