// SPDX-License-Identifier: GPL-2.0-only
/* Pinned user memory. */
#include <linux/mm.h>
#include <linux/slab.h>

#include "kmod/pin.h"

void qaic_unpin(struct qaic_device *qd, struct qaic_pin *p)
{
	/* first the card's way to it, then the pages */
	qaic_bus_iova_unmap(qd->card, p->iova);
	if (p->n)
		unpin_user_pages(p->pages, p->n);
	kvfree(p->pages);
	memset(p, 0, sizeof(*p));
}

static int pin_pages(struct qaic_pin *p, u64 addr, unsigned long want)
{
	int ret;

	while (p->n < want) {
		ret = pin_user_pages_fast(addr + p->n * PAGE_SIZE,
					  want - p->n, 0, p->pages + p->n);
		if (ret < 0)
			return ret;
		if (!ret)
			return -EFAULT;
		p->n += ret;
	}
	return 0;
}

int qaic_pin(struct qaic_device *qd, u64 addr, u64 len, struct qaic_pin *p)
{
	u64 first = addr & PAGE_MASK;
	unsigned long want;
	int ret;

	memset(p, 0, sizeof(*p));
	if (!len || len > QAIC_PIN_MAX || addr + len < addr)
		return -EINVAL;
	want = DIV_ROUND_UP(addr - first + len, PAGE_SIZE);
	p->pages = kvcalloc(want, sizeof(*p->pages), GFP_KERNEL_ACCOUNT);
	if (!p->pages)
		return -ENOMEM;
	ret = pin_pages(p, first, want);
	if (!ret)
		ret = qaic_bus_iova_map(qd->card, p->pages, want,
					DMA_TO_DEVICE, QAIC_IOVA_NO_DBC, &p->iova);
	if (ret) {
		p->iova = NULL;
		qaic_unpin(qd, p);
		return ret;
	}
	p->addr = p->iova->iova + (addr - first);
	p->len = len;
	return 0;
}
