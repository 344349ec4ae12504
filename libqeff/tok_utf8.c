// SPDX-License-Identifier: MIT
/* UTF-8 in and out, and the classes of characters. */
#include <utf8proc.h>

#include "libqeff/tok.h"

/*
 * The Unicode standard's table 3-7: what may follow a lead byte. A broken
 * sequence counts as one error up to the byte that broke it, as in Rust's
 * from_utf8_lossy and in Python.
 */
enum tok_utf8 tok_utf8_next(const char *s, size_t n, uint32_t *cp, size_t *len)
{
	const uint8_t *p = (const uint8_t *)s;
	uint8_t lo = 0x80, hi = 0xbf;
	size_t want, i;
	uint32_t c = p[0];

	*len = 1;
	if (c < 0x80) {
		*cp = c;
		return TOK_UTF8_OK;
	}
	if (c < 0xc2 || c > 0xf4)
		return TOK_UTF8_BAD;
	if (c < 0xe0) {
		want = 2;
		c &= 0x1f;
	} else if (c < 0xf0) {
		want = 3;
		lo = c == 0xe0 ? 0xa0 : 0x80;
		hi = c == 0xed ? 0x9f : 0xbf;
		c &= 0x0f;
	} else {
		want = 4;
		lo = c == 0xf0 ? 0x90 : 0x80;
		hi = c == 0xf4 ? 0x8f : 0xbf;
		c &= 0x07;
	}
	for (i = 1; i < want; i++, lo = 0x80, hi = 0xbf) {
		if (i == n)
			return TOK_UTF8_TORN;
		if (p[i] < lo || p[i] > hi)
			return TOK_UTF8_BAD;
		c = c << 6 | (p[i] & 0x3f);
		*len = i + 1;
	}
	*cp = c;
	return TOK_UTF8_OK;
}

size_t tok_utf8_get(const char *s, uint32_t *cp)
{
	const uint8_t *p = (const uint8_t *)s;

	if (p[0] < 0x80) {
		*cp = p[0];
		return 1;
	}
	if (p[0] < 0xe0) {
		*cp = (p[0] & 0x1f) << 6 | (p[1] & 0x3f);
		return 2;
	}
	if (p[0] < 0xf0) {
		*cp = (p[0] & 0x0f) << 12 | (p[1] & 0x3f) << 6 | (p[2] & 0x3f);
		return 3;
	}
	*cp = (p[0] & 0x07) << 18 | (p[1] & 0x3f) << 12 | (p[2] & 0x3f) << 6 |
	      (p[3] & 0x3f);
	return 4;
}

size_t tok_utf8_put(char out[4], uint32_t cp)
{
	return utf8proc_encode_char(cp, (utf8proc_uint8_t *)out);
}

bool tok_utf8_valid(const char *s, size_t n)
{
	uint32_t cp;
	size_t len;

	for (; n; s += len, n -= len)
		if (tok_utf8_next(s, n, &cp, &len) != TOK_UTF8_OK)
			return false;
	return true;
}

void tok_utf8_armour(const struct tok_view *in, bool keep, struct tok_buf *out)
{
	size_t i = 0, start = 0, len, j;
	enum tok_utf8 r;
	uint32_t cp;

	while (i < in->len) {
		r = tok_utf8_next(in->s + i, in->len - i, &cp, &len);
		if (r == TOK_UTF8_OK && tok_raw_byte(cp) < 0) {
			i += len;
			continue;
		}
		tok_buf_copy(out, in, start, i);
		if (r != TOK_UTF8_OK && !keep) {
			tok_buf_char(out, 0xfffd, in, i, i + len);
			i += len;
			start = i;
			continue;
		}
		if (r != TOK_UTF8_OK)
			len = 1;
		for (j = 0; j < len; j++)
			tok_buf_char(out, TOK_RAW + (uint8_t)in->s[i + j], in,
				     i + j, i + j + 1);
		i += len;
		start = i;
	}
	tok_buf_copy(out, in, start, in->len);
}

/* The property White_Space. */
bool tok_is_space(uint32_t c)
{
	return (c >= 9 && c <= 13) || c == ' ' || c == 0x85 || c == 0xa0 ||
	       c == 0x1680 || (c >= 0x2000 && c <= 0x200a) || c == 0x2028 ||
	       c == 0x2029 || c == 0x202f || c == 0x205f || c == 0x3000;
}

bool tok_is_numeric(uint32_t c)
{
	utf8proc_category_t k = utf8proc_category(c);

	return k == UTF8PROC_CATEGORY_ND || k == UTF8PROC_CATEGORY_NL ||
	       k == UTF8PROC_CATEGORY_NO;
}

/* ASCII punctuation counts its symbols ($+<=>^`|~), the rest of Unicode not. */
bool tok_is_punct(uint32_t c)
{
	utf8proc_category_t k;

	if (c < 0x80)
		return (c >= '!' && c <= '/') || (c >= ':' && c <= '@') ||
		       (c >= '[' && c <= '`') || (c >= '{' && c <= '~');
	k = utf8proc_category(c);
	return k >= UTF8PROC_CATEGORY_PC && k <= UTF8PROC_CATEGORY_PO;
}

bool tok_is_letter(uint32_t c)
{
	utf8proc_category_t k = utf8proc_category(c);

	return k >= UTF8PROC_CATEGORY_LU && k <= UTF8PROC_CATEGORY_LO;
}

uint32_t tok_change_case(uint32_t c, bool upper)
{
	return upper ? utf8proc_toupper(c) : utf8proc_tolower(c);
}

/* What BERT calls control: Cc, Cf and Co, but no white space. */
bool tok_is_control(uint32_t c)
{
	utf8proc_category_t k = utf8proc_category(c);

	return (k == UTF8PROC_CATEGORY_CC || k == UTF8PROC_CATEGORY_CF ||
		k == UTF8PROC_CATEGORY_CO) && c != '\t' && c != '\n' &&
	       c != '\r';
}

/* \w of Rust's regex: Alphabetic, marks, decimal digits, connectors, joiners. */
bool tok_is_word(uint32_t c)
{
	utf8proc_category_t k = utf8proc_category(c);

	return (k >= UTF8PROC_CATEGORY_LU && k <= UTF8PROC_CATEGORY_NL) ||
	       k == UTF8PROC_CATEGORY_PC || c == 0x200c || c == 0x200d ||
	       (c >= 0x24b6 && c <= 0x24e9) || (c >= 0x1f130 && c <= 0x1f149) ||
	       (c >= 0x1f150 && c <= 0x1f169) || (c >= 0x1f170 && c <= 0x1f189);
}
