/* SPDX-License-Identifier: MIT */
/* The config fields and module names that GPT-2's descendants share. */
#ifndef LIBQEFF_ARCH_GPT2_LIKE_H
#define LIBQEFF_ARCH_GPT2_LIKE_H

#include "libqeff/config.h"

/*
 * What GPT-2 is, and the defaults of its config class: modules, sizes, a tied head.
 * @layout: of its linear layers.
 */
void qf_gpt2_defaults(struct qf_model *m, enum qf_layout layout);

/*
 * Sizes, norm, activation, tie_word_embeddings. Before: vocab, hidden, layers,
 * heads, max_positions, mlp.act and tied hold the class's defaults.
 */
void qf_configure_gpt2_like(struct qf_config *c, struct qf_model *m);

#endif
