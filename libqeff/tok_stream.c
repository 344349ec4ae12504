// SPDX-License-Identifier: MIT
/* The stream: ids in, what the decoder's steps have made final out. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "libqeff/tok_stream.h"

static int result(struct qeff_stream *s, const char **text, size_t *len)
{
	bool failed = s->text.failed;
	size_t i;

	for (i = 0; i < s->tok->num_dec; i++)
		failed |= s->st[i].hold.failed | s->st[i].out.failed;
	*text = s->text.s ? s->text.s : "";
	*len = s->text.len;
	if (s->text.s)
		s->text.s[s->text.len] = '\0';
	return failed ? -ENOMEM : 0;
}

static void put_id(struct qeff_stream *s, int32_t id)
{
	const struct tok_vocab *v = &s->tok->vocab;
	const char *p;
	size_t n;

	p = tok_vocab_text(v, id, &n);
	if (p && !(s->skip_special && (v->flags[id] & TOK_SPECIAL)))
		tok_dec_put(s, 0, p, n);
}

int qeff_stream_put(struct qeff_stream *s, int32_t id, const char **text,
		    size_t *len)
{
	s->text.len = 0;
	put_id(s, id);
	return result(s, text, len);
}

int qeff_stream_flush(struct qeff_stream *s, const char **text, size_t *len)
{
	s->text.len = 0;
	tok_dec_flush(s);
	return result(s, text, len);
}

int qeff_stream_new(const struct qeff_tokenizer *tok, bool skip_special,
		    struct qeff_stream **out)
{
	struct qeff_stream *s = calloc(1, sizeof(*s));

	if (!s)
		return -ENOMEM;
	s->tok = tok;
	s->skip_special = skip_special;
	*out = s;
	return 0;
}

void qeff_stream_free(struct qeff_stream *s)
{
	size_t i;

	if (!s)
		return;
	for (i = 0; i < TOK_MAX_STEPS; i++) {
		qaic_str_free(&s->st[i].hold);
		qaic_str_free(&s->st[i].out);
	}
	qaic_str_free(&s->text);
	free(s);
}

int qeff_decode(const struct qeff_tokenizer *tok, const int32_t *ids,
		size_t num_ids, bool skip_special, char **text, size_t *len,
		struct qaic_err *err)
{
	struct qeff_stream *s;
	const char *p;
	size_t i, n;
	int rc;

	rc = qeff_stream_new(tok, skip_special, &s);
	if (rc)
		return tok_nomem(err);
	for (i = 0; i < num_ids; i++)
		put_id(s, ids[i]);
	tok_dec_flush(s);
	rc = result(s, &p, &n);
	if (!rc) {
		*text = malloc(n + 1);
		rc = *text ? 0 : -ENOMEM;
	}
	if (!rc) {
		memcpy(*text, p, n);
		(*text)[n] = '\0';
		if (len)
			*len = n;
	}
	qeff_stream_free(s);
	return rc ? tok_nomem(err) : 0;
}
