// SPDX-License-Identifier: MIT
/*
 * The parts of tokenizer.json, each in a file of its own. Expected ids were
 * computed by Hugging Face's tokenizers where a comment does not derive them.
 */
#include <errno.h>

#include "tests/unit/libqeff/tok_test.h"

/* a b c d, ab, abc, cd, a space as U+0120, and an unknown */
#define VOCAB "{\"<unk>\":0,\"a\":1,\"b\":2,\"c\":3,\"d\":4,\"ab\":5,\"abc\":6," \
	      "\"cd\":7,\"\xc4\xa0\":8,\"\xc4\xa0" "a\":9,\"1\":10,\"2\":11," \
	      "\".\":12,\"\xe2\x96\x81\":13,\"\xe2\x96\x81" "a\":14,\" \":15}"
#define MERGES "[\"a b\",\"ab c\",[\"c\",\"d\"],\"\xc4\xa0 a\"," \
	       "\"\xe2\x96\x81 a\"]"
#define MODEL "\"model\":{\"type\":\"BPE\",\"vocab\":" VOCAB ",\"merges\":" \
	      MERGES ",\"unk_token\":\"<unk>\"}"
#define BYTES "{\"type\":\"ByteLevel\",\"add_prefix_space\":false," \
	      "\"trim_offsets\":true,\"use_regex\":true}"

static void one(const char *json, const char *text, const char *ids)
{
	struct qeff_tokenizer *tok = open_text(json);

	check_ids(tok, text, ids);
	qeff_tokenizer_close(tok);
}

static void bpe(void **state)
{
	one("{" MODEL "}", "abcd", "6 4");	/* ab before cd: lower rank */
	one("{" MODEL "}", "bcd", "2 7");
	one("{" MODEL "}", "aab", "1 5");
	one("{" MODEL "}", "", "");
	one("{" MODEL "}", "axxb", "1 0 0 2");	/* not fused */
	one("{\"model\":{\"vocab\":" VOCAB ",\"merges\":[],\"unk_token\":"
	    "\"<unk>\",\"fuse_unk\":true}}", "axxb\xc3\xa9", "1 0 2 0");
	/* without an unknown token the reference drops the character */
	one("{\"model\":{\"vocab\":" VOCAB ",\"merges\":[]}}", "axxb", "1 2");
	one("{\"model\":{\"vocab\":" VOCAB ",\"merges\":[],"
	    "\"ignore_merges\":true}}", "abc", "6");
	one("{\"model\":{\"vocab\":{\"a\":0,\"<0xC3>\":1,\"<0xA9>\":2,"
	    "\"<0xFF>\":3},\"merges\":[],\"byte_fallback\":true}}",
	    "a\xc3\xa9\xff\xc3", "0 1 2 3 1");
	/* a merge of tokens that are spaces themselves */
	one("{\"model\":{\"vocab\":{\" \":0,\"  \":1},\"merges\":[\"   \"]}}",
	    "  ", "1");
}

static void normalizers(void **state)
{
#define NORM(n) "{\"normalizer\":" n "," MODEL "}"
	one(NORM("{\"type\":\"Lowercase\"}"), "AB", "5");
	one(NORM("{\"type\":\"Prepend\",\"prepend\":\"a\"}"), "b", "5");
	one(NORM("{\"type\":\"Prepend\",\"prepend\":\"a\"}"), "", "");
	one(NORM("{\"type\":\"Strip\",\"strip_left\":true,"
		 "\"strip_right\":true}"), "\t ab\xc2\xa0", "5");
	one(NORM("{\"type\":\"Strip\",\"strip_left\":true,"
		 "\"strip_right\":false}"), "  ", "");
	one(NORM("{\"type\":\"Replace\",\"pattern\":{\"String\":\"x\"},"
		 "\"content\":\"b\"}"), "axcx", "6 2");
	one(NORM("{\"type\":\"Replace\",\"pattern\":{\"Regex\":\"x{2,}\"},"
		 "\"content\":\"b\"}"), "axxx", "5");
	one(NORM("{\"type\":\"Sequence\",\"normalizers\":[{\"type\":\"NFKD\"},"
		 "{\"type\":\"StripAccents\"},{\"type\":\"Lowercase\"}]}"),
	    "\xc3\x81\xef\xbc\xa2", "5");	/* A acute, full-width B */
	one(NORM("{\"type\":\"NFKC\"}"), "\xef\xbd\x81", "1");
	one(NORM("{\"type\":\"NFC\"}"), "ab", "5");
}

