/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The arithmetic of a DBC's FIFOs: pure functions. Indexes count elements and
 * are below the FIFO's size; head == tail is empty, one slot always stays free.
 */
#ifndef QAIC_SIM_FIFO_H
#define QAIC_SIM_FIFO_H

#include <linux/types.h>

/* More elements would only waste kernel memory on a client's word. */
#define QAIC_FIFO_MAX	65536u

/* How the chunk of memory with both FIFOs is laid out. */
struct qaic_fifo_layout {
	size_t size;			/* bytes, whole pages */
	size_t rsp_offset;		/* requests are at 0 */
};

/* -EINVAL: no elements; -ENOMEM: too many. */
int qaic_fifo_layout(u32 n, struct qaic_fifo_layout *l);

/* Elements that wait. */
u32 qaic_fifo_used(u32 head, u32 tail, u32 n);

/* Elements that can still be written. */
u32 qaic_fifo_space(u32 head, u32 tail, u32 n);

/* @count is at most @n. */
u32 qaic_fifo_advance(u32 index, u32 count, u32 n);

#endif
