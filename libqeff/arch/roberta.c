// SPDX-License-Identifier: MIT
/*
 * RobertaModel and XLMRobertaModel with their heads: BERT's body, positions
 * counted from pad_token_id + 1, and no second text type.
 */
#include "libqeff/arch.h"
#include "libqeff/arch/bert_like.h"

static void roberta(struct qf_config *c, struct qf_model *m, uint32_t vocab)
{
	m->vocab = vocab;
	m->types = 2;
	m->norm.eps = 1e-12;
	m->attn = qf_bert_attention;
	qf_configure_bert_like(c, m, 1);
	qf_positions_by_pad(c, m);
	qf_get_int(c, "type_vocab_size", 1, 1 << 16, &m->types);
	m->embed_type = "embeddings.token_type_embeddings";
	m->mlm = qf_roberta_masked_lm;
	m->classify = qf_roberta_classify;
	if (m->cls->head == QF_HEAD_TOKENS)
		m->classify.out = "classifier";
}

static void configure_roberta(struct qf_config *c, struct qf_model *m)
{
	roberta(c, m, 50265);
}

static void configure_xlm(struct qf_config *c, struct qf_model *m)
{
	roberta(c, m, 30522);
}

QF_ARCH(roberta) = {
	.classes = {
		{ "RobertaModel", QF_HEAD_EMBED },
		{ "RobertaForMaskedLM", QF_HEAD_MASKED_LM },
		{ "RobertaForSequenceClassification", QF_HEAD_CLASSIFY },
		{ "RobertaForTokenClassification", QF_HEAD_TOKENS },
		{ "RobertaForQuestionAnswering", QF_HEAD_QA },
	},
	.kind = QF_ENCODER,
	.model_type = "roberta",
	.base = "roberta",
	.configure = configure_roberta,
	.embed = qf_embed_tokens,
	.layer = qf_layer,
};

QF_ARCH(xlm_roberta) = {
	.classes = {
		{ "XLMRobertaModel", QF_HEAD_EMBED },
		{ "XLMRobertaForMaskedLM", QF_HEAD_MASKED_LM },
		{ "XLMRobertaForSequenceClassification", QF_HEAD_CLASSIFY },
		{ "XLMRobertaForTokenClassification", QF_HEAD_TOKENS },
		{ "XLMRobertaForQuestionAnswering", QF_HEAD_QA },
	},
	.kind = QF_ENCODER,
	.model_type = "xlm-roberta",
	.base = "roberta",
	.configure = configure_xlm,
	.embed = qf_embed_tokens,
	.layer = qf_layer,
};
