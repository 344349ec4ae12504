// SPDX-License-Identifier: MIT
/*
 * tokenizer.json beyond BPE: the other models, normalizers, pre-tokenizers and
 * decoders. Expected ids follow from the vocabularies by the library's rules;
 * what is not obvious is derived in a comment.
 */
#include <errno.h>

#include "tests/unit/libqeff/tok_test.h"

#include "tests/unit/libqeff/charsmap_sample.h"

#define LOW "\xe2\x96\x81"

static void one(const char *json, const char *text, const char *ids)
{
	struct qeff_tokenizer *tok = open_text(json);

	check_ids(tok, text, ids);
	qeff_tokenizer_close(tok);
}

static void fails(const char *json, const char *text, const char *words)
{
	struct qeff_tokenizer *tok = open_text(json);
	struct qaic_err err = QAIC_ERR_INIT;
	int32_t *ids;
	size_t n;

	assert_int_equal(qeff_encode(tok, text, strlen(text), true, &ids, &n,
				     &err), -EINVAL);
	assert_non_null(strstr(err.msg, words));
	qeff_tokenizer_close(tok);
}

#define PIECES "[[\"<unk>\",0],[\"a\",-1],[\"b\",-1.5],[\"ab\",-2],[\"" LOW \
	       "\",-3],[\"" LOW "ab\",-4.25],[\"abc\",-9]]"
#define UNIGRAM(more) "{\"model\":{\"type\":\"Unigram\",\"unk_id\":0," \
		      "\"vocab\":" PIECES more "}}"

static void unigram(void **state)
{
	one(UNIGRAM(""), "ab", "3");		/* -2 beats -2.5 */
	one(UNIGRAM(""), "aab" LOW "ab", "1 3 5");
	one(UNIGRAM(""), "xyz", "0");		/* one unknown for a run */
	/* c alone costs -19, with ab -9 */
	one(UNIGRAM(""), "abc", "6");
	one(UNIGRAM(""), "axb\xff" "c", "1 0 2 0");
	one(UNIGRAM(""), "", "");
	one("{\"model\":{\"type\":\"Unigram\",\"unk_id\":0,\"byte_fallback\":"
	    "true,\"vocab\":[[\"<unk>\",0],[\"a\",-1],[\"<0xC3>\",-9],"
	    "[\"<0xA9>\",-9]]}}", "a\xc3\xa9\xc3!", "1 2 3 2 0");
	/* equal scores: of the ways to a place the one met first stays */
	one("{\"model\":{\"type\":\"Unigram\",\"unk_id\":0,\"vocab\":["
	    "[\"<unk>\",0],[\"a\",-1],[\"aa\",-2]]}}", "aaa", "1 2");
	fails("{\"model\":{\"type\":\"Unigram\",\"vocab\":" PIECES "}}", "x",
	      "no unknown token");
}

static void unigram_refused(void **state)
{
#define BAD(v, code, words) \
	check_refused("{\"model\":{\"type\":\"Unigram\"," v "}}", code, words)
	BAD("\"unk_id\":0", -EINVAL, "\"vocab\"");
	BAD("\"unk_id\":0,\"vocab\":[]", -EINVAL, "vocabulary is empty");
	BAD("\"unk_id\":9,\"vocab\":" PIECES, -ERANGE, "unk_id");
	BAD("\"vocab\":[[\"a\"]]", -EINVAL, "vocab[0]");
	BAD("\"vocab\":[[\"a\",\"b\"]]", -EINVAL, "[piece, score]");
	BAD("\"vocab\":[[\"a\",1],[\"a\",2]]", -EEXIST, "twice");
	BAD("\"vocab\":" PIECES ",\"alpha\":1", -EOPNOTSUPP, "alpha");
}

#define WP_VOCAB "{\"[UNK]\":0,\"un\":1,\"##aff\":2,\"##able\":3,\"a\":4," \
		 "\"##a\":5,\"able\":6,\"\xef\xbf\xbd\":7}"
#define WORDPIECE(more) "\"model\":{\"type\":\"WordPiece\"," \
	"\"unk_token\":\"[UNK]\",\"continuing_subword_prefix\":\"##\"," \
	"\"vocab\":" WP_VOCAB more "}"

