// SPDX-License-Identifier: GPL-2.0-only
/* A DMA Bridge channel: its FIFOs, and who has it. */
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>

#include "kmod/drv.h"

void qaic_dbc_init(struct qaic_device *qd, u32 id)
{
	struct qaic_dbc *dbc = &qd->dbc[id];

	dbc->qd = qd;
	dbc->id = id;
	dbc->regs = qaic_bus_regs(qd->card, id);
	mutex_init(&dbc->lock);
	INIT_LIST_HEAD(&dbc->queue);
	INIT_LIST_HEAD(&dbc->bos);
	INIT_WORK(&dbc->poll_work, qaic_dbc_poll);
}

void qaic_fifo_free(struct qaic_device *qd, struct qaic_fifo *f)
{
	qaic_bus_iova_unmap(qd->card, f->iova);
	kvfree(f->pages);
	vfree(f->mem);
	memset(f, 0, sizeof(*f));
}

/* The card writes only responses, but the chunk of both is one mapping. */
int qaic_fifo_alloc(struct qaic_device *qd, u32 n, struct qaic_fifo *f)
{
	unsigned long i, npages;
	int ret;

	memset(f, 0, sizeof(*f));
	ret = qaic_fifo_layout(n, &f->layout);
	if (ret)
		return ret;
	npages = f->layout.size >> PAGE_SHIFT;
	f->mem = __vmalloc(f->layout.size, GFP_KERNEL_ACCOUNT | __GFP_ZERO |
					    __GFP_NOWARN);
	f->pages = kvcalloc(npages, sizeof(*f->pages), GFP_KERNEL);
	ret = -ENOMEM;
	if (!f->mem || !f->pages)
		goto free;
	for (i = 0; i < npages; i++)
		f->pages[i] = vmalloc_to_page(f->mem + i * PAGE_SIZE);
	ret = qaic_bus_iova_map(qd->card, f->pages, npages, DMA_BIDIRECTIONAL,
				QAIC_IOVA_NO_DBC, &f->iova);
	if (ret) {
		f->iova = NULL;
		goto free;
	}
	f->n = n;
	return 0;

free:
	qaic_fifo_free(qd, f);
	return ret;
}

int qaic_dbc_assign(struct qaic_dbc *dbc, struct qaic_user *usr,
		    struct qaic_fifo *f)
{
	int ret;

	mutex_lock(&dbc->lock);
	/* checked here: losing the card clears this first, then takes the lock */
	ret = qaic_user_check(usr);
	if (!ret && dbc->holder)
		ret = -EBUSY;
	if (!ret) {
		dbc->fifo = *f;
		memset(f, 0, sizeof(*f));
		dbc->req_tail = 0;
		dbc->rsp_head = 0;
		dbc->next_id = 0;
		dbc->gen++;
		dbc->holder = usr;
		WRITE_ONCE(dbc->owner, usr);
		WRITE_ONCE(dbc->state, QAIC_DBC_ASSIGNED);
	}
	mutex_unlock(&dbc->lock);
	if (!ret)
		qaic_notify_dbc(dbc, QAIC_DBC_ASSIGNED);
	return ret;
}

static void wake_queued(struct qaic_dbc *dbc)
{
	struct qaic_bo *bo;

	list_for_each_entry(bo, &dbc->queue, queue_node)
		wake_up_all(&bo->wait);
}

int qaic_dbc_disable(struct qaic_dbc *dbc, struct qaic_user *usr)
{
	int ret = -EPERM;

	mutex_lock(&dbc->lock);
	if (dbc->owner == usr) {
		WRITE_ONCE(dbc->owner, NULL);
		wake_queued(dbc);
		ret = 0;
	}
	mutex_unlock(&dbc->lock);
	return ret;
}

void qaic_dbc_enable(struct qaic_dbc *dbc, struct qaic_user *usr)
{
	bool ours;

	mutex_lock(&dbc->lock);
	ours = dbc->holder == usr && dbc->state == QAIC_DBC_ASSIGNED;
	if (ours) {
		WRITE_ONCE(dbc->owner, usr);
		if (qaic_datapath_polling)
			schedule_work(&dbc->poll_work);
	}
	mutex_unlock(&dbc->lock);
	/* the card's interrupts were ignored in the meantime */
	if (ours)
		qaic_dbc_drain(dbc);
}

/* Nobody can queue any more; false if there is nothing (more) to release. */
static bool close_dbc(struct qaic_dbc *dbc, u32 handle, u32 *gen)
{
	bool ours;

	mutex_lock(&dbc->lock);
	ours = dbc->holder && (!handle || dbc->holder->handle == handle);
	if (ours)
		WRITE_ONCE(dbc->owner, NULL);
	*gen = dbc->gen;
	mutex_unlock(&dbc->lock);
	return ours;
}

void qaic_dbc_release(struct qaic_dbc *dbc, u32 handle)
{
	struct qaic_device *qd = dbc->qd;
	struct qaic_fifo fifo = { };
	struct qaic_bo *bo, *next;
	bool done = false;
	u32 gen;

	if (!close_dbc(dbc, handle, &gen))
		return;
	qaic_dbc_flush(dbc);

	mutex_lock(&qd->slice_lock);
	mutex_lock(&dbc->lock);
	if (dbc->holder && dbc->gen == gen) {
		list_for_each_entry_safe(bo, next, &dbc->bos, dbc_node)
			qaic_bo_detach(bo);
		fifo = dbc->fifo;
		memset(&dbc->fifo, 0, sizeof(dbc->fifo));
		dbc->holder = NULL;
		WRITE_ONCE(dbc->state, QAIC_DBC_IDLE);
		done = true;
	}
	mutex_unlock(&dbc->lock);
	mutex_unlock(&qd->slice_lock);

	qaic_fifo_free(qd, &fifo);
	if (done)
		qaic_notify_dbc(dbc, QAIC_DBC_IDLE);
}

void qaic_dbc_release_all(struct qaic_device *qd, u32 handle)
{
	u32 i;

	for (i = 0; i < QAIC_HW_NUM_DBC; i++)
		qaic_dbc_release(&qd->dbc[i], handle);
}

bool qaic_dbc_set_state(struct qaic_dbc *dbc, enum qaic_dbc_state state)
{
	bool changed, held;

	mutex_lock(&dbc->lock);
	held = dbc->holder;
	changed = held && dbc->state != state;
	if (changed)
		WRITE_ONCE(dbc->state, state);
	mutex_unlock(&dbc->lock);
	if (changed)
		qaic_notify_dbc(dbc, state);
	return held;
}

bool qaic_dbc_advance_state(struct qaic_dbc *dbc, enum qaic_dbc_state state)
{
	bool later;

	mutex_lock(&dbc->lock);
	later = dbc->state != QAIC_DBC_IDLE && dbc->state < state;
	if (later)
		WRITE_ONCE(dbc->state, state);
	mutex_unlock(&dbc->lock);
	if (later)
		qaic_notify_dbc(dbc, state);
	return later;
}
