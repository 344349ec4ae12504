// SPDX-License-Identifier: MIT
/* Post-processors: the ids that go before and after those of the text. */
#include <errno.h>
#include <string.h>

#include "libqeff/tok.h"

static int put(struct qeff_tokenizer *tok, bool after, int64_t id,
	       struct qaic_err *err)
{
	struct tok_template *t = &tok->post;
	size_t *n = after ? &t->num_after : &t->num_before, len;

	if (*n == TOK_MAX_TEMPLATE)
		return qaic_fail(err, -E2BIG, "more than %d special tokens",
				 TOK_MAX_TEMPLATE);
	if (id < 0 || id > INT32_MAX || !tok_vocab_text(&tok->vocab, id, &len))
		return qaic_fail(err, -EINVAL, "id %lld is no token",
				 (long long)id);
	(after ? t->after : t->before)[(*n)++] = id;
	return 0;
}

/* A later processor wraps what the earlier ones made: its ids go outside. */
static int wrap(struct qeff_tokenizer *tok, const struct tok_template *inner,
		struct qaic_err *err)
{
	size_t i;
	int rc = 0;

	for (i = 0; !rc && i < inner->num_before; i++)
		rc = put(tok, false, inner->before[i], err);
	return rc;
}

static int put_special(struct qeff_tokenizer *tok, json_t *special, json_t *item,
		       bool after, struct qaic_err *err)
{
	const char *name;
	json_t *obj, *ids, *id;
	size_t i;
	int rc;

	rc = qaic_json_need_str(item, "id", &name, err);
	if (rc)
		return rc;
	obj = json_object_get(special, name);
	ids = json_object_get(obj, "ids");
	if (!json_is_array(ids))
		return qaic_fail(err, -EINVAL,
				 "special token \"%.60s\" has no ids", name);
	json_array_foreach(ids, i, id) {
		if (!json_is_integer(id))
			return qaic_fail(err, -EINVAL,
					 "special token \"%.60s\": an id is not an integer",
					 name);
		rc = put(tok, after, json_integer_value(id), err);
		if (rc)
			return rc;
	}
	return 0;
}

static int read_template(struct qeff_tokenizer *tok, json_t *obj,
			 struct qaic_err *err)
{
	struct tok_template old = tok->post;
	json_t *single, *item, *special = NULL, *s;
	bool after = false;
	size_t i;
	int rc;

	rc = qaic_json_arr(obj, "single", &single, err);
	if (!rc)
		rc = qaic_json_obj(obj, "special_tokens", &special, err);
	if (rc)
		return rc < 0 ? rc : qaic_fail(err, -EINVAL,
				"\"single\" or \"special_tokens\" is missing");
	tok->post.num_before = 0;
	json_array_foreach(single, i, item) {
		s = json_object_get(item, "SpecialToken");
		if (json_is_object(s)) {
			rc = put_special(tok, special, s, after, err);
		} else if (json_is_object(json_object_get(item, "Sequence")) &&
			   !after) {
			rc = wrap(tok, &old, err);
			after = true;
		} else {
			rc = qaic_fail(err, -EINVAL,
				       "single[%zu] is neither a special token nor the one sequence",
				       i);
		}
		if (rc)
			return rc;
	}
	return after ? 0 : qaic_fail(err, -EINVAL, "\"single\" has no sequence");
}

static int put_end(struct qeff_tokenizer *tok, json_t *obj, const char *key,
		   bool after, struct qaic_err *err)
{
	json_t *pair = json_object_get(obj, key);
	json_t *id = json_array_get(pair, 1);

	if (json_array_size(pair) != 2 || !json_is_integer(id))
		return qaic_fail(err, -EINVAL,
				 "field \"%s\" is not [token, id]", key);
	return put(tok, after, json_integer_value(id), err);
}

/* <s> text </s>, as RoBERTa's and BERT's */
static int read_ends(struct qeff_tokenizer *tok, json_t *obj,
		     struct qaic_err *err)
{
	struct tok_template old = tok->post;
	int rc;

	tok->post.num_before = 0;
	rc = put_end(tok, obj, "cls", false, err);
	if (!rc)
		rc = wrap(tok, &old, err);
	return rc ? rc : put_end(tok, obj, "sep", true, err);
}

/* ByteLevel only trims offsets, and ids have none. */
static int read_nothing(struct qeff_tokenizer *tok, json_t *obj,
			struct qaic_err *err)
{
	return 0;
}

static const struct tok_step kinds[] = {
	{ "TemplateProcessing", read_template,
	  { "type", "single", "pair", "special_tokens" } },
	{ "RobertaProcessing", read_ends,
	  { "type", "sep", "cls", "trim_offsets", "add_prefix_space" } },
	{ "BertProcessing", read_ends, { "type", "sep", "cls" } },
	{ "ByteLevel", read_nothing,
	  { "type", "add_prefix_space", "trim_offsets", "use_regex" } },
};

static const struct tok_steps steps = {
	.what = "post-processor", .many = "post-processors", .field = "processors",
	.self = tok_post_json, .v = kinds, .n = QAIC_ARRAY_SIZE(kinds),
};

int tok_post_json(struct qeff_tokenizer *tok, json_t *obj, int depth,
		  struct qaic_err *err)
{
	return tok_json_step(tok, obj, &steps, depth, err);
}
