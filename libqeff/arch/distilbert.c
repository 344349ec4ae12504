// SPDX-License-Identifier: MIT
/* DistilBertModel and its heads: BERT without token types, with its own names. */
#include <errno.h>
#include <math.h>

#include "libqeff/arch.h"

static const struct qf_attention attention = {
	.name = "attention", .qkv = QF_QKV_SEPARATE, .layout = QF_OUT_IN,
	.q = "q_lin", .k = "k_lin", .v = "v_lin", .o = "out_lin",
	.qkv_bias = true, .o_bias = true,
};

static const struct qf_mlp mlp = {
	.name = "ffn", .layout = QF_OUT_IN, .act = QF_ACT_GELU, .bias = true,
	.up = "lin1", .down = "lin2",
};

static const struct qf_masked_lm masked_lm = {
	.dense = "vocab_transform", .norm = "vocab_layer_norm",
	.out = "vocab_projector", .bias = "vocab_projector",
};

static const struct qf_classify classify = {
	.pool = "pre_classifier", .act = QF_ACT_RELU, .out = "classifier",
};

static void get_sizes(struct qf_config *c, struct qf_model *m)
{
	/* DistilBertConfig's defaults, and its names for the usual things */
	m->vocab = 30522;
	m->hidden = 768;
	m->layers = 6;
	m->heads = 12;
	m->inner = 3072;
	m->max_positions = 512;
	m->pad_id = 0;
	qf_get_int(c, "vocab_size", 1, 1 << 24, &m->vocab);
	qf_get_int(c, "hidden_size", 1, 1 << 20, &m->hidden);
	qf_get_int(c, "dim", 1, 1 << 20, &m->hidden);
	qf_get_int(c, "num_hidden_layers", 1, 1 << 12, &m->layers);
	qf_get_int(c, "n_layers", 1, 1 << 12, &m->layers);
	qf_get_int(c, "num_attention_heads", 1, 1 << 16, &m->heads);
	qf_get_int(c, "n_heads", 1, 1 << 16, &m->heads);
	qf_get_int(c, "hidden_dim", 1, 1 << 22, &m->inner);
	qf_get_int(c, "max_position_embeddings", 1, 1 << 28, &m->max_positions);
	qf_get_int(c, "pad_token_id", 0, INT32_MAX, &m->pad_id);
	if (!c->rc && m->hidden % m->heads)
		qf_config_fail(c, -EINVAL, "dim %u is not a multiple of n_heads %u",
			       m->hidden, m->heads);
	m->kv_heads = m->heads;
	m->head_dim = m->hidden / m->heads;
}

static void configure(struct qf_config *c, struct qf_model *m)
{
	m->attn = attention;
	m->mlp = mlp;
	m->tied = true;
	m->norm.kind = QF_NORM_LAYER;
	m->norm.eps = 1e-12;		/* there is no field */
	get_sizes(c, m);
	m->attn.scale = 1 / sqrt(m->head_dim);
	m->embed = "embeddings.word_embeddings";
	m->embed_pos = "embeddings.position_embeddings";
	m->embed_norm = "embeddings.LayerNorm";
	m->layer = "transformer.layer";
	m->norm_attn = "sa_layer_norm";
	m->norm_mlp = "output_layer_norm";
	m->post_norm = true;
	qf_get_act(c, "activation", &m->mlp.act);
	qf_get_bool(c, "tie_word_embeddings", &m->tied);
	qf_get_labels(c, m);
	m->mlm = masked_lm;
	m->mlm.act = m->mlp.act;
	m->classify = classify;
}

QF_ARCH(distilbert) = {
	.classes = {
		{ "DistilBertModel", QF_HEAD_EMBED },
		{ "DistilBertForMaskedLM", QF_HEAD_MASKED_LM },
		{ "DistilBertForSequenceClassification", QF_HEAD_CLASSIFY },
		{ "DistilBertForTokenClassification", QF_HEAD_TOKENS },
		{ "DistilBertForQuestionAnswering", QF_HEAD_QA },
	},
	.kind = QF_ENCODER,
	.model_type = "distilbert",
	.base = "distilbert",
	.configure = configure,
	.embed = qf_embed_tokens,
	.layer = qf_layer,
};
