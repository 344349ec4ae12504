// SPDX-License-Identifier: MIT
/*
 * T5's spiece.model: a SentencePiece model, after its pieces the sentinels
 * <extra_id_99> to <extra_id_0> that stand for what is missing from a text, and
 * EOS after each text (transformers' T5Tokenizer). Other classes keep their model
 * in a file of this name too, and number its pieces otherwise.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "libqeff/tok.h"

#define MAX_EXTRA	10000

/* A field of a file that may not be there; 1 where it is not. */
static int read_field(const char *dir, const char *file, const char *key,
		      char **text, int64_t *number, struct qaic_err *err)
{
	char *path = qaic_path(dir, file);
	json_t *root, *v;
	int rc;

	if (!path)
		return tok_nomem(err);
	if (!qaic_is_file(path)) {
		free(path);
		return 1;
	}
	rc = qaic_json_load_reals(path, TOK_MAX_FILE, &root, err);
	free(path);
	if (rc)
		return rc;
	v = json_object_get(root, key);
	rc = 1;
	if (text && json_is_string(v)) {
		*text = strdup(json_string_value(v));
		rc = *text ? 0 : tok_nomem(err);
	} else if (number && json_is_number(v)) {
		*number = json_number_value(v) < 0 ||
			  json_number_value(v) > MAX_EXTRA ? -1 :
			  (int64_t)json_number_value(v);
		rc = 0;
	}
	json_decref(root);
	return rc;
}

static int check_class(const char *dir, struct qaic_err *err)
{
	static const char *const known[] = { "T5Tokenizer", "T5TokenizerFast",
		"MT5Tokenizer", "MT5TokenizerFast", "t5", "mt5" };
	char *name = NULL;
	size_t i;
	int rc;

	rc = read_field(dir, "tokenizer_config.json", "tokenizer_class", &name,
			NULL, err);
	if (rc == 1)
		rc = read_field(dir, "config.json", "model_type", &name, NULL,
				err);
	if (rc < 0)
		return rc;
	for (i = 0; name && i < QAIC_ARRAY_SIZE(known); i++)
		if (!strcmp(known[i], name))
			break;
	rc = name && i < QAIC_ARRAY_SIZE(known) ? 0 :
	     qaic_fail(err, -EOPNOTSUPP,
		       "%s: spiece.model of \"%.60s\" without tokenizer.json is not supported; T5's is",
		       dir, name ? name : "an unknown class");
	free(name);
	return rc;
}

static int add_extra(struct qeff_tokenizer *tok, const char *dir,
		     struct qaic_err *err)
{
	struct tok_added_token t = { .special = true, .id = -1 };
	int64_t n = 100;
	char name[32];
	int rc;

	rc = read_field(dir, "tokenizer_config.json", "extra_ids", NULL, &n,
			err);
	if (rc < 0)
		return rc;
	if (n < 0)
		return qaic_fail(err, -ERANGE,
				 "%s: extra_ids in tokenizer_config.json; 0 to %d are taken",
				 dir, MAX_EXTRA);
	rc = 0;
	while (!rc && n-- > 0) {
		t.len = snprintf(name, sizeof(name), "<extra_id_%d>", (int)n);
		t.s = name;
		rc = tok_added_add(tok, &t, err);
	}
	return rc;
}

int tok_open_t5(struct qeff_tokenizer *tok, const char *dir, const char *path,
		struct qaic_err *err)
{
	int rc = check_class(dir, err);

	if (!rc)
		rc = tok_open_spm(tok, path, err);
	if (!rc)
		rc = add_extra(tok, dir, err);
	if (rc)
		return rc;
	/* add_bos_token and add_eos_token are not for this class */
	tok->is_spm = false;
	return tok_post_ends(tok, -1, tok->eos, err);
}
