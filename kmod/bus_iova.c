// SPDX-License-Identifier: GPL-2.0-only
/*
 * The IOVA space of a slot: which host pages the card can reach, and where.
 *
 * Ranges are whole arrays of pages with a page of nothing behind each, so that a
 * card that runs over the end of one meets a fault and not a neighbour.
 */
#include <linux/align.h>
#include <linux/mm.h>
#include <linux/slab.h>

#include "kmod/bus.h"

#define IOVA_FIRST	(QAIC_SIM_IOVA_MIN >> PAGE_SHIFT)
#define IOVA_END	(QAIC_SIM_WINDOW_SIZE >> PAGE_SHIFT)
#define IOVA_BIG	PTRS_PER_PTE	/* pages: aligned like a page table */
/* What the DBCs compete for: all but their shares and 4 GiB for the rest. */
#define IOVA_COMMON	(IOVA_END - QAIC_HW_NUM_DBC * QAIC_IOVA_SHARE - \
			 ((4ul << 30) >> PAGE_SHIFT))

void qaic_iova_init(struct qaic_card *card)
{
	init_rwsem(&card->iova.lock);
	drm_mm_init(&card->iova.mm, IOVA_FIRST, IOVA_END - IOVA_FIRST);
}

void qaic_iova_fini(struct qaic_card *card)
{
	/* says so if the driver left something behind */
	drm_mm_takedown(&card->iova.mm);
}

/* What @n pages take away, with the page of nothing and what alignment costs. */
static unsigned long cost(unsigned long n)
{
	return n >= IOVA_BIG ? ALIGN(n + 1, IOVA_BIG) : n + 1;
}

/*
 * May @dbc have @n pages more? A buffer of one page of memory can be mapped any
 * number of times, by imports of what it is shared as, so that no limit on memory
 * keeps a client from filling the space of the others.
 */
static bool fair(const struct qaic_iova_space *s, unsigned int dbc,
		 unsigned long n)
{
	unsigned long want, sum = 0;
	unsigned int i;

	for (i = 0; i < QAIC_HW_NUM_DBC; i++) {
		want = s->used[i] + (i == dbc ? cost(n) : 0);
		sum += want > QAIC_IOVA_SHARE ? want - QAIC_IOVA_SHARE : 0;
	}
	return dbc == QAIC_IOVA_NO_DBC || sum <= IOVA_COMMON;
}

/* Under the lock. */
static int insert(struct qaic_iova_space *s, struct qaic_iova *map)
{
	unsigned long n = map->npages;
	int ret;

	if (!fair(s, map->dbc, n))
		return -ENOSPC;
	ret = drm_mm_insert_node_generic(&s->mm, &map->node, n + 1,
					 n >= IOVA_BIG ? IOVA_BIG : 1, 0,
					 DRM_MM_INSERT_BEST);
	if (ret)
		return ret;
	map->iova = map->node.start << PAGE_SHIFT;
	if (map->dbc != QAIC_IOVA_NO_DBC)
		s->used[map->dbc] += cost(n);
	return 0;
}

int qaic_bus_iova_map(struct qaic_card *card, struct page **pages,
		      unsigned long n, enum dma_data_direction dir,
		      unsigned int dbc, struct qaic_iova **out)
{
	struct qaic_iova *map;
	int ret;

	if (!n || n >= IOVA_END || dir == DMA_NONE || dbc > QAIC_IOVA_NO_DBC)
		return -EINVAL;
	map = kzalloc(sizeof(*map), GFP_KERNEL);
	if (!map)
		return -ENOMEM;
	map->pages = pages;
	map->npages = n;
	map->dir = dir;
	map->dbc = dbc;

	down_write(&card->iova.lock);
	ret = insert(&card->iova, map);
	up_write(&card->iova.lock);
	if (ret) {
		kfree(map);
		return ret;
	}
	*out = map;
	return 0;
}

void qaic_bus_iova_unmap(struct qaic_card *card, struct qaic_iova *map)
{
	if (!map)
		return;
	down_write(&card->iova.lock);
	drm_mm_remove_node(&map->node);
	if (map->dbc != QAIC_IOVA_NO_DBC)
		card->iova.used[map->dbc] -= cost(map->npages);
	/* a fault can no more find it; whoever did has inserted it by now */
	downgrade_write(&card->iova.lock);
	if (card->iova.port)
		unmap_mapping_range(card->iova.port->mapping,
				    QAIC_SIM_OFF_IOVA + map->iova,
				    (loff_t)map->npages << PAGE_SHIFT, 1);
	up_read(&card->iova.lock);
	kfree(map);
}

struct qaic_iova *qaic_iova_find(struct qaic_card *card, u64 pg)
{
	struct drm_mm_node *node;
	struct qaic_iova *map;

	if (pg >= IOVA_END)		/* the walk below would never end */
		return NULL;
	drm_mm_for_each_node_in_range(node, &card->iova.mm, pg, pg + 1) {
		map = container_of(node, struct qaic_iova, node);
		if (pg - node->start < map->npages)
			return map;
	}
	return NULL;
}

int qaic_iova_check(struct qaic_card *card, u64 iova, u64 len, u32 access)
{
	struct qaic_iova *map;
	u64 left;
	int ret = -EFAULT;

	down_read(&card->iova.lock);
	map = qaic_iova_find(card, iova >> PAGE_SHIFT);
	if (map) {
		left = ((u64)map->npages << PAGE_SHIFT) - (iova - map->iova);
		if (len <= left && (!(access & QAIC_SIM_WRITE) ||
				    map->dir != DMA_TO_DEVICE))
			ret = 0;
	}
	up_read(&card->iova.lock);
	return ret;
}
