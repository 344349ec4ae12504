// SPDX-License-Identifier: MIT
/* GPT2LMHeadModel. Its linear layers are Conv1D: weights are [in, out]. */
#include "libqeff/arch/gpt2_like.h"
#include "libqeff/arch.h"

static const struct qf_attention attention = {
	.name = "attn", .qkv = QF_QKV_FUSED, .layout = QF_IN_OUT,
	.q = "c_attn", .o = "c_proj", .qkv_bias = true, .o_bias = true,
};

static const struct qf_mlp mlp = {
	.name = "mlp", .layout = QF_IN_OUT, .act = QF_ACT_GELU_TANH,
	.up = "c_fc", .down = "c_proj", .bias = true,
};

static void configure(struct qf_config *c, struct qf_model *m)
{
	bool scale = true, upcast = false;

	m->attn = attention;
	m->mlp = mlp;
	m->embed_pos = "wpe";
	/* GPT2Config's defaults */
	m->vocab = 50257;
	m->hidden = 768;
	m->layers = m->heads = 12;
	m->max_positions = 1024;
	m->tied = true;
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
