// SPDX-License-Identifier: MIT
/* Encoders' fields, what a class does, labels, pooling. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "tests/unit/libqeff/checkpoint.h"

#include <errno.h>
#include <math.h>
#include <sys/stat.h>

#include "libqeff/qeff.h"
#include "libqeff/registry.h"

static struct qaic_err err;

#define CLASS(name, fields) "{\"architectures\":[\"" name "\"]" fields "}"

static char *with_config(const char *text)
{
	char *dir = temp_dir();

	memset(&err, 0, sizeof(err));
	put_text(dir, "config.json", text);
	return dir;
}

static int info_of(const char *text, struct qeff_model_info *info)
{
	char *dir = with_config(text);
	int rc = qeff_model_info(dir, info, &err);

	drop_dir(dir);
	return rc;
}

static void refuse(const char *text, const char *want)
{
	struct qeff_model_info info;

	assert_true(info_of(text, &info) < 0);
	if (!strstr(err.msg, want) || !strstr(err.msg, "config.json"))
		fail_msg("message \"%s\" lacks \"%s\"", err.msg, want);
}

static void test_defaults(void **state)
{
	static const struct {
		const char *text;
		uint32_t hidden, layers, heads, inner, vocab, positions;
	} t[] = {
		{ CLASS("BertModel", ""), 768, 12, 12, 3072, 30522, 512 },
		{ CLASS("RobertaModel", ""), 768, 12, 12, 3072, 50265, 510 },
		{ CLASS("XLMRobertaModel", ""), 768, 12, 12, 3072, 30522, 510 },
		{ CLASS("DistilBertModel", ""), 768, 6, 12, 3072, 30522, 512 },
		{ CLASS("MPNetModel", ""), 768, 12, 12, 3072, 30527, 510 },
		{ CLASS("DebertaV2Model", ""), 1536, 24, 24, 6144, 128100, 512 },
		{ "{\"model_type\":\"bert\"}", 768, 12, 12, 3072, 30522, 512 },
	};
	const struct qf_arch *arch;
	struct qf_config c;
	struct qf_model m;
	char *dir;
	size_t i;

	for (i = 0; i < QAIC_ARRAY_SIZE(t); i++) {
		dir = with_config(t[i].text);
		if (qf_config_open(&c, dir, &arch, &err) ||
		    qf_config_model(&c, arch, &m))
			fail_msg("%s", err.msg);
		qf_config_close(&c);
		drop_dir(dir);
		if (m.hidden != t[i].hidden || m.layers != t[i].layers ||
		    m.heads != t[i].heads || m.inner != t[i].inner ||
		    m.vocab != t[i].vocab || m.max_positions != t[i].positions)
			fail_msg("%s: %u %u %u %u %u %u", t[i].text, m.hidden,
				 m.layers, m.heads, m.inner, m.vocab,
				 m.max_positions);
	}
}

static void test_refused(void **state)
{
	refuse(CLASS("BertModel", ",\"is_decoder\":true"), "is_decoder");
	refuse(CLASS("BertModel", ",\"add_cross_attention\":true"),
	       "add_cross_attention");
	refuse(CLASS("BertModel",
		     ",\"position_embedding_type\":\"relative_key\""),
	       "\"relative_key\"; only \"absolute\"");
	refuse(CLASS("BertModel", ",\"position_embedding_type\":3"),
	       "position_embedding_type");
	refuse(CLASS("BertModel", ",\"hidden_size\":770"), "multiple");
	refuse(CLASS("DistilBertModel", ",\"n_heads\":7"), "n_heads 7");
	refuse(CLASS("BertForSequenceClassification", ",\"num_labels\":0"),
	       "num_labels");
	refuse(CLASS("RobertaModel", ",\"max_position_embeddings\":2"),
	       "positions start at");
	refuse(CLASS("MPNetModel", ",\"relative_attention_num_buckets\":2"),
	       "relative_attention_num_buckets");
	refuse(CLASS("DebertaV2Model", ",\"conv_kernel_size\":3"),
	       "conv_kernel_size");
	refuse(CLASS("DebertaV2Model", ",\"pos_att_type\":[\"p2p\"]"),
	       "pos_att_type");
	refuse(CLASS("DebertaV2Model", ",\"relative_attention\":true,"
		     "\"norm_rel_ebd\":\"batch_norm\""), "norm_rel_ebd");
	refuse(CLASS("DebertaV2Model", ",\"relative_attention\":true,"
		     "\"position_buckets\":2"), "position_buckets");
	refuse(CLASS("DebertaV2Model", ",\"relative_attention\":true,"
		     "\"position_buckets\":1024"), "position_buckets");
	refuse(CLASS("DebertaV2Model", ",\"embedding_size\":128"),
	       "embedding_size");
	refuse(CLASS("DebertaV2ForSequenceClassification",
		     ",\"pooler_hidden_size\":128"), "pooler_hidden_size");
	refuse(CLASS("DebertaV2ForMaskedLM", ",\"legacy\":false"), "legacy");
}

static void test_tasks(void **state)
{
	static const struct {
		const char *text;
		enum qeff_task task;
		uint32_t labels;
		bool apart, raw;
	} t[] = {
		{ CLASS("GPT2LMHeadModel", ""), QEFF_TASK_TEXT, 0, false, false },
		{ CLASS("BertModel", ""), QEFF_TASK_EMBED, 2, false, false },
		{ CLASS("BertForMaskedLM", ""), QEFF_TASK_FILL_MASK, 2, false,
		  false },
		{ CLASS("BertForQuestionAnswering", ""), QEFF_TASK_ANSWER, 2,
		  false, false },
		{ CLASS("BertForTokenClassification", ",\"num_labels\":9"),
		  QEFF_TASK_CLASSIFY_TOKENS, 9, false, false },
		{ CLASS("GPT2ForSequenceClassification",
			",\"id2label\":{\"0\":\"x\"}"),
		  QEFF_TASK_CLASSIFY, 1, true, false },
		{ CLASS("Qwen2ForSequenceClassification",
			",\"num_labels\":1,\"problem_type\":\"regression\""),
		  QEFF_TASK_CLASSIFY, 1, false, true },
		{ CLASS("LlamaForSequenceClassification",
			",\"problem_type\":\"multi_label_classification\""),
		  QEFF_TASK_CLASSIFY, 2, true, false },
		{ CLASS("MistralForSequenceClassification",
			",\"pad_token_id\":null"),
		  QEFF_TASK_CLASSIFY, 2, false, false },
	};
	struct qeff_model_info info;
	size_t i;

	for (i = 0; i < QAIC_ARRAY_SIZE(t); i++) {
		if (info_of(t[i].text, &info))
			fail_msg("%s", err.msg);
		if (info.task != t[i].task ||
		    (t[i].labels && info.num_labels != t[i].labels) ||
		    (t[i].labels && info.labels_apart != t[i].apart) ||
		    info.labels_raw != t[i].raw)
			fail_msg("%s: task %d, %u labels", t[i].text, info.task,
				 info.num_labels);
	}
}

static void test_labels(void **state)
{
	char *dir = with_config(CLASS("BertForSequenceClassification",
				",\"id2label\":{\"1\":\"b\\u00e4h\",\"0\":\"a\"}"));
	const char **v;
	size_t n;

	assert_int_equal(qeff_model_labels(dir, &v, &n, &err), 0);
	assert_int_equal(n, 2);
	assert_string_equal(v[0], "a");
	assert_string_equal(v[1], "b\303\244h");
	free(v);
	drop_dir(dir);
	dir = with_config(CLASS("BertForSequenceClassification",
				",\"num_labels\":3"));
	assert_int_equal(qeff_model_labels(dir, &v, &n, &err), 0);
	assert_string_equal(v[2], "LABEL_2");
	free(v);
	drop_dir(dir);
	/* a name that belongs to no score */
	dir = with_config(CLASS("BertForSequenceClassification",
				",\"id2label\":{\"0\":\"a\",\"5\":\"b\"}"));
	assert_int_equal(qeff_model_labels(dir, &v, &n, &err), -EINVAL);
	assert_non_null(strstr(err.msg, "none called \"1\""));
	drop_dir(dir);
	/* and nobody asks for them */
	dir = with_config(CLASS("BertModel", ",\"id2label\":{\"5\":\"b\"}"));
	assert_int_equal(qeff_model_labels(dir, &v, &n, &err), 0);
	free(v);
	drop_dir(dir);
}

