// SPDX-License-Identifier: MIT
/*
 * Which keys of a set begin here? A sorted array, narrowed byte by byte with
 * binary searches: no memory beyond the keys themselves.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "libqeff/tok.h"

int tok_prefix_add(struct tok_prefix *p, const char *s, size_t len,
		   int32_t value)
{
	if (!len || len > UINT32_MAX)
		return -EINVAL;
	if (tok_room(&p->v, &p->cap, p->n + 1, sizeof(*p->v)))
		return -ENOMEM;
	p->v[p->n++] = (struct tok_prefix_key){ s, len, value };
	return 0;
}

static int by_text(const void *a, const void *b)
{
	const struct tok_prefix_key *x = a, *y = b;
	int c = memcmp(x->s, y->s, x->len < y->len ? x->len : y->len);

	if (c)
		return c;
	if (x->len != y->len)
		return x->len < y->len ? -1 : 1;
	/* of equal keys the one added last is found */
	return x->value < y->value ? -1 : x->value > y->value;
}

void tok_prefix_sort(struct tok_prefix *p)
{
	size_t i;
	int c;

	if (p->n)
		qsort(p->v, p->n, sizeof(*p->v), by_text);
	memset(p->first, 0, sizeof(p->first));
	for (i = 0; i < p->n; i++)
		p->first[(uint8_t)p->v[i].s[0] + 1]++;
	for (c = 0; c < 256; c++)
		p->first[c + 1] += p->first[c];
}

/* The first key of [lo, hi) whose byte at @depth is @c or more. */
static size_t lower(const struct tok_prefix *p, size_t lo, size_t hi,
		    size_t depth, unsigned int c)
{
	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if ((uint8_t)p->v[mid].s[depth] < c)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

bool tok_prefix_next(const struct tok_prefix *p, struct tok_prefix_walk *w,
		     const char *text, size_t len, int32_t *value)
{
	uint8_t c;

	if (!w->depth) {
		if (!len)
			return false;
		w->lo = p->first[(uint8_t)text[0]];
		w->hi = p->first[(uint8_t)text[0] + 1];
		w->depth = 1;
	}
	for (;;) {
		bool found = false;

		/* keys that end here come first */
		while (w->lo < w->hi && p->v[w->lo].len == w->depth) {
			*value = p->v[w->lo++].value;
			found = true;
		}
		if (found)
			return true;
		if (w->lo >= w->hi || w->depth >= len)
			return false;
		c = text[w->depth];
		w->lo = lower(p, w->lo, w->hi, w->depth, c);
		if (c < 255)
			w->hi = lower(p, w->lo, w->hi, w->depth, c + 1u);
		w->depth++;
	}
}

size_t tok_prefix_longest(const struct tok_prefix *p, const char *text,
			  size_t len, int32_t *value)
{
	struct tok_prefix_walk w = { 0 };
	size_t best = 0;

	if (!p->n)
		return 0;
	while (tok_prefix_next(p, &w, text, len, value))
		best = w.depth;
	return best;
}

void tok_prefix_free(struct tok_prefix *p)
{
	free(p->v);
	memset(p, 0, sizeof(*p));
}
