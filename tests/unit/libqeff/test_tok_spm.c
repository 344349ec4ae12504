// SPDX-License-Identifier: MIT
/* SentencePiece models, packed by the test. */
#include <errno.h>
#include <math.h>

#include "tests/unit/libqeff/tok_test.h"

#include "tests/unit/libqeff/charsmap_sample.h"
#include "tests/unit/libqeff/spm_sample.h"

static int try_sample(const struct spm_sample *s, const char *config,
		      struct qeff_tokenizer **tok, struct qaic_err *err)
{
	char *dir = temp_dir();
	size_t len;
	uint8_t *data = spm_pack(s, &len);
	int rc;

	put_file(dir, "tokenizer.model", data, len);
	if (config)
		put_text(dir, "tokenizer_config.json", config);
	rc = qeff_tokenizer_open(dir, tok, err);
	free(data);
	drop_dir(dir);
	return rc;
}

static struct qeff_tokenizer *open_sample(const struct spm_sample *s,
					  const char *config)
{
	struct qaic_err err = QAIC_ERR_INIT;
	struct qeff_tokenizer *tok = NULL;

	if (try_sample(s, config, &tok, &err))
		fail_msg("%s", err.msg);
	return tok;
}

/* ids from 3: _ a b c ab _a _ab abc bc <user> xyz */
static void bpe(void **state)
{
	static const int32_t ids[] = { 1, 9, 6, 2 };
	struct qeff_tokenizer *tok;
	struct spm_sample s;
	char *with;

	assert_int_equal(spm_sample(&s, true, false), 3);
	tok = open_sample(&s, NULL);
	/* "ab" has the best score, so "_" "ab" become "_ab" */
	check_ids(tok, "ab", "9");
	check_ids(tok, "abc", "9 6");
	check_ids(tok, "bc", "3 11");
	check_ids(tok, "", "");
	check_ids(tok, "a a", "8 8");
	check_ids(tok, "a  a", "8 3 8");
	/* "xyz" is a piece, but nothing merges to it */
	check_ids(tok, "xyz", "3 0");
	check_ids(tok, "a<user>b", "8 12 5");
	/* control pieces are not found in text without a configuration */
	check_ids(tok, "</s>", "3 0");
	with = encode_n(tok, "ab", 2, true);
	assert_string_equal(with, "1 9");
	free(with);
	check_decode(tok, ids, 4, true, "abc");
	check_decode(tok, ids, 4, false, "<s> abc</s>");
	assert_int_equal(qeff_bos_id(tok), 1);
	assert_int_equal(qeff_eos_id(tok), 2);
	assert_int_equal(qeff_pad_id(tok), -1);
	qeff_tokenizer_close(tok);
}

static void bytes(void **state)
{
	/* 3 + byte; the text's pieces come after them */
	static const int32_t torn[] = { 3 + 0xe6, 260, 3 + 0xe6, 3 + 0x97,
					3 + 0xa5, 3 + 0xff, 3 + 0xc3 };
	struct qeff_tokenizer *tok;
	struct spm_sample s;

	assert_int_equal(spm_sample(&s, true, true), 259);
	tok = open_sample(&s, NULL);
	check_ids(tok, "a\xc3\xa9", "264 198 172");
	check_ids(tok, "\xff", "259 258");
	check_round_trip(tok, "a \xe6\x97\xa5\nb", 7);
	/* good characters stand, each bad byte is one U+FFFD */
	check_decode(tok, torn, 7, true, "\xef\xbf\xbd" "a\xe6\x97\xa5"
		     "\xef\xbf\xbd\xef\xbf\xbd");
	check_stream(tok, torn, 7, true);
	qeff_tokenizer_close(tok);
}

static void unigram(void **state)
{
	struct qeff_tokenizer *tok;
	struct spm_sample s;

	spm_sample(&s, false, false);
	tok = open_sample(&s, NULL);
	check_ids(tok, "ab", "9");		/* -3 beats -2 -7 */
	check_ids(tok, "abc", "8 11");		/* _a bc: -4; _ab c: -10 */
	check_ids(tok, "bc", "3 11");
	check_ids(tok, "xyz", "3 13");
	check_ids(tok, "qq", "3 0");		/* one unknown for the run */
	check_ids(tok, "a<user>b", "8 12 5");
	check_ids(tok, "", "");
	qeff_tokenizer_close(tok);

	spm_sample(&s, false, true);
	tok = open_sample(&s, NULL);
	check_ids(tok, "q", "259 116");
	qeff_tokenizer_close(tok);
}

