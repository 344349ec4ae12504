// SPDX-License-Identifier: MIT
/*
 * OlmoForCausalLM and Olmo2ForCausalLM. The first norms without weights and may
 * clip q, k and v. The second norms q and k, each over all heads at once, and what
 * comes out of the branches instead of what goes in.
 */
#include "libqeff/arch/llama_like.h"
#include "libqeff/arch.h"

/* OlmoConfig's and Olmo2Config's defaults */
static void configure_both(struct qf_config *c, struct qf_model *m)
{
	m->vocab = 50304;
	m->hidden = 4096;
	m->inner = 11008;
	m->max_positions = 2048;
	qf_configure_llama_like(c, m, 0);
	m->tied_if_alone = false;
	qf_get_bool(c, "attention_bias", &m->attn.qkv_bias);
	m->attn.o_bias = m->attn.qkv_bias;
}

static void configure(struct qf_config *c, struct qf_model *m)
{
	configure_both(c, m);
	qf_get_cap(c, "clip_qkv", 0, &m->attn.clip);
	m->norm.kind = QF_NORM_LAYER;
	m->norm.no_weight = true;
	m->norm.eps = 1e-5;	/* OlmoLayerNorm's; there is no field */
}

QF_ARCH(olmo) = {
	.classes = {
		{ "OlmoForCausalLM", QF_HEAD_CAUSAL_LM },
	},
	.model_type = "olmo",
	.base = "model",
	.configure = configure,
	.embed = qf_embed_tokens,
	.layer = qf_layer,
};

static void configure_olmo2(struct qf_config *c, struct qf_model *m)
{
	configure_both(c, m);
	if (!qf_has(c, "rms_norm_eps"))
		m->norm.eps = 1e-5;
	m->norm_attn = m->norm_mlp = NULL;
	m->norm_attn_out = "post_attention_layernorm";
	m->norm_mlp_out = "post_feedforward_layernorm";
	m->attn.qk_norm = QF_QK_NORM_ALL;
	m->attn.q_norm = "q_norm";
	m->attn.k_norm = "k_norm";
}

QF_ARCH(olmo2) = {
	.classes = {
		{ "Olmo2ForCausalLM", QF_HEAD_CAUSAL_LM },
	},
	.model_type = "olmo2",
	.base = "model",
	.configure = configure_olmo2,
	.embed = qf_embed_tokens,
	.layer = qf_layer,
};
