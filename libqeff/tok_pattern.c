// SPDX-License-Identifier: MIT
/*
 * Patterns of normalizers and pre-tokenizers.
 *
 * Published files write regular expressions for Oniguruma's Ruby syntax. PCRE2
 * with UTF, UCP and MULTILINE (^ and $ work on lines) reads the same after
 * tok_regex.c has respelled a few escapes.
 *
 * An expression comes from a file and may be a bomb. Each match is tried with a
 * small limit of steps and in a small window of the text first; one that needs
 * more of either pays from a budget in proportion to the text. Matches are
 * anchored and start optimizations are off: both would do unmetered work.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "libqeff/tok.h"

#define LIMIT_FIRST	2000u
#define LIMIT_LAST	(LIMIT_FIRST << 14)
#define WINDOW_FIRST	2048u
#define HEAP_LIMIT_KIB	(64u << 10)

static char *copy(const char *s, size_t len)
{
	char *d = malloc(len + 1);

	if (d) {
		memcpy(d, s, len);
		d[len] = '\0';
	}
	return d;
}

int tok_pattern_string(struct tok_pattern *p, const char *s, size_t len,
		       struct qaic_err *err)
{
	if (!len || len > TOK_MAX_STRING)
		return qaic_fail(err, -EINVAL,
				 "a pattern of %zu bytes; 1 to %u are taken",
				 len, TOK_MAX_STRING);
	p->kind = TOK_PAT_STRING;
	p->len = len;
	p->s = copy(s, len);
	return p->s ? 0 : tok_nomem(err);
}

static pcre2_code *compile(const char *re, size_t len, struct qaic_err *err)
{
	pcre2_compile_context *ctx = pcre2_compile_context_create(NULL);
	PCRE2_UCHAR msg[120];
	pcre2_code *code;
	PCRE2_SIZE off;
	int rc;

	if (!ctx) {
		tok_nomem(err);
		return NULL;
	}
	pcre2_set_newline(ctx, PCRE2_NEWLINE_LF);
	code = pcre2_compile((PCRE2_SPTR)re, len, PCRE2_UTF | PCRE2_UCP |
			     PCRE2_MULTILINE | PCRE2_NEVER_BACKSLASH_C |
			     PCRE2_NO_START_OPTIMIZE, &rc, &off, ctx);
	pcre2_compile_context_free(ctx);
	if (!code) {
		pcre2_get_error_message(rc, msg, sizeof(msg));
		qaic_fail(err, -EINVAL, "%s",
			  (char *)msg);
	}
	return code;
}

int tok_pattern_regex(struct tok_pattern *p, const char *re, size_t len,
		      struct qaic_err *err)
{
	struct qaic_str s = { 0 };
	int rc;

	if (!len || len > TOK_MAX_STRING)
		return qaic_fail(err, -EINVAL,
				 "a regular expression of %zu bytes; 1 to %u are taken",
				 len, TOK_MAX_STRING);
	rc = tok_regex_respell(re, len, &s, err);
	if (!rc) {
		p->kind = TOK_PAT_REGEX;
		p->re = compile(s.s, s.len, err);
		rc = p->re ? 0 : -EINVAL;
	}
	if (rc)
		qaic_fail_in(err, "regular expression \"%.100s\"", re);
	qaic_str_free(&s);
	return rc;
}

int tok_pattern_json(struct tok_pattern *p, json_t *obj, struct qaic_err *err)
{
	static const char *const keys[] = { "String", "Regex", NULL };
	json_t *pat = json_object_get(obj, "pattern"), *s, *re;
	int rc;

	if (json_is_string(pat))	/* the oldest files */
		return tok_pattern_string(p, json_string_value(pat),
					  json_string_length(pat), err);
	if (!json_is_object(pat))
		return qaic_fail(err, -EINVAL,
				 "field \"pattern\" is missing or no object");
	rc = tok_json_known(pat, "pattern", keys, err);
	if (rc)
		return rc;
	s = json_object_get(pat, "String");
	re = json_object_get(pat, "Regex");
	if (json_is_string(s) && !re)
		return tok_pattern_string(p, json_string_value(s),
					  json_string_length(s), err);
	if (json_is_string(re) && !s)
		return tok_pattern_regex(p, json_string_value(re),
					 json_string_length(re), err);
	return qaic_fail(err, -EINVAL,
			 "field \"pattern\" needs a \"String\" or a \"Regex\"");
}

void tok_pattern_free(struct tok_pattern *p)
{
	free(p->s);
	pcre2_code_free(p->re);
	memset(p, 0, sizeof(*p));
}

static int add_cut(struct tok_scratch *s, size_t start, size_t end, bool match)
{
	if (tok_room(&s->cut, &s->cap_cut, s->num_cut + 1, sizeof(*s->cut)))
		return tok_nomem(s->err);
	s->cut[s->num_cut++] = (struct tok_cut){ start, end, match };
	return 0;
}

/* A match, and the text between the last one and it. */
static int add_match(struct tok_scratch *s, size_t last, size_t start,
		     size_t end)
{
	int rc = 0;

	if (start > last)
		rc = add_cut(s, last, start, false);
	return rc ? rc : add_cut(s, start, end, true);
}

