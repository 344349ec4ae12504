// SPDX-License-Identifier: MIT
/*
 * What all layers of a decoder share.
 * The contract is Documentation/onnx-contract.md.
 */
#include <stdint.h>

#include "libqeff/arch.h"
#include "libqeff/build.h"

static void add_inputs(struct qf_build *b, struct qf_body *d)
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
static void cache_indices(struct qf_build *b, struct qf_body *d,
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

void qf_causal_mask(struct qf_build *b, struct qf_body *d, qf_val slots,
		    qf_val pos)
{
	const struct qf_attention *a = &b->m->attn;
	qf_val first, old;
	bool any = false;
	uint32_t i;

	d->masked = QF_OP(b, "Greater", slots, pos);		/* [B, 1, S, C] */
	for (i = 0; i < b->m->layers && !any; i++)
		any = qf_has_window(a, i);
	if (!any)
		return;
	first = QF_OP(b, "Sub", pos, qf_onnx_i32(&b->o, a->window));
	old = QF_OP(b, "LessOrEqual", slots, first);
	d->masked_window = QF_OP(b, "Or", d->masked, old);
}

void qf_decoder_begin(struct qf_build *b, struct qf_body *d)
{
	d->key_cache = "key";
	d->value_cache = "value";
	add_inputs(b, d);
	qf_cache_begin(b, d);
}

void qf_cache_begin(struct qf_build *b, struct qf_body *d)
{
	qf_val past = qf_onnx_printf(&b->o, "past_%s.0", d->key_cache);
	qf_val shape, slots, pos;

	if (!past)
		return;
	d->cached = true;
	d->position32 = qf_cast(b, d->position_ids, QAIC_I32);
	shape = QF_OP(b, "Shape", past);
	d->ctx_len = QF_OP(b, "Gather", shape, qf_onnx_i64(&b->o, 2));
	slots = QF_OP(b, "Range", qf_onnx_i64(&b->o, 0), d->ctx_len,
		      qf_onnx_i64(&b->o, 1));
	slots = qf_cast(b, slots, QAIC_I32);			/* [C] */
	cache_indices(b, d, slots);
	pos = QF_OP(b, "Unsqueeze", d->position32, QF_I64S(b, 1, 3));
	qf_causal_mask(b, d, slots, pos);
	qf_alibi(b, d, slots, pos);
	qf_relative(b, d, slots, pos);
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
