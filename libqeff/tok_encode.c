// SPDX-License-Identifier: MIT
/* Text to ids: the steps in order, for one text or for two. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "libqeff/tok.h"

#define MAX_TEXT	(1u << 30)

/* Normalize one piece of s->b into s->a and cut it at the normalized tokens. */
static int normalize_piece(const struct qeff_tokenizer *tok,
			   const struct tok_piece *p, struct tok_scratch *s)
{
	struct tok_view v = tok_buf_view(&s->b.buf, p->off, p->len, p->first);
	size_t off = s->a.buf.str.len;
	int rc;

	if (p->id >= 0)
		return tok_text_token(&s->a, p) ? tok_nomem(s->err) : 0;
	rc = tok_norm_run(tok, &v, &s->a.buf, s);
	if (rc || s->a.buf.str.len == off)
		return rc;
	rc = tok_added_cut(tok, &tok->added.normal, off, p->first, &s->a);
	return rc ? tok_nomem(s->err) : 0;
}

static int to_pieces(const struct qeff_tokenizer *tok,
		     const struct tok_view *text, struct tok_scratch *s)
{
	size_t i;
	int rc;

	tok_text_reset(&s->a);
	tok_text_reset(&s->b);
	tok_utf8_armour(text, tok->model.type != TOK_MODEL_WORDPIECE &&
			tok->model.type != TOK_MODEL_WORDLEVEL, &s->b.buf);
	if (s->b.buf.str.failed ||
	    tok_added_cut(tok, &tok->added.raw, 0, true, &s->b))
		return tok_nomem(s->err);
	for (i = 0; i < s->b.n; i++) {
		rc = normalize_piece(tok, &s->b.v[i], s);
		if (rc)
			return rc;
	}
	return tok_pre_run(tok, s);
}

static int encode_text(const struct qeff_tokenizer *tok,
		       const struct tok_view *text, struct tok_scratch *s)
{
	const struct tok_piece *p;
	struct tok_view v;
	size_t i;
	int rc;

	rc = to_pieces(tok, text, s);
	for (i = 0; !rc && i < s->a.n; i++) {
		p = &s->a.v[i];
		v = tok_buf_view(&s->a.buf, p->off, p->len, p->first);
		if (p->id >= 0)
			rc = tok_ids_add(&s->ids, p->id, p->at) ?
			     tok_nomem(s->err) : 0;
		else
			rc = tok_model_run(tok, &v, s);
	}
	return rc;
}

/* White space around what a token stands for is not its own. */
static void trim(struct tok_span *at, const char *text)
{
	struct tok_span a = *at;
	uint32_t cp;
	size_t n;

	while (a.start < a.end) {
		if (tok_utf8_next(text + a.start, a.end - a.start, &cp, &n) !=
		    TOK_UTF8_OK || !tok_is_space(cp))
			break;
		a.start += n;
	}
	while (a.end > a.start) {
		n = a.end - 1;
		while (n > a.start && (text[n] & 0xc0) == 0x80)
			n--;
		if (tok_utf8_next(text + n, a.end - n, &cp, &n) !=
		    TOK_UTF8_OK || !tok_is_space(cp))
			break;
		a.end -= n;
	}
	*at = a;
}

struct texts {
	struct tok_view v[2];
	bool special;
};

/* What the template has, in order: *out's arrays follow s->ids. */
static int run_template(const struct qeff_tokenizer *tok,
			const struct tok_template *t, const struct texts *in,
			struct tok_scratch *s, struct qeff_encoding *out)
{
	static const struct tok_span none;
	size_t i, k, from;
	int rc = 0, which;

