/* SPDX-License-Identifier: MIT */
/* The config fields and module names that GPT-2's descendants share. */
#ifndef LIBQEFF_ARCH_GPT2_LIKE_H
#define LIBQEFF_ARCH_GPT2_LIKE_H

#include "libqeff/config.h"

/*
 * Sizes, norm, activation, tie_word_embeddings. Before: vocab, hidden, layers,
 * heads, max_positions, mlp.act and tied hold the class's defaults.
 */
void qf_configure_gpt2_like(struct qf_config *c, struct qf_model *m);

#endif