static int pooling(const char *modules, const char *config,
		   enum qeff_pooling *p, bool *normalize)
{
	char *dir = with_config(CLASS("BertForMaskedLM", "")), *sub;
	struct qeff_model_info info;
	int rc;

	if (modules)
		put_text(dir, "modules.json", modules);
	sub = qaic_path(dir, "1_Pooling");
	assert_int_equal(mkdir(sub, 0700), 0);
	if (config)
		put_text(sub, "config.json", config);
	/* sentence-transformers' models give vectors, whatever their class */
	assert_int_equal(qeff_model_info(dir, &info, &err), 0);
	assert_int_equal(info.task, modules ? QEFF_TASK_EMBED :
					      QEFF_TASK_FILL_MASK);
	rc = qeff_model_pooling(dir, p, normalize, &err);
	free(sub);
	drop_dir(dir);
	return rc;
}

#define MODULE(name, dir) \
	"{\"type\":\"sentence_transformers.models." name "\",\"path\":\"" dir "\"}"
#define USUAL "[" MODULE("Transformer", "") "," MODULE("Pooling", "1_Pooling") "]"

static void test_pooling_files(void **state)
{
	enum qeff_pooling p;
	bool n;

	assert_int_equal(pooling(NULL, NULL, &p, &n), 0);
	assert_int_equal(p, QEFF_POOL_MEAN);
	assert_false(n);
	assert_int_equal(pooling(USUAL, "{\"pooling_mode_cls_token\":true}", &p,
				 &n), 0);
	assert_int_equal(p, QEFF_POOL_CLS);
	assert_int_equal(pooling("[" MODULE("Pooling", "1_Pooling") ","
				 MODULE("Normalize", "2_Normalize") "]",
				 "{\"pooling_mode_max_tokens\":true}", &p, &n), 0);
	assert_int_equal(p, QEFF_POOL_MAX);
	assert_true(n);
	assert_true(pooling(USUAL, "{\"pooling_mode_lasttoken\":true}", &p,
			    &n) == -EOPNOTSUPP);
	assert_non_null(strstr(err.msg, "pooling_mode_lasttoken"));
	assert_true(pooling(USUAL, "{\"pooling_mode_cls_token\":true,"
			    "\"pooling_mode_mean_tokens\":true}", &p, &n) ==
		    -EOPNOTSUPP);
	assert_true(pooling("[" MODULE("Dense", "2_Dense") "]", NULL, &p, &n) ==
		    -EOPNOTSUPP);
	assert_non_null(strstr(err.msg, "Dense"));
	assert_true(pooling("[" MODULE("Pooling", "../x") "]", NULL, &p, &n) < 0);
	assert_true(pooling("[" MODULE("Pooling", "..") "]", NULL, &p, &n) < 0);
	assert_true(pooling("[3, null, {}]", NULL, &p, &n) < 0);
	assert_true(pooling("{}", NULL, &p, &n) < 0);
	assert_true(pooling("[", NULL, &p, &n) < 0);
	assert_true(pooling(USUAL, NULL, &p, &n) < 0);
}

static void test_pool(void **state)
{
	const float h[6] = { 1, -2, 3, -4, 8, 6 };
	float v[2];

	qeff_pool(QEFF_POOL_MEAN, false, h, 3, 2, v);
	assert_true(v[0] == 4 && v[1] == 0);
	qeff_pool(QEFF_POOL_CLS, false, h, 3, 2, v);
	assert_true(v[0] == 1 && v[1] == -2);
	qeff_pool(QEFF_POOL_MAX, false, h, 2, 2, v);
	assert_true(v[0] == 3 && v[1] == -2);
	qeff_pool(QEFF_POOL_CLS, true, h + 2, 1, 2, v);
	assert_true(fabs(v[0] - 0.6) < 1e-6 && fabs(v[1] + 0.8) < 1e-6);
	qeff_pool(QEFF_POOL_MEAN, true, h, 0, 2, v);
	assert_true(v[0] == 0 && v[1] == 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_defaults),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_tasks),
		cmocka_unit_test(test_labels),
		cmocka_unit_test(test_pooling_files),
		cmocka_unit_test(test_pool),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
