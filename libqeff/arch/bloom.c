// SPDX-License-Identifier: MIT
/* BloomForCausalLM: ALiBi, normed embeddings. */
#include <errno.h>
#include <math.h>

#include "libqeff/arch.h"

static const struct qf_attention attention = {
	.name = "self_attention", .qkv = QF_QKV_FUSED, .layout = QF_OUT_IN,
	.q = "query_key_value", .o = "dense", .qkv_bias = true, .o_bias = true,
};

/* BloomGelu is the tanh approximation */
static const struct qf_mlp mlp = {
	.name = "mlp", .layout = QF_OUT_IN, .act = QF_ACT_GELU_TANH,
	.up = "dense_h_to_4h", .down = "dense_4h_to_h", .bias = true,
};

static void configure(struct qf_config *c, struct qf_model *m)
{
	m->attn = attention;
	m->mlp = mlp;
	m->embed = "word_embeddings";
	m->embed_norm = "word_embeddings_layernorm";
	m->layer = "h";
	m->norm_attn = "input_layernorm";
	m->norm_mlp = "post_attention_layernorm";
	m->norm_final = "ln_f";
	/* BloomConfig's defaults; seq_length is a note of the training */
	m->vocab = 250880;
	m->hidden = 64;
	m->layers = 2;
	m->heads = 8;
	m->max_positions = 1 << 20;
	m->norm.kind = QF_NORM_LAYER;
	m->norm.eps = 1e-5;
	m->tied = true;
	qf_get_int(c, "vocab_size", 1, 1 << 24, &m->vocab);
	qf_get_int(c, "hidden_size", 1, 1 << 20, &m->hidden);
	qf_get_int(c, "n_embed", 1, 1 << 20, &m->hidden);
	qf_get_int(c, "num_hidden_layers", 1, 1 << 12, &m->layers);
	qf_get_int(c, "n_layer", 1, 1 << 12, &m->layers);
	qf_get_int(c, "num_attention_heads", 1, 1 << 16, &m->heads);
	qf_get_int(c, "n_head", 1, 1 << 16, &m->heads);
	qf_get_positive(c, "layer_norm_epsilon", &m->norm.eps);
	qf_get_bool(c, "tie_word_embeddings", &m->tied);
	qf_get_bool(c, "apply_residual_connection_post_layernorm",
		    &m->residual_normed);
	if (!c->rc && m->hidden % m->heads)
		qf_config_fail(c, -EINVAL,
			       "hidden_size %u is not a multiple of n_head %u",
			       m->hidden, m->heads);
	if (c->rc)
		return;
	m->inner = 4 * m->hidden;
	m->kv_heads = m->attn.blocks = m->heads;
	m->head_dim = m->hidden / m->heads;
	m->attn.scale = 1 / sqrt(m->head_dim);
	m->alibi.max = 8;
}

QF_ARCH(bloom) = {
	.classes = {
		{ "BloomForCausalLM", QF_HEAD_CAUSAL_LM },
	},
	.model_type = "bloom",
	.base = "transformer",
	.configure = configure,
	.embed = qf_embed_tokens,
	.layer = qf_layer,
};
