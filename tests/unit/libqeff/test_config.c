// SPDX-License-Identifier: MIT
/* config.json: what is honoured, what is refused, and how it is said. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "tests/unit/libqeff/checkpoint.h"

#include <errno.h>
#include <math.h>

#include "libqeff/arch.h"
#include "libqeff/build.h"
#include "libqeff/registry.h"
#include "libqeff/qeff.h"

static struct qaic_err err;

/* Read a config text into a model. */
static int load(const char *text, struct qf_model *m)
{
	const struct qf_arch *arch;
	struct qf_config c;
	char *dir = temp_dir();
	int rc;

	memset(&err, 0, sizeof(err));
	put_text(dir, "config.json", text);
	rc = qf_config_open(&c, dir, &arch, &err);
	if (!rc) {
		rc = qf_config_model(&c, arch, m);
		qf_config_close(&c);
	}
	drop_dir(dir);
	return rc;
}

static void refuse(const char *text, const char *want)
{
	struct qf_model m;

	assert_true(load(text, &m) < 0);
	if (!strstr(err.msg, want) || !strstr(err.msg, "config.json"))
		fail_msg("message \"%s\" lacks \"%s\"", err.msg, want);
}

#define LLAMA(fields) "{\"architectures\":[\"LlamaForCausalLM\"]," \
	"\"hidden_size\":64,\"num_hidden_layers\":2,\"num_attention_heads\":4," \
	"\"intermediate_size\":96,\"vocab_size\":100" fields "}"
#define MISTRAL(fields) "{\"architectures\":[\"MistralForCausalLM\"]," \
	"\"hidden_size\":64,\"num_attention_heads\":8" fields "}"
#define GPT2(fields) "{\"architectures\":[\"GPT2LMHeadModel\"]," \
	"\"n_embd\":64,\"n_layer\":2,\"n_head\":4" fields "}"
#define SCALING(fields) LLAMA(",\"rope_scaling\":{" fields "}")

static void test_llama(void **state)
{
	struct qf_model m;

	assert_int_equal(load(LLAMA(""), &m), 0);
	assert_int_equal(m.kv_heads, 4);	/* absent: every head its own */
	assert_int_equal(m.head_dim, 16);
	assert_int_equal(m.max_positions, 2048);
	assert_false(m.tied);
	assert_true(m.tied_if_alone);
	assert_false(m.attn.qkv_bias);
	assert_true(fabs(m.attn.scale - 0.25) < 1e-12);
	assert_int_equal(m.attn.window, 0);

	assert_int_equal(load(LLAMA(",\"num_key_value_heads\":2,\"head_dim\":32,"
		"\"attention_bias\":true,\"mlp_bias\":true,\"rms_norm_eps\":1e-5,"
		"\"tie_word_embeddings\":true,\"hidden_act\":\"gelu\","
		"\"rope_theta\":500000,\"pretraining_tp\":4,"
		"\"something_new\":[1]"), &m), 0);
	assert_int_equal(m.kv_heads, 2);
	assert_int_equal(m.head_dim, 32);
	assert_true(m.attn.qkv_bias && m.attn.o_bias && m.mlp.bias && m.tied);
	assert_true(m.norm.eps == 1e-5);
	assert_int_equal(m.mlp.act, QF_ACT_GELU);
	assert_true(m.rope.theta == 500000);
	assert_int_equal(m.rope.dim, 32);

	/* null is absent */
	assert_int_equal(load(LLAMA(",\"num_key_value_heads\":null,"
		"\"head_dim\":null,\"rope_scaling\":null,\"rope_theta\":null,"
		"\"attention_bias\":null,\"quantization_config\":null"), &m), 0);
	assert_int_equal(m.kv_heads, 4);
	assert_int_equal(m.head_dim, 16);
}

static void test_mistral(void **state)
{
	struct qf_model m;

	/* the class's default is a window; null is none */
	assert_int_equal(load(MISTRAL(""), &m), 0);
	assert_int_equal(m.attn.window, 4096);
	assert_int_equal(m.kv_heads, 8);
	assert_int_equal(load(MISTRAL(",\"sliding_window\":null"), &m), 0);
	assert_int_equal(m.attn.window, 0);
	assert_int_equal(load(MISTRAL(",\"sliding_window\":8"), &m), 0);
	assert_int_equal(m.attn.window, 8);
	assert_int_equal(load(MISTRAL(",\"num_key_value_heads\":2"), &m), 0);
	assert_int_equal(m.kv_heads, 2);
	refuse(MISTRAL(",\"sliding_window\":0"), "sliding_window");
}

