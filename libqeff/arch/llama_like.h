/* SPDX-License-Identifier: MIT */
/* The config fields and module names that Llama's descendants share. */
#ifndef LIBQEFF_ARCH_LLAMA_LIKE_H
#define LIBQEFF_ARCH_LLAMA_LIKE_H

#include "libqeff/config.h"

/*
 * Before: hidden, inner and max_positions hold the class's defaults; so do vocab,
 * layers, heads, head_dim, rope.theta and rope.partial where they are not Llama's.
 * @kv_heads: num_key_value_heads of a config without that key; 0: all heads.
 */
void qf_configure_llama_like(struct qf_config *c, struct qf_model *m,
			     uint32_t kv_heads);
/* LayerNorm instead, its eps in field @eps (1e-5 if absent). */
void qf_get_layer_norm(struct qf_config *c, struct qf_model *m,
		       const char *eps);
/* Another attention of the same head size and scale. */
void qf_use_attention(struct qf_model *m, const struct qf_attention *attn);
/* How many experts (field @key) there are, and are chosen (num_experts_per_tok). */
void qf_get_experts(struct qf_config *c, struct qf_model *m, const char *key);

#endif
