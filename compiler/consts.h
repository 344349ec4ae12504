/* SPDX-License-Identifier: MIT */
/*
 * The pool of constants of a program. Equal views of equal bytes are stored once,
 * over all uses and all specializations. Bytes are only read when the QPC is
 * written, block by block.
 */
#ifndef COMPILER_CONSTS_H
#define COMPILER_CONSTS_H

#include "compiler/lower.h"
#include "compiler/view.h"

struct qc_consts;
struct qpc_writer;

/*
 * @clip: constants that stay F32 are clipped as those that become F16 are, for
 * they may be added to F16 values (a mask's -3.4e38 must not become -inf there).
 */
int qc_consts_new(bool clip, struct qc_consts **out, struct qaic_err *err);
void qc_consts_free(struct qc_consts *pool);
/*
 * Find or add a constant. It is stored in the order in which its bytes lie (so
 * that a transposed view costs nothing), or with @rows in the order of the view.
 * @t->data and @name must live until the pool was written; neither is written to.
 */
int qc_consts_get(struct qc_consts *pool, const char *name,
		  const struct qc_tensor *t, enum qaic_dtype dtype, bool rows,
		  struct qc_view *out, struct qaic_err *err);
/*
 * Find or add matrices [.., N, K] as panels (qpc/panel.h), in a block format or in
 * F16. The view's strides are those of matrices that are filled up: N to a multiple
 * of 16, in a block format K to one of 32. It may be cut along N at multiples of 16
 * only.
 */
int qc_consts_panels(struct qc_consts *pool, const char *name,
		     const struct qc_tensor *t, enum qaic_dtype dtype,
		     struct qc_view *out, struct qaic_err *err);
/*
 * Shall matrices [.., N, K] be panels of @dtype? In a block format if they are smaller
 * than as F16 rows, in F16 if they are not larger by more than an eighth.
 */
bool qc_panels_pay(const struct qc_tensor *t, enum qaic_dtype dtype);
/* The same for bytes that do not outlive the call; dense. */
int qc_consts_copy(struct qc_consts *pool, enum qaic_dtype dtype,
		   uint32_t rank, const int64_t *dim, const void *data,
		   struct qc_view *out, struct qaic_err *err);
uint64_t qc_consts_size(const struct qc_consts *pool);
/* Constants in block formats: how many, their elements and bytes. */
void qc_consts_in_blocks(const struct qc_consts *pool, uint32_t *num,
			 uint64_t *elems, uint64_t *bytes);
/* A constant of which finite elements were clipped. */
struct qc_clipped {
	const void *at;			/* NULL at first */
	const char *name;		/* of the first value that is it */
	const uint8_t *data;		/* where it begins, in the model perhaps */
	uint64_t count;
};

/* After writing: the next one; false if there are no more. */
bool qc_consts_clipped(const struct qc_consts *pool, struct qc_clipped *c);
int qc_consts_write(struct qc_consts *pool, struct qpc_writer *w,
		    const struct qaic_progress *progress,
		    struct qaic_err *err);

/*
 * F32 -> F16 as the card's constants are made: finite values beyond the range are
 * clipped to +-65504, infinities stay (the FP16ClipTransform of QEfficient).
 */
void qc_f32_to_f16(const float *src, uint16_t *dst, size_t n);

#endif
