// SPDX-License-Identifier: MIT
/*
 * tokenizer.json. What this code does not know it refuses by name: a tokenizer
 * that is nearly right writes wrong ids without a sound.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "libqeff/tok.h"

int tok_json_known(json_t *obj, const char *what, const char *const *keys,
		   struct qaic_err *err)
{
	const char *key;
	json_t *v;
	size_t i;

	json_object_foreach(obj, key, v) {
		if (json_is_null(v))
			continue;
		for (i = 0; keys[i] && strcmp(keys[i], key); i++)
			;
		if (!keys[i])
			return qaic_fail(err, -EOPNOTSUPP,
					 "%s: field \"%.60s\" is not supported",
					 what, key);
	}
	return 0;
}

int tok_json_sequence(struct qeff_tokenizer *tok, json_t *obj, const char *field,
		      int (*read)(struct qeff_tokenizer *tok, json_t *obj,
				  int depth, struct qaic_err *err),
		      int depth, struct qaic_err *err)
{
	const char *const keys[] = { "type", field, NULL };
	json_t *arr, *o;
	size_t i;
	int rc;

	rc = tok_json_known(obj, "Sequence", keys, err);
	if (!rc)
		rc = qaic_json_arr(obj, field, &arr, err);
	if (rc)
		return rc < 0 ? rc : qaic_fail(err, -EINVAL,
				"field \"%s\" is missing", field);
	json_array_foreach(arr, i, o) {
		rc = read(tok, o, depth + 1, err);
		if (rc)
			return rc;
	}
	return 0;
}

int tok_json_bool(json_t *obj, const char *key, bool def, bool *out,
		  struct qaic_err *err)
{
	int rc = qaic_json_bool(obj, key, out, err);

	if (rc == 1)
		*out = def;
	return rc < 0 ? rc : 0;
}

int tok_json_dup(json_t *obj, const char *key, char **s, size_t *len,
		 struct qaic_err *err)
{
	json_t *v = json_object_get(obj, key);

	if (!json_is_string(v) || json_string_length(v) > TOK_MAX_STRING)
		return qaic_fail(err, -EINVAL,
				 "field \"%s\" is not a string of at most %u bytes",
				 key, TOK_MAX_STRING);
	*len = json_string_length(v);
	*s = malloc(*len + 1);
	if (!*s)
		return tok_nomem(err);
	memcpy(*s, json_string_value(v), *len + 1);
	return 0;
}

const char *tok_json_type(json_t *obj, const char *what, struct qaic_err *err)
{
	const char *type = NULL;
	int rc;

	if (!json_is_object(obj)) {
		qaic_fail(err, -EINVAL, "%s is not an object", what);
		return NULL;
	}
	rc = qaic_json_need_str(obj, "type", &type, err);
	if (rc)
		qaic_fail_in(err, "%s", what);
	return rc ? NULL : type;
}

int tok_json_step(struct qeff_tokenizer *tok, json_t *obj,
		  const struct tok_steps *steps, int depth,
		  struct qaic_err *err)
{
	const char *type = tok_json_type(obj, steps->what, err);
	size_t i;
	int rc;

	if (!type)
		return -EINVAL;
	if (depth > TOK_MAX_NESTING)
		return qaic_fail(err, -E2BIG, "%s nested too deep",
				 steps->many);
	if (!strcmp(type, "Sequence"))
		return tok_json_sequence(tok, obj, steps->field, steps->self,
					 depth, err);
	for (i = 0; i < steps->n; i++)
		if (!strcmp(steps->v[i].name, type))
			break;
	if (i == steps->n)
		return qaic_fail(err, -EOPNOTSUPP,
				 "%s \"%.40s\" is not supported", steps->what,
				 type);
	rc = tok_json_known(obj, type, steps->v[i].keys, err);
	if (!rc)
		rc = steps->v[i].read(tok, obj, err);
	if (rc)
		qaic_fail_in(err, "%s", type);
	return rc;
}

static int read_added(struct qeff_tokenizer *tok, json_t *root,
		      struct qaic_err *err)
{
	json_t *arr, *t;
	int64_t id;
	size_t i;
	int rc;

	rc = qaic_json_arr(root, "added_tokens", &arr, err);
	if (rc)
		return rc < 0 ? rc : 0;
	json_array_foreach(arr, i, t) {
		rc = json_is_object(t) ?
			qaic_json_need_int(t, "id", 0, INT32_MAX, &id, err) :
			qaic_fail(err, -EINVAL, "not an object");
		if (!rc)
			rc = tok_added_json(tok, t, id, err);
		if (rc) {
			qaic_fail_in(err, "added_tokens[%zu]", i);
			return rc;
		}
	}
	return 0;
}

static int read_model(struct qeff_tokenizer *tok, json_t *root,
		      struct qaic_err *err)
{
	static const struct {
		const char *name;
		int (*read)(struct qeff_tokenizer *tok, json_t *obj,
			    struct qaic_err *err);
	} models[] = {
		{ "BPE", tok_bpe_json }, { "Unigram", tok_unigram_json },
		{ "WordPiece", tok_wordpiece_json },
		{ "WordLevel", tok_wordlevel_json },
	};
	json_t *obj, *type;
	const char *name;
	size_t i;
	int rc;

	rc = qaic_json_obj(root, "model", &obj, err);
	if (rc)
		return rc < 0 ? rc :
		       qaic_fail(err, -EINVAL, "field \"model\" is missing");
	type = json_object_get(obj, "type");
	/* the first files name no type; only BPE has merges */
	if (type ? !json_is_string(type) : !json_object_get(obj, "merges"))
		return qaic_fail(err, -EINVAL, "model: no type");
	name = type ? json_string_value(type) : "BPE";
	for (i = 0; i < QAIC_ARRAY_SIZE(models); i++)
		if (!strcmp(models[i].name, name))
			break;
	if (i == QAIC_ARRAY_SIZE(models))
		return qaic_fail(err, -EOPNOTSUPP,
				 "model type \"%.40s\" is not supported; BPE, Unigram, WordPiece and WordLevel are",
				 name);
	rc = models[i].read(tok, obj, err);
	if (rc)
		qaic_fail_in(err, "model");
	return rc;
}

