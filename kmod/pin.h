/* SPDX-License-Identifier: GPL-2.0-only */
/* A client's memory, pinned for the card to read. */
#ifndef QAIC_SIM_PIN_H
#define QAIC_SIM_PIN_H

#include "kmod/drv.h"

/* At most this much at a time; a larger transfer goes on (DMA_XFER_CONT). */
#define QAIC_PIN_MAX	(16ull << 20)

struct qaic_pin {
	struct page **pages;
	unsigned long n;
	struct qaic_iova *iova;
	u64 addr;			/* on the bus */
	u64 len;
};

/*
 * Pin [addr, addr + len) of the calling process. -EFAULT: not mapped; -EINVAL,
 * -ENOMEM.
 */
int qaic_pin(struct qaic_device *qd, u64 addr, u64 len, struct qaic_pin *p);
void qaic_unpin(struct qaic_device *qd, struct qaic_pin *p);

#endif
