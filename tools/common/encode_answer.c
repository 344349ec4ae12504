// SPDX-License-Identifier: MIT
/*
 * Answers in a context, as the question-answering pipeline of transformers finds
 * them: probabilities of start and end among the context's tokens (and the first
 * one, which means "none"), the best products with start <= end, whole words.
 */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "tools/common/encode_priv.h"

#define OVERLAP		128	/* tokens that two windows have in common */
#define MAX_ANSWER	15

/* The first and the number of the context's tokens. */
static size_t context_tokens(const struct qeff_token *t, size_t num,
			     size_t *first)
{
	size_t n = 0, i;

	*first = 0;
	for (i = 0; i < num; i++) {
		if (t[i].text != 1)
			continue;
		if (!n)
			*first = i;
		n = i + 1 - *first;
	}
	return n;
}

static int add_window(struct qaic_enc *g, size_t prompt,
		      const struct qeff_encoding *e, size_t first, size_t num,
		      size_t from, size_t len)
{
	size_t tail = e->num - first - num;
	struct qeff_token *t = calloc(e->num + 1, sizeof(*t));
	int ret;

	if (!t)
		return qaic_enc_no_memory(g);
	memcpy(t, e->tokens, first * sizeof(*t));
	memcpy(t + first, e->tokens + first + from, len * sizeof(*t));
	memcpy(t + first + len, e->tokens + first + num, tail * sizeof(*t));
	ret = qaic_enc_add_text(g, prompt, t, first + len + tail);
	free(t);
	return ret;
}

int qaic_enc_windows(struct qaic_enc *g, size_t prompt)
{
	struct qaic_prompt *p = &g->prompts.v[prompt];
	size_t most = qeff_encoder_max_len(g->enc), first, num, room, over, at;
	struct qeff_encoding e = { 0 };
	int ret;

	ret = qeff_encode_pair(g->tok, p->text, strlen(p->text), g->context,
			       g->context_len, true, &e, g->err);
	if (!ret)
		ret = qaic_enc_keep_ids(g, prompt, &e);
	if (ret)
		goto out;
	num = context_tokens(e.tokens, e.num, &first);
	room = most > e.num - num ? most - (e.num - num) : 0;
	if (!num || !room) {
		ret = qaic_fail(g->err, -EINVAL,
				num ? "question %zu leaves no room for the context in %zu tokens; compile with a larger --seq-len" :
				"question %zu: the context has no tokens (programs of up to %zu)",
				prompt + 1, most);
		goto out;
	}
	over = room / 2 < OVERLAP ? room / 2 : OVERLAP;
	for (at = 0; !ret; at += room - over) {
		ret = add_window(g, prompt, &e, first, num, at,
				 num - at < room ? num - at : room);
		if (num - at <= room)
			break;
	}
out:
	qeff_encoding_release(&e);
	return ret;
}

/* Where an answer may start or end; ids that were given may everywhere. */
static bool allowed(const struct qaic_enc_text *t, size_t i)
{
	return !t->tokens || t->tokens[i].text == 1;
}

/* Softmax over what is allowed and the first token; the others get 0. */
static double *chances(const struct qaic_enc_text *t, const float *logits)
{
	double *v = calloc(t->num + 1, sizeof(*v)), *some;
	size_t i, n = 0;

	some = calloc(t->num + 1, sizeof(*some));
	for (i = 0; v && some && i < t->num; i++)
		if (!i || allowed(t, i))
			some[n++] = logits[i];
	if (v && some)
		qaic_enc_softmax(some, n);
	for (i = 0, n = 0; v && some && i < t->num; i++)
		if (!i || allowed(t, i))
			v[i] = some[n++];
	if (v && t->tokens)
		v[0] = 0;		/* "none" is not asked for */
	if (!some) {
		free(v);
		v = NULL;
	}
	free(some);
	return v;
}

static bool is_word(unsigned char c)
{
	return c >= 0x80 || isalnum(c);
}

/* The bytes of the context that the tokens stand for, out to whole words. */
static void place(const struct qaic_enc *g, struct qaic_answer *a)
{
	const struct qaic_enc_text *t = &g->texts[a->text];
	const char *s = g->context;

	if (!t->tokens)
		return;
	a->start = t->tokens[a->first].start;
	a->end = t->tokens[a->last].end;
	while (a->start && is_word(s[a->start]) && is_word(s[a->start - 1]))
		a->start--;
	while (a->end && a->end < g->context_len && is_word(s[a->end - 1]) &&
	       is_word(s[a->end]))
		a->end++;
}

