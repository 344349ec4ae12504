// SPDX-License-Identifier: MIT
/*
 * BartForConditionalGeneration and MarianMTModel: norms behind the sums, biases
 * everywhere. BART learns its positions (from row 2 on) and norms its embeddings,
 * Marian's positions are sinusoids.
 */
#include <errno.h>
#include <math.h>

#include "libqeff/arch.h"

static const struct qf_attention self_attention = {
	.name = "self_attn", .qkv = QF_QKV_SEPARATE, .layout = QF_OUT_IN,
	.q = "q_proj", .k = "k_proj", .v = "v_proj", .o = "out_proj",
	.qkv_bias = true, .o_bias = true,
};

static const struct qf_mlp mlp = {
	.layout = QF_OUT_IN, .up = "fc1", .down = "fc2", .bias = true,
	.act = QF_ACT_GELU,
};

static uint32_t head_dim(struct qf_config *c, const struct qf_model *m,
			 uint32_t heads, const char *side)
{
	if (!c->rc && m->hidden % heads)
		qf_config_fail(c, -EINVAL,
			       "d_model %u is not a multiple of %s_attention_heads %u",
			       m->hidden, side, heads);
	return m->hidden / heads;
}

/* Both config classes have the same fields, and but for ids the same defaults. */
static void get_sizes(struct qf_config *c, struct qf_model *m)
{
	struct qf_seq2seq *s = &m->seq2seq;

	m->hidden = m->max_positions = 1024;
	m->layers = s->layers = 12;
	m->heads = s->heads = 16;
	m->inner = s->inner = 4096;
	m->norm.kind = QF_NORM_LAYER;
	m->norm.eps = 1e-5;	/* torch's default; there is no field */
	m->tied = true;
	qf_get_int(c, "vocab_size", 1, 1 << 24, &m->vocab);
	qf_get_int(c, "d_model", 1, 1 << 20, &m->hidden);
	qf_get_int(c, "max_position_embeddings", 1, 1 << 28, &m->max_positions);
	qf_get_int(c, "encoder_layers", 1, 1 << 12, &s->layers);
	qf_get_int(c, "decoder_layers", 1, 1 << 12, &m->layers);
	qf_get_int(c, "encoder_attention_heads", 1, 1 << 16, &s->heads);
	qf_get_int(c, "decoder_attention_heads", 1, 1 << 16, &m->heads);
	qf_get_int(c, "encoder_ffn_dim", 1, 1 << 22, &s->inner);
	qf_get_int(c, "decoder_ffn_dim", 1, 1 << 22, &m->inner);
	qf_get_bool(c, "tie_word_embeddings", &m->tied);
	s->head_dim = head_dim(c, m, s->heads, "encoder");
	m->head_dim = head_dim(c, m, m->heads, "decoder");
	m->kv_heads = m->heads;
	s->vocab = m->vocab;
	s->scale = 1 / sqrt(s->head_dim);
	m->attn.scale = 1 / sqrt(m->head_dim);
}

static void configure_like(struct qf_config *c, struct qf_model *m)
{
	struct qf_seq2seq *s = &m->seq2seq;
	bool scale = false;

	m->attn = self_attention;
	m->mlp = mlp;
	get_sizes(c, m);
	qf_get_act(c, "activation_function", &m->mlp.act);
	qf_get_bool(c, "scale_embedding", &scale);
	if (scale)
		m->embed_scale = sqrt(m->hidden);
	/* of older config classes; the present ones have these values built in */
	qf_require(c, "normalize_before", false);
	qf_require(c, "add_final_layer_norm", false);
	qf_require(c, "add_bias_logits", false);
	m->post_norm = true;
	m->layer = "layers";
	m->norm_attn = "self_attn_layer_norm";
	m->norm_mlp = "final_layer_norm";
	m->embed_pos = "embed_positions";
	m->head_row = "final_logits_bias";
	s->shared = "shared";
	s->norm_mlp = m->norm_mlp;
	s->cross = m->attn;
	s->cross.name = "encoder_attn";
	s->norm_cross = "encoder_attn_layer_norm";
}

static void configure_bart(struct qf_config *c, struct qf_model *m)
{
	uint32_t offset = 2;

	m->vocab = 50265;
	m->seq2seq.start_id = m->seq2seq.forced_eos_id = 2;
	configure_like(c, m);
	qf_require(c, "normalize_embedding", true);
	qf_require(c, "static_position_embeddings", false);
	qf_get_int(c, "extra_pos_embeddings", 2, 2, &offset);
	m->pos_offset = offset;
	m->embed_norm = "layernorm_embedding";
}

static void configure_marian(struct qf_config *c, struct qf_model *m)
{
	bool share = true;

	m->vocab = 58101;
	m->seq2seq.start_id = 58100;
	m->seq2seq.forced_eos_id = 0;
	configure_like(c, m);
	qf_require(c, "normalize_embedding", false);
	qf_require(c, "static_position_embeddings", true);
	m->seq2seq.sinusoids = true;
	qf_get_bool(c, "share_encoder_decoder_embeddings", &share);
	m->seq2seq.own_tables = !share;
	if (!share)
		qf_get_int(c, "decoder_vocab_size", 1, 1 << 24, &m->vocab);
}

QF_ARCH(bart) = {
	.classes = { { "BartForConditionalGeneration", QF_HEAD_SEQ2SEQ } },
	.kind = QF_SEQ2SEQ,
	.model_type = "bart",
	.base = "model",
	.configure = configure_bart,
	.layer = qf_layer,
};

QF_ARCH(marian) = {
	.classes = { { "MarianMTModel", QF_HEAD_SEQ2SEQ } },
	.kind = QF_SEQ2SEQ,
	.model_type = "marian",
	.base = "model",
	.configure = configure_marian,
	.layer = qf_layer,
};
