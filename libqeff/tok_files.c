// SPDX-License-Identifier: MIT
/*
 * Tokenizers that come as a vocabulary and no more: vocab.json with merges.txt
 * (GPT-2, RoBERTa, CLIP, Qwen2) and vocab.txt (BERT, MPNet). What else a
 * tokenizer.json says follows from the class, so they become one: the steps are
 * those that transformers' convert_slow_tokenizer.py gives to each class.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "libqeff/tok.h"

#define GPT2_PRE "{s:s, s:b, s:b, s:b}"
#define QWEN2_SPLIT "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+" \
	"|\\p{N}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+"
#define CLIP_SPLIT "'s|'t|'re|'ve|'m|'ll|'d|[\\p{L}]+|[\\p{N}]|[^\\s\\p{L}\\p{N}]+"

enum kind { GPT2, ROBERTA, CLIP, QWEN2, BERT, MPNET };

static const struct {
	const char *class, *model_type;	/* class without "Tokenizer[Fast]" */
	enum kind kind;
} classes[] = {
	{ "GPT2", "gpt2", GPT2 }, { "GPT2", "gptj", GPT2 },
	{ "GPT2", "gpt_neo", GPT2 }, { "GPT2", "opt", GPT2 },
	{ "GPT2", "gpt_bigcode", GPT2 }, { "GPT2", "starcoder2", GPT2 },
	{ "CodeGen", "codegen", GPT2 }, { "CodeGen", "phi", GPT2 },
	{ "Roberta", "roberta", ROBERTA }, { "Bart", "bart", ROBERTA },
	{ "Longformer", "longformer", ROBERTA }, { "CLIP", "clip", CLIP },
	{ "Qwen2", "qwen2", QWEN2 }, { "Qwen2", "qwen2_moe", QWEN2 },
	{ "Bert", "bert", BERT }, { "DistilBert", "distilbert", BERT },
	{ "Electra", "electra", BERT }, { "MobileBert", "mobilebert", BERT },
	{ "MPNet", "mpnet", MPNET },
};

/* Special tokens where no file names them. */
static const struct {
	const char *bos, *eos, *pad;
	const char *cls, *sep;
	const char *all[6];
} specials[] = {
	[GPT2] = { "<|endoftext|>", "<|endoftext|>", NULL, NULL, NULL,
		   { "<|endoftext|>" } },
	[ROBERTA] = { "<s>", "</s>", "<pad>", "<s>", "</s>",
		      { "<s>", "</s>", "<unk>", "<pad>", "<mask>" } },
	[CLIP] = { "<|startoftext|>", "<|endoftext|>", "<|endoftext|>",
		   "<|startoftext|>", "<|endoftext|>",
		   { "<|startoftext|>", "<|endoftext|>" } },
	[QWEN2] = { NULL, "<|endoftext|>", "<|endoftext|>", NULL, NULL,
		    { "<|endoftext|>" } },
	[BERT] = { NULL, NULL, "[PAD]", "[CLS]", "[SEP]",
		   { "[UNK]", "[SEP]", "[PAD]", "[CLS]", "[MASK]" } },
	[MPNET] = { "<s>", "</s>", "<pad>", "<s>", "</s>",
		    { "<s>", "</s>", "[UNK]", "<pad>", "<mask>" } },
};

struct files {
	enum kind kind;
	json_t *config;		/* tokenizer_config.json, or an empty object */
	json_t *vocab;
	bool prefix_space;
};

static int load_optional(const char *dir, const char *name, json_t **out,
			 struct qaic_err *err)
{
	char *path = qaic_path(dir, name);
	int rc;

	if (!path)
		return tok_nomem(err);
	if (qaic_is_file(path)) {
		rc = qaic_json_load_reals(path, TOK_MAX_FILE, out, err);
	} else {
		*out = json_object();
		rc = *out ? 0 : tok_nomem(err);
	}
	free(path);
	return rc;
}

static bool same_class(const char *given, const char *class)
{
	size_t n = strlen(class);

	return !strncmp(given, class, n) &&
	       (!strcmp(given + n, "Tokenizer") ||
		!strcmp(given + n, "TokenizerFast"));
}

