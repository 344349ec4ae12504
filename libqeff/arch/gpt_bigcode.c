// SPDX-License-Identifier: MIT
/*
 * GPTBigCodeForCausalLM (StarCoder, SantaCoder): GPT-2 with Linear weights and
 * one key/value head; without multi_query each head's q, k and v lie together.
 */
#include "libqeff/arch/gpt2_like.h"
#include "libqeff/arch.h"

static void configure(struct qf_config *c, struct qf_model *m)
{
	bool scale = true, multi_query = true;

	qf_gpt2_defaults(m, QF_OUT_IN);
	m->embed_pos = "wpe";
	qf_configure_gpt2_like(c, m);
	qf_get_bool(c, "scale_attn_weights", &scale);
	qf_get_bool(c, "multi_query", &multi_query);
	/* the fields of softmax in FP32 ask for what we do anyway */
	if (!scale)
		m->attn.scale = 1;
	if (multi_query)
		m->kv_heads = 1;
	m->attn.blocks = m->kv_heads;
}

QF_ARCH(gpt_bigcode) = {
	.classes = {
		{ "GPTBigCodeForCausalLM", QF_HEAD_CAUSAL_LM },
	},
	.model_type = "gpt_bigcode",
	.base = "transformer",
	.configure = configure,
	.embed = qf_embed_tokens,
	.layer = qf_layer,
};
