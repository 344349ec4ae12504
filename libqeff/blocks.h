/* SPDX-License-Identifier: MIT */
/*
 * What models are built of: modules (scopes), nodes, weights and the shared
 * blocks. Installed, for models from outside the tree.
 *
 * A module path serves twice, as in torch: "/model/layers.0/self_attn" in node
 * names, "model.layers.0.self_attn" in weight names. Values are fp32 unless a
 * comment says otherwise; B, S and C are batch_size, seq_len and ctx_len.
 *
 * Errors stick: after the first one every call does nothing and returns a value
 * name that is never used, so that blocks read as formulas.
 */
#ifndef LIBQEFF_BLOCKS_H
#define LIBQEFF_BLOCKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef QAIC_INSTALLED
#include <qaic/dtype.h>
#include <qaic/model/model.h>
#else
#include "base/dtype.h"
#include "libqeff/model.h"
#endif

#ifdef __cplusplus
extern "C" {
#endif

struct qf_build;			/* the graph that is being built */

/* The model that is built, as configure() left it. */
const struct qf_model *qf_model_of(const struct qf_build *b);
/* Record an error, as "field ... does not go with ...". */
void qf_fail(struct qf_build *b, int code, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

typedef const char *qf_val;		/* the name of a value */

/* the numbers of ONNX's AttributeProto.AttributeType */
enum qf_attr_type {
	QF_ATTR_FLOAT = 1,
	QF_ATTR_INT = 2,
	QF_ATTR_INTS = 7,
};

struct qf_attr {
	const char *name;
	enum qf_attr_type type;
	int64_t i;
	float f;
	const int64_t *ints;
	size_t n;
	const char *ref;		/* in functions: the attribute passed in */
};

#define QF_INT(key, v) { .name = key, .i = v, .type = QF_ATTR_INT }
#define QF_FLOAT(key, v) { .name = key, .f = v, .type = QF_ATTR_FLOAT }
#define QF_INTS(key, ...) \
	{ .name = key, .ints = (const int64_t[]){ __VA_ARGS__ }, \
	  .n = sizeof((const int64_t[]){ __VA_ARGS__ }) / 8, \
	  .type = QF_ATTR_INTS }
#define QF_REF_FLOAT(key, v) \
	{ .name = key, .ref = v, .type = QF_ATTR_FLOAT }
#define QF_ATTRS(...) \
	(const struct qf_attr[]){ __VA_ARGS__ }, \
	sizeof((const struct qf_attr[]){ __VA_ARGS__ }) / sizeof(struct qf_attr)
#define QF_NO_ATTRS NULL, 0

/*
 * What the layers share; made by qf_decoder_begin() where keys and values go
 * through a cache, by qf_encoder_begin() where attention is among the S tokens of
 * the call: C is S then. Dimensions that do not vary may be 1.
 */
struct qf_body {
	qf_val input_ids;		/* i64 [B, S] */
	qf_val position_ids;		/* i64 [B, S]; -1 is padding */
	qf_val position32;		/* the same, i32 */
	qf_val ctx_len;			/* C, i64 scalar */
	qf_val masked;			/* bool [B, 1, S, C]: not to be attended */
	qf_val masked_window;		/* the same with the sliding window */
	qf_val cos, sin;		/* [B, 1, S, rotary], or NULL */
	qf_val bias;			/* of scores, [B, heads, S, C], or NULL */
	bool cached;
	/* with a cache */
	const char *key_cache, *value_cache;	/* "key": past_key.0, ... */
	qf_val ctx_indices;		/* i32 [B, 1, C]; INT32_MAX where empty */
	qf_val empty;			/* bool [B, 1, C, 1]: nothing there yet */
	/* without */
	qf_val attention_mask;		/* i64 [B, S]; 0 is padding */
	qf_val token_type_ids;		/* i64 [B, S], or NULL */
	/* with an encoder: its states, E rows; a cache of them, M slots */
	qf_val memory;			/* [B, E, hidden]; NULL: there is none */
	qf_val memory_slots;		/* i32 [B, E]: where its rows are kept */
	qf_val memory_masked;		/* bool [B, 1, 1, M] */
	/* distances (m->disentangled) */
	qf_val distance;		/* their embeddings, or NULL */
	qf_val distance_ids;		/* i32 [1, 1, S, S]: whose they are */
};

/* ---- modules ---- */

/* Enter a module: "layers.0", "self_attn". Leave it with the value it returned. */
size_t qf_enter(struct qf_build *b, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
void qf_leave(struct qf_build *b, size_t mark);

/* ---- nodes in the current module ---- */

qf_val qf_op(struct qf_build *b, const char *op, const struct qf_attr *attrs,
	     size_t num_attrs, const qf_val *in, size_t num_in);
/* The output gets this name. */
qf_val qf_op_as(struct qf_build *b, const char *out, const char *op,
		const struct qf_attr *attrs, size_t num_attrs,
		const qf_val *in, size_t num_in);
#define QF_IN(...) (const qf_val[]){ __VA_ARGS__ }, \
	sizeof((const qf_val[]){ __VA_ARGS__ }) / sizeof(qf_val)
#define QF_OP(b, op, ...) qf_op(b, op, QF_NO_ATTRS, QF_IN(__VA_ARGS__))

/* Small constants; the last three are scalars. */
qf_val qf_i64s(struct qf_build *b, const int64_t *v, size_t n);
#define QF_I64S(b, ...) \
	qf_i64s(b, (const int64_t[]){ __VA_ARGS__ }, \
		sizeof((const int64_t[]){ __VA_ARGS__ }) / 8)
qf_val qf_i64(struct qf_build *b, int64_t v);
qf_val qf_i32(struct qf_build *b, int32_t v);
qf_val qf_f32(struct qf_build *b, float v);

qf_val qf_cast(struct qf_build *b, qf_val x, enum qaic_dtype to);
qf_val qf_transpose4(struct qf_build *b, qf_val x, int a0, int a1, int a2,
		     int a3);
/* x[..., from:to] along @axis */
qf_val qf_slice(struct qf_build *b, qf_val x, int64_t axis, int64_t from,
		int64_t to);
/* x * v; x itself where v is 1 */
qf_val qf_scaled(struct qf_build *b, qf_val x, double v);
/* cap * tanh(x / cap); x itself where cap is 0 */
qf_val qf_softcap(struct qf_build *b, qf_val x, double cap);
/* x in n parts along the last axis */
void qf_split(struct qf_build *b, qf_val x, const int64_t *size, size_t n,
	      qf_val *out);

/* ---- weights ---- */

/* The module's weight "NAME.LEAF" in its own type and layout; checked shape. */
qf_val qf_weight_raw(struct qf_build *b, const char *leaf, uint32_t rank,
		     int64_t d0, int64_t d1, enum qaic_dtype *dtype);
/* The same as float32. */
qf_val qf_weight(struct qf_build *b, const char *leaf, uint32_t rank,
		 int64_t d0, int64_t d1);
/*
 * The weights of modules LIST.0.NAME, LIST.1.NAME, ... one after the other: [n,
 * d0, d1] in the checkpoint's type. @name may be NULL: LIST.0, LIST.1, ...
 */
qf_val qf_stacked(struct qf_build *b, const char *list, const char *name,
		  uint32_t n, uint32_t rank, int64_t d0, int64_t d1,
		  enum qaic_dtype *dtype);
/* Does "MODULE.LEAF" exist? @module is relative to the current one. */
bool qf_has_weight(struct qf_build *b, const char *module, const char *leaf);
/* Does a tensor of this whole name exist? */
bool qf_has_tensor(struct qf_build *b, const char *name);
/* ---- blocks ---- */

/* x [..., in] -> x W^T + bias [..., out], module @name. */
qf_val qf_linear(struct qf_build *b, const char *name, enum qf_layout layout,
		 uint32_t in, uint32_t out, bool bias, qf_val x);
/* The norm of the model (m->norm) over the last dimension. */
qf_val qf_norm(struct qf_build *b, const char *name, uint32_t size, qf_val x);
/* ids i64 [B, S] -> rows [B, S, width] of a table */
qf_val qf_embed(struct qf_build *b, const char *name, uint32_t rows,
		uint32_t width, qf_val ids);
qf_val qf_act_fn(struct qf_build *b, enum qf_act act, qf_val x);
qf_val qf_mlp(struct qf_build *b, const struct qf_mlp *mlp, qf_val x);
/* Does layer @i have experts in place of its MLP? */
bool qf_has_experts(const struct qf_moe *moe, uint32_t i);
/* The chosen experts' MLPs (m->moe), weighted. */
qf_val qf_moe(struct qf_build *b, const struct qf_moe *moe, qf_val x);

/* cos and sin rows for the positions into @d (m->rope). */
void qf_rope_tables(struct qf_build *b, struct qf_body *d);
/* Rotate x [B, H, S, D]. */
qf_val qf_rope(struct qf_build *b, const struct qf_body *d, qf_val x);
/* The parts of attention; @i is the layer. */
/* A projection (a->q, a->k, a->v) of x [B, S, hidden] as heads: [B, heads, S, D] */
qf_val qf_heads(struct qf_build *b, const struct qf_attention *a,
		const char *name, uint32_t heads, qf_val x);
/*
 * softmax(q k^T * scale + bias, not where masked) v, heads beside each other, and
 * the output product: [B, S, hidden]. q [B, heads, S, D], k and v [B, kv heads, C,
 * D]; bias (or NULL) and masked as in struct qf_body.
 */
qf_val qf_attend(struct qf_build *b, const struct qf_attention *a, uint32_t i,
		 qf_val q, qf_val k, qf_val v, qf_val bias, qf_val masked);
/* Self-attention, with the layer's slots of the KV cache if there is one. */
qf_val qf_attention(struct qf_build *b, const struct qf_body *d,
		    const struct qf_attention *a, uint32_t i, qf_val x);
/* Attention to the encoder's states (d->memory), kept between the calls. */
qf_val qf_cross_attention(struct qf_build *b, const struct qf_body *d,
			  const struct qf_attention *a, uint32_t i, qf_val x);
/* The norm of queries or keys (@name): x [B, S, heads * D], or [B, heads, S, D]. */
qf_val qf_qk_norm(struct qf_build *b, const struct qf_attention *a,
		  const char *name, uint32_t heads, qf_val x);
/* Does layer @i have the sliding window? */
bool qf_has_window(const struct qf_attention *a, uint32_t i);
/* The layer of the model: its norms, attention, MLP and sums (block_layer.c). */
qf_val qf_layer(struct qf_build *b, const struct qf_body *d,
		uint32_t i, qf_val x);
/* The biases of all layers into @d; slots i32 [C], pos i32 [B, 1, S, 1]. */
void qf_alibi(struct qf_build *b, struct qf_body *d, qf_val slots,
	      qf_val pos);
/* The same for biases in buckets of distance (m->relative). */
void qf_relative(struct qf_build *b, struct qf_body *d, qf_val slots,
		 qf_val pos);

/* Custom operators: name for qf_op(), adds the function on first use. */
const char *qf_fn_ctx_scatter(struct qf_build *b);
const char *qf_fn_ctx_gather(struct qf_build *b);
const char *qf_fn_rms_norm(struct qf_build *b);
/* Token embedding, with what the model does to it before the first layer. */
qf_val qf_embed_tokens(struct qf_build *b, const struct qf_body *d);

#ifdef __cplusplus
}
#endif
#endif