static void test_gpt2(void **state)
{
	struct qf_model m;

	assert_int_equal(load(GPT2(""), &m), 0);
	assert_int_equal(m.inner, 256);
	assert_true(m.tied);
	assert_int_equal(m.mlp.act, QF_ACT_GELU_TANH);
	assert_true(fabs(m.attn.scale - 0.25) < 1e-12);
	assert_int_equal(load(GPT2(",\"n_inner\":100,"
		"\"scale_attn_weights\":false,\"tie_word_embeddings\":false,"
		"\"scale_attn_by_inverse_layer_idx\":true,"
		"\"reorder_and_upcast_attn\":true,\"n_inner\":100"), &m), -EINVAL);
	assert_int_equal(load(GPT2(",\"n_inner\":100,"
		"\"scale_attn_weights\":false,\"tie_word_embeddings\":false,"
		"\"scale_attn_by_inverse_layer_idx\":true,"
		"\"reorder_and_upcast_attn\":true,"
		"\"activation_function\":\"relu\""), &m), 0);
	assert_int_equal(m.inner, 100);
	assert_true(m.attn.scale == 1 && m.attn.scale_by_layer && !m.tied);
	assert_int_equal(m.mlp.act, QF_ACT_RELU);
	assert_int_equal(load(GPT2(",\"hidden_size\":128"), &m), 0);
	assert_int_equal(m.hidden, 128);
	refuse(GPT2(",\"add_cross_attention\":true"), "add_cross_attention");
	refuse(GPT2(",\"activation_function\":\"mish\""), "mish");
	refuse(GPT2(",\"n_head\":5,\"x\":1"), "duplicate");
}

static void test_refused(void **state)
{
	refuse(LLAMA(",\"quantization_config\":{\"quant_method\":\"gptq\"}"),
	       "gptq");
	refuse(LLAMA(",\"quantization_config\":{\"quant_method\":\"gptq\"}"),
	       "quantization_config");
	refuse(LLAMA(",\"hidden_act\":\"laplace\""), "laplace");
	refuse(LLAMA(",\"hidden_act\":3"), "hidden_act");
	refuse(LLAMA(",\"rms_norm_eps\":0"), "rms_norm_eps");
	refuse(LLAMA(",\"rms_norm_eps\":\"1e-5\""), "rms_norm_eps");
	refuse(LLAMA(",\"head_dim\":-1"), "head_dim");
	refuse(LLAMA(",\"head_dim\":1.5"), "head_dim");
	refuse(LLAMA(",\"head_dim\":7"), "rotate");
	refuse(LLAMA(",\"num_key_value_heads\":3"), "key/value heads");
	refuse(LLAMA(",\"max_position_embeddings\":1e30"),
	       "max_position_embeddings");
	refuse(LLAMA(",\"max_position_embeddings\":99999999999"),
	       "max_position_embeddings");
	refuse(LLAMA(",\"max_position_embeddings\":268435456"),
	       "max_position_embeddings");
	refuse(LLAMA(",\"attention_bias\":\"yes\""), "attention_bias");
	refuse(LLAMA(",\"partial_rotary_factor\":2"), "partial_rotary_factor");
	refuse("{\"architectures\":[\"LlamaForCausalLM\"],\"hidden_size\":65}",
	       "multiple");
}

static void test_architecture(void **state)
{
	struct qf_model m;

	refuse("{}", "architectures");
	refuse("{\"architectures\":[]}", "architectures");
	refuse("{\"architectures\":[3]}", "architectures");
	refuse("{\"architectures\":\"x\"}", "architectures");
	refuse("{\"architectures\":[\"LlamaForCausaLM\"]}",
	       "did you mean LlamaForCausalLM");
	refuse("{\"architectures\":[\"NemotronHForCausalLM\"]}",
	       "NemotronHForCausalLM is not supported");
	refuse("{\"architectures\":[\"NemotronHForCausalLM\"]}",
	       "BertModel, ");
	/* that it ends like GemmaForCausalLM is no hint */
	refuse("{\"architectures\":[\"MambaForCausalLM\"]}",
	       "MambaForCausalLM is not supported (supported");
	refuse("[1]", "JSON object");
	refuse("{\"a\":", "JSON");
	assert_int_equal(load("{\"model_type\":\"gpt2\"}", &m), 0);
	assert_int_equal(m.hidden, 768);
}

