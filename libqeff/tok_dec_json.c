// SPDX-License-Identifier: MIT
/* The decoders of tokenizer.json, as steps of tok_dec.c. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "libqeff/tok.h"

/* These work on tokens, so not on the one text that others leave. */
static bool needs_tokens(int type)
{
	return type != TOK_DEC_REPLACE && type != TOK_DEC_FUSE &&
	       type != TOK_DEC_STRIP;
}

int tok_dec_add(struct qeff_tokenizer *tok, int type, const char *pat,
		size_t pat_len, const char *s, size_t len, struct qaic_err *err)
{
	struct tok_dec *d;

	if (tok->num_dec == TOK_MAX_STEPS)
		return qaic_fail(err, -E2BIG, "too many decoders");
	if (tok->fused && needs_tokens(type))
		return qaic_fail(err, -EOPNOTSUPP,
				 "it works on tokens, and is not supported after they were fused");
	d = &tok->dec[tok->num_dec];
	d->type = type;
	d->pat = malloc(pat_len + 1);
	d->s = malloc(len + 1);
	if (!d->pat || !d->s) {
		tok_dec_free(d);
		return tok_nomem(err);
	}
	tok->num_dec++;
	memcpy(d->pat, pat, pat_len);
	d->pat[pat_len] = '\0';
	d->pat_len = pat_len;
	memcpy(d->s, s, len);
	d->s[len] = '\0';
	d->len = len;
	d->fused = tok->fused;
	if (type == TOK_DEC_FUSE || type == TOK_DEC_BYTES ||
	    type == TOK_DEC_JOIN)
		tok->fused = true;
	return 0;
}

void tok_dec_free(struct tok_dec *d)
{
	free(d->pat);
	free(d->s);
	d->pat = d->s = NULL;
}

static struct tok_dec *last(struct qeff_tokenizer *tok)
{
	return &tok->dec[tok->num_dec - 1];
}

int tok_dec_plain(struct qeff_tokenizer *tok, int type, struct qaic_err *err)
{
	return tok_dec_add(tok, type, "", 0, "", 0, err);
}

static int add_replace(struct qeff_tokenizer *tok, const char *from,
		       const char *to, struct qaic_err *err)
{
	return tok_dec_add(tok, TOK_DEC_REPLACE, from, strlen(from), to,
			   strlen(to), err);
}

static int read_replace(struct qeff_tokenizer *tok, json_t *obj,
			struct qaic_err *err)
{
	struct tok_pattern p = { 0 };
	size_t len = 0;
	char *s = NULL;
	int rc;

	rc = tok_pattern_json(&p, obj, err);
	if (!rc && p.kind != TOK_PAT_STRING)
		rc = qaic_fail(err, -EOPNOTSUPP,
			       "a regular expression is not supported here");
	if (!rc)
		rc = tok_json_dup(obj, "content", &s, &len, err);
	if (!rc)
		rc = tok_dec_add(tok, TOK_DEC_REPLACE, p.s, p.len, s, len, err);
	tok_pattern_free(&p);
	free(s);
	return rc;
}

static int read_strip(struct qeff_tokenizer *tok, json_t *obj,
		      struct qaic_err *err)
{
	int64_t start, stop;
	size_t len;
	uint32_t cp;
	char *s;
	int rc;

	rc = qaic_json_need_int(obj, "start", 0, TOK_MAX_STRING, &start, err);
	if (!rc)
		rc = qaic_json_need_int(obj, "stop", 0, TOK_MAX_STRING, &stop,
					err);
	if (!rc)
		rc = tok_json_dup(obj, "content", &s, &len, err);
	if (rc)
		return rc;
	if (!len || tok_utf8_get(s, &cp) != len)
		rc = qaic_fail(err, -EINVAL,
			       "field \"content\" is not one character");
	else
		rc = tok_dec_add(tok, TOK_DEC_STRIP, s, len, "", 0, err);
	free(s);
	if (rc)
		return rc;
	last(tok)->start = start;
	last(tok)->stop = stop;
	return 0;
}

static int read_metaspace(struct qeff_tokenizer *tok, json_t *obj,
			  struct qaic_err *err)
{
	const char *scheme = NULL;
	bool prefix;
	size_t len;
	char *s;
	int rc;

	rc = tok_json_bool(obj, "add_prefix_space", true, &prefix, err);
	if (!rc)
		rc = qaic_json_str(obj, "prepend_scheme", &scheme, err);
	if (rc < 0)
		return rc;
	if (scheme)
		prefix = strcmp(scheme, "never");
	rc = tok_json_dup(obj, "replacement", &s, &len, err);
	if (rc)
		return rc;
	if (len)
		rc = tok_dec_add(tok, TOK_DEC_METASPACE, s, len, " ", 1, err);
	else
		rc = qaic_fail(err, -EINVAL, "field \"replacement\" is empty");
	free(s);
	if (!rc)
		last(tok)->start = prefix;
	return rc;
}

static int read_byte_level(struct qeff_tokenizer *tok, json_t *obj,
			   struct qaic_err *err)
{
	return tok_dec_plain(tok, TOK_DEC_BYTES, err);
}

