// SPDX-License-Identifier: MIT
/* Normalizers: one text in, one text out, step by step. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "libqeff/tok.h"

#define LOWLINE "\xe2\x96\x81"		/* U+2581, SentencePiece's space */

static void strip(const struct tok_norm *n, const struct tok_view *in,
		  struct tok_buf *out)
{
	size_t start = 0, end = 0, i, k;
	bool seen = false;
	uint32_t cp;

	for (i = 0; i < in->len; i += k) {
		k = tok_utf8_get(in->s + i, &cp);
		if (tok_is_space(cp))
			continue;
		if (!seen)
			start = i;
		seen = true;
		end = i + k;
	}
	if (!seen)	/* all white space: each side that strips takes it */
		start = end = n->left || n->right ? in->len : 0;
	if (!n->left && seen)
		start = 0;
	if (!n->right)
		end = in->len;
	if (end > start)
		tok_buf_copy(out, in, start, end);
}

static int replace(const struct tok_norm *n, const struct tok_view *in,
		   struct tok_buf *out, struct tok_scratch *s)
{
	const struct tok_cut *c;
	size_t i;
	int rc;

	rc = tok_pattern_cut(&n->pat, in->s, in->len, s);
	for (i = 0; !rc && i < s->num_cut; i++) {
		c = &s->cut[i];
		if (!c->match)
			tok_buf_copy(out, in, c->start, c->end);
		else if (c->end > c->start)
			tok_buf_put(out, n->s, n->len, in, c->start, c->end);
		else	/* an empty match: what is inserted is of a neighbour */
			tok_buf_put(out, n->s, n->len, in,
				    c->start ? c->start - 1 : 0,
				    c->start ? c->start : 1);
	}
	return rc;
}

/* sentencepiece/src/normalizer.cc, after its map of characters */
static void sentencepiece(const struct tok_norm *n, const struct tok_view *in,
			  struct tok_buf *out)
{
	const char *space = n->escape ? LOWLINE : " ";
	size_t i = 0, end = in->len, from;
	bool after_space = n->squeeze;
	struct tok_view rest;

	while (n->squeeze && i < end && in->s[i] == ' ')
		i++;
	while (n->squeeze && end > i && in->s[end - 1] == ' ')
		end--;
	if (i == end)
		return;
	rest = (struct tok_view){ in->s + i, end - i,
				  in->at ? in->at + i : NULL, in->first };
	if (n->dummy_prefix && (in->first || !n->first_only))
		tok_buf_before(out, space, strlen(space), &rest);
	for (from = i; i < end; i++) {
		if (in->s[i] != ' ') {
			after_space = false;
			continue;
		}
		tok_buf_copy(out, in, from, i);
		from = i + 1;
		if (!after_space)
			tok_buf_put(out, space, strlen(space), in, i, i + 1);
		after_space = n->squeeze;
	}
	tok_buf_copy(out, in, from, end);
}

/* What NMT models of SentencePiece drop or take for a space. */
static uint32_t nmt(uint32_t c)
{
	if ((c >= 1 && c <= 8) || c == 0xb || (c >= 0xe && c <= 0x1f) ||
	    c == 0x7f || c == 0x8f || c == 0x9f)
		return 0;
	if (c == 9 || c == 0xa || c == 0xc || c == 0xd || c == 0x1680 ||
	    (c >= 0x200b && c <= 0x200f) || c == 0x2028 || c == 0x2029 ||
	    c == 0x2581 || c == 0xfeff || c == 0xfffd || tok_raw_byte(c) >= 0)
		return ' ';
	return c;
}

static uint32_t bert_clean(uint32_t c)
{
	if (!c || c == 0xfffd || tok_raw_byte(c) >= 0 || tok_is_control(c))
		return 0;
	return tok_is_space(c) ? ' ' : c;
}

/* One character for another; 0 drops it. (U+0000 itself passes Nmt.) */
static void map_chars(uint32_t (*map)(uint32_t cp), const struct tok_view *in,
		      struct tok_buf *out)
{
	uint32_t cp, to;
	size_t i, n;

	for (i = 0; i < in->len; i += n) {
		n = tok_utf8_get(in->s + i, &cp);
		to = map(cp);
		if (to == cp)
			tok_buf_copy(out, in, i, i + n);
		else if (to)
			tok_buf_char(out, to, in, i, i + n);
	}
}

