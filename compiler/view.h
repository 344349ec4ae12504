/* SPDX-License-Identifier: MIT */
/*
 * A view: where a value lives while commands are made for it. Reshape, Transpose,
 * Slice and their like only change the view; no command is emitted.
 */
#ifndef COMPILER_VIEW_H
#define COMPILER_VIEW_H

#include <stdbool.h>
#include <stdint.h>

#include "compiler/graph.h"

struct qc_buf;

struct qc_view {
	struct qc_buf *buf;
	int64_t off;			/* bytes from the start of buf */
	enum qaic_dtype dtype;		/* as stored */
	uint32_t rank;
	int64_t dim[QC_MAX_RANK];
	int64_t stride[QC_MAX_RANK];	/* elements; see qc_consts_panels() */
};

int64_t qc_view_numel(const struct qc_view *v);
/* Row-major without gaps. */
bool qc_view_dense(const struct qc_view *v);
/* Row-major strides for dim[]. */
void qc_view_set_dense(struct qc_view *v, uint32_t rank, const int64_t *dim);
/* Strides of a dense view whose rows are filled up to whole blocks, if its type
 * has any. */
void qc_view_pad_blocks(struct qc_view *v);
/* Change the shape in place; false where it would need a copy. */
bool qc_view_reshape(struct qc_view *v, uint32_t rank, const int64_t *dim);
void qc_view_permute(struct qc_view *v, const uint32_t *perm);
/* Elements [start, start + n * step) by step along axis. */
void qc_view_slice(struct qc_view *v, uint32_t axis, int64_t start, int64_t n,
		   int64_t step);
/* Broadcast to a shape of the same or a higher rank (numpy rules). */
bool qc_view_broadcast(struct qc_view *v, uint32_t rank, const int64_t *dim);
/* Insert an axis of length 1 with stride 0; the rank must allow it. */
void qc_view_unsqueeze(struct qc_view *v, uint32_t axis);

#endif
