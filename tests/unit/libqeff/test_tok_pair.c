// SPDX-License-Identifier: MIT
/*
 * Pairs of texts, types of tokens, and which bytes of its text a token stands
 * for. Each token is written id/type, and where it is not added @text:start-end.
 */
#include <errno.h>

#include "tests/unit/libqeff/tok_test.h"

#define LOW "\xe2\x96\x81"
#define VOCAB "{\"<u>\":0,\"a\":1,\"b\":2,\"c\":3,\"ab\":4,\"\xc3\xa9\":5," \
	      "\"" LOW "\":6,\"" LOW "a\":7,\"[C]\":8,\"[S]\":9," \
	      "\"\xc4\xa0\":10,\"\xc4\xa0" "a\":11,\"<0xF0>\":12," \
	      "\"<0x9F>\":13,\"<0x98>\":14,\"<0x80>\":15}"
#define MODEL "\"model\":{\"type\":\"BPE\",\"vocab\":" VOCAB ",\"merges\":" \
	      "[\"a b\",\"" LOW " a\",\"\xc4\xa0 a\"],\"unk_token\":\"<u>\"," \
	      "\"byte_fallback\":true}"
#define TEMPLATE "\"post_processor\":{\"type\":\"TemplateProcessing\"," \
	"\"single\":[{\"SpecialToken\":{\"id\":\"[C]\",\"type_id\":0}}," \
	"{\"Sequence\":{\"id\":\"A\",\"type_id\":0}},{\"SpecialToken\":" \
	"{\"id\":\"[S]\",\"type_id\":0}}],\"pair\":[{\"SpecialToken\":" \
	"{\"id\":\"[C]\",\"type_id\":0}},{\"Sequence\":{\"id\":\"A\"," \
	"\"type_id\":0}},{\"SpecialToken\":{\"id\":\"[S]\",\"type_id\":0}}," \
	"{\"Sequence\":{\"id\":\"B\",\"type_id\":1}},{\"SpecialToken\":" \
	"{\"id\":\"[S]\",\"type_id\":1}}],\"special_tokens\":{\"[C]\":" \
	"{\"id\":\"[C]\",\"ids\":[8],\"tokens\":[\"[C]\"]},\"[S]\":{\"id\":" \
	"\"[S]\",\"ids\":[9],\"tokens\":[\"[S]\"]}}}"

static void pair_is(const char *json, const char *a, const char *b,
		    bool special, const char *want)
{
	struct qeff_tokenizer *tok = open_text(json);
	struct qaic_err err = QAIC_ERR_INIT;
	struct qaic_str s = { 0 };
	struct qeff_encoding e;
	size_t i;

	if (qeff_encode_pair(tok, a, strlen(a), b, b ? strlen(b) : 0, special,
			     &e, &err))
		fail_msg("%s", err.msg);
	qaic_str_puts(&s, "");
	for (i = 0; i < e.num; i++) {
		const struct qeff_token *t = &e.tokens[i];

		qaic_str_printf(&s, "%s%d/%d", i ? " " : "", t->id, t->type);
		if (t->text >= 0)
			qaic_str_printf(&s, "@%d:%u-%u", t->text, t->start,
					t->end);
		else
			assert_int_equal(t->start + t->end, 0);
	}
	if (strcmp(s.s, want))
		fail_msg("%s | %s: %s, expected %s", a, b ? b : "", s.s, want);
	qaic_str_free(&s);
	qeff_encoding_release(&e);
	assert_null(e.tokens);
	qeff_tokenizer_close(tok);
}

static void single(void **state)
{
	pair_is("{" MODEL "}", "abc", NULL, true, "4/0@0:0-2 3/0@0:2-3");
	pair_is("{" MODEL "}", "", NULL, true, "");
	pair_is("{" TEMPLATE "," MODEL "}", "ab", NULL, true,
		"8/0 4/0@0:0-2 9/0");
	pair_is("{" TEMPLATE "," MODEL "}", "ab", NULL, false, "4/0@0:0-2");
}

static void pairs(void **state)
{
	pair_is("{" MODEL "}", "ab", "c", true, "4/0@0:0-2 3/1@1:0-1");
	pair_is("{" TEMPLATE "," MODEL "}", "ab", "ca", true,
		"8/0 4/0@0:0-2 9/0 3/1@1:0-1 1/1@1:1-2 9/1");
	pair_is("{" TEMPLATE "," MODEL "}", "ab", "", true,
		"8/0 4/0@0:0-2 9/0 9/1");
	pair_is("{" TEMPLATE "," MODEL "}", "ab", "c", false,
		"4/0@0:0-2 3/1@1:0-1");
	pair_is("{\"post_processor\":{\"type\":\"BertProcessing\",\"cls\":"
		"[\"[C]\",8],\"sep\":[\"[S]\",9]}," MODEL "}", "a", "b", true,
		"8/0 1/0@0:0-1 9/0 2/1@1:0-1 9/1");
	pair_is("{\"post_processor\":{\"type\":\"RobertaProcessing\",\"cls\":"
		"[\"[C]\",8],\"sep\":[\"[S]\",9]}," MODEL "}", "a", "b", true,
		"8/0 1/0@0:0-1 9/0 9/0 2/0@1:0-1 9/0");
	pair_is("{\"post_processor\":{\"type\":\"RobertaProcessing\",\"cls\":"
		"[\"[C]\",8],\"sep\":[\"[S]\",9]}," MODEL "}", "a", "b", false,
		"1/0@0:0-1 2/0@1:0-1");
}

