// SPDX-License-Identifier: MIT
/*
 * What the files beside the tokenizer say, read as transformers reads them:
 * which tokens are BOS, EOS and padding, tokens added later, whether BOS and EOS
 * are put around a text, and whether spaces are cleaned up.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "libqeff/tok.h"

static bool is_added(const struct qeff_tokenizer *tok, int32_t id)
{
	return id >= 0 && (tok->vocab.flags[id] & TOK_ADDED);
}

/* A special token that is named: from now on it is found in texts too. */
static int adopt(struct qeff_tokenizer *tok, json_t *v, int32_t *id,
		 struct qaic_err *err)
{
	struct tok_added_token t = { .special = true };
	json_t *s = json_is_object(v) ? json_object_get(v, "content") : v;

	if (!json_is_string(s))
		return qaic_fail(err, -EINVAL,
				 "a special token is neither a text nor an object with \"content\"");
	t.s = (char *)json_string_value(s);
	t.len = json_string_length(s);
	*id = tok_vocab_find(&tok->vocab, t.s, t.len);
	if (*id < 0 || is_added(tok, *id))
		return 0;
	if (!json_is_object(v)) {
		t.id = *id;
		return tok_added_add(tok, &t, err);
	}
	/* the old spelling leaves "special" out */
	if (json_object_set_new(v, "special", json_true()))
		return tok_nomem(err);
	return tok_added_json(tok, v, *id, err);
}

static int read_specials(struct qeff_tokenizer *tok, json_t *root,
			 struct qaic_err *err)
{
	const struct {
		const char *key;
		int32_t *id;
	} names[] = {
		{ "bos_token", &tok->bos }, { "eos_token", &tok->eos },
		{ "pad_token", &tok->pad }, { "unk_token", NULL },
		{ "mask_token", NULL }, { "sep_token", NULL },
		{ "cls_token", NULL },
	};
	json_t *v, *arr;
	int32_t id;
	size_t i;
	int rc;

	for (i = 0; i < QAIC_ARRAY_SIZE(names); i++) {
		v = json_object_get(root, names[i].key);
		if (!v || json_is_null(v))
			continue;
		rc = adopt(tok, v, &id, err);
		if (rc) {
			qaic_fail_in(err, "%s", names[i].key);
			return rc;
		}
		if (names[i].id && id >= 0)
			*names[i].id = id;
	}
	rc = qaic_json_arr(root, "additional_special_tokens", &arr, err);
	if (rc)
		return rc < 0 ? rc : 0;
	json_array_foreach(arr, i, v) {
		rc = adopt(tok, v, &id, err);
		if (rc)
			return rc;
	}
	return 0;
}

static int parse_id(const char *s, int64_t *id, struct qaic_err *err)
{
	char *end;

	errno = 0;
	*id = strtol(s, &end, 10);
	if (errno || end == s || *end || *id < 0 || *id > INT32_MAX)
		return qaic_fail(err, -EINVAL, "\"%.40s\" is not an id", s);
	return 0;
}

/* {"32000": {"content": ..., "lstrip": ...}, ...} */
static int read_added_decoder(struct qeff_tokenizer *tok, json_t *root,
			      struct qaic_err *err)
{
	json_t *obj, *v, *s;
	const char *key;
	int64_t id;
	int rc;

	rc = qaic_json_obj(root, "added_tokens_decoder", &obj, err);
	if (rc)
		return rc < 0 ? rc : 0;
	json_object_foreach(obj, key, v) {
		rc = parse_id(key, &id, err);
		if (rc)
			return rc;
		s = json_object_get(v, "content");
		if (json_is_string(s) &&
		    is_added(tok, tok_vocab_find(&tok->vocab,
						 json_string_value(s),
						 json_string_length(s))))
			continue;
		rc = json_is_object(v) ? tok_added_json(tok, v, id, err) :
			qaic_fail(err, -EINVAL, "not an object");
		if (rc) {
			qaic_fail_in(err, "added_tokens_decoder \"%s\"", key);
			return rc;
		}
	}
	return 0;
}

/* added_tokens.json: {"<pad>": 32000, ...} */
static int read_added_tokens(struct qeff_tokenizer *tok, json_t *root,
			     struct qaic_err *err)
{
	struct tok_added_token t = { .normalized = true };
	const char *key;
	json_t *v;
	int rc;

	json_object_foreach(root, key, v) {
		if (!json_is_integer(v) || json_integer_value(v) < 0 ||
		    json_integer_value(v) > INT32_MAX)
			return qaic_fail(err, -EINVAL,
					 "the id of \"%.60s\" is not an id", key);
		t.s = (char *)key;
		t.len = strlen(key);
		t.id = json_integer_value(v);
		if (is_added(tok, tok_vocab_find(&tok->vocab, key, t.len)))
			continue;
		rc = tok_added_add(tok, &t, err);
		if (rc)
			return rc;
	}
	return 0;
}

