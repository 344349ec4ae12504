// SPDX-License-Identifier: MIT
/* The normalizers of tokenizer.json, as steps of tok_norm.c. */
#include <errno.h>
#include <string.h>

#include "libqeff/tok.h"

struct tok_norm *tok_norm_add(struct qeff_tokenizer *tok,
			      enum tok_norm_type type, struct qaic_err *err)
{
	struct tok_norm *n;

	if (tok->num_norm == TOK_MAX_STEPS) {
		qaic_fail(err, -E2BIG, "too many normalizers");
		return NULL;
	}
	n = &tok->norm[tok->num_norm++];
	n->type = type;
	return n;
}

static int read_plain(struct qeff_tokenizer *tok, json_t *obj,
		      struct qaic_err *err)
{
	static const struct {
		const char *name;
		enum tok_norm_type type;
	} kinds[] = {
		{ "NFC", TOK_NORM_NFC }, { "NFD", TOK_NORM_NFD },
		{ "NFKC", TOK_NORM_NFKC }, { "NFKD", TOK_NORM_NFKD },
		{ "Lowercase", TOK_NORM_LOWER },
		{ "StripAccents", TOK_NORM_STRIP_ACCENTS },
		{ "Nmt", TOK_NORM_NMT }, { "ByteLevel", TOK_NORM_BYTES },
	};
	const char *type = tok_json_type(obj, "normalizer", err);
	size_t i;

	for (i = 0; strcmp(kinds[i].name, type); i++)
		;
	return tok_norm_add(tok, kinds[i].type, err) ? 0 : -E2BIG;
}

static int read_strip(struct qeff_tokenizer *tok, json_t *obj,
		      struct qaic_err *err)
{
	struct tok_norm *n = tok_norm_add(tok, TOK_NORM_STRIP, err);
	int rc;

	if (!n)
		return -E2BIG;
	rc = tok_json_bool(obj, "strip_left", true, &n->left, err);
	return rc ? rc : tok_json_bool(obj, "strip_right", true, &n->right,
				       err);
}

static int read_prepend(struct qeff_tokenizer *tok, json_t *obj,
			struct qaic_err *err)
{
	struct tok_norm *n = tok_norm_add(tok, TOK_NORM_PREPEND, err);

	return n ? tok_json_dup(obj, "prepend", &n->s, &n->len, err) : -E2BIG;
}

static int read_replace(struct qeff_tokenizer *tok, json_t *obj,
			struct qaic_err *err)
{
	struct tok_norm *n = tok_norm_add(tok, TOK_NORM_REPLACE, err);
	int rc;

	if (!n)
		return -E2BIG;
	rc = tok_json_dup(obj, "content", &n->s, &n->len, err);
	return rc ? rc : tok_pattern_json(&n->pat, obj, err);
}

/* Four steps in one; without strip_accents lowercase decides about accents. */
static int read_bert(struct qeff_tokenizer *tok, json_t *obj,
		     struct qaic_err *err)
{
	static const struct {
		const char *key;
		enum tok_norm_type type[2];
		size_t n;
	} steps[] = {
		{ "clean_text", { TOK_NORM_BERT_CLEAN }, 1 },
		{ "handle_chinese_chars", { TOK_NORM_BERT_CHINESE }, 1 },
		{ "strip_accents", { TOK_NORM_NFD, TOK_NORM_STRIP_MN }, 2 },
		{ "lowercase", { TOK_NORM_LOWER }, 1 },
	};
	bool lower, want;
	size_t i, k;
	int rc;

	rc = tok_json_bool(obj, "lowercase", true, &lower, err);
	for (i = 0; !rc && i < QAIC_ARRAY_SIZE(steps); i++) {
		rc = tok_json_bool(obj, steps[i].key, i == 2 ? lower : true,
				   &want, err);
		for (k = 0; !rc && want && k < steps[i].n; k++)
			if (!tok_norm_add(tok, steps[i].type[k], err))
				rc = -E2BIG;
	}
	return rc;
}

static int read_precompiled(struct qeff_tokenizer *tok, json_t *obj,
			    struct qaic_err *err)
{
	struct tok_norm *n;
	const char *s;
	int rc;

	rc = qaic_json_str(obj, "precompiled_charsmap", &s, err);
	if (rc)
		return rc < 0 ? rc : 0;		/* null: the identity */
	n = tok_norm_add(tok, TOK_NORM_CHARSMAP, err);
	return n ? tok_charsmap_base64(&n->map, s, err) : -E2BIG;
}

static const struct tok_step kinds[] = {
	{ "NFC", read_plain, { "type" } },
	{ "NFD", read_plain, { "type" } },
	{ "NFKC", read_plain, { "type" } },
	{ "NFKD", read_plain, { "type" } },
	{ "Lowercase", read_plain, { "type" } },
	{ "StripAccents", read_plain, { "type" } },
	{ "Nmt", read_plain, { "type" } },
	{ "ByteLevel", read_plain, { "type" } },
	{ "Strip", read_strip, { "type", "strip_left", "strip_right" } },
	{ "Prepend", read_prepend, { "type", "prepend" } },
	{ "Replace", read_replace, { "type", "pattern", "content" } },
	{ "BertNormalizer", read_bert,
	  { "type", "clean_text", "handle_chinese_chars", "strip_accents",
	    "lowercase" } },
	{ "Precompiled", read_precompiled, { "type", "precompiled_charsmap" } },
};

static const struct tok_steps steps = {
	.what = "normalizer", .many = "normalizers", .field = "normalizers",
	.self = tok_norm_json, .v = kinds, .n = QAIC_ARRAY_SIZE(kinds),
};

int tok_norm_json(struct qeff_tokenizer *tok, json_t *obj, int depth,
		  struct qaic_err *err)
{
	return tok_json_step(tok, obj, &steps, depth, err);
}
