// SPDX-License-Identifier: MIT
/*
 * Published tokenizers against the ids that others computed: llama.cpp's test
 * vectors, Hugging Face's ids of our own model, llama2.c's text.
 */
#include "tests/unit/libqeff/tok_test.h"

#include "base/json.h"

#define SEPARATOR "\n__ggml_vocab_test__\n"

/* NULL, and the test is skipped, where the shared data is not there. */
static char *shared_or_skip(const char *name)
{
	char *path = shared(name);

	if (!qaic_is_file(path) && !qaic_is_dir(path)) {
		print_message("skipped: %s is not there (set QAIC_SHARED)\n",
			      path);
		free(path);
		skip();
	}
	return path;
}

static char *read_shared(const char *name)
{
	char *path = shared_or_skip(name), *text;

	assert_int_equal(qaic_read_file(path, 1 << 20, &text, NULL, NULL), 0);
	free(path);
	return text;
}

static void one_vector(const struct qeff_tokenizer *tok, const char *text,
		       size_t len, const char *ids)
{
	char *got = encode_n(tok, text, len, false);

	while (*ids == ' ')
		ids++;
	assert_string_equal(got, ids);
	free(got);
	check_round_trip(tok, text, len);
}

static void run_vectors(const char *dir, const char *inp, const char *out)
{
	char *texts = read_shared(inp), *ids = read_shared(out), *end, *line;
	char *path = shared_or_skip(dir), *p = texts, *save = ids;
	struct qeff_tokenizer *tok = open_dir(path);
	size_t n = 0;

	while (p && (line = strsep(&ids, "\n"))) {
		end = strstr(p, SEPARATOR);
		one_vector(tok, p, end ? (size_t)(end - p) : strlen(p), line);
		p = end ? end + strlen(SEPARATOR) : NULL;
		n++;
	}
	assert_int_equal(n, 47);
	qeff_tokenizer_close(tok);
	free(texts);
	free(save);
	free(path);
}

static void llama2(void **state)
{
	run_vectors("tokenizers/llama2",
		    "tokenizers/ggml-vocab-llama-spm.gguf.inp",
		    "tokenizers/ggml-vocab-llama-spm.gguf.out");
}

static void falcon(void **state)
{
	run_vectors("tokenizers/falcon",
		    "tokenizers/ggml-vocab-falcon.gguf.inp",
		    "tokenizers/ggml-vocab-falcon.gguf.out");
}

static void roberta(void **state)
{
	run_vectors("tokenizers/roberta",
		    "tokenizers/ggml-vocab-roberta-bpe.gguf.inp",
		    "tokenizers/ggml-vocab-roberta-bpe.gguf.out");
}

static void special_tokens(void **state)
{
	static const int32_t llama[] = { 1, 15043, 3186, 2 };
	char *path = shared_or_skip("tokenizers/llama2"), *ids;
	struct qeff_tokenizer *tok = open_dir(path);

	assert_int_equal(qeff_vocab_size(tok), 32000);
	assert_int_equal(qeff_bos_id(tok), 1);
	assert_int_equal(qeff_eos_id(tok), 2);
	assert_int_equal(qeff_pad_id(tok), -1);
	ids = encode_n(tok, "Hello world", 11, true);
	assert_string_equal(ids, "1 15043 3186");
	free(ids);
	check_decode(tok, llama, 4, true, "Hello world");
	check_decode(tok, llama, 4, false, "<s> Hello world</s>");
	qeff_tokenizer_close(tok);
	free(path);

	path = shared_or_skip("tokenizers/roberta");
	tok = open_dir(path);
	ids = encode_n(tok, "Hello <mask> world", 18, true);
	assert_string_equal(ids, "0 31414 50264 232 2");
	free(ids);
	qeff_tokenizer_close(tok);
	free(path);
}

static size_t read_ids(json_t *arr, int32_t *ids, size_t max)
{
	size_t i;

	assert_true(json_array_size(arr) <= max);
	for (i = 0; i < json_array_size(arr); i++)
		ids[i] = json_integer_value(json_array_get(arr, i));
	return i;
}

static void same_ids(const struct qeff_tokenizer *tok, const char *text,
		     const int32_t *ids, size_t n)
{
	struct qaic_str want = { 0 };
	char *got = encode_n(tok, text, strlen(text), true);
	size_t i;

	for (i = 0; i < n; i++)
		qaic_str_printf(&want, "%s%d", i ? " " : "", ids[i]);
	assert_string_equal(got, want.s);
	qaic_str_free(&want);
	free(got);
}

static void tales(void **state)
{
	struct qeff_tokenizer *tok = open_dir(TALES);
	const char *prompt, *text;
	int32_t ids[512];
	json_t *root;
	size_t n;

	assert_int_equal(qaic_json_load(TALES "/golden.json", 1 << 20, &root,
					NULL), 0);
	assert_int_equal(qaic_json_need_str(root, "prompt", &prompt, NULL), 0);
	assert_int_equal(qaic_json_need_str(root, "text", &text, NULL), 0);
	n = read_ids(json_object_get(root, "prompt_ids"), ids, 512);
	same_ids(tok, prompt, ids, n);
	n = read_ids(json_object_get(root, "greedy_ids"), ids, 512);
	check_decode(tok, ids, n, true, text);
	check_stream(tok, ids, n, true);
	assert_int_equal(ids[n - 1], qeff_eos_id(tok));
	same_ids(tok, text, ids, n - 1);
	assert_int_equal(qeff_bos_id(tok), 0);
	assert_int_equal(qeff_pad_id(tok), 2);
	assert_string_equal(qeff_token_text(tok, 1), "</s>");
	assert_int_equal(qeff_token_id(tok, "</s>"), 1);
	assert_null(qeff_token_text(tok, 1024));
	assert_null(qeff_token_text(tok, -1));
	assert_int_equal(qeff_token_id(tok, "no such token"), -1);
	json_decref(root);
	qeff_tokenizer_close(tok);
}

static void stories260k(void **state)
{
	char *text = read_shared("models/stories260K/expected_stdout.txt");
	char *golden = read_shared("models/stories260K/golden.json");
	char *dir = shared_or_skip("models/stories260K");
	struct qeff_tokenizer *tok = open_dir(dir);
	int32_t ids[512];
	json_t *root;
	size_t n;

	assert_int_equal(qaic_json_parse(golden, strlen(golden), "golden",
					 &root, NULL), 0);
	n = read_ids(json_object_get(root, "greedy_ids_from_bos"), ids, 512);
	check_decode(tok, ids, n, true, text);
	check_stream(tok, ids, n, true);
	same_ids(tok, text, ids, n);
	json_decref(root);
	qeff_tokenizer_close(tok);
	free(dir);
	free(golden);
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(llama2),
		cmocka_unit_test(falcon),
		cmocka_unit_test(roberta),
		cmocka_unit_test(special_tokens),
		cmocka_unit_test(tales),
		cmocka_unit_test(stories260k),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
