// SPDX-License-Identifier: MIT
/*
 * Mutated tokenizers: our own tokenizer.json, small ones that have every kind of
 * model and step, vocab.json, merges.txt, vocab.txt, SentencePiece models of both
 * kinds and tokenizer_config.json. What opens encodes and decodes, alone and in
 * pairs, and its streams agree with its decoder.
 */
#include <errno.h>
#include <unistd.h>

#include "tests/unit/libqeff/checkpoint.h"

#include "libqeff/qeff.h"
#include "tests/fuzz/mutate.h"
#include "tests/unit/libqeff/charsmap_sample.h"
#include "tests/unit/libqeff/spm_sample.h"

static const char steps[] =
	"{\"version\":\"1.0\",\"added_tokens\":[{\"id\":9,\"content\":\"<x>\","
	"\"single_word\":true,\"lstrip\":true,\"rstrip\":true,\"normalized\":"
	"true,\"special\":true},{\"id\":10,\"content\":\"ab c\",\"normalized\":"
	"false}],\"normalizer\":{\"type\":\"Sequence\",\"normalizers\":["
	"{\"type\":\"NFKC\"},{\"type\":\"Lowercase\"},{\"type\":\"Strip\","
	"\"strip_left\":true,\"strip_right\":false},{\"type\":\"Replace\","
	"\"pattern\":{\"Regex\":\" {2,}\"},\"content\":\"  \"},{\"type\":"
	"\"Prepend\",\"prepend\":\"a\"}]},\"pre_tokenizer\":{\"type\":"
	"\"Sequence\",\"pretokenizers\":[{\"type\":\"Split\",\"pattern\":"
	"{\"Regex\":\"(?i:'s|'t)|[^\\\\r\\\\n\\\\p{L}]?\\\\p{L}+|\\\\s+(?!\\\\S)\"},"
	"\"behavior\":\"MergedWithNext\",\"invert\":false},{\"type\":\"Digits\","
	"\"individual_digits\":true},{\"type\":\"Punctuation\"},{\"type\":"
	"\"Metaspace\",\"replacement\":\"_\",\"prepend_scheme\":\"first\","
	"\"split\":true},{\"type\":\"ByteLevel\",\"add_prefix_space\":true}]},"
	"\"post_processor\":{\"type\":\"Sequence\",\"processors\":[{\"type\":"
	"\"TemplateProcessing\",\"single\":[{\"SpecialToken\":{\"id\":\"s\","
	"\"type_id\":0}},{\"Sequence\":{\"id\":\"A\",\"type_id\":0}}],\"pair\":"
	"[],\"special_tokens\":{\"s\":{\"id\":\"s\",\"ids\":[9],\"tokens\":"
	"[\"<x>\"]}}},{\"type\":\"RobertaProcessing\",\"sep\":[\"a\",0],\"cls\":"
	"[\"b\",1]}]},\"decoder\":{\"type\":\"Sequence\",\"decoders\":[{\"type\":"
	"\"Replace\",\"pattern\":{\"String\":\"_\"},\"content\":\" \"},{\"type\":"
	"\"ByteFallback\"},{\"type\":\"Strip\",\"content\":\"b\",\"start\":1,"
	"\"stop\":1},{\"type\":\"Fuse\"},{\"type\":\"Strip\",\"content\":\" \","
	"\"start\":1,\"stop\":2},{\"type\":\"Replace\",\"pattern\":{\"String\":"
	"\"aab\"},\"content\":\"x\"}]},\"model\":{\"type\":\"BPE\",\"dropout\":"
	"null,\"unk_token\":\"<u>\",\"fuse_unk\":true,\"byte_fallback\":true,"
	"\"ignore_merges\":true,\"vocab\":{\"a\":0,\"b\":1,\"ab\":2,\"<u>\":3,"
	"\"<0xE6>\":4,\"<0x97>\":5,\"<0xA5>\":6,\"_\":7,\"_a\":8},\"merges\":"
	"[\"a b\",[\"_\",\"a\"]]}}";
