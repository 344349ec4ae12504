// SPDX-License-Identifier: MIT
/*
 * Encoder-decoders: one graph that has both. A call with encoder rows runs the
 * encoder and leaves each layer's keys and values for cross-attention in a cache;
 * a call without any (encoder_len 0) has nothing of the encoder to compute.
 * The contract is Documentation/onnx-contract.md.
 */
#include <math.h>
#include <string.h>

#include "base/str.h"
#include "libqeff/arch.h"
#include "libqeff/build.h"

static const char *const caches[] = {
	"key_self", "value_self", "key_cross", "value_cross",
};

/* Self-attention's caches are as long as the decoder's context. */
static void cache_dims(const struct qf_model *m, const char *kind,
		       struct qf_dim *dim)
{
	dim[0] = (struct qf_dim){ "batch_size", 0 };
	dim[1] = (struct qf_dim){ NULL, m->kv_heads };
	dim[2] = (struct qf_dim){ strstr(kind, "cross") ? "encoder_ctx_len" :
				  "ctx_len", 0 };
	dim[3] = (struct qf_dim){ NULL, m->head_dim };
}

/* What comes in besides the ids of both sides. */
static qf_val add_inputs(struct qf_build *b, struct qf_body *enc,
			 struct qf_body *dec)
{
	const struct qf_dim src[2] = { { "batch_size", 0 },
				       { "encoder_len", 0 } };
	const struct qf_dim last[2] = { { "batch_size", 0 }, { NULL, 1 } };
	const struct qf_dim ids[2] = { { "batch_size", 0 }, { "seq_len", 0 } };
	struct qf_dim kv[4];
	qf_val pos;
	uint32_t i;
	size_t k;

	enc->input_ids = qf_onnx_input(&b->o, "input_ids", QAIC_I64, src, 2);
	pos = qf_onnx_input(&b->o, "cross_position_ids", QAIC_I64, last, 2);
	dec->input_ids = qf_onnx_input(&b->o, "decoder_input_ids", QAIC_I64,
				       ids, 2);
	dec->position_ids = qf_onnx_input(&b->o, "decoder_position_ids",
					  QAIC_I64, ids, 2);
	for (i = 0; i < b->m->layers && !b->o.rc; i++)
		for (k = 0; k < QAIC_ARRAY_SIZE(caches) && !b->o.rc; k++) {
			cache_dims(b->m, caches[k], kv);
			qf_onnx_input(&b->o, qf_onnx_printf(&b->o, "past_%s.%u",
							    caches[k], i),
				      QAIC_F32, kv, 4);
		}
	return pos;
}

static void add_outputs(struct qf_build *b)
{
	struct qf_dim kv[4];
	uint32_t i;
	size_t k;

	for (i = 0; i < b->m->layers && !b->o.rc; i++)
		for (k = 0; k < QAIC_ARRAY_SIZE(caches); k++) {
			cache_dims(b->m, caches[k], kv);
			qf_onnx_output(&b->o, qf_retained(b, caches[k], i),
				       QAIC_F32, kv, 4);
		}
}

/* 0, 1, ... to dimension @axis of @x: i64 */
static qf_val range_of(struct qf_build *b, qf_val x, int64_t axis)
{
	qf_val n = QF_OP(b, "Gather", QF_OP(b, "Shape", x),
			 qf_onnx_i64(&b->o, axis));

	return QF_OP(b, "Range", qf_onnx_i64(&b->o, 0), n,
		     qf_onnx_i64(&b->o, 1));
}

/*
 * The encoder's rows are slots 0, 1, ...: all are written, those after the row's
 * last position @last (i64 [B, 1]) are attended by nobody.
 */
static void encoder_begin(struct qf_build *b, struct qf_body *enc,
			  struct qf_body *dec, qf_val last)
{
	qf_val range, slots, pos, kept;

	range = range_of(b, enc->input_ids, 1);
	slots = qf_cast(b, range, QAIC_I32);			/* [E] */
	enc->position_ids = QF_OP(b, "Unsqueeze", range, QF_I64S(b, 0));
	last = qf_cast(b, last, QAIC_I32);
	last = QF_OP(b, "Unsqueeze", last, QF_I64S(b, 1, 3));	/* [B, 1, 1, 1] */
	enc->masked = QF_OP(b, "Greater", slots, last);
	dec->memory_slots = QF_OP(b, "Expand", slots,
				  QF_OP(b, "Shape", enc->input_ids));
	kept = qf_cast(b, range_of(b, "past_key_cross.0", 2), QAIC_I32);
	dec->memory_masked = QF_OP(b, "Greater", kept, last);
	pos = QF_OP(b, "Unsqueeze", slots, QF_I64S(b, 0, 1, 3));
	qf_relative(b, enc, slots, pos);
}

/*
 * Both sides have the same table in most checkpoints, under one of three names. A
 * model that has two says so (own_tables).
 */
static const char *table_of(struct qf_build *b, const char *side)
{
	const struct qf_seq2seq *s = &b->m->seq2seq;
	const char *own = qf_onnx_printf(&b->o, "%s.embed_tokens", side);

	if (!own)
		return "";
	return !s->own_tables && qf_has_weight(b, s->shared, "weight") ?
		s->shared : own;
}

