// SPDX-License-Identifier: MIT
/* Phi3ForCausalLM: Llama's blocks with fused products; longrope. */
#include "libqeff/arch/llama_like.h"
#include "libqeff/arch.h"

static void configure(struct qf_config *c, struct qf_model *m)
{
	/* Phi3Config's defaults */
	m->vocab = 32064;
	m->hidden = 3072;
	m->inner = 8192;
	m->max_positions = 4096;
	m->rope.original = 4096;
	qf_configure_llama_like(c, m, 0);
	if (!qf_has(c, "rms_norm_eps"))
		m->norm.eps = 1e-5;
	m->attn.qkv = QF_QKV_FUSED;
	m->attn.q = "qkv_proj";
	m->mlp.gate = NULL;
	m->mlp.up = "gate_up_proj";
	m->mlp.gate_up = true;
	qf_get_window(c, 0, &m->attn.window);
}

QF_ARCH(phi3) = {
	.classes = {
		{ "Phi3ForCausalLM", QF_HEAD_CAUSAL_LM },
	},
	.model_type = "phi3",
	.base = "model",
	.configure = configure,
	.embed = qf_embed_tokens,
	.layer = qf_layer,
};
