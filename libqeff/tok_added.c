// SPDX-License-Identifier: MIT
/*
 * Added tokens: texts that become one id wherever they stand, before any model
 * sees them. The semantics, quirks included, are AddedVocabulary's of Hugging
 * Face's tokenizers: leftmost-longest matches; "normalized" tokens are searched
 * in their normalized form in the normalized text.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "libqeff/tok.h"

static int dup_text(char **to, const char *s, size_t len)
{
	*to = malloc(len + 1);
	if (!*to)
		return -ENOMEM;
	memcpy(*to, s, len);
	(*to)[len] = '\0';
	return 0;
}

/* Decide the id: the vocabulary's own, else the one asked for. */
static int place(struct qeff_tokenizer *tok, struct tok_added_token *t,
		 struct qaic_err *err)
{
	int32_t have = tok_vocab_find(&tok->vocab, t->s, t->len);
	int rc;

	if (have < 0) {
		have = t->id >= 0 ? t->id : (int32_t)tok->vocab.size;
		rc = tok_vocab_add(&tok->vocab, t->s, t->len, have, err);
		if (rc)
			return rc;
		tok->vocab.flags[have] |= TOK_OUTSIDE;
	}
	t->id = have;
	tok->vocab.flags[have] |= TOK_ADDED | (t->special ? TOK_SPECIAL : 0);
	return 0;
}

int tok_added_add(struct qeff_tokenizer *tok, const struct tok_added_token *t,
		  struct qaic_err *err)
{
	struct tok_added *a = &tok->added;
	struct tok_added_token *n;

	if (!t->len || t->len > TOK_MAX_STRING)
		return qaic_fail(err, -EINVAL,
				 "an added token of %zu bytes; 1 to %u are taken",
				 t->len, TOK_MAX_STRING);
	if (tok_room(&a->v, &a->cap, a->n + 1, sizeof(*a->v)))
		return tok_nomem(err);
	n = &a->v[a->n];
	*n = *t;
	n->pattern = NULL;
	if (dup_text(&n->s, t->s, t->len))
		return tok_nomem(err);
	a->n++;
	return place(tok, n, err);
}

int tok_added_json(struct qeff_tokenizer *tok, json_t *obj, int64_t id,
		   struct qaic_err *err)
{
	static const char *const keys[] = { "id", "content", "single_word",
		"lstrip", "rstrip", "normalized", "special", "__type", NULL };
	struct tok_added_token t = { .id = id };
	json_t *s = json_object_get(obj, "content");
	int rc;

	rc = tok_json_known(obj, "added token", keys, err);
	if (rc)
		return rc;
	if (!json_is_string(s))
		return qaic_fail(err, -EINVAL,
				 "field \"content\" is missing or no string");
	t.s = (char *)json_string_value(s);
	t.len = json_string_length(s);
	rc = tok_json_bool(obj, "special", false, &t.special, err);
	if (!rc)
		rc = tok_json_bool(obj, "single_word", false, &t.single_word,
				   err);
	if (!rc)
		rc = tok_json_bool(obj, "lstrip", false, &t.lstrip, err);
	if (!rc)
		rc = tok_json_bool(obj, "rstrip", false, &t.rstrip, err);
	if (!rc)
		rc = tok_json_bool(obj, "normalized", !t.special,
				   &t.normalized, err);
	return rc ? rc : tok_added_add(tok, &t, err);
}

static int normal_form(struct qeff_tokenizer *tok, struct tok_added_token *t,
		       struct qaic_err *err)
{
	struct tok_view text = { t->s, t->len, NULL, true };
	struct tok_scratch s = { .err = err };
	struct tok_buf out = { 0 };
	int rc;

	rc = tok_norm_run(tok, &text, &out, &s);
	if (!rc && dup_text(&t->pattern, out.str.s ? out.str.s : "",
			    out.str.len))
		rc = tok_nomem(err);
	t->pattern_len = out.str.len;
	tok_buf_free(&out);
	tok_scratch_free(&s);
	return rc;
}

int tok_added_finish(struct qeff_tokenizer *tok, struct qaic_err *err)
{
	struct tok_added *a = &tok->added;
	struct tok_added_token *t;
	size_t i;
	int rc = 0;

	for (i = 0; !rc && i < a->n; i++) {
		t = &a->v[i];
		if (t->normalized && tok->num_norm)
			rc = normal_form(tok, t, err);
		else if (dup_text(&t->pattern, t->s, t->len))
			rc = tok_nomem(err);
		else
			t->pattern_len = t->len;
		if (!rc && t->pattern_len &&
		    tok_prefix_add(t->normalized ? &a->normal : &a->raw,
				   t->pattern, t->pattern_len, i))
			rc = tok_nomem(err);
	}
	tok_prefix_sort(&a->raw);
	tok_prefix_sort(&a->normal);
	return rc;
}

static size_t char_before(const char *text, size_t at, uint32_t *cp)
{
	size_t i = at;

	while (i && (text[--i] & 0xc0) == 0x80)
		;
	tok_utf8_get(text + i, cp);
	return i;
}

static bool stands_alone(const char *text, size_t len, size_t start, size_t end)
{
	uint32_t cp;

	if (start) {
		char_before(text, start, &cp);
		if (tok_is_word(cp))
			return false;
	}
	if (end < len) {
		tok_utf8_get(text + end, &cp);
		if (tok_is_word(cp))
			return false;
	}
	return true;
}

/* Take the white space around the match into it, as far as the token asks. */
static void widen(const struct tok_added_token *t, const char *text, size_t len,
		  size_t from, size_t *start, size_t *end)
{
	uint32_t cp;
	size_t i;

	while (t->lstrip && *start > from) {
		i = char_before(text, *start, &cp);
		if (!tok_is_space(cp))
			break;
		*start = i;
	}
	while (t->rstrip && *end < len) {
		i = tok_utf8_get(text + *end, &cp);
		if (!tok_is_space(cp))
			break;
		*end += i;
	}
}

int tok_added_cut(const struct qeff_tokenizer *tok, const struct tok_prefix *set,
		  size_t off, bool first, struct tok_text *to)
{
	const struct tok_view v = tok_buf_view(&to->buf, off,
					       to->buf.str.len - off, first);
	const size_t len = v.len;
	const char *text = v.s;
	const struct tok_added_token *t;
	size_t i = 0, last = 0, n, start, end;
	int32_t which;
	int rc = 0;

	while (!rc && set->n && i < len) {
		n = tok_prefix_longest(set, text + i, len - i, &which);
		if (!n) {
			i++;
			continue;
		}
		t = &tok->added.v[which];
		start = i;
		end = i + n;
		i = end;
		if (t->single_word && !stands_alone(text, len, start, end))
			continue;
		widen(t, text, len, last, &start, &end);
		if (start > last)
			rc = tok_text_add(to, off + last, start - last, -1,
					  first && !last);
		if (!rc)
			rc = tok_text_add(to, off + start, end - start, t->id,
					  first && !start);
		if (!rc)
			to->v[to->n - 1].at = tok_view_span(&v, start, end);
		last = i = end;
	}
	if (!rc && last < len)
		rc = tok_text_add(to, off + last, len - last, -1,
				  first && !last);
	return rc;
}

void tok_added_free(struct tok_added *a)
{
	size_t i;

	for (i = 0; i < a->n; i++) {
		free(a->v[i].s);
		free(a->v[i].pattern);
	}
	free(a->v);
	tok_prefix_free(&a->raw);
	tok_prefix_free(&a->normal);
	memset(a, 0, sizeof(*a));
}
