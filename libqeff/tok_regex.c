// SPDX-License-Identifier: MIT
/*
 * Regular expressions as the tokenizers library means them (Oniguruma, Ruby's
 * syntax), respelled for PCRE2 where the two differ: what \w and \s cover, \h (a
 * hexadecimal digit there, a blank here), and what follows from \w for \b.
 */
#include <errno.h>
#include <string.h>

#include "libqeff/tok.h"

/* Oniguruma's word characters: letters, marks, numbers, connectors, (A) */
#define WORD	"\\p{L}\\p{M}\\p{N}\\p{Pc}" \
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
				 "regular expression: \\%c inside [...] is not supported",
				 c);
	qaic_str_puts(out, s);
	return 0;
}

int tok_regex_respell(const char *re, size_t len, struct qaic_str *out,
		      struct qaic_err *err)
{
	bool in_class = false;
	size_t i;
	int rc;

	for (i = 0; i < len; i++) {
		if (re[i] == '\\' && i + 1 < len) {
			rc = put_escape(re[++i], in_class, out, err);
			if (rc)
				return rc;
			continue;
		}
		/* Ruby nests classes and intersects them; PCRE2 does not */
		if (in_class && ((re[i] == '[' && re[i + 1] != ':') ||
				 (re[i] == '&' && re[i + 1] == '&')))
			return qaic_fail(err, -EOPNOTSUPP,
					 "regular expression: %c inside [...] is not supported",
					 re[i]);
		if (in_class && re[i] == '[') {		/* [:alpha:] */
			const char *end = strstr(re + i, ":]");

			if (!end)
				return qaic_fail(err, -EINVAL,
						 "regular expression: [: without :]");
			qaic_str_add(out, re + i, end + 2 - (re + i));
			i = end + 1 - re;
			continue;
		}
		if (!in_class && re[i] == '[') {
			in_class = true;
			qaic_str_putc(out, '[');
			if (re[i + 1] == '^')
				qaic_str_putc(out, re[++i]);
			if (re[i + 1] == ']') {
				qaic_str_puts(out, "\\]");
				i++;
			}
			continue;
		}
		if (in_class && re[i] == ']')
			in_class = false;
		qaic_str_putc(out, re[i]);
	}
	return out->failed ? tok_nomem(err) : 0;
}