/* By tokenizer_class, else by the model_type of config.json. */
static int find_kind(struct files *f, const char *dir, bool text,
		     struct qaic_err *err)
{
	const char *class = NULL, *type = NULL;
	json_t *model;
	size_t i;
	int rc;

	rc = qaic_json_str(f->config, "tokenizer_class", &class, err);
	if (rc < 0)
		return rc;
	rc = load_optional(dir, "config.json", &model, err);
	if (rc)
		return rc;
	rc = qaic_json_str(model, "model_type", &type, err);
	for (i = 0; rc >= 0 && i < QAIC_ARRAY_SIZE(classes); i++)
		if ((class ? same_class(class, classes[i].class) :
		     type && !strcmp(type, classes[i].model_type)) &&
		    text == (classes[i].kind >= BERT))
			break;
	if (rc >= 0 && i == QAIC_ARRAY_SIZE(classes))
		rc = qaic_fail(err, -EOPNOTSUPP,
			       "%s: %s of %s \"%.60s\" without tokenizer.json is not supported",
			       dir, text ? "vocab.txt" :
			       "vocab.json and merges.txt", class ?
			       "tokenizer_class" : "model_type",
			       class ? class : type ? type : "unknown");
	json_decref(model);
	if (rc < 0)
		return rc;
	f->kind = classes[i].kind;
	return 0;
}

/* ---- vocabularies ---- */

static int each_line(const char *path, int (*put)(void *to, const char *s,
		     size_t len, size_t line), void *to, struct qaic_err *err)
{
	char *text, *p, *end;
	size_t len, n, line = 0;
	int rc;

	rc = qaic_read_file(path, TOK_MAX_FILE, &text, &len, err);
	if (rc)
		return rc;
	for (p = text; !rc && p < text + len; p += n + 1, line++) {
		end = memchr(p, '\n', text + len - p);
		n = end ? end - p : text + len - p;
		rc = put(to, p, n && p[n - 1] == '\r' ? n - 1 : n, line);
		if (rc)
			rc = qaic_fail(err, rc, "%s: line %zu: %s", path,
				       line + 1, rc == -ENOMEM ?
				       "out of memory" : "not UTF-8 text");
	}
	free(text);
	return rc;
}

static int put_merge(void *to, const char *s, size_t len, size_t line)
{
	json_t *v;

	if (!len || (len >= 8 && !memcmp(s, "#version", 8)))
		return 0;
	if (!tok_utf8_valid(s, len))
		return -EINVAL;
	v = json_stringn(s, len);
	return v && !json_array_append_new(to, v) ? 0 : -ENOMEM;
}

/* Of a token listed twice the later line counts. */
static int put_token(void *to, const char *s, size_t len, size_t line)
{
	char *key;
	int rc;

	if (!tok_utf8_valid(s, len) || memchr(s, '\0', len))
		return -EINVAL;
	key = strndup(s, len);
	rc = !key || json_object_set_new(to, key, json_integer(line)) ?
	     -ENOMEM : 0;
	free(key);
	return rc;
}

/* {"a": 0, ...} of whole numbers, and the model that has it. */
static int read_bpe(struct qeff_tokenizer *tok, struct files *f, const char *dir,
		    json_t **model, struct qaic_err *err)
{
	char *vocab = qaic_path(dir, "vocab.json");
	char *merges = qaic_path(dir, "merges.txt");
	json_t *list = json_array();
	int rc;

	rc = vocab && merges && list ?
	     tok_json_file(vocab, tok->nul, &f->vocab, err) : tok_nomem(err);
	if (!rc)
		rc = each_line(merges, put_merge, list, err);
	if (!rc) {
		*model = json_pack("{s:s, s:O, s:O, s:s}", "type", "BPE",
				   "vocab", f->vocab, "merges", list,
				   "end_of_word_suffix",
				   f->kind == CLIP ? "</w>" : "");
		rc = *model ? 0 : tok_nomem(err);
	}
	if (!rc && f->kind == CLIP &&
	    json_object_set_new(*model, "unk_token",
				json_string("<|endoftext|>")))
		rc = tok_nomem(err);
	json_decref(list);
	free(vocab);
	free(merges);
	return rc;
}

