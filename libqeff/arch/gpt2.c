// SPDX-License-Identifier: MIT
/* GPT2LMHeadModel. Its linear layers are Conv1D: weights are [in, out]. */
#include "libqeff/arch/gpt2_like.h"
#include "libqeff/arch.h"

static void configure(struct qf_config *c, struct qf_model *m)
{
	bool scale = true, upcast = false;

	qf_gpt2_defaults(m, QF_IN_OUT);
	m->embed_pos = "wpe";
	qf_configure_gpt2_like(c, m);
	qf_get_bool(c, "scale_attn_weights", &scale);
	qf_get_bool(c, "scale_attn_by_inverse_layer_idx",
		    &m->attn.scale_by_layer);
	/* another order of the same products, in FP32: what we do anyway */
	qf_get_bool(c, "reorder_and_upcast_attn", &upcast);
	if (!scale)
		m->attn.scale = 1;
}

QF_ARCH(gpt2) = {
	.classes = {
		{ "GPT2LMHeadModel", QF_HEAD_CAUSAL_LM },
		{ "GPT2ForSequenceClassification", QF_HEAD_CLASSIFY },
	},
	.model_type = "gpt2",
	.base = "transformer",
	.configure = configure,
	.embed = qf_embed_tokens,
	.layer = qf_layer,
};
