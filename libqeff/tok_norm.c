// SPDX-License-Identifier: MIT
/* Normalizers: one text in, one text out, step by step. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "libqeff/tok.h"

#define LOWLINE "\xe2\x96\x81"		/* U+2581, SentencePiece's space */

static const struct {
	const char *name;
	enum tok_norm_type type;
	const char *keys[5];
} kinds[] = {
	{ "NFC", TOK_NORM_NFC, { "type" } },
	{ "NFD", TOK_NORM_NFD, { "type" } },
	{ "NFKC", TOK_NORM_NFKC, { "type" } },
	{ "NFKD", TOK_NORM_NFKD, { "type" } },
	{ "Lowercase", TOK_NORM_LOWER, { "type" } },
	{ "StripAccents", TOK_NORM_STRIP_ACCENTS, { "type" } },
	{ "Strip", TOK_NORM_STRIP, { "type", "strip_left", "strip_right" } },
	{ "Prepend", TOK_NORM_PREPEND, { "type", "prepend" } },
	{ "Replace", TOK_NORM_REPLACE, { "type", "pattern", "content" } },
};

static int read_step(struct tok_norm *n, json_t *obj, struct qaic_err *err)
{
	int rc;

	switch (n->type) {
	case TOK_NORM_STRIP:
		rc = tok_json_bool(obj, "strip_left", true, &n->left, err);
		return rc ? rc : tok_json_bool(obj, "strip_right", true,
					       &n->right, err);
	case TOK_NORM_PREPEND:
		return tok_json_dup(obj, "prepend", &n->s, &n->len, err);
	case TOK_NORM_REPLACE:
		rc = tok_json_dup(obj, "content", &n->s, &n->len, err);
		return rc ? rc : tok_pattern_json(&n->pat, obj, err);
	default:
		return 0;
	}
}

int tok_norm_json(struct qeff_tokenizer *tok, json_t *obj, int depth,
		  struct qaic_err *err)
{
	const char *type = tok_json_type(obj, "normalizer", err);
	struct tok_norm *n;
	size_t i;
	int rc;

	if (!type)
		return -EINVAL;
	if (depth > TOK_MAX_NESTING || tok->num_norm == TOK_MAX_STEPS)
		return qaic_fail(err, -E2BIG, "too many normalizers");
	if (!strcmp(type, "Sequence"))
		return tok_json_sequence(tok, obj, "normalizers", tok_norm_json,
					 depth, err);
	for (i = 0; i < QAIC_ARRAY_SIZE(kinds); i++)
		if (!strcmp(kinds[i].name, type))
			break;
	if (i == QAIC_ARRAY_SIZE(kinds))
		return qaic_fail(err, -EOPNOTSUPP,
				 "normalizer \"%.40s\" is not supported", type);
	rc = tok_json_known(obj, type, kinds[i].keys, err);
	if (rc)
		return rc;
	n = &tok->norm[tok->num_norm++];
	n->type = kinds[i].type;
	rc = read_step(n, obj, err);
	if (rc)
		qaic_fail_in(err, "%s", type);
	return rc;
}

static void strip(const struct tok_norm *n, const char *text, size_t len,
		  struct qaic_str *out)
{
	size_t start = 0, end = 0, i, k;
	bool seen = false;
	uint32_t cp;

	for (i = 0; i < len; i += k) {
		k = tok_utf8_get(text + i, &cp);
		if (tok_is_space(cp))
			continue;
		if (!seen)
			start = i;
		seen = true;
		end = i + k;
	}
	if (!seen)	/* all white space: each side that strips takes it */
		start = end = n->left || n->right ? len : 0;
	if (!n->left && seen)
		start = 0;
	if (!n->right)
		end = len;
	if (end > start)
		qaic_str_add(out, text + start, end - start);
}

static int replace(const struct tok_norm *n, const char *text, size_t len,
		   struct qaic_str *out, struct tok_scratch *s)
{
	size_t i;
	int rc;

	rc = tok_pattern_cut(&n->pat, text, len, s);
	for (i = 0; !rc && i < s->num_cut; i++) {
		if (s->cut[i].match)
			qaic_str_add(out, n->s, n->len);
		else
			qaic_str_add(out, text + s->cut[i].start,
				     s->cut[i].end - s->cut[i].start);
	}
	return rc;
}

/* sentencepiece/src/normalizer.cc with the identity map */
static void sentencepiece(const struct tok_norm *n, const char *text,
			  size_t len, bool first, struct qaic_str *out)
{
	const char *space = n->escape ? LOWLINE : " ";
	bool after_space = n->squeeze;
	size_t i;

	if (n->squeeze) {
		while (len && text[0] == ' ')
			text++, len--;
		while (len && text[len - 1] == ' ')
			len--;
	}
	if (!len)
		return;
	if (n->dummy_prefix && (first || !n->first_only))
		qaic_str_puts(out, space);
	for (i = 0; i < len; i++) {
		if (text[i] != ' ') {
			qaic_str_putc(out, text[i]);
			after_space = false;
		} else if (!after_space) {
			qaic_str_puts(out, space);
			after_space = n->squeeze;
		}
	}
}

static int run_step(const struct tok_norm *n, const char *text, size_t len,
		    bool first, struct qaic_str *out, struct tok_scratch *s)
{
	switch (n->type) {
	case TOK_NORM_NFC:
	case TOK_NORM_NFD:
	case TOK_NORM_NFKC:
	case TOK_NORM_NFKD:
		return tok_unicode_normalize(n->type, text, len, out);
	case TOK_NORM_LOWER:
		tok_unicode_lower(text, len, out);
		return 0;
	case TOK_NORM_STRIP_ACCENTS:
		tok_unicode_strip_accents(text, len, out);
		return 0;
	case TOK_NORM_STRIP:
		strip(n, text, len, out);
		return 0;
	case TOK_NORM_PREPEND:
		if (len) {
			qaic_str_add(out, n->s, n->len);
			qaic_str_add(out, text, len);
		}
		return 0;
	case TOK_NORM_REPLACE:
		return replace(n, text, len, out, s);
	case TOK_NORM_SPM:
		sentencepiece(n, text, len, first, out);
		return 0;
	}
	return -EINVAL;
}

/* A hostile chain of Replaces could multiply a text without end. */
static bool grew_too_much(size_t from, size_t to)
{
	return to > (1u << 20) && to / 64 > from;
}

int tok_norm_run(const struct qeff_tokenizer *tok, const char *text, size_t len,
		 bool first, struct qaic_str *out, struct tok_scratch *s)
{
	const size_t given = len;
	struct qaic_str *to;
	size_t i;
	int rc;

	for (i = 0; i < tok->num_norm; i++) {
		to = &s->norm[i & 1];
		to->len = 0;
		rc = run_step(&tok->norm[i], text, len, first, to, s);
		if (!rc && to->failed)
			rc = tok_nomem(s->err);
		if (!rc && grew_too_much(given, to->len))
			rc = qaic_fail(s->err, -EINVAL,
				       "the tokenizer's normalizer makes %zu bytes of %zu",
				       to->len, given);
		if (rc)
			return rc;
		text = to->s ? to->s : "";
		len = to->len;
	}
	if (len)
		qaic_str_add(out, text, len);
	return out->failed ? tok_nomem(s->err) : 0;
}

void tok_norm_free(struct tok_norm *n)
{
	tok_pattern_free(&n->pat);
	free(n->s);
}
