/* SPDX-License-Identifier: MIT */
/*
 * Inside the tokenizer. Text to ids, in the order of Hugging Face's tokenizers
 * library, whose results are the reference:
 *
 *   text -> added tokens cut out -> normalizer -> added tokens cut out again
 *        -> pre-tokenizer (pieces) -> model (ids) -> post-processor (BOS ...)
 *
 * and ids to text: token texts -> decoder steps -> clean-up.
 *
 * A tokenizer is built once and constant afterwards; what an encode or a decode
 * needs lives in its struct tok_scratch or struct qeff_stream.
 */
#ifndef QEFF_TOK_H
#define QEFF_TOK_H

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include "base/json.h"
#include "base/str.h"
#include "base/strmap.h"
#include "libqeff/qeff.h"

#define TOK_MAX_FILE	(256u << 20)
#define TOK_MAX_STEPS	32		/* normalizers, pre-tokenizers, decoders */
#define TOK_MAX_NESTING	8		/* Sequence inside Sequence */
#define TOK_MAX_STRING	4096		/* patterns, contents, added tokens */
#define TOK_MAX_TEMPLATE 64		/* ids around the texts, and the texts */

/* ---- UTF-8 (tok_utf8.c) ---- */

/*
 * A byte that is not UTF-8 travels as the code point TOK_RAW + byte (0x80 to
 * 0xff) until a model turns it into a byte token. Genuine characters of that
 * range, the last 128 of plane 16's private use area, travel as four raw bytes.
 */
#define TOK_RAW		0x10ff00u

enum tok_utf8 { TOK_UTF8_TORN = -1, TOK_UTF8_BAD = 0, TOK_UTF8_OK = 1 };

/*
 * The character at @s. OK: *cp and *len. BAD: *len is the number of bytes that
 * one U+FFFD stands for. TORN: a character that the end of the text cut.
 */
enum tok_utf8 tok_utf8_next(const char *s, size_t n, uint32_t *cp, size_t *len);
/* The same for text known to be valid; returns the length. */
size_t tok_utf8_get(const char *s, uint32_t *cp);
size_t tok_utf8_put(char out[4], uint32_t cp);
bool tok_utf8_valid(const char *s, size_t n);
/* The byte that @cp carries, or -1. */
static inline int tok_raw_byte(uint32_t cp)
{
	return cp >= TOK_RAW + 0x80 && cp <= TOK_RAW + 0xff ?
		(int)(cp & 0xff) : -1;
}

/* Character classes as Rust's char and the unicode_categories crate have them */
bool tok_is_space(uint32_t cp);
bool tok_is_numeric(uint32_t cp);
bool tok_is_punct(uint32_t cp);
bool tok_is_control(uint32_t cp);
bool tok_is_letter(uint32_t cp);
uint32_t tok_change_case(uint32_t cp, bool upper);
bool tok_is_word(uint32_t cp);

/* The byte <-> character table of byte-level models (tok_bytes.c). */
uint32_t tok_byte_char(uint8_t byte);
int tok_char_byte(uint32_t cp);		/* -1: no byte */

/* ---- text, and where it came from ---- */

/* Bytes of the text that was given to encode. */
struct tok_span {
	uint32_t start, end;
};

struct tok_buf {
	struct qaic_str str;
	struct tok_span *at;	/* of each byte, where the view it came from has */
	size_t cap_at;
};

/* Valid UTF-8 to be read. */
struct tok_view {
	const char *s;
	size_t len;
	const struct tok_span *at;	/* NULL: nobody asks for offsets */
	bool first;		/* begins where the whole text begins */
};

/* Append @n bytes that stand for the bytes [from, to) of @in. */
void tok_buf_put(struct tok_buf *out, const char *s, size_t n,
		 const struct tok_view *in, size_t from, size_t to);
/* Append the bytes [from, to) of @in as they are. */
void tok_buf_copy(struct tok_buf *out, const struct tok_view *in, size_t from,
		  size_t to);
/* Append the character @cp that stands for [from, to). */
void tok_buf_char(struct tok_buf *out, uint32_t cp, const struct tok_view *in,
		  size_t from, size_t to);
/* Append what stands before @in, not empty: it belongs to its first character. */
void tok_buf_before(struct tok_buf *out, const char *s, size_t n,
		    const struct tok_view *in);