static void normalizer(void **state)
{
	struct qeff_tokenizer *tok;
	struct spm_sample s;

	spm_sample(&s, true, false);
	s.norm.remove_extra_whitespaces = 1;
	tok = open_sample(&s, NULL);
	check_ids(tok, "  a   a  ", "8 8");
	check_ids(tok, "   ", "");
	qeff_tokenizer_close(tok);

	spm_sample(&s, true, false);
	s.norm.add_dummy_prefix = 0;
	tok = open_sample(&s, NULL);
	check_ids(tok, "ab", "7");
	check_ids(tok, " ab", "9");
	check_round_trip(tok, " ab", 3);
	qeff_tokenizer_close(tok);
}

/* nmt_nfkc and its like: the longest entry counts, user-defined pieces stay. */
static void characters(void **state)
{
	static struct charsmap_sample c;
	struct qeff_tokenizer *tok;
	struct spm_sample s;

	charsmap_sample(&c);
	spm_sample(&s, true, false);
	s.norm.has_precompiled_charsmap = 1;
	s.norm.precompiled_charsmap = (ProtobufCBinaryData){ c.len, c.blob };
	s.norm.remove_extra_whitespaces = 1;
	spm_add(&s, "\xc3\xa9", -9, SENTENCEPIECE__PIECE__TYPE__NORMAL);
	spm_add(&s, "E", -9, SENTENCEPIECE__PIECE__TYPE__NORMAL);
	tok = open_sample(&s, NULL);
	check_ids(tok, "\tAb\xc2\xad\t", "9");	/* " ab " */
	check_ids(tok, "ae\xcc\x81" "e", "8 14 15");
	check_ids(tok, "a<user>", "8 12");
	qeff_tokenizer_close(tok);
}

#define SHARED "{\"</s>\":0,\"<unk>\":1,\"\xe2\x96\x81" "ab\":2,\"bc\":3," \
	       "\"\xe2\x96\x81" "a\":4,\"<pad>\":5,\">>fr<<\":6,\"c\":7}"

static char *spm_dir(const struct spm_sample *s, const char *file)
{
	char *dir = temp_dir(), *path = qaic_path(dir, file);
	size_t len;
	uint8_t *data = spm_pack(s, &len);
	FILE *f = fopen(path, "w");

	must(f && fwrite(data, 1, len, f) == len && !fclose(f), path);
	free(data);
	free(path);
	return dir;
}

static char *marian_dir(const struct spm_sample *s, const char *vocab)
{
	char *dir = spm_dir(s, "source.spm");

	put_text(dir, "vocab.json", vocab);
	return dir;
}

static void marian_is(const struct qeff_tokenizer *tok, const char *text,
		      const char *want)
{
	char *ids = encode_n(tok, text, strlen(text), true);

	assert_string_equal(ids, want);
	free(ids);
}

/* Pieces of source.spm, ids of vocab.json. */
static void marian(void **state)
{
	struct qeff_tokenizer *tok;
	struct spm_sample s;
	char *dir;

	spm_sample(&s, false, false);
	s.norm.remove_extra_whitespaces = 1;
	dir = marian_dir(&s, SHARED);
	tok = open_dir(dir);
	marian_is(tok, "ab", "2 0");
	marian_is(tok, "abc", "4 3 0");
	marian_is(tok, "xyz", "1 1 0");		/* pieces that have no id */
	marian_is(tok, "qq", "1 1 0");
	marian_is(tok, ">>fr<< ab", "6 2 0");
	check_decode(tok, (int32_t[]){ 6, 4, 3, 2, 0 }, 5, true, "abc ab");
	assert_int_equal(qeff_eos_id(tok), 0);
	assert_int_equal(qeff_pad_id(tok), 5);
	qeff_tokenizer_close(tok);
	drop_dir(dir);
}

