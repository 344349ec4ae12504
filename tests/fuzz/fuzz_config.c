// SPDX-License-Identifier: MIT
/* Mutated config.json and generation_config.json; what is accepted is built. */
#include "tests/unit/libqeff/checkpoint.h"

#include "libqeff/arch.h"
#include "libqeff/registry.h"
#include "libqeff/build.h"
#include "tests/fuzz/mutate.h"

static const char llama[] =
	"{\"architectures\":[\"LlamaForCausalLM\"],\"attention_bias\":false,"
	"\"bos_token_id\":1,\"eos_token_id\":[2,3],\"head_dim\":4,"
	"\"hidden_act\":\"silu\",\"hidden_size\":8,\"intermediate_size\":12,"
	"\"max_position_embeddings\":32,\"mlp_bias\":false,"
	"\"model_type\":\"llama\",\"num_attention_heads\":2,"
	"\"num_hidden_layers\":1,\"num_key_value_heads\":1,"
	"\"rms_norm_eps\":1e-06,\"rope_scaling\":{\"factor\":8.0,"
	"\"high_freq_factor\":4.0,\"low_freq_factor\":1.0,"
	"\"original_max_position_embeddings\":16,\"rope_type\":\"llama3\"},"
	"\"rope_theta\":500000.0,\"tie_word_embeddings\":true,"
	"\"vocab_size\":16}";
static const char yarn[] =
	"{\"architectures\":[\"MistralForCausalLM\"],\"hidden_size\":8,"
	"\"intermediate_size\":12,\"max_position_embeddings\":32,"
	"\"num_attention_heads\":2,\"num_hidden_layers\":1,"
	"\"num_key_value_heads\":1,\"rope_scaling\":{\"type\":\"yarn\","
	"\"factor\":2,\"beta_fast\":16,\"attention_factor\":1.1},"
	"\"partial_rotary_factor\":0.5,\"sliding_window\":4,"
	"\"tie_word_embeddings\":true,\"vocab_size\":16}";
static const char bert[] =
	"{\"architectures\":[\"BertForTokenClassification\"],\"hidden_size\":16,"
	"\"num_hidden_layers\":1,\"num_attention_heads\":2,\"vocab_size\":20,"
	"\"intermediate_size\":8,\"max_position_embeddings\":32,"
	"\"type_vocab_size\":2,\"hidden_act\":\"gelu\",\"pad_token_id\":0,"
	"\"id2label\":{\"0\":\"A\",\"1\":\"B\"},"
	"\"problem_type\":\"regression\",\"is_decoder\":false}";
static const char deberta[] =
	"{\"architectures\":[\"DebertaV2ForMaskedLM\"],\"hidden_size\":16,"
	"\"num_hidden_layers\":1,\"num_attention_heads\":2,\"vocab_size\":20,"
	"\"intermediate_size\":8,\"max_position_embeddings\":32,"
	"\"relative_attention\":true,\"pos_att_type\":[\"c2p\",\"p2c\"],"
	"\"position_buckets\":8,\"max_relative_positions\":-1,"
	"\"share_att_key\":true,\"norm_rel_ebd\":\"layer_norm\"}";
static const char gpt2[] =
	"{\"architectures\":[\"GPT2LMHeadModel\"],\"n_embd\":8,\"n_head\":2,"
	"\"n_layer\":1,\"n_inner\":null,\"n_positions\":32,\"vocab_size\":16,"
	"\"scale_attn_weights\":true,\"layer_norm_epsilon\":1e-05,"
	"\"activation_function\":\"gelu_new\",\"quantization_config\":null}";
static const char t5[] =
	"{\"architectures\":[\"T5ForConditionalGeneration\"],\"d_ff\":12,"
	"\"d_kv\":4,\"d_model\":8,\"decoder_start_token_id\":0,"
	"\"eos_token_id\":1,\"feed_forward_proj\":\"gated-gelu\","
	"\"is_encoder_decoder\":true,\"layer_norm_epsilon\":1e-06,"
	"\"num_decoder_layers\":1,\"num_heads\":2,\"num_layers\":1,"
	"\"relative_attention_max_distance\":16,"
	"\"relative_attention_num_buckets\":8,"
	"\"tie_word_embeddings\":false,\"vocab_size\":16}";
static const char bart[] =
	"{\"architectures\":[\"BartForConditionalGeneration\"],"
	"\"activation_function\":\"gelu\",\"bos_token_id\":0,\"d_model\":8,"
	"\"decoder_attention_heads\":2,\"decoder_ffn_dim\":12,"
	"\"decoder_layers\":1,\"decoder_start_token_id\":2,"
	"\"encoder_attention_heads\":2,\"encoder_ffn_dim\":12,"
	"\"encoder_layers\":1,\"eos_token_id\":2,"
	"\"extra_pos_embeddings\":2,\"forced_eos_token_id\":2,"
	"\"max_position_embeddings\":32,\"normalize_before\":false,"
	"\"scale_embedding\":true,\"vocab_size\":16}";