typedef int (*read_fn)(struct qeff_tokenizer *tok, json_t *obj, int depth,
		       struct qaic_err *err);

static int read_part(struct qeff_tokenizer *tok, json_t *root, const char *key,
		     read_fn read, struct qaic_err *err)
{
	json_t *obj;
	int rc;

	rc = qaic_json_obj(root, key, &obj, err);
	if (rc)
		return rc < 0 ? rc : 0;
	rc = read(tok, obj, 0, err);
	if (rc)
		qaic_fail_in(err, "%s", key);
	return rc;
}

int tok_json_root(struct qeff_tokenizer *tok, json_t *root,
		  struct qaic_err *err)
{
	/* truncation and padding: transformers resets both before each call */
	static const char *const keys[] = {
		"version", "truncation", "padding", "added_tokens",
		"normalizer", "pre_tokenizer", "post_processor", "decoder",
		"model", NULL
	};
	const char *version = "1.0";
	int rc;

	rc = tok_json_known(root, "tokenizer", keys, err);
	if (!rc)
		rc = qaic_json_str(root, "version", &version, err);
	if (rc < 0)
		return rc;
	if (strcmp(version, "1.0"))
		return qaic_fail(err, -EOPNOTSUPP,
				 "version \"%.20s\" is not supported; 1.0 is",
				 version);
	rc = read_model(tok, root, err);
	if (!rc)
		rc = read_added(tok, root, err);
	if (!rc)
		rc = tok_vocab_check(&tok->vocab, err);
	if (!rc)
		rc = read_part(tok, root, "normalizer", tok_norm_json, err);
	if (!rc)
		rc = read_part(tok, root, "pre_tokenizer", tok_pre_json, err);
	if (!rc)
		rc = read_part(tok, root, "post_processor", tok_post_json, err);
	if (!rc)
		rc = read_part(tok, root, "decoder", tok_dec_json, err);
	/* without a decoder the library joins the tokens with spaces */
	if (!rc && !tok->num_dec)
		rc = tok_dec_add(tok, TOK_DEC_JOIN, "", 0, " ", 1, err);
	return rc;
}

/*
 * Some vocabularies have U+0000 as a token, which jansson takes in no key. Such
 * escapes become a noncharacter that the file does not have, and
 * tok_vocab_json() turns it into what it was.
 */
static int spell_nul(char *text, size_t len, char nul[4], struct qaic_err *err)
{
	char *p = text, *q, hex[5];
	uint32_t c;

	for (c = 0xfdd0; c < 0xfdf0; c++) {
		nul[tok_utf8_put(nul, c)] = '\0';
		snprintf(hex, sizeof(hex), "%04x", c);
		if (memmem(text, len, nul, 3) || memmem(text, len, hex, 4))
			continue;
		snprintf(hex, sizeof(hex), "%04X", c);
		if (!memmem(text, len, hex, 4))
			break;
	}
	if (c == 0xfdf0)
		return qaic_fail(err, -EOPNOTSUPP,
				 "U+0000 among all noncharacters is not supported");
	while ((p = memmem(p, len - (p - text), "\\u0000", 6))) {
		for (q = p; q > text && q[-1] == '\\'; q--)
			;
		if (!((p - q) & 1))
			memcpy(p + 2, hex, 4);
		p += 6;
	}
	return 0;
}

int tok_json_file(const char *path, char nul[4], json_t **root,
		  struct qaic_err *err)
{
	size_t len;
	char *text;
	int rc;

	rc = qaic_read_file(path, TOK_MAX_FILE, &text, &len, err);
	if (rc)
		return rc;
	nul[0] = '\0';
	if (memmem(text, len, "\\u0000", 6))
		rc = spell_nul(text, len, nul, err);
	if (!rc)
		rc = qaic_json_parse(text, len, path, root, err);
	free(text);
	return rc;
}

int tok_open_json(struct qeff_tokenizer *tok, const char *path,
		  struct qaic_err *err)
{
	json_t *root;
	int rc;

	rc = tok_json_file(path, tok->nul, &root, err);
	if (rc)
		return rc;
	rc = tok_json_root(tok, root, err);
	if (rc)
		qaic_fail_in(err, "%s", path);
	json_decref(root);
	return rc;
}
