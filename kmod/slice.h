/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Slices of a buffer object to request elements of the DMA Bridge: pure
 * functions.
 */
#ifndef QAIC_SIM_SLICE_H
#define QAIC_SIM_SLICE_H

#include <linux/types.h>

#include "uapi/qaic_accel.h"
#include "uapi/qaic_hw.h"

/*
 * The bus addresses of a BO are contiguous, so a slice needs one element unless
 * its length does not fit in the element's 32 bits.
 */
#define QAIC_SLICE_CHUNK	0xfffff000u

/* May the client ask for this, of a BO of @bo_size bytes? 0 or -EINVAL. */
int qaic_slice_check(const struct qaic_attach_slice_entry *e, u64 bo_size);

/* How many request elements a slice of @size bytes needs; at least one. */
u64 qaic_slice_elements(u64 size);

/*
 * Fill the @n = qaic_slice_elements(@e->size) elements of a checked slice;
 * @iova is where the BO starts on the bus, @dir QAIC_DIR_*. req_id is left 0.
 */
void qaic_slice_encode(const struct qaic_attach_slice_entry *e, u32 dir,
		       u64 iova, struct qaic_hw_req *req, u32 n);

/*
 * How many of a slice's @n elements move its first @bytes, and the length of the
 * last of them. Nothing to move is one element of length 0.
 */
u32 qaic_slice_shorten(const struct qaic_hw_req *req, u32 n, u64 bytes,
		       u32 *last_len);

/*
 * The last element of a shortened slice: what it moves comes from @mover, what
 * happens after the transfer from @last, the slice's own last element.
 */
void qaic_slice_cut(const struct qaic_hw_req *mover,
		    const struct qaic_hw_req *last, u32 len,
		    struct qaic_hw_req *out);

#endif