static bool class_is(json_t *root, const char *prefix)
{
	const char *c = json_string_value(json_object_get(root,
							  "tokenizer_class"));

	return c && !strncmp(c, prefix, strlen(prefix));
}

/*
 * BOS and EOS around the text: for a tokenizer.model always decided here, for a
 * tokenizer.json only by the Llama classes, which rewrite its post-processor.
 */
static int read_bos_eos(struct qeff_tokenizer *tok, json_t *root,
			struct qaic_err *err)
{
	bool add_bos, add_eos, spm = tok->is_spm;
	int rc;

	if (!spm && !class_is(root, "LlamaTokenizer") &&
	    !class_is(root, "CodeLlamaTokenizer"))
		return 0;
	if (!spm && !json_object_get(root, "add_bos_token") &&
	    !json_object_get(root, "add_eos_token"))
		return 0;
	rc = tok_json_bool(root, "add_bos_token", true, &add_bos, err);
	if (!rc)
		rc = tok_json_bool(root, "add_eos_token", false, &add_eos, err);
	return rc ? rc : tok_post_ends(tok, add_bos ? tok->bos : -1,
				       add_eos ? tok->eos : -1, err);
}

/* The byte-level classes let the configuration ask for a space in front. */
static int read_prefix_space(struct qeff_tokenizer *tok, json_t *root,
			     struct qaic_err *err)
{
	bool want, have = tok->num_pre &&
			  tok->pre[0].type == TOK_PRE_PREFIX_SPACE;
	int rc;

	if (!class_is(root, "GPT2Tokenizer") &&
	    !class_is(root, "RobertaTokenizer"))
		return 0;
	rc = qaic_json_bool(root, "add_prefix_space", &want, err);
	if (rc || want == have)
		return rc < 0 ? rc : 0;
	if (want && tok->num_pre == TOK_MAX_STEPS)
		return qaic_fail(err, -E2BIG, "too many pre-tokenizers");
	if (want) {
		memmove(tok->pre + 1, tok->pre,
			tok->num_pre * sizeof(tok->pre[0]));
		memset(tok->pre, 0, sizeof(tok->pre[0]));
		tok->pre[0].type = TOK_PRE_PREFIX_SPACE;
		tok->num_pre++;
	} else {
		tok->num_pre--;
		memmove(tok->pre, tok->pre + 1,
			tok->num_pre * sizeof(tok->pre[0]));
		memset(tok->pre + tok->num_pre, 0, sizeof(tok->pre[0]));
	}
	return 0;
}

static int read_config(struct qeff_tokenizer *tok, json_t *root,
		       struct qaic_err *err)
{
	bool clean_up, legacy;
	size_t i;
	int rc;

	rc = read_added_decoder(tok, root, err);
	if (!rc)
		rc = read_specials(tok, root, err);
	if (!rc)
		rc = read_bos_eos(tok, root, err);
	if (!rc)
		rc = read_prefix_space(tok, root, err);
	if (!rc)
		rc = tok_json_bool(root, "legacy", true, &legacy, err);
	if (!rc)
		rc = tok_json_bool(root, "clean_up_tokenization_spaces", false,
				   &clean_up, err);
	if (rc)
		return rc;
	/* not legacy: the dummy prefix stands before the text only, not after
	 * each special token */
	for (i = 0; i < tok->num_norm; i++)
		tok->norm[i].first_only = !legacy;
	return clean_up ? tok_dec_clean_up(tok, err) : 0;
}

typedef int (*load_fn)(const char *path, size_t max, json_t **root,
		       struct qaic_err *err);

static int read_optional(struct qeff_tokenizer *tok, const char *dir,
			 const char *name, load_fn load,
			 int (*read)(struct qeff_tokenizer *tok, json_t *root,
				     struct qaic_err *err),
			 struct qaic_err *err)
{
	char *path = qaic_path(dir, name);
	json_t *root;
	int rc = 0;

	if (!path)
		return tok_nomem(err);
	if (qaic_is_file(path)) {
		rc = load(path, TOK_MAX_FILE, &root, err);
		if (!rc) {
			rc = read(tok, root, err);
			if (rc)
				qaic_fail_in(err, "%s", path);
			json_decref(root);
		}
	}
	free(path);
	return rc;
}

int tok_open_config(struct qeff_tokenizer *tok, const char *dir,
		    struct qaic_err *err)
{
	int rc;

	/* the configuration comes last: what it names wins */
	rc = read_optional(tok, dir, "added_tokens.json", qaic_json_load,
			   read_added_tokens, err);
	if (!rc)
		rc = read_optional(tok, dir, "special_tokens_map.json",
				   qaic_json_load, read_specials, err);
	/* model_max_length is 10^30 in most of them */
	if (!rc)
		rc = read_optional(tok, dir, "tokenizer_config.json",
				   qaic_json_load_reals, read_config, err);
	return rc;
}
