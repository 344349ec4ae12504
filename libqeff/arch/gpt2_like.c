// SPDX-License-Identifier: MIT
#include <errno.h>
#include <math.h>

#include "libqeff/arch/gpt2_like.h"

void qf_gpt2_defaults(struct qf_model *m, enum qf_layout layout)
{
	m->attn = (struct qf_attention) {
		.name = "attn", .qkv = QF_QKV_FUSED, .layout = layout,
		.q = "c_attn", .o = "c_proj", .qkv_bias = true, .o_bias = true,
	};
	m->mlp = (struct qf_mlp) {
		.name = "mlp", .layout = layout, .act = QF_ACT_GELU_TANH,
		.up = "c_fc", .down = "c_proj", .bias = true,
	};
	m->vocab = 50257;
	m->hidden = 768;
	m->layers = m->heads = 12;
	m->max_positions = 1024;
	m->tied = true;
}

void qf_configure_gpt2_like(struct qf_config *c, struct qf_model *m)
{
	m->embed = "wte";
	m->layer = "h";
	m->norm_attn = "ln_1";
	m->norm_mlp = "ln_2";
	m->norm_final = "ln_f";
	m->norm.kind = QF_NORM_LAYER;
	m->norm.eps = 1e-5;
	qf_get_int(c, "vocab_size", 1, 1 << 24, &m->vocab);
	qf_get_int(c, "n_embd", 1, 1 << 20, &m->hidden);
	qf_get_int(c, "n_layer", 1, 1 << 12, &m->layers);
	qf_get_int(c, "n_head", 1, 1 << 16, &m->heads);
	qf_get_int(c, "n_positions", 1, 1 << 28, &m->max_positions);
	/* the classes' attribute_map: the usual names for the same things */
	qf_get_int(c, "hidden_size", 1, 1 << 20, &m->hidden);
	qf_get_int(c, "num_hidden_layers", 1, 1 << 12, &m->layers);
	qf_get_int(c, "num_attention_heads", 1, 1 << 16, &m->heads);
	qf_get_int(c, "max_position_embeddings", 1, 1 << 28, &m->max_positions);
	m->inner = 4 * m->hidden;
	qf_get_int(c, "n_inner", 1, 1 << 22, &m->inner);
	if (!m->mlp.gate)	/* else it names the gating as well */
		qf_get_act(c, "activation_function", &m->mlp.act);
	qf_get_positive(c, "layer_norm_epsilon", &m->norm.eps);
	qf_get_bool(c, "tie_word_embeddings", &m->tied);
	if (c->rc)
		return;
	if (m->hidden % m->heads)
		qf_config_fail(c, -EINVAL,
			       "n_embd %u is not a multiple of n_head %u",
			       m->hidden, m->heads);
	m->kv_heads = m->heads;
	m->head_dim = m->hidden / m->heads;
	m->attn.scale = 1 / sqrt(m->head_dim);
}
