// SPDX-License-Identifier: GPL-2.0-only
/* EXECUTE_BO and PARTIAL_EXECUTE_BO: elements go into the request FIFO. */
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/uaccess.h>

#include "kmod/drv.h"

/* Each BO is queued once and takes an element: more never fit. */
#define MAX_BOS		(1u << 20)

struct exec {
	struct qaic_dbc *dbc;
	struct qaic_bo **bos;
	const struct qaic_partial_execute_entry *part;	/* or NULL */
	u32 count;
	u32 added;		/* BOs on the queue */
	u32 head, tail;
	u64 received;
};

static struct qaic_hw_req *slot(struct exec *ex)
{
	struct qaic_hw_req *req = ex->dbc->fifo.mem;

	req += ex->tail;
	ex->tail = qaic_fifo_advance(ex->tail, 1, ex->dbc->fifo.n);
	return req;
}

static int put_slice(struct exec *ex, struct qaic_bo *bo,
		     const struct qaic_bo_slice *s, u64 bytes)
{
	const struct qaic_hw_req *reqs = bo->reqs + s->first;
	struct qaic_hw_req *out;
	u32 i, len, n;

	n = qaic_slice_shorten(reqs, s->count, bytes, &len);
	if (n > qaic_fifo_space(ex->head, ex->tail, ex->dbc->fifo.n))
		return -EAGAIN;
	for (i = 0; i < n - 1; i++) {
		out = slot(ex);
		*out = reqs[i];
		out->req_id = bo->req_id;
	}
	out = slot(ex);
	if (bytes == s->size)
		*out = reqs[i];
	else
		qaic_slice_cut(&reqs[i], &reqs[s->count - 1], len, out);
	out->req_id = bo->req_id;
	return 0;
}

/* What of a slice is moved when the first @resize bytes of the BO are. */
static u64 clip(const struct qaic_bo_slice *s, u64 resize)
{
	return resize <= s->offset ? 0 : min(s->size, resize - s->offset);
}

static int put_bo(struct exec *ex, struct qaic_bo *bo,
		  const struct qaic_partial_execute_entry *part)
{
	u32 level = qaic_fifo_used(ex->head, ex->tail, ex->dbc->fifo.n);
	const struct qaic_bo_slice *s;
	u32 i;
	int ret;

	if (bo->dbc != ex->dbc || bo->queued)
		return -EINVAL;
	if (part && part->resize > qaic_bo_obj(bo)->size)
		return -EINVAL;
	bo->req_id = ex->dbc->next_id++;
	bo->call = ex->dbc->next_call;
	for (i = 0; i < bo->num_slices; i++) {
		s = &bo->slices[i];
		ret = put_slice(ex, bo, s,
				part ? clip(s, part->resize) : s->size);
		if (ret)
			return ret;
	}
	drm_gem_object_get(qaic_bo_obj(bo));
	bo->responses = 0;
	bo->stats.queue_level = level;
	WRITE_ONCE(bo->queued, true);
	list_add_tail(&bo->queue_node, &ex->dbc->queue);
	return 0;
}

/* Nothing was told to the card yet. */
static void take_back(struct exec *ex)
{
	struct qaic_bo *bo;

	while (ex->added--) {
		bo = ex->bos[ex->added];
		list_del_init(&bo->queue_node);
		WRITE_ONCE(bo->queued, false);
		wake_up_all(&bo->wait);
		/* not the last reference: the caller has one */
		drm_gem_object_put(qaic_bo_obj(bo));
	}
}

static void commit(struct exec *ex)
{
	struct qaic_dbc *dbc = ex->dbc;
	u64 now = ktime_get_ns();
	u32 i;

	/* not before: a call that is refused leaves what the last one gave */
	for (i = 0; i < ex->count; i++) {
		ex->bos[i]->stats.received = ex->received;
		ex->bos[i]->stats.submitted = now;
		ex->bos[i]->code = 0;
	}
	dbc->req_tail = ex->tail;
	dbc->next_call++;
	/* the elements come before the tail */
	smp_wmb();
	WRITE_ONCE(dbc->regs->req_tail, ex->tail);
	qaic_bus_watch(dbc->qd->card);
	if (qaic_datapath_polling)
		schedule_work(&dbc->poll_work);
}