/* Append @in with each byte of it spelled as its character (tok_bytes.c). */
void tok_bytes_spell(const struct tok_view *in, struct tok_buf *out);
void tok_buf_free(struct tok_buf *b);
static inline struct tok_view tok_buf_view(const struct tok_buf *b, size_t off,
					   size_t len, bool first)
{
	return (struct tok_view){ b->str.s ? b->str.s + off : "", len,
				  b->at ? b->at + off : NULL, first };
}
/* What the bytes [from, to) of @v, not none, came from. */
static inline struct tok_span tok_view_span(const struct tok_view *v,
					    size_t from, size_t to)
{
	if (!v->at)
		return (struct tok_span){ 0, 0 };
	return (struct tok_span){ v->at[from].start, v->at[to - 1].end };
}

/* ---- pieces of text ---- */

struct tok_piece {
	size_t off, len;	/* in the buffer of its tok_text */
	int32_t id;		/* an added token, or -1 */
	bool first;		/* begins where the whole text begins */
	struct tok_span at;	/* of an added token: its text does not travel */
};

struct tok_text {
	struct tok_buf buf;
	struct tok_piece *v;
	size_t n, cap;
};

int tok_text_add(struct tok_text *t, size_t off, size_t len, int32_t id,
		 bool first);
/* The added token @p, as it is. */
int tok_text_token(struct tok_text *t, const struct tok_piece *p);
void tok_text_reset(struct tok_text *t);
void tok_text_free(struct tok_text *t);

struct tok_cut {
	size_t start, end;
	bool match;
};

struct tok_ids {
	int32_t *v;
	struct tok_span *at;
	size_t n, cap, cap_at;
};

int tok_ids_add(struct tok_ids *ids, int32_t id, struct tok_span at);

/* ---- what one encode needs ---- */

struct tok_symbol {
	size_t start;
	uint32_t len;
	int32_t id;
	int32_t prev, next;	/* -1: none */
	bool frozen;		/* never merged */
};

struct tok_cand {
	uint32_t rank;
	int32_t left;
	int32_t id;
	uint32_t len;
};

struct tok_scratch {
	struct tok_text a, b;
	struct tok_buf norm[2];
	struct tok_cut *cut;
	size_t num_cut, cap_cut;
	pcre2_match_data *md;
	pcre2_match_context *mctx;
	uint64_t regex_budget;
	struct qaic_str spell;		/* BPE: a character with its affixes */
	struct tok_symbol *sym;
	size_t num_sym, cap_sym;
	struct tok_cand *heap;
	size_t num_heap, cap_heap;
	void *lattice;
	size_t cap_lattice;
	struct tok_ids ids;
	size_t cap_tokens;	/* of qeff_encoding.tokens */
	struct qaic_err *err;
};

/*
 * Append @in, any bytes, with its invalid ones as TOK_RAW characters, or, for
 * models that know no bytes, as U+FFFD.
 */
void tok_utf8_armour(const struct tok_view *in, bool keep, struct tok_buf *out);
/* One more id, for the bytes [from, to) of @v. */
int tok_emit(struct tok_scratch *s, int32_t id, const struct tok_view *v,
	     size_t from, size_t to);
void tok_scratch_free(struct tok_scratch *s);
int tok_nomem(struct qaic_err *err);
/* Make room for @n elements of @size in *v. */
int tok_room(void *v, size_t *cap, size_t n, size_t size);

/* ---- patterns (tok_pattern.c) ---- */

struct tok_pattern {
	enum { TOK_PAT_STRING, TOK_PAT_REGEX, TOK_PAT_CLASS } kind;
	char *s;
	size_t len;
	pcre2_code *re;
	bool (*is)(uint32_t cp);
	bool invert;
};

/* Oniguruma's spelling to PCRE2's (tok_regex.c) */
int tok_regex_respell(const char *re, size_t len, struct qaic_str *out,
		      struct qaic_err *err);
int tok_pattern_string(struct tok_pattern *p, const char *s, size_t len,
		       struct qaic_err *err);
int tok_pattern_regex(struct tok_pattern *p, const char *re, size_t len,
		      struct qaic_err *err);
/* {"String": ...} or {"Regex": ...} */
int tok_pattern_json(struct tok_pattern *p, json_t *obj, struct qaic_err *err);
void tok_pattern_free(struct tok_pattern *p);
/* Cut valid UTF-8 into matches and what is between, in order, into s->cut. */
int tok_pattern_cut(const struct tok_pattern *p, const char *text, size_t len,
		    struct tok_scratch *s);

/* ---- sets of prefixes (tok_prefix.c) ---- */

