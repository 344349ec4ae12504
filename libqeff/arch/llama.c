// SPDX-License-Identifier: MIT
/*
 * LlamaForCausalLM: Llama 1 to 3.x, CodeLlama, Vicuna, xgen-7b, codegen25 and
 * whatever else is saved under that class.
 */
#include "libqeff/arch/llama_like.h"
#include "libqeff/arch.h"

static void configure(struct qf_config *c, struct qf_model *m)
{
	/* LlamaConfig's defaults */
	m->hidden = 4096;
	m->inner = 11008;
	m->max_positions = 2048;
	qf_configure_llama_like(c, m, 0);
	qf_get_bool(c, "attention_bias", &m->attn.qkv_bias);
	m->attn.o_bias = m->attn.qkv_bias;
	qf_get_bool(c, "mlp_bias", &m->mlp.bias);
	/*
	 * pretraining_tp splits products to repeat the rounding of training; the
	 * numbers are the same.
	 */
}

QF_ARCH(llama) = {
	.classes = {
		{ "LlamaForCausalLM", QF_HEAD_CAUSAL_LM },
		{ "LlamaForSequenceClassification", QF_HEAD_CLASSIFY },
	},
	.model_type = "llama",
	.base = "model",
	.configure = configure,
	.embed = qf_embed_tokens,
	.layer = qf_layer,
};
