// SPDX-License-Identifier: MIT
/*
 * GemmaForCausalLM and Gemma2ForCausalLM: gains are 1 + weight, embeddings are
 * scaled by sqrt(hidden_size). Gemma 2 norms both ends of each branch, caps its
 * scores and logits, and gives every other layer a sliding window.
 */
#include <math.h>

#include "libqeff/arch/llama_like.h"
#include "libqeff/arch.h"

/* Before: the class's defaults, also of heads, head_dim and layers. */
static void configure_both(struct qf_config *c, struct qf_model *m,
			   uint32_t kv_heads)
{
	m->vocab = 256000;
	m->max_positions = 8192;
	m->tied = true;
	qf_configure_llama_like(c, m, kv_heads);
	m->tied_if_alone = false;
	m->norm.plus_one = true;
	m->embed_scale = sqrt(m->hidden);
	/* hidden_act is what old configs have; transformers does not read it */
	m->mlp.act = QF_ACT_GELU_TANH;
	qf_get_act(c, "hidden_activation", &m->mlp.act);
	qf_get_bool(c, "attention_bias", &m->attn.qkv_bias);
	m->attn.o_bias = m->attn.qkv_bias;
}

static void configure(struct qf_config *c, struct qf_model *m)
{
	/* GemmaConfig's defaults */
	m->hidden = 3072;
	m->inner = 24576;
	m->layers = 28;
	m->heads = 16;
	m->head_dim = 256;
	configure_both(c, m, 16);
}

QF_ARCH(gemma) = {
	.classes = {
		{ "GemmaForCausalLM", QF_HEAD_CAUSAL_LM },
	},
	.model_type = "gemma",
	.base = "model",
	.configure = configure,
	.embed = qf_embed_tokens,
	.layer = qf_layer,
};

static void configure_gemma2(struct qf_config *c, struct qf_model *m)
{
	double scalar = 256;

	/* Gemma2Config's defaults */
	m->hidden = 2304;
	m->inner = 9216;
	m->layers = 26;
	m->heads = 8;
	m->head_dim = 256;
	configure_both(c, m, 4);
	m->norm_attn_out = "post_attention_layernorm";
	m->norm_mlp = "pre_feedforward_layernorm";
	m->norm_mlp_out = "post_feedforward_layernorm";
	qf_get_window(c, 4096, &m->attn.window);
	m->attn.window_step = 2;
	qf_get_positive(c, "query_pre_attn_scalar", &scalar);
	m->attn.scale = 1 / sqrt(scalar);
	qf_get_cap(c, "attn_logit_softcapping", 50, &m->attn.softcap);
	qf_get_cap(c, "final_logit_softcapping", 30, &m->logit_softcap);
}

QF_ARCH(gemma2) = {
	.classes = {
		{ "Gemma2ForCausalLM", QF_HEAD_CAUSAL_LM },
	},
	.model_type = "gemma2",
	.base = "model",
	.configure = configure_gemma2,
	.embed = qf_embed_tokens,
	.layer = qf_layer,
};