struct tok_prefix_key {
	const char *s;
	uint32_t len;
	int32_t value;
};

struct tok_prefix {
	struct tok_prefix_key *v;	/* sorted */
	size_t n, cap;
	uint32_t first[257];		/* v[first[c]] .. are those that begin with c */
};

int tok_prefix_add(struct tok_prefix *p, const char *s, size_t len,
		   int32_t value);
void tok_prefix_sort(struct tok_prefix *p);
/* Walks the keys that are prefixes of a text, shortest first. */
struct tok_prefix_walk {
	size_t lo, hi, depth;
};
bool tok_prefix_next(const struct tok_prefix *p, struct tok_prefix_walk *w,
		     const char *text, size_t len, int32_t *value);
/* The longest key that is a prefix of @text: its length, or 0. */
size_t tok_prefix_longest(const struct tok_prefix *p, const char *text,
			  size_t len, int32_t *value);
void tok_prefix_free(struct tok_prefix *p);

/* ---- vocabulary (tok_vocab.c) ---- */

#define TOK_SPECIAL	1	/* skipped by decode(skip_special) */
#define TOK_ADDED	2
#define TOK_OUTSIDE	16	/* added, and unknown to the model */
#define TOK_PIECE	4	/* Unigram, WordPiece: text, not <s> or a byte */
#define TOK_USER	8	/* SentencePiece: user-defined, never cut */
#define TOK_INNER	32	/* WordPiece: continues a word */

struct tok_vocab {
	struct qaic_strmap map;		/* text -> id */
	uint32_t *entry;		/* id -> entry of map + 1, or 0 */
	uint8_t *flags;
	size_t size, cap;		/* highest id + 1 */
};

/* -EEXIST with a message where the text or the id is taken. */
int tok_vocab_add(struct tok_vocab *v, const char *s, size_t len, int64_t id,
		  struct qaic_err *err);
int32_t tok_vocab_find(const struct tok_vocab *v, const char *s, size_t len);
/* The same among the tokens that the model itself can make. */
int32_t tok_vocab_model(const struct tok_vocab *v, const char *s, size_t len);
const char *tok_vocab_text(const struct tok_vocab *v, int32_t id, size_t *len);
/* The id of "<0xNN>", or -1. */
int32_t tok_vocab_byte(const struct tok_vocab *v, uint8_t byte);
/* Refuse ids so sparse that a small file would make a large table. */
int tok_vocab_check(const struct tok_vocab *v, struct qaic_err *err);
void tok_vocab_free(struct tok_vocab *v);

/* ---- added tokens (tok_added.c) ---- */

struct tok_added_token {
	char *s;		/* as written */
	size_t len;
	char *pattern;		/* as searched: normalized where that is asked */
	size_t pattern_len;
	int32_t id;
	bool single_word, lstrip, rstrip, normalized, special;
};

struct tok_added {
	struct tok_added_token *v;
	size_t n, cap;
	struct tok_prefix raw, normal;	/* values: indexes of v */
};

struct qeff_tokenizer;

/* Add one; @id < 0 asks for the next free id. Flags come from @t. */
int tok_added_add(struct qeff_tokenizer *tok, const struct tok_added_token *t,
		  struct qaic_err *err);
int tok_added_json(struct qeff_tokenizer *tok, json_t *obj, int64_t id,
		   struct qaic_err *err);
/* After the last one, and after the normalizer is known. */
int tok_added_finish(struct qeff_tokenizer *tok, struct qaic_err *err);
/* Cut what @to->buf holds from @off on at the added tokens of @set, into @to. */
int tok_added_cut(const struct qeff_tokenizer *tok, const struct tok_prefix *set,
		  size_t off, bool first, struct tok_text *to);
void tok_added_free(struct tok_added *a);

/* ---- normalizers (tok_norm.c, tok_norm_json.c) ---- */

enum tok_norm_type {
	TOK_NORM_NFC, TOK_NORM_NFD, TOK_NORM_NFKC, TOK_NORM_NFKD,
	TOK_NORM_LOWER, TOK_NORM_STRIP, TOK_NORM_STRIP_ACCENTS,
	TOK_NORM_PREPEND, TOK_NORM_REPLACE, TOK_NORM_SPM, TOK_NORM_NMT,
	TOK_NORM_BERT_CLEAN, TOK_NORM_BERT_CHINESE, TOK_NORM_STRIP_MN,
	TOK_NORM_BYTES, TOK_NORM_CHARSMAP,
};

