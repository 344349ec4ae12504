// SPDX-License-Identifier: MIT
/* Unicode normalization forms and case. utf8proc has the tables. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <utf8proc.h>

#include "libqeff/tok.h"

#define MAX_DECOMPOSED	32	/* the longest compatibility form has 18 */

struct cp {
	utf8proc_int32_t cp;
	struct tok_span at;
};

struct cps {
	struct cp *v;
	size_t n, cap;
};

static uint8_t class_of(const struct cp *c)
{
	return utf8proc_get_property(c->cp)->combining_class;
}

/*
 * Canonical ordering: a stable sort of each run of non-starters by combining
 * class. Counting keeps a run of a million marks linear.
 */
static int order_run(struct cp *v, size_t n)
{
	size_t count[257] = { 0 }, i;
	struct cp *out;

	if (n < 2)
		return 0;
	out = malloc(n * sizeof(*out));
	if (!out)
		return -ENOMEM;
	for (i = 0; i < n; i++)
		count[class_of(&v[i]) + 1]++;
	for (i = 0; i < 256; i++)
		count[i + 1] += count[i];
	for (i = 0; i < n; i++)
		out[count[class_of(&v[i])]++] = v[i];
	memcpy(v, out, n * sizeof(*out));
	free(out);
	return 0;
}

static int order(struct cps *c)
{
	size_t i, start = 0;

	for (i = 0; i <= c->n; i++) {
		if (i < c->n && class_of(&c->v[i]))
			continue;
		if (i > start && order_run(c->v + start, i - start))
			return -ENOMEM;
		start = i + 1;
	}
	return 0;
}

static int decompose(const struct tok_view *in, int options, struct cps *c)
{
	utf8proc_int32_t to[MAX_DECOMPOSED];
	utf8proc_ssize_t n;
	int class = 0;
	uint32_t cp;
	size_t i, k;

	for (i = 0; i < in->len; i += k) {
		k = tok_utf8_get(in->s + i, &cp);
		if (tok_room(&c->v, &c->cap, c->n + MAX_DECOMPOSED,
			     sizeof(*c->v)))
			return -ENOMEM;
		n = utf8proc_decompose_char(cp, to, MAX_DECOMPOSED, options,
					    &class);
		if (n < 0 || n > MAX_DECOMPOSED)
			return -EINVAL;
		for (utf8proc_ssize_t j = 0; j < n; j++)
			c->v[c->n++] = (struct cp){ to[j],
				tok_view_span(in, i, i + k) };
	}
	return 0;
}

/* The composition of two characters, or -1. */
static utf8proc_int32_t pair(utf8proc_int32_t a, utf8proc_int32_t b)
{
	utf8proc_int32_t v[2] = { a, b };

	if (b < 0x300)		/* no such one follows another */
		return -1;
	return utf8proc_normalize_utf32(v, 2, UTF8PROC_STABLE |
					UTF8PROC_COMPOSE) == 1 ? v[0] : -1;
}

/* The standard's canonical composition (3.11), in place. */
static void compose(struct cps *c)
{
	struct cp *v = c->v, *starter = NULL;
	utf8proc_int32_t both;
	size_t i, n = 0;
	int last = -1, k;	/* class of what stands after the starter */

	for (i = 0; i < c->n; i++) {
		k = class_of(&v[i]);
		both = starter && last < k ? pair(starter->cp, v[i].cp) : -1;
		if (both >= 0) {
			starter->cp = both;
			starter->at.end = v[i].at.end;
			continue;
		}
		v[n] = v[i];
		if (!k) {
			starter = &v[n];
			last = -1;
		} else {
			last = k;
		}
		n++;
	}
	c->n = n;
}

static bool is_ascii(const struct tok_view *in)
{
	size_t i;

	for (i = 0; i < in->len; i++)
		if (in->s[i] & 0x80)
			return false;
	return true;
}

int tok_unicode_normalize(enum tok_norm_type form, const struct tok_view *in,
			  struct tok_buf *out)
{
	bool compat = form == TOK_NORM_NFKC || form == TOK_NORM_NFKD;
	int options = UTF8PROC_STABLE | UTF8PROC_DECOMPOSE |
		      (compat ? UTF8PROC_COMPAT : 0);
	struct tok_view one = { .len = 1 };
	struct cps c = { 0 };
	size_t i;
	int rc;

	if (is_ascii(in)) {
		tok_buf_copy(out, in, 0, in->len);
		return 0;
	}
	rc = decompose(in, options, &c);
	if (!rc)
		rc = order(&c);
	if (!rc && (form == TOK_NORM_NFC || form == TOK_NORM_NFKC))
		compose(&c);
	for (i = 0; !rc && i < c.n; i++) {
		one.at = in->at ? &c.v[i].at : NULL;
		tok_buf_char(out, c.v[i].cp, &one, 0, 1);
	}
	free(c.v);
	return rc;
}

void tok_unicode_lower(const struct tok_view *in, struct tok_buf *out)
{
	uint32_t cp, to;
	size_t i, n;

	for (i = 0; i < in->len; i += n) {
		n = tok_utf8_get(in->s + i, &cp);
		to = utf8proc_tolower(cp);
		if (cp == 0x130)	/* the one with a longer lower case */
			tok_buf_put(out, "i\xcc\x87", 3, in, i, i + n);
		else if (to == cp)
			tok_buf_copy(out, in, i, i + n);
		else
			tok_buf_char(out, to, in, i, i + n);
	}
}

void tok_unicode_strip_accents(const struct tok_view *in, bool mn_only,
			       struct tok_buf *out)
{
	utf8proc_category_t k, last = mn_only ? UTF8PROC_CATEGORY_MN :
				      UTF8PROC_CATEGORY_ME;
	size_t i, n;
	uint32_t cp;

	for (i = 0; i < in->len; i += n) {
		n = tok_utf8_get(in->s + i, &cp);
		k = utf8proc_category(cp);
		if (k < UTF8PROC_CATEGORY_MN || k > last)
			tok_buf_copy(out, in, i, i + n);
	}
}