/* Spaces around each ideograph: BERT has them one by one. */
static void bert_chinese(const struct tok_view *in, struct tok_buf *out)
{
	uint32_t cp;
	size_t i, n;
	bool cjk;

	for (i = 0; i < in->len; i += n) {
		n = tok_utf8_get(in->s + i, &cp);
		cjk = (cp >= 0x4e00 && cp <= 0x9fff) ||
		      (cp >= 0x3400 && cp <= 0x4dbf) ||
		      (cp >= 0x20000 && cp <= 0x2a6df) ||
		      (cp >= 0x2a700 && cp <= 0x2b73f) ||
		      (cp >= 0x2b740 && cp <= 0x2b81f) ||
		      (cp >= 0x2b920 && cp <= 0x2ceaf) ||
		      (cp >= 0xf900 && cp <= 0xfaff) ||
		      (cp >= 0x2f800 && cp <= 0x2fa1f);
		if (cjk)
			tok_buf_char(out, ' ', in, i, i + n);
		tok_buf_copy(out, in, i, i + n);
		if (cjk)
			tok_buf_char(out, ' ', in, i, i + n);
	}
}

static int run_step(const struct qeff_tokenizer *tok, const struct tok_norm *n,
		    const struct tok_view *in, struct tok_buf *out,
		    struct tok_scratch *s)
{
	switch (n->type) {
	case TOK_NORM_NFC:
	case TOK_NORM_NFD:
	case TOK_NORM_NFKC:
	case TOK_NORM_NFKD:
		return tok_unicode_normalize(n->type, in, out);
	case TOK_NORM_LOWER:
		tok_unicode_lower(in, out);
		return 0;
	case TOK_NORM_STRIP_ACCENTS:
	case TOK_NORM_STRIP_MN:
		tok_unicode_strip_accents(in, n->type == TOK_NORM_STRIP_MN, out);
		return 0;
	case TOK_NORM_STRIP:
		strip(n, in, out);
		return 0;
	case TOK_NORM_PREPEND:
		if (in->len) {
			tok_buf_before(out, n->s, n->len, in);
			tok_buf_copy(out, in, 0, in->len);
		}
		return 0;
	case TOK_NORM_REPLACE:
		return replace(n, in, out, s);
	case TOK_NORM_SPM:
		sentencepiece(n, in, out);
		return 0;
	case TOK_NORM_NMT:
		map_chars(nmt, in, out);
		return 0;
	case TOK_NORM_BERT_CLEAN:
		map_chars(bert_clean, in, out);
		return 0;
	case TOK_NORM_BERT_CHINESE:
		bert_chinese(in, out);
		return 0;
	case TOK_NORM_BYTES:
		tok_bytes_spell(in, out);
		return 0;
	case TOK_NORM_CHARSMAP:
		tok_charsmap_run(&n->map, &tok->model.user, in, out);
		return 0;
	}
	return -EINVAL;
}

/* A hostile chain of Replaces could multiply a text without end. */
static bool grew_too_much(size_t from, size_t to)
{
	return to > (1u << 20) && to / 64 > from;
}

int tok_norm_run(const struct qeff_tokenizer *tok, const struct tok_view *text,
		 struct tok_buf *out, struct tok_scratch *s)
{
	struct tok_view in = *text;
	struct tok_buf *to;
	size_t i;
	int rc;

	for (i = 0; i < tok->num_norm; i++) {
		to = &s->norm[i & 1];
		to->str.len = 0;
		rc = run_step(tok, &tok->norm[i], &in, to, s);
		if (!rc && to->str.failed)
			rc = tok_nomem(s->err);
		if (!rc && grew_too_much(text->len, to->str.len))
			rc = qaic_fail(s->err, -EINVAL,
				       "the tokenizer's normalizer makes %zu bytes of %zu",
				       to->str.len, text->len);
		if (rc)
			return rc;
		in.s = to->str.s ? to->str.s : "";
		in.len = to->str.len;
		if (in.at && in.len)
			in.at = to->at;
	}
	tok_buf_copy(out, &in, 0, in.len);
	return out->str.failed ? tok_nomem(s->err) : 0;
}

void tok_norm_free(struct tok_norm *n)
{
	tok_pattern_free(&n->pat);
	tok_charsmap_free(&n->map);
	free(n->s);
}
