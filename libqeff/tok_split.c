// SPDX-License-Identifier: MIT
/*
 * What becomes of the matches of a split: NormalizedString::split() of Hugging
 * Face's tokenizers. Afterwards a cut's .match means "drop it".
 */
#include "libqeff/tok.h"

static void merge_with_next(struct tok_cut *c, size_t *num)
{
	size_t n = *num, r, w = n;
	bool previous = false;

	/* from the back, each match joins what follows it */
	for (r = n; r-- > 0;) {
		bool match = c[r].match;

		if (match && !previous && w < n)
			c[w].start = c[r].start;
		else
			c[--w] = (struct tok_cut){ c[r].start, c[r].end, false };
		previous = match;
	}
	for (r = 0; w + r < n; r++)
		c[r] = c[w + r];
	*num = r;
}

void tok_split_fold(struct tok_scratch *s, enum tok_behavior b)
{
	struct tok_cut *c = s->cut;
	bool previous = false, match, join;
	size_t r, w = 0;

	if (b == TOK_REMOVED)
		return;
	if (b == TOK_MERGED_NEXT) {
		merge_with_next(c, &s->num_cut);
		return;
	}
	for (r = 0; r < s->num_cut; r++) {
		match = c[r].match;
		join = (b == TOK_CONTIGUOUS && match == previous) ||
		       (b == TOK_MERGED_PREV && match && !previous);
		if (join && w) {
			c[w - 1].end = c[r].end;
		} else {
			c[w] = (struct tok_cut){ c[r].start, c[r].end, false };
			w++;
		}
		previous = match;
	}
	s->num_cut = w;
}