static void marian_refused(const struct spm_sample *s, const char *vocab,
			   int code, const char *words)
{
	struct qaic_err err = QAIC_ERR_INIT;
	struct qeff_tokenizer *tok = NULL;
	char *dir = marian_dir(s, vocab);
	int rc = qeff_tokenizer_open(dir, &tok, &err);

	if (rc != code || !strstr(err.msg, words))
		fail_msg("%d \"%s\", expected %d \"%s\"", rc, err.msg, code,
			 words);
	drop_dir(dir);
}

static void marian_errors(void **state)
{
	struct qaic_err err = QAIC_ERR_INIT;
	struct qeff_tokenizer *tok = NULL;
	struct spm_sample s;
	char *dir;

	spm_sample(&s, false, false);
	marian_refused(&s, "{\"</s>\":0}", -EINVAL, "\"<unk>\" is not in");
	marian_refused(&s, "{\"</s>\":\"x\"}", -EINVAL, "not an integer");
	marian_refused(&s, "[]", -EINVAL, "vocab.json");
	s.trainer.byte_fallback = 1;
	marian_refused(&s, SHARED, -EOPNOTSUPP, "Unigram");
	spm_sample(&s, true, false);
	marian_refused(&s, SHARED, -EOPNOTSUPP, "Unigram");
	spm_sample(&s, false, false);
	s.piece[4].score = NAN;
	marian_refused(&s, SHARED, -EINVAL, "source.spm: piece 4");
	spm_sample(&s, false, false);
	dir = marian_dir(&s, SHARED);
	put_text(dir, "target_vocab.json", "{}");
	assert_int_equal(qeff_tokenizer_open(dir, &tok, &err), -EOPNOTSUPP);
	assert_non_null(strstr(err.msg, "target_vocab.json"));
	drop_dir(dir);
}

/* Sentinels count down after the 14 pieces; EOS ends a text. */
static void t5(void **state)
{
	struct qaic_err err = QAIC_ERR_INIT;
	struct qeff_tokenizer *tok;
	struct spm_sample s;
	char *dir;

	spm_sample(&s, false, false);
	dir = spm_dir(&s, "spiece.model");
	assert_int_equal(qeff_tokenizer_open(dir, &tok, &err), -EOPNOTSUPP);
	assert_non_null(strstr(err.msg, "an unknown class"));
	put_text(dir, "tokenizer_config.json", "{\"tokenizer_class\":"
		 "\"AlbertTokenizer\"}");
	assert_int_equal(qeff_tokenizer_open(dir, &tok, &err), -EOPNOTSUPP);
	assert_non_null(strstr(err.msg, "AlbertTokenizer"));
	put_text(dir, "tokenizer_config.json", "{\"extra_ids\":-3}");
	put_text(dir, "config.json", "{\"model_type\":\"t5\"}");
	assert_int_equal(qeff_tokenizer_open(dir, &tok, &err), -ERANGE);
	put_text(dir, "tokenizer_config.json", "{\"extra_ids\":100,"
		 "\"eos_token\":\"</s>\",\"tokenizer_class\":\"T5Tokenizer\"}");
	tok = open_dir(dir);
	marian_is(tok, "ab", "9 2");
	marian_is(tok, "<extra_id_0>", "113 2");
	assert_int_equal(qeff_token_id(tok, "<extra_id_99>"), 14);
	assert_int_equal(qeff_vocab_size(tok), 114);
	check_decode(tok, (int32_t[]){ 9, 113, 2 }, 3, true, "ab");
	qeff_tokenizer_close(tok);
	drop_dir(dir);
}