static int read_wordpiece(struct files *f, const char *dir, json_t **model,
			  struct qaic_err *err)
{
	char *path = qaic_path(dir, "vocab.txt");
	int rc;

	f->vocab = json_object();
	rc = path && f->vocab ? each_line(path, put_token, f->vocab, err) :
				tok_nomem(err);
	if (!rc) {
		*model = json_pack("{s:s, s:O, s:s}", "type", "WordPiece",
				   "vocab", f->vocab, "unk_token", "[UNK]");
		rc = *model ? 0 : tok_nomem(err);
	}
	free(path);
	return rc;
}

/* ---- steps ---- */

static json_t *byte_level(bool prefix_space, bool regex)
{
	return json_pack(GPT2_PRE, "type", "ByteLevel", "add_prefix_space",
			 prefix_space, "trim_offsets", 1, "use_regex", regex);
}

static json_t *split(const char *regex, const char *behavior, bool invert)
{
	return json_pack("{s:s, s:{s:s}, s:s, s:b}", "type", "Split",
			 "pattern", "Regex", regex, "behavior", behavior,
			 "invert", invert);
}

static json_t *pre_tokenizer(const struct files *f)
{
	switch (f->kind) {
	case CLIP:
		return json_pack("{s:s, s:[o, o]}", "type", "Sequence",
				 "pretokenizers",
				 split(CLIP_SPLIT, "Removed", true),
				 byte_level(false, true));
	case QWEN2:
		return json_pack("{s:s, s:[o, o]}", "type", "Sequence",
				 "pretokenizers",
				 split(QWEN2_SPLIT, "Isolated", false),
				 byte_level(false, false));
	case BERT:
	case MPNET:
		return json_pack("{s:s}", "type", "BertPreTokenizer");
	default:
		return byte_level(f->prefix_space, true);
	}
}

static json_t *bert_normalizer(const struct files *f)
{
	json_t *n = json_pack("{s:s, s:b, s:b, s:b}", "type", "BertNormalizer",
			      "clean_text", 1, "handle_chinese_chars", 1,
			      "lowercase", 1);
	static const char *const names[][2] = {
		{ "do_lower_case", "lowercase" },
		{ "strip_accents", "strip_accents" },
		{ "tokenize_chinese_chars", "handle_chinese_chars" },
	};
	json_t *v;
	size_t i;

	for (i = 0; n && i < QAIC_ARRAY_SIZE(names); i++) {
		v = json_object_get(f->config, names[i][0]);
		if (v && json_object_set(n, names[i][1], v)) {
			json_decref(n);
			n = NULL;
		}
	}
	return n;
}

static json_t *normalizer(const struct files *f)
{
	switch (f->kind) {
	case CLIP:
		return json_pack("{s:s, s:[{s:s}, {s:s, s:{s:s}, s:s}, {s:s}]}",
				 "type", "Sequence", "normalizers",
				 "type", "NFC", "type", "Replace", "pattern",
				 "Regex", "\\s+", "content", " ",
				 "type", "Lowercase");
	case QWEN2:
		return json_pack("{s:s}", "type", "NFC");
	case BERT:
	case MPNET:
		return bert_normalizer(f);
	default:
		return json_null();
	}
}

static json_t *decoder(const struct files *f)
{
	if (f->kind == CLIP)
		return json_pack("{s:s, s:[{s:s}, {s:s, s:s, s:s}, {s:s, s:s, s:i, s:i}]}",
				 "type", "Sequence", "decoders",
				 "type", "ByteLevel",
				 "type", "Replace", "pattern", "</w>",
				 "content", " ",
				 "type", "Strip", "content", " ", "start", 0,
				 "stop", 1);
	return json_pack("{s:s}", "type", f->kind >= BERT ? "WordPiece" :
							    "ByteLevel");
}

/* The text of a special token: as the configuration has it, or the usual. */
static const char *special(const struct files *f, const char *key,
			   const char *def)
{
	json_t *v = json_object_get(f->config, key);

	if (json_is_object(v))
		v = json_object_get(v, "content");
	return json_is_string(v) ? json_string_value(v) : def;
}

