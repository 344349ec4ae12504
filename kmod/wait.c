// SPDX-License-Identifier: GPL-2.0-only
/* WAIT_BO and PERF_STATS_BO. */
#include <linux/math64.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "kmod/drv.h"

/* Copied out only for who asked with DRM_IOCTL_QAIC_WAIT_BO_STATUS. */
static u32 wait_status(struct qaic_dbc *dbc, struct qaic_bo *bo)
{
	u32 status = QAIC_WAIT_TOLD | READ_ONCE(bo->code);

	if (qaic_bus_stalled(dbc->qd->card, dbc->id))
		status |= QAIC_WAIT_STALLED;
	return status;
}

int qaic_wait_bo_ioctl(struct drm_device *drm, void *data,
		       struct drm_file *file)
{
	struct qaic_user *usr = file->driver_priv;
	struct drm_gem_object *obj;
	struct qaic_wait *args = data;
	struct qaic_dbc *dbc;
	struct qaic_bo *bo;
	unsigned int ms;
	long ret;

	if (args->pad)
		return -EINVAL;
	ret = qaic_user_check(usr);
	if (ret)
		return ret;
	if (args->dbc_id >= QAIC_HW_NUM_DBC)
		return -EINVAL;
	dbc = &usr->qd->dbc[args->dbc_id];
	if (READ_ONCE(dbc->owner) != usr)
		return -EPERM;
	obj = drm_gem_object_lookup(file, args->handle);
	if (!obj)
		return -ENOENT;
	bo = to_qaic_bo(obj);
	ms = args->timeout ? args->timeout : qaic_wait_exec_default_timeout_ms;
	ret = wait_event_interruptible_timeout(bo->wait,
					       !READ_ONCE(bo->queued) ||
					       READ_ONCE(dbc->owner) != usr,
					       msecs_to_jiffies(ms));
	if (READ_ONCE(dbc->owner) != usr && ret >= 0)
		ret = -EPERM;
	else if (!ret)
		ret = -ETIMEDOUT;
	if (ret > 0 || ret == -ETIMEDOUT)
		args->pad = wait_status(dbc, bo);
	drm_gem_object_put(obj);
	return ret > 0 ? 0 : ret;
}

static u32 microseconds(u64 from, u64 to)
{
	return to > from ? div_u64(to - from, 1000) : 0;
}

static int one_bo(struct drm_file *file, struct qaic_perf_stats_entry *e)
{
	struct drm_gem_object *obj = drm_gem_object_lookup(file, e->handle);
	struct qaic_bo_stats s;
	struct qaic_bo *bo;

	if (!obj)
		return -ENOENT;
	bo = to_qaic_bo(obj);
	/* numbers of two runs may mix when one is just being submitted */
	s = bo->stats;
	e->queue_level_before = s.queue_level;
	e->num_queue_element = bo->num_reqs;
	e->submit_latency_us = microseconds(s.received, s.submitted);
	e->device_latency_us = microseconds(s.submitted, s.done);
	drm_gem_object_put(obj);
	return 0;
}

int qaic_perf_stats_bo_ioctl(struct drm_device *drm, void *data,
			     struct drm_file *file)
{
	struct qaic_user *usr = file->driver_priv;
	struct qaic_perf_stats *args = data;
	struct qaic_perf_stats_entry *ent;
	size_t size = args->hdr.count * sizeof(*ent);
	int i, ret;

	ret = qaic_user_check(usr);
	if (ret)
		return ret;
	if (args->hdr.dbc_id >= QAIC_HW_NUM_DBC)
		return -EINVAL;
	ent = vmemdup_user(u64_to_user_ptr(args->data), size);
	if (IS_ERR(ent))
		return PTR_ERR(ent);
	for (i = 0; i < args->hdr.count && !ret; i++)
		ret = one_bo(file, &ent[i]);
	if (!ret && copy_to_user(u64_to_user_ptr(args->data), ent, size))
		ret = -EFAULT;
	kvfree(ent);
	return ret;
}
