// SPDX-License-Identifier: MIT
/* Starcoder2ForCausalLM: Llama's attention, LayerNorm, a plain MLP, biases. */
#include "libqeff/arch/llama_like.h"
#include "libqeff/arch.h"

static const struct qf_mlp mlp = {
	.name = "mlp", .layout = QF_OUT_IN, .act = QF_ACT_GELU_TANH,
	.up = "c_fc", .down = "c_proj",
};

static void configure(struct qf_config *c, struct qf_model *m)
{
	bool bias = true;

	/* Starcoder2Config's defaults */
	m->vocab = 49152;
	m->hidden = 3072;
	m->inner = 12288;
	m->layers = 30;
	m->heads = 24;
	m->max_positions = 4096;
	m->tied = true;
	qf_configure_llama_like(c, m, 2);
	m->mlp = mlp;
	m->tied_if_alone = false;
	qf_get_act(c, "hidden_act", &m->mlp.act);
	qf_get_layer_norm(c, m, "norm_epsilon");
	qf_get_bool(c, "use_bias", &bias);
	m->attn.qkv_bias = m->attn.o_bias = m->mlp.bias = bias;
	qf_get_window(c, 0, &m->attn.window);
}

QF_ARCH(starcoder2) = {
	.classes = {
		{ "Starcoder2ForCausalLM", QF_HEAD_CAUSAL_LM },
	},
	.model_type = "starcoder2",
	.base = "model",
	.configure = configure,
	.embed = qf_embed_tokens,
	.layer = qf_layer,
};