/* The other models and steps, by their names in the file. */
static const char unigram[] =
	"{\"added_tokens\":[{\"id\":3,\"content\":\"<x>\",\"special\":true}],"
	"\"normalizer\":{\"type\":\"Sequence\",\"normalizers\":[{\"type\":"
	"\"Nmt\"},{\"type\":\"NFC\"},{\"type\":\"StripAccents\"},{\"type\":"
	"\"ByteLevel\"}]},\"pre_tokenizer\":{\"type\":\"Sequence\","
	"\"pretokenizers\":[{\"type\":\"CharDelimiterSplit\",\"delimiter\":"
	"\"-\"},{\"type\":\"Metaspace\",\"replacement\":\"_\",\"str_rep\":"
	"\"_\",\"add_prefix_space\":true}]},\"post_processor\":{\"type\":"
	"\"TemplateProcessing\",\"single\":[{\"Sequence\":{\"id\":\"A\","
	"\"type_id\":0}},{\"SpecialToken\":{\"id\":\"s\",\"type_id\":0}}],"
	"\"pair\":[{\"Sequence\":{\"id\":\"A\",\"type_id\":0}},{\"Sequence\":"
	"{\"id\":\"B\",\"type_id\":1}}],\"special_tokens\":{\"s\":{\"id\":"
	"\"s\",\"ids\":[3],\"tokens\":[\"<x>\"]}}},\"decoder\":{\"type\":"
	"\"Sequence\",\"decoders\":[{\"type\":\"CTC\",\"pad_token\":\"a\","
	"\"word_delimiter_token\":\"b\",\"cleanup\":true},{\"type\":"
	"\"BPEDecoder\",\"suffix\":\"_\"}]},\"model\":{\"type\":\"Unigram\","
	"\"unk_id\":0,\"byte_fallback\":true,\"vocab\":[[\"<u>\",0],[\"_\","
	"-1.5],[\"a\",-2],[\"<x>\",0],[\"aa\",-3.25],[\"_a\",-2],[\"b\",-9],"
	"[\"<0xE6>\",-1e3]]}}";
static const char wordpiece[] =
	"{\"normalizer\":{\"type\":\"BertNormalizer\",\"clean_text\":true,"
	"\"handle_chinese_chars\":true,\"strip_accents\":null,\"lowercase\":"
	"true},\"pre_tokenizer\":{\"type\":\"BertPreTokenizer\"},"
	"\"post_processor\":{\"type\":\"BertProcessing\",\"sep\":[\"a\",1],"
	"\"cls\":[\"b\",2]},\"decoder\":{\"type\":\"WordPiece\",\"prefix\":"
	"\"##\",\"cleanup\":true},\"model\":{\"type\":\"WordPiece\","
	"\"unk_token\":\"[UNK]\",\"continuing_subword_prefix\":\"##\","
	"\"max_input_chars_per_word\":100,\"vocab\":{\"[UNK]\":0,\"a\":1,"
	"\"b\":2,\"##a\":3,\"##b\":4,\"upon\":5,\"\\u0000\":6}}}";
static const char affixes[] =
	"{\"model\":{\"type\":\"BPE\",\"unk_token\":\"a\",\"vocab\":{\"a\":0,"
	"\"##a</w>\":1,\"##a\":2,\"aa\":3,\"b</w>\":4,\"aa</w>\":5},"
	"\"merges\":[\"a ##a\",[\"a\",\"##a</w>\"]],"
	"\"continuing_subword_prefix\":\"##\",\"end_of_word_suffix\":\"</w>\"}}";
static const char vocab_json[] =
	"{\"a\":0,\"b\":1,\"ab\":2,\"\xc4\xa0\":3,\"\xc4\xa0" "ab\":4,"
	"\"<s>\":5,\"</s>\":6,\"<mask>\":7,\"o\":8,\"on\":9,\"n\":10}";
static const char merges_txt[] =
	"#version: 0.2\na b\n\xc4\xa0 ab\no n\n";
static const char shared_json[] =
	"{\"</s>\":0,\"<unk>\":1,\"<pad>\":2,\"\xe2\x96\x81" "a\":3,\"b\":4,"
	"\">>fr<<\":5,\"bc\":6,\"\xe2\x96\x81\":7}";
static const char vocab_txt[] =
	"[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\nupon\na\n##a\n##b\r\nab\n";