/* SentencePiece's map of characters (tok_charsmap.c): a trie and the texts. */
struct tok_charsmap {
	uint8_t *blob;
	size_t len;		/* of blob */
	size_t units;		/* of the trie, 4 bytes each, from byte 4 on */
	bool longest;		/* SentencePiece's search; else Hugging Face's */
};

/* The bytes as in a tokenizer.model; as base64 in a tokenizer.json. */
int tok_charsmap_read(struct tok_charsmap *m, const void *data, size_t len,
		      struct qaic_err *err);
int tok_charsmap_base64(struct tok_charsmap *m, const char *text,
			struct qaic_err *err);
/* @keep: texts that are left alone. */
void tok_charsmap_run(const struct tok_charsmap *m, const struct tok_prefix *keep,
		      const struct tok_view *in, struct tok_buf *out);
void tok_charsmap_free(struct tok_charsmap *m);

struct tok_norm {
	enum tok_norm_type type;
	struct tok_pattern pat;		/* Replace */
	struct tok_charsmap map;
	char *s;			/* Prepend, Replace: the new text */
	size_t len;
	bool left, right;		/* Strip */
	bool dummy_prefix, squeeze, escape, first_only;	/* SentencePiece */
};

/* Append a step; NULL with a message if there are too many. */
struct tok_norm *tok_norm_add(struct qeff_tokenizer *tok,
			      enum tok_norm_type type, struct qaic_err *err);
int tok_norm_json(struct qeff_tokenizer *tok, json_t *obj, int depth,
		  struct qaic_err *err);
/* Append the normalized form of @text to @out. */
int tok_norm_run(const struct qeff_tokenizer *tok, const struct tok_view *text,
		 struct tok_buf *out, struct tok_scratch *s);
void tok_norm_free(struct tok_norm *n);
/* NFC, NFD, NFKC, NFKD (tok_unicode.c) */
int tok_unicode_normalize(enum tok_norm_type form, const struct tok_view *in,
			  struct tok_buf *out);
void tok_unicode_lower(const struct tok_view *in, struct tok_buf *out);
/* Drop marks: all, or those that take no space (Mn) alone. */
void tok_unicode_strip_accents(const struct tok_view *in, bool mn_only,
			       struct tok_buf *out);

/* ---- pre-tokenizers (tok_pre.c, tok_split.c) ---- */

enum tok_behavior {
	TOK_REMOVED, TOK_ISOLATED, TOK_MERGED_PREV, TOK_MERGED_NEXT,
	TOK_CONTIGUOUS,
};

struct tok_pre {
	enum { TOK_PRE_SPLIT, TOK_PRE_BYTES, TOK_PRE_PREFIX_SPACE,
	       TOK_PRE_METASPACE } type;
	struct tok_pattern pat;
	enum tok_behavior behavior;
	char *s;			/* Metaspace: the replacement */
	size_t len;
	enum { TOK_PREPEND_NEVER, TOK_PREPEND_FIRST, TOK_PREPEND_ALWAYS } prepend;
};

int tok_pre_json(struct qeff_tokenizer *tok, json_t *obj, int depth,
		 struct qaic_err *err);
/* Run all steps over s->a; the result is in s->a. */
int tok_pre_run(const struct qeff_tokenizer *tok, struct tok_scratch *s);
void tok_pre_free(struct tok_pre *p);
/* Apply a split's behaviour to s->cut, in place. */
void tok_split_fold(struct tok_scratch *s, enum tok_behavior b);

/* ---- models ---- */

struct tok_pair {
	uint64_t key;		/* left id << 32 | right id */
	uint32_t rank;		/* rank + 1; 0 marks an empty slot */
	int32_t id;
};

struct tok_model {
	enum { TOK_MODEL_BPE, TOK_MODEL_SPM, TOK_MODEL_UNIGRAM,
	       TOK_MODEL_WORDPIECE, TOK_MODEL_WORDLEVEL } type;
	bool byte_fallback, fuse_unk, ignore_merges;
	bool need_unk;			/* a character that it lacks is an error */
	int32_t unk;			/* -1: none */
	int32_t byte_id[256];		/* "<0xNN>", or -1 */
	int32_t low_id[512];		/* the ids of U+0000 to U+01FF, or -1 */
	struct tok_pair *pair;		/* BPE */
	size_t num_slots;
	char *inner_prefix, *end_suffix;	/* NULL: none */
	/* SentencePiece, Unigram */
	uint32_t *rank;			/* per TOK_PIECE id */
	double *score;			/* the same */
	int32_t *piece_id;		/* Marian: ids of pieces; else NULL */
	char **piece_text;
	size_t num_pieces;		/* of those two */
	double unk_score;
	bool single;			/* SentencePiece adds in single precision */
	struct tok_prefix pieces;	/* Unigram, WordPiece: every piece */
	struct tok_prefix inner;	/* WordPiece: what continues a word */
	size_t inner_skip;		/* of those, the bytes that say so */
	size_t max_chars;
	struct tok_prefix user;		/* user-defined pieces */
};

