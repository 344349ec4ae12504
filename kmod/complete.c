// SPDX-License-Identifier: GPL-2.0-only
/*
 * The response FIFO: BOs are done when each of their slices was answered.
 *
 * Responses and the tail are memory that the card writes. A tail out of range
 * costs it its life; an unknown request id is ignored.
 */
#include <linux/delay.h>
#include <linux/sched/signal.h>

#include "kmod/drv.h"

/* BOs that end in one pass: the rest has to wait for the lock's end. */
#define BATCH	32
/* Responses of one pass: each may cost a walk over the queue, under the lock. */
#define PASS	256

struct batch {
	struct qaic_bo *bo[BATCH];
	unsigned int n;
};

static void finish(struct qaic_bo *bo, struct batch *b)
{
	list_del_init(&bo->queue_node);
	bo->responses = 0;
	WRITE_ONCE(bo->queued, false);
	b->bo[b->n++] = bo;
}

/* Without the lock: a client that wakes up takes it for its next call. */
static void wake_batch(struct batch *b)
{
	unsigned int i;

	for (i = 0; i < b->n; i++) {
		wake_up_all(&b->bo[i]->wait);
		drm_gem_object_put(qaic_bo_obj(b->bo[i]));
	}
}

/* What comes after @bo in the same call is as doubtful as @bo is. */
static void failed(struct qaic_dbc *dbc, struct qaic_bo *bo, u16 code)
{
	u32 call = bo->call;

	list_for_each_entry_from(bo, &dbc->queue, queue_node) {
		if (bo->call != call)
			return;
		if (!bo->code)
			WRITE_ONCE(bo->code, code);
	}
}

static void answered(struct qaic_dbc *dbc, u16 req_id, u16 code,
		     struct batch *b)
{
	struct qaic_bo *bo;

	list_for_each_entry(bo, &dbc->queue, queue_node) {
		if (bo->req_id != req_id)
			continue;
		if (code)
			failed(dbc, bo, code);
		if (++bo->responses >= bo->num_slices) {
			bo->stats.done = ktime_get_ns();
			finish(bo, b);
		}
		return;
	}
}

/*
 * The card stops when the response FIFO is full, and then has to be told that it
 * is not. It may have gone to sleep on that if its tail stands right behind
 * @old_head. A tail that gets there after this look was stored after our head,
 * which the card then sees in its last look before it sleeps.
 */
static void tell_space(struct qaic_dbc *dbc, u32 old_head)
{
	u32 tail;

	/* the head was stored before the tail is looked at */
	smp_mb();
	tail = READ_ONCE(dbc->regs->rsp_tail);
	if (qaic_fifo_used(old_head, tail, dbc->fifo.n) >= dbc->fifo.n - 1)
		qaic_bus_ring(dbc->qd->card, dbc->id);
}

/* One pass under the lock; true if there may be more. */
static bool drain(struct qaic_dbc *dbc, struct batch *b)
{
	const struct qaic_hw_rsp *rsp;
	u32 old_head, head, tail, n = dbc->fifo.n, drained;

	if (!dbc->owner)
		return false;
	rsp = dbc->fifo.mem + dbc->fifo.layout.rsp_offset;
	head = dbc->rsp_head;
	tail = READ_ONCE(dbc->regs->rsp_tail);
	if (tail >= n) {
		qaic_bus_kick(dbc->qd->card, "a response tail out of range");
		return false;
	}
	/* the responses were written before the tail */
	smp_rmb();
	for (drained = 0; head != tail && b->n < BATCH && drained < PASS;
	     drained++) {
		answered(dbc, READ_ONCE(rsp[head].req_id),
			 READ_ONCE(rsp[head].code), b);
		head = qaic_fifo_advance(head, 1, n);
	}
	if (!drained)
		return false;
	old_head = dbc->rsp_head;
	dbc->rsp_head = head;
	/* they were read before the card may overwrite them */
	smp_mb();
	WRITE_ONCE(dbc->regs->rsp_head, head);
	tell_space(dbc, old_head);
	return true;
}

void qaic_dbc_drain(struct qaic_dbc *dbc)
{
	struct batch b;
	bool more;

	do {
		b.n = 0;
		mutex_lock(&dbc->lock);
		more = drain(dbc, &b);
		mutex_unlock(&dbc->lock);
		wake_batch(&b);
		cond_resched();
		/* a card that never stops answering can at least be killed */
	} while (more && !fatal_signal_pending(current));
}

void qaic_dbc_flush(struct qaic_dbc *dbc)
{
	struct qaic_bo *bo, *next;
	struct batch b;

	do {
		b.n = 0;
		mutex_lock(&dbc->lock);
		list_for_each_entry_safe(bo, next, &dbc->queue, queue_node) {
			if (b.n == BATCH)
				break;
			memset(&bo->stats, 0, sizeof(bo->stats));
			finish(bo, &b);
		}
		mutex_unlock(&dbc->lock);
		wake_batch(&b);
	} while (b.n);
}

/* datapath_polling: look instead of being told, while something is queued. */
void qaic_dbc_poll(struct work_struct *work)
{
	struct qaic_dbc *dbc = container_of(work, struct qaic_dbc, poll_work);
	unsigned int us;
	bool busy;

	for (;;) {
		qaic_dbc_drain(dbc);
		mutex_lock(&dbc->lock);
		busy = dbc->owner && !list_empty(&dbc->queue) &&
		       qaic_bus_connected(dbc->qd->card);
		mutex_unlock(&dbc->lock);
		if (!busy)
			return;
		us = max(qaic_datapath_poll_interval_us, 1u);
		usleep_range(us, 2 * us);
	}
}
