/* SPDX-License-Identifier: MIT */
/*
 * Building a model's graph: what the blocks share beyond blocks.h, which is all
 * that an architecture sees.
 */
#ifndef LIBQEFF_BUILD_H
#define LIBQEFF_BUILD_H

#include "base/str.h"
#include "libqeff/blocks.h"
#include "libqeff/onnx_build.h"
#include "libqeff/safetensors.h"

struct qf_build {
	struct qf_onnx o;
	const struct qf_model *m;
	const struct qf_tensors *ts;
	uint8_t *used;			/* per tensor: the graph reads it */
	char scope[256];
	size_t scope_len;
	struct qaic_str fp32_nodes;	/* "NAME,...": see qf_keep_fp32() */
	struct qaic_str blocks;		/* "model.layers.0=VALUE,...": what is
					 * between the blocks */
};

/*
 * What the nodes from number @first on compute (b->o.nodes.n before them) stays
 * float32 in an FP16 program: for little work that outputs depend on.
 */
void qf_keep_fp32(struct qf_build *b, size_t first);

/* ---- weights ---- */

/* The module's tensor as it is in the file; NULL (and an error) if missing. */
const struct qf_tensor *qf_find_weight(struct qf_build *b, const char *leaf);
/* The same, of this shape, for an initializer that is made from it. */
const struct qf_tensor *qf_take_weight(struct qf_build *b, const char *leaf,
				       uint32_t rank, int64_t d0, int64_t d1);

/* The two tables' elements; @ctx is a const struct qf_rope. */
void qf_rope_cos(const void *ctx, uint64_t first, uint64_t count, void *dst);
void qf_rope_sin(const void *ctx, uint64_t first, uint64_t count, void *dst);

/* Embeddings of distances, and which is whose, into @d (m->disentangled). */
void qf_distances(struct qf_build *b, struct qf_body *d, qf_val slots,
		  qf_val pos);
/* The biases that q and k have of them: [B, heads, S, S] */
qf_val qf_distance_bias(struct qf_build *b, const struct qf_body *d,
			const struct qf_attention *a, qf_val q, qf_val k);

/* ---- body and heads ---- */

/* Inputs, cache indices and masks. */
void qf_decoder_begin(struct qf_build *b, struct qf_body *d);
/* The same for inputs that are there: d->position_ids, d->key_cache. */
void qf_cache_begin(struct qf_build *b, struct qf_body *d);
/* Into d->masked (and masked_window): later slots, and those out of the window. */
void qf_causal_mask(struct qf_build *b, struct qf_body *d, qf_val slots,
		    qf_val pos);
/* Inputs, positions and masks without a cache. */
void qf_encoder_begin(struct qf_build *b, struct qf_body *d);
/* Does the class generate token by token, over a cache? */
bool qf_has_cache(const struct qf_model *m);
/* "past_key.0_RetainedState"; @kind is "key" or "value". */
qf_val qf_retained(struct qf_build *b, const char *kind, uint32_t i);
/* The caches as outputs, after what the head put out. */
void qf_decoder_end(struct qf_build *b);
/* What is behind the layers: the final norm, the projection. */
qf_val qf_final(struct qf_build *b, qf_val x);
/* The heads, by m->cls; each adds its outputs. */
void qf_head(struct qf_build *b, const struct qf_body *d, qf_val x);
/* Last token's row -> final norm -> logits [B, 1, vocab]. */
void qf_head_causal_lm(struct qf_build *b, const struct qf_body *d,
		       qf_val x);
/* logits [B, S, vocab] */
void qf_head_masked_lm(struct qf_build *b, const struct qf_body *d, qf_val x);
/* One row of each sequence -> logits [B, labels] */
void qf_head_classify(struct qf_build *b, const struct qf_body *d, qf_val x);
/* logits [B, S, labels] */
void qf_head_tokens(struct qf_build *b, const struct qf_body *d, qf_val x);
/* start_logits, end_logits [B, S] */
void qf_head_qa(struct qf_build *b, const struct qf_body *d, qf_val x);
/* last_hidden_state [B, S, hidden] */
void qf_head_embed(struct qf_build *b, const struct qf_body *d, qf_val x);
/* An encoder and a decoder (seq2seq.c). */
int qf_build_seq2seq(struct qf_build *b);
/* Build the whole graph by m->arch. */
int qf_build_model(struct qf_build *b, const struct qf_model *m,
		   const struct qf_tensors *ts, struct qaic_err *err);
void qf_build_release(struct qf_build *b);
/* Say that @x comes out of module @name of the current one: a block ends there. */
void qf_block(struct qf_build *b, const char *name, qf_val x);

#endif
