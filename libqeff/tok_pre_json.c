// SPDX-License-Identifier: MIT
/* The pre-tokenizers of tokenizer.json, as steps of tok_pre.c. */
#include <errno.h>
#include <string.h>

#include "libqeff/tok.h"

/* GPT-2's, which ByteLevel brings along. */
static const char gpt2_regex[] =
	"'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+"
	"|\\s+(?!\\S)|\\s+";

static struct tok_pre *add(struct qeff_tokenizer *tok, int type,
			   struct qaic_err *err)
{
	struct tok_pre *p;

	if (tok->num_pre == TOK_MAX_STEPS) {
		qaic_fail(err, -E2BIG, "too many pre-tokenizers");
		return NULL;
	}
	p = &tok->pre[tok->num_pre++];
	p->type = type;
	return p;
}

static int add_class(struct qeff_tokenizer *tok, bool (*is)(uint32_t cp),
		     enum tok_behavior behavior, bool invert,
		     struct qaic_err *err)
{
	struct tok_pre *p = add(tok, TOK_PRE_SPLIT, err);

	if (!p)
		return -E2BIG;
	p->pat.kind = TOK_PAT_CLASS;
	p->pat.is = is;
	p->pat.invert = invert;
	p->behavior = behavior;
	return 0;
}

static int add_regex(struct qeff_tokenizer *tok, const char *re,
		     struct qaic_err *err)
{
	struct tok_pre *p = add(tok, TOK_PRE_SPLIT, err);

	if (!p)
		return -E2BIG;
	p->behavior = TOK_ISOLATED;
	return tok_pattern_regex(&p->pat, re, strlen(re), err);
}

static int read_behavior(json_t *obj, const char *def, enum tok_behavior *out,
			 struct qaic_err *err)
{
	static const char *const names[] = { "Removed", "Isolated",
		"MergedWithPrevious", "MergedWithNext", "Contiguous" };
	const char *s = def;
	size_t i;
	int rc;

	rc = qaic_json_str(obj, "behavior", &s, err);
	if (rc < 0)
		return rc;
	if (!s)
		return qaic_fail(err, -EINVAL, "field \"behavior\" is missing");
	for (i = 0; i < QAIC_ARRAY_SIZE(names); i++)
		if (!strcmp(names[i], s))
			break;
	if (i == QAIC_ARRAY_SIZE(names))
		return qaic_fail(err, -EOPNOTSUPP,
				 "behavior \"%.40s\" is not supported", s);
	*out = i;
	return 0;
}

static int read_byte_level(struct qeff_tokenizer *tok, json_t *obj,
			   struct qaic_err *err)
{
	bool prefix, regex;
	int rc;

	rc = tok_json_bool(obj, "add_prefix_space", true, &prefix, err);
	if (!rc)
		rc = tok_json_bool(obj, "use_regex", true, &regex, err);
	if (!rc && prefix && !add(tok, TOK_PRE_PREFIX_SPACE, err))
		rc = -E2BIG;
	if (!rc && regex)
		rc = add_regex(tok, gpt2_regex, err);
	if (!rc && !add(tok, TOK_PRE_BYTES, err))
		rc = -E2BIG;
	return rc;
}

static int read_split(struct qeff_tokenizer *tok, json_t *obj,
		      struct qaic_err *err)
{
	struct tok_pre *p = add(tok, TOK_PRE_SPLIT, err);
	int rc;

	if (!p)
		return -E2BIG;
	rc = tok_pattern_json(&p->pat, obj, err);
	if (!rc)
		rc = read_behavior(obj, NULL, &p->behavior, err);
	return rc ? rc : tok_json_bool(obj, "invert", false, &p->pat.invert,
				       err);
}

static int read_digits(struct qeff_tokenizer *tok, json_t *obj,
		       struct qaic_err *err)
{
	bool individual;
	int rc;

	rc = tok_json_bool(obj, "individual_digits", false, &individual, err);
	return rc ? rc : add_class(tok, tok_is_numeric, individual ?
				   TOK_ISOLATED : TOK_CONTIGUOUS, false, err);
}

static int read_punctuation(struct qeff_tokenizer *tok, json_t *obj,
			    struct qaic_err *err)
{
	enum tok_behavior b;
	int rc;

	rc = read_behavior(obj, "Isolated", &b, err);
	return rc ? rc : add_class(tok, tok_is_punct, b, false, err);
}