/* Two processors that add tokens, one in the other: no pairs. */
static void wrapped(void **state)
{
	struct qaic_err err = QAIC_ERR_INIT;
	struct qeff_encoding e;
	struct qeff_tokenizer *tok = open_text("{\"post_processor\":{\"type\":"
		"\"Sequence\",\"processors\":[{\"type\":\"BertProcessing\","
		"\"cls\":[\"[C]\",8],\"sep\":[\"[S]\",9]},{\"type\":"
		"\"BertProcessing\",\"cls\":[\"a\",1],\"sep\":[\"b\",2]}]},"
		MODEL "}");

	assert_int_equal(qeff_encode_pair(tok, "a", 1, "b", 1, true, &e, &err),
			 -EOPNOTSUPP);
	assert_non_null(strstr(err.msg, "pairs"));
	assert_null(e.tokens);
	qeff_tokenizer_close(tok);
}

static void offsets(void **state)
{
	/* U+00E9 in two characters becomes one */
	pair_is("{\"normalizer\":{\"type\":\"NFC\"}," MODEL "}",
		"ae\xcc\x81" "b", NULL, true,
		"1/0@0:0-1 5/0@0:1-4 2/0@0:4-5");
	pair_is("{\"normalizer\":{\"type\":\"Sequence\",\"normalizers\":["
		"{\"type\":\"NFD\"},{\"type\":\"StripAccents\"},{\"type\":"
		"\"Lowercase\"}]}," MODEL "}", "\xc3\x81" "B", NULL, true,
		"4/0@0:0-3");
	/* what is put in front belongs to what follows */
	pair_is("{\"normalizer\":{\"type\":\"Sequence\",\"normalizers\":["
		"{\"type\":\"Prepend\",\"prepend\":\"" LOW "\"},{\"type\":"
		"\"Replace\",\"pattern\":{\"String\":\" \"},\"content\":\"" LOW
		"\"}]}," MODEL "}", "a ab", NULL, true,
		"7/0@0:0-1 6/0@0:1-2 4/0@0:2-4");
	pair_is("{\"normalizer\":{\"type\":\"Replace\",\"pattern\":{\"Regex\":"
		"\"x+\"},\"content\":\"ab\"}," MODEL "}", "cxxxc", NULL, true,
		"3/0@0:0-1 4/0@0:1-4 3/0@0:4-5");
	pair_is("{\"pre_tokenizer\":{\"type\":\"Metaspace\",\"replacement\":\""
		LOW "\",\"prepend_scheme\":\"always\"}," MODEL "}", "a  a",
		NULL, true, "7/0@0:0-1 6/0@0:1-2 7/0@0:2-4");
	pair_is("{\"pre_tokenizer\":{\"type\":\"WhitespaceSplit\"}," MODEL "}",
		" a\n ab", NULL, true, "1/0@0:1-2 4/0@0:4-6");
	/* one character, several tokens; bytes that are no character */
	pair_is("{" MODEL "}", "a\xf0\x9f\x98\x80" "b\xff", NULL, true,
		"1/0@0:0-1 12/0@0:1-5 13/0@0:1-5 14/0@0:1-5 15/0@0:1-5 "
		"2/0@0:5-6 0/0@0:6-7");
	pair_is("{\"normalizer\":{\"type\":\"Strip\"},\"added_tokens\":["
		"{\"id\":8,\"content\":\"[C]\",\"special\":true,\"lstrip\":true,"
		"\"normalized\":false}]," MODEL "}", "a [C]  b", NULL, true,
		"1/0@0:0-1 8/0@0:1-5 2/0@0:7-8");
}

/* ByteLevel's post-processor leaves the space out, that of others does not. */
static void trimmed(void **state)
{
#define BYTES(more) "{\"pre_tokenizer\":{\"type\":\"ByteLevel\"," \
	"\"add_prefix_space\":true}," more MODEL "}"
	pair_is(BYTES(""), "a a", NULL, true, "11/0@0:0-1 11/0@0:1-3");
	pair_is(BYTES("\"post_processor\":{\"type\":\"ByteLevel\","
		      "\"trim_offsets\":true},"), "a a ", NULL, true,
		"11/0@0:0-1 11/0@0:2-3 10/0@0:4-4");
	pair_is(BYTES("\"post_processor\":{\"type\":\"ByteLevel\","
		      "\"trim_offsets\":false},"), "a a", NULL, true,
		"11/0@0:0-1 11/0@0:1-3");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(single), cmocka_unit_test(pairs),
		cmocka_unit_test(wrapped), cmocka_unit_test(offsets),
		cmocka_unit_test(trimmed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
