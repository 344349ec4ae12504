// SPDX-License-Identifier: GPL-2.0-only
/* ATTACH_SLICE_BO and DETACH_SLICE_BO: a BO is prepared for a DBC. */
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/uaccess.h>

#include "kmod/drv.h"

/* More than kmalloc() gives room for is ENOMEM, as with upstream's driver. */
#define MAX_SLICES	(KMALLOC_MAX_SIZE / sizeof(struct qaic_attach_slice_entry))

static void free_slices(struct qaic_bo *bo)
{
	kvfree(bo->slices);
	kvfree(bo->reqs);
	bo->slices = NULL;
	bo->reqs = NULL;
	bo->num_slices = 0;
	bo->num_reqs = 0;
}

/* -ENOSPC: the elements of all slices would never fit in a FIFO of @room. */
static int count_elements(const struct qaic_attach_slice_entry *e, u32 count,
			  u32 room, u32 *out)
{
	u64 sum = 0;
	u32 i;

	/* each term is at most 2^32 */
	for (i = 0; i < count; i++)
		sum += qaic_slice_elements(e[i].size);
	if (sum > room)
		return -ENOSPC;
	*out = sum;
	return 0;
}

static int build(struct qaic_bo *bo, u32 dir,
		 const struct qaic_attach_slice_entry *e, u32 count,
		 u32 elements)
{
	struct qaic_bo_slice *s;
	u32 i, first = 0;

	bo->slices = kvcalloc(count, sizeof(*bo->slices), GFP_KERNEL_ACCOUNT);
	bo->reqs = kvcalloc(elements, sizeof(*bo->reqs), GFP_KERNEL_ACCOUNT);
	if (!bo->slices || !bo->reqs) {
		free_slices(bo);
		return -ENOMEM;
	}
	for (i = 0; i < count; i++) {
		s = &bo->slices[i];
		s->offset = e[i].offset;
		s->size = e[i].size;
		s->first = first;
		s->count = qaic_slice_elements(e[i].size);
		qaic_slice_encode(&e[i], dir, bo->iova->iova, bo->reqs + first,
				  s->count);
		first += s->count;
	}
	bo->num_slices = count;
	bo->num_reqs = elements;
	return 0;
}

/* Under slice_lock. The FIFO's size cannot change while the owner is the same. */
static int prepare(struct qaic_dbc *dbc, struct qaic_bo *bo, u32 dir,
		   const struct qaic_attach_slice_entry *e, u32 count)
{
	u32 elements;
	int ret;

	ret = count_elements(e, count, dbc->fifo.n, &elements);
	if (ret)
		return ret;
	ret = qaic_bo_map(bo, dbc->id, dir);
	if (ret)
		return ret;
	ret = build(bo, dir, e, count, elements);
	if (ret)
		qaic_bo_unmap(bo);
	return ret;
}

static int attach(struct qaic_user *usr, struct qaic_dbc *dbc,
		  struct qaic_bo *bo, u32 dir,
		  const struct qaic_attach_slice_entry *e, u32 count)
{
	struct qaic_device *qd = usr->qd;
	int ret;

	ret = mutex_lock_interruptible(&qd->slice_lock);
	if (ret)
		return ret;
	mutex_lock(&dbc->lock);
	ret = qaic_user_check(usr);
	if (!ret && (bo->dbc || dbc->owner != usr))
		ret = -EINVAL;
	if (!ret)
		ret = prepare(dbc, bo, dir, e, count);
	if (!ret) {
		bo->dir = dir;
		bo->dbc = dbc;
		memset(&bo->stats, 0, sizeof(bo->stats));
		list_add_tail(&bo->dbc_node, &dbc->bos);
	}
	mutex_unlock(&dbc->lock);
	mutex_unlock(&qd->slice_lock);
	return ret;
}

static int check(const struct qaic_attach_slice_entry *e, u32 count, u64 size)
{
	int ret = 0;
	u32 i;

	for (i = 0; i < count && !ret; i++)
		ret = qaic_slice_check(&e[i], size);
	return ret;
}

int qaic_attach_slice_bo_ioctl(struct drm_device *drm, void *data,
			       struct drm_file *file)
{
	struct qaic_user *usr = file->driver_priv;
	struct qaic_attach_slice *args = data;
	struct qaic_attach_slice_hdr *hdr = &args->hdr;
	struct qaic_attach_slice_entry *e;
	struct drm_gem_object *obj;
	int ret;

	if (!hdr->count || !args->data ||
	    (hdr->dir != QAIC_DIR_TO_DEV && hdr->dir != QAIC_DIR_FROM_DEV))
		return -EINVAL;
	ret = qaic_user_check(usr);
	if (ret)
		return ret;
	if (hdr->dbc_id >= QAIC_HW_NUM_DBC)
		return -EINVAL;
	if (hdr->count > MAX_SLICES)
		return -ENOMEM;
	e = vmemdup_array_user(u64_to_user_ptr(args->data), hdr->count,
			       sizeof(*e));
	if (IS_ERR(e))
		return PTR_ERR(e);
	ret = -ENOENT;
	obj = drm_gem_object_lookup(file, hdr->handle);
	if (!obj)
		goto free;
	ret = check(e, hdr->count, obj->size);
	if (!ret)
		ret = attach(usr, &usr->qd->dbc[hdr->dbc_id], to_qaic_bo(obj),
			     hdr->dir, e, hdr->count);
	drm_gem_object_put(obj);
free:
	kvfree(e);
	return ret;
}

void qaic_bo_detach(struct qaic_bo *bo)
{
	list_del_init(&bo->dbc_node);
	bo->dbc = NULL;
	bo->dir = 0;
	qaic_bo_unmap(bo);
	free_slices(bo);
}

void qaic_bo_drop_slices(struct qaic_bo *bo)
{
	struct qaic_device *qd = to_qaic(qaic_bo_obj(bo)->dev);
	struct qaic_dbc *dbc;

	mutex_lock(&qd->slice_lock);
	dbc = bo->dbc;
	if (dbc) {
		mutex_lock(&dbc->lock);
		qaic_bo_detach(bo);
		mutex_unlock(&dbc->lock);
	}
	mutex_unlock(&qd->slice_lock);
}

/* Under slice_lock. */
static int detach(struct qaic_user *usr, struct qaic_bo *bo)
{
	struct qaic_dbc *dbc = bo->dbc;
	int ret = 0;

	if (!dbc)
		return -EINVAL;
	mutex_lock(&dbc->lock);
	if (dbc->owner != usr)
		ret = -EINVAL;
	else if (bo->queued)
		ret = -EBUSY;
	else
		qaic_bo_detach(bo);
	mutex_unlock(&dbc->lock);
	return ret;
}

int qaic_detach_slice_bo_ioctl(struct drm_device *drm, void *data,
			       struct drm_file *file)
{
	struct qaic_user *usr = file->driver_priv;
	struct qaic_detach_slice *args = data;
	struct drm_gem_object *obj;
	int ret;

	if (args->pad)
		return -EINVAL;
	ret = qaic_user_check(usr);
	if (ret)
		return ret;
	obj = drm_gem_object_lookup(file, args->handle);
	if (!obj)
		return -ENOENT;
	ret = mutex_lock_interruptible(&usr->qd->slice_lock);
	if (!ret) {
		ret = detach(usr, to_qaic_bo(obj));
		mutex_unlock(&usr->qd->slice_lock);
	}
	drm_gem_object_put(obj);
	return ret;
}
