// SPDX-License-Identifier: MIT
/*
 * ChatGLMModel (ChatGLM2, ChatGLM3): half of each head rotates, in pairs of
 * neighbours; grouped queries; a gated MLP in one product.
 */
#include <errno.h>
#include <math.h>
#include <string.h>

#include "libqeff/arch.h"

static const struct qf_attention attention = {
	.name = "self_attention", .qkv = QF_QKV_FUSED, .layout = QF_OUT_IN,
	.q = "query_key_value", .o = "dense",
};

static const struct qf_mlp mlp = {
	.name = "mlp", .layout = QF_OUT_IN, .act = QF_ACT_SILU, .gate_up = true,
	.up = "dense_h_to_4h", .down = "dense_4h_to_h",
};

static void get_sizes(struct qf_config *c, struct qf_model *m)
{
	/* ChatGLMConfig's defaults */
	m->vocab = 65024;
	m->hidden = 4096;
	m->inner = 13696;
	m->layers = 28;
	m->heads = 32;
	m->head_dim = 128;
	m->max_positions = 2048;
	m->norm.eps = 1e-5;
	qf_get_int(c, "padded_vocab_size", 1, 1 << 24, &m->vocab);
	qf_get_int(c, "hidden_size", 1, 1 << 20, &m->hidden);
	qf_get_int(c, "ffn_hidden_size", 1, 1 << 22, &m->inner);
	qf_get_int(c, "num_layers", 1, 1 << 12, &m->layers);
	qf_get_int(c, "num_attention_heads", 1, 1 << 16, &m->heads);
	qf_get_int(c, "kv_channels", 4, 1 << 16, &m->head_dim);
	qf_get_int(c, "seq_length", 1, 1 << 28, &m->max_positions);
	qf_get_positive(c, "layernorm_epsilon", &m->norm.eps);
	m->attn.scale = 1 / sqrt(m->head_dim);
}

/* Without multi_query_attention each head's q, k and v lie together. */
static void get_kv(struct qf_config *c, struct qf_model *m)
{
	bool multi_query = false;
	uint32_t groups = 1;

	qf_get_bool(c, "multi_query_attention", &multi_query);
	qf_get_int(c, "multi_query_group_num", 1, 1 << 16, &groups);
	m->kv_heads = multi_query ? groups : m->heads;
	m->attn.blocks = multi_query ? 1 : m->heads;
}

static void get_flags(struct qf_config *c, struct qf_model *m)
{
	bool rms = true, final = true, bias = false, qkv_bias = false;

	qf_get_bool(c, "rmsnorm", &rms);
	qf_get_bool(c, "post_layer_norm", &final);
	qf_get_bool(c, "add_bias_linear", &bias);
	qf_get_bool(c, "add_qkv_bias", &qkv_bias);
	qf_get_bool(c, "apply_residual_connection_post_layernorm",
		    &m->residual_normed);
	m->norm.kind = rms ? QF_NORM_RMS : QF_NORM_LAYER;
	m->norm_final = final ? "encoder.final_layernorm" : NULL;
	m->attn.qkv_bias = bias || qkv_bias;
	m->attn.o_bias = m->mlp.bias = bias;
}

/* What other checkpoints of the class have and we do not. */
static void refuse(struct qf_config *c)
{
	uint32_t bits = 0;

	qf_get_int(c, "quantization_bit", 0, 64, &bits);
	if (!c->rc && bits)
		qf_config_fail(c, -EOPNOTSUPP,
			       "field \"quantization_bit\" is %u; this is not supported",
			       bits);
	qf_refuse(c, "interleaved_qkv");
	qf_refuse(c, "pre_seq_len");
	qf_refuse(c, "prefix_projection");
}

/*
 * The longer ones of ChatGLM3 and GLM-4 stretch the base by rope_ratio. That of
 * ChatGLM2 divides the positions instead; it has the same class and the same fields,
 * so only its name tells.
 */
static void get_rope(struct qf_config *c, struct qf_model *m)
{
	const char *name = NULL;
	double ratio = 1;

	m->rope.kind = QF_ROPE_INTERLEAVED;
	m->rope.partial = 0.5;
	m->rope.theta = 10000;
	qf_get_positive(c, "rope_ratio", &ratio);
	qf_get_str(c, "_name_or_path", &name);
	if (c->rc)
		return;
	if (!name || !strstr(name, "chatglm2")) {
		m->rope.theta *= ratio;
		qf_get_rope(c, m);
		return;
	}
	qf_get_rope(c, m);
	if (!c->rc && ratio != 1) {
		m->rope.scaling = QF_ROPE_LINEAR;
		m->rope.factor = ratio;
	}
}

static void configure(struct qf_config *c, struct qf_model *m)
{
	m->attn = attention;
	m->mlp = mlp;
	m->embed = "embedding.word_embeddings";
	m->layer = "encoder.layers";
	m->norm_attn = "input_layernorm";
	m->norm_mlp = "post_attention_layernorm";
	m->head = "transformer.output_layer";
	get_sizes(c, m);
	get_kv(c, m);
	get_flags(c, m);
	refuse(c);
	qf_get_bool(c, "tie_word_embeddings", &m->tied);
	if (!c->rc)
		get_rope(c, m);
}

QF_ARCH(chatglm) = {
	.classes = {
		{ "ChatGLMModel", QF_HEAD_CAUSAL_LM },
		{ "ChatGLMForConditionalGeneration", QF_HEAD_CAUSAL_LM },
	},
	.model_type = "chatglm",
	.base = "transformer",
	.configure = configure,
	.embed = qf_embed_tokens,
	.layer = qf_layer,
};
