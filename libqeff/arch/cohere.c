// SPDX-License-Identifier: MIT
/*
 * CohereForCausalLM (Command R): one LayerNorm without bias feeds both branches,
 * pairs of neighbours rotate, the logits are scaled; each head may norm its
 * queries and keys.
 */
#include "libqeff/arch/llama_like.h"
#include "libqeff/arch.h"

static void configure(struct qf_config *c, struct qf_model *m)
{
	bool qk_norm = false;

	/* CohereConfig's defaults */
	m->vocab = 256000;
	m->hidden = 8192;
	m->inner = 22528;
	m->layers = 40;
	m->heads = 64;
	m->max_positions = 8192;
	m->tied = true;
	m->logit_scale = 0.0625;
	m->rope.kind = QF_ROPE_INTERLEAVED;
	qf_configure_llama_like(c, m, 0);
	qf_get_layer_norm(c, m, "layer_norm_eps");
	m->norm.no_bias = true;
	m->norm_mlp = NULL;
	m->parallel = true;
	m->tied_if_alone = false;
	qf_get_positive(c, "logit_scale", &m->logit_scale);
	qf_get_bool(c, "attention_bias", &m->attn.qkv_bias);
	m->attn.o_bias = m->attn.qkv_bias;
	qf_get_bool(c, "use_qk_norm", &qk_norm);
	if (!qk_norm)
		return;
	m->attn.qk_norm = QF_QK_NORM_ROWS;
	m->attn.q_norm = "q_norm";
	m->attn.k_norm = "k_norm";
}

QF_ARCH(cohere) = {
	.classes = {
		{ "CohereForCausalLM", QF_HEAD_CAUSAL_LM },
	},
	.model_type = "cohere",
	.base = "model",
	.configure = configure,
	.embed = qf_embed_tokens,
	.layer = qf_layer,
};
