// SPDX-License-Identifier: MIT
/*
 * Mutated tokenizers: our own tokenizer.json, a small one that has every kind of
 * step, SentencePiece models of both kinds and tokenizer_config.json. What opens
 * encodes and decodes, and its streams agree with its decoder.
 */
#include "tests/unit/libqeff/checkpoint.h"

#include "libqeff/qeff.h"
#include "tests/fuzz/mutate.h"
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
	}
	return bad;
}

static int run(const void *data, size_t len, void *ctx)
{
	struct qaic_err err = QAIC_ERR_INIT;
	struct qeff_tokenizer *tok;
	struct place *p = ctx;
	char *path = qaic_path(p->dir, p->file);
	FILE *f = fopen(path, "w");
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

int main(int argc, char **argv)
{
	struct place json = { temp_dir(), "tokenizer.json" };
	struct place spm = { temp_dir(), "tokenizer.model" };
	struct place conf = { temp_dir(), "tokenizer_config.json" };
	struct fuzz_target t[5];
	struct spm_sample s;
	size_t len, bpe_len, uni_len;
	uint8_t *bpe, *uni;
	char *tales;
	int rc;

	must(!qaic_read_file("models/tales/tokenizer.json", 1 << 20, &tales,
			     &len, NULL), "models/tales/tokenizer.json");
	spm_sample(&s, true, true);
	bpe = spm_pack(&s, &bpe_len);
	spm_sample(&s, false, false);
	uni = spm_pack(&s, &uni_len);
	must(bpe && uni, "out of memory");
	put_text(conf.dir, "tokenizer.json", steps);
	t[0] = (struct fuzz_target){ "steps", steps, sizeof(steps) - 1, run,
				     &json, true };
	t[1] = (struct fuzz_target){ "spm-bpe", bpe, bpe_len, run, &spm, false };
	t[2] = (struct fuzz_target){ "spm-unigram", uni, uni_len, run, &spm,
				     false };
	t[3] = (struct fuzz_target){ "config", config, sizeof(config) - 1, run,
				     &conf, true };
	t[4] = (struct fuzz_target){ "tales", tales, len, run, &json, true };
	rc = fuzz_main(argc, argv, t, QAIC_ARRAY_SIZE(t));
	free(tales);
	free(bpe);
	free(uni);
	drop_dir(json.dir);
	drop_dir(spm.dir);
	drop_dir(conf.dir);
	return rc;
}
