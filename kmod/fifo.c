// SPDX-License-Identifier: GPL-2.0-only
/* FIFO arithmetic. */
#include <linux/align.h>
#include <linux/errno.h>
#include <linux/mm.h>

#include "kmod/fifo.h"
#include "uapi/qaic_hw.h"

int qaic_fifo_layout(u32 n, struct qaic_fifo_layout *l)
{
	size_t rsp = (size_t)n * sizeof(struct qaic_hw_rsp);
	size_t req = (size_t)n * sizeof(struct qaic_hw_req);

	if (!n)
		return -EINVAL;
	if (n > QAIC_FIFO_MAX)
		return -ENOMEM;
	l->size = PAGE_ALIGN(ALIGN(req + QAIC_HW_Q_GAP + rsp,
				   QAIC_HW_Q_ALIGN));
	l->rsp_offset = l->size - rsp;
	return 0;
}

u32 qaic_fifo_used(u32 head, u32 tail, u32 n)
{
	return head <= tail ? tail - head : n - (head - tail);
}

u32 qaic_fifo_space(u32 head, u32 tail, u32 n)
{
	return n - 1 - qaic_fifo_used(head, tail, n);
}

u32 qaic_fifo_advance(u32 index, u32 count, u32 n)
{
	return count < n - index ? index + count : count - (n - index);
}
