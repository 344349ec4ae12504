// SPDX-License-Identifier: MIT
/* MixtralForCausalLM: Mistral with a mixture of experts for its MLP. */
#include <errno.h>

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
	qf_get_int(c, "num_local_experts", 1, 1 << 10, &m->moe.experts);
	qf_get_int(c, "num_experts_per_tok", 1, 1 << 10, &m->moe.chosen);
	if (!c->rc && m->moe.chosen > m->moe.experts)
		qf_config_fail(c, -EINVAL,
			       "field \"num_experts_per_tok\" is %u, but there are %u experts",
			       m->moe.chosen, m->moe.experts);
}

QF_ARCH(mixtral) = {
	.name = "MixtralForCausalLM",
	.model_type = "mixtral",
	.base = "model",
	.configure = configure,
	.embed = qf_embed_tokens,
	.layer = qf_layer,
	.head = qf_head_causal_lm,
};
