// SPDX-License-Identifier: MIT
/* The tokenizer's public functions: open, encode, look up. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "libqeff/tok.h"

#define MAX_TEXT	(1u << 30)

static struct qeff_tokenizer *new_tokenizer(struct qaic_err *err)
{
	struct qeff_tokenizer *tok = calloc(1, sizeof(*tok));

	if (!tok) {
		tok_nomem(err);
		return NULL;
	}
	tok->bos = tok->eos = tok->pad = tok->model.unk = -1;
	return tok;
}

/* Files are read; finish what depends on all of them. */
static int finish(struct qeff_tokenizer *tok, struct qaic_err *err)
{
	int rc = tok_vocab_check(&tok->vocab, err);

	if (!rc)
		rc = tok_added_finish(tok, err);
	return rc ? rc : tok_model_index(tok, err);
}

static bool is_json(const char *path)
{
	size_t n = strlen(path);

	return n >= 5 && !strcmp(path + n - 5, ".json");
}

int qeff_tokenizer_open_file(const char *path, struct qeff_tokenizer **out,
			     struct qaic_err *err)
{
	struct qeff_tokenizer *tok = new_tokenizer(err);
	int rc;

	if (!tok)
		return -ENOMEM;
	rc = is_json(path) ? tok_open_json(tok, path, err) :
			     tok_open_spm(tok, path, err);
	if (!rc) {
		rc = finish(tok, err);
		if (rc)
			qaic_fail_in(err, "%s", path);
	}
	if (rc) {
		qeff_tokenizer_close(tok);
		return rc;
	}
	*out = tok;
	return 0;
}

static int open_either(struct qeff_tokenizer *tok, const char *dir,
		       struct qaic_err *err)
{
	char *json = qaic_path(dir, "tokenizer.json");
	char *spm = qaic_path(dir, "tokenizer.model");
	int rc;

	if (!json || !spm)
		rc = tok_nomem(err);
	else if (qaic_is_file(json))
		rc = tok_open_json(tok, json, err);
	else if (qaic_is_file(spm))
		rc = tok_open_spm(tok, spm, err);
	else
		rc = qaic_fail(err, -ENOENT,
			       "%s: neither tokenizer.json nor tokenizer.model is there",
			       dir);
	free(json);
	free(spm);
	return rc;
}

int qeff_tokenizer_open(const char *dir, struct qeff_tokenizer **out,
			struct qaic_err *err)
{
	struct qeff_tokenizer *tok = new_tokenizer(err);
	int rc;

	if (!tok)
		return -ENOMEM;
	rc = open_either(tok, dir, err);
	if (!rc)
		rc = tok_open_config(tok, dir, err);
	if (!rc) {
		rc = finish(tok, err);
		if (rc)
			qaic_fail_in(err, "%s", dir);
	}
	if (rc) {
		qeff_tokenizer_close(tok);
		return rc;
	}
	*out = tok;
	return 0;
}

void qeff_tokenizer_close(struct qeff_tokenizer *tok)
{
	size_t i;

	if (!tok)
		return;
	for (i = 0; i < TOK_MAX_STEPS; i++) {
		tok_norm_free(&tok->norm[i]);
		tok_pre_free(&tok->pre[i]);
		tok_dec_free(&tok->dec[i]);
	}
	tok_model_free(&tok->model);
	tok_added_free(&tok->added);
	tok_vocab_free(&tok->vocab);
	free(tok);
}

static void free_scratch(struct tok_scratch *s)
{
	tok_text_free(&s->a);
	tok_text_free(&s->b);
	qaic_str_free(&s->norm[0]);
	qaic_str_free(&s->norm[1]);
	free(s->cut);
	free(s->sym);
	free(s->heap);
	free(s->lattice);
	free(s->ids.v);
	pcre2_match_data_free(s->md);
	pcre2_match_context_free(s->mctx);
}

