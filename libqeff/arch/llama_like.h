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

#endif
