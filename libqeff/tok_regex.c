// SPDX-License-Identifier: MIT
/*
 * Regular expressions as the tokenizers library means them (Oniguruma, Ruby's
 * syntax), respelled for PCRE2 where the two differ: what \w and \s cover, \h (a
 * hexadecimal digit there, a blank here), and what follows from \w for \b.
 */
#include <errno.h>
#include <string.h>

#include "libqeff/tok.h"

/*
 * Oniguruma's word characters: Alphabetic, marks, decimal digits, connectors; its
 * Latin-1 table adds the superscripts and fractions of that page.
 */
#define WORD	"\\p{L}\\p{M}\\p{Nd}\\p{Nl}\\p{Pc}" \
		"\\x{b2}\\x{b3}\\x{b9}\\x{bc}-\\x{be}" \
		"\\x{24b6}-\\x{24e9}\\x{1f130}-\\x{1f149}" \
		"\\x{1f150}-\\x{1f169}\\x{1f170}-\\x{1f189}"
/* the property White_Space; PCRE2 adds U+180E */
#define SPACE	"\\x{9}-\\x{d}\\x{20}\\x{85}\\x{a0}\\x{1680}\\x{2000}-\\x{200a}" \
		"\\x{2028}\\x{2029}\\x{202f}\\x{205f}\\x{3000}"
#define HEX	"0-9a-fA-F"

static const struct {
	char c;
	const char *in_class;	/* NULL: cannot be said inside [...] */
	const char *outside;
} escapes[] = {
	{ 'w', WORD, "[" WORD "]" },
	{ 'W', NULL, "[^" WORD "]" },
	{ 's', SPACE, "[" SPACE "]" },
	/* inside a class the two differ in U+180E alone */
	{ 'S', "\\S", "[^" SPACE "]" },
	{ 'h', HEX, "[" HEX "]" },
	{ 'H', NULL, "[^" HEX "]" },
	{ 'b', "\\b", "(?:(?<=[" WORD "])(?![" WORD "])|"
		      "(?<![" WORD "])(?=[" WORD "]))" },
	{ 'B', NULL, "(?:(?<=[" WORD "])(?=[" WORD "])|"
		     "(?<![" WORD "])(?![" WORD "]))" },
};

static int put_escape(char c, bool in_class, struct qaic_str *out,
		      struct qaic_err *err)
{
	const char *s;
	size_t i;

	for (i = 0; i < QAIC_ARRAY_SIZE(escapes); i++)
		if (escapes[i].c == c)
			break;
	if (i == QAIC_ARRAY_SIZE(escapes)) {
		qaic_str_putc(out, '\\');
		qaic_str_putc(out, c);
		return 0;
	}
	s = in_class ? escapes[i].in_class : escapes[i].outside;
	if (!s)
		return qaic_fail(err, -EOPNOTSUPP,
				 "\\%c inside [...] is not supported",
				 c);
	qaic_str_puts(out, s);
	return 0;
}

/* [:alpha:] is the same in both */
static int put_posix(const char *re, size_t *i, struct qaic_str *out,
		     struct qaic_err *err)
{
	const char *end = strstr(re + *i, ":]");

	if (!end)
		return qaic_fail(err, -EINVAL, "[: without :]");
	qaic_str_add(out, re + *i, end + 2 - (re + *i));
	*i = end + 1 - re;
	return 0;
}

/*
 * One character inside [...], at nesting *depth. Ruby nests classes and
 * intersects them, PCRE2 does neither: a union is flattened, the rest refused.
 */
static int put_in_class(const char *re, size_t *i, size_t *depth,
			struct qaic_str *out, struct qaic_err *err)
{
	char c = re[*i], next = re[*i + 1];

	if (c == '[' && next == ':')
		return put_posix(re, i, out, err);
	if ((c == '&' && next == '&') ||
	    (c == '[' && (next == '^' || next == ']' || re[*i - 1] == '-')))
		return qaic_fail(err, -EOPNOTSUPP,
				 "%c%c inside [...] is not supported", c, next);
	if (c == '[') {
		++*depth;
		return 0;
	}
	if (c == ']' && --*depth)
		return 0;
	qaic_str_putc(out, c);
	return 0;
}

int tok_regex_respell(const char *re, size_t len, struct qaic_str *out,
		      struct qaic_err *err)
{
	size_t i, depth = 0;
	int rc = 0;

	for (i = 0; !rc && i < len; i++) {
		if (re[i] == '\\' && i + 1 < len) {
			rc = put_escape(re[++i], depth, out, err);
		} else if (depth) {
			rc = put_in_class(re, &i, &depth, out, err);
		} else {
			qaic_str_putc(out, re[i]);
			if (re[i] != '[')
				continue;
			depth = 1;
			if (re[i + 1] == '^')
				qaic_str_putc(out, re[++i]);
			if (re[i + 1] == ']') {		/* a first ] is one */
				qaic_str_puts(out, "\\]");
				i++;
			}
		}
	}
	if (!rc && out->failed)
		rc = tok_nomem(err);
	return rc;
}