static int read_byte_fallback(struct qeff_tokenizer *tok, json_t *obj,
			      struct qaic_err *err)
{
	return tok_dec_plain(tok, TOK_DEC_BYTE_FALLBACK, err);
}

static int read_fuse(struct qeff_tokenizer *tok, json_t *obj,
		     struct qaic_err *err)
{
	return tok_dec_plain(tok, TOK_DEC_FUSE, err);
}

/* Spaces that English does not have. */
static int add_cleanup(struct qeff_tokenizer *tok, bool wordpiece,
		       struct qaic_err *err)
{
	static const char *const pairs[][2] = {
		{ " .", "." }, { " ?", "?" }, { " !", "!" }, { " ,", "," },
		{ " ' ", "'" }, { " n't", "n't" }, { " 'm", "'m" },
		{ " do not", " don't" }, { " 's", "'s" }, { " 've", "'ve" },
		{ " 're", "'re" },
	};
	size_t i;
	int rc = 0;

	for (i = 0; !rc && i < QAIC_ARRAY_SIZE(pairs); i++) {
		/* the library's decoders alone know this one */
		if (!wordpiece && !strcmp(pairs[i][0], " do not"))
			continue;
		rc = add_replace(tok, pairs[i][0], pairs[i][1], err);
	}
	return rc;
}

static int read_cleanup(struct qeff_tokenizer *tok, json_t *obj, bool *want,
			struct qaic_err *err)
{
	int rc = tok_json_bool(obj, "cleanup", true, want, err);

	return rc || !*want ? rc : add_cleanup(tok, true, err);
}

/* "##ing" is glued to what is before it, others are words of their own. */
static int read_wordpiece(struct qeff_tokenizer *tok, json_t *obj,
			  struct qaic_err *err)
{
	const char *prefix = "##";
	bool cleanup;
	int rc = qaic_json_str(obj, "prefix", &prefix, err);

	if (rc >= 0)
		rc = tok_dec_add(tok, TOK_DEC_WORDPIECE, prefix, strlen(prefix),
				 " ", 1, err);
	return rc ? rc : read_cleanup(tok, obj, &cleanup, err);
}

/* "ing</w>" ends a word: a space follows, but not at the very end. */
static int read_bpe(struct qeff_tokenizer *tok, json_t *obj,
		    struct qaic_err *err)
{
	const char *suffix = "</w>";
	int rc = qaic_json_str(obj, "suffix", &suffix, err);

	if (rc < 0)
		return rc;
	if (!*suffix)
		return qaic_fail(err, -EINVAL, "field \"suffix\" is empty");
	return tok_dec_add(tok, TOK_DEC_SUFFIX, suffix, strlen(suffix), " ", 1,
			   err);
}

/* One token for a run of the same, without the padding. */
static int read_ctc(struct qeff_tokenizer *tok, json_t *obj,
		    struct qaic_err *err)
{
	const char *pad = "<pad>", *word = "|";
	bool cleanup = true;
	int rc = qaic_json_str(obj, "pad_token", &pad, err);

	if (rc >= 0)
		rc = qaic_json_str(obj, "word_delimiter_token", &word, err);
	if (rc >= 0)
		rc = tok_dec_plain(tok, TOK_DEC_ONCE, err);
	if (!rc && *pad)
		rc = add_replace(tok, pad, "", err);
	if (!rc)
		rc = read_cleanup(tok, obj, &cleanup, err);
	if (!rc && cleanup && *word)
		rc = add_replace(tok, word, " ", err);
	return rc;
}

static const struct tok_step kinds[] = {
	{ "ByteLevel", read_byte_level,
	  { "type", "add_prefix_space", "trim_offsets", "use_regex" } },
	{ "Replace", read_replace, { "type", "pattern", "content" } },
	{ "ByteFallback", read_byte_fallback, { "type" } },
	{ "Fuse", read_fuse, { "type" } },
	{ "Strip", read_strip, { "type", "content", "start", "stop" } },
	{ "Metaspace", read_metaspace,
	  { "type", "replacement", "str_rep", "add_prefix_space",
	    "prepend_scheme", "split" } },
	{ "WordPiece", read_wordpiece, { "type", "prefix", "cleanup" } },
	{ "BPEDecoder", read_bpe, { "type", "suffix" } },
	{ "CTC", read_ctc,
	  { "type", "pad_token", "word_delimiter_token", "cleanup" } },
};

static const struct tok_steps steps = {
	.what = "decoder", .many = "decoders", .field = "decoders",
	.self = tok_dec_json, .v = kinds, .n = QAIC_ARRAY_SIZE(kinds),
};

int tok_dec_json(struct qeff_tokenizer *tok, json_t *obj, int depth,
		 struct qaic_err *err)
{
	return tok_json_step(tok, obj, &steps, depth, err);
}

int tok_dec_clean_up(struct qeff_tokenizer *tok, struct qaic_err *err)
{
	int rc = 0;

	if (!tok->fused)
		rc = tok_dec_plain(tok, TOK_DEC_FUSE, err);
	return rc ? rc : add_cleanup(tok, false, err);
}
