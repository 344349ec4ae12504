// SPDX-License-Identifier: MIT
/* The tokenizer's public functions: open, look up. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "libqeff/tok.h"

static struct qeff_tokenizer *new_tokenizer(struct qaic_err *err)
{
	struct qeff_tokenizer *tok = calloc(1, sizeof(*tok));

	if (!tok) {
		tok_nomem(err);
		return NULL;
	}
	tok->bos = tok->eos = tok->pad = tok->model.unk = -1;
	tok_post_default(&tok->post);
	return tok;
}

/* Files are read; finish what depends on all of them. */
static int finish(struct qeff_tokenizer *tok, struct qaic_err *err)
{
	int rc = tok_vocab_check(&tok->vocab, err);

	if (!rc)
		rc = tok_added_finish(tok, err);
	return rc ? rc : tok_model_index(tok, err);
}

static bool is_json(const char *path)
{
	size_t n = strlen(path);

	return n >= 5 && !strcmp(path + n - 5, ".json");
}

int qeff_tokenizer_open_file(const char *path, struct qeff_tokenizer **out,
			     struct qaic_err *err)
{
	struct qeff_tokenizer *tok = new_tokenizer(err);
	int rc;

	if (!tok)
		return -ENOMEM;
	rc = is_json(path) ? tok_open_json(tok, path, err) :
			     tok_open_spm(tok, path, err);
	if (!rc) {
		rc = finish(tok, err);
		if (rc)
			qaic_fail_in(err, "%s", path);
	}
	if (rc) {
		qeff_tokenizer_close(tok);
		return rc;
	}
	*out = tok;
	return 0;
}

static int open_either(struct qeff_tokenizer *tok, const char *dir,
		       struct qaic_err *err)
{
	static const char *const names[] = { "tokenizer.json",
		"tokenizer.model", "spiece.model", "source.spm",
		"vocab.json", "vocab.txt" };
	char *path;
	bool found = false;
	size_t i;
	int rc = 0;

	for (i = 0; !found && i < QAIC_ARRAY_SIZE(names); i++) {
		path = qaic_path(dir, names[i]);
		if (!path)
			return tok_nomem(err);
		found = qaic_is_file(path);
		if (found)
			rc = i == 0 ? tok_open_json(tok, path, err) :
			     i == 1 ? tok_open_spm(tok, path, err) :
			     i == 2 ? tok_open_t5(tok, dir, path, err) :
			     i == 3 ? tok_open_marian(tok, dir, err) :
				      tok_open_files(tok, dir, i == 5, err);
		free(path);
	}
	if (found)
		return rc;
	return qaic_fail(err, -ENOENT,
			 "%s: no tokenizer: none of tokenizer.json, tokenizer.model, spiece.model, source.spm, vocab.json and vocab.txt is there",
			 dir);
}

int qeff_tokenizer_open(const char *dir, struct qeff_tokenizer **out,
			struct qaic_err *err)
{
	struct qeff_tokenizer *tok = new_tokenizer(err);
	int rc;

	if (!tok)
		return -ENOMEM;
	rc = open_either(tok, dir, err);
	if (!rc)
		rc = tok_open_config(tok, dir, err);
	if (!rc) {
		rc = finish(tok, err);
		if (rc)
			qaic_fail_in(err, "%s", dir);
	}
	if (rc) {
		qeff_tokenizer_close(tok);
		return rc;
	}
	*out = tok;
	return 0;
}

void qeff_tokenizer_close(struct qeff_tokenizer *tok)
{
	size_t i;

	if (!tok)
		return;
	for (i = 0; i < TOK_MAX_STEPS; i++) {
		tok_norm_free(&tok->norm[i]);
		tok_pre_free(&tok->pre[i]);
		tok_dec_free(&tok->dec[i]);
	}
	tok_model_free(&tok->model);
	tok_added_free(&tok->added);
	tok_vocab_free(&tok->vocab);
	free(tok);
}

int32_t qeff_token_id(const struct qeff_tokenizer *tok, const char *token)
{
	return tok_vocab_find(&tok->vocab, token, strlen(token));
}

const char *qeff_token_text(const struct qeff_tokenizer *tok, int32_t id)
{
	size_t n;

	return tok_vocab_text(&tok->vocab, id, &n);
}

size_t qeff_vocab_size(const struct qeff_tokenizer *tok)
{
	return tok->vocab.size;
}

int32_t qeff_bos_id(const struct qeff_tokenizer *tok)
{
	return tok->bos;
}

int32_t qeff_eos_id(const struct qeff_tokenizer *tok)
{
	return tok->eos;
}

int32_t qeff_pad_id(const struct qeff_tokenizer *tok)
{
	return tok->pad;
}
