// SPDX-License-Identifier: MIT
/*
 * Decoding, as a chain of steps through which tokens, and after they are fused
 * one endless text, flow. Each step hands on what can no longer change and holds
 * what still may; decoding a whole sequence is the same stream, flushed. So the
 * pieces of a stream always add up to what qeff_decode() gives.
 */
#include <stdlib.h>
#include <string.h>

#include "libqeff/tok_stream.h"

#define REPLACEMENT "\xef\xbf\xbd"	/* U+FFFD */

static void drop_front(struct qaic_str *h, size_t n)
{
	if (!n)
		return;
	h->len -= n;
	memmove(h->s, h->s + n, h->len);
}

/* ---- replace ---- */

static void replace_token(struct qeff_stream *s, size_t i, const char *p,
			  size_t n)
{
	const struct tok_dec *d = &s->tok->dec[i];
	struct qaic_str *out = &s->st[i].out;
	const char *hit;

	out->len = 0;
	while (n && (hit = memmem(p, n, d->pat, d->pat_len))) {
		qaic_str_add(out, p, hit - p);
		qaic_str_add(out, d->s, d->len);
		n -= hit - p + d->pat_len;
		p = hit + d->pat_len;
	}
	if (n)
		qaic_str_add(out, p, n);
	tok_dec_put(s, i + 1, out->len ? out->s : "", out->len);
}

/* Hold the longest end that may become a match. */
static void replace_text(struct qeff_stream *s, size_t i, const char *p,
			 size_t n)
{
	const struct tok_dec *d = &s->tok->dec[i];
	struct qaic_str *h = &s->st[i].hold;
	size_t from = 0, at = 0, left, k;

	qaic_str_add(h, p, n);
	while (at < h->len) {
		left = h->len - at;
		k = left < d->pat_len ? left : d->pat_len;
		if (memcmp(h->s + at, d->pat, k)) {
			at++;
			continue;
		}
		if (k < d->pat_len)
			break;
		tok_dec_put(s, i + 1, h->s + from, at - from);
		tok_dec_put(s, i + 1, d->s, d->len);
		at += d->pat_len;
		from = at;
	}
	tok_dec_put(s, i + 1, h->s + from, at - from);
	drop_front(h, at);
}

/* ---- byte tokens ---- */

static int byte_token(const char *p, size_t n)
{
	char hex[3], *end;
	long v;

	if (n != 6 || memcmp(p, "<0x", 3) || p[5] != '>')
		return -1;
	memcpy(hex, p + 3, 2);
	hex[2] = '\0';
	if (hex[0] == '+' || hex[0] == '-' || hex[0] == ' ')
		return -1;
	v = strtol(hex, &end, 16);
	return *end ? -1 : v;
}

/* Hugging Face: a run of byte tokens is good as a whole or bad byte by byte. */
static void flush_run(struct qeff_stream *s, size_t i)
{
	struct qaic_str *h = &s->st[i].hold;
	size_t k;

	if (!h->len)
		return;
	if (tok_utf8_valid(h->s, h->len))
		tok_dec_put(s, i + 1, h->s, h->len);
	else
		for (k = 0; k < h->len; k++)
			tok_dec_put(s, i + 1, REPLACEMENT, 3);
	h->len = 0;
}

/* SentencePiece: each good character stands, each bad byte is one U+FFFD. */
static void drain_chars(struct qeff_stream *s, size_t i, bool end)
{
	struct qaic_str *h = &s->st[i].hold;
	size_t at = 0, len;
	enum tok_utf8 r;
	uint32_t cp;

	while (at < h->len) {
		r = tok_utf8_next(h->s + at, h->len - at, &cp, &len);
		if (r == TOK_UTF8_TORN && !end)
			break;
		if (r == TOK_UTF8_OK) {
			tok_dec_put(s, i + 1, h->s + at, len);
		} else {
			tok_dec_put(s, i + 1, REPLACEMENT, 3);
			len = 1;
		}
		at += len;
	}
	drop_front(h, at);
}

static void byte_fallback(struct qeff_stream *s, size_t i, const char *p,
			  size_t n)
{
	const struct tok_dec *d = &s->tok->dec[i];
	int b = byte_token(p, n);

	if (b >= 0) {
		qaic_str_putc(&s->st[i].hold, b);
		if (d->per_char)
			drain_chars(s, i, false);
		return;
	}
	if (d->per_char)
		drain_chars(s, i, true);
	else
		flush_run(s, i);
	tok_dec_put(s, i + 1, p, n);
}

