/* SPDX-License-Identifier: MIT */
/* Pieces that heads are made of. */
#ifndef LIBQEFF_HEAD_H
#define LIBQEFF_HEAD_H

#include "libqeff/build.h"

/* Columns of the token embedding. */
uint32_t qf_embed_width(const struct qf_model *m);
/* x [B, S, hidden] -> the row of the largest position: [B, 1, hidden] */
qf_val qf_last_row(struct qf_build *b, qf_val positions, qf_val x);
/* x [B, S, hidden] -> the first row: [B, hidden] */
qf_val qf_first_row(struct qf_build *b, qf_val x);
/*
 * The weight of the product with the vocabulary, transposed: [width, vocab]. It is
 * that of @head, or the token embedding's (m->tied); *t is the tensor.
 */
qf_val qf_vocab_weight(struct qf_build *b, const char *head, uint32_t width,
		       const struct qf_tensor **t);
/* x under this name as an output of the model, float32. */
void qf_output(struct qf_build *b, const char *name, qf_val x,
	       const struct qf_dim *dim, size_t rank);

#endif
