// SPDX-License-Identifier: MIT
/*
 * Tokenizers of a vocabulary alone: what the class of each makes of it. The ids
 * follow from the vocabularies here and the classes' slow tokenizers.
 */
#include <errno.h>

#include "tests/unit/libqeff/tok_test.h"

#define G "\xc4\xa0"
#define BYTES "{\"a\":0,\"b\":1,\"c\":2,\"ab\":3,\"" G "\":4,\"" G "ab\":5," \
	      "\"<s>\":6,\"</s>\":7,\"<mask>\":8,\"<pad>\":9,\"<unk>\":10," \
	      "\"<|endoftext|>\":11,\"1\":12,\"2\":13}"
#define MERGES "#version: 0.2\na b\r\n" G " ab\n\n"

static char *dir_with(const char *config, const char *vocab, const char *merges,
		      const char *text)
{
	char *dir = temp_dir();

	put_text(dir, "tokenizer_config.json", config);
	if (vocab)
		put_text(dir, "vocab.json", vocab);
	if (merges)
		put_text(dir, "merges.txt", merges);
	if (text)
		put_text(dir, "vocab.txt", text);
	return dir;
}

static void ids_are(const struct qeff_tokenizer *tok, const char *text,
		    const char *want)
{
	char *got = encode_n(tok, text, strlen(text), true);

	assert_string_equal(got, want);
	free(got);
}

static struct qeff_tokenizer *bpe(const char *config)
{
	char *dir = dir_with(config, BYTES, MERGES, NULL);
	struct qeff_tokenizer *tok = open_dir(dir);

	drop_dir(dir);
	return tok;
}

static void gpt2(void **state)
{
	struct qeff_tokenizer *tok;

	tok = bpe("{\"tokenizer_class\":\"GPT2Tokenizer\"}");
	ids_are(tok, "ab ab<|endoftext|>", "3 5 11");
	check_decode(tok, (int32_t[]){ 3, 5, 11 }, 3, true, "ab ab");
	assert_int_equal(qeff_eos_id(tok), 11);
	qeff_tokenizer_close(tok);

	tok = bpe("{\"tokenizer_class\":\"GPT2TokenizerFast\","
		  "\"add_prefix_space\":true}");
	ids_are(tok, "ab", "5");
	qeff_tokenizer_close(tok);

	/* OPT */
	tok = bpe("{\"tokenizer_class\":\"GPT2Tokenizer\",\"add_bos_token\":"
		  "true,\"bos_token\":{\"content\":\"</s>\"},\"eos_token\":"
		  "\"</s>\"}");
	ids_are(tok, "ab", "7 3");
	assert_int_equal(qeff_bos_id(tok), 7);
	qeff_tokenizer_close(tok);
}

static void roberta(void **state)
{
	struct qeff_tokenizer *tok = bpe("{\"tokenizer_class\":"
					 "\"RobertaTokenizer\"}");
	struct qaic_err err = QAIC_ERR_INIT;
	struct qeff_encoding e;

	ids_are(tok, "ab <mask>", "6 3 8 7");	/* the mask eats the space */
	assert_int_equal(qeff_pad_id(tok), 9);
	assert_int_equal(qeff_encode_pair(tok, "a", 1, "b", 1, true, &e, &err),
			 0);
	assert_int_equal(e.num, 6);
	assert_int_equal(e.tokens[2].id, 7);
	assert_int_equal(e.tokens[3].id, 7);
	qeff_encoding_release(&e);
	qeff_tokenizer_close(tok);
}

static void qwen2(void **state)
{
	struct qeff_tokenizer *tok = bpe("{\"tokenizer_class\":"
					 "\"Qwen2Tokenizer\"}");

	ids_are(tok, "ab ab12", "3 5 12 13");
	qeff_tokenizer_close(tok);
}

static void clip(void **state)
{
	char *dir = dir_with("{\"tokenizer_class\":\"CLIPTokenizer\"}",
		"{\"a\":0,\"b\":1,\"a</w>\":2,\"b</w>\":3,\"ab</w>\":4,"
		"\"<|startoftext|>\":5,\"<|endoftext|>\":6,\"1</w>\":7,"
		"\"2</w>\":8}", "#version: 0.2\na b</w>\n", NULL);
	struct qeff_tokenizer *tok = open_dir(dir);

	/* lower case; numbers digit by digit; what is unknown is the end */
	ids_are(tok, "AB  b 12 c", "5 4 3 7 8 6 6");
	check_decode(tok, (int32_t[]){ 5, 4, 3, 6 }, 4, true, "ab b");
	qeff_tokenizer_close(tok);
	drop_dir(dir);
}

