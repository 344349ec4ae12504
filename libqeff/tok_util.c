// SPDX-License-Identifier: MIT
/* Growing arrays of the tokenizer, and where their text came from. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "libqeff/tok.h"

int tok_nomem(struct qaic_err *err)
{
	return qaic_fail(err, -ENOMEM, "out of memory");
}

int tok_room(void *v, size_t *cap, size_t n, size_t size)
{
	size_t want = *cap ? *cap : 16;
	void *p;

	if (n <= *cap)
		return 0;
	while (want < n)
		if (__builtin_mul_overflow(want, 2, &want))
			return -ENOMEM;
	memcpy(&p, v, sizeof(p));
	p = reallocarray(p, want, size);
	if (!p)
		return -ENOMEM;
	memcpy(v, &p, sizeof(p));
	*cap = want;
	return 0;
}

int tok_text_add(struct tok_text *t, size_t off, size_t len, int32_t id,
		 bool first)
{
	if (tok_room(&t->v, &t->cap, t->n + 1, sizeof(*t->v)))
		return -ENOMEM;
	t->v[t->n++] = (struct tok_piece){ off, len, id, first, { 0, 0 } };
	return 0;
}

int tok_text_token(struct tok_text *t, const struct tok_piece *p)
{
	int rc = tok_text_add(t, 0, 0, p->id, p->first);

	if (!rc)
		t->v[t->n - 1].at = p->at;
	return rc;
}

void tok_text_reset(struct tok_text *t)
{
	t->n = 0;
	t->buf.str.len = 0;
}

void tok_text_free(struct tok_text *t)
{
	free(t->v);
	tok_buf_free(&t->buf);
	memset(t, 0, sizeof(*t));
}

int tok_ids_add(struct tok_ids *ids, int32_t id, struct tok_span at)
{
	if (tok_room(&ids->v, &ids->cap, ids->n + 1, sizeof(*ids->v)) ||
	    tok_room(&ids->at, &ids->cap_at, ids->n + 1, sizeof(*ids->at)))
		return -ENOMEM;
	ids->v[ids->n] = id;
	ids->at[ids->n++] = at;
	return 0;
}

int tok_emit(struct tok_scratch *s, int32_t id, const struct tok_view *v,
	     size_t from, size_t to)
{
	return tok_ids_add(&s->ids, id, tok_view_span(v, from, to)) ?
	       tok_nomem(s->err) : 0;
}

void tok_buf_put(struct tok_buf *out, const char *s, size_t n,
		 const struct tok_view *in, size_t from, size_t to)
{
	size_t i = out->str.len;
	struct tok_span at;

	if (!n)
		return;
	qaic_str_add(&out->str, s, n);
	if (!in->at || out->str.failed)
		return;
	if (tok_room(&out->at, &out->cap_at, i + n, sizeof(*out->at))) {
		out->str.failed = true;
		return;
	}
	at = tok_view_span(in, from, to);
	while (n--)
		out->at[i++] = at;
}

void tok_buf_copy(struct tok_buf *out, const struct tok_view *in, size_t from,
		  size_t to)
{
	size_t i = out->str.len;

	if (from == to)
		return;
	tok_buf_put(out, in->s + from, to - from, in, from, to);
	if (in->at && !out->str.failed)
		memcpy(out->at + i, in->at + from,
		       (to - from) * sizeof(*out->at));
}

void tok_buf_char(struct tok_buf *out, uint32_t cp, const struct tok_view *in,
		  size_t from, size_t to)
{
	char u[4];

	tok_buf_put(out, u, tok_utf8_put(u, cp), in, from, to);
}

void tok_buf_before(struct tok_buf *out, const char *s, size_t n,
		    const struct tok_view *in)
{
	uint32_t cp;

	tok_buf_put(out, s, n, in, 0, tok_utf8_get(in->s, &cp));
}

void tok_buf_free(struct tok_buf *b)
{
	qaic_str_free(&b->str);
	free(b->at);
	memset(b, 0, sizeof(*b));
}

void tok_scratch_free(struct tok_scratch *s)
{
	tok_text_free(&s->a);
	tok_text_free(&s->b);
	tok_buf_free(&s->norm[0]);
	tok_buf_free(&s->norm[1]);
	qaic_str_free(&s->spell);
	free(s->cut);
	free(s->sym);
	free(s->heap);
	free(s->lattice);
	free(s->ids.v);
	free(s->ids.at);
	pcre2_match_data_free(s->md);
	pcre2_match_context_free(s->mctx);
}