#define TOK_UNK_PENALTY	10	/* below the worst score: unigram_model.cc */

int tok_bpe_json(struct qeff_tokenizer *tok, json_t *obj, struct qaic_err *err);
int tok_unigram_json(struct qeff_tokenizer *tok, json_t *obj,
		     struct qaic_err *err);
int tok_wordpiece_json(struct qeff_tokenizer *tok, json_t *obj,
		       struct qaic_err *err);
int tok_wordlevel_json(struct qeff_tokenizer *tok, json_t *obj,
		       struct qaic_err *err);
/* Fill byte_id, low_id and the prefixes once the vocabulary is complete. */
int tok_model_index(struct qeff_tokenizer *tok, struct qaic_err *err);
/* The ids of one piece, not empty, into s->ids. */
int tok_model_run(const struct qeff_tokenizer *tok, const struct tok_view *v,
		  struct tok_scratch *s);
int tok_bpe_run(const struct qeff_tokenizer *tok, const struct tok_view *v,
		struct tok_scratch *s);
int tok_unigram_run(const struct qeff_tokenizer *tok, const struct tok_view *v,
		    struct tok_scratch *s);
/*
 * Ids of a character that the vocabulary lacks: byte tokens, the unknown, or
 * none at all where the model has neither: the reference drops it then.
 */
void tok_model_unknown(const struct qeff_tokenizer *tok, const char *text,
		      size_t len, int32_t ids[4], size_t *num);
/* "the tokenizer has neither this character nor an unknown token" */
int tok_model_lacks(struct qaic_err *err);
int tok_wordpiece_run(const struct qeff_tokenizer *tok, const struct tok_view *v,
		      struct tok_scratch *s);
int tok_wordlevel_run(const struct qeff_tokenizer *tok, const struct tok_view *v,
		      struct tok_scratch *s);
void tok_model_free(struct tok_model *m);

/* ---- post-processors (tok_post.c) ---- */

enum { TOK_POST_A = -1, TOK_POST_B = -2 };

struct tok_template {
	struct {
		int32_t id;	/* a token, or one of the texts */
		uint8_t type;
	} v[TOK_MAX_TEMPLATE];
	size_t n;
};

struct tok_post {
	struct tok_template single, pair;
	bool wrapped;		/* one processor around another: no pairs */
	bool trim;		/* offsets leave white space out */
};

/* Append to a template; @id is TOK_POST_A, TOK_POST_B or a token. */
int tok_post_put(const struct qeff_tokenizer *tok, struct tok_template *t,
		 int64_t id, int64_t type, struct qaic_err *err);
/* Without any processor: the text, or both of them. */
void tok_post_default(struct tok_post *p);
/* @before A @after, and for pairs @before B @after as well; -1: none. */
int tok_post_ends(struct qeff_tokenizer *tok, int32_t before, int32_t after,
		  struct qaic_err *err);

int tok_post_json(struct qeff_tokenizer *tok, json_t *obj, int depth,
		  struct qaic_err *err);

/* ---- decoders (tok_dec.c, tok_dec_json.c, tok_stream.c) ---- */

struct tok_dec {
	enum { TOK_DEC_REPLACE, TOK_DEC_BYTE_FALLBACK, TOK_DEC_FUSE,
	       TOK_DEC_STRIP, TOK_DEC_METASPACE, TOK_DEC_BYTES,
	       TOK_DEC_JOIN, TOK_DEC_WORDPIECE, TOK_DEC_SUFFIX,
	       TOK_DEC_ONCE } type;
	bool fused;		/* works on one text, not on tokens */
	bool per_char;		/* ByteFallback: SentencePiece's rule */
	char *pat, *s;
	size_t pat_len, len;
	uint32_t start, stop;	/* Strip */
};

int tok_dec_json(struct qeff_tokenizer *tok, json_t *obj, int depth,
		 struct qaic_err *err);
