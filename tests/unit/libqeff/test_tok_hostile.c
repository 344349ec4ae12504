// SPDX-License-Identifier: MIT
/* Tokenizer files with missing parts, wrong types, lies and bombs. */
#include <errno.h>

#include "tests/unit/libqeff/tok_test.h"

#define GOOD "\"vocab\":{\"a\":0,\"b\":1,\"ab\":2},\"merges\":[\"a b\"]"
#define MODEL "\"model\":{" GOOD "}"

static void not_json(void **state)
{
	static const char *const texts[] = {
		"", "{", "[]", "nul", "{\"model\":", "\"a\"", "{\"a\":1,\"a\":2}",
		"{\"model\":{\"vocab\":{\"\xff\":1}}}", "{\"a\":1e999}",
		"{\"version\":123456789012345678901234567890}",
	};
	struct qaic_str deep = { 0 };
	size_t i;

	for (i = 0; i < QAIC_ARRAY_SIZE(texts); i++)
		check_refused(texts[i], -EINVAL, "tokenizer.json");
	for (i = 0; i < 100000; i++)
		qaic_str_puts(&deep, "{\"model\":");
	check_refused(deep.s, -EINVAL, "tokenizer.json");
	qaic_str_free(&deep);
}

static void missing_parts(void **state)
{
	check_refused("{}", -EINVAL, "\"model\" is missing");
	check_refused("{\"model\":null}", -EINVAL, "\"model\" is missing");
	check_refused("{\"model\":{}}", -EINVAL, "no type");
	check_refused("{\"model\":{\"type\":\"BPE\"}}", -EINVAL, "\"vocab\"");
	check_refused("{\"model\":{\"vocab\":{},\"merges\":[]}}", -EINVAL,
		      "vocabulary is empty");
	check_refused("{\"model\":{\"type\":\"BPE\",\"vocab\":{\"a\":0}}}",
		      -EINVAL, "\"merges\"");
	check_refused("{\"normalizer\":{}," MODEL "}", -EINVAL, "\"type\"");
	check_refused("{\"normalizer\":{\"type\":\"Prepend\"}," MODEL "}",
		      -EINVAL, "\"prepend\"");
	check_refused("{\"normalizer\":{\"type\":\"Sequence\"}," MODEL "}",
		      -EINVAL, "\"normalizers\"");
	check_refused("{\"pre_tokenizer\":{\"type\":\"Split\"}," MODEL "}",
		      -EINVAL, "\"pattern\"");
	check_refused("{\"pre_tokenizer\":{\"type\":\"Split\",\"pattern\":{}},"
		      MODEL "}", -EINVAL, "\"pattern\"");
	check_refused("{\"post_processor\":{\"type\":\"TemplateProcessing\"},"
		      MODEL "}", -EINVAL, "missing");
	check_refused("{\"decoder\":{\"type\":\"Strip\"}," MODEL "}", -EINVAL,
		      "\"start\"");
	check_refused("{\"added_tokens\":[{\"id\":3}]," MODEL "}", -EINVAL,
		      "\"content\"");
	check_refused("{\"added_tokens\":[{\"content\":\"x\"}]," MODEL "}",
		      -EINVAL, "\"id\"");
}

static void wrong_types(void **state)
{
	static const char *const keys[] = { "normalizer", "pre_tokenizer",
		"post_processor", "decoder", "added_tokens", "model" };
	static const char *const values[] = { "1", "\"x\"", "true", "[1]",
					      "{\"type\":7}" };
	size_t i, k;
	char *json;

	for (i = 0; i < QAIC_ARRAY_SIZE(keys); i++)
		for (k = 0; k < QAIC_ARRAY_SIZE(values); k++) {
			json = qaic_asprintf(i == 5 ? "{\"%s\":%s}" :
					     "{\"%s\":%s," MODEL "}", keys[i],
					     values[k]);
			check_refused(json, -EINVAL, "tokenizer.json");
			free(json);
		}
	check_refused("{\"model\":{\"vocab\":{\"a\":\"0\"},\"merges\":[]}}",
		      -EINVAL, "not an integer");
	check_refused("{\"model\":{\"vocab\":[],\"merges\":[]}}", -EINVAL,
		      "\"vocab\"");
	check_refused("{\"model\":{\"vocab\":{\"a\":0},\"merges\":{}}}",
		      -EINVAL, "\"merges\"");
	check_refused("{\"model\":{" GOOD ",\"fuse_unk\":3}}", -EINVAL,
		      "\"fuse_unk\"");
}