static void wordpiece(void **state)
{
	one("{" WORDPIECE("") "}", "unaffable", "1 2 3");
	one("{" WORDPIECE("") "}", "ableable", "6 3");
	one("{" WORDPIECE("") "}", "unx", "0");	/* all or nothing */
	one("{" WORDPIECE(",\"max_input_chars_per_word\":3") "}", "aaa",
	    "4 5 5");
	one("{" WORDPIECE(",\"max_input_chars_per_word\":2") "}", "aaa", "0");
	/* without bytes in the model, what is no UTF-8 is U+FFFD */
	one("{\"pre_tokenizer\":{\"type\":\"WhitespaceSplit\"},"
	    WORDPIECE("") "}", "a \xff a", "4 7 4");
	fails("{\"model\":{\"type\":\"WordPiece\",\"vocab\":{\"a\":0}}}", "b",
	      "no unknown token");
	check_refused("{\"model\":{\"type\":\"WordPiece\",\"vocab\":[]}}",
		      -EINVAL, "\"vocab\"");
	check_refused("{" WORDPIECE(",\"max_input_chars_per_word\":-1") "}",
		      -ERANGE, "max_input_chars_per_word");
	check_refused("{" WORDPIECE(",\"speed\":1") "}", -EOPNOTSUPP, "speed");
}

static void wordlevel(void **state)
{
#define LEVEL(more) "{\"pre_tokenizer\":{\"type\":\"Whitespace\"}," \
	"\"model\":{\"type\":\"WordLevel\",\"vocab\":{\"<unk>\":0,\"a\":1," \
	"\"bc\":2}" more "}}"
	one(LEVEL(",\"unk_token\":\"<unk>\""), "bc a bca", "2 1 0");
	fails(LEVEL(",\"unk_token\":\"none\""), "x", "no unknown token");
	check_refused(LEVEL(",\"merges\":[]"), -EOPNOTSUPP, "merges");
}

#define CHARS "\"model\":{\"type\":\"WordLevel\",\"unk_token\":\"?\"," \
	"\"vocab\":{\"?\":0,\"a\":1,\"b\":2,\" \":3,\"a b\":4," \
	"\"\xe4\xb8\xad\":5,\"fi\":6,\"e\":7,\"a  b\":8,\"E\":9," \
	"\"\xc3\xa9\":10,\"\xc3\xa2\":11,\"abe\":12,\" \xe4\xb8\xad \":13," \
	"\"e\xcc\x81\":14,\"ab\":15}}"
#define NORM(n) "{\"normalizer\":" n "," CHARS "}"

static void normalizers(void **state)
{
	/* what NMT drops, and what it takes for a space */
	one(NORM("{\"type\":\"Nmt\"}"), "a\x01\xef\xbb\xbf" "b\x7f", "4");
	one(NORM("{\"type\":\"Nmt\"}"), "a\xe2\x80\x8b\tb", "8");
	one(NORM("{\"type\":\"Nmt\"}"), "a\xff" "b", "4");
	one("{\"normalizer\":{\"type\":\"ByteLevel\"},\"model\":{\"vocab\":"
	    "{\"\xc3\x83\":0,\"\xc2\xa9\":1,\"\xc3\xa9\":2},\"merges\":[]}}",
	    "\xc3\xa9\xe9", "0 1 2");
	/* BERT: accents go with the case, unless the file says otherwise */
	one(NORM("{\"type\":\"BertNormalizer\"}"), "A\x01\xef\xbf\xbd" "b\xcc\x81",
	    "15");
	one(NORM("{\"type\":\"BertNormalizer\",\"lowercase\":false}"),
	    "e\xcc\x81", "14");
	one(NORM("{\"type\":\"BertNormalizer\",\"strip_accents\":false}"),
	    "E\xcc\x81", "14");
	one(NORM("{\"type\":\"BertNormalizer\"}"), "\xe4\xb8\xad", "13");
	one(NORM("{\"type\":\"BertNormalizer\",\"handle_chinese_chars\":false}"),
	    "\xe4\xb8\xad", "5");
	one(NORM("{\"type\":\"BertNormalizer\"}"), "a\xc2\xa0\xe2\x80\x83" "b",
	    "8");
	one(NORM("{\"type\":\"BertNormalizer\",\"clean_text\":false}"),
	    "a\x01", "0");
	check_refused(NORM("{\"type\":\"BertNormalizer\",\"lowercase\":3}"),
		      -EINVAL, "lowercase");
	check_refused(NORM("{\"type\":\"Nmt\",\"x\":3}"), -EOPNOTSUPP, "\"x\"");
}