/* Keep the best @k, each place once. */
static void keep(const struct qaic_enc *g, struct qaic_answers *l, size_t k,
		 struct qaic_answer a)
{
	size_t i, at;

	if (l->n == k && a.score <= l->v[k - 1].score)
		return;
	place(g, &a);
	for (i = 0; i < l->n; i++) {
		if (!g->context || l->v[i].start != a.start ||
		    l->v[i].end != a.end)
			continue;
		if (l->v[i].score >= a.score)
			return;
		memmove(&l->v[i], &l->v[i + 1], (l->n - i - 1) * sizeof(a));
		l->n--;
		break;
	}
	if (l->n == k)
		l->n--;
	for (at = l->n; at && l->v[at - 1].score < a.score; at--)
		l->v[at] = l->v[at - 1];
	l->v[at] = a;
	l->n++;
}

int qaic_enc_spans(struct qaic_enc *g, size_t text, size_t row)
{
	const struct qaic_enc_text *t = &g->texts[text];
	struct qaic_answers *l = &g->answers[t->prompt];
	size_t most = g->e->max_answer_len ? g->e->max_answer_len : MAX_ANSWER;
	size_t k = qaic_enc_top(g, 1, 1000), n, i, j;
	const float *start, *end;
	double *ps, *pe;

	start = qaic_enc_row(g, "start_logits", row, t->num, &n);
	end = start ? qaic_enc_row(g, "end_logits", row, t->num, &n) : NULL;
	if (!end)
		return -EINVAL;
	if (!l->v)
		l->v = calloc(k + 1, sizeof(*l->v));
	ps = chances(t, start);
	pe = chances(t, end);
	if (!l->v || !ps || !pe) {
		free(ps);
		free(pe);
		return qaic_enc_no_memory(g);
	}
	for (i = 0; i < t->num; i++)
		for (j = i; allowed(t, i) && j < t->num && j - i < most; j++)
			if (allowed(t, j))
				keep(g, l, k, (struct qaic_answer) {
					.score = ps[i] * pe[j], .text = text,
					.first = i, .last = j,
				});
	free(ps);
	free(pe);
	return 0;
}

/* Characters, not bytes, before @at. */
static size_t characters(const char *s, size_t at)
{
	size_t i, n = 0;

	for (i = 0; i < at; i++)
		n += (s[i] & 0xc0) != 0x80;
	return n;
}

static char *answer_text(const struct qaic_enc *g, const struct qaic_answer *a)
{
	const struct qaic_enc_text *t = &g->texts[a->text];
	struct qaic_str s = { 0 };
	size_t i, len;
	char *text;

	if (t->tokens)
		return strndup(g->context + a->start, a->end - a->start);
	if (g->tok && !qeff_decode(g->tok, t->ids + a->first,
				   a->last + 1 - a->first, true, &text, &len,
				   g->err))
		return text;
	for (i = a->first; i <= a->last; i++)
		qaic_str_printf(&s, "%s%d", s.len ? " " : "", t->ids[i]);
	return s.s;
}

static int print_prompt(struct qaic_enc *g, size_t prompt)
{
	const struct qaic_answers *l = &g->answers[prompt];
	json_t *list = json_array(), *j = qaic_enc_object(g, prompt), *o;
	const struct qaic_answer *a;
	char *text;
	size_t i;

	if (!g->e->json)
		printf("%sPrompt : %s\n", prompt ? "\n" : "",
		       g->prompts.v[prompt].text);
	for (i = 0; i < l->n; i++) {
		a = &l->v[i];
		text = answer_text(g, a);
		if (!g->e->json)
			printf("  %.6f  %s\n", a->score, text ? text : "");
		o = json_pack("{s:o, s:f, s:i, s:i}", "answer",
			      qaic_json_text(text ? text : ""), "score",
			      a->score, "first_token", (int)a->first,
			      "last_token", (int)a->last);
		if (g->context) {
			json_object_set_new(o, "start", json_integer(
				characters(g->context, a->start)));
			json_object_set_new(o, "end", json_integer(
				characters(g->context, a->end)));
		}
		json_array_append_new(list, o);
		free(text);
	}
	json_object_set_new(j, "answers", list);
	return json_array_append_new(g->results, j) ? qaic_enc_no_memory(g) : 0;
}

int qaic_enc_print_answers(struct qaic_enc *g)
{
	size_t i;
	int ret = 0;

	for (i = 0; !ret && i < g->prompts.n; i++)
		ret = print_prompt(g, i);
	return ret;
}