static void lies(void **state)
{
	check_refused("{\"model\":{\"vocab\":{\"a\":0,\"b\":0},\"merges\":[]}}",
		      -EEXIST, "id 0");
	check_refused("{\"model\":{\"vocab\":{\"a\":-1},\"merges\":[]}}",
		      -ERANGE, "-1");
	check_refused("{\"model\":{\"vocab\":{\"a\":2000000000},\"merges\":[]}}",
		      -ERANGE, "2000000000");
	check_refused("{\"model\":{\"vocab\":{\"a\":3000000},\"merges\":[]}}",
		      -ERANGE, "only 1 tokens");
	check_refused("{\"model\":{\"vocab\":{\"a\":0},\"merges\":[\"a x\"]}}",
		      -EINVAL, "\"x\" is not in the vocabulary");
	check_refused("{\"model\":{\"vocab\":{\"a\":0,\"b\":1},"
		      "\"merges\":[\"a b\"]}}", -EINVAL, "merges[0]");
	check_refused("{\"model\":{\"vocab\":{\"a\":0},\"merges\":[\"ab\"]}}",
		      -EINVAL, "not two tokens");
	check_refused("{\"model\":{\"vocab\":{\"a\":0},\"merges\":"
		      "[[\"a\",\"a\",\"a\"]]}}", -EINVAL, "not two tokens");
	check_refused("{\"model\":{" GOOD ",\"unk_token\":\"?\"}}", -EINVAL,
		      "unk_token");
	check_refused("{\"added_tokens\":[{\"id\":1,\"content\":\"x\"}]," MODEL
		      "}", -EEXIST, "id 1");
	check_refused("{\"added_tokens\":[{\"id\":9,\"content\":\"\"}]," MODEL
		      "}", -EINVAL, "0 bytes");
	check_refused("{\"post_processor\":{\"type\":\"BertProcessing\","
		      "\"sep\":[\"x\",77],\"cls\":[\"a\",0]}," MODEL "}",
		      -EINVAL, "id 77 is no token");
	check_refused("{\"post_processor\":{\"type\":\"TemplateProcessing\","
		      "\"single\":[],\"special_tokens\":{}}," MODEL "}",
		      -EINVAL, "does not have each text once");
}

/* What is unknown is refused by name. */
static void unknown(void **state)
{
	static const char *const cases[][2] = {
		{ "{\"novelty\":1," MODEL "}", "novelty" },
		{ "{\"version\":\"2.0\"," MODEL "}", "2.0" },
		{ "{\"model\":{\"type\":\"Syllable\",\"vocab\":{}}}",
		  "Syllable" },
		{ "{\"model\":{" GOOD ",\"shiny\":true}}", "shiny" },
		{ "{\"model\":{" GOOD ",\"dropout\":0.1}}", "dropout" },
		{ "{\"model\":{" GOOD ",\"byte_fallback\":true,"
		  "\"end_of_word_suffix\":\"</w>\"}}", "end_of_word_suffix" },
		{ "{\"normalizer\":{\"type\":\"Cyrillic\"}," MODEL "}",
		  "Cyrillic" },
		{ "{\"normalizer\":{\"type\":\"NFC\",\"more\":1}," MODEL "}",
		  "more" },
		{ "{\"pre_tokenizer\":{\"type\":\"UnicodeScripts\"}," MODEL "}",
		  "UnicodeScripts" },
		{ "{\"pre_tokenizer\":{\"type\":\"Punctuation\",\"behavior\":"
		  "\"Eaten\"}," MODEL "}", "Eaten" },
		{ "{\"post_processor\":{\"type\":\"Stamp\"}," MODEL "}",
		  "Stamp" },
		{ "{\"decoder\":{\"type\":\"Morse\"}," MODEL "}", "Morse" },
		{ "{\"decoder\":{\"type\":\"Sequence\",\"decoders\":["
		  "{\"type\":\"Fuse\"},{\"type\":\"ByteFallback\"}]}," MODEL
		  "}", "ByteFallback" },
		{ "{\"added_tokens\":[{\"id\":3,\"content\":\"x\","
		  "\"colour\":1}]," MODEL "}", "colour" },
	};
	size_t i;

	for (i = 0; i < QAIC_ARRAY_SIZE(cases); i++)
		check_refused(cases[i][0], -EOPNOTSUPP, cases[i][1]);
}

