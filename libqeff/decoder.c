// SPDX-License-Identifier: MIT
/*
 * What all layers of a decoder share, and the language-model head.
 * The contract is Documentation/onnx-contract.md.
 */
#include <stdint.h>

#include "libqeff/arch.h"

static void add_inputs(struct qf_build *b, struct qf_decoder *d)
{
	const struct qf_dim ids[2] = { { "batch_size", 0 }, { "seq_len", 0 } };
	const struct qf_dim kv[4] = {
		{ "batch_size", 0 }, { NULL, b->m->kv_heads },
		{ "ctx_len", 0 }, { NULL, b->m->head_dim },
	};
	uint32_t i;

	d->input_ids = qf_onnx_input(&b->o, "input_ids", QAIC_I64, ids, 2);
	d->position_ids = qf_onnx_input(&b->o, "position_ids", QAIC_I64, ids, 2);
	for (i = 0; i < b->m->layers && !b->o.rc; i++) {
		qf_onnx_input(&b->o, qf_onnx_printf(&b->o, "past_key.%u", i),
			      QAIC_F32, kv, 4);
		qf_onnx_input(&b->o, qf_onnx_printf(&b->o, "past_value.%u", i),
			      QAIC_F32, kv, 4);
	}
}

/*
 * Slots up to a row's last position hold something; the others are read as
 * INT32_MAX, which CtxGather answers with zeros.
 */
static void cache_indices(struct qf_build *b, struct qf_decoder *d,
			  qf_val slots)
{
	qf_val last, empty;

	last = qf_op(b, "ReduceMax",
		     QF_ATTRS(QF_INTS("axes", 1), QF_INT("keepdims", 1)),
		     QF_IN(d->position32));			/* [B, 1] */
	last = QF_OP(b, "Unsqueeze", last, QF_I64S(b, 1));	/* [B, 1, 1] */
	empty = QF_OP(b, "Greater", slots, last);		/* [B, 1, C] */
	d->ctx_indices = QF_OP(b, "Where", empty,
			       qf_onnx_i32(&b->o, INT32_MAX), slots);
	d->empty = QF_OP(b, "Unsqueeze", empty, QF_I64S(b, 3));
}

/* Later slots, and those that have left the sliding window. */
static void attention_mask(struct qf_build *b, struct qf_decoder *d,
			   qf_val slots)
{
	uint32_t window = b->m->attn.window;
	qf_val pos, first, old;

	pos = QF_OP(b, "Unsqueeze", d->position32, QF_I64S(b, 1, 3));
	d->masked = QF_OP(b, "Greater", slots, pos);		/* [B, 1, S, C] */
	if (!window)
		return;
	first = QF_OP(b, "Sub", pos, qf_onnx_i32(&b->o, window));
	old = QF_OP(b, "LessOrEqual", slots, first);
	d->masked = QF_OP(b, "Or", d->masked, old);
}

void qf_decoder_begin(struct qf_build *b, struct qf_decoder *d)
{
	qf_val shape, slots;

	add_inputs(b, d);
	d->position32 = qf_cast(b, d->position_ids, QAIC_I32);
	shape = QF_OP(b, "Shape", "past_key.0");
	d->ctx_len = QF_OP(b, "Gather", shape, qf_onnx_i64(&b->o, 2));
	slots = QF_OP(b, "Range", qf_onnx_i64(&b->o, 0), d->ctx_len,
		      qf_onnx_i64(&b->o, 1));
	slots = qf_cast(b, slots, QAIC_I32);			/* [C] */
	cache_indices(b, d, slots);
	attention_mask(b, d, slots);
	qf_rope_tables(b, d);
}

void qf_decoder_end(struct qf_build *b)
{
	const struct qf_dim kv[4] = {
		{ "batch_size", 0 }, { NULL, b->m->kv_heads },
		{ "ctx_len", 0 }, { NULL, b->m->head_dim },
	};
	uint32_t i;

	for (i = 0; i < b->m->layers && !b->o.rc; i++) {
		qf_onnx_output(&b->o, qf_retained(b, "key", i), QAIC_F32, kv, 4);
		qf_onnx_output(&b->o, qf_retained(b, "value", i), QAIC_F32, kv,
			       4);
	}
}

qf_val qf_retained(struct qf_build *b, const char *kind, uint32_t i)
{
	qf_val name = qf_onnx_printf(&b->o, "past_%s.%u_RetainedState", kind, i);

	return name ? name : "";
}

/* The head's own weight, or the token embedding's: one initializer then. */
static qf_val head_weight(struct qf_build *b, enum qaic_dtype *dtype)
{
	const struct qf_model *m = b->m;
	bool tied = m->tied;
	size_t outer, mark;
	qf_val w;

	if (m->tied_if_alone && !qf_has_weight(b, "lm_head", "weight"))
		tied = true;
	outer = qf_enter(b, "%s", tied ? m->arch->base : "lm_head");
	mark = tied ? qf_enter(b, "%s", m->embed) : outer;
	w = qf_weight_raw(b, "weight", 2, m->vocab, m->hidden, dtype);
	qf_leave(b, mark);
	qf_leave(b, outer);
	return w;
}

void qf_head_causal_lm(struct qf_build *b, const struct qf_decoder *d,
		       qf_val x)
{
	const struct qf_model *m = b->m;
	const struct qf_dim dim[3] = {
		{ "batch_size", 0 }, { NULL, 1 }, { NULL, m->vocab },
	};
	enum qaic_dtype dtype;
	size_t mark;
	qf_val row, w;

	/* from here on one row of each sequence: that of its last position */
	row = qf_op(b, "ArgMax",
		    QF_ATTRS(QF_INT("axis", 1), QF_INT("keepdims", 1)),
		    QF_IN(d->position32));			/* [B, 1] */
	row = QF_OP(b, "Unsqueeze", row, QF_I64S(b, 2));	/* [B, 1, 1] */
	x = qf_op(b, "GatherND", QF_ATTRS(QF_INT("batch_dims", 1)),
		  QF_IN(x, row));				/* [B, 1, hidden] */
	mark = qf_enter(b, "%s", m->arch->base);
	x = qf_norm(b, m->norm_final, m->hidden, x);
	qf_leave(b, mark);

	w = head_weight(b, &dtype);
	mark = qf_enter(b, "lm_head");
	if (dtype != QAIC_F32)
		w = qf_cast(b, w, QAIC_F32);
	w = qf_op(b, "Transpose", QF_ATTRS(QF_INTS("perm", 1, 0)), QF_IN(w));
	x = qf_op_as(b, "logits", "MatMul", QF_NO_ATTRS, QF_IN(x, w));
	qf_leave(b, mark);
	qf_onnx_output(&b->o, x, QAIC_F32, dim, 3);
}
