// SPDX-License-Identifier: MIT
/* The BPE model of tokenizer.json: vocabulary and merges. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "libqeff/tok.h"

/*
 * "left right". Where a token is itself made of spaces (Llama 2's file has some)
 * the cut is the one that leaves two tokens.
 */
static int string_parts(const struct tok_vocab *v, const char *s, size_t n,
			const char *part[2], size_t len[2])
{
	const char *space = memchr(s, ' ', n), *next;
	size_t found = 0;

	if (!space)
		return -EINVAL;
	next = memchr(space + 1, ' ', n - (space + 1 - s));
	if (!next)
		goto cut;
	for (next = space; next;
	     next = memchr(next + 1, ' ', n - (next + 1 - s))) {
		if (tok_vocab_find(v, s, next - s) < 0 ||
		    tok_vocab_find(v, next + 1, n - (next + 1 - s)) < 0)
			continue;
		space = next;
		found++;
	}
	if (found != 1)
		return -EINVAL;
cut:
	part[0] = s;
	len[0] = space - s;
	part[1] = space + 1;
	len[1] = n - len[0] - 1;
	return 0;
}

/* "left right", or ["left", "right"] where a token may hold a space. */
static int merge_parts(const struct tok_vocab *v, json_t *m,
		       const char *part[2], size_t len[2])
{
	json_t *half;
	size_t i;

	if (json_is_string(m) && json_string_length(m) <= 2 * TOK_MAX_STRING)
		return string_parts(v, json_string_value(m),
				    json_string_length(m), part, len);
	if (!json_is_array(m) || json_array_size(m) != 2)
		return -EINVAL;
	for (i = 0; i < 2; i++) {
		half = json_array_get(m, i);
		if (!json_is_string(half))
			return -EINVAL;
		part[i] = json_string_value(half);
		len[i] = json_string_length(half);
	}
	return 0;
}

static void put_pair(struct tok_model *m, int32_t a, int32_t b, uint32_t rank,
		     int32_t id)
{
	uint64_t key = (uint64_t)(uint32_t)a << 32 | (uint32_t)b;
	size_t i = qaic_hash_mix(key ^ qaic_hash_seed()) & (m->num_slots - 1);

	while (m->pair[i].rank && m->pair[i].key != key)
		i = (i + 1) & (m->num_slots - 1);
	/* of a merge listed twice the later one counts */
	m->pair[i] = (struct tok_pair){ key, rank, id };
}

static int read_merge(struct qeff_tokenizer *tok, json_t *merge, uint32_t rank,
		      struct qaic_str *joined, struct qaic_err *err)
{
	const char *part[2], *miss;
	int32_t id[3];
	size_t len[2], skip = 0;

	if (merge_parts(&tok->vocab, merge, part, len))
		return qaic_fail(err, -EINVAL, "not two tokens");
	if (tok->model.inner_prefix)
		skip = strlen(tok->model.inner_prefix);
	if (len[1] < skip)
		return qaic_fail(err, -EINVAL,
				 "\"%.60s\" has no continuing_subword_prefix",
				 part[1]);
	joined->len = 0;
	qaic_str_add(joined, part[0], len[0]);
	qaic_str_add(joined, part[1] + skip, len[1] - skip);
	if (joined->failed)
		return tok_nomem(err);
	id[0] = tok_vocab_find(&tok->vocab, part[0], len[0]);
	id[1] = tok_vocab_find(&tok->vocab, part[1], len[1]);
	id[2] = tok_vocab_find(&tok->vocab, joined->s, joined->len);
	if (id[0] < 0 || id[1] < 0 || id[2] < 0) {
		miss = id[0] < 0 ? part[0] : id[1] < 0 ? part[1] : joined->s;
		return qaic_fail(err, -EINVAL,
				 "token \"%.60s\" is not in the vocabulary",
				 miss);
	}
	put_pair(&tok->model, id[0], id[1], rank, id[2]);
	return 0;
}

static int read_merges(struct qeff_tokenizer *tok, json_t *obj,
		       struct qaic_err *err)
{
	struct tok_model *m = &tok->model;
	struct qaic_str joined = { 0 };
	json_t *arr, *merge;
	size_t i;
	int rc;