static void fill_sinusoids(const void *ctx, uint64_t first, uint64_t count,
			   void *dst)
{
	const struct qf_model *m = ctx;
	uint32_t dim = m->hidden, half = (dim + 1) / 2, i;
	uint64_t r;
	double at;

	/* column i of the sines has the angle of pair i, so has i of the cosines */
	for (r = 0; r < count; r++)
		for (i = 0; i < dim; i++) {
			at = (first + r) /
			     pow(10000, 2.0 * (i < half ? i : i - half) / dim);
			((float *)dst)[r * dim + i] = i < half ? sin(at) :
								 cos(at);
		}
}

static qf_val positions(struct qf_build *b, const struct qf_body *d)
{
	const struct qf_model *m = b->m;
	const int64_t dim[2] = { m->max_positions, m->hidden };
	qf_val ids = d->position_ids, table;

	if (m->pos_offset)
		ids = QF_OP(b, "Add", ids, qf_onnx_i64(&b->o, m->pos_offset));
	if (!m->seq2seq.sinusoids || qf_has_weight(b, m->embed_pos, "weight"))
		return qf_embed(b, m->embed_pos,
				m->max_positions + m->pos_offset, m->hidden,
				ids);
	table = qf_onnx_fill(&b->o, "embed_positions.sinusoids", QAIC_F32, 2,
			     dim, fill_sinusoids, m);
	return QF_OP(b, "Gather", table, ids);
}

/* token ids -> what the first layer of a side reads */
static qf_val embed(struct qf_build *b, const char *side,
		    const struct qf_body *d)
{
	const struct qf_model *m = b->m;
	qf_val x = qf_embed(b, m->embed, m->vocab, m->hidden, d->input_ids);
	size_t mark = qf_enter(b, "%s", side);

	x = qf_scaled(b, x, m->embed_scale);
	if (m->embed_pos)
		x = QF_OP(b, "Add", x, positions(b, d));
	if (m->embed_norm)
		x = qf_norm(b, m->embed_norm, m->hidden, x);
	qf_leave(b, mark);
	return x;
}

static qf_val layers(struct qf_build *b, const char *side,
		     const struct qf_body *d, qf_val x)
{
	size_t mark = qf_enter(b, "%s", side);
	char name[sizeof(b->scope)];
	uint32_t i;

	for (i = 0; i < b->m->layers && !b->o.rc; i++) {
		x = b->m->arch->layer(b, d, i, x);
		/* the encoder's are not there in every call */
		snprintf(name, sizeof(name), "%s.%u", b->m->layer, i);
		if (d->cached)
			qf_block(b, name, x);
	}
	qf_leave(b, mark);
	return x;
}

/* The model as its encoder, and as its decoder: what differs is filled in. */
static struct qf_model *as_encoder(struct qf_build *b)
{
	const struct qf_seq2seq *s = &b->m->seq2seq;
	struct qf_model *m = qf_onnx_alloc(&b->o, sizeof(*m));

	if (!m)
		return NULL;
	*m = *b->m;
	m->layers = s->layers;
	m->heads = m->kv_heads = s->heads;
	m->head_dim = s->head_dim;
	m->attn.scale = s->scale;
	m->inner = s->inner;
	m->vocab = s->vocab;
	m->norm_mlp = s->norm_mlp;
	m->mlp.name = s->mlp;
	m->embed = table_of(b, "encoder");
	m->relative.table = s->relative;
	m->relative.one_sided = false;
	return m;
}

static struct qf_model *as_decoder(struct qf_build *b)
{
	struct qf_model *m = qf_onnx_alloc(&b->o, sizeof(*m));

	if (!m)
		return NULL;
	*m = *b->m;
	m->embed = table_of(b, "decoder");
	return m;
}

static qf_val encoder(struct qf_build *b, const struct qf_body *d)
{
	const char *norm = b->m->seq2seq.norm_final;
	qf_val x = embed(b, "encoder", d);

	x = layers(b, "encoder", d, x);
	return norm ? qf_norm(b, norm, b->m->hidden, x) : x;
}

int qf_build_seq2seq(struct qf_build *b)
{
	const struct qf_model *whole = b->m, *enc, *dec;
	struct qf_body e = { 0 }, d = { 0 };
	size_t mark = qf_enter(b, "%s", whole->arch->base);
	qf_val last, x;

	enc = as_encoder(b);
	dec = as_decoder(b);
	if (!enc || !dec)
		return b->o.rc;
	last = add_inputs(b, &e, &d);
	b->m = enc;
	encoder_begin(b, &e, &d, last);
	d.memory = encoder(b, &e);
	b->m = dec;
	d.key_cache = caches[0];
	d.value_cache = caches[1];
	qf_cache_begin(b, &d);
	x = layers(b, "decoder", &d, embed(b, "decoder", &d));
	qf_leave(b, mark);
	if (!b->o.rc)
		qf_head(b, &d, x);
	add_outputs(b);
	b->m = whole;
	return b->o.rc;
}
