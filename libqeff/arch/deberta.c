// SPDX-License-Identifier: MIT
/*
 * DebertaV2Model (DeBERTa v2 and v3) and its heads: BERT whose scores have parts
 * that depend on contents and distance (arXiv 2006.03654).
 */
#include <errno.h>
#include <jansson.h>
#include <math.h>
#include <string.h>

#include "libqeff/arch.h"
#include "libqeff/arch/bert_like.h"

static const struct qf_attention attention = {
	.name = "attention", .qkv = QF_QKV_SEPARATE, .layout = QF_OUT_IN,
	.q = "self.query_proj", .k = "self.key_proj", .v = "self.value_proj",
	.o = "output.dense", .qkv_bias = true, .o_bias = true,
};

static const struct qf_masked_lm masked_lm = {
	.dense = "cls/predictions/transform/dense",
	.norm = "cls/predictions/transform/LayerNorm",
	.out = "cls/predictions/decoder", .bias = "cls/predictions",
};

static const struct qf_classify classify = {
	.pool = "pooler/dense", .act = QF_ACT_GELU, .out = "classifier",
};

/* pos_att_type: ["c2p", "p2c"] or "c2p|p2c" */
static void get_parts(struct qf_config *c, struct qf_disentangled *r)
{
	static const char key[] = "pos_att_type";
	json_t *v = qf_field(c, key), *e;
	const char *s;
	size_t i, n = json_is_array(v) ? json_array_size(v) : v ? 1 : 0;

	if (json_is_null(v))
		return;
	for (i = 0; i < n; i++) {
		e = json_is_array(v) ? json_array_get(v, i) : v;
		s = json_string_value(e);
		if (s && !strcmp(s, "c2p|p2c"))
			r->c2p = r->p2c = true;
		else if (s && !strcmp(s, "p2c|c2p"))
			r->c2p = r->p2c = true;
		else if (s && !strcmp(s, "c2p"))
			r->c2p = true;
		else if (s && !strcmp(s, "p2c"))
			r->p2c = true;
		else if (!s || *s)
			qf_config_fail(c, -EOPNOTSUPP,
				       "field \"%s\" is not made of \"c2p\" and \"p2c\"",
				       key);
	}
}

static void get_distances(struct qf_config *c, struct qf_model *m)
{
	struct qf_disentangled *r = &m->disentangled;
	const char *norm = "none";
	bool relative = false;
	int32_t max = -1, buckets = -1;

	qf_get_bool(c, "relative_attention", &relative);
	qf_get_str(c, "norm_rel_ebd", &norm);
	get_parts(c, r);
	/* as many parts as scores are made of, there or not */
	m->attn.scale = 1 / sqrt((double)m->head_dim * (1 + r->c2p + r->p2c));
	qf_get_signed(c, "max_relative_positions", -1, 1 << 20, &max);
	qf_get_signed(c, "position_buckets", -1, 1 << 20, &buckets);
	qf_get_bool(c, "share_att_key", &r->share);
	if (!relative || c->rc)
		return;
	r->max_distance = max < 1 ? m->max_positions : (uint32_t)max;
	r->buckets = buckets > 0 ? buckets : 0;
	r->span = r->buckets ? r->buckets : r->max_distance;
	if (r->buckets && (r->buckets < 4 || r->max_distance <= r->buckets / 2 + 1))
		qf_config_fail(c, -EINVAL,
			       "field \"position_buckets\" is %u with %u relative positions; it must be at least 4, and half of it less than they are",
			       r->buckets, r->max_distance);
	r->table = "encoder.rel_embeddings";
	if (strstr(norm, "layer_norm"))
		r->norm = "encoder.LayerNorm";
	else if (strcmp(norm, "none"))
		qf_config_fail(c, -EOPNOTSUPP,
			       "field \"norm_rel_ebd\" is \"%.40s\"; layer_norm and none are supported",
			       norm);
}

static void get_head(struct qf_config *c, struct qf_model *m)
{
	uint32_t width = m->hidden;

	m->mlm = masked_lm;
	m->mlm.act = m->mlp.act;
	m->classify = classify;
	qf_get_act(c, "pooler_hidden_act", &m->classify.act);
	qf_get_int(c, "pooler_hidden_size", 1, 1 << 20, &width);
	if (!c->rc && width != m->hidden)
		qf_config_fail(c, -EOPNOTSUPP,
			       "field \"pooler_hidden_size\" is %u; only hidden_size %u is supported",
			       width, m->hidden);
	if (m->cls->head == QF_HEAD_MASKED_LM)
		qf_require(c, "legacy", true);
}

static void configure(struct qf_config *c, struct qf_model *m)
{
	uint32_t conv = 0, types = 0;
	bool biased = true;

	/* DebertaV2Config's defaults */
	m->vocab = 128100;
	m->hidden = 1536;
	m->layers = m->heads = 24;
	m->inner = 6144;
	m->norm.eps = 1e-7;
	m->attn = attention;
	qf_configure_bert_like(c, m, 0);
	qf_get_int(c, "attention_head_size", 1, 1 << 16, &m->head_dim);
	qf_get_int(c, "embedding_size", 1, 1 << 20, &m->embed_width);
	qf_get_int(c, "type_vocab_size", 0, 1 << 16, &types);
	qf_get_bool(c, "position_biased_input", &biased);
	qf_get_int(c, "conv_kernel_size", 0, 1 << 10, &conv);
	if (conv)
		qf_config_fail(c, -EOPNOTSUPP,
			       "field \"conv_kernel_size\" is %u; the convolution of DeBERTa v2 is not supported",
			       conv);
	if (m->embed_width && m->embed_width != m->hidden)
		qf_config_fail(c, -EOPNOTSUPP,
			       "field \"embedding_size\" is %u; only hidden_size %u is supported",
			       m->embed_width, m->hidden);
	if (!biased)
		m->embed_pos = NULL;
	if (types) {
		m->embed_type = "embeddings.token_type_embeddings";
		m->types = types;
		m->type_input = types > 1;
	}
	get_distances(c, m);
	get_head(c, m);
}

QF_ARCH(deberta_v2) = {
	.classes = {
		{ "DebertaV2Model", QF_HEAD_EMBED },
		{ "DebertaV2ForMaskedLM", QF_HEAD_MASKED_LM },
		{ "DebertaV2ForSequenceClassification", QF_HEAD_CLASSIFY },
		{ "DebertaV2ForTokenClassification", QF_HEAD_TOKENS },
		{ "DebertaV2ForQuestionAnswering", QF_HEAD_QA },
	},
	.kind = QF_ENCODER,
	.model_type = "deberta-v2",
	.base = "deberta",
	.configure = configure,
	.embed = qf_embed_tokens,
	.layer = qf_layer,
};