static const char rules[] =
	"{\"bad_words_ids\":[[3],[4,5,6]],\"decoder_start_token_id\":2,"
	"\"forced_bos_token_id\":0,\"forced_eos_token_id\":2,"
	"\"min_length\":5,\"min_new_tokens\":3,\"no_repeat_ngram_size\":3,"
	"\"repetition_penalty\":1.0,\"suppress_tokens\":null}";
static const char moe[] =
	"{\"architectures\":[\"Qwen2MoeForCausalLM\"],\"hidden_size\":8,"
	"\"intermediate_size\":12,\"max_position_embeddings\":32,"
	"\"num_attention_heads\":2,\"num_hidden_layers\":3,"
	"\"num_key_value_heads\":1,\"num_experts\":4,"
	"\"num_experts_per_tok\":2,\"moe_intermediate_size\":6,"
	"\"shared_expert_intermediate_size\":10,\"norm_topk_prob\":false,"
	"\"decoder_sparse_step\":2,\"mlp_only_layers\":[0,2],"
	"\"layer_types\":[\"full_attention\",\"full_attention\"],"
	"\"tie_word_embeddings\":true,\"vocab_size\":16}";
static const char falcon[] =
	"{\"architectures\":[\"FalconForCausalLM\"],\"alibi\":true,"
	"\"attn_implementation\":\"sdpa\",\"bias\":true,\"hidden_size\":8,"
	"\"multi_query\":false,\"new_decoder_architecture\":true,"
	"\"num_attention_heads\":2,\"num_hidden_layers\":1,"
	"\"num_kv_heads\":1,\"num_ln_in_parallel_attn\":1,"
	"\"parallel_attn\":true,\"transformers_version\":\"4.47.0\","
	"\"vocab_size\":16}";
static const char generation[] =
	"{\"_from_model_config\":true,\"bos_token_id\":1,"
	"\"eos_token_id\":[2,7,9],\"pad_token_id\":0,"
	"\"transformers_version\":\"4.47.0\"}";

struct place {
	char *dir;
	const char *file;
};

/* Rotary tables of any accepted config can be computed, at both ends. */
static void try_tables(const struct qf_model *m)
{
	uint64_t n = (uint64_t)m->rope.positions * m->rope.dim;
	uint64_t part = n < 64 ? n : 64;
	float v[64];

	if (m->rope.kind == QF_ROPE_NONE)
		return;
	qf_rope_cos(&m->rope, 0, part, v);
	qf_rope_sin(&m->rope, n - part, part, v);
}

static int run(const void *data, size_t len, void *ctx)
{
	struct qaic_err err = QAIC_ERR_INIT;
	struct place *p = ctx;
	char *path = qaic_path(p->dir, p->file);
	struct qeff_model_info info;
	const struct qf_arch *arch;
	struct qf_config c;
	struct qf_tensors ts;
	struct qf_model m;
	struct qf_build b;
	FILE *f = fopen(path, "w");
	int rc;

	fwrite(data, 1, len, f);
	fclose(f);
	free(path);
	rc = qeff_model_info(p->dir, &info, &err);
	if (rc)
		return !err.msg[0];
	if (info.num_eos > 16 || info.bos_id < -1)
		return 1;
	rc = qf_config_open(&c, p->dir, &arch, &err);
	if (!rc) {
		rc = qf_config_model(&c, arch, &m);
		qf_config_close(&c);
	}
	if (rc)
		return 1;		/* the same file was accepted before */
	try_tables(&m);
	if (qf_tensors_open(&ts, p->dir, &err))
		return 1;
	rc = qf_build_model(&b, &m, &ts, &err);
	qf_build_release(&b);
	qf_tensors_close(&ts);
	return rc && !err.msg[0];
}

int main(int argc, char **argv)
{
	struct place config = { tiny_llama(NULL), "config.json" };
	struct place gen = { tiny_llama(NULL), "generation_config.json" };
	struct place said = { tiny_llama(bart), "generation_config.json" };
	struct fuzz_target t[] = {
		{ "llama", llama, sizeof(llama) - 1, run, &config, true },
		{ "yarn", yarn, sizeof(yarn) - 1, run, &config, true },
		{ "gpt2", gpt2, sizeof(gpt2) - 1, run, &config, true },
		{ "t5", t5, sizeof(t5) - 1, run, &config, true },
		{ "bart", bart, sizeof(bart) - 1, run, &config, true },
		{ "moe", moe, sizeof(moe) - 1, run, &config, true },
		{ "falcon", falcon, sizeof(falcon) - 1, run, &config, true },
		{ "bert", bert, sizeof(bert) - 1, run, &config, true },
		{ "deberta", deberta, sizeof(deberta) - 1, run, &config, true },
		{ "generation", generation, sizeof(generation) - 1, run, &gen,
		  true },
		{ "rules", rules, sizeof(rules) - 1, run, &said, true },
	};
	int rc = fuzz_main(argc, argv, t, QAIC_ARRAY_SIZE(t));

	drop_dir(config.dir);
	drop_dir(gen.dir);
	drop_dir(said.dir);
	return rc;
}
