// SPDX-License-Identifier: MIT
/* Round trips and streams, on mixed scripts, random ids and broken UTF-8. */
#include "tests/unit/libqeff/tok_test.h"

static const char *const texts[] = {
	"", " ", "  ", "\n\n\t x", "Hello, world!", "caf\xc3\xa9 na\xc3\xafve",
	"\xe6\x97\xa5\xe6\x9c\xac\xe8\xaa\x9e", "\xf0\x9f\xa6\x99.cpp",
	"\xd0\xbd\xd0\xb5\xd1\x89\xd0\xbe \xd0\xbd\xd0\xb0",
	"\xd7\xa9\xd7\x9c\xd7\x95\xd7\x9d \xd9\x85\xd8\xb1\xd8\xad\xd8\xa8\xd8\xa7",
	"e\xcc\x81\xcc\xa3 \xe1\xba\xad", "\xf4\x8f\xbf\xbf\xf4\x8f\xbe\x80",
	"\xf0\x9f\x91\xa9\xe2\x80\x8d\xf0\x9f\x91\xa7 don't we'll I'M",
	"a<s>b </s> <pad>", "1234567890 3.14",
};

/* Not UTF-8: stray, cut, overlong, surrogate, beyond the last character */
static const char *const broken[] = {
	"\x80", "\xff\xfe", "a\xc3", "\xe6\x97", "x\xf0\x9f\xa6 y",
	"\xc0\x80", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xc3(\xa0\xa1",
};

static const int32_t *all_ids(size_t *n)
{
	static int32_t ids[1024];
	size_t i;

	for (i = 0; i < 1024; i++)
		ids[i] = i;
	*n = 1024;
	return ids;
}

static void round_trip(void **state)
{
	struct qeff_tokenizer *tok = open_dir(TALES);
	size_t i;

	for (i = 0; i < QAIC_ARRAY_SIZE(texts); i++)
		check_round_trip(tok, texts[i], strlen(texts[i]));
	check_round_trip(tok, "nul \0 inside", 12);
	qeff_tokenizer_close(tok);
}

/* A word or a run of spaces far longer than any window or heap was at first */
static void long_text(void **state)
{
	struct qeff_tokenizer *tok = open_dir(TALES);
	size_t n = 100000;
	char *text = malloc(n);

	assert_non_null(text);
	memset(text, 'a', n / 2);
	memset(text + n / 2, ' ', n / 2);
	check_round_trip(tok, text, n);
	free(text);
	qeff_tokenizer_close(tok);
}

/* Every byte of a broken text gets its own byte token, in order. */
static void invalid_utf8(void **state)
{
	struct qeff_tokenizer *tok = open_dir(TALES);
	int32_t *ids;
	char *text;
	size_t i, n, len;

	for (i = 0; i < QAIC_ARRAY_SIZE(broken); i++) {
		assert_int_equal(qeff_encode(tok, broken[i], strlen(broken[i]),
					     false, &ids, &n, NULL), 0);
		assert_true(n <= strlen(broken[i]));
		check_stream(tok, ids, n, false);
		free(ids);
	}
	/* a character cut into two texts comes together again in the ids */
	assert_int_equal(qeff_encode(tok, "\xe6\x97", 2, false, &ids, &n, NULL),
			 0);
	assert_int_equal(n, 2);
	ids = realloc(ids, 3 * sizeof(*ids));
	assert_non_null(ids);
	{
		int32_t *last;
		size_t k;

		assert_int_equal(qeff_encode(tok, "\xa5", 1, false, &last, &k,
					     NULL), 0);
		assert_int_equal(k, 1);
		ids[2] = last[0];
		free(last);
	}
	assert_int_equal(qeff_decode(tok, ids, 3, true, &text, &len, NULL), 0);
	assert_string_equal(text, "\xe6\x97\xa5");
	free(text);
	check_decode(tok, ids, 2, true, "\xef\xbf\xbd");
	free(ids);
	qeff_tokenizer_close(tok);
}

static void random_streams(const char *dir)
{
	struct qeff_tokenizer *tok = open_dir(dir);
	uint64_t seed = 7;
	int32_t ids[40];
	size_t round, n, i;

	for (round = 0; round < 500; round++) {
		n = next_random(&seed) % 40;
		for (i = 0; i < n; i++) {
			ids[i] = next_random(&seed) % (qeff_vocab_size(tok) + 3);
			/* byte tokens are where characters get torn */
			if (next_random(&seed) % 2)
				ids[i] %= 262;
		}
		check_stream(tok, ids, n, round & 1);
	}
	qeff_tokenizer_close(tok);
}

static void streams_byte_level(void **state)
{
	size_t n;
	const int32_t *ids = all_ids(&n);
	struct qeff_tokenizer *tok = open_dir(TALES);

	check_stream(tok, ids, n, false);
	check_stream(tok, ids, n, true);
	check_stream(tok, ids, 0, true);
	qeff_tokenizer_close(tok);
	random_streams(TALES);
}

static void streams_sentencepiece(void **state)
{
	static const char *const names[] = { "models/stories260K",
					     "tokenizers/llama2" };
	size_t i;

	for (i = 0; i < 2; i++) {
		char *dir = shared(names[i]);

		if (!qaic_is_dir(dir)) {
			print_message("skipped: %s is not there (set QAIC_SHARED)\n",
				      dir);
			free(dir);
			skip();
		}
		random_streams(dir);
		free(dir);
	}
}

/* What transformers does to "do n't ." when the configuration asks for it */
static void clean_up(void **state)
{
	static const char *const cases[][2] = {
		{ "do n't stop . Why ? \" yes \" , he 's", "don't stop. Why? \" yes \", he's" },
		{ "a ' b", "a'b" }, { "x  .", "x ." }, { " n' t", " n' t" },
		{ "a ' s b", "a's b" }, { "  ' s", "'s" }, { " n", " n" },
	};
	char *dir = temp_dir(), *json;
	struct qeff_tokenizer *tok;
	size_t i, n, len;
	int32_t *ids;
	char *text;

	assert_int_equal(qaic_read_file(TALES "/tokenizer.json", 1 << 20, &json,
					&len, NULL), 0);
	put_file(dir, "tokenizer.json", json, len);
	put_text(dir, "tokenizer_config.json",
		 "{\"clean_up_tokenization_spaces\": true,"
		 "\"model_max_length\": 1000000000000000019884624838656}");
	tok = open_dir(dir);
	for (i = 0; i < QAIC_ARRAY_SIZE(cases); i++) {
		assert_int_equal(qeff_encode(tok, cases[i][0],
					     strlen(cases[i][0]), false, &ids,
					     &n, NULL), 0);
		assert_int_equal(qeff_decode(tok, ids, n, true, &text, &len,
					     NULL), 0);
		assert_string_equal(text, cases[i][1]);
		check_stream(tok, ids, n, true);
		free(text);
		free(ids);
	}
	qeff_tokenizer_close(tok);
	free(json);
	drop_dir(dir);
}

/* A stream may be used again after its end. */
static void reuse(void **state)
{
	struct qeff_tokenizer *tok = open_dir(TALES);
	struct qeff_stream *s;
	const char *p;
	size_t n, i;

	assert_int_equal(qeff_stream_new(tok, true, &s), 0);
	for (i = 0; i < 2; i++) {
		assert_int_equal(qeff_stream_put(s, 623, &p, &n), 0);
		assert_string_equal(p, "Once");
		assert_int_equal(qeff_stream_flush(s, &p, &n), 0);
		assert_int_equal(n, 0);
	}
	qeff_stream_free(s);
	qeff_stream_free(NULL);
	qeff_tokenizer_close(tok);
	qeff_tokenizer_close(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(round_trip),
		cmocka_unit_test(long_text),
		cmocka_unit_test(invalid_utf8),
		cmocka_unit_test(streams_byte_level),
		cmocka_unit_test(streams_sentencepiece),
		cmocka_unit_test(clean_up),
		cmocka_unit_test(reuse),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
