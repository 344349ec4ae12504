// SPDX-License-Identifier: MIT
/*
 * Labels: of the sequence, from one row of it, logits [B, labels]; of each token,
 * logits [B, S, labels].
 */
#include "libqeff/arch.h"
#include "libqeff/head.h"

/* A decoder has seen it all at the last token that is not padding. */
static qf_val last_token(struct qf_build *b, const struct qf_body *d, qf_val x)
{
	qf_val real, pad, at;

	real = qf_cast(b, d->attention_mask, QAIC_BOOL);
	if (b->m->pad_id != QF_NO_PAD) {
		pad = QF_OP(b, "Equal", d->input_ids,
			    qf_onnx_i64(&b->o, b->m->pad_id));
		real = QF_OP(b, "And", real, QF_OP(b, "Not", pad));
	}
	at = QF_OP(b, "Where", real, qf_cast(b, d->position_ids, QAIC_I32),
		   qf_onnx_i32(&b->o, -1));
	x = qf_last_row(b, at, x);
	return QF_OP(b, "Squeeze", x, QF_I64S(b, 1));
}

static qf_val labels(struct qf_build *b, qf_val x)
{
	const struct qf_model *m = b->m;

	return qf_linear(b, m->classify.out, QF_OUT_IN, m->hidden, m->labels,
			 !m->classify.no_bias, x);
}

void qf_head_classify(struct qf_build *b, const struct qf_body *d, qf_val x)
{
	const struct qf_classify *h = &b->m->classify;
	const struct qf_dim dim[2] = {
		{ "batch_size", 0 }, { NULL, b->m->labels },
	};
	uint32_t hidden = b->m->hidden;
	size_t mark, first;

	if (b->m->arch->kind == QF_CAUSAL)
		x = last_token(b, d, x);
	else
		x = qf_first_row(b, x);
	x = qf_final(b, x);
	first = b->o.nodes.n;
	if (h->pool) {
		x = qf_linear(b, h->pool, QF_OUT_IN, hidden, hidden, true, x);
		mark = qf_enter(b, "pool");
		x = qf_act_fn(b, h->act, x);
		qf_leave(b, mark);
	}
	qf_output(b, "logits", labels(b, x), dim, 2);
	qf_keep_fp32(b, first);
}

void qf_head_tokens(struct qf_build *b, const struct qf_body *d, qf_val x)
{
	const struct qf_dim dim[3] = {
		{ "batch_size", 0 }, { "seq_len", 0 }, { NULL, b->m->labels },
	};

	qf_output(b, "logits", labels(b, qf_final(b, x)), dim, 3);
}
