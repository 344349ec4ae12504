// SPDX-License-Identifier: MIT
/* The decoders of tokenizer.json, as steps of tok_dec.c. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "libqeff/tok.h"

struct tok_dec *tok_dec_add(struct qeff_tokenizer *tok, int type,
			    const char *pat, size_t pat_len, const char *s,
			    size_t len, struct qaic_err *err)
{
	struct tok_dec *d;

	if (tok->num_dec == TOK_MAX_STEPS) {
		qaic_fail(err, -E2BIG, "too many decoders");
		return NULL;
	}
	d = &tok->dec[tok->num_dec];
	d->type = type;
	d->pat = malloc(pat_len + 1);
	d->s = malloc(len + 1);
	if (!d->pat || !d->s) {
		tok_dec_free(d);
		tok_nomem(err);
		return NULL;
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
	return d;
}

void tok_dec_free(struct tok_dec *d)
{
	free(d->pat);
	free(d->s);
	d->pat = d->s = NULL;
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
	if (!rc && !tok_dec_add(tok, TOK_DEC_REPLACE, p.s, p.len, s, len, err))
		rc = -ENOMEM;
	tok_pattern_free(&p);
	free(s);
	return rc;
}

static int read_strip(struct qeff_tokenizer *tok, json_t *obj,
		      struct qaic_err *err)
{
	int64_t start, stop;
	struct tok_dec *d;
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
	if (!len || tok_utf8_get(s, &cp) != len) {
		free(s);
		return qaic_fail(err, -EINVAL,
				 "field \"content\" is not one character");
	}
	d = tok_dec_add(tok, TOK_DEC_STRIP, s, len, "", 0, err);
	free(s);
	if (!d)
		return -ENOMEM;
	d->start = start;
	d->stop = stop;
	return 0;
}

static int read_metaspace(struct qeff_tokenizer *tok, json_t *obj,
			  struct qaic_err *err)
{
	const char *scheme = NULL;
	struct tok_dec *d;
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
		d = tok_dec_add(tok, TOK_DEC_METASPACE, s, len, " ", 1, err);
	else
		d = NULL;
	free(s);
	if (!len)
		return qaic_fail(err, -EINVAL, "field \"replacement\" is empty");
	if (!d)
		return -ENOMEM;
	d->start = prefix;
	return 0;
}

static int read_plain(struct qeff_tokenizer *tok, int type,
		      struct qaic_err *err)
{
	return tok_dec_add(tok, type, "", 0, "", 0, err) ? 0 : -ENOMEM;
}

static int read_byte_level(struct qeff_tokenizer *tok, json_t *obj,
			   struct qaic_err *err)
{
	return read_plain(tok, TOK_DEC_BYTES, err);
}

static int read_byte_fallback(struct qeff_tokenizer *tok, json_t *obj,
			      struct qaic_err *err)
{
	return read_plain(tok, TOK_DEC_BYTE_FALLBACK, err);
}

static int read_fuse(struct qeff_tokenizer *tok, json_t *obj,
		     struct qaic_err *err)
{
	return read_plain(tok, TOK_DEC_FUSE, err);
}

static const struct {
	const char *name;
	int (*read)(struct qeff_tokenizer *tok, json_t *obj,
		    struct qaic_err *err);
	bool fused_too;			/* makes sense after Fuse */
	const char *keys[6];
} kinds[] = {
	{ "ByteLevel", read_byte_level, false,
	  { "type", "add_prefix_space", "trim_offsets", "use_regex" } },
	{ "Replace", read_replace, true, { "type", "pattern", "content" } },
	{ "ByteFallback", read_byte_fallback, false, { "type" } },
	{ "Fuse", read_fuse, true, { "type" } },
	{ "Strip", read_strip, true, { "type", "content", "start", "stop" } },
	{ "Metaspace", read_metaspace, false,
	  { "type", "replacement", "add_prefix_space", "prepend_scheme",
	    "split" } },
};

int tok_dec_json(struct qeff_tokenizer *tok, json_t *obj, int depth,
		 struct qaic_err *err)
{
	const char *type = tok_json_type(obj, "decoder", err);
	size_t i;
	int rc;

	if (!type)
		return -EINVAL;
	if (depth > TOK_MAX_NESTING || tok->num_dec == TOK_MAX_STEPS)
		return qaic_fail(err, -E2BIG, "too many decoders");
	if (!strcmp(type, "Sequence"))
		return tok_json_sequence(tok, obj, "decoders", tok_dec_json,
					 depth, err);
	for (i = 0; i < QAIC_ARRAY_SIZE(kinds); i++)
		if (!strcmp(kinds[i].name, type))
			break;
	if (i == QAIC_ARRAY_SIZE(kinds))
		return qaic_fail(err, -EOPNOTSUPP,
				 "decoder \"%.40s\" is not supported", type);
	if (tok->fused && !kinds[i].fused_too)
		return qaic_fail(err, -EOPNOTSUPP,
				 "decoder \"%s\" after the tokens were fused is not supported",
				 type);
	rc = tok_json_known(obj, type, kinds[i].keys, err);
	if (!rc)
		rc = kinds[i].read(tok, obj, err);
	if (rc)
		qaic_fail_in(err, "%s", type);
	return rc;
}

int tok_dec_clean_up(struct qeff_tokenizer *tok, struct qaic_err *err)
{
	static const struct {
		const char *from, *to;
	} pairs[] = {
		{ " .", "." }, { " ?", "?" }, { " !", "!" }, { " ,", "," },
		{ " ' ", "'" }, { " n't", "n't" }, { " 'm", "'m" },
		{ " 's", "'s" }, { " 've", "'ve" }, { " 're", "'re" },
	};
	size_t i;

	if (tok->num_dec + QAIC_ARRAY_SIZE(pairs) + 1 > TOK_MAX_STEPS)
		return qaic_fail(err, -E2BIG, "too many decoders to clean up after");
	if (!tok->fused && read_plain(tok, TOK_DEC_FUSE, err))
		return -ENOMEM;
	for (i = 0; i < QAIC_ARRAY_SIZE(pairs); i++)
		if (!tok_dec_add(tok, TOK_DEC_REPLACE, pairs[i].from,
				 strlen(pairs[i].from), pairs[i].to,
				 strlen(pairs[i].to), err))
			return -ENOMEM;
	return 0;
}