/* NFC composes and orders; a long run of marks stays linear */
static void nfc(void **state)
{
	struct qeff_tokenizer *tok = open_text(
		"{\"normalizer\":{\"type\":\"NFC\"},\"model\":{\"vocab\":{"
		"\"\xc3\xa9\":0,\"\xe1\xba\xb9\":1,\"\xcc\x81\":2},"
		"\"merges\":[]}}");
	size_t n = 200000, i;
	char *text = malloc(2 * n + 1), *ids;

	check_ids(tok, "e\xcc\x81", "0");
	check_ids(tok, "e\xcc\x81\xcc\xa3", "1 2");	/* dot below goes first */
	assert_non_null(text);
	for (i = 0; i < n; i++)
		memcpy(text + 2 * i, i & 1 ? "\xcc\x81" : "\xcc\xa3", 2);
	ids = encode_n(tok, text, 2 * n, false);
	free(ids);
	free(text);
	qeff_tokenizer_close(tok);
}

static void pre_tokenizers(void **state)
{
#define PRE(p) "{\"pre_tokenizer\":" p "," MODEL "}"
	one(PRE(BYTES), "a ab a", "1 8 5 9");
	one(PRE("{\"type\":\"ByteLevel\"}"), "a", "9");	/* a space in front */
	one(PRE("{\"type\":\"ByteLevel\"}"), " a", "9");
	one(PRE("{\"type\":\"Whitespace\"}"), "ab ab.", "5 5 12");
	one(PRE("{\"type\":\"WhitespaceSplit\"}"), " ab \n ab ", "5 5");
	one(PRE("{\"type\":\"Digits\",\"individual_digits\":true}"), "ab12",
	    "5 10 11");
	one(PRE("{\"type\":\"Punctuation\"}"), "a.b", "1 12 2");
	one(PRE("{\"type\":\"Split\",\"pattern\":{\"String\":\"b\"},"
		"\"behavior\":\"Isolated\",\"invert\":false}"), "abab",
	    "1 2 1 2");
	one(PRE("{\"type\":\"Split\",\"pattern\":{\"String\":\"b\"},"
		"\"behavior\":\"MergedWithPrevious\",\"invert\":false}"),
	    "abcab", "5 3 5");
	one(PRE("{\"type\":\"Split\",\"pattern\":{\"String\":\"b\"},"
		"\"behavior\":\"MergedWithNext\",\"invert\":false}"), "abab",
	    "1 2 1 2");
	one(PRE("{\"type\":\"Split\",\"pattern\":{\"Regex\":\"[ab]\"},"
		"\"behavior\":\"Contiguous\",\"invert\":false}"), "abcd", "5 7");
	one(PRE("{\"type\":\"Split\",\"pattern\":{\"Regex\":\"\\\\w+\"},"
		"\"behavior\":\"Removed\",\"invert\":true}"), "ab . ab", "5 5");
	one(PRE("{\"type\":\"Sequence\",\"pretokenizers\":["
		"{\"type\":\"WhitespaceSplit\"},{\"type\":\"Metaspace\","
		"\"replacement\":\"\xe2\x96\x81\",\"prepend_scheme\":\"first\","
		"\"split\":true}]}"), "a a", "14 1");
	one(PRE("{\"type\":\"Metaspace\",\"replacement\":\"\xe2\x96\x81\","
		"\"add_prefix_space\":true}"), "a a", "14 14");
	one(PRE("{\"type\":\"Metaspace\",\"replacement\":\"\xe2\x96\x81\","
		"\"prepend_scheme\":\"never\",\"split\":false}"), "a a",
	    "1 14");
}

