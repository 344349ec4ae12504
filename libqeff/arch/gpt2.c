// SPDX-License-Identifier: MIT
/* GPT2LMHeadModel. Its linear layers are Conv1D: weights are [in, out]. */
#include <errno.h>
#include <math.h>

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
	m->embed = "wte";
	m->embed_pos = "wpe";
	m->layer = "h";
	m->norm_attn = "ln_1";
	m->norm_mlp = "ln_2";
	m->norm_final = "ln_f";

	/* GPT2Config's defaults */
	m->vocab = 50257;
	m->hidden = 768;
	m->layers = m->heads = 12;
	m->max_positions = 1024;
	m->norm.kind = QF_NORM_LAYER;
	m->norm.eps = 1e-5;
	m->tied = true;
	qf_get_int(c, "vocab_size", 1, 1 << 24, &m->vocab);
	qf_get_int(c, "n_embd", 1, 1 << 20, &m->hidden);
	qf_get_int(c, "n_layer", 1, 1 << 12, &m->layers);
	qf_get_int(c, "n_head", 1, 1 << 16, &m->heads);
	qf_get_int(c, "n_positions", 1, 1 << 28, &m->max_positions);
	/* GPT2Config's attribute_map: the usual names for the same things */
	qf_get_int(c, "hidden_size", 1, 1 << 20, &m->hidden);
	qf_get_int(c, "num_hidden_layers", 1, 1 << 12, &m->layers);
	qf_get_int(c, "num_attention_heads", 1, 1 << 16, &m->heads);
	qf_get_int(c, "max_position_embeddings", 1, 1 << 28, &m->max_positions);
	m->inner = 4 * m->hidden;
	qf_get_int(c, "n_inner", 1, 1 << 22, &m->inner);
	qf_get_act(c, "activation_function", &m->mlp.act);
	qf_get_positive(c, "layer_norm_epsilon", &m->norm.eps);
	qf_get_bool(c, "tie_word_embeddings", &m->tied);
	qf_get_bool(c, "scale_attn_weights", &scale);
	qf_get_bool(c, "scale_attn_by_inverse_layer_idx",
		    &m->attn.scale_by_layer);
	/* another order of the same products, in FP32: what we do anyway */
	qf_get_bool(c, "reorder_and_upcast_attn", &upcast);
	if (c->rc)
		return;
	if (m->hidden % m->heads)
		qf_config_fail(c, -EINVAL,
			       "n_embd %u is not a multiple of n_head %u",
			       m->hidden, m->heads);
	m->kv_heads = m->heads;
	m->head_dim = m->hidden / m->heads;
	m->attn.scale = scale ? 1 / sqrt(m->head_dim) : 1;
}

QF_ARCH(gpt2) = {
	.name = "GPT2LMHeadModel",
	.model_type = "gpt2",
	.base = "transformer",
	.configure = configure,
	.embed = qf_embed_tokens,
	.layer = qf_layer,
	.head = qf_head_causal_lm,
};
