// SPDX-License-Identifier: MIT
/*
 * The alphabet of byte-level models (GPT-2's bytes_to_unicode): a byte that is a
 * printable Latin-1 character stands for itself, the others are numbered from
 * U+0100 in order.
 */
#include "libqeff/tok.h"

static bool is_itself(uint32_t c)
{
	return (c >= 0x21 && c <= 0x7e) || (c >= 0xa1 && c <= 0xac) ||
	       (c >= 0xae && c <= 0xff);
}

uint32_t tok_byte_char(uint8_t b)
{
	if (is_itself(b))
		return b;
	if (b <= 0x20)
		return 0x100 + b;
	if (b <= 0xa0)
		return 0x121 + b - 0x7f;
	return 0x143;				/* 0xad, the soft hyphen */
}

int tok_char_byte(uint32_t cp)
{
	if (is_itself(cp))
		return cp;
	if (cp < 0x100 || cp > 0x143)
		return -1;
	if (cp <= 0x120)
		return cp - 0x100;
	return cp == 0x143 ? 0xad : cp - 0x121 + 0x7f;
}

void tok_bytes_spell(const struct tok_view *in, struct tok_buf *out)
{
	size_t i, n, k;
	uint32_t cp;

	for (i = 0; i < in->len; i += n) {
		n = tok_utf8_get(in->s + i, &cp);
		if (tok_raw_byte(cp) >= 0) {
			tok_buf_char(out, tok_byte_char(tok_raw_byte(cp)), in,
				     i, i + n);
			continue;
		}
		for (k = i; k < i + n; k++)
			tok_buf_char(out, tok_byte_char(in->s[k]), in, k,
				     k + 1);
	}
}
