// SPDX-License-Identifier: MIT
/* MixtralForCausalLM: Mistral with a mixture of experts for its MLP. */
#include "libqeff/arch/llama_like.h"
#include "libqeff/arch.h"

static const struct qf_moe moe = {
	.name = "block_sparse_moe", .router = "gate", .list = "experts",
	.gate = "w1", .up = "w3", .down = "w2",
};

static void configure(struct qf_config *c, struct qf_model *m)
{
	/* MixtralConfig's defaults */
	m->hidden = 4096;
	m->inner = 14336;
	m->max_positions = 4096 * 32;
	m->rope.theta = 1e6;
	qf_configure_llama_like(c, m, 8);
	if (!qf_has(c, "rms_norm_eps"))
		m->norm.eps = 1e-5;
	qf_get_window(c, 0, &m->attn.window);
	m->moe = moe;
	m->moe.act = m->mlp.act;
	m->moe.experts = 8;
	m->moe.chosen = 2;
	qf_get_experts(c, m, "num_local_experts");
}

QF_ARCH(mixtral) = {
	.classes = {
		{ "MixtralForCausalLM", QF_HEAD_CAUSAL_LM },
	},
	.model_type = "mixtral",
	.base = "model",
	.configure = configure,
	.embed = qf_embed_tokens,
	.layer = qf_layer,
};
