// SPDX-License-Identifier: MIT
#include <errno.h>
#include <math.h>

#include "libqeff/arch/bert_like.h"

const struct qf_attention qf_bert_attention = {
	.name = "attention", .qkv = QF_QKV_SEPARATE, .layout = QF_OUT_IN,
	.q = "self.query", .k = "self.key", .v = "self.value",
	.o = "output.dense", .qkv_bias = true, .o_bias = true,
};

const struct qf_masked_lm qf_roberta_masked_lm = {
	.dense = "lm_head/dense", .norm = "lm_head/layer_norm",
	.act = QF_ACT_GELU, .out = "lm_head/decoder", .bias = "lm_head",
};

const struct qf_classify qf_roberta_classify = {
	.pool = "classifier/dense", .act = QF_ACT_TANH,
	.out = "classifier/out_proj",
};

static const struct qf_mlp mlp = {
	.layout = QF_OUT_IN, .act = QF_ACT_GELU, .bias = true,
	.up = "intermediate.dense", .down = "output.dense",
};

static void get_sizes(struct qf_config *c, struct qf_model *m)
{
	/* BertConfig's defaults */
	if (!m->hidden)
		m->hidden = 768;
	if (!m->layers)
		m->layers = 12;
	if (!m->heads)
		m->heads = 12;
	if (!m->inner)
		m->inner = 3072;
	m->max_positions = 512;
	qf_get_int(c, "vocab_size", 1, 1 << 24, &m->vocab);
	qf_get_int(c, "hidden_size", 1, 1 << 20, &m->hidden);
	qf_get_int(c, "num_hidden_layers", 1, 1 << 12, &m->layers);
	qf_get_int(c, "num_attention_heads", 1, 1 << 16, &m->heads);
	qf_get_int(c, "intermediate_size", 1, 1 << 22, &m->inner);
	qf_get_int(c, "max_position_embeddings", 1, 1 << 28, &m->max_positions);
	qf_get_int(c, "pad_token_id", 0, INT32_MAX, &m->pad_id);
	if (!c->rc && m->hidden % m->heads)
		qf_config_fail(c, -EINVAL,
			       "hidden_size %u is not a multiple of num_attention_heads %u",
			       m->hidden, m->heads);
	m->kv_heads = m->heads;
	m->head_dim = m->hidden / m->heads;
	m->attn.scale = 1 / sqrt(m->head_dim);
}

void qf_configure_bert_like(struct qf_config *c, struct qf_model *m,
			    uint32_t pad)
{
	m->mlp = mlp;
	m->pad_id = pad;
	m->tied = true;
	m->norm.kind = QF_NORM_LAYER;
	get_sizes(c, m);
	m->embed = "embeddings.word_embeddings";
	m->embed_pos = "embeddings.position_embeddings";
	m->embed_norm = "embeddings.LayerNorm";
	m->layer = "encoder.layer";
	m->norm_attn = "attention.output.LayerNorm";
	m->norm_mlp = "output.LayerNorm";
	m->post_norm = true;
	qf_get_act(c, "hidden_act", &m->mlp.act);
	qf_get_positive(c, "layer_norm_eps", &m->norm.eps);
	qf_get_bool(c, "tie_word_embeddings", &m->tied);
	qf_require(c, "is_decoder", false);
	qf_require_text(c, "position_embedding_type", "absolute");
	qf_get_labels(c, m);
}

void qf_positions_by_pad(struct qf_config *c, struct qf_model *m)
{
	if (!c->rc && m->max_positions <= m->pad_id + 1)
		qf_config_fail(c, -EINVAL,
			       "max_position_embeddings %u leaves none: positions start at pad_token_id %u + 1",
			       m->max_positions, m->pad_id);
	m->pos_by_pad = true;
	m->pos_offset = m->pad_id + 1;
	m->max_positions -= m->pos_offset;
}