/* Normalize one piece of s->b into s->a and cut it at the normalized tokens. */
static int normalize_piece(const struct qeff_tokenizer *tok,
			   const struct tok_piece *p, struct tok_scratch *s)
{
	size_t off = s->a.buf.len;
	int rc;

	if (p->id >= 0)
		return tok_text_add(&s->a, 0, 0, p->id, p->first) ?
		       tok_nomem(s->err) : 0;
	rc = tok_norm_run(tok, s->b.buf.s + p->off, p->len, p->first,
			  &s->a.buf, s);
	if (rc || s->a.buf.len == off)
		return rc;
	rc = tok_added_cut(tok, &tok->added.normal, s->a.buf.s, off,
			   s->a.buf.len - off, p->first, &s->a);
	return rc ? tok_nomem(s->err) : 0;
}

static int to_pieces(const struct qeff_tokenizer *tok, const char *text,
		     size_t len, struct tok_scratch *s)
{
	size_t i;
	int rc;

	tok_utf8_armour(text, len, &s->b.buf);
	if (s->b.buf.failed ||
	    tok_added_cut(tok, &tok->added.raw, s->b.buf.s ? s->b.buf.s : "", 0,
			  s->b.buf.len, true, &s->b))
		return tok_nomem(s->err);
	for (i = 0; i < s->b.n; i++) {
		rc = normalize_piece(tok, &s->b.v[i], s);
		if (rc)
			return rc;
	}
	return tok_pre_run(tok, s);
}

static int add_all(struct tok_scratch *s, const int32_t *ids, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (tok_ids_add(&s->ids, ids[i]))
			return tok_nomem(s->err);
	return 0;
}

static int encode(const struct qeff_tokenizer *tok, const char *text,
		  size_t len, bool special, struct tok_scratch *s)
{
	const struct tok_template *t = &tok->post;
	const struct tok_piece *p;
	size_t i;
	int rc;

	rc = to_pieces(tok, text, len, s);
	if (!rc && special)
		rc = add_all(s, t->before, t->num_before);
	for (i = 0; !rc && i < s->a.n; i++) {
		p = &s->a.v[i];
		rc = p->id >= 0 ? add_all(s, &p->id, 1) :
		     tok_model_run(tok, s->a.buf.s + p->off, p->len, s);
	}
	if (!rc && special)
		rc = add_all(s, t->after, t->num_after);
	return rc;
}

int qeff_encode(const struct qeff_tokenizer *tok, const char *text, size_t len,
		bool special, int32_t **ids, size_t *num_ids,
		struct qaic_err *err)
{
	struct tok_scratch s = {
		.err = err, .regex_budget = (1u << 20) + 256ull * len,
	};
	int rc;

	if (len > MAX_TEXT)
		return qaic_fail(err, -EINVAL,
				 "a text of %zu bytes; at most %u are encoded",
				 len, MAX_TEXT);
	rc = encode(tok, text, len, special, &s);
	if (!rc && !s.ids.v && tok_room(&s.ids.v, &s.ids.cap, 1,
					sizeof(*s.ids.v)))
		rc = tok_nomem(err);
	if (!rc) {
		*ids = s.ids.v;
		*num_ids = s.ids.n;
		s.ids.v = NULL;
	}
	free_scratch(&s);
	return rc;
}

int32_t qeff_token_id(const struct qeff_tokenizer *tok, const char *token)
{
	return tok_vocab_find(&tok->vocab, token, strlen(token));
}

const char *qeff_token_text(const struct qeff_tokenizer *tok, int32_t id)
{
	size_t n;

	return tok_vocab_text(&tok->vocab, id, &n);
}

size_t qeff_vocab_size(const struct qeff_tokenizer *tok)
{
	return tok->vocab.size;
}

int32_t qeff_bos_id(const struct qeff_tokenizer *tok)
{
	return tok->bos;
}

int32_t qeff_eos_id(const struct qeff_tokenizer *tok)
{
	return tok->eos;
}

int32_t qeff_pad_id(const struct qeff_tokenizer *tok)
{
	return tok->pad;
}