	for (i = 0; !rc && i < t->n; i++) {
		from = s->ids.n;
		which = t->v[i].id < 0 ? TOK_POST_A - t->v[i].id : -1;
		if (which >= 0)
			rc = encode_text(tok, &in->v[which], s);
		else if (in->special)
			rc = tok_ids_add(&s->ids, t->v[i].id, none) ?
			     tok_nomem(s->err) : 0;
		if (rc || !out)
			continue;
		for (k = from; which >= 0 && tok->post.trim && k < s->ids.n; k++)
			trim(&s->ids.at[k], in->v[which].s);
		if (tok_room(&out->tokens, &s->cap_tokens, s->ids.n,
			     sizeof(*out->tokens)))
			return tok_nomem(s->err);
		for (k = from; k < s->ids.n; k++)
			out->tokens[k] = (struct qeff_token){
				.id = s->ids.v[k], .type = t->v[i].type,
				.text = which, .start = s->ids.at[k].start,
				.end = s->ids.at[k].end,
			};
	}
	return rc;
}

static int too_long(size_t len, struct qaic_err *err)
{
	if (len <= MAX_TEXT)
		return 0;
	return qaic_fail(err, -EINVAL,
			 "a text of %zu bytes; at most %u are encoded", len,
			 MAX_TEXT);
}

static uint64_t budget(size_t len)
{
	return (1u << 20) + 256ull * len;
}

int qeff_encode(const struct qeff_tokenizer *tok, const char *text, size_t len,
		bool special, int32_t **ids, size_t *num_ids,
		struct qaic_err *err)
{
	const struct texts in = {
		.v = { { text, len, NULL, true } }, .special = special,
	};
	struct tok_scratch s = { .err = err, .regex_budget = budget(len) };
	int rc;

	rc = too_long(len, err);
	if (!rc)
		rc = run_template(tok, &tok->post.single, &in, &s, NULL);
	if (!rc && !s.ids.v && tok_room(&s.ids.v, &s.ids.cap, 1,
					sizeof(*s.ids.v)))
		rc = tok_nomem(err);
	if (!rc) {
		*ids = s.ids.v;
		*num_ids = s.ids.n;
		s.ids.v = NULL;
	}
	tok_scratch_free(&s);
	return rc;
}

/* Each byte of a text stands for its character, a bad one for itself. */
static int mark(struct tok_view *v, struct qaic_err *err)
{
	struct tok_span *at = reallocarray(NULL, v->len + 1, sizeof(*at));
	size_t i, k, n;
	uint32_t cp;

	if (!at)
		return tok_nomem(err);
	for (i = 0; i < v->len; i += n) {
		if (tok_utf8_next(v->s + i, v->len - i, &cp, &n) != TOK_UTF8_OK)
			n = 1;
		for (k = i; k < i + n; k++)
			at[k] = (struct tok_span){ i, i + n };
	}
	v->at = at;
	return 0;
}

int qeff_encode_pair(const struct qeff_tokenizer *tok, const char *a, size_t na,
		     const char *b, size_t nb, bool special,
		     struct qeff_encoding *out, struct qaic_err *err)
{
	struct texts in = {
		.v = { { a, na, NULL, true }, { b, b ? nb : 0, NULL, true } },
		.special = special,
	};
	struct tok_scratch s = { .err = err };
	int rc;

	memset(out, 0, sizeof(*out));
	rc = too_long(na, err);
	if (!rc)
		rc = too_long(in.v[1].len, err);
	if (rc)
		return rc;
	if (b && tok->post.wrapped)
		return qaic_fail(err, -EOPNOTSUPP,
				 "pairs are not supported with post-processors one inside the other");
	s.regex_budget = budget(na + in.v[1].len);
	rc = mark(&in.v[0], err);
	if (!rc)
		rc = mark(&in.v[1], err);
	if (!rc)
		rc = run_template(tok, b ? &tok->post.pair : &tok->post.single,
				  &in, &s, out);
	out->num = s.ids.n;
	if (rc)
		qeff_encoding_release(out);
	free((void *)in.v[0].at);
	free((void *)in.v[1].at);
	tok_scratch_free(&s);
	return rc;
}

void qeff_encoding_release(struct qeff_encoding *e)
{
	free(e->tokens);
	memset(e, 0, sizeof(*e));
}
