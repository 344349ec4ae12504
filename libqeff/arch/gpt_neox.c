// SPDX-License-Identifier: MIT
/*
 * GPTNeoXForCausalLM (Pythia, GPT-NeoX-20B): both branches read the layer's input
 * through a norm of their own; a quarter of each head rotates.
 */
#include "libqeff/arch/llama_like.h"
#include "libqeff/arch.h"

static const struct qf_attention attention = {
	.name = "attention", .qkv = QF_QKV_FUSED, .layout = QF_OUT_IN,
	.q = "query_key_value", .o = "dense",
};

static const struct qf_mlp mlp = {
	.name = "mlp", .layout = QF_OUT_IN, .act = QF_ACT_GELU,
	.up = "dense_h_to_4h", .down = "dense_4h_to_h", .bias = true,
};

static void configure(struct qf_config *c, struct qf_model *m)
{
	bool bias = true;

	/* GPTNeoXConfig's defaults */
	m->vocab = 50432;
	m->hidden = 6144;
	m->inner = 24576;
	m->layers = 44;
	m->heads = 64;
	m->max_positions = 2048;
	m->rope.partial = 0.25;
	m->rope.theta = 10000;
	/* the class's own names; the common ones mean the same */
	qf_get_positive(c, "rotary_pct", &m->rope.partial);
	qf_get_positive(c, "rotary_emb_base", &m->rope.theta);
	qf_configure_llama_like(c, m, 0);
	qf_use_attention(m, &attention);
	m->mlp = mlp;
	m->kv_heads = m->heads;
	m->attn.blocks = m->heads;
	qf_get_layer_norm(c, m, "layer_norm_eps");
	m->embed = "embed_in";
	m->norm_final = "final_layer_norm";
	m->head = "embed_out";
	m->tied_if_alone = false;
	m->parallel = true;
	qf_get_act(c, "hidden_act", &m->mlp.act);
	qf_get_bool(c, "use_parallel_residual", &m->parallel);
	qf_get_bool(c, "attention_bias", &bias);
	m->attn.qkv_bias = m->attn.o_bias = bias;
}

QF_ARCH(gpt_neox) = {
	.classes = {
		{ "GPTNeoXForCausalLM", QF_HEAD_CAUSAL_LM },
	},
	.model_type = "gpt_neox",
	.base = "gpt_neox",
	.configure = configure,
	.embed = qf_embed_tokens,
	.layer = qf_layer,
};