#define CLASS(name, fields) "{\"architectures\":[\"" name "\"]" fields "}"

/* A config that says nothing more is the class's default model. */
static void test_defaults(void **state)
{
	static const struct {
		const char *text;
		uint32_t hidden, layers, heads, kv_heads, head_dim, inner;
	} t[] = {
		{ CLASS("BaiChuanForCausalLM", ""), 4096, 32, 32, 32, 128, 11008 },
		{ CLASS("BloomForCausalLM", ""), 64, 2, 8, 8, 8, 256 },
		{ CLASS("ChatGLMModel", ""), 4096, 28, 32, 32, 128, 13696 },
		{ CLASS("CodeGenForCausalLM", ""), 4096, 28, 16, 16, 256, 16384 },
		{ CLASS("CohereForCausalLM", ""), 8192, 40, 64, 64, 128, 22528 },
		{ CLASS("FalconForCausalLM", ""), 4544, 32, 71, 1, 64, 18176 },
		{ CLASS("GlmForCausalLM", ""), 4096, 40, 32, 2, 128, 13696 },
		{ CLASS("GPTBigCodeForCausalLM", ""), 768, 12, 12, 1, 64, 3072 },
		{ CLASS("GPTJForCausalLM", ""), 4096, 28, 16, 16, 256, 16384 },
		{ CLASS("GPTNeoXForCausalLM", ""), 6144, 44, 64, 64, 96, 24576 },
		{ CLASS("GemmaForCausalLM", ""), 3072, 28, 16, 16, 256, 24576 },
		{ CLASS("Gemma2ForCausalLM", ""), 2304, 26, 8, 4, 256, 9216 },
		{ CLASS("GraniteForCausalLM", ""), 4096, 32, 32, 32, 128, 11008 },
		{ CLASS("JAISLMHeadModel", ""), 768, 12, 12, 12, 64, 3072 },
		{ CLASS("MixtralForCausalLM", ""), 4096, 32, 32, 8, 128, 14336 },
		{ CLASS("MPTForCausalLM", ""), 2048, 24, 16, 16, 128, 8192 },
		{ CLASS("OPTForCausalLM", ""), 768, 12, 12, 12, 64, 3072 },
		{ CLASS("OlmoForCausalLM", ""), 4096, 32, 32, 32, 128, 11008 },
		{ CLASS("Olmo2ForCausalLM", ""), 4096, 32, 32, 32, 128, 11008 },
		{ CLASS("PersimmonForCausalLM", ""), 4096, 36, 64, 64, 64, 16384 },
		{ CLASS("PhiForCausalLM", ""), 2048, 24, 32, 32, 64, 8192 },
		{ CLASS("Phi3ForCausalLM", ""), 3072, 32, 32, 32, 96, 8192 },
		{ CLASS("Qwen2ForCausalLM", ""), 4096, 32, 32, 32, 128, 22016 },
		{ CLASS("Qwen2MoeForCausalLM", ""), 2048, 24, 16, 16, 128, 5632 },
		{ CLASS("StableLmForCausalLM", ""), 2560, 32, 32, 32, 80, 6912 },
		{ CLASS("Starcoder2ForCausalLM", ""), 3072, 30, 24, 2, 128, 12288 },
	};
	struct qf_model m;
	size_t i;

	for (i = 0; i < QAIC_ARRAY_SIZE(t); i++) {
		if (load(t[i].text, &m))
			fail_msg("%s", err.msg);
		if (m.hidden != t[i].hidden || m.layers != t[i].layers ||
		    m.heads != t[i].heads || m.kv_heads != t[i].kv_heads ||
		    m.head_dim != t[i].head_dim || m.inner != t[i].inner)
			fail_msg("%s: %u %u %u %u %u %u", t[i].text, m.hidden,
				 m.layers, m.heads, m.kv_heads, m.head_dim,
				 m.inner);
	}
}

