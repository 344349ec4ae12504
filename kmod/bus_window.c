// SPDX-License-Identifier: GPL-2.0-only
/*
 * Mappings of the card port: the register pages and the window of host memory.
 *
 * Nothing is mapped until it is touched; a touch maps what is around it too. What
 * a fault finds it inserts under card->iova.lock, and who takes something away
 * does that under the lock first and zaps the page tables then: so no page is
 * reachable after qaic_bus_iova_unmap() or after the port was cut off.
 */
#include <linux/mm.h>

#include "kmod/bus.h"

#define AROUND		512ul		/* pages, a power of two */
#define REGS_PAGES	(QAIC_SIM_REGS_SIZE >> PAGE_SHIFT)
#define IOVA_PGOFF	(QAIC_SIM_OFF_IOVA >> PAGE_SHIFT)
#define IOVA_PAGES	(QAIC_SIM_WINDOW_SIZE >> PAGE_SHIFT)

void qaic_window_give(struct qaic_card *card, struct qaic_port *port)
{
	struct qaic_port *old;

	down_write(&card->iova.lock);
	old = card->iova.port;
	card->iova.port = port;
	/*
	 * No fault inserts any more. Not yet unlocked: who unmaps a range now
	 * finds no port to take it from, and frees its pages.
	 */
	downgrade_write(&card->iova.lock);
	/* everything of this file: registers, window */
	if (old)
		unmap_mapping_range(old->mapping, 0, 0, 1);
	up_read(&card->iova.lock);
}

static bool may_write(const struct qaic_iova *map)
{
	return map->dir != DMA_TO_DEVICE;
}

/*
 * Not vm_page_prot: with a pfn_mkwrite operation that is read-only, and every
 * page's first store would be a second fault.
 */
static pgprot_t window_prot(const struct vm_area_struct *vma, bool write)
{
	return vm_get_page_prot(write ? vma->vm_flags :
				vma->vm_flags & ~VM_WRITE);
}

/* The part of @map and the mapping that is inserted along with page @pg */
static void around(const struct qaic_iova *map, struct vm_area_struct *vma,
		   u64 pg, u64 *first, u64 *end)
{
	u64 vma_first = vma->vm_pgoff - IOVA_PGOFF;

	*first = max3(pg & ~(u64)(AROUND - 1), map->node.start, vma_first);
	*end = min3((pg & ~(u64)(AROUND - 1)) + AROUND,
		    map->node.start + map->npages,
		    vma_first + vma_pages(vma));
}

static vm_fault_t insert_range(struct qaic_iova *map, struct vm_fault *vmf,
			       u64 pg)
{
	struct vm_area_struct *vma = vmf->vma;
	pgprot_t prot = window_prot(vma, may_write(map));
	vm_fault_t ret;
	u64 first, end, i;

	ret = vmf_insert_pfn_prot(vma, vmf->address & PAGE_MASK,
				  page_to_pfn(map->pages[pg - map->node.start]),
				  prot);
	if (ret != VM_FAULT_NOPAGE)
		return ret;
	around(map, vma, pg, &first, &end);
	for (i = first; i < end; i++) {
		if (vmf_insert_pfn_prot(vma, vma->vm_start +
			((i + IOVA_PGOFF - vma->vm_pgoff) << PAGE_SHIFT),
			page_to_pfn(map->pages[i - map->node.start]),
			prot) != VM_FAULT_NOPAGE)
			break;		/* it will be touched again */
	}
	return VM_FAULT_NOPAGE;
}

static vm_fault_t window_fault(struct vm_fault *vmf)
{
	struct qaic_port *port = vmf->vma->vm_file->private_data;
	struct qaic_card *card = port->card;
	vm_fault_t ret = VM_FAULT_SIGBUS;
	struct qaic_iova *map;
	struct page *page;

	down_read(&card->iova.lock);
	if (card->iova.port != port)
		goto out;
	if (vmf->pgoff < IOVA_PGOFF) {
		page = qaic_regs_page(card, vmf->pgoff);
		if (page)
			ret = vmf_insert_pfn_prot(vmf->vma,
						  vmf->address & PAGE_MASK,
						  page_to_pfn(page),
						  window_prot(vmf->vma, true));
		goto out;
	}
	map = qaic_iova_find(card, vmf->pgoff - IOVA_PGOFF);
	if (map && (may_write(map) || !(vmf->flags & FAULT_FLAG_WRITE)))
		ret = insert_range(map, vmf, vmf->pgoff - IOVA_PGOFF);
out:
	up_read(&card->iova.lock);
	return ret;
}

/* A store to what is there, but only to be read: a range DMA_TO_DEVICE */
static vm_fault_t window_pfn_mkwrite(struct vm_fault *vmf)
{
	struct qaic_port *port = vmf->vma->vm_file->private_data;
	struct qaic_card *card = port->card;
	struct qaic_iova *map = NULL;
	bool ok;

	down_read(&card->iova.lock);
	ok = card->iova.port == port;
	if (ok && vmf->pgoff >= IOVA_PGOFF) {
		map = qaic_iova_find(card, vmf->pgoff - IOVA_PGOFF);
		ok = map && may_write(map);
	}
	up_read(&card->iova.lock);
	return ok ? 0 : VM_FAULT_SIGBUS;
}

static const struct vm_operations_struct window_vm_ops = {
	.fault = window_fault,
	.pfn_mkwrite = window_pfn_mkwrite,
};

int qaic_window_mmap(struct qaic_port *port, struct vm_area_struct *vma)
{
	unsigned long pgoff = vma->vm_pgoff, n = vma_pages(vma);
	bool regs, window;

	regs = pgoff < REGS_PAGES && n <= REGS_PAGES - pgoff;
	window = pgoff >= IOVA_PGOFF && pgoff - IOVA_PGOFF < IOVA_PAGES &&
		 n <= IOVA_PAGES - (pgoff - IOVA_PGOFF);
	if (!(regs || window) || !(vma->vm_flags & VM_SHARED))
		return -EINVAL;
	if (vma->vm_flags & VM_EXEC)
		return -EACCES;
	vm_flags_mod(vma, VM_PFNMAP | VM_DONTEXPAND | VM_DONTDUMP | VM_DONTCOPY,
		     VM_MAYEXEC);
	vma->vm_ops = &window_vm_ops;
	return 0;
}
