// SPDX-License-Identifier: MIT
/*
 * Byte-pair encoding. Symbols are a linked list over the text; the best pair of
 * neighbours is merged first (lowest rank, then leftmost), through a heap, so a
 * text of n characters costs n log n even when it is one word.
 *
 * Two kinds of file differ only in what makes a pair: tokenizer.json lists
 * merges of ids; SentencePiece merges whatever concatenates to a piece, the
 * highest score first.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "libqeff/tok.h"

static const struct tok_pair *find_pair(const struct tok_model *m, int32_t a,
					int32_t b)
{
	uint64_t key = (uint64_t)(uint32_t)a << 32 | (uint32_t)b;
	size_t i;

	if (!m->num_slots)
		return NULL;
	i = qaic_hash_mix(key ^ qaic_hash_seed()) & (m->num_slots - 1);
	for (; m->pair[i].rank; i = (i + 1) & (m->num_slots - 1))
		if (m->pair[i].key == key)
			return &m->pair[i];
	return NULL;
}

static bool before(const struct tok_cand *a, const struct tok_cand *b)
{
	return a->rank != b->rank ? a->rank < b->rank : a->left < b->left;
}

static int push(struct tok_scratch *s, struct tok_cand c)
{
	size_t i = s->num_heap, up;

	if (tok_room(&s->heap, &s->cap_heap, i + 1, sizeof(*s->heap)))
		return tok_nomem(s->err);
	s->num_heap++;
	for (; i; i = up) {
		up = (i - 1) / 2;
		if (!before(&c, &s->heap[up]))
			break;
		s->heap[i] = s->heap[up];
	}
	s->heap[i] = c;
	return 0;
}

static struct tok_cand pop(struct tok_scratch *s)
{
	struct tok_cand *h = s->heap, top = h[0], last = h[--s->num_heap];
	size_t i = 0, kid;

	while ((kid = 2 * i + 1) < s->num_heap) {
		if (kid + 1 < s->num_heap && before(&h[kid + 1], &h[kid]))
			kid++;
		if (!before(&h[kid], &last))
			break;
		h[i] = h[kid];
		i = kid;
	}
	h[i] = last;
	return top;
}

/* Offer the pair that begins at @left, if it can merge at all. */
static int offer(const struct qeff_tokenizer *tok, const char *text,
		 int32_t left, struct tok_scratch *s)
{
	const struct tok_model *m = &tok->model;
	const struct tok_symbol *a, *b;
	const struct tok_pair *p;
	struct tok_cand c = { .left = left };

	if (left < 0 || s->sym[left].next < 0)
		return 0;
	a = &s->sym[left];
	b = &s->sym[a->next];
	c.len = a->len + b->len;
	if (m->type == TOK_MODEL_SPM) {
		if (a->frozen || b->frozen)
			return 0;
		c.id = tok_vocab_find(&tok->vocab, text + a->start, c.len);
		if (c.id < 0 || !(tok->vocab.flags[c.id] & TOK_PIECE))
			return 0;
		c.rank = m->rank[c.id];
	} else {
		p = find_pair(m, a->id, b->id);
		if (!p)
			return 0;
		c.id = p->id;
		c.rank = p->rank;
	}
	return push(s, c);
}

static int merge_all(const struct qeff_tokenizer *tok, const char *text,
		     struct tok_scratch *s)
{
	struct tok_symbol *a, *b;
	struct tok_cand c;
	size_t i;
	int rc = 0;

	s->num_heap = 0;
	for (i = 0; !rc && i + 1 < s->num_sym; i++)
		rc = offer(tok, text, i, s);
	while (!rc && s->num_heap) {
		c = pop(s);
		a = &s->sym[c.left];
		/* symbols only grow: another length is another pair */
		if (!a->len || a->next < 0 ||
		    a->len + s->sym[a->next].len != c.len)
			continue;
		b = &s->sym[a->next];
		a->len = c.len;
		a->id = c.id;
		a->next = b->next;
		if (b->next >= 0)
			s->sym[b->next].prev = c.left;
		b->len = 0;
		rc = offer(tok, text, a->prev, s);
		if (!rc)
			rc = offer(tok, text, c.left, s);
	}
	return rc;
}

static int add_symbol(struct tok_scratch *s, size_t start, size_t len,
		      int32_t id, bool frozen)
{
	if (s->num_sym >= INT32_MAX - 1 || len > INT32_MAX)
		return qaic_fail(s->err, -EFBIG, "the text is too long");
	if (tok_room(&s->sym, &s->cap_sym, s->num_sym + 1, sizeof(*s->sym)))
		return tok_nomem(s->err);
	s->sym[s->num_sym] = (struct tok_symbol){
		.start = start, .len = len, .id = id, .frozen = frozen,
		.prev = (int32_t)s->num_sym - 1, .next = s->num_sym + 1,
	};
	s->num_sym++;
	return 0;
}