/* Fields that would change the numbers in a way we do not do. */
static void test_refused_classes(void **state)
{
	refuse(CLASS("MptForCausalLM", ",\"attn_config\":{\"alibi\":false}"),
	       "\"alibi\" is false");
	refuse(CLASS("MptForCausalLM", ",\"attn_config\":{\"qk_ln\":true}"),
	       "\"qk_ln\" is true");
	refuse(CLASS("MptForCausalLM", ",\"attn_config\":"
		     "{\"attn_type\":\"multiquery_attention\"}"),
	       "multihead_attention");
	refuse(CLASS("MptForCausalLM", ",\"attn_config\":[]"), "attn_config");
	refuse(CLASS("MptForCausalLM", ",\"no_bias\":false"), "no_bias");
	refuse(CLASS("MptForCausalLM", ",\"logit_scale\":0.5"), "logit_scale");
	refuse(CLASS("OPTForCausalLM",
		     ",\"layer_norm_elementwise_affine\":false"),
	       "layer_norm_elementwise_affine");
	refuse(CLASS("FalconForCausalLM", ",\"multi_query\":false,"
		     "\"num_attention_heads\":8,\"hidden_size\":64,"
		     "\"num_kv_heads\":4"), "num_kv_heads");
	refuse(CLASS("FalconForCausalLM", ",\"hidden_size\":65"), "multiple");
	refuse(CLASS("ChatGLMModel", ",\"quantization_bit\":4"),
	       "quantization_bit");
	refuse(CLASS("ChatGLMModel", ",\"pre_seq_len\":128"), "pre_seq_len");
	refuse(CLASS("JAISLMHeadModel", ",\"alibi_scaling\":{}"),
	       "alibi_scaling");
	refuse(CLASS("JAISLMHeadModel",
		     ",\"position_embedding_type\":\"rotary\""),
	       "alibi and learned");
	refuse(CLASS("GPTJForCausalLM", ",\"rotary_dim\":63"), "rotary_dim");
	refuse(CLASS("CodeGenForCausalLM",
		     ",\"n_head\":2,\"n_embd\":128"), "multiple of 4");
	refuse(CLASS("MixtralForCausalLM", ",\"num_local_experts\":1"),
	       "num_experts_per_tok");
	refuse(CLASS("Qwen2MoeForCausalLM", ",\"use_sliding_window\":true"),
	       "use_sliding_window");
	refuse(CLASS("Qwen2MoeForCausalLM", ",\"mlp_only_layers\":[0,24]"),
	       "entry 1 is not the number of a layer");
	refuse(CLASS("Qwen2MoeForCausalLM", ",\"mlp_only_layers\":3"),
	       "mlp_only_layers");
	refuse(CLASS("Qwen2MoeForCausalLM", ",\"num_experts\":3"),
	       "num_experts_per_tok");
	refuse(CLASS("OlmoForCausalLM", ",\"clip_qkv\":-1"), "clip_qkv");
	refuse(LLAMA(",\"layer_types\":[\"full_attention\","
		     "\"sliding_attention\"]"), "layer 1 is sliding_attention");
	refuse(LLAMA(",\"layer_types\":[1]"), "layer_types");
	refuse(CLASS("Gemma2ForCausalLM", ",\"attn_logit_softcapping\":0"),
	       "attn_logit_softcapping");
}

#define RW(fields) CLASS("FalconForCausalLM", ",\"hidden_size\":64," \
	"\"num_attention_heads\":4,\"alibi\":true,\"multi_query\":false" fields)

/* Falcon's biases: once, but for eager attention since transformers 4.45. */
static void test_falcon_biases(void **state)
{
	static const struct {
		const char *text;
		double times;
	} t[] = {
		{ RW(""), 1 },
		{ RW(",\"transformers_version\":\"4.27.4\""), 1 },
		{ RW(",\"transformers_version\":\"4.44.2\""), 1 },
		{ RW(",\"transformers_version\":\"4.45.0.dev0\""), 2 },
		{ RW(",\"transformers_version\":\"4.47.0\""), 2 },
		{ RW(",\"transformers_version\":\"4.47.0\","
		     "\"attn_implementation\":\"sdpa\""), 1 },
		{ RW(",\"attn_implementation\":\"eager\""), 2 },
		{ RW(",\"transformers_version\":\"later\""), 1 },
	};
	struct qf_model m;
	size_t i;

	for (i = 0; i < QAIC_ARRAY_SIZE(t); i++) {
		assert_int_equal(load(t[i].text, &m), 0);
		if (fabs(m.alibi.scale - t[i].times / 4) > 1e-12)
			fail_msg("%s: %g", t[i].text, m.alibi.scale);
	}
}

