// SPDX-License-Identifier: MIT
/* BertModel and its heads. */
#include "libqeff/arch.h"
#include "libqeff/arch/bert_like.h"

static const struct qf_masked_lm masked_lm = {
	.dense = "cls/predictions/transform/dense",
	.norm = "cls/predictions/transform/LayerNorm",
	.out = "cls/predictions/decoder", .bias = "cls/predictions",
};

static const struct qf_classify classify = {
	.pool = "bert/pooler/dense", .act = QF_ACT_TANH, .out = "classifier",
};

static void configure(struct qf_config *c, struct qf_model *m)
{
	m->vocab = 30522;
	m->types = 2;
	m->norm.eps = 1e-12;
	m->attn = qf_bert_attention;
	qf_configure_bert_like(c, m, 0);
	qf_get_int(c, "type_vocab_size", 1, 1 << 16, &m->types);
	m->embed_type = "embeddings.token_type_embeddings";
	m->type_input = m->types > 1;
	m->mlm = masked_lm;
	m->mlm.act = m->mlp.act;
	m->classify = classify;
}

QF_ARCH(bert) = {
	.classes = {
		{ "BertModel", QF_HEAD_EMBED },
		{ "BertForMaskedLM", QF_HEAD_MASKED_LM },
		{ "BertForSequenceClassification", QF_HEAD_CLASSIFY },
		{ "BertForTokenClassification", QF_HEAD_TOKENS },
		{ "BertForQuestionAnswering", QF_HEAD_QA },
	},
	.kind = QF_ENCODER,
	.model_type = "bert",
	.base = "bert",
	.configure = configure,
	.embed = qf_embed_tokens,
	.layer = qf_layer,
};
