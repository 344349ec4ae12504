// SPDX-License-Identifier: MIT
/*
 * PhiForCausalLM (Phi-1, 1.5, 2): one norm feeds both branches, a part of each
 * head rotates, everything has a bias, the head too.
 */
#include "libqeff/arch/llama_like.h"
#include "libqeff/arch.h"

static const struct qf_attention attention = {
	.name = "self_attn", .qkv = QF_QKV_SEPARATE, .layout = QF_OUT_IN,
	.q = "q_proj", .k = "k_proj", .v = "v_proj", .o = "dense",
	.qkv_bias = true, .o_bias = true,
	.q_norm = "q_layernorm", .k_norm = "k_layernorm",
};

static const struct qf_mlp mlp = {
	.name = "mlp", .layout = QF_OUT_IN, .act = QF_ACT_GELU_TANH,
	.up = "fc1", .down = "fc2", .bias = true,
};

static void configure(struct qf_config *c, struct qf_model *m)
{
	bool qk_norm = false;

	/* PhiConfig's defaults */
	m->vocab = 51200;
	m->hidden = 2048;
	m->inner = 8192;
	m->layers = 24;
	m->heads = 32;
	m->max_positions = 2048;
	m->rope.partial = 0.5;
	qf_configure_llama_like(c, m, 0);
	qf_get_layer_norm(c, m, "layer_norm_eps");
	m->mlp = mlp;
	m->norm_mlp = NULL;
	m->norm_final = "final_layernorm";
	m->parallel = true;
	m->head_bias = true;
	m->tied_if_alone = false;
	qf_get_act(c, "hidden_act", &m->mlp.act);
	qf_get_bool(c, "qk_layernorm", &qk_norm);
	qf_use_attention(m, &attention);
	m->attn.qk_norm = qk_norm ? QF_QK_NORM_HEAD : QF_QK_NORM_NONE;
}

QF_ARCH(phi) = {
	.classes = {
		{ "PhiForCausalLM", QF_HEAD_CAUSAL_LM },
	},
	.model_type = "phi",
	.base = "model",
	.configure = configure,
	.embed = qf_embed_tokens,
	.layer = qf_layer,
};
