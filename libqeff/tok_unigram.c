// SPDX-License-Identifier: MIT
/*
 * Unigram: of all ways to cut the text into pieces, the one whose scores (log
 * probabilities) add up highest. Viterbi over byte positions.
 */
#include <errno.h>
#include <string.h>

#include "libqeff/tok.h"

struct node {
	double score;		/* of the best path that ends here */
	int32_t id;		/* of its last piece; -1: an unknown character */
	size_t from;		/* where that piece begins; SIZE_MAX: no path */
};

static void edge(const struct tok_model *m, struct node *v, size_t from,
		 size_t to, int32_t id, double score)
{
	score += v[from].score;
	if (m->single)
		score = (float)score;
	if (v[to].from != SIZE_MAX && score <= v[to].score)
		return;
	v[to] = (struct node){ score, id, from };
}

static void forward(const struct tok_model *m, const char *text, size_t len,
		    struct node *v)
{
	struct tok_prefix_walk w;
	size_t i, n, one;
	bool single;
	uint32_t cp;
	int32_t id;

	for (i = 0; i < len; i++) {
		if (v[i].from == SIZE_MAX)
			continue;
		n = tok_prefix_longest(&m->user, text + i, len - i, &id);
		if (n) {	/* nothing competes with a user-defined piece */
			edge(m, v, i, i + n, id, 0);
			continue;
		}
		one = tok_utf8_get(text + i, &cp);
		single = false;
		memset(&w, 0, sizeof(w));
		while (tok_prefix_next(&m->pieces, &w, text + i, len - i, &id)) {
			single |= w.depth == one;
			edge(m, v, i, i + w.depth, id, m->score[id]);
		}
		if (!single)
			edge(m, v, i, i + one, -1, m->unk_score);
	}
}

static int emit(const struct qeff_tokenizer *tok, const struct tok_view *text,
		const struct node *v, struct tok_scratch *s)
{
	bool after_unk = false, unk;
	size_t i, end, num, k;
	int32_t ids[4];
	int rc = 0;

	/* the way back gives the pieces last first: mark it, then walk on */
	s->num_cut = 0;
	for (end = text->len; end; end = v[end].from) {
		if (tok_room(&s->cut, &s->cap_cut, s->num_cut + 1,
			     sizeof(*s->cut)))
			return tok_nomem(s->err);
		s->cut[s->num_cut++] =
			(struct tok_cut){ v[end].from, end, false };
	}
	for (i = s->num_cut; !rc && i-- > 0;) {
		const struct tok_cut *c = &s->cut[i];

		num = 1;
		ids[0] = v[c->end].id;
		unk = false;
		if (ids[0] < 0) {
			tok_model_unknown(tok, text->s + c->start,
					  c->end - c->start, ids, &num);
			unk = num == 1 && ids[0] == tok->model.unk;
			if (!num && tok->model.need_unk)
				return tok_model_lacks(s->err);
		} else if (tok->model.piece_id) {
			ids[0] = tok->model.piece_id[ids[0]];
		}
		for (k = 0; !rc && k < num && !(unk && after_unk); k++)
			rc = tok_emit(s, ids[k], text, c->start, c->end);
		after_unk = unk;
	}
	return rc;
}

int tok_unigram_run(const struct qeff_tokenizer *tok, const struct tok_view *text,
		    struct tok_scratch *s)
{
	const size_t len = text->len;
	struct node *v;
	size_t i;

	if (tok_room(&s->lattice, &s->cap_lattice, len + 1, sizeof(*v)))
		return tok_nomem(s->err);
	v = s->lattice;
	for (i = 0; i <= len; i++)
		v[i].from = SIZE_MAX;
	v[0] = (struct node){ 0, -1, 0 };
	forward(&tok->model, text->s, len, v);
	return emit(tok, text, v, s);
}