	rc = qaic_json_arr(obj, "merges", &arr, err);
	if (rc)
		return rc < 0 ? rc : qaic_fail(err, -EINVAL,
				"field \"merges\" is missing");
	for (m->num_slots = 64; m->num_slots < 2 * json_array_size(arr);)
		m->num_slots *= 2;
	m->pair = calloc(m->num_slots, sizeof(*m->pair));
	if (!m->pair)
		return tok_nomem(err);
	json_array_foreach(arr, i, merge) {
		rc = read_merge(tok, merge, i + 1, &joined, err);
		if (rc) {
			qaic_fail_in(err, "merges[%zu]", i);
			break;
		}
	}
	qaic_str_free(&joined);
	return rc;
}

static int read_unk(struct qeff_tokenizer *tok, json_t *obj,
		    struct qaic_err *err)
{
	const char *s;
	int rc = qaic_json_str(obj, "unk_token", &s, err);

	if (rc)
		return rc < 0 ? rc : 0;
	tok->model.unk = tok_vocab_find(&tok->vocab, s, strlen(s));
	if (tok->model.unk < 0)
		return qaic_fail(err, -EINVAL,
				 "unk_token \"%.60s\" is not in the vocabulary",
				 s);
	return 0;
}

/* What stands before a character inside a word, and after the last one. */
static int read_affix(json_t *obj, const char *key, char **out,
		      struct qaic_err *err)
{
	const char *s = "";
	int rc = qaic_json_str(obj, key, &s, err);

	if (rc < 0 || !*s)
		return rc < 0 ? rc : 0;
	if (strlen(s) > TOK_MAX_STRING)
		return qaic_fail(err, -EINVAL, "field \"%s\" is too long", key);
	*out = strdup(s);
	return *out ? 0 : tok_nomem(err);
}

static int read_affixes(struct tok_model *m, json_t *obj, struct qaic_err *err)
{
	int rc = read_affix(obj, "continuing_subword_prefix", &m->inner_prefix,
			    err);

	if (!rc)
		rc = read_affix(obj, "end_of_word_suffix", &m->end_suffix, err);
	if (!rc && m->byte_fallback && (m->inner_prefix || m->end_suffix))
		rc = qaic_fail(err, -EOPNOTSUPP,
			       "byte_fallback with \"%s\" is not supported",
			       m->inner_prefix ? "continuing_subword_prefix" :
			       "end_of_word_suffix");
	return rc;
}

/* Dropout makes ids a matter of chance. */
static int refuse_dropout(json_t *obj, struct qaic_err *err)
{
	double dropout = 0;
	int rc = qaic_json_num(obj, "dropout", &dropout, err);

	if (rc < 0)
		return rc;
	return dropout ? qaic_fail(err, -EOPNOTSUPP,
				   "dropout %g is not supported", dropout) : 0;
}

int tok_bpe_json(struct qeff_tokenizer *tok, json_t *obj, struct qaic_err *err)
{
	static const char *const keys[] = {
		"type", "dropout", "unk_token", "continuing_subword_prefix",
		"end_of_word_suffix", "fuse_unk", "byte_fallback",
		"ignore_merges", "vocab", "merges", NULL
	};
	struct tok_model *m = &tok->model;
	int rc;

	m->type = TOK_MODEL_BPE;
	rc = tok_json_known(obj, "BPE", keys, err);
	if (!rc)
		rc = refuse_dropout(obj, err);
	if (!rc)
		rc = tok_json_bool(obj, "fuse_unk", false, &m->fuse_unk, err);
	if (!rc)
		rc = tok_json_bool(obj, "byte_fallback", false,
				   &m->byte_fallback, err);
	if (!rc)
		rc = tok_json_bool(obj, "ignore_merges", false,
				   &m->ignore_merges, err);
	if (!rc)
		rc = read_affixes(m, obj, err);
	if (!rc)
		rc = tok_vocab_json(tok, obj, err);
	if (!rc)
		rc = read_unk(tok, obj, err);
	return rc ? rc : read_merges(tok, obj, err);
}
