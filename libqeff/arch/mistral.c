// SPDX-License-Identifier: MIT
/* MistralForCausalLM: Llama's blocks and a sliding window. */
#include "libqeff/arch/llama_like.h"
#include "libqeff/arch.h"

static void configure(struct qf_config *c, struct qf_model *m)
{
	/* MistralConfig's defaults */
	m->hidden = 4096;
	m->inner = 14336;
	m->max_positions = 4096 * 32;
	qf_configure_llama_like(c, m, 8);
	qf_get_window(c, 4096, &m->attn.window);
}

QF_ARCH(mistral) = {
	.classes = {
		{ "MistralForCausalLM", QF_HEAD_CAUSAL_LM },
		{ "MistralForSequenceClassification", QF_HEAD_CLASSIFY },
	},
	.model_type = "mistral",
	.base = "model",
	.configure = configure,
	.embed = qf_embed_tokens,
	.layer = qf_layer,
};