static void composition(void **state)
{
	/* Hangul syllables, a blocked mark, marks in canonical order */
	static const char *const cases[][2] = {
		{ "\xe1\x84\x80\xe1\x85\xa1\xe1\x86\xa8", "\xea\xb0\x81" },
		{ "a\xcc\xa8\xcc\x80", "\xc4\x85\xcc\x80" },
		{ "q\xcc\x87\xcc\xa3", "q\xcc\xa3\xcc\x87" },
		{ "\xe2\x84\xab", "\xc3\x85" },
		{ "\xe0\xa5\x98", "\xe0\xa4\x95\xe0\xa4\xbc" },
		{ "e\xcc\x81\xcc\x81", "\xc3\xa9\xcc\x81" },
	};
	char *json;
	size_t i;

	for (i = 0; i < QAIC_ARRAY_SIZE(cases); i++) {
		json = qaic_asprintf("{\"normalizer\":{\"type\":\"NFC\"},"
			"\"model\":{\"type\":\"WordLevel\",\"unk_token\":\"?\","
			"\"vocab\":{\"?\":0,\"%s\":1}}}", cases[i][1]);
		one(json, cases[i][0], "1");
		free(json);
	}
}

static void charsmap(void **state)
{
	static struct charsmap_sample c;
	char *map, *json;

	charsmap_sample(&c);
	map = charsmap_base64(&c);
	json = qaic_asprintf(NORM("{\"type\":\"Precompiled\","
				  "\"precompiled_charsmap\":\"%s\"}"), map);
	one(json, "\xef\xac\x81", "6");
	one(json, "A\tb\xc2\xad", "4");
	one(json, "\xe4\xb8\xad", "5");
	/* of the cluster's entries the shortest counts, for all of it */
	one(json, "e\xcc\x81", "9");
	free(json);
	free(map);
	one(NORM("{\"type\":\"Precompiled\",\"precompiled_charsmap\":null}"),
	    "a", "1");
	check_refused(NORM("{\"type\":\"Precompiled\",\"precompiled_charsmap\":"
			   "\"AAAA!\"}"), -EINVAL, "base64");
	check_refused(NORM("{\"type\":\"Precompiled\",\"precompiled_charsmap\":"
			   "\"//8AAAAAAAAAAAAA\"}"), -EINVAL, "no map");
	check_refused(NORM("{\"type\":\"Precompiled\",\"precompiled_charsmap\":"
			   "\"\"}"), -EINVAL, "no map");
}

static void pre_tokenizers(void **state)
{
#define PRE(p) "{\"pre_tokenizer\":" p "," CHARS "}"
	one(PRE("{\"type\":\"BertPreTokenizer\"}"), "a  b,a", "1 2 0 1");
	one(PRE("{\"type\":\"CharDelimiterSplit\",\"delimiter\":\"-\"}"),
	    "a-b--a", "1 2 1");
	one(PRE("{\"type\":\"CharDelimiterSplit\",\"delimiter\":\"\xc3\xa9\"}"),
	    "a\xc3\xa9" "b", "1 2");
	check_refused(PRE("{\"type\":\"CharDelimiterSplit\",\"delimiter\":"
			  "\"ab\"}"), -EINVAL, "one character");
	check_refused(PRE("{\"type\":\"CharDelimiterSplit\",\"delimiter\":"
			  "\"\"}"), -EINVAL, "one character");
	check_refused(PRE("{\"type\":\"CharDelimiterSplit\"}"), -EINVAL,
		      "delimiter");
}

/* U+0000 in a vocabulary, which jansson has in no key. */
static void nul(void **state)
{
	struct qeff_tokenizer *tok = open_text("{\"model\":{\"vocab\":{"
		"\"\\u0000\":0,\"a\":1,\"a\\u0000\":2,\"\\\\u0000\":3,"
		"\"\xef\xb7\x90\":4},\"merges\":[]}}");
	char *ids = encode_n(tok, "a\0\xef\xb7\x90", 5, true);

	assert_string_equal(ids, "1 0 4");
	assert_int_equal(qeff_token_id(tok, "\\u0000"), 3);
	free(ids);
	qeff_tokenizer_close(tok);
}