static int read_prepend(json_t *obj, struct tok_pre *p, struct qaic_err *err)
{
	static const char *const names[] = { "never", "first", "always" };
	const char *s = NULL;
	bool add_prefix;
	size_t i;
	int rc;

	/* older files say add_prefix_space, newer ones prepend_scheme */
	rc = tok_json_bool(obj, "add_prefix_space", true, &add_prefix, err);
	if (rc)
		return rc;
	p->prepend = add_prefix ? TOK_PREPEND_ALWAYS : TOK_PREPEND_NEVER;
	rc = qaic_json_str(obj, "prepend_scheme", &s, err);
	if (rc)
		return rc < 0 ? rc : 0;
	for (i = 0; i < QAIC_ARRAY_SIZE(names); i++)
		if (!strcmp(names[i], s))
			break;
	if (i == QAIC_ARRAY_SIZE(names))
		return qaic_fail(err, -EOPNOTSUPP,
				 "prepend_scheme \"%.40s\" is not supported", s);
	p->prepend = i;
	return 0;
}

static int read_metaspace(struct qeff_tokenizer *tok, json_t *obj,
			  struct qaic_err *err)
{
	struct tok_pre *p = add(tok, TOK_PRE_METASPACE, err);
	bool cut;
	int rc;

	if (!p)
		return -E2BIG;
	rc = tok_json_dup(obj, "replacement", &p->s, &p->len, err);
	if (!rc && (!p->len || strlen(p->s) != p->len || p->len > 4))
		rc = qaic_fail(err, -EINVAL,
			       "field \"replacement\" is not one character");
	if (!rc)
		rc = read_prepend(obj, p, err);
	if (!rc)
		rc = tok_json_bool(obj, "split", true, &cut, err);
	if (rc || !cut)
		return rc;
	if (tok->num_pre == TOK_MAX_STEPS)
		return qaic_fail(err, -E2BIG, "too many pre-tokenizers");
	p[1].type = TOK_PRE_SPLIT;
	p[1].behavior = TOK_MERGED_NEXT;
	tok->num_pre++;
	return tok_pattern_string(&p[1].pat, p->s, p->len, err);
}

static int read_whitespace_split(struct qeff_tokenizer *tok, json_t *obj,
				 struct qaic_err *err)
{
	return add_class(tok, tok_is_space, TOK_REMOVED, false, err);
}

static int read_bert(struct qeff_tokenizer *tok, json_t *obj,
		     struct qaic_err *err)
{
	int rc = add_class(tok, tok_is_space, TOK_REMOVED, false, err);

	return rc ? rc : add_class(tok, tok_is_punct, TOK_ISOLATED, false, err);
}

static int read_delimiter(struct qeff_tokenizer *tok, json_t *obj,
			  struct qaic_err *err)
{
	struct tok_pre *p = add(tok, TOK_PRE_SPLIT, err);
	const char *s;
	uint32_t cp;
	int rc;

	if (!p)
		return -E2BIG;
	p->behavior = TOK_REMOVED;
	rc = qaic_json_need_str(obj, "delimiter", &s, err);
	if (rc)
		return rc;
	if (!*s || tok_utf8_get(s, &cp) != strlen(s))
		return qaic_fail(err, -EINVAL,
				 "field \"delimiter\" is not one character");
	return tok_pattern_string(&p->pat, s, strlen(s), err);
}

/* \w+|[^\w\s]+ in Rust's sense of \w: no spaces, and runs of either kind */
static int read_whitespace(struct qeff_tokenizer *tok, json_t *obj,
			   struct qaic_err *err)
{
	int rc = add_class(tok, tok_is_space, TOK_REMOVED, false, err);

	return rc ? rc : add_class(tok, tok_is_word, TOK_CONTIGUOUS, false,
				   err);
}

static const struct tok_step kinds[] = {
	{ "ByteLevel", read_byte_level,
	  { "type", "add_prefix_space", "trim_offsets", "use_regex" } },
	{ "Split", read_split, { "type", "pattern", "behavior", "invert" } },
	{ "Digits", read_digits, { "type", "individual_digits" } },
	{ "Punctuation", read_punctuation, { "type", "behavior" } },
	{ "Metaspace", read_metaspace,
	  { "type", "replacement", "str_rep", "add_prefix_space",
	    "prepend_scheme", "split" } },
	{ "Whitespace", read_whitespace, { "type" } },
	{ "WhitespaceSplit", read_whitespace_split, { "type" } },
	{ "BertPreTokenizer", read_bert, { "type" } },
	{ "CharDelimiterSplit", read_delimiter, { "type", "delimiter" } },
};

static const struct tok_steps steps = {
	.what = "pre-tokenizer", .many = "pre-tokenizers", .field = "pretokenizers",
	.self = tok_pre_json, .v = kinds, .n = QAIC_ARRAY_SIZE(kinds),
};

int tok_pre_json(struct qeff_tokenizer *tok, json_t *obj, int depth,
		 struct qaic_err *err)
{
	return tok_json_step(tok, obj, &steps, depth, err);
}