/* \w, \s and \b are Oniguruma's, not PCRE2's */
static void regexes(void **state)
{
#define RE(re) PRE("{\"type\":\"Split\",\"pattern\":{\"Regex\":\"" re "\"}," \
		   "\"behavior\":\"Removed\",\"invert\":false}")
	one(RE("\\\\w\\u0301"), "a\xcc\x81" "b", "2");
	one(RE("[\\\\w]+"), "\xe0\xa4\xbf.", "12");	/* a spacing mark */
	one(RE("\\\\h"), "a.", "12");			/* hexadecimal there */
	one(RE("\\\\s"), "\xe1\xa0\x8e.", "0 12");	/* U+180E is no space */
	one(RE("\\\\b."), "ab cd", "2 4");
	one(RE("^b"), "a\nb", "1 0");			/* ^ works on lines */
	one(RE("[]a]"), "a]b", "2");
	check_refused(RE("[a&&b]"), -EOPNOTSUPP, "inside [...]");
	one(RE("[a[bc]]"), "abcd", "4");		/* a union, nested */
	one(RE("[^(\\\\s|[.]d)]"), "ab.d", "12 4");
	check_refused(RE("[a[^b]]"), -EOPNOTSUPP, "inside [...]");
	check_refused(RE("("), -EINVAL, "regular expression");
	check_refused(RE("\\\\C"), -EINVAL, "regular expression");
}

static void added_tokens(void **state)
{
#define RAW "\"normalized\":false"
	struct qeff_tokenizer *tok = open_text(
		"{\"added_tokens\":[{\"id\":20,\"content\":\"<x>\","
		"\"special\":true},{\"id\":21,\"content\":\"<x>a\"," RAW "},"
		"{\"id\":22,\"content\":\"<l>\",\"lstrip\":true," RAW "},"
		"{\"id\":23,\"content\":\"<r>\",\"rstrip\":true," RAW "},"
		"{\"id\":24,\"content\":\"cc\",\"single_word\":true," RAW "},"
		"{\"id\":25,\"content\":\"DD\",\"normalized\":true}],"
		"\"normalizer\":{\"type\":\"Lowercase\"}," MODEL "}");
	static const int32_t ids[] = { 1, 20, 24, 2 };

	check_ids(tok, "a<x>b", "1 20 2");
	check_ids(tok, "a<x>ab", "1 21 2");	/* the longest */
	check_ids(tok, "a \t<l> b", "1 22 15 2");
	check_ids(tok, "a <r> \nb", "1 15 23 2");
	check_ids(tok, "cc acc cc", "24 15 1 3 3 15 24");
	check_ids(tok, "add", "1 25");		/* found in lower case */
	check_ids(tok, "<x><x>", "20 20");
	assert_int_equal(qeff_vocab_size(tok), 26);
	assert_int_equal(qeff_token_id(tok, "<x>"), 20);
	assert_null(qeff_token_text(tok, 17));
	/* no decoder: tokens are joined with spaces */
	check_decode(tok, ids, 4, true, "a cc b");
	check_decode(tok, ids, 4, false, "a <x> cc b");
	check_stream(tok, ids, 4, true);
	qeff_tokenizer_close(tok);
}