/* A suffix ends a word, a prefix does not begin one. */
static void affixes(void **state)
{
	one("{\"model\":{\"type\":\"BPE\",\"vocab\":{\"a\":0,\"b\":1,"
	    "\"b</w>\":2,\"ab</w>\":3,\"a</w>\":4},\"merges\":[\"a b</w>\"],"
	    "\"end_of_word_suffix\":\"</w>\"}}", "aab", "0 3");
	one("{\"model\":{\"type\":\"BPE\",\"vocab\":{\"a\":0,\"##b\":1,"
	    "\"ab\":2,\"##c\":3,\"##bc\":4,\"abc\":5},\"merges\":[\"##b ##c\","
	    "\"a ##bc\"],\"continuing_subword_prefix\":\"##\"}}", "abc", "5");
	check_refused("{\"model\":{\"type\":\"BPE\",\"vocab\":{\"a\":0,\"b\":1,"
		      "\"ab\":2},\"merges\":[\"a b\"],"
		      "\"continuing_subword_prefix\":\"##\"}}", -EINVAL,
		      "continuing_subword_prefix");
}

static void decode_one(const char *decoder, const int32_t *ids, size_t n,
		       const char *want)
{
	char *json = qaic_asprintf("{\"decoder\":%s,\"model\":{\"type\":"
		"\"WordLevel\",\"vocab\":{\"un\":0,\"##able\":1,\".\":2,"
		"\"do\":3,\"not\":4,\"ab</w>\":5,\"c\":6,\"<pad>\":7,\"|\":8,"
		"\"h\":9,\"e\":10,\"##\":11}}}", decoder);
	struct qeff_tokenizer *tok = open_text(json);

	check_decode(tok, ids, n, true, want);
	check_stream(tok, ids, n, true);
	check_stream(tok, ids, n, false);
	qeff_tokenizer_close(tok);
	free(json);
}

static void decoders(void **state)
{
#define DEC(d, want, ...) do {						\
		const int32_t ids[] = { __VA_ARGS__ };			\
		decode_one(d, ids, QAIC_ARRAY_SIZE(ids), want);		\
	} while (0)
#define WP "{\"type\":\"WordPiece\",\"prefix\":\"##\",\"cleanup\":true}"
	DEC(WP, "unable do not.", 0, 1, 3, 4, 2);
	DEC(WP, "##able", 1);		/* the first stays as it is */
	DEC(WP, "un un", 0, 0);
	DEC("{\"type\":\"WordPiece\",\"prefix\":\"##\",\"cleanup\":false}",
	    "un .", 0, 2);
	DEC("{\"type\":\"BPEDecoder\",\"suffix\":\"</w>\"}", "ab cab", 5, 6, 5);
	DEC("{\"type\":\"BPEDecoder\"}", "ab", 5);
	DEC("{\"type\":\"CTC\",\"pad_token\":\"<pad>\","
	    "\"word_delimiter_token\":\"|\",\"cleanup\":true}", "hh e h",
	    7, 7, 9, 9, 7, 9, 8, 8, 10, 8, 7, 9);
	DEC("{\"type\":\"CTC\",\"cleanup\":false}", "h|", 9, 9, 8);
	check_refused("{\"decoder\":{\"type\":\"BPEDecoder\",\"suffix\":\"\"},"
		      CHARS "}", -EINVAL, "suffix");
	check_refused("{\"decoder\":{\"type\":\"Sequence\",\"decoders\":["
		      "{\"type\":\"Fuse\"},{\"type\":\"WordPiece\"}]}," CHARS
		      "}", -EOPNOTSUPP, "WordPiece");
	check_refused("{\"decoder\":{\"type\":\"WordPiece\",\"cleanup\":1},"
		      CHARS "}", -EINVAL, "cleanup");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(unigram), cmocka_unit_test(unigram_refused),
		cmocka_unit_test(wordpiece), cmocka_unit_test(wordlevel),
		cmocka_unit_test(normalizers), cmocka_unit_test(composition),
		cmocka_unit_test(charsmap), cmocka_unit_test(pre_tokenizers),
		cmocka_unit_test(nul), cmocka_unit_test(affixes), cmocka_unit_test(decoders),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