static int cut_string(const struct tok_pattern *p, const char *text, size_t len,
		      struct tok_scratch *s, size_t *last)
{
	const char *hit;
	size_t at;
	int rc;

	while ((hit = memmem(text + *last, len - *last, p->s, p->len))) {
		at = hit - text;
		rc = add_match(s, *last, at, at + p->len);
		if (rc)
			return rc;
		*last = at + p->len;
	}
	return 0;
}

static int cut_class(const struct tok_pattern *p, const char *text, size_t len,
		     struct tok_scratch *s, size_t *last)
{
	size_t i, n;
	uint32_t cp;
	int rc;

	for (i = 0; i < len; i += n) {
		n = tok_utf8_get(text + i, &cp);
		if (!p->is(cp))
			continue;
		rc = add_match(s, *last, i, i + n);
		if (rc)
			return rc;
		*last = i + n;
	}
	return 0;
}

static int regex_failed(struct tok_scratch *s, int code)
{
	PCRE2_UCHAR msg[120];

	if (code == PCRE2_ERROR_NOMEMORY)
		return tok_nomem(s->err);
	pcre2_get_error_message(code, msg, sizeof(msg));
	return qaic_fail(s->err, -EINVAL,
			 "the tokenizer's regular expression fails on this text: %s",
			 (char *)msg);
}

static int prepare(struct tok_scratch *s)
{
	if (!s->md)
		s->md = pcre2_match_data_create(1, NULL);
	if (!s->mctx) {
		s->mctx = pcre2_match_context_create(NULL);
		if (s->mctx)
			pcre2_set_heap_limit(s->mctx, HEAP_LIMIT_KIB);
	}
	return s->md && s->mctx ? 0 : tok_nomem(s->err);
}

/* Where the character that holds byte @i begins. */
static size_t char_start(const char *text, size_t i)
{
	while (i && (text[i] & 0xc0) == 0x80)
		i--;
	return i;
}

static bool pay(struct tok_scratch *s, uint64_t price)
{
	if (s->regex_budget < price)
		return false;
	s->regex_budget -= price;
	return true;
}

/* 1: a match at @at; 0: none; or an error. */
static int match_at(const struct tok_pattern *p, const char *text, size_t len,
		    size_t at, struct tok_scratch *s)
{
	uint32_t limit = LIMIT_FIRST, flags;
	size_t window = WINDOW_FIRST;
	int rc;

	for (;;) {
		bool whole = len - at <= window;

		/* "partial" says that the match looked beyond the window */
		flags = PCRE2_ANCHORED | PCRE2_NO_UTF_CHECK |
			(whole ? 0 : PCRE2_PARTIAL_HARD);
		pcre2_set_match_limit(s->mctx, limit);
		rc = pcre2_match(p->re, (PCRE2_SPTR)text,
				 whole ? len : char_start(text, at + window),
				 at, flags, s->md, s->mctx);
		if (rc == PCRE2_ERROR_MATCHLIMIT && limit < LIMIT_LAST &&
		    pay(s, limit * 4ull))
			limit <<= 2;
		else if (rc == PCRE2_ERROR_PARTIAL && pay(s, window * 4))
			window *= 4;
		else
			break;
	}
	if (rc == PCRE2_ERROR_NOMATCH)
		return 0;
	if (rc == PCRE2_ERROR_PARTIAL)
		rc = PCRE2_ERROR_MATCHLIMIT;
	return rc < 0 ? regex_failed(s, rc) : 1;
}

static int cut_regex(const struct tok_pattern *p, const char *text, size_t len,
		     struct tok_scratch *s, size_t *last)
{
	PCRE2_SIZE *ov;
	size_t at = 0;
	uint32_t cp;
	int rc;

	rc = prepare(s);
	if (rc)
		return rc;
	ov = pcre2_get_ovector_pointer(s->md);
	while (at < len) {
		rc = match_at(p, text, len, at, s);
		if (rc < 0)
			return rc;
		/* \K moves the start; it must not go astray */
		if (!rc || ov[0] < at || ov[1] < ov[0] || ov[1] > len) {
			at += tok_utf8_get(text + at, &cp);
			continue;
		}
		rc = add_match(s, *last, ov[0], ov[1]);
		if (rc)
			return rc;
		*last = ov[1];
		/* an empty match cuts, and the next is sought one further */
		at = ov[1] > at ? ov[1] : at + tok_utf8_get(text + at, &cp);
	}
	return 0;
}

int tok_pattern_cut(const struct tok_pattern *p, const char *text, size_t len,
		    struct tok_scratch *s)
{
	size_t last = 0, i;
	int rc;

	s->num_cut = 0;
	if (p->kind == TOK_PAT_STRING)
		rc = cut_string(p, text, len, s, &last);
	else if (p->kind == TOK_PAT_CLASS)
		rc = cut_class(p, text, len, s, &last);
	else
		rc = cut_regex(p, text, len, s, &last);
	if (!rc && last < len)
		rc = add_cut(s, last, len, false);
	if (p->invert)
		for (i = 0; i < s->num_cut; i++)
			s->cut[i].match = !s->cut[i].match;
	return rc;
}
