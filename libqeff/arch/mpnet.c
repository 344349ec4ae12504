// SPDX-License-Identifier: MIT
/* MPNetModel and its heads: RoBERTa with biases by distance in the scores. */
#include "libqeff/arch.h"
#include "libqeff/arch/bert_like.h"

static const struct qf_attention attention = {
	.name = "attention", .qkv = QF_QKV_SEPARATE, .layout = QF_OUT_IN,
	.q = "attn.q", .k = "attn.k", .v = "attn.v", .o = "attn.o",
	.qkv_bias = true, .o_bias = true,
};

static void configure(struct qf_config *c, struct qf_model *m)
{
	m->vocab = 30527;
	m->norm.eps = 1e-12;
	m->attn = attention;
	qf_configure_bert_like(c, m, 1);
	m->pad_id = 1;		/* of the positions, whatever pad_token_id is */
	qf_positions_by_pad(c, m);
	m->norm_attn = "attention.LayerNorm";
	m->relative.table = "encoder.relative_attention_bias";
	m->relative.buckets = 32;
	m->relative.max_distance = 128;
	qf_get_buckets(c, "relative_attention_num_buckets", &m->relative);
	m->mlm = qf_roberta_masked_lm;
	m->classify = qf_roberta_classify;
	if (m->cls->head == QF_HEAD_TOKENS)
		m->classify.out = "classifier";
}

QF_ARCH(mpnet) = {
	.classes = {
		{ "MPNetModel", QF_HEAD_EMBED },
		{ "MPNetForMaskedLM", QF_HEAD_MASKED_LM },
		{ "MPNetForSequenceClassification", QF_HEAD_CLASSIFY },
		{ "MPNetForTokenClassification", QF_HEAD_TOKENS },
		{ "MPNetForQuestionAnswering", QF_HEAD_QA },
	},
	.kind = QF_ENCODER,
	.model_type = "mpnet",
	.base = "mpnet",
	.configure = configure,
	.embed = qf_embed_tokens,
	.layer = qf_layer,
};
