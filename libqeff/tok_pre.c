// SPDX-License-Identifier: MIT
/* Pre-tokenizers: from a text to the pieces that the model sees one by one. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "libqeff/tok.h"

/* Pieces of a; those in b.buf get longer, but not without end. */
#define MAX_GROWTH	64

static struct tok_view view_of(const struct tok_piece *p,
			       const struct tok_scratch *s)
{
	return tok_buf_view(&s->a.buf, p->off, p->len, p->first);
}

static int put_piece(struct tok_text *to, size_t from, const struct tok_piece *p,
		     struct qaic_err *err)
{
	if (to->buf.str.failed ||
	    tok_text_add(to, from, to->buf.str.len - from, p->id, p->first))
		return tok_nomem(err);
	return 0;
}

static int split(const struct tok_pre *st, const struct tok_piece *p,
		 struct tok_scratch *s)
{
	const struct tok_cut *c;
	size_t i;
	int rc;

	rc = tok_pattern_cut(&st->pat, s->a.buf.str.s + p->off, p->len, s);
	if (rc)
		return rc;
	tok_split_fold(s, st->behavior);
	for (i = 0; i < s->num_cut; i++) {
		c = &s->cut[i];
		if (c->match || c->start == c->end)
			continue;
		if (tok_text_add(&s->b, p->off + c->start, c->end - c->start,
				 -1, p->first && !c->start))
			return tok_nomem(s->err);
	}
	return 0;
}

/* Each byte becomes its character of the byte-level alphabet. */
static int to_bytes(const struct tok_piece *p, struct tok_scratch *s)
{
	struct tok_view v = view_of(p, s);
	size_t from = s->b.buf.str.len;

	tok_bytes_spell(&v, &s->b.buf);
	return put_piece(&s->b, from, p, s->err);
}

static int prefix_space(const struct tok_piece *p, struct tok_scratch *s)
{
	struct tok_view v = view_of(p, s);
	size_t from = s->b.buf.str.len;

	if (v.s[0] != ' ')
		tok_buf_before(&s->b.buf, " ", 1, &v);
	tok_buf_copy(&s->b.buf, &v, 0, v.len);
	return put_piece(&s->b, from, p, s->err);
}

static int metaspace(const struct tok_pre *st, const struct tok_piece *p,
		     struct tok_scratch *s)
{
	struct tok_view v = view_of(p, s);
	size_t from = s->b.buf.str.len, i, last = 0;
	bool starts = v.len >= st->len && !memcmp(v.s, st->s, st->len);

	if (!starts && v.s[0] != ' ' &&
	    (st->prepend == TOK_PREPEND_ALWAYS ||
	     (st->prepend == TOK_PREPEND_FIRST && v.first)))
		tok_buf_before(&s->b.buf, st->s, st->len, &v);
	for (i = 0; i < v.len; i++) {
		if (v.s[i] != ' ')
			continue;
		tok_buf_copy(&s->b.buf, &v, last, i);
		tok_buf_put(&s->b.buf, st->s, st->len, &v, i, i + 1);
		last = i + 1;
	}
	tok_buf_copy(&s->b.buf, &v, last, v.len);
	return put_piece(&s->b, from, p, s->err);
}

/* An added token passes every step as it is; its text no longer matters. */
static int run_piece(const struct tok_pre *st, const struct tok_piece *p,
		     struct tok_scratch *s)
{
	if (p->id >= 0)
		return tok_text_token(&s->b, p) ? tok_nomem(s->err) : 0;
	switch (st->type) {
	case TOK_PRE_SPLIT:
		return split(st, p, s);
	case TOK_PRE_BYTES:
		return to_bytes(p, s);
	case TOK_PRE_PREFIX_SPACE:
		return prefix_space(p, s);
	case TOK_PRE_METASPACE:
		return metaspace(st, p, s);
	}
	return -EINVAL;
}

int tok_pre_run(const struct qeff_tokenizer *tok, struct tok_scratch *s)
{
	const size_t given = s->a.buf.str.len;
	struct tok_text t;
	size_t i, k;
	int rc;

	for (i = 0; i < tok->num_pre; i++) {
		const struct tok_pre *st = &tok->pre[i];

		tok_text_reset(&s->b);
		for (k = 0; k < s->a.n; k++) {
			rc = run_piece(st, &s->a.v[k], s);
			if (rc)
				return rc;
			if (s->b.buf.str.len / MAX_GROWTH > given + 1024)
				return qaic_fail(s->err, -EINVAL,
						 "the tokenizer's pre-tokenizer grows the text without end");
		}
		t = s->a;
		s->a = s->b;
		s->b = t;
		if (st->type == TOK_PRE_SPLIT) {
			/* the pieces are new, the text is the same */
			s->b.buf = s->a.buf;
			s->a.buf = t.buf;
		}
	}
	return 0;
}

void tok_pre_free(struct tok_pre *p)
{
	tok_pattern_free(&p->pat);
	free(p->s);
}