/* ---- byte-level characters ---- */

static void drain_bytes(struct qeff_stream *s, size_t i, bool end)
{
	struct qaic_str *h = &s->st[i].hold;
	size_t at = 0, from = 0, len;
	enum tok_utf8 r;
	uint32_t cp;

	while (at < h->len) {
		r = tok_utf8_next(h->s + at, h->len - at, &cp, &len);
		if (r == TOK_UTF8_OK) {
			at += len;
			continue;
		}
		if (r == TOK_UTF8_TORN && !end)
			break;
		tok_dec_put(s, i + 1, h->s + from, at - from);
		tok_dec_put(s, i + 1, REPLACEMENT, 3);
		at += len;
		from = at;
	}
	tok_dec_put(s, i + 1, h->s + from, at - from);
	drop_front(h, at);
}

/* A token with a character outside the alphabet stands for itself. */
static void byte_level(struct qeff_stream *s, size_t i, const char *p, size_t n)
{
	struct qaic_str *h = &s->st[i].hold;
	size_t old = h->len, k;
	uint32_t cp;
	int b;

	for (k = 0; k < n;) {
		k += tok_utf8_get(p + k, &cp);
		b = tok_char_byte(cp);
		if (b < 0) {
			h->len = old;
			qaic_str_add(h, p, n);
			break;
		}
		qaic_str_putc(h, b);
	}
	drain_bytes(s, i, false);
}

/* ---- strip ---- */

static void strip_token(struct qeff_stream *s, size_t i, const char *p,
			size_t n)
{
	const struct tok_dec *d = &s->tok->dec[i];
	uint32_t k;

	for (k = 0; k < d->start && n >= d->pat_len &&
	     !memcmp(p, d->pat, d->pat_len); k++) {
		p += d->pat_len;
		n -= d->pat_len;
	}
	for (k = 0; k < d->stop && n >= d->pat_len &&
	     !memcmp(p + n - d->pat_len, d->pat, d->pat_len); k++)
		n -= d->pat_len;
	tok_dec_put(s, i + 1, p, n);
}

/* ->count: first the characters cut in front, then those held at the end. */
static void strip_text(struct qeff_stream *s, size_t i, const char *p, size_t n)
{
	const struct tok_dec *d = &s->tok->dec[i];
	struct tok_dec_state *st = &s->st[i];
	uint32_t cp;
	size_t k;

	for (; n; p += k, n -= k) {
		bool hit = n >= d->pat_len && !memcmp(p, d->pat, d->pat_len);

		k = tok_utf8_get(p, &cp);
		if (!st->started && hit && st->count < d->start) {
			st->count++;
			continue;
		}
		if (!st->started) {
			st->started = true;
			st->count = 0;
		}
		if (hit && st->count < d->stop) {
			st->count++;
			continue;
		}
		for (; !hit && st->count; st->count--)
			tok_dec_put(s, i + 1, d->pat, d->pat_len);
		tok_dec_put(s, i + 1, p, k);
	}
}

/* ---- words ---- */

static void wordpiece(struct qeff_stream *s, size_t i, const char *p, size_t n)
{
	const struct tok_dec *d = &s->tok->dec[i];
	struct tok_dec_state *st = &s->st[i];

	st->out.len = 0;
	if (st->started) {
		if (n >= d->pat_len && !memcmp(p, d->pat, d->pat_len)) {
			p += d->pat_len;
			n -= d->pat_len;
		} else {
			qaic_str_add(&st->out, d->s, d->len);
		}
	}
	st->started = true;
	if (n)
		qaic_str_add(&st->out, p, n);
	tok_dec_put(s, i + 1, st->out.len ? st->out.s : "", st->out.len);
}

/* The token that is held goes on, its suffix replaced by @space. */
static void put_word(struct qeff_stream *s, size_t i, const char *space)
{
	const struct tok_dec *d = &s->tok->dec[i];
	struct tok_dec_state *st = &s->st[i];
	size_t k = 0;

	if (!st->started)
		return;
	st->out.len = 0;
	while (k < st->hold.len) {
		if (st->hold.len - k >= d->pat_len &&
		    !memcmp(st->hold.s + k, d->pat, d->pat_len)) {
			qaic_str_puts(&st->out, space);
			k += d->pat_len;
		} else {
			qaic_str_putc(&st->out, st->hold.s[k++]);
		}
	}
	tok_dec_put(s, i + 1, st->out.len ? st->out.s : "", st->out.len);
}

