// SPDX-License-Identifier: MIT
/* MptForCausalLM: ALiBi, LayerNorm without biases. */
#include <errno.h>
#include <jansson.h>
#include <math.h>
#include <string.h>

#include "libqeff/arch.h"

static const struct qf_attention attention = {
	.name = "attn", .qkv = QF_QKV_FUSED, .layout = QF_OUT_IN,
	.q = "Wqkv", .o = "out_proj",
};

static const struct qf_mlp mlp = {
	.name = "ffn", .layout = QF_OUT_IN, .act = QF_ACT_GELU,
	.up = "up_proj", .down = "down_proj",
};

/* A string field that names one of several ways; we have one of them. */
static void only(struct qf_config *c, const char *key, const char *value)
{
	const char *s = json_string_value(qf_field(c, key));

	if (s && strcmp(s, value))
		qf_config_fail(c, -EOPNOTSUPP,
			       "field \"%s\" is \"%.40s\"; only \"%s\" is supported",
			       key, s, value);
}

/* The fields of attn_config. */
static void get_attention(struct qf_config *c, struct qf_model *m)
{
	struct json_t *root = qf_enter_field(c, "attn_config");

	m->attn.scale = 1 / sqrt(m->head_dim);
	m->alibi.max = 8;
	if (!root)
		return;
	only(c, "attn_type", "multihead_attention");
	qf_require(c, "alibi", true);
	qf_require(c, "prefix_lm", false);
	qf_require(c, "qk_ln", false);
	qf_require(c, "attn_uses_sequence_id", false);
	qf_get_positive(c, "alibi_bias_max", &m->alibi.max);
	qf_get_positive(c, "softmax_scale", &m->attn.scale);
	qf_get_cap(c, "clip_qkv", 0, &m->attn.clip);
	qf_leave_field(c, root);
}

static void configure(struct qf_config *c, struct qf_model *m)
{
	uint32_t ratio = 4;

	m->attn = attention;
	m->mlp = mlp;
	m->embed = "wte";
	m->layer = "blocks";
	m->norm_attn = "norm_1";
	m->norm_mlp = "norm_2";
	m->norm_final = "norm_f";
	/* MptConfig's defaults */
	m->vocab = 50368;
	m->hidden = 2048;
	m->layers = 24;
	m->heads = 16;
	m->max_positions = 2048;
	m->norm.kind = QF_NORM_LAYER;
	m->norm.no_bias = true;
	m->norm.eps = 1e-5;
	m->tied = true;
	qf_get_int(c, "vocab_size", 1, 1 << 24, &m->vocab);
	qf_get_int(c, "d_model", 1, 1 << 20, &m->hidden);
	qf_get_int(c, "n_layers", 1, 1 << 12, &m->layers);
	qf_get_int(c, "n_heads", 1, 1 << 16, &m->heads);
	qf_get_int(c, "max_seq_len", 1, 1 << 28, &m->max_positions);
	qf_get_int(c, "expansion_ratio", 1, 64, &ratio);
	qf_get_positive(c, "layer_norm_epsilon", &m->norm.eps);
	qf_get_bool(c, "tie_word_embeddings", &m->tied);
	qf_require(c, "no_bias", true);
	only(c, "norm_type", "low_precision_layernorm");
	qf_refuse(c, "logit_scale");
	if (!c->rc && m->hidden % m->heads)
		qf_config_fail(c, -EINVAL,
			       "d_model %u is not a multiple of n_heads %u",
			       m->hidden, m->heads);
	if (c->rc)
		return;
	m->inner = ratio * m->hidden;
	m->kv_heads = m->heads;
	m->head_dim = m->hidden / m->heads;
	get_attention(c, m);
}

QF_ARCH(mpt) = {
	.classes = {
		{ "MptForCausalLM", QF_HEAD_CAUSAL_LM },
		{ "MPTForCausalLM", QF_HEAD_CAUSAL_LM },
	},
	.model_type = "mpt",
	.base = "transformer",
	.configure = configure,
	.embed = qf_embed_tokens,
	.layer = qf_layer,
};
