// SPDX-License-Identifier: MIT
/*
 * StableLmForCausalLM: Llama's blocks with LayerNorm; a quarter of each head
 * rotates. The 12B one has parallel branches and a norm for each head's q and k.
 */
#include "libqeff/arch/llama_like.h"
#include "libqeff/arch.h"

static void configure(struct qf_config *c, struct qf_model *m)
{
	bool qk_norm = false;

	/* StableLmConfig's defaults */
	m->vocab = 50304;
	m->hidden = 2560;
	m->inner = 6912;
	m->max_positions = 4096;
	m->rope.partial = 0.25;
	qf_configure_llama_like(c, m, 32);
	qf_get_layer_norm(c, m, "layer_norm_eps");
	m->tied_if_alone = false;
	qf_get_bool(c, "use_qkv_bias", &m->attn.qkv_bias);
	qf_get_bool(c, "use_parallel_residual", &m->parallel);
	if (m->parallel)
		m->norm_mlp = NULL;
	qf_get_bool(c, "qk_layernorm", &qk_norm);
	if (!qk_norm)
		return;
	m->attn.qk_norm = QF_QK_NORM_LIST;
	m->attn.q_norm = "q_layernorm";
	m->attn.k_norm = "k_layernorm";
}

QF_ARCH(stablelm) = {
	.classes = {
		{ "StableLmForCausalLM", QF_HEAD_CAUSAL_LM },
	},
	.model_type = "stablelm",
	.base = "model",
	.configure = configure,
	.embed = qf_embed_tokens,
	.layer = qf_layer,
};
