// SPDX-License-Identifier: MIT
/*
 * GlmForCausalLM (GLM-4 in transformers' own form): Llama's blocks; pairs of
 * neighbours rotate in half of each head; gate and up in one product.
 */
#include "libqeff/arch/llama_like.h"
#include "libqeff/arch.h"

static void configure(struct qf_config *c, struct qf_model *m)
{
	/* GlmConfig's defaults */
	m->vocab = 151552;
	m->hidden = 4096;
	m->inner = 13696;
	m->layers = 40;
	m->heads = 32;
	m->head_dim = 128;
	m->max_positions = 131072;
	m->rope.kind = QF_ROPE_INTERLEAVED;
	m->rope.partial = 0.5;
	qf_configure_llama_like(c, m, 2);
	m->tied_if_alone = false;
	if (!qf_has(c, "rms_norm_eps"))
		m->norm.eps = 1.5625e-7;
	m->mlp.gate = NULL;
	m->mlp.up = "gate_up_proj";
	m->mlp.gate_up = true;
	/* o_proj has none in any case */
	qf_get_bool(c, "attention_bias", &m->attn.qkv_bias);
}

QF_ARCH(glm) = {
	.classes = {
		{ "GlmForCausalLM", QF_HEAD_CAUSAL_LM },
	},
	.model_type = "glm",
	.base = "model",
	.configure = configure,
	.embed = qf_embed_tokens,
	.layer = qf_layer,
};