#define T5(fields) "{\"architectures\":[\"T5ForConditionalGeneration\"]," \
	"\"d_model\":64,\"num_heads\":4,\"num_layers\":3" fields "}"
#define BART(fields) "{\"architectures\":[\"BartForConditionalGeneration\"]," \
	"\"d_model\":64,\"encoder_attention_heads\":4," \
	"\"decoder_attention_heads\":8" fields "}"
#define MARIAN(fields) "{\"architectures\":[\"MarianMTModel\"]," \
	"\"d_model\":64" fields "}"

static void test_t5(void **state)
{
	struct qf_model m;

	assert_int_equal(load(T5(""), &m), 0);
	assert_int_equal(m.layers, 3);		/* as the encoder */
	assert_int_equal(m.seq2seq.layers, 3);
	assert_int_equal(m.head_dim, 64);	/* not d_model / heads */
	assert_int_equal(m.inner, 2048);
	assert_true(m.attn.scale == 1 && m.seq2seq.scale == 1);
	assert_true(m.tied && fabs(m.logit_scale - 0.125) < 1e-12);
	assert_true(m.relative.one_sided && !m.mlp.gate);
	assert_int_equal(m.mlp.act, QF_ACT_RELU);
	assert_int_equal(load(T5(",\"num_decoder_layers\":2,\"d_kv\":8,"
		"\"tie_word_embeddings\":false,"
		"\"feed_forward_proj\":\"gated-gelu\""), &m), 0);
	assert_int_equal(m.layers, 2);
	assert_int_equal(m.seq2seq.layers, 3);
	assert_true(!m.tied && m.logit_scale == 1 && m.mlp.gate);
	assert_int_equal(m.mlp.act, QF_ACT_GELU_TANH);
	assert_int_equal(load(T5(",\"feed_forward_proj\":\"gated-silu\""), &m), 0);
	assert_int_equal(m.mlp.act, QF_ACT_SILU);
	assert_int_equal(load(T5(",\"feed_forward_proj\":\"gelu\","
		"\"dense_act_fn\":\"silu\",\"is_gated_act\":true"), &m), 0);
	assert_true(m.mlp.gate && m.mlp.act == QF_ACT_SILU);
	refuse(T5(",\"feed_forward_proj\":\"gated-mish\""), "gated-mish");
	refuse(T5(",\"relative_attention_num_buckets\":7"), "even");
	refuse(T5(",\"relative_attention_num_buckets\":2"),
	       "relative_attention_num_buckets");
	refuse(T5(",\"relative_attention_max_distance\":16"),
	       "relative_attention_max_distance");
	refuse(T5(",\"is_encoder_decoder\":false"), "is_encoder_decoder");
	refuse(T5(",\"d_kv\":0"), "d_kv");
}

static void test_bart(void **state)
{
	struct qf_model m;

	assert_int_equal(load(BART(""), &m), 0);
	assert_int_equal(m.layers, 12);
	assert_int_equal(m.head_dim, 8);
	assert_int_equal(m.seq2seq.head_dim, 16);
	assert_int_equal(m.pos_offset, 2);
	assert_true(m.tied && m.post_norm && m.embed_scale == 1);
	assert_int_equal(m.seq2seq.forced_eos_id, 2);
	assert_int_equal(load(BART(",\"scale_embedding\":true,"
		"\"activation_function\":\"relu\",\"encoder_layers\":2,"
		"\"decoder_ffn_dim\":96"), &m), 0);
	assert_true(m.embed_scale == 8 && m.mlp.act == QF_ACT_RELU);
	assert_int_equal(m.seq2seq.layers, 2);
	assert_int_equal(m.layers, 12);
	assert_int_equal(m.inner, 96);
	assert_int_equal(m.seq2seq.inner, 4096);
	refuse(BART(",\"normalize_before\":true"), "normalize_before");
	refuse(BART(",\"add_final_layer_norm\":true"), "add_final_layer_norm");
	refuse(BART(",\"normalize_embedding\":false"), "normalize_embedding");
	refuse(BART(",\"static_position_embeddings\":true"),
	       "static_position_embeddings");
	refuse(BART(",\"extra_pos_embeddings\":0"), "extra_pos_embeddings");
	refuse(BART(",\"d_model\":63,\"x\":1"), "duplicate");

	assert_int_equal(load(MARIAN(",\"vocab_size\":30"), &m), 0);
	assert_true(m.seq2seq.sinusoids && !m.seq2seq.own_tables);
	assert_int_equal(m.pos_offset, 0);
	assert_int_equal(m.vocab, 30);
	assert_int_equal(load(MARIAN(",\"vocab_size\":30,"
		"\"share_encoder_decoder_embeddings\":false,"
		"\"decoder_vocab_size\":20"), &m), 0);
	assert_true(m.seq2seq.own_tables);
	assert_int_equal(m.vocab, 20);
	assert_int_equal(m.seq2seq.vocab, 30);
	refuse(MARIAN(",\"encoder_attention_heads\":5"), "not a multiple");
	refuse(MARIAN(",\"normalize_embedding\":true"), "normalize_embedding");
	refuse(MARIAN(",\"static_position_embeddings\":false"),
	       "static_position_embeddings");
}