static void nested(void **state)
{
	static const char *const parts[][2] = {
		{ "normalizer", "normalizers" },
		{ "pre_tokenizer", "pretokenizers" },
		{ "post_processor", "processors" }, { "decoder", "decoders" },
	};
	struct qaic_str s;
	size_t p, i;

	for (p = 0; p < QAIC_ARRAY_SIZE(parts); p++) {
		memset(&s, 0, sizeof(s));
		qaic_str_printf(&s, "{\"%s\":", parts[p][0]);
		for (i = 0; i < 200; i++)
			qaic_str_printf(&s, "{\"type\":\"Sequence\",\"%s\":[",
					parts[p][1]);
		for (i = 0; i < 200; i++)
			qaic_str_puts(&s, "]}");
		qaic_str_puts(&s, "," MODEL "}");
		check_refused(s.s, -E2BIG, "too");
		qaic_str_free(&s);
	}
}

/* A step that makes text longer, many times over. */
static void growth(void **state)
{
	struct qaic_err err = QAIC_ERR_INIT;
	struct qaic_str s = { 0 };
	struct qeff_tokenizer *tok;
	int32_t *ids;
	size_t n, i;

	qaic_str_puts(&s, "{\"normalizer\":{\"type\":\"Sequence\","
		      "\"normalizers\":[");
	for (i = 0; i < 30; i++)
		qaic_str_printf(&s, "%s{\"type\":\"Replace\",\"pattern\":"
				"{\"String\":\"a\"},\"content\":\"aaaa\"}",
				i ? "," : "");
	qaic_str_puts(&s, "]}," MODEL "}");
	tok = open_text(s.s);
	assert_int_equal(qeff_encode(tok, "a", 1, false, &ids, &n, &err),
			 -EINVAL);
	assert_non_null(strstr(err.msg, "normalizer"));
	qeff_tokenizer_close(tok);
	qaic_str_free(&s);

	qaic_str_puts(&s, "{\"pre_tokenizer\":{\"type\":\"Sequence\","
		      "\"pretokenizers\":[");
	for (i = 0; i < 30; i++)
		qaic_str_printf(&s, "%s{\"type\":\"ByteLevel\",\"use_regex\":"
				"false,\"add_prefix_space\":false}",
				i ? "," : "");
	qaic_str_puts(&s, "]}," MODEL "}");
	tok = open_text(s.s);
	assert_int_equal(qeff_encode(tok, "\xc3\xa9", 2, false, &ids, &n, &err),
			 -EINVAL);
	qeff_tokenizer_close(tok);
	qaic_str_free(&s);
}

