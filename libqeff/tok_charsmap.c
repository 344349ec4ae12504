// SPDX-License-Identifier: MIT
/*
 * SentencePiece's precompiled map of characters: which sequences of characters
 * become which others (nmt_nfkc and its like).
 *
 * Four bytes give the size of a trie, then come the trie, a Darts-clone double
 * array of 32-bit units, and the texts that its values are offsets of, each
 * ended by a NUL (sentencepiece/src/normalizer.cc). SentencePiece takes the
 * longest sequence that begins at a place. Hugging Face's tokenizers do
 * something else, and models are trained with either: they cut the text into
 * grapheme clusters, look up short ones as a whole, else their characters one by
 * one, and of several entries that begin a key take the shortest.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <utf8proc.h>

#include "libqeff/tok.h"

#define MAX_BLOB	(16u << 20)
#define SHORT_GRAPHEME	6	/* bytes; from here on character by character */

static uint32_t unit(const struct tok_charsmap *m, size_t i)
{
	const uint8_t *p = m->blob + 4 + i * 4;

	return p[0] | p[1] << 8 | p[2] << 16 | (uint32_t)p[3] << 24;
}

static size_t offset(uint32_t u)
{
	return (size_t)(u >> 10) << ((u & 1u << 9) >> 6);
}

int tok_charsmap_read(struct tok_charsmap *m, const void *data, size_t len,
		      struct qaic_err *err)
{
	const uint8_t *p = data;
	uint32_t size;

	if (len < 8 || len > MAX_BLOB)
		goto bad;
	size = p[0] | p[1] << 8 | p[2] << 16 | (uint32_t)p[3] << 24;
	if (!size || size % 4 || size > len - 4)
		goto bad;
	m->blob = malloc(len);
	if (!m->blob)
		return tok_nomem(err);
	memcpy(m->blob, data, len);
	m->len = len;
	m->units = size / 4;
	return 0;
bad:
	return qaic_fail(err, -EINVAL,
			 "precompiled_charsmap: %zu bytes that are no map of characters",
			 len);
}

static int base64_digit(char c)
{
	static const char set[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				  "abcdefghijklmnopqrstuvwxyz0123456789+/";
	const char *p = c ? strchr(set, c) : NULL;

	return p ? p - set : -1;
}

int tok_charsmap_base64(struct tok_charsmap *m, const char *text,
			struct qaic_err *err)
{
	size_t len = strlen(text), i, n = 0;
	uint32_t bits = 0;
	uint8_t *data;
	int rc, d;

	while (len && text[len - 1] == '=')
		len--;
	data = malloc(len / 4 * 3 + 4);
	if (!data)
		return tok_nomem(err);
	for (i = 0; i < len; i++) {
		d = base64_digit(text[i]);
		if (d < 0) {
			free(data);
			return qaic_fail(err, -EINVAL,
					 "precompiled_charsmap is not base64");
		}
		bits = bits << 6 | d;
		if (i % 4)
			data[n++] = bits >> (6 - i % 4 * 2);
	}
	rc = tok_charsmap_read(m, data, n, err);
	free(data);
	return rc;
}

/* The text for a key that begins @s, or NULL; *used is the key's length. */
static const char *find(const struct tok_charsmap *m, const char *s, size_t len,
			size_t *used)
{
	const size_t texts = 4 + m->units * 4;
	const char *found = NULL;
	size_t at = offset(unit(m, 0)), i, to;
	uint32_t u;

	for (i = 0; i < len && s[i]; i++) {
		at ^= (uint8_t)s[i];
		if (at >= m->units)
			break;
		u = unit(m, at);
		if ((u & (1u << 31 | 0xff)) != (uint8_t)s[i])
			break;
		at ^= offset(u);
		if (at >= m->units)
			break;
		if (!(u >> 8 & 1))
			continue;
		to = unit(m, at) & ~(1u << 31);
		if (to >= m->len - texts)
			break;
		found = (const char *)m->blob + texts + to;
		*used = i + 1;
		if (!m->longest)
			break;
	}
	return found;
}

static size_t text_len(const struct tok_charsmap *m, const char *s)
{
	return strnlen(s, m->blob + m->len - (uint8_t *)s);
}

/* Replace [from, to) as a whole by what an entry that begins it says. */
static bool replace(const struct tok_charsmap *m, const struct tok_view *in,
		    size_t from, size_t to, struct tok_buf *out)
{
	size_t used;
	const char *s = find(m, in->s + from, to - from, &used);

	if (s)
		tok_buf_put(out, s, text_len(m, s), in, from, to);
	return s;
}

static void by_grapheme(const struct tok_charsmap *m, const struct tok_view *in,
			struct tok_buf *out)
{
	size_t from, to, n;
	uint32_t cp, next;
	int32_t state;

	for (from = 0; from < in->len; from = to) {
		to = from + tok_utf8_get(in->s + from, &cp);
		for (state = 0; to < in->len; to += n, cp = next) {
			n = tok_utf8_get(in->s + to, &next);
			if (utf8proc_grapheme_break_stateful(cp, next, &state))
				break;
		}
		if (to - from < SHORT_GRAPHEME && replace(m, in, from, to, out))
			continue;
		for (; from < to; from += n) {
			n = tok_utf8_get(in->s + from, &cp);
			if (!replace(m, in, from, from + n, out))
				tok_buf_copy(out, in, from, from + n);
		}
	}
}

void tok_charsmap_run(const struct tok_charsmap *m, const struct tok_prefix *keep,
		      const struct tok_view *in, struct tok_buf *out)
{
	const char *s;
	size_t i, n;
	uint32_t cp;
	int32_t id;

	if (!m->longest) {
		by_grapheme(m, in, out);
		return;
	}
	for (i = 0; i < in->len; i += n) {
		/* user-defined pieces stay as they are */
		n = tok_prefix_longest(keep, in->s + i, in->len - i, &id);
		s = n ? NULL : find(m, in->s + i, in->len - i, &n);
		if (s) {
			tok_buf_put(out, s, text_len(m, s), in, i, i + n);
			continue;
		}
		if (!n)
			n = tok_utf8_get(in->s + i, &cp);
		tok_buf_copy(out, in, i, i + n);
	}
}

void tok_charsmap_free(struct tok_charsmap *m)
{
	free(m->blob);
	memset(m, 0, sizeof(*m));
}