static void configuration(void **state)
{
	struct qeff_tokenizer *tok;
	struct spm_sample s;
	char *ids;

	spm_sample(&s, true, false);
	tok = open_sample(&s, "{\"eos_token\":\"</s>\",\"add_bos_token\":false,"
			  "\"add_eos_token\":true,\"added_tokens_decoder\":"
			  "{\"14\":{\"content\":\"<im>\",\"special\":true,"
			  "\"lstrip\":false,\"rstrip\":false,\"single_word\":"
			  "false,\"normalized\":false}}}");
	ids = encode_n(tok, "a</s>a<im>", 10, true);
	/* the dummy prefix stands before every part of the text */
	assert_string_equal(ids, "8 2 8 14 2");
	free(ids);
	assert_int_equal(qeff_vocab_size(tok), 15);
	qeff_tokenizer_close(tok);

	tok = open_sample(&s, "{\"eos_token\":\"</s>\",\"legacy\":false}");
	check_ids(tok, "a</s>a", "8 2 4");
	qeff_tokenizer_close(tok);
}

static void refuse(const struct spm_sample *s, int code, const char *words)
{
	struct qaic_err err = QAIC_ERR_INIT;
	struct qeff_tokenizer *tok;
	int rc = try_sample(s, NULL, &tok, &err);

	if (rc != code || !strstr(err.msg, words))
		fail_msg("%d \"%s\", expected %d \"%s\"", rc, err.msg, code,
			 words);
}

static void refused(void **state)
{
	struct spm_sample s;

	spm_sample(&s, true, false);
	s.norm.has_precompiled_charsmap = 1;
	s.norm.precompiled_charsmap = spm_bytes("x");
	refuse(&s, -EINVAL, "precompiled_charsmap: 1 bytes");
	spm_sample(&s, true, false);
	s.trainer.model_type = SENTENCEPIECE__TRAINER__MODEL__WORD;
	refuse(&s, -EOPNOTSUPP, "WORD");
	spm_sample(&s, true, false);
	s.trainer.has_treat_whitespace_as_suffix = 1;
	s.trainer.treat_whitespace_as_suffix = 1;
	refuse(&s, -EOPNOTSUPP, "treat_whitespace_as_suffix");
	spm_sample(&s, true, false);
	s.trainer.has_eos_id = 1;
	s.trainer.eos_id = 500;
	refuse(&s, -ERANGE, "eos_id");
	spm_sample(&s, true, false);
	s.piece[5].piece = spm_bytes("a");
	refuse(&s, -EEXIST, "twice");
	spm_sample(&s, true, false);
	s.piece[5].piece = spm_bytes("\xff");
	refuse(&s, -EINVAL, "piece 5");
	spm_sample(&s, true, false);
	s.piece[5].score = NAN;
	refuse(&s, -EINVAL, "score");
	spm_sample(&s, true, false);
	s.piece[5].type = SENTENCEPIECE__PIECE__TYPE__UNUSED;
	refuse(&s, -EOPNOTSUPP, "UNUSED");
	spm_sample(&s, true, false);
	s.model.n_pieces = 0;
	refuse(&s, -EINVAL, "empty");
}

/* Cut anywhere: refused, or a smaller vocabulary; never worse. */
static void truncated(void **state)
{
	struct qaic_err err = QAIC_ERR_INIT;
	struct qeff_tokenizer *tok;
	struct spm_sample s;
	size_t len, i, n;
	char *dir = temp_dir(), *path = qaic_path(dir, "tokenizer.model");
	uint8_t *data;
	int32_t *ids;

	spm_sample(&s, true, false);
	data = spm_pack(&s, &len);
	for (i = 0; i < len; i++) {
		put_file(dir, "tokenizer.model", data, i);
		err.msg[0] = '\0';
		if (qeff_tokenizer_open_file(path, &tok, &err)) {
			assert_true(err.msg[0]);
			continue;
		}
		assert_int_equal(qeff_encode(tok, "ab c", 4, true, &ids, &n,
					     &err), 0);
		free(ids);
		qeff_tokenizer_close(tok);
	}
	free(data);
	free(path);
	drop_dir(dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bpe),
		cmocka_unit_test(bytes),
		cmocka_unit_test(unigram),
		cmocka_unit_test(normalizer),
		cmocka_unit_test(characters),
		cmocka_unit_test(t5), cmocka_unit_test(marian),
		cmocka_unit_test(marian_errors),
		cmocka_unit_test(configuration),
		cmocka_unit_test(refused),
		cmocka_unit_test(truncated),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
