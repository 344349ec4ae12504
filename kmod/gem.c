// SPDX-License-Identifier: GPL-2.0-only
/*
 * Buffer objects: shmem pages that live as long as the BO, or a dma-buf of
 * somebody else whose pages are looked up when it is sliced.
 */
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>
#include <drm/drm_gem.h>
#include <drm/drm_print.h>
#include <drm/drm_vma_manager.h>

#include "kmod/drv.h"

static void qaic_bo_free(struct drm_gem_object *obj)
{
	struct qaic_bo *bo = to_qaic_bo(obj);

	/* nobody else knows it any more, but its DBC */
	qaic_bo_drop_slices(bo);
	if (bo->pinned)
		drm_gem_shmem_unpin(&bo->base);
	drm_gem_shmem_free(&bo->base);
}

static void qaic_bo_print_info(struct drm_printer *p, unsigned int indent,
			       const struct drm_gem_object *obj)
{
	const struct qaic_bo *bo = container_of(obj, struct qaic_bo, base.base);

	drm_gem_shmem_print_info(&bo->base, p, indent);
	drm_printf_indent(p, indent, "BO DMA direction %u\n", bo->dir);
}

/* All of it at once: a fault per page is what mapping a large BO costs. */
static void prefault(struct qaic_bo *bo, struct vm_area_struct *vma)
{
	unsigned long i, n = qaic_bo_obj(bo)->size >> PAGE_SHIFT;

	n = min(n, vma_pages(vma));
	for (i = 0; i < n; i++)
		if (vmf_insert_pfn(vma, vma->vm_start + i * PAGE_SIZE,
				   page_to_pfn(bo->base.pages[i])) !=
		    VM_FAULT_NOPAGE)
			return;
}

static int qaic_bo_mmap(struct drm_gem_object *obj, struct vm_area_struct *vma)
{
	struct qaic_bo *bo = to_qaic_bo(obj);
	int ret;

	ret = drm_gem_shmem_mmap(&bo->base, vma);
	if (!ret && bo->pinned && !vma->vm_pgoff)
		prefault(bo, vma);
	return ret;
}

static const struct drm_gem_object_funcs qaic_bo_funcs = {
	.free = qaic_bo_free,
	.print_info = qaic_bo_print_info,
	.pin = drm_gem_shmem_object_pin,
	.unpin = drm_gem_shmem_object_unpin,
	.get_sg_table = drm_gem_shmem_object_get_sg_table,
	.vmap = drm_gem_shmem_object_vmap,
	.vunmap = drm_gem_shmem_object_vunmap,
	.mmap = qaic_bo_mmap,
	.vm_ops = &drm_gem_shmem_vm_ops,
};

struct drm_gem_object *qaic_gem_create_object(struct drm_device *drm,
					      size_t size)
{
	struct qaic_bo *bo;

	bo = kzalloc(sizeof(*bo), GFP_KERNEL);
	if (!bo)
		return ERR_PTR(-ENOMEM);
	INIT_LIST_HEAD(&bo->dbc_node);
	INIT_LIST_HEAD(&bo->queue_node);
	init_waitqueue_head(&bo->wait);
	bo->base.base.funcs = &qaic_bo_funcs;
	return &bo->base.base;
}

/* Pages of another driver's dma-buf, by way of its kernel mapping. */
static int import_pages(struct qaic_bo *bo)
{
	struct drm_gem_object *obj = qaic_bo_obj(bo);
	unsigned long i, n = obj->size >> PAGE_SHIFT;
	void *addr;
	int ret;

	ret = qaic_vmap(obj, &bo->vmap);
	if (ret)
		return ret;
	ret = -EOPNOTSUPP;
	if (bo->vmap.is_iomem)
		goto unmap;
	ret = -ENOMEM;
	bo->pages = kvcalloc(n, sizeof(*bo->pages), GFP_KERNEL_ACCOUNT);
	if (!bo->pages)
		goto unmap;
	for (i = 0; i < n; i++) {
		addr = bo->vmap.vaddr + i * PAGE_SIZE;
		bo->pages[i] = is_vmalloc_addr(addr) ? vmalloc_to_page(addr) :
						       virt_to_page(addr);
	}
	return 0;

unmap:
	qaic_vunmap(obj, &bo->vmap);
	return ret;
}

static void forget_pages(struct qaic_bo *bo)
{
	if (!bo->pages)
		return;
	kvfree(bo->pages);
	bo->pages = NULL;
	qaic_vunmap(qaic_bo_obj(bo), &bo->vmap);
}

int qaic_bo_map(struct qaic_bo *bo, u32 dbc, u32 dir)
{
	struct qaic_device *qd = to_qaic(qaic_bo_obj(bo)->dev);
	struct page **pages = bo->base.pages;
	int ret;

	if (!bo->pinned) {
		ret = import_pages(bo);
		if (ret)
			return ret;
		pages = bo->pages;
	}
	ret = qaic_bus_iova_map(qd->card, pages,
				qaic_bo_obj(bo)->size >> PAGE_SHIFT,
				dir == QAIC_DIR_TO_DEV ? DMA_TO_DEVICE :
							 DMA_FROM_DEVICE,
				dbc, &bo->iova);
	if (ret) {
		bo->iova = NULL;
		forget_pages(bo);
	}
	return ret;
}

void qaic_bo_unmap(struct qaic_bo *bo)
{
	struct qaic_device *qd = to_qaic(qaic_bo_obj(bo)->dev);

	qaic_bus_iova_unmap(qd->card, bo->iova);
	bo->iova = NULL;
	forget_pages(bo);
}

int qaic_create_bo_ioctl(struct drm_device *drm, void *data,
			 struct drm_file *file)
{
	struct drm_gem_shmem_object *shmem;
	struct qaic_create_bo *args = data;
	size_t size = PAGE_ALIGN(args->size);
	int ret;

	if (args->pad || !size)
		return -EINVAL;
	ret = qaic_user_check(file->driver_priv);
	if (ret)
		return ret;
	if (size >> PAGE_SHIFT > totalram_pages())
		return -ENOMEM;
	shmem = drm_gem_shmem_create(drm, size);
	if (IS_ERR(shmem))
		return PTR_ERR(shmem);
	/* shmem pages begin as zeroes */
	ret = drm_gem_shmem_pin(shmem);
	if (!ret) {
		to_qaic_bo(&shmem->base)->pinned = true;
		ret = drm_gem_handle_create(file, &shmem->base, &args->handle);
	}
	drm_gem_object_put(&shmem->base);
	return ret;
}

int qaic_mmap_bo_ioctl(struct drm_device *drm, void *data,
		       struct drm_file *file)
{
	struct qaic_mmap_bo *args = data;
	struct drm_gem_object *obj;
	int ret;

	ret = qaic_user_check(file->driver_priv);
	if (ret)
		return ret;
	obj = drm_gem_object_lookup(file, args->handle);
	if (!obj)
		return -ENOENT;
	ret = drm_gem_create_mmap_offset(obj);
	if (!ret)
		args->offset = drm_vma_node_offset_addr(&obj->vma_node);
	drm_gem_object_put(obj);
	return ret;
}