static int submit(struct exec *ex, struct qaic_user *usr)
{
	struct qaic_dbc *dbc = ex->dbc;
	int ret;

	ret = qaic_user_check(usr);
	if (ret)
		return ret;
	if (dbc->owner != usr)
		return -EPERM;
	ex->tail = dbc->req_tail;
	ex->head = READ_ONCE(dbc->regs->req_head);
	if (ex->head >= dbc->fifo.n) {
		qaic_bus_kick(dbc->qd->card, "a request head out of range");
		return -ENODEV;
	}
	/* the card has read the elements before its head */
	smp_mb();
	for (; ex->added < ex->count; ex->added++) {
		ret = put_bo(ex, ex->bos[ex->added],
			     ex->part ? &ex->part[ex->added] : NULL);
		if (ret) {
			take_back(ex);
			return ret;
		}
	}
	commit(ex);
	return 0;
}

static int look_up(struct exec *ex, struct drm_file *file, const void *entries)
{
	const struct qaic_execute_entry *e = entries;
	struct drm_gem_object *obj;
	u32 i;

	for (i = 0; i < ex->count; i++) {
		obj = drm_gem_object_lookup(file, ex->part ? ex->part[i].handle :
							     e[i].handle);
		if (!obj)
			return -ENOENT;
		ex->bos[i] = to_qaic_bo(obj);
	}
	return 0;
}

static int run(struct exec *ex, struct drm_file *file, const void *entries)
{
	u32 i;
	int ret;

	ret = look_up(ex, file, entries);
	if (!ret)
		ret = mutex_lock_interruptible(&ex->dbc->lock);
	if (!ret) {
		ret = submit(ex, file->driver_priv);
		mutex_unlock(&ex->dbc->lock);
		/*
		 * Not under the lock: the card may run at once, and its
		 * interrupt takes it.
		 */
		if (!ret)
			qaic_bus_ring(ex->dbc->qd->card, ex->dbc->id);
	}
	for (i = 0; i < ex->count && ex->bos[i]; i++)
		drm_gem_object_put(qaic_bo_obj(ex->bos[i]));
	return ret;
}

/* Who may use the DBC comes before what the handles are. */
static int may_use(struct qaic_user *usr, u32 dbc_id)
{
	int ret = qaic_user_check(usr);

	if (ret)
		return ret;
	if (dbc_id >= QAIC_HW_NUM_DBC)
		return -EINVAL;
	return READ_ONCE(usr->qd->dbc[dbc_id].owner) == usr ? 0 : -EPERM;
}

static int execute(struct qaic_execute *args, struct drm_file *file, bool part)
{
	struct exec ex = { .count = args->hdr.count };
	struct qaic_user *usr = file->driver_priv;
	void *entries;
	int ret;

	ex.received = ktime_get_ns();
	if (!args->hdr.count)
		return -EINVAL;
	if (args->hdr.count > MAX_BOS)
		return -ENOMEM;
	entries = vmemdup_array_user(u64_to_user_ptr(args->data), ex.count,
				     part ? sizeof(*ex.part) :
				     sizeof(struct qaic_execute_entry));
	if (IS_ERR(entries))
		return PTR_ERR(entries);
	ret = may_use(usr, args->hdr.dbc_id);
	if (ret)
		goto free_entries;
	ret = -ENOMEM;
	ex.bos = kvcalloc(ex.count, sizeof(*ex.bos), GFP_KERNEL);
	if (!ex.bos)
		goto free_entries;
	ex.part = part ? entries : NULL;
	ex.dbc = &usr->qd->dbc[args->hdr.dbc_id];
	ret = run(&ex, file, entries);
	kvfree(ex.bos);

free_entries:
	kvfree(entries);
	return ret;
}

int qaic_execute_bo_ioctl(struct drm_device *drm, void *data,
			  struct drm_file *file)
{
	return execute(data, file, false);
}

int qaic_partial_execute_bo_ioctl(struct drm_device *drm, void *data,
				  struct drm_file *file)
{
	return execute(data, file, true);
}