static const char config[] =
	"{\"add_bos_token\":true,\"add_eos_token\":false,\"bos_token\":"
	"{\"__type\":\"AddedToken\",\"content\":\"a\",\"lstrip\":false},"
	"\"eos_token\":\"b\",\"pad_token\":null,\"model_max_length\":"
	"1000000000000000019884624838656,\"clean_up_tokenization_spaces\":true,"
	"\"legacy\":false,\"tokenizer_class\":\"LlamaTokenizer\","
	"\"additional_special_tokens\":[\"<x>\"],\"added_tokens_decoder\":"
	"{\"11\":{\"content\":\"<y>\",\"special\":true,\"normalized\":false}}}";

struct place {
	char *dir;
	const char *file;
};

static int try_decode(const struct qeff_tokenizer *tok, const int32_t *ids,
		      size_t n)
{
	struct qaic_str all = { 0 };
	struct qeff_stream *s;
	const char *p;
	size_t len, k, i;
	char *text;
	int bad;

	must(!qeff_decode(tok, ids, n, n & 1, &text, &len, NULL), "decode");
	must(!qeff_stream_new(tok, n & 1, &s), "stream");
	for (i = 0; i <= n; i++) {
		must(!(i < n ? qeff_stream_put(s, ids[i], &p, &k) :
			       qeff_stream_flush(s, &p, &k)), "stream");
		qaic_str_add(&all, p, k);
	}
	bad = all.len != len || (len && memcmp(all.s, text, len));
	qeff_stream_free(s);
	qaic_str_free(&all);
	free(text);
	return bad;
}

/* Offsets are places of the texts, types and texts are what they may be. */
static int try_pair(const struct qeff_tokenizer *tok, const char *a,
		    const char *b)
{
	const size_t len[2] = { strlen(a), strlen(b) };
	struct qaic_err err = QAIC_ERR_INIT;
	struct qeff_encoding e;
	const struct qeff_token *t;
	size_t i;
	int bad = 0;

	if (qeff_encode_pair(tok, a, len[0], b, len[1], true, &e, &err))
		return !err.msg[0];
	for (i = 0; i < e.num; i++) {
		t = &e.tokens[i];
		bad |= t->id < 0 || (size_t)t->id >= qeff_vocab_size(tok) ||
		       t->start > t->end || t->text < -1 || t->text > 1 ||
		       (t->text >= 0 && t->end > len[t->text]);
	}
	qeff_encoding_release(&e);
	return bad;
}

static int try_texts(const struct qeff_tokenizer *tok)
{
	static const char *const texts[] = {
		"", "Once upon a time, it's 1984.", "ab  abc <x> ab c aab_b",
		"\xe6\x97\xa5\xe6\x9c\xac e\xcc\x81\xcc\xa3 \xff\xc3",
		"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa   \n\n",
	};
	struct qaic_err err = QAIC_ERR_INIT;
	int32_t *ids;
	size_t i, k, n;
	int bad = 0;

	for (i = 0; i < QAIC_ARRAY_SIZE(texts) && !bad; i++) {
		if (qeff_encode(tok, texts[i], strlen(texts[i]), i & 1, &ids,
				&n, &err)) {
			bad = !err.msg[0];
			continue;
		}
		for (k = 0; k < n; k++)
			bad |= ids[k] < 0 ||
			       (size_t)ids[k] >= qeff_vocab_size(tok);
		bad |= try_decode(tok, ids, n);
		free(ids);
		bad |= try_pair(tok, texts[i], texts[2]);
	}
	return bad;
}

static int run(const void *data, size_t len, void *ctx)
{
	struct qaic_err err = QAIC_ERR_INIT;
	struct qeff_tokenizer *tok;
	struct place *p = ctx;
	char *path = qaic_path(p->dir, p->file);
	/* a new file each time: one cut short is written out at once by ext4 */
	FILE *f = unlink(path) && errno != ENOENT ? NULL : fopen(path, "w");
	int32_t some[64];
	int bad, i;

	must(f && fwrite(data, 1, len, f) == len && !fclose(f), path);
	free(path);
	if (qeff_tokenizer_open(p->dir, &tok, &err))
		return !err.msg[0];
	for (i = 0; i < 64; i++)
		some[i] = i * 7 % 40 - 2;
	bad = try_texts(tok) || try_decode(tok, some, 64);
	qeff_tokenizer_close(tok);
	return bad;
}

