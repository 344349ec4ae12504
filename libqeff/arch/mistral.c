// SPDX-License-Identifier: MIT
/* MistralForCausalLM: Llama's blocks and a sliding window. */
#include "libqeff/arch/llama_like.h"
#include "libqeff/arch.h"

static void configure(struct qf_config *c, struct qf_model *m)
{
	/* MistralConfig's defaults; a null window is none, an absent one 4096 */
	m->hidden = 4096;
	m->inner = 14336;
	m->max_positions = 4096 * 32;
	m->attn.window = qf_has(c, "sliding_window") ? 0 : 4096;
	qf_configure_llama_like(c, m, 8);
	qf_get_int(c, "sliding_window", 1, INT32_MAX, &m->attn.window);
}

QF_ARCH(mistral) = {
	.name = "MistralForCausalLM",
	.model_type = "mistral",
	.base = "model",
	.configure = configure,
	.embed = qf_embed_tokens,
	.layer = qf_layer_prenorm,
	.head = qf_head_causal_lm,
};
