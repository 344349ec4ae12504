// SPDX-License-Identifier: MIT
#include <errno.h>
#include <math.h>

#include "libqeff/arch/llama_like.h"

static const struct qf_attention attention = {
	.name = "self_attn", .qkv = QF_QKV_SEPARATE, .layout = QF_OUT_IN,
	.q = "q_proj", .k = "k_proj", .v = "v_proj", .o = "o_proj",
};

static const struct qf_mlp mlp = {
	.name = "mlp", .layout = QF_OUT_IN, .act = QF_ACT_SILU,
	.gate = "gate_proj", .up = "up_proj", .down = "down_proj",
};

/* head_dim and num_key_value_heads, with what they are when absent or null. */
static void get_heads(struct qf_config *c, struct qf_model *m,
		      uint32_t kv_heads)
{
	if (!m->heads)
		m->heads = 32;
	qf_get_int(c, "num_attention_heads", 1, 1 << 16, &m->heads);
	m->kv_heads = m->heads;
	if (kv_heads && !qf_has(c, "num_key_value_heads"))
		m->kv_heads = kv_heads;
	qf_get_int(c, "num_key_value_heads", 1, 1 << 16, &m->kv_heads);
	qf_get_int(c, "head_dim", 1, 1 << 16, &m->head_dim);
	if (c->rc || m->head_dim)
		return;
	if (m->hidden % m->heads)
		qf_config_fail(c, -EINVAL,
			       "hidden_size %u is not a multiple of num_attention_heads %u",
			       m->hidden, m->heads);
	m->head_dim = m->hidden / m->heads;
}

void qf_configure_llama_like(struct qf_config *c, struct qf_model *m,
			     uint32_t kv_heads)
{
	m->attn = attention;
	m->mlp = mlp;
	m->embed = "embed_tokens";
	m->layer = "layers";
	m->norm_attn = "input_layernorm";
	m->norm_mlp = "post_attention_layernorm";
	m->norm_final = "norm";

	if (!m->vocab)
		m->vocab = 32000;
	if (!m->layers)
		m->layers = 32;
	m->norm.kind = QF_NORM_RMS;
	m->norm.eps = 1e-6;
	m->tied_if_alone = !qf_has(c, "tie_word_embeddings");
	qf_get_int(c, "vocab_size", 1, 1 << 24, &m->vocab);
	qf_get_int(c, "hidden_size", 1, 1 << 20, &m->hidden);
	qf_get_int(c, "intermediate_size", 1, 1 << 22, &m->inner);
	qf_get_int(c, "num_hidden_layers", 1, 1 << 12, &m->layers);
	qf_get_int(c, "max_position_embeddings", 1, 1 << 28, &m->max_positions);
	qf_get_act(c, "hidden_act", &m->mlp.act);
	qf_get_positive(c, "rms_norm_eps", &m->norm.eps);
	qf_get_bool(c, "tie_word_embeddings", &m->tied);
	get_heads(c, m, kv_heads);
	if (c->rc)
		return;
	m->attn.scale = 1 / sqrt(m->head_dim);
	qf_get_rope(c, m);
}

void qf_get_layer_norm(struct qf_config *c, struct qf_model *m,
		       const char *eps)
{
	m->norm.kind = QF_NORM_LAYER;
	m->norm.eps = 1e-5;
	qf_get_positive(c, eps, &m->norm.eps);
}

void qf_use_attention(struct qf_model *m, const struct qf_attention *attn)
{
	double scale = m->attn.scale;

	m->attn = *attn;
	m->attn.scale = scale;
}

void qf_get_experts(struct qf_config *c, struct qf_model *m, const char *key)
{
	qf_get_int(c, key, 1, 1 << 10, &m->moe.experts);
	qf_get_int(c, "num_experts_per_tok", 1, 1 << 10, &m->moe.chosen);
	if (!c->rc && m->moe.chosen > m->moe.experts)
		qf_config_fail(c, -EINVAL,
			       "field \"num_experts_per_tok\" is %u, but there are %u experts",
			       m->moe.chosen, m->moe.experts);
}