/* Append a step; strings are copied. */
int tok_dec_add(struct qeff_tokenizer *tok, int type, const char *pat,
		size_t pat_len, const char *s, size_t len, struct qaic_err *err);
int tok_dec_plain(struct qeff_tokenizer *tok, int type, struct qaic_err *err);
/* What transformers calls clean_up_tokenization_spaces. */
int tok_dec_clean_up(struct qeff_tokenizer *tok, struct qaic_err *err);
void tok_dec_free(struct tok_dec *d);

/* ---- the whole ---- */

struct qeff_tokenizer {
	struct tok_vocab vocab;
	struct tok_added added;
	struct tok_norm norm[TOK_MAX_STEPS];
	size_t num_norm;
	struct tok_pre pre[TOK_MAX_STEPS];
	size_t num_pre;
	struct tok_model model;
	struct tok_post post;
	struct tok_dec dec[TOK_MAX_STEPS];
	size_t num_dec;
	bool fused;		/* while dec[] is built: the text is one */
	int32_t bos, eos, pad;
	bool is_spm;		/* from a tokenizer.model */
	char nul[4];		/* what stands for U+0000 in the file, or "" */
};

int tok_open_json(struct qeff_tokenizer *tok, const char *path,
		  struct qaic_err *err);
/* A tokenizer.json that was read, or made from other files. */
int tok_json_root(struct qeff_tokenizer *tok, json_t *root,
		  struct qaic_err *err);
/* vocab.txt (@text), or vocab.json and merges.txt of @dir. */
int tok_open_files(struct qeff_tokenizer *tok, const char *dir, bool text,
		   struct qaic_err *err);
/* @path, the spiece.model of @dir. */
int tok_open_t5(struct qeff_tokenizer *tok, const char *dir, const char *path,
		struct qaic_err *err);
/* vocab.json and source.spm of @dir. */
int tok_open_marian(struct qeff_tokenizer *tok, const char *dir,
		    struct qaic_err *err);
int tok_open_spm(struct qeff_tokenizer *tok, const char *path,
		 struct qaic_err *err);
/* tokenizer_config.json, special_tokens_map.json, added_tokens.json of @dir. */
int tok_open_config(struct qeff_tokenizer *tok, const char *dir,
		    struct qaic_err *err);

/* The object "vocab" of a model: texts and ids. */
int tok_vocab_json(struct qeff_tokenizer *tok, json_t *model,
		   struct qaic_err *err);

/* ---- JSON that is refused by name (tok_json.c) ---- */

/* Read a file that may have U+0000 in its vocabulary. */
int tok_json_file(const char *path, char nul[4], json_t **root,
		  struct qaic_err *err);
/* Refuse any key of @obj that is not null and not in the NULL-ended list. */
int tok_json_known(json_t *obj, const char *what, const char *const *keys,
		   struct qaic_err *err);
/* A "Sequence": read each member of the array @field, one level deeper. */
int tok_json_sequence(struct qeff_tokenizer *tok, json_t *obj, const char *field,
		      int (*read)(struct qeff_tokenizer *tok, json_t *obj,
				  int depth, struct qaic_err *err),
		      int depth, struct qaic_err *err);
int tok_json_bool(json_t *obj, const char *key, bool def, bool *out,
		  struct qaic_err *err);
/* A string of at most TOK_MAX_STRING bytes, in a new buffer. */
int tok_json_dup(json_t *obj, const char *key, char **s, size_t *len,
		 struct qaic_err *err);
const char *tok_json_type(json_t *obj, const char *what, struct qaic_err *err);

/* The types of one list of steps (pre-tokenizers, post-processors) by name. */
struct tok_step {
	const char *name;
	int (*read)(struct qeff_tokenizer *tok, json_t *obj,
		    struct qaic_err *err);
	const char *keys[8];		/* that it may have; NULL ends */
};

struct tok_steps {
	const char *what, *many;	/* "pre-tokenizer", "pre-tokenizers" */
	const char *field;		/* of a "Sequence" of them */
	int (*self)(struct qeff_tokenizer *tok, json_t *obj, int depth,
		    struct qaic_err *err);
	const struct tok_step *v;
	size_t n;
};

/* Read one step, or a "Sequence" of them; unknown types and fields are refused. */
int tok_json_step(struct qeff_tokenizer *tok, json_t *obj,
		  const struct tok_steps *steps, int depth,
		  struct qaic_err *err);

#endif
