/* SPDX-License-Identifier: MIT */
/* A small precompiled_charsmap, every node of its trie in a block of its own. */
#ifndef CHARSMAP_SAMPLE_H
#define CHARSMAP_SAMPLE_H

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define CHARSMAP_NODES	24
#define CHARSMAP_UNITS	(256 * (CHARSMAP_NODES + 1))

struct charsmap_sample {
	uint32_t unit[CHARSMAP_UNITS];
	int num_nodes;
	char text[128];
	size_t text_len;
	uint8_t blob[4 + CHARSMAP_UNITS * 4 + 128];
	size_t len;
};

/* The block that the unit at @at leads to; made if there is none. */
static inline uint32_t charsmap_block(struct charsmap_sample *c, uint32_t at)
{
	if (!(c->unit[at] >> 10))
		c->unit[at] |= (at ^ 256 * ++c->num_nodes) << 10;
	return at ^ c->unit[at] >> 10;
}

static inline void charsmap_add(struct charsmap_sample *c, const char *from,
				const char *to)
{
	uint32_t at = 0, block;

	for (; *from; from++) {
		block = charsmap_block(c, at);
		at = block + (uint8_t)*from;
		c->unit[at] |= (uint8_t)*from;
	}
	block = charsmap_block(c, at);
	c->unit[at] |= 1 << 8;
	c->unit[block] = 1u << 31 | c->text_len;
	strcpy(c->text + c->text_len, to);
	c->text_len += strlen(to) + 1;
}

static inline void charsmap_sample(struct charsmap_sample *c)
{
	uint32_t size = sizeof(c->unit);

	memset(c, 0, sizeof(*c));
	charsmap_add(c, "\xef\xac\x81", "fi");		/* the ligature */
	charsmap_add(c, "A", "a");
	charsmap_add(c, "\t", " ");
	charsmap_add(c, "\xc2\xad", "");		/* the soft hyphen */
	charsmap_add(c, "e", "E");
	charsmap_add(c, "e\xcc\x81", "\xc3\xa9");	/* with an accent */
	memcpy(c->blob, &size, 4);
	memcpy(c->blob + 4, c->unit, size);
	memcpy(c->blob + 4 + size, c->text, c->text_len);
	c->len = 4 + size + c->text_len;
}

/* malloc'ed */
static inline char *charsmap_base64(const struct charsmap_sample *c)
{
	static const char set[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				  "abcdefghijklmnopqrstuvwxyz0123456789+/";
	char *s = malloc(c->len / 3 * 4 + 8), *p = s;
	size_t i, k, n;
	uint32_t v;

	for (i = 0; s && i < c->len; i += 3) {
		n = c->len - i < 3 ? c->len - i : 3;
		for (v = 0, k = 0; k < 3; k++)
			v = v << 8 | (k < n ? c->blob[i + k] : 0);
		for (k = 0; k < 4; k++)
			*p++ = k <= n ? set[v >> (18 - 6 * k) & 63] : '=';
	}
	if (s)
		*p = '\0';
	return s;
}

#endif
