// SPDX-License-Identifier: MIT
/*
 * What a model's generation config says about tokens that must or must not come,
 * as transformers 4.47 does it in greedy search (generation/logits_process.py):
 * here the logits of what must not come become -inf.
 */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "libqeff/arch.h"
#include "libqeff/session.h"
#include "libqeff/registry.h"

/* ---- reading ---- */

/* Fields that would change greedy tokens and are not done here. */
static const char *const unsupported[] = {
	"encoder_no_repeat_ngram_size", "encoder_repetition_penalty",
	"exponential_decay_length_penalty", "forced_decoder_ids",
	"begin_suppress_tokens", "repetition_penalty", "sequence_bias",
	"suppress_tokens",
};

static int get_id(json_t *obj, const char *key, int32_t *out,
		  struct qaic_err *err)
{
	int64_t v = -1;
	int rc = qaic_json_int(obj, key, -1, INT32_MAX, &v, err);

	if (rc == 0 && v >= 0)
		*out = v;
	return rc < 0 ? rc : 0;
}

static int get_count(json_t *obj, const char *key, uint32_t *out,
		     struct qaic_err *err)
{
	int64_t v = *out;
	int rc = qaic_json_int(obj, key, 0, INT32_MAX, &v, err);

	if (rc == 0)
		*out = v;
	return rc < 0 ? rc : 0;
}

static int bad_word(struct qeff_rules *r, json_t *word, struct qaic_err *err)
{
	struct qeff_word *w = &r->bad[r->num_bad];
	size_t i, n = json_array_size(word);

	if (!n || n > QAIC_ARRAY_SIZE(w->ids) ||
	    r->num_bad == QAIC_ARRAY_SIZE(r->bad))
		return qaic_fail(err, -EOPNOTSUPP,
				 "field \"bad_words_ids\": at most %zu lists of 1 to %zu ids are supported",
				 QAIC_ARRAY_SIZE(r->bad),
				 QAIC_ARRAY_SIZE(w->ids));
	for (i = 0; i < n; i++) {
		json_t *e = json_array_get(word, i);
		json_int_t x = json_integer_value(e);

		if (!json_is_integer(e) || x < 0 || x > INT32_MAX)
			return qaic_fail(err, -EINVAL,
					 "field \"bad_words_ids\": not a list of lists of token ids");
		w->ids[i] = x;
	}
	w->num = n;
	r->num_bad++;
	return 0;
}

static int bad_words(struct qeff_rules *r, json_t *obj, struct qaic_err *err)
{
	json_t *list = json_object_get(obj, "bad_words_ids"), *word;
	size_t i;
	int rc;

	json_array_foreach(list, i, word) {
		rc = bad_word(r, word, err);
		if (rc)
			return rc;
	}
	return 0;
}

static int refuse(json_t *obj, struct qaic_err *err)
{
	json_t *v;
	size_t i;

	for (i = 0; i < QAIC_ARRAY_SIZE(unsupported); i++) {
		v = json_object_get(obj, unsupported[i]);
		if (!v || json_is_null(v) ||
		    (json_is_number(v) && (json_number_value(v) == 1 ||
					   json_number_value(v) == 0)) ||
		    (json_is_array(v) && !json_array_size(v)) ||
		    (json_is_object(v) && !json_object_size(v)))
			continue;
		return qaic_fail(err, -EOPNOTSUPP,
				 "field \"%s\" is set; this is not supported",
				 unsupported[i]);
	}
	return 0;
}

/* The decoder's first token: its own id, else that of the beginning. */
static int start_id(struct qf_config *c, const struct qf_model *m,
		    struct qeff_rules *r)
{
	static const char *const key[] = { "decoder_start_token_id",
					   "bos_token_id" };
	int i, rc = 0;

	r->start_id = m->seq2seq.start_id;
	for (i = 0; i < 4 && !rc; i++) {
		json_t *obj = i % 2 ? c->root : c->generation;

		if (i == 2 && r->start_id >= 0)
			return 0;	/* the class has one */
		if (!json_is_integer(json_object_get(obj, key[i / 2])))
			continue;
		rc = get_id(obj, key[i / 2], &r->start_id, c->err);
		if (!rc)
			return 0;
	}
	if (!rc && r->start_id < 0)
		rc = qaic_fail(c->err, -EINVAL,
			       "field \"decoder_start_token_id\" is missing");
	return rc;
}

/*
 * generation_config.json has the rules; without that file config.json, and what
 * its class has by default.
 */
