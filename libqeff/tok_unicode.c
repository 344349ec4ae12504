// SPDX-License-Identifier: MIT
/* Unicode normalization forms and case. utf8proc has the tables. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <utf8proc.h>

#include "libqeff/tok.h"

#define MAX_DECOMPOSED	32	/* the longest compatibility form has 18 */

struct cps {
	utf8proc_int32_t *v;
	size_t n, cap;
};

/*
 * Canonical ordering: a stable sort of each run of non-starters by combining
 * class. Counting keeps a run of a million marks linear.
 */
static int order_run(utf8proc_int32_t *v, size_t n)
{
	size_t count[257] = { 0 }, i;
	utf8proc_int32_t *out;

	if (n < 2)
		return 0;
	out = malloc(n * sizeof(*out));
	if (!out)
		return -ENOMEM;
	for (i = 0; i < n; i++)
		count[(utf8proc_get_property(v[i])->combining_class & 255) + 1]++;
	for (i = 0; i < 256; i++)
		count[i + 1] += count[i];
	for (i = 0; i < n; i++)
		out[count[utf8proc_get_property(v[i])->combining_class & 255]++] =
			v[i];
	memcpy(v, out, n * sizeof(*out));
	free(out);
	return 0;
}

static int order(struct cps *c)
{
	size_t i, start = 0;

	for (i = 0; i <= c->n; i++) {
		if (i < c->n && utf8proc_get_property(c->v[i])->combining_class)
			continue;
		if (i > start && order_run(c->v + start, i - start))
			return -ENOMEM;
		start = i + 1;
	}
	return 0;
}

static int decompose(const char *text, size_t len, int options, struct cps *c)
{
	utf8proc_ssize_t n;
	int class = 0;
	uint32_t cp;
	size_t i;

	for (i = 0; i < len;) {
		i += tok_utf8_get(text + i, &cp);
		if (tok_room(&c->v, &c->cap, c->n + MAX_DECOMPOSED,
			     sizeof(*c->v)))
			return -ENOMEM;
		n = utf8proc_decompose_char(cp, c->v + c->n, MAX_DECOMPOSED,
					    options, &class);
		if (n < 0 || n > MAX_DECOMPOSED)
			return -EINVAL;
		c->n += n;
	}
	return 0;
}

static bool is_ascii(const char *s, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (s[i] & 0x80)
			return false;
	return true;
}

int tok_unicode_normalize(enum tok_norm_type form, const char *text, size_t len,
			  struct qaic_str *out)
{
	bool compat = form == TOK_NORM_NFKC || form == TOK_NORM_NFKD;
	bool compose = form == TOK_NORM_NFC || form == TOK_NORM_NFKC;
	int options = UTF8PROC_STABLE | UTF8PROC_DECOMPOSE |
		      (compat ? UTF8PROC_COMPAT : 0);
	struct cps c = { 0 };
	utf8proc_ssize_t n;
	char u[4];
	int rc;

	if (is_ascii(text, len)) {
		if (len)
			qaic_str_add(out, text, len);
		return 0;
	}
	rc = decompose(text, len, options, &c);
	if (!rc)
		rc = order(&c);
	if (!rc && compose) {
		n = utf8proc_normalize_utf32(c.v, c.n, UTF8PROC_STABLE |
					     UTF8PROC_COMPOSE);
		rc = n < 0 ? -EINVAL : 0;
		c.n = n < 0 ? 0 : n;
	}
	for (size_t i = 0; !rc && i < c.n; i++)
		qaic_str_add(out, u, tok_utf8_put(u, c.v[i]));
	free(c.v);
	return rc;
}

void tok_unicode_lower(const char *text, size_t len, struct qaic_str *out)
{
	uint32_t cp;
	char u[4];
	size_t i;

	for (i = 0; i < len;) {
		i += tok_utf8_get(text + i, &cp);
		if (cp == 0x130)	/* the one with a longer lower case */
			qaic_str_puts(out, "i\xcc\x87");
		else
			qaic_str_add(out, u,
				     tok_utf8_put(u, utf8proc_tolower(cp)));
	}
}

void tok_unicode_strip_accents(const char *text, size_t len,
			       struct qaic_str *out)
{
	utf8proc_category_t k;
	size_t i, n;
	uint32_t cp;

	for (i = 0; i < len; i += n) {
		n = tok_utf8_get(text + i, &cp);
		k = utf8proc_category(cp);
		if (k < UTF8PROC_CATEGORY_MN || k > UTF8PROC_CATEGORY_ME)
			qaic_str_add(out, text + i, n);
	}
}
