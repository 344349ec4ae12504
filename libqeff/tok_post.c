// SPDX-License-Identifier: MIT
/* Post-processors: the tokens that go around a text, or around two. */
#include <errno.h>
#include <string.h>

#include "libqeff/tok.h"

int tok_post_put(const struct qeff_tokenizer *tok, struct tok_template *t,
		 int64_t id, int64_t type, struct qaic_err *err)
{
	size_t len;

	if (t->n == TOK_MAX_TEMPLATE)
		return qaic_fail(err, -E2BIG, "more than %d special tokens",
				 TOK_MAX_TEMPLATE);
	if (id != TOK_POST_A && id != TOK_POST_B &&
	    (id < 0 || id > INT32_MAX || !tok_vocab_text(&tok->vocab, id, &len)))
		return qaic_fail(err, -EINVAL, "id %lld is no token",
				 (long long)id);
	if (type < 0 || type > 255)
		return qaic_fail(err, -ERANGE, "type_id %lld; 0 to 255 are taken",
				 (long long)type);
	t->v[t->n].id = id;
	t->v[t->n++].type = type;
	return 0;
}

void tok_post_default(struct tok_post *p)
{
	p->single.n = 1;
	p->single.v[0].id = TOK_POST_A;
	p->single.v[0].type = 0;
	p->pair = p->single;
	p->pair.n = 2;
	p->pair.v[1].id = TOK_POST_B;
	p->pair.v[1].type = 1;
}

static int put_half(const struct qeff_tokenizer *tok, struct tok_template *t,
		    int32_t before, int32_t text, int32_t after, int type,
		    struct qaic_err *err)
{
	int rc = 0;

	if (before >= 0)
		rc = tok_post_put(tok, t, before, type, err);
	if (!rc)
		rc = tok_post_put(tok, t, text, type, err);
	if (!rc && after >= 0)
		rc = tok_post_put(tok, t, after, type, err);
	return rc;
}

int tok_post_ends(struct qeff_tokenizer *tok, int32_t before, int32_t after,
		  struct qaic_err *err)
{
	struct tok_post *p = &tok->post;
	int rc;

	p->wrapped = false;
	p->single.n = p->pair.n = 0;
	rc = put_half(tok, &p->single, before, TOK_POST_A, after, 0, err);
	if (!rc)
		rc = put_half(tok, &p->pair, before, TOK_POST_A, after, 0, err);
	return rc ? rc : put_half(tok, &p->pair, before, TOK_POST_B, after, 1,
				  err);
}

/*
 * A later processor wraps what the earlier ones made: put their tokens where it
 * puts the text.
 */
static int wrap(struct qeff_tokenizer *tok, const struct tok_template *inner,
		struct qaic_err *err)
{
	struct tok_template outer = tok->post.single;
	size_t i, k;
	int rc = 0;

	if (inner->n <= 1)
		return 0;
	tok->post.wrapped = true;
	tok->post.single.n = 0;
	for (i = 0; !rc && i < outer.n; i++) {
		if (outer.v[i].id != TOK_POST_A) {
			rc = tok_post_put(tok, &tok->post.single, outer.v[i].id,
					  outer.v[i].type, err);
			continue;
		}
		for (k = 0; !rc && k < inner->n; k++)
			rc = tok_post_put(tok, &tok->post.single,
					  inner->v[k].id, outer.v[i].type,
					  err);
	}
	return rc;
}

static int put_special(struct qeff_tokenizer *tok, struct tok_template *t,
		       json_t *special, json_t *item, int64_t type,
		       struct qaic_err *err)
{
	const char *name;
	json_t *ids, *id;
	size_t i;
	int rc;

	rc = qaic_json_need_str(item, "id", &name, err);
	if (rc)
		return rc;
	ids = json_object_get(json_object_get(special, name), "ids");
	if (!json_is_array(ids))
		return qaic_fail(err, -EINVAL,
				 "special token \"%.60s\" has no ids", name);
	json_array_foreach(ids, i, id) {
		if (!json_is_integer(id) || json_integer_value(id) < 0)
			return qaic_fail(err, -EINVAL,
					 "special token \"%.60s\": an id is no token",
					 name);
		rc = tok_post_put(tok, t, json_integer_value(id), type, err);
		if (rc)
			return rc;
	}
	return 0;
}

/* One entry: {"SpecialToken": {...}} or {"Sequence": {"id": "A", ...}} */
static int put_item(struct qeff_tokenizer *tok, struct tok_template *t,
		    json_t *special, json_t *item, struct qaic_err *err)
{
	json_t *s = json_object_get(item, "SpecialToken");
	json_t *q = json_object_get(item, "Sequence");
	const char *name;
	int64_t type = 0;
	int rc;

	if (!json_is_object(s) == !json_is_object(q))
		return qaic_fail(err, -EINVAL,
				 "neither a special token nor a sequence");
	rc = qaic_json_int(s ? s : q, "type_id", 0, 255, &type, err);
	if (rc < 0)
		return rc;
	if (s)
		return put_special(tok, t, special, s, type, err);
	rc = qaic_json_need_str(q, "id", &name, err);
	if (rc)
		return rc;
	if (strcmp(name, "A") && strcmp(name, "B"))
		return qaic_fail(err, -EINVAL, "sequence \"%.20s\" is not A or B",
				 name);
	return tok_post_put(tok, t, *name == 'A' ? TOK_POST_A : TOK_POST_B,
			    type, err);
}

