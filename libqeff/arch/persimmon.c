// SPDX-License-Identifier: MIT
/*
 * PersimmonForCausalLM: q, k and v of a head lie together, queries and keys are
 * normed (one norm for all heads), half of each head rotates; squared ReLU.
 */
#include "libqeff/arch/llama_like.h"
#include "libqeff/arch.h"

static const struct qf_attention attention = {
	.name = "self_attn", .qkv = QF_QKV_FUSED, .layout = QF_OUT_IN,
	.q = "query_key_value", .o = "dense", .qkv_bias = true, .o_bias = true,
	.q_norm = "q_layernorm", .k_norm = "k_layernorm",
};

static const struct qf_mlp mlp = {
	.name = "mlp", .layout = QF_OUT_IN, .act = QF_ACT_RELU2,
	.up = "dense_h_to_4h", .down = "dense_4h_to_h", .bias = true,
};

static void configure(struct qf_config *c, struct qf_model *m)
{
	bool qk_norm = true;

	/* PersimmonConfig's defaults */
	m->vocab = 262144;
	m->hidden = 4096;
	m->inner = 16384;
	m->layers = 36;
	m->heads = 64;
	m->max_positions = 16384;
	m->rope.theta = 25000;
	m->rope.partial = 0.5;
	qf_configure_llama_like(c, m, 0);
	qf_get_layer_norm(c, m, "layer_norm_eps");
	m->mlp = mlp;
	m->norm_final = "final_layernorm";
	m->tied_if_alone = false;
	qf_get_act(c, "hidden_act", &m->mlp.act);
	qf_get_bool(c, "qk_layernorm", &qk_norm);
	qf_use_attention(m, &attention);
	m->attn.blocks = m->kv_heads = m->heads;
	m->attn.qk_norm = qk_norm ? QF_QK_NORM_HEAD : QF_QK_NORM_NONE;
}

QF_ARCH(persimmon) = {
	.classes = {
		{ "PersimmonForCausalLM", QF_HEAD_CAUSAL_LM },
	},
	.model_type = "persimmon",
	.base = "model",
	.configure = configure,
	.embed = qf_embed_tokens,
	.layer = qf_layer,
};
