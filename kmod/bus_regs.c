// SPDX-License-Identifier: GPL-2.0-only
/* Pages that driver and card share: the registers of the DBCs, the control page. */
#include <linux/gfp.h>
#include <linux/mm.h>

#include "kmod/bus.h"

int qaic_regs_init(struct qaic_card *card)
{
	unsigned int i;

	BUILD_BUG_ON(QAIC_SIM_REGS_SIZE != (QAIC_HW_NUM_DBC + 1) * PAGE_SIZE);
	BUILD_BUG_ON(QAIC_SIM_OFF_CTL != QAIC_HW_NUM_DBC * PAGE_SIZE);

	for (i = 0; i < QAIC_HW_NUM_DBC; i++) {
		card->regs[i] = alloc_page(GFP_KERNEL | __GFP_ZERO);
		if (!card->regs[i])
			return -ENOMEM;
	}
	card->ctl = alloc_page(GFP_KERNEL | __GFP_ZERO);
	return card->ctl ? 0 : -ENOMEM;
}

/* Also after a failed init */
void qaic_regs_fini(struct qaic_card *card)
{
	unsigned int i;

	for (i = 0; i < QAIC_HW_NUM_DBC; i++)
		if (card->regs[i])
			__free_page(card->regs[i]);
	if (card->ctl)
		__free_page(card->ctl);
}

/* For a new card; the last one cannot reach them any more. */
void qaic_regs_clear(struct qaic_card *card)
{
	unsigned int i;

	for (i = 0; i < QAIC_HW_NUM_DBC; i++)
		clear_page(page_address(card->regs[i]));
	clear_page(page_address(card->ctl));
}

struct page *qaic_regs_page(struct qaic_card *card, unsigned long pg)
{
	if (pg < QAIC_HW_NUM_DBC)
		return card->regs[pg];
	return pg == QAIC_HW_NUM_DBC ? card->ctl : NULL;
}

struct qaic_hw_dbc_regs *qaic_bus_regs(struct qaic_card *card, unsigned int dbc)
{
	return page_address(card->regs[dbc]);
}