static void test_scaling(void **state)
{
	struct qf_model m;

	assert_int_equal(load(SCALING("\"rope_type\":\"linear\",\"factor\":4.0"),
			      &m), 0);
	assert_int_equal(m.rope.scaling, QF_ROPE_LINEAR);
	assert_int_equal(load(SCALING("\"type\":\"dynamic\",\"factor\":2"), &m),
			 0);
	assert_int_equal(m.rope.scaling, QF_ROPE_PLAIN);
	assert_int_equal(load(SCALING("\"type\":\"default\""), &m), 0);
	assert_int_equal(load(SCALING("\"rope_type\":\"llama3\",\"factor\":8,"
		"\"low_freq_factor\":1,\"high_freq_factor\":4,"
		"\"original_max_position_embeddings\":8192"), &m), 0);
	assert_int_equal(m.rope.scaling, QF_ROPE_LLAMA3);
	assert_int_equal(load(SCALING("\"rope_type\":\"yarn\",\"factor\":4"), &m),
			 0);
	assert_true(fabs(m.rope.attention - (0.1 * log(4) + 1)) < 1e-12);
	/* transformers 5 puts all of it into one object */
	assert_int_equal(load(LLAMA(",\"rope_parameters\":{\"rope_type\":"
		"\"linear\",\"factor\":2,\"rope_theta\":1e6}"), &m), 0);
	assert_true(m.rope.theta == 1e6);
	assert_int_equal(m.rope.scaling, QF_ROPE_LINEAR);

	refuse(SCALING("\"rope_type\":\"longrope\",\"short_factor\":[1]"),
	       "short_factor");
	refuse(SCALING("\"rope_type\":\"su\",\"short_factor\":"
		       "[1,1,1,1,1,1,1,1],\"long_factor\":[2,2,2,2,2,2,2,0]"),
	       "entry 7 is not a positive number");
	refuse(SCALING("\"rope_type\":\"longrope\",\"short_factor\":"
		       "[1,1,1,1,1,1,1,1],\"long_factor\":[2,2,2,2,2,2,2,2]"),
	       "original_max_position_embeddings");
	refuse(SCALING("\"rope_type\":\"other\""), "longrope are supported");
	refuse(SCALING("\"rope_type\":\"linear\""), "factor");
	refuse(SCALING("\"rope_type\":\"linear\",\"factor\":0"), "positive");
	refuse(SCALING("\"rope_type\":\"linear\",\"factor\":\"2\""), "factor");
	refuse(SCALING("\"factor\":2"), "rope_type");
	refuse(SCALING("\"rope_type\":\"llama3\",\"factor\":8"),
	       "low_freq_factor");
	refuse(SCALING("\"rope_type\":\"llama3\",\"factor\":8,"
		"\"low_freq_factor\":4,\"high_freq_factor\":1,"
		"\"original_max_position_embeddings\":8192"), "must be above");
	refuse(LLAMA(",\"rope_scaling\":3"), "rope_scaling");
}

