// SPDX-License-Identifier: MIT
/* Qwen2ForCausalLM: Llama's blocks, biases on q, k and v. */
#include "libqeff/arch/llama_like.h"
#include "libqeff/arch.h"

static void configure(struct qf_config *c, struct qf_model *m)
{
	bool sliding = false;

	/* Qwen2Config's defaults */
	m->vocab = 151936;
	m->hidden = 4096;
	m->inner = 22016;
	m->max_positions = 32768;
	qf_configure_llama_like(c, m, 32);
	m->attn.qkv_bias = true;
	qf_get_bool(c, "use_sliding_window", &sliding);
	if (!sliding)
		return;
	/* the first max_window_layers layers see everything */
	m->attn.window_from = 28;
	qf_get_window(c, 4096, &m->attn.window);
	qf_get_int(c, "max_window_layers", 0, 1 << 16, &m->attn.window_from);
}

QF_ARCH(qwen2) = {
	.classes = {
		{ "Qwen2ForCausalLM", QF_HEAD_CAUSAL_LM },
		{ "Qwen2ForSequenceClassification", QF_HEAD_CLASSIFY },
	},
	.model_type = "qwen2",
	.base = "model",
	.configure = configure,
	.embed = qf_embed_tokens,
	.layer = qf_layer,
};