int qf_config_rules(struct qf_config *c, const struct qf_model *m,
		    struct qeff_rules *r)
{
	json_t *obj = c->generation ? c->generation : c->root;
	const char *path = c->generation ? c->generation_path : c->path;
	bool force_bos = false;
	int rc;

	qeff_rules_init(r);
	if (m->arch->kind != QF_SEQ2SEQ)
		return 0;
	r->source_vocab = m->seq2seq.vocab;
	rc = start_id(c, m, r);
	if (!c->generation && !qf_has(c, "forced_eos_token_id"))
		r->forced_eos_id = m->seq2seq.forced_eos_id;
	if (!rc)
		rc = get_id(obj, "forced_bos_token_id", &r->forced_bos_id,
			    c->err);
	if (!rc)
		rc = get_id(obj, "forced_eos_token_id", &r->forced_eos_id,
			    c->err);
	/* what BART's first checkpoints say instead */
	if (!rc && qaic_json_bool(obj, "force_bos_token_to_be_generated",
				  &force_bos, NULL) == 0 &&
	    force_bos && r->forced_bos_id < 0)
		rc = get_id(obj, "bos_token_id", &r->forced_bos_id, c->err);
	if (!rc)
		rc = get_count(obj, "min_length", &r->min_length, c->err);
	if (!rc)
		rc = get_count(obj, "min_new_tokens", &r->min_new, c->err);
	if (!rc)
		rc = get_count(obj, "no_repeat_ngram_size",
			       &r->no_repeat_ngram, c->err);
	if (!rc)
		rc = bad_words(r, obj, c->err);
	if (!rc)
		rc = refuse(obj, c->err);
	if (rc)
		qaic_fail_in(c->err, "%s", path);
	return rc;
}

/* ---- following ---- */

void qeff_rules_init(struct qeff_rules *r)
{
	memset(r, 0, sizeof(*r));
	r->start_id = r->forced_bos_id = r->forced_eos_id = -1;
}

static void ban(float *v, uint32_t vocab, int32_t id)
{
	if (id >= 0 && (uint32_t)id < vocab)
		v[id] = -INFINITY;
}

static void ban_others(float *v, uint32_t vocab, int32_t id)
{
	uint32_t i;

	if ((uint32_t)id >= vocab)
		return;
	for (i = 0; i < vocab; i++)
		v[i] = i == (uint32_t)id ? 0 : -INFINITY;
}

/* Is @id alone an end of the sequence? Those are not banned. */
static bool is_end(const struct qeff_history *h, const struct qeff_word *w)
{
	size_t i;

	for (i = 0; w->num == 1 && i < h->num_eos; i++)
		if (h->eos_ids[i] == w->ids[0])
			return true;
	return false;
}

static void ban_words(const struct qeff_rules *r, const struct qeff_history *h,
		      float *v, uint32_t vocab)
{
	uint32_t i, n;

	for (i = 0; i < r->num_bad; i++) {
		n = r->bad[i].num;
		if (n > h->num || is_end(h, &r->bad[i]))
			continue;
		if (!memcmp(h->ids + h->num - (n - 1), r->bad[i].ids,
			    (n - 1) * sizeof(*h->ids)))
			ban(v, vocab, r->bad[i].ids[n - 1]);
	}
}

/* What followed an earlier copy of the last n - 1 tokens. */
static void ban_ngrams(const struct qeff_rules *r, const struct qeff_history *h,
		       float *v, uint32_t vocab)
{
	size_t n = r->no_repeat_ngram, i;

	if (!n || h->num + 1 < n)
		return;
	for (i = 0; i + n <= h->num; i++)
		if (!memcmp(h->ids + i, h->ids + h->num - (n - 1),
			    (n - 1) * sizeof(*h->ids)))
			ban(v, vocab, h->ids[i + n - 1]);
}

bool qeff_rules_any(const struct qeff_rules *r)
{
	return r->forced_bos_id >= 0 || r->forced_eos_id >= 0 ||
	       r->min_length || r->min_new || r->no_repeat_ngram || r->num_bad;
}

void qeff_rules_apply(const struct qeff_rules *r, const struct qeff_history *h,
		      float *v, uint32_t vocab)
{
	size_t i;

	ban_ngrams(r, h, v, vocab);
	ban_words(r, h, v, vocab);
	if (h->num < r->min_length || h->num - 1 < r->min_new)
		for (i = 0; i < h->num_eos; i++)
			ban(v, vocab, h->eos_ids[i]);
	if (h->num == 1 && r->forced_bos_id >= 0)
		ban_others(v, vocab, r->forced_bos_id);
	if (h->num + 1 == h->max && r->forced_eos_id >= 0)
		ban_others(v, vocab, r->forced_eos_id);
}