static void regex_bombs(void **state)
{
	static const char *const bombs[] = {
		"(a+)+$x", "(a|a)*b", "(?:a?){40}a{40}b", "(.*)*\\\\1x",
		"((a*)*)*b", "(?=(a+))a*b\\\\1", "(?=a*b)x|a*b",
	};
	struct qaic_err err = QAIC_ERR_INIT;
	struct qeff_tokenizer *tok;
	char text[20000], *json;
	int32_t *ids;
	size_t i, n;
	int rc;

	memset(text, 'a', sizeof(text));
	for (i = 0; i < QAIC_ARRAY_SIZE(bombs); i++) {
		json = qaic_asprintf("{\"pre_tokenizer\":{\"type\":\"Split\","
				     "\"pattern\":{\"Regex\":\"%s\"},"
				     "\"behavior\":\"Isolated\"}," MODEL "}",
				     bombs[i]);
		tok = open_text(json);
		rc = qeff_encode(tok, text, sizeof(text), false, &ids, &n,
				 &err);
		if (!rc)
			free(ids);
		else if (rc != -EINVAL || !strstr(err.msg, "regular expression"))
			fail_msg("%s: %d %s", bombs[i], rc, err.msg);
		qeff_tokenizer_close(tok);
		free(json);
	}
	/* recursion that never ends */
	json = qaic_asprintf("{\"pre_tokenizer\":{\"type\":\"Split\","
			     "\"pattern\":{\"Regex\":\"(a(?1)?b?)+c\"},"
			     "\"behavior\":\"Isolated\"}," MODEL "}");
	tok = open_text(json);
	rc = qeff_encode(tok, text, sizeof(text), false, &ids, &n, &err);
	if (!rc)
		free(ids);
	qeff_tokenizer_close(tok);
	free(json);
	check_refused("{\"pre_tokenizer\":{\"type\":\"Split\",\"pattern\":"
		      "{\"Regex\":\"((((a{1,999}){1,999}){1,999}){1,999})\"},"
		      "\"behavior\":\"Isolated\"}," MODEL "}", -EINVAL,
		      "regular expression");
}

static void files(void **state)
{
	struct qaic_err err = QAIC_ERR_INIT;
	struct qeff_tokenizer *tok;
	char *dir = temp_dir(), *path;

	assert_int_equal(qeff_tokenizer_open(dir, &tok, &err), -ENOENT);
	assert_non_null(strstr(err.msg, "tokenizer.json"));
	assert_non_null(strstr(err.msg, "tokenizer.model"));
	assert_non_null(strstr(err.msg, dir));
	path = qaic_path(dir, "none.json");
	assert_int_equal(qeff_tokenizer_open_file(path, &tok, &err), -ENOENT);
	free(path);

	put_text(dir, "tokenizer.json", "{" MODEL "}");
	put_text(dir, "tokenizer_config.json", "{\"bos_token\":7}");
	assert_int_equal(qeff_tokenizer_open(dir, &tok, &err), -EINVAL);
	assert_non_null(strstr(err.msg, "bos_token"));
	put_text(dir, "tokenizer_config.json",
		 "{\"added_tokens_decoder\":{\"-4\":{\"content\":\"x\"}}}");
	assert_int_equal(qeff_tokenizer_open(dir, &tok, &err), -EINVAL);
	put_text(dir, "tokenizer_config.json",
		 "{\"added_tokens_decoder\":{\"1\":{\"content\":\"x\"}}}");
	assert_int_equal(qeff_tokenizer_open(dir, &tok, &err), -EEXIST);
	put_text(dir, "tokenizer_config.json",
		 "{\"added_tokens_decoder\":{\"3000000\":{\"content\":\"x\"}}}");
	assert_int_equal(qeff_tokenizer_open(dir, &tok, &err), -ERANGE);
	put_text(dir, "tokenizer_config.json", "{\"eos_token\":"
		 "{\"content\":\"ab\",\"__type\":\"AddedToken\"},"
		 "\"pad_token\":\"nowhere\"}");
	assert_int_equal(qeff_tokenizer_open(dir, &tok, &err), 0);
	assert_int_equal(qeff_eos_id(tok), 2);
	assert_int_equal(qeff_pad_id(tok), -1);
	qeff_tokenizer_close(tok);
	put_text(dir, "tokenizer_config.json", "{}");
	put_text(dir, "added_tokens.json", "{\"x\":\"y\"}");
	assert_int_equal(qeff_tokenizer_open(dir, &tok, &err), -EINVAL);
	drop_dir(dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(not_json),
		cmocka_unit_test(missing_parts),
		cmocka_unit_test(wrong_types),
		cmocka_unit_test(lies),
		cmocka_unit_test(unknown),
		cmocka_unit_test(nested),
		cmocka_unit_test(growth),
		cmocka_unit_test(regex_bombs),
		cmocka_unit_test(files),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