static int32_t char_id(const struct qeff_tokenizer *tok, const char *text,
		       size_t n, uint32_t cp)
{
	if (cp < QAIC_ARRAY_SIZE(tok->model.low_id))
		return tok->model.low_id[cp];
	return tok_vocab_model(&tok->vocab, text, n);
}

/* The character [@i, @i + @n) of a word, spelled as the vocabulary spells it. */
static int32_t spelled_id(const struct qeff_tokenizer *tok, const char *text,
			  size_t len, size_t i, size_t n, struct tok_scratch *s)
{
	const struct tok_model *m = &tok->model;
	bool inner = m->inner_prefix && i;
	bool last = m->end_suffix && i + n == len;
	uint32_t cp;

	tok_utf8_get(text + i, &cp);
	if (tok_raw_byte(cp) >= 0)
		return -1;
	if (!inner && !last)
		return char_id(tok, text + i, n, cp);
	s->spell.len = 0;
	if (inner)
		qaic_str_puts(&s->spell, m->inner_prefix);
	qaic_str_add(&s->spell, text + i, n);
	if (last)
		qaic_str_puts(&s->spell, m->end_suffix);
	return s->spell.failed ? -1 :
	       tok_vocab_model(&tok->vocab, s->spell.s, s->spell.len);
}

/*
 * tokenizer.json: characters that the vocabulary lacks become bytes or the
 * unknown token before anything merges.
 */
static int make_symbols(const struct qeff_tokenizer *tok, const char *text,
			size_t len, struct tok_scratch *s)
{
	bool after_unk = false;
	int32_t id, ids[4];
	size_t i, n, k, num;
	uint32_t cp;
	int rc = 0;

	for (i = 0; !rc && i < len; i += n) {
		n = tok_utf8_get(text + i, &cp);
		id = spelled_id(tok, text, len, i, n, s);
		if (id >= 0) {
			rc = add_symbol(s, i, n, id, false);
			after_unk = false;
			continue;
		}
		tok_model_unknown(tok, text + i, n, ids, &num);
		if (num == 1 && ids[0] == tok->model.unk) {
			if (after_unk && tok->model.fuse_unk)
				s->sym[s->num_sym - 1].len += n;
			else
				rc = add_symbol(s, i, n, ids[0], false);
			after_unk = true;
			continue;
		}
		for (k = 0; !rc && k < num; k++)
			rc = add_symbol(s, i + k, k + 1 < num ? 1 : n - k,
					ids[k], false);
		after_unk = false;
	}
	return !rc && s->spell.failed ? tok_nomem(s->err) : rc;
}

/* SentencePiece: characters and user-defined pieces, known or not. */
static int make_spm_symbols(const struct qeff_tokenizer *tok, const char *text,
			    size_t len, struct tok_scratch *s)
{
	size_t i, n;
	uint32_t cp;
	int32_t id;
	int rc = 0;

	for (i = 0; !rc && i < len; i += n) {
		n = tok_prefix_longest(&tok->model.user, text + i, len - i, &id);
		if (n) {
			rc = add_symbol(s, i, n, id, true);
			continue;
		}
		n = tok_utf8_get(text + i, &cp);
		rc = add_symbol(s, i, n, tok_raw_byte(cp) < 0 ?
				char_id(tok, text + i, n, cp) : -1, false);
	}
	return rc;
}

/* What is left: known ids, bytes, and one unknown for each run of them. */
static int emit(const struct qeff_tokenizer *tok, const struct tok_view *v,
		struct tok_scratch *s)
{
	const struct tok_symbol *y;
	bool after_unk = false, unk;
	int32_t i, ids[4];
	size_t num, k;
	int rc = 0;

	for (i = 0; !rc && i >= 0; i = y->next) {
		y = &s->sym[i];
		unk = false;
		num = 1;
		ids[0] = y->id;
		if (y->id < 0) {
			tok_model_unknown(tok, v->s + y->start, y->len, ids,
					  &num);
			unk = num == 1 && ids[0] == tok->model.unk;
		}
		for (k = 0; !rc && k < num && !(unk && after_unk); k++)
			rc = tok_emit(s, ids[k], v, y->start,
				      y->start + y->len);
		after_unk = unk;
	}
	return rc;
}

int tok_bpe_run(const struct qeff_tokenizer *tok, const struct tok_view *v,
		struct tok_scratch *s)
{
	const size_t len = v->len;
	const char *text = v->s;
	int32_t id;
	int rc;

	if (tok->model.ignore_merges) {
		id = tok_vocab_model(&tok->vocab, text, len);
		if (id >= 0)
			return tok_emit(s, id, v, 0, len);
	}
	s->num_sym = 0;
	rc = tok->model.type == TOK_MODEL_SPM ?
		make_spm_symbols(tok, text, len, s) :
		make_symbols(tok, text, len, s);
	if (rc || !s->num_sym)
		return rc;
	s->sym[s->num_sym - 1].next = -1;
	rc = merge_all(tok, text, s);
	return rc ? rc : emit(tok, v, s);
}