#define WORDS "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\nun\n##aff\n##able\ncafe\n" \
	      "caf\xc3\xa9\n,\n\xe4\xb8\xad\nAB\nab\n"

static void bert(void **state)
{
	char *dir = dir_with("{\"tokenizer_class\":\"BertTokenizer\"}", NULL,
			     NULL, WORDS);
	struct qeff_tokenizer *tok = open_dir(dir);

	ids_are(tok, "Unaffable,caf\xc3\xa9\xe4\xb8\xad\xe4\xb8\xad",
		"2 5 6 7 10 8 11 11 3");
	ids_are(tok, "[MASK] unx", "2 4 1 3");
	check_decode(tok, (int32_t[]){ 2, 5, 6, 7, 10, 8, 3 }, 7, true,
		     "unaffable, cafe");
	assert_int_equal(qeff_pad_id(tok), 0);
	qeff_tokenizer_close(tok);
	put_text(dir, "tokenizer_config.json", "{\"tokenizer_class\":"
		 "\"BertTokenizer\",\"do_lower_case\":false,"
		 "\"tokenize_chinese_chars\":false}");
	tok = open_dir(dir);
	ids_are(tok, "AB caf\xc3\xa9 \xe4\xb8\xad\xe4\xb8\xad",
		"2 12 9 1 3");
	qeff_tokenizer_close(tok);
	drop_dir(dir);
}

/* No class: config.json says what the model is. */
static void by_model(void **state)
{
	char *dir = dir_with("{}", NULL, NULL, WORDS);
	struct qeff_tokenizer *tok;

	put_text(dir, "config.json", "{\"model_type\":\"distilbert\"}");
	tok = open_dir(dir);
	ids_are(tok, "ab", "2 13 3");
	qeff_tokenizer_close(tok);
	drop_dir(dir);
}

static void refused(const char *config, const char *vocab, const char *merges,
		    const char *text, int code, const char *words)
{
	char *dir = dir_with(config, vocab, merges, text);
	struct qaic_err err = QAIC_ERR_INIT;
	struct qeff_tokenizer *tok = NULL;
	int rc = qeff_tokenizer_open(dir, &tok, &err);

	if (rc != code || !strstr(err.msg, words))
		fail_msg("%d \"%s\", expected %d \"%s\"", rc, err.msg, code,
			 words);
	drop_dir(dir);
}

static void errors(void **state)
{
#define CLASS(c) "{\"tokenizer_class\":\"" c "\"}"
	refused("{}", NULL, NULL, NULL, -ENOENT, "none of tokenizer.json");
	refused(CLASS("GPT2Tokenizer"), BYTES, NULL, NULL, -ENOENT,
		"merges.txt");
	refused(CLASS("WhisperTokenizer"), BYTES, MERGES, NULL, -EOPNOTSUPP,
		"tokenizer_class \"WhisperTokenizer\"");
	refused(CLASS("BertTokenizer"), BYTES, MERGES, NULL, -EOPNOTSUPP,
		"vocab.json and merges.txt of");
	refused("{}", NULL, NULL, WORDS, -EOPNOTSUPP, "\"unknown\"");
	refused(CLASS("BertTokenizer"), NULL, NULL, "a\n\xff\n", -EINVAL,
		"vocab.txt: line 2");
	refused(CLASS("BertTokenizer"), NULL, NULL, "a\nb\n", -EINVAL, "cls");
	refused(CLASS("BertTokenizer"), NULL, NULL, "", -EINVAL,
		"vocabulary is empty");
	refused(CLASS("GPT2Tokenizer"), BYTES, "a\n", NULL, -EINVAL,
		"merges[0]");
	refused(CLASS("GPT2Tokenizer"), BYTES, "a x\n", NULL, -EINVAL,
		"\"x\" is not in the vocabulary");
	refused(CLASS("GPT2Tokenizer"), "{\"a\":\"b\"}", "", NULL, -EINVAL,
		"not an integer");
	refused("{\"tokenizer_class\":7}", BYTES, MERGES, NULL, -EINVAL,
		"tokenizer_class");
	refused("{\"tokenizer_class\":\"GPT2Tokenizer\",\"add_bos_token\":true,"
		"\"bos_token\":\"nowhere\"}", BYTES, MERGES, NULL, -EINVAL,
		"\"nowhere\"");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(gpt2), cmocka_unit_test(roberta),
		cmocka_unit_test(qwen2), cmocka_unit_test(clip),
		cmocka_unit_test(bert), cmocka_unit_test(by_model),
		cmocka_unit_test(errors),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
