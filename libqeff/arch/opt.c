// SPDX-License-Identifier: MIT
/*
 * OPTForCausalLM: learned positions from row 2 on; the 350M one norms its sums
 * and projects narrower embeddings.
 */
#include <errno.h>
#include <math.h>

#include "libqeff/arch.h"

static const struct qf_attention attention = {
	.name = "self_attn", .qkv = QF_QKV_SEPARATE, .layout = QF_OUT_IN,
	.q = "q_proj", .k = "k_proj", .v = "v_proj", .o = "out_proj",
};

static const struct qf_mlp mlp = {
	.layout = QF_OUT_IN, .act = QF_ACT_RELU, .up = "fc1", .down = "fc2",
};

static void get_sizes(struct qf_config *c, struct qf_model *m)
{
	/* OPTConfig's defaults */
	m->vocab = 50272;
	m->hidden = 768;
	m->layers = m->heads = 12;
	m->inner = 3072;
	m->max_positions = 2048;
	m->norm.kind = QF_NORM_LAYER;
	m->norm.eps = 1e-5;	/* torch's default; there is no field */
	m->tied = true;
	qf_get_int(c, "vocab_size", 1, 1 << 24, &m->vocab);
	qf_get_int(c, "hidden_size", 1, 1 << 20, &m->hidden);
	qf_get_int(c, "num_hidden_layers", 1, 1 << 12, &m->layers);
	qf_get_int(c, "num_attention_heads", 1, 1 << 16, &m->heads);
	qf_get_int(c, "ffn_dim", 1, 1 << 22, &m->inner);
	qf_get_int(c, "max_position_embeddings", 1, 1 << 28, &m->max_positions);
	m->embed_width = m->hidden;
	qf_get_int(c, "word_embed_proj_dim", 1, 1 << 20, &m->embed_width);
	if (!c->rc && m->hidden % m->heads)
		qf_config_fail(c, -EINVAL,
			       "hidden_size %u is not a multiple of num_attention_heads %u",
			       m->hidden, m->heads);
	m->kv_heads = m->heads;
	m->head_dim = m->hidden / m->heads;
	m->attn.scale = 1 / sqrt(m->head_dim);
}

static void configure(struct qf_config *c, struct qf_model *m)
{
	bool before = true, no_final = false, bias = true;

	m->attn = attention;
	m->mlp = mlp;
	get_sizes(c, m);
	m->embed = "decoder.embed_tokens";
	m->embed_pos = "decoder.embed_positions";
	m->pos_offset = 2;
	m->layer = "decoder.layers";
	m->norm_attn = "self_attn_layer_norm";
	m->norm_mlp = "final_layer_norm";
	qf_get_act(c, "activation_function", &m->mlp.act);
	qf_get_bool(c, "tie_word_embeddings", &m->tied);
	qf_get_bool(c, "do_layer_norm_before", &before);
	qf_get_bool(c, "_remove_final_layer_norm", &no_final);
	qf_get_bool(c, "enable_bias", &bias);
	qf_require(c, "layer_norm_elementwise_affine", true);
	m->attn.qkv_bias = m->attn.o_bias = m->mlp.bias = bias;
	m->post_norm = !before;
	if (before && !no_final)
		m->norm_final = "decoder.final_layer_norm";
	if (m->embed_width != m->hidden) {
		m->embed_in = "decoder.project_in";
		m->embed_out = "decoder.project_out";
	}
}

QF_ARCH(opt) = {
	.classes = {
		{ "OPTForCausalLM", QF_HEAD_CAUSAL_LM },
	},
	.model_type = "opt",
	.base = "model",
	.configure = configure,
	.embed = qf_embed_tokens,
	.layer = qf_layer,
};
