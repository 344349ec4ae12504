/* SPDX-License-Identifier: MIT */
/* What BERT and its descendants have in common. */
#ifndef LIBQEFF_ARCH_BERT_LIKE_H
#define LIBQEFF_ARCH_BERT_LIKE_H

#include "libqeff/config.h"
#include "libqeff/model.h"

/* modules of a descendant's attention and head */
extern const struct qf_attention qf_bert_attention;
extern const struct qf_masked_lm qf_roberta_masked_lm;
extern const struct qf_classify qf_roberta_classify;

/*
 * BERT's layers and fields. Set before: the class's own defaults (vocab,
 * layer_norm_eps), m->attn, m->mlm, m->classify. @pad: pad_token_id's default.
 */
void qf_configure_bert_like(struct qf_config *c, struct qf_model *m,
			    uint32_t pad);
/* Positions that count the tokens from pad_id + 1 on, as RoBERTa's do. */
void qf_positions_by_pad(struct qf_config *c, struct qf_model *m);

#endif
