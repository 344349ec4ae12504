// SPDX-License-Identifier: MIT
/*
 * What all layers share where nothing is kept between calls: encoders, and
 * decoders whose head looks at a whole text at once.
 * The contract is Documentation/onnx-contract.md.
 */
#include "libqeff/arch.h"
#include "libqeff/build.h"

bool qf_has_cache(const struct qf_model *m)
{
	return m->cls->head == QF_HEAD_CAUSAL_LM;
}

static void add_inputs(struct qf_build *b, struct qf_body *d)
{
	const struct qf_dim dim[2] = { { "batch_size", 0 }, { "seq_len", 0 } };

	d->input_ids = qf_onnx_input(&b->o, "input_ids", QAIC_I64, dim, 2);
	d->attention_mask = qf_onnx_input(&b->o, "attention_mask", QAIC_I64,
					  dim, 2);
	if (b->m->type_input)
		d->token_type_ids = qf_onnx_input(&b->o, "token_type_ids",
						  QAIC_I64, dim, 2);
}

/* Numbers of the tokens that are not pad_id, from 0; -1 for those that are. */
static qf_val count_tokens(struct qf_build *b, qf_val ids)
{
	qf_val pad = QF_OP(b, "Equal", ids, qf_onnx_i64(&b->o, b->m->pad_id));
	qf_val one = qf_cast(b, QF_OP(b, "Not", pad), QAIC_I64);
	qf_val n = QF_OP(b, "CumSum", one, qf_onnx_i64(&b->o, 1));

	n = QF_OP(b, "Mul", n, one);
	return QF_OP(b, "Sub", n, qf_onnx_i64(&b->o, 1));
}

/* Padding is masked; later tokens too where the body is a decoder's. */
static void attention_mask(struct qf_build *b, struct qf_body *d,
			   qf_val slots, qf_val pos)
{
	qf_val pad;

	pad = QF_OP(b, "Equal", d->attention_mask, qf_onnx_i64(&b->o, 0));
	pad = QF_OP(b, "Unsqueeze", pad, QF_I64S(b, 1, 2));	/* [B, 1, 1, S] */
	if (b->m->arch->kind != QF_CAUSAL) {
		d->masked = pad;
		return;
	}
	qf_causal_mask(b, d, slots, pos);			/* [1, 1, S, S] */
	d->masked = QF_OP(b, "Or", d->masked, pad);
	if (d->masked_window)
		d->masked_window = QF_OP(b, "Or", d->masked_window, pad);
}

void qf_encoder_begin(struct qf_build *b, struct qf_body *d)
{
	qf_val shape, range, slots, pos;

	add_inputs(b, d);
	shape = QF_OP(b, "Shape", d->input_ids);
	d->ctx_len = QF_OP(b, "Gather", shape, qf_onnx_i64(&b->o, 1));
	range = QF_OP(b, "Range", qf_onnx_i64(&b->o, 0), d->ctx_len,
		      qf_onnx_i64(&b->o, 1));			/* [S] */
	slots = qf_cast(b, range, QAIC_I32);
	pos = QF_OP(b, "Unsqueeze", slots, QF_I64S(b, 0, 1, 3));
	if (b->m->pos_by_pad)
		d->position_ids = count_tokens(b, d->input_ids);
	else
		d->position_ids = QF_OP(b, "Unsqueeze", range, QF_I64S(b, 0));
	attention_mask(b, d, slots, pos);
	qf_alibi(b, d, slots, pos);
	qf_relative(b, d, slots, pos);
	qf_distances(b, d, slots, pos);
	qf_rope_tables(b, d);
}
