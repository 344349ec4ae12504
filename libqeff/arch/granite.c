// SPDX-License-Identifier: MIT
/* GraniteForCausalLM: Llama with multipliers. */
#include "libqeff/arch/llama_like.h"
#include "libqeff/arch.h"

static void configure(struct qf_config *c, struct qf_model *m)
{
	double logits = 1;

	/* GraniteConfig's defaults */
	m->hidden = 4096;
	m->inner = 11008;
	m->max_positions = 2048;
	qf_configure_llama_like(c, m, 0);
	m->attn.scale = 1;
	qf_get_positive(c, "attention_multiplier", &m->attn.scale);
	qf_get_positive(c, "embedding_multiplier", &m->embed_scale);
	qf_get_positive(c, "residual_multiplier", &m->residual_scale);
	qf_get_positive(c, "logits_scaling", &logits);
	if (!c->rc)
		m->logit_scale = 1 / logits;
	qf_get_bool(c, "attention_bias", &m->attn.qkv_bias);
	m->attn.o_bias = m->attn.qkv_bias;
	qf_get_bool(c, "mlp_bias", &m->mlp.bias);
}

QF_ARCH(granite) = {
	.classes = {
		{ "GraniteForCausalLM", QF_HEAD_CAUSAL_LM },
	},
	.model_type = "granite",
	.base = "model",
	.configure = configure,
	.embed = qf_embed_tokens,
	.layer = qf_layer,
};