/* Angles against values computed by hand from the published formulas. */
static void test_tables(void **state)
{
	struct qf_model m;
	float row[32];

	assert_int_equal(load(SCALING("\"rope_type\":\"llama3\",\"factor\":8,"
		"\"low_freq_factor\":1,\"high_freq_factor\":4,"
		"\"original_max_position_embeddings\":64"), &m), 0);
	qf_rope_sin(&m.rope, 16, 16, row);	/* position 1 */
	/* pair 0: 1 rad, wavelength 6.28 < 64 / 4: kept */
	assert_true(fabs(row[0] - sin(1.0)) < 1e-6);
	/* pair 1: 10000^(-1/8), wavelength 19.87: between */
	{
		double f = pow(10000, -0.125), w = 2 * M_PI / f;
		double s = (64 / w - 1) / 3;

		assert_true(fabs(row[1] - sin((1 - s) * f / 8 + s * f)) < 1e-6);
	}
	/* pair 7: far beyond 64: divided by 8 */
	assert_true(fabs(row[7] - sin(pow(10000, -0.875) / 8)) < 1e-7);
	assert_true(row[8] == row[0] && row[15] == row[7]);
	/* pieces that start anywhere are pieces of the same table */
	{
		float all[64], part[13];

		qf_rope_cos(&m.rope, 0, 64, all);
		qf_rope_cos(&m.rope, 21, 13, part);
		assert_memory_equal(part, all + 21, sizeof(part));
	}
}

static void info_of(const char *config, const char *generation,
		    struct qeff_model_info *info, int want)
{
	char *dir = temp_dir();

	memset(&err, 0, sizeof(err));
	put_text(dir, "config.json", config);
	if (generation)
		put_text(dir, "generation_config.json", generation);
	assert_int_equal(qeff_model_info(dir, info, &err), want);
	drop_dir(dir);
}

static void test_tokens(void **state)
{
	struct qeff_model_info i;

	info_of(LLAMA(",\"eos_token_id\":2,\"bos_token_id\":1"), NULL, &i, 0);
	assert_int_equal(i.num_eos, 1);
	assert_int_equal(i.eos_ids[0], 2);
	assert_int_equal(i.bos_id, 1);
	assert_int_equal(i.pad_id, -1);
	assert_string_equal(i.arch, "LlamaForCausalLM");
	assert_int_equal(i.vocab_size, 100);
	assert_int_equal(i.num_params, 0);
	info_of(LLAMA(",\"eos_token_id\":2"),
		"{\"eos_token_id\":[7,9,11],\"pad_token_id\":5}", &i, 0);
	assert_int_equal(i.num_eos, 3);
	assert_int_equal(i.eos_ids[2], 11);
	assert_int_equal(i.pad_id, 5);
	info_of(LLAMA(",\"eos_token_id\":[4,5]"), "{\"eos_token_id\":null}", &i,
		0);
	assert_int_equal(i.num_eos, 2);
	info_of(LLAMA(""), "{\"eos_token_id\":[\"x\"]}", &i, -EINVAL);
	assert_non_null(strstr(err.msg, "generation_config.json"));
	info_of(LLAMA(",\"eos_token_id\":\"</s>\""), NULL, &i, -EINVAL);
	info_of(LLAMA(""), "{\"eos_token_id\":[0,1,2,3,4,5,6,7,8,9,10,11,12,13,"
		"14,15,16]}", &i, -EINVAL);
}

static void test_goldens(void **state)
{
	struct qeff_model_info i;

	assert_int_equal(qeff_model_info("models/tales", &i, &err), 0);
	assert_string_equal(i.name, "tales");
	assert_int_equal(i.num_layers, 4);
	assert_int_equal(i.max_positions, 512);
	assert_in_range(i.num_params, 860000, 880000);
	assert_int_equal(qeff_model_info("tests/golden/gpt2/", &i, &err), 0);
	assert_string_equal(i.name, "gpt2");
	assert_string_equal(i.arch, "GPT2LMHeadModel");
	assert_int_equal(qeff_model_info("/nonexistent/x", &i, &err), -ENOENT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_llama),
		cmocka_unit_test(test_mistral),
		cmocka_unit_test(test_gpt2),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_architecture),
		cmocka_unit_test(test_defaults),
		cmocka_unit_test(test_refused_classes),
		cmocka_unit_test(test_falcon_biases),
		cmocka_unit_test(test_t5),
		cmocka_unit_test(test_bart),
		cmocka_unit_test(test_scaling),
		cmocka_unit_test(test_tables),
		cmocka_unit_test(test_tokens),
		cmocka_unit_test(test_goldens),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
