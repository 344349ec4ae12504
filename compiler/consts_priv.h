/* SPDX-License-Identifier: MIT */
/* Inside the pool of constants. */
#ifndef COMPILER_CONSTS_PRIV_H
#define COMPILER_CONSTS_PRIV_H

#include "compiler/consts.h"
#include "qpc/panel.h"

#define QC_CONST_HASH	4096

struct qc_const {
	struct qc_buf buf;		/* off: in constants.bin */
	struct qc_tensor t;		/* in stored order; runs merged */
	enum qaic_dtype dtype;		/* as stored */
	const char *name;		/* of the first value that is it */
	uint64_t elems;			/* of a block type: without filling */
	uint64_t clipped;		/* elements, when it was written */
	uint8_t *content;		/* of a small one, or NULL */
	struct qc_const *next;		/* in its hash chain */
	struct qc_const *order;		/* in the file */
};

struct qc_consts {
	bool clip;			/* F32 constants too, to what F16 holds */
	struct qc_const *hash[QC_CONST_HASH];
	struct qc_const *first, **last;
	uint64_t size;
};

/*
 * Find or add one: by its content if that is given (which is taken), else by what
 * it is made of.
 */
int qc_const_lookup(struct qc_consts *p, const struct qc_tensor *key,
		    enum qaic_dtype dtype, uint64_t size, uint8_t *content,
		    struct qc_const **out, struct qaic_err *err);
/*
 * Finite ones beyond F16's range to +-65504; returns how many there were, but for
 * -FLT_MAX.
 */
uint64_t qc_clip_f32(float *x, int64_t n);
/*
 * Elements [first, first + n) of @t as @dtype, clipped if they become F16. @tmp has
 * room for @n floats. Returns how many were clipped.
 */
uint64_t qc_const_read(const struct qc_consts *p, const struct qc_tensor *t,
		       enum qaic_dtype dtype, int64_t first, int64_t n,
		       void *dst, float *tmp);
/* consts_panels.c */
int qc_const_write_panels(const struct qc_consts *p, struct qc_const *c,
			  struct qpc_writer *w,
			  const struct qaic_progress *progress,
			  struct qaic_err *err);

#endif