static void suffix(struct qeff_stream *s, size_t i, const char *p, size_t n)
{
	struct tok_dec_state *st = &s->st[i];

	put_word(s, i, s->tok->dec[i].s);
	st->hold.len = 0;
	st->started = true;
	if (n)
		qaic_str_add(&st->hold, p, n);
}

/* A token that comes again is dropped; out remembers the last. */
static void once(struct qeff_stream *s, size_t i, const char *p, size_t n)
{
	struct tok_dec_state *st = &s->st[i];

	if (st->started && st->out.len == n &&
	    (!n || !memcmp(st->out.s, p, n)))
		return;
	st->started = true;
	st->out.len = 0;
	if (n)
		qaic_str_add(&st->out, p, n);
	tok_dec_put(s, i + 1, p, n);
}

/* ---- the rest ---- */

/* The first token loses its marks, in the others they are spaces. */
static void metaspace(struct qeff_stream *s, size_t i, const char *p, size_t n)
{
	const struct tok_dec *d = &s->tok->dec[i];
	struct tok_dec_state *st = &s->st[i];
	bool drop = d->start && !st->count++;
	size_t k;

	st->out.len = 0;
	for (k = 0; k < n;) {
		if (n - k < d->pat_len || memcmp(p + k, d->pat, d->pat_len)) {
			qaic_str_putc(&st->out, p[k++]);
			continue;
		}
		if (!drop)
			qaic_str_add(&st->out, d->s, d->len);
		k += d->pat_len;
	}
	tok_dec_put(s, i + 1, st->out.len ? st->out.s : "", st->out.len);
}

void tok_dec_put(struct qeff_stream *s, size_t i, const char *p, size_t n)
{
	const struct tok_dec *d = &s->tok->dec[i];

	if (i == s->tok->num_dec) {
		if (n)
			qaic_str_add(&s->text, p, n);
		return;
	}
	if (!n && d->fused)
		return;
	switch (d->type) {
	case TOK_DEC_REPLACE:
		if (d->fused)
			replace_text(s, i, p, n);
		else
			replace_token(s, i, p, n);
		return;
	case TOK_DEC_BYTE_FALLBACK:
		byte_fallback(s, i, p, n);
		return;
	case TOK_DEC_BYTES:
		byte_level(s, i, p, n);
		return;
	case TOK_DEC_STRIP:
		if (d->fused)
			strip_text(s, i, p, n);
		else
			strip_token(s, i, p, n);
		return;
	case TOK_DEC_METASPACE:
		metaspace(s, i, p, n);
		return;
	case TOK_DEC_WORDPIECE:
		wordpiece(s, i, p, n);
		return;
	case TOK_DEC_SUFFIX:
		suffix(s, i, p, n);
		return;
	case TOK_DEC_ONCE:
		once(s, i, p, n);
		return;
	case TOK_DEC_JOIN:
		if (s->st[i].count++)
			tok_dec_put(s, i + 1, d->s, d->len);
		break;
	case TOK_DEC_FUSE:
		break;
	}
	tok_dec_put(s, i + 1, p, n);
}

void tok_dec_flush(struct qeff_stream *s)
{
	const struct tok_dec *d = s->tok->dec;
	size_t i;

	for (i = 0; i < s->tok->num_dec; i++) {
		struct qaic_str *h = &s->st[i].hold;

		if (d[i].type == TOK_DEC_BYTES)
			drain_bytes(s, i, true);
		else if (d[i].type == TOK_DEC_BYTE_FALLBACK && d[i].per_char)
			drain_chars(s, i, true);
		else if (d[i].type == TOK_DEC_BYTE_FALLBACK)
			flush_run(s, i);
		else if (d[i].type == TOK_DEC_SUFFIX)
			put_word(s, i, "");
		else if (h->len)
			tok_dec_put(s, i + 1, h->s, h->len);
		h->len = 0;
		s->st[i].count = 0;
		s->st[i].started = false;
	}
}