static void post_processors(void **state)
{
	static const char *const cases[][2] = {
		{ "{\"type\":\"RobertaProcessing\",\"sep\":[\"b\",2],"
		  "\"cls\":[\"a\",1],\"trim_offsets\":true,"
		  "\"add_prefix_space\":true}", "1 3 2" },
		{ "{\"type\":\"TemplateProcessing\",\"single\":["
		  "{\"SpecialToken\":{\"id\":\"x\",\"type_id\":0}},"
		  "{\"Sequence\":{\"id\":\"A\",\"type_id\":0}}],\"pair\":[],"
		  "\"special_tokens\":{\"x\":{\"id\":\"x\",\"ids\":[4,5],"
		  "\"tokens\":[\"d\",\"ab\"]}}}", "4 5 3" },
		{ "{\"type\":\"Sequence\",\"processors\":[{\"type\":"
		  "\"BertProcessing\",\"sep\":[\"b\",2],\"cls\":[\"a\",1]},"
		  "{\"type\":\"BertProcessing\",\"sep\":[\"d\",4],\"cls\":"
		  "[\"c\",3]},{\"type\":\"ByteLevel\"}]}", "3 1 3 2 4" },
	};
	struct qeff_tokenizer *tok;
	char *json, *ids;
	size_t i;

	for (i = 0; i < QAIC_ARRAY_SIZE(cases); i++) {
		json = qaic_asprintf("{\"post_processor\":%s," MODEL "}",
				     cases[i][0]);
		tok = open_text(json);
		ids = encode_n(tok, "c", 1, true);
		assert_string_equal(ids, cases[i][1]);
		free(ids);
		check_ids(tok, "c", "3");
		free(json);
		qeff_tokenizer_close(tok);
	}
}

static void decode_one(const char *decoder, const int32_t *ids, size_t n,
		       const char *want)
{
	char *json = qaic_asprintf("{\"decoder\":%s,\"model\":{\"vocab\":{"
		"\"\xe2\x96\x81" "a\":0,\"b\xe2\x96\x81\":1,\"<0xE6>\":2,"
		"\"<0x97>\":3,\"<0xA5>\":4,\"  c  \":5,\"\xe2\x96\x81\":6},"
		"\"merges\":[]}}", decoder);
	struct qeff_tokenizer *tok = open_text(json);

	check_decode(tok, ids, n, true, want);
	check_stream(tok, ids, n, true);
	qeff_tokenizer_close(tok);
	free(json);
}

static void decoders(void **state)
{
#define LLAMA "{\"type\":\"Sequence\",\"decoders\":[{\"type\":\"Replace\"," \
	"\"pattern\":{\"String\":\"\xe2\x96\x81\"},\"content\":\" \"}," \
	"{\"type\":\"ByteFallback\"},{\"type\":\"Fuse\"},{\"type\":\"Strip\"," \
	"\"content\":\" \",\"start\":1,\"stop\":0}]}"
#define META "{\"type\":\"Metaspace\",\"replacement\":\"\xe2\x96\x81\"," \
	"\"prepend_scheme\":\"always\"}"
	static const int32_t text[] = { 0, 1, 0 }, day[] = { 2, 3, 4, 0 };
	static const int32_t torn[] = { 0, 2, 3, 0 }, space[] = { 6, 0, 6 };
	static const int32_t padded[] = { 5, 5 };

	decode_one(LLAMA, text, 3, "ab  a");
	decode_one(LLAMA, day, 4, "\xe6\x97\xa5 a");
	decode_one(LLAMA, torn, 4, "a\xef\xbf\xbd\xef\xbf\xbd a");
	decode_one(LLAMA, space, 3, " a ");
	decode_one(META, text, 3, "ab  a");
	decode_one(META, space, 3, " a ");
	/* Strip before Fuse works on each token, after it on the text */
	decode_one("{\"type\":\"Strip\",\"content\":\" \",\"start\":1,"
		   "\"stop\":1}", padded, 2, " c  c ");
	decode_one("{\"type\":\"Sequence\",\"decoders\":[{\"type\":\"Fuse\"},"
		   "{\"type\":\"Strip\",\"content\":\" \",\"start\":1,"
		   "\"stop\":1}]}", padded, 2, " c    c ");
	decode_one("{\"type\":\"Sequence\",\"decoders\":[{\"type\":\"Fuse\"},"
		   "{\"type\":\"Replace\",\"pattern\":{\"String\":\"  c\"},"
		   "\"content\":\"-\"}]}", padded, 2, "-  -  ");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bpe),
		cmocka_unit_test(normalizers),
		cmocka_unit_test(nfc),
		cmocka_unit_test(pre_tokenizers),
		cmocka_unit_test(regexes),
		cmocka_unit_test(added_tokens),
		cmocka_unit_test(post_processors),
		cmocka_unit_test(decoders),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
