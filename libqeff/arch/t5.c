// SPDX-License-Identifier: MIT
/*
 * T5ForConditionalGeneration, of the first version (relu, head tied to the
 * embedding) and 1.1 (gated, head of its own): RMS norms in front, no biases in
 * products, scores that are not scaled, and a table of biases by distance in the
 * first layer of each side that all its layers share.
 */
#include <errno.h>
#include <math.h>
#include <string.h>

#include "libqeff/arch.h"

static const struct qf_attention self_attention = {
	.name = "layer.0.SelfAttention", .qkv = QF_QKV_SEPARATE,
	.layout = QF_OUT_IN, .q = "q", .k = "k", .v = "v", .o = "o", .scale = 1,
};

static const struct qf_attention cross_attention = {
	.name = "layer.1.EncDecAttention", .qkv = QF_QKV_SEPARATE,
	.layout = QF_OUT_IN, .q = "q", .k = "k", .v = "v", .o = "o", .scale = 1,
};

static void get_sizes(struct qf_config *c, struct qf_model *m)
{
	/* T5Config's defaults */
	m->vocab = 32128;
	m->hidden = 512;
	m->head_dim = 64;
	m->inner = 2048;
	m->heads = 8;
	m->seq2seq.layers = 6;
	m->relative.buckets = 32;
	m->relative.max_distance = 128;
	m->norm.kind = QF_NORM_RMS;
	m->norm.eps = 1e-6;
	m->tied = true;
	m->max_positions = 1 << 20;	/* there is no table of positions */
	qf_get_int(c, "vocab_size", 1, 1 << 24, &m->vocab);
	qf_get_int(c, "d_model", 1, 1 << 20, &m->hidden);
	qf_get_int(c, "d_kv", 1, 1 << 16, &m->head_dim);
	qf_get_int(c, "d_ff", 1, 1 << 22, &m->inner);
	qf_get_int(c, "num_heads", 1, 1 << 16, &m->heads);
	qf_get_int(c, "num_layers", 1, 1 << 12, &m->seq2seq.layers);
	m->layers = m->seq2seq.layers;
	qf_get_int(c, "num_decoder_layers", 1, 1 << 12, &m->layers);
	qf_get_int(c, "relative_attention_num_buckets", 4, 1 << 16,
		   &m->relative.buckets);
	qf_get_int(c, "relative_attention_max_distance", 2, 1 << 16,
		   &m->relative.max_distance);
	qf_get_positive(c, "layer_norm_epsilon", &m->norm.eps);
	qf_get_bool(c, "tie_word_embeddings", &m->tied);
	if (!c->rc && (m->relative.buckets % 2 ||
		       m->relative.max_distance <= m->relative.buckets / 2))
		qf_config_fail(c, -EINVAL,
			       "relative_attention_max_distance %u must be more than half of relative_attention_num_buckets %u, an even number",
			       m->relative.max_distance, m->relative.buckets);
}

/* "relu", "gated-gelu" (which is gelu_new there), "gated-silu", ... */
static void get_mlp(struct qf_config *c, struct qf_model *m)
{
	const char *proj = "relu", *act;
	bool gated;

	qf_get_str(c, "feed_forward_proj", &proj);
	if (c->rc)
		return;
	gated = !strncmp(proj, "gated-", 6);
	act = gated ? proj + 6 : proj;
	if (!strcmp(proj, "gated-gelu"))
		act = "gelu_new";
	if (!qf_act_named(act, &m->mlp.act))
		qf_config_fail(c, -EOPNOTSUPP,
			       "field \"feed_forward_proj\" is \"%.64s\"; an activation (relu, gelu, silu, ...) or gated- and one is supported",
			       proj);
	/* what transformers writes beside it, and believes when it reads */
	qf_get_act(c, "dense_act_fn", &m->mlp.act);
	qf_get_bool(c, "is_gated_act", &gated);
	m->mlp.gate = gated ? "wi_0" : NULL;
	m->mlp.up = gated ? "wi_1" : "wi";
	m->mlp.down = "wo";
	m->mlp.layout = QF_OUT_IN;
}

static void configure(struct qf_config *c, struct qf_model *m)
{
	struct qf_seq2seq *s = &m->seq2seq;

	get_sizes(c, m);
	get_mlp(c, m);
	m->kv_heads = m->heads;
	m->attn = self_attention;
	m->layer = "block";
	m->norm_attn = "layer.0.layer_norm";
	m->norm_mlp = "layer.2.layer_norm";
	m->mlp.name = "layer.2.DenseReluDense";
	m->norm_final = "decoder.final_layer_norm";
	m->relative.table =
		"decoder.block.0.layer.0.SelfAttention.relative_attention_bias";
	m->relative.one_sided = true;
	if (m->tied)
		m->logit_scale = 1 / sqrt(m->hidden);
	s->heads = m->heads;
	s->head_dim = m->head_dim;
	s->inner = m->inner;
	s->vocab = m->vocab;
	s->scale = 1;
	s->shared = "shared";
	s->norm_mlp = "layer.1.layer_norm";
	s->mlp = "layer.1.DenseReluDense";
	s->norm_final = "encoder.final_layer_norm";
	s->relative =
		"encoder.block.0.layer.0.SelfAttention.relative_attention_bias";
	s->cross = cross_attention;
	s->norm_cross = "layer.1.layer_norm";
}

QF_ARCH(t5) = {
	.classes = {
		{ "T5ForConditionalGeneration", QF_HEAD_SEQ2SEQ },
		{ "T5WithLMHeadModel", QF_HEAD_SEQ2SEQ },
	},
	.kind = QF_SEQ2SEQ,
	.model_type = "t5",
	.base = "",
	.configure = configure,
	.layer = qf_layer,
};