static size_t count(const struct tok_template *t, int32_t id)
{
	size_t i, n = 0;

	for (i = 0; i < t->n; i++)
		n += t->v[i].id == id;
	return n;
}

static int read_list(struct qeff_tokenizer *tok, json_t *obj, const char *key,
		     struct tok_template *t, size_t texts, struct qaic_err *err)
{
	json_t *arr, *item, *special = json_object_get(obj, "special_tokens");
	size_t i;
	int rc;

	rc = qaic_json_arr(obj, key, &arr, err);
	if (rc || (texts == 2 && !json_array_size(arr)))
		return rc < 0 ? rc : 0;
	t->n = 0;
	json_array_foreach(arr, i, item) {
		rc = put_item(tok, t, special, item, err);
		if (rc) {
			qaic_fail_in(err, "%s[%zu]", key, i);
			return rc;
		}
	}
	if (count(t, TOK_POST_A) != 1 || count(t, TOK_POST_B) != texts - 1)
		return qaic_fail(err, -EINVAL,
				 "\"%s\" does not have each text once", key);
	return 0;
}

static int read_template(struct qeff_tokenizer *tok, json_t *obj,
			 struct qaic_err *err)
{
	const struct tok_template old = tok->post.single;
	int rc;

	if (!json_is_array(json_object_get(obj, "single")) ||
	    !json_is_object(json_object_get(obj, "special_tokens")))
		return qaic_fail(err, -EINVAL,
				 "\"single\" or \"special_tokens\" is missing");
	rc = read_list(tok, obj, "single", &tok->post.single, 1, err);
	if (!rc)
		rc = read_list(tok, obj, "pair", &tok->post.pair, 2, err);
	return rc ? rc : wrap(tok, &old, err);
}

static int end_id(json_t *obj, const char *key, int32_t *id,
		  struct qaic_err *err)
{
	json_t *pair = json_object_get(obj, key);
	json_t *v = json_array_get(pair, 1);

	if (json_array_size(pair) != 2 || !json_is_integer(v) ||
	    json_integer_value(v) < 0 || json_integer_value(v) > INT32_MAX)
		return qaic_fail(err, -EINVAL,
				 "field \"%s\" is not [token, id]", key);
	*id = json_integer_value(v);
	return 0;
}

/* BERT: [CLS] A [SEP] B [SEP]. RoBERTa: <s> A </s></s> B </s>, all of type 0. */
static int read_ends(struct qeff_tokenizer *tok, json_t *obj, bool roberta,
		     struct qaic_err *err)
{
	const struct tok_template old = tok->post.single;
	struct tok_post *p = &tok->post;
	int32_t cls, sep;
	int rc;

	rc = end_id(obj, "cls", &cls, err);
	if (!rc)
		rc = end_id(obj, "sep", &sep, err);
	if (rc)
		return rc;
	p->single.n = p->pair.n = 0;
	rc = put_half(tok, &p->single, cls, TOK_POST_A, sep, 0, err);
	if (!rc)
		rc = put_half(tok, &p->pair, cls, TOK_POST_A, sep, 0, err);
	if (!rc)
		rc = put_half(tok, &p->pair, roberta ? sep : -1, TOK_POST_B,
			      sep, roberta ? 0 : 1, err);
	return rc ? rc : wrap(tok, &old, err);
}

static int read_bert(struct qeff_tokenizer *tok, json_t *obj,
		     struct qaic_err *err)
{
	return read_ends(tok, obj, false, err);
}

static int read_trim(struct qeff_tokenizer *tok, json_t *obj,
		     struct qaic_err *err)
{
	bool trim;
	int rc = tok_json_bool(obj, "trim_offsets", true, &trim, err);

	tok->post.trim |= trim;
	return rc;
}

static int read_roberta(struct qeff_tokenizer *tok, json_t *obj,
			struct qaic_err *err)
{
	int rc = read_trim(tok, obj, err);

	return rc ? rc : read_ends(tok, obj, true, err);
}

static const struct tok_step kinds[] = {
	/* Cohere's files carry ByteLevel's fields here, where they mean nothing */
	{ "TemplateProcessing", read_template,
	  { "type", "single", "pair", "special_tokens", "add_prefix_space",
	    "trim_offsets", "use_regex" } },
	{ "RobertaProcessing", read_roberta,
	  { "type", "sep", "cls", "trim_offsets", "add_prefix_space" } },
	{ "BertProcessing", read_bert, { "type", "sep", "cls" } },
	{ "ByteLevel", read_trim,
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