static char *dir_with(const char *config, const char *file, const char *text)
{
	char *dir = temp_dir();

	put_text(dir, "tokenizer_config.json", config);
	if (file)
		put_text(dir, file, text);
	return dir;
}

int main(int argc, char **argv)
{
	static const char roberta[] =
		"{\"tokenizer_class\":\"RobertaTokenizer\"}";
	static struct charsmap_sample chars;
	struct place json = { temp_dir(), "tokenizer.json" };
	struct place spm = { temp_dir(), "tokenizer.model" };
	struct place conf = { temp_dir(), "tokenizer_config.json" };
	struct place vocab = { dir_with(roberta, "merges.txt", merges_txt),
			       "vocab.json" };
	struct place merges = { dir_with(roberta, "vocab.json", vocab_json),
				"merges.txt" };
	struct place words = { dir_with("{\"tokenizer_class\":"
					"\"BertTokenizer\"}", NULL, NULL),
			       "vocab.txt" };
	struct place marian = { dir_with("{}", "vocab.json", shared_json),
				"source.spm" };
	struct place t5 = { dir_with("{\"tokenizer_class\":\"T5Tokenizer\"}",
				     NULL, NULL), "spiece.model" };
	size_t len, bpe_len, uni_len, map_len;
	uint8_t *bpe, *uni, *map;
	struct spm_sample s;
	char *tales, *base64, *precompiled;
	int rc;

	must(!qaic_read_file("models/tales/tokenizer.json", 1 << 20, &tales,
			     &len, NULL), "models/tales/tokenizer.json");
	spm_sample(&s, true, true);
	bpe = spm_pack(&s, &bpe_len);
	spm_sample(&s, false, false);
	uni = spm_pack(&s, &uni_len);
	charsmap_sample(&chars);
	s.norm.has_precompiled_charsmap = 1;
	s.norm.precompiled_charsmap =
		(ProtobufCBinaryData){ chars.len, chars.blob };
	map = spm_pack(&s, &map_len);
	base64 = charsmap_base64(&chars);
	precompiled = base64 ? qaic_asprintf("{\"normalizer\":{\"type\":"
		"\"Precompiled\",\"precompiled_charsmap\":\"%s\"},\"model\":"
		"{\"type\":\"WordLevel\",\"vocab\":{\"a\":0},\"unk_token\":"
		"\"a\"}}", base64) : NULL;
	must(bpe && uni && map && precompiled, "out of memory");
	put_text(conf.dir, "tokenizer.json", steps);

	const struct fuzz_target t[] = {
		{ "steps", steps, sizeof(steps) - 1, run, &json, true },
		{ "unigram", unigram, sizeof(unigram) - 1, run, &json, true },
		{ "wordpiece", wordpiece, sizeof(wordpiece) - 1, run, &json,
		  true },
		{ "affixes", affixes, sizeof(affixes) - 1, run, &json, true },
		{ "precompiled", precompiled, strlen(precompiled), run, &json,
		  true },
		{ "vocab.json", vocab_json, sizeof(vocab_json) - 1, run, &vocab,
		  true },
		{ "merges.txt", merges_txt, sizeof(merges_txt) - 1, run,
		  &merges, true },
		{ "vocab.txt", vocab_txt, sizeof(vocab_txt) - 1, run, &words,
		  true },
		{ "spm-bpe", bpe, bpe_len, run, &spm, false },
		{ "spm-unigram", uni, uni_len, run, &spm, false },
		{ "spm-charsmap", map, map_len, run, &spm, false },
		{ "t5", uni, uni_len, run, &t5, false },
		{ "marian", map, map_len, run, &marian, false },
		{ "config", config, sizeof(config) - 1, run, &conf, true },
		{ "tales", tales, len, run, &json, true },
	};
	rc = fuzz_main(argc, argv, t, QAIC_ARRAY_SIZE(t));
	free(tales);
	free(bpe);
	free(uni);
	free(map);
	free(base64);
	free(precompiled);
	drop_dir(json.dir);
	drop_dir(spm.dir);
	drop_dir(conf.dir);
	drop_dir(vocab.dir);
	drop_dir(merges.dir);
	drop_dir(words.dir);
	drop_dir(marian.dir);
	drop_dir(t5.dir);
	return rc;
}