/* OPT's: BOS before a text, and before a pair */
static json_t *bos_template(const struct files *f)
{
	const char *bos = special(f, "bos_token", specials[f->kind].bos);
	json_t *piece, *a, *b;

	piece = json_pack("{s:{s:s, s:i}}", "SpecialToken", "id", bos,
			  "type_id", 0);
	a = json_pack("{s:{s:s, s:i}}", "Sequence", "id", "A", "type_id", 0);
	b = json_pack("{s:{s:s, s:i}}", "Sequence", "id", "B", "type_id", 1);
	return json_pack("{s:s, s:[O, O], s:[o, o, o], s:{s:{s:[O?]}}}",
			 "type", "TemplateProcessing", "single", piece, a,
			 "pair", piece, a, b, "special_tokens", bos, "ids",
			 json_object_get(f->vocab, bos));
}

static json_t *post_processor(const struct files *f)
{
	const char *cls, *sep;

	if (f->kind == GPT2 &&
	    json_is_true(json_object_get(f->config, "add_bos_token")))
		return bos_template(f);
	if (!specials[f->kind].cls)
		return json_null();
	cls = special(f, f->kind == CLIP ? "bos_token" : "cls_token",
		      specials[f->kind].cls);
	sep = special(f, f->kind == CLIP ? "eos_token" : "sep_token",
		      specials[f->kind].sep);
	return json_pack("{s:s, s:[s, O?], s:[s, O?]}", "type",
			 f->kind == BERT ? "BertProcessing" :
			 "RobertaProcessing",
			 "cls", cls, json_object_get(f->vocab, cls),
			 "sep", sep, json_object_get(f->vocab, sep));
}

/* Those of the usual special tokens that are there and not named in a file. */
static json_t *added_tokens(const struct files *f)
{
	json_t *list = json_array(), *id;
	const char *s;
	size_t i;

	for (i = 0; list && (s = specials[f->kind].all[i]); i++) {
		id = json_object_get(f->vocab, s);
		if (!id)
			continue;
		if (json_array_append_new(list, json_pack(
				"{s:O, s:s, s:b, s:b, s:b}", "id", id,
				"content", s, "special", 1, "normalized", 0,
				"lstrip", !strcmp(s, "<mask>")))) {
			json_decref(list);
			return NULL;
		}
	}
	return list;
}

static void name_special(struct qeff_tokenizer *tok, const char *s, int32_t *id)
{
	if (s)
		*id = tok_vocab_find(&tok->vocab, s, strlen(s));
}

static int build(struct qeff_tokenizer *tok, struct files *f, json_t *model,
		 struct qaic_err *err)
{
	json_t *root;
	int rc;

	rc = tok_json_bool(f->config, "add_prefix_space", false,
			   &f->prefix_space, err);
	if (rc)
		return rc;
	root = json_pack("{s:O, s:o, s:o, s:o, s:o, s:o}", "model", model,
			 "normalizer", normalizer(f),
			 "pre_tokenizer", pre_tokenizer(f),
			 "post_processor", post_processor(f),
			 "decoder", decoder(f),
			 "added_tokens", added_tokens(f));
	if (!root)
		return tok_nomem(err);
	rc = tok_json_root(tok, root, err);
	json_decref(root);
	if (rc)
		return rc;
	name_special(tok, specials[f->kind].bos, &tok->bos);
	name_special(tok, specials[f->kind].eos, &tok->eos);
	name_special(tok, specials[f->kind].pad, &tok->pad);
	return 0;
}

int tok_open_files(struct qeff_tokenizer *tok, const char *dir, bool text,
		   struct qaic_err *err)
{
	struct files f = { .config = NULL };
	json_t *model = NULL;
	int rc;

	rc = load_optional(dir, "tokenizer_config.json", &f.config, err);
	if (!rc)
		rc = find_kind(&f, dir, text, err);
	if (!rc)
		rc = text ? read_wordpiece(&f, dir, &model, err) :
			    read_bpe(tok, &f, dir, &model, err);
	if (!rc) {
		rc = build(tok, &f, model, err);
		if (rc)
			qaic_fail_in(err, "%s: %s", dir, text ? "vocab.txt" :
				     "vocab.json and merges.txt");
	}
	json_decref(model);
	json_decref(f.vocab);
	json_decref(f.config);
	return rc;
}
