// SPDX-License-Identifier: GPL-2.0-only
/*
 * The control channel: requests with a sequence number, replies in any order.
 *
 * A reply may end or hand over a DBC. What ends one takes effect here, when the
 * reply arrives and before anybody can see a later one: the card is free to give
 * the DBC to another client in its next message.
 */
#include <linux/crc32.h>

#include "kmod/wire.h"

void qaic_wire_start(struct qaic_xfer *x, u32 handle)
{
	memset(&x->hdr, 0, sizeof(x->hdr));
	x->hdr.magic = QAIC_NNC_MAGIC;
	x->hdr.len = sizeof(x->hdr);
	x->hdr.handle = handle;
	x->hdr.partition = ~0u;
	x->handle = handle;
}

void *qaic_wire_add(struct qaic_xfer *x, u32 type, size_t len)
{
	struct qaic_nnc_trans *t = (void *)((u8 *)x->buf + x->hdr.len);

	if (len > sizeof(x->buf) - x->hdr.len)
		return NULL;
	memset(t, 0, len);
	t->type = type;
	t->len = len;
	x->hdr.len += len;
	x->hdr.count++;
	return t;
}

const struct qaic_nnc_trans *qaic_wire_next(const struct qaic_nnc_wire_hdr *rsp,
					    const struct qaic_nnc_trans *t)
{
	const u8 *p = t ? (const u8 *)t + t->len : (const u8 *)(rsp + 1);

	return p < (const u8 *)rsp + rsp->len ? (const void *)p : NULL;
}

/* Every transaction lies in the message, and there are as many as it says. */
static bool well_formed(const struct qaic_nnc_wire_hdr *h)
{
	const u8 *p = (const u8 *)(h + 1);
	const u8 *end = (const u8 *)h + h->len;
	const struct qaic_nnc_trans *t;
	u32 count = 0;

	for (; p < end; p += t->len, count++) {
		t = (const void *)p;
		if (end - p < sizeof(*t) || t->len < sizeof(*t) || t->len % 8 ||
		    t->len > end - p)
			return false;
	}
	return count == h->count;
}

static u32 checksum(const struct qaic_nnc_wire_hdr *h)
{
	struct qaic_nnc_wire_hdr first = *h;
	u32 crc;

	first.crc32 = 0;
	crc = crc32_le(~0, (const u8 *)&first, sizeof(first));
	return ~crc32_le(crc, (const u8 *)(h + 1), h->len - sizeof(*h));
}

/* The card asks for checksums in the reply to the first STATUS. */
static void learn_crc(struct qaic_device *qd,
		      const struct qaic_nnc_wire_hdr *h)
{
	const struct qaic_nnc_status_from_dev *s;
	const struct qaic_nnc_trans *t = NULL;

	while ((t = qaic_wire_next(h, t))) {
		s = (const void *)t;
		if (t->type == QAIC_TRANS_STATUS_FROM_DEV &&
		    t->len == sizeof(*s) && s->flags & QAIC_NNC_FEATURE_CRC)
			WRITE_ONCE(qd->crc, true);
	}
}

static void end_dbc(struct qaic_device *qd, const struct qaic_nnc_trans *t,
		    u32 handle)
{
	const struct qaic_nnc_deactivate_from_dev *d = (const void *)t;

	if (t->len == sizeof(*d) && !d->status && d->dbc_id < QAIC_HW_NUM_DBC)
		qaic_dbc_release(&qd->dbc[d->dbc_id], handle);
}

/* An activation whose client has stopped waiting: the card may have it back. */
static void refuse_dbc(struct qaic_device *qd, const struct qaic_nnc_trans *t)
{
	const struct qaic_nnc_activate_from_dev *a = (const void *)t;
	struct qaic_dbc *dbc;

	if (t->len != sizeof(*a) || a->status || a->dbc_id >= QAIC_HW_NUM_DBC)
		return;
	dbc = &qd->dbc[a->dbc_id];
	mutex_lock(&dbc->lock);
	if (!dbc->holder)
		qaic_bus_dbc_reset(qd->card, dbc->id);
	mutex_unlock(&dbc->lock);
}

static void take_effect(struct qaic_device *qd,
			const struct qaic_nnc_wire_hdr *h, u32 handle)
{
	const struct qaic_nnc_trans *t = NULL;

	while ((t = qaic_wire_next(h, t))) {
		if (t->type == QAIC_TRANS_DEACTIVATE_FROM_DEV)
			end_dbc(qd, t, handle);
		else if (t->type == QAIC_TRANS_TERMINATE_FROM_DEV)
			qaic_dbc_release_all(qd, handle);
	}
}

static void refuse(struct qaic_device *qd, const struct qaic_nnc_wire_hdr *h)
{
	const struct qaic_nnc_trans *t = NULL;

	while ((t = qaic_wire_next(h, t)))
		if (t->type == QAIC_TRANS_ACTIVATE_FROM_DEV)
			refuse_dbc(qd, t);
}

static struct qaic_xfer *take_waiting(struct qaic_device *qd, u32 seq)
{
	struct qaic_xfer *x;

	list_for_each_entry(x, &qd->waiting, node)
		if (x->hdr.seq == seq) {
			list_del(&x->node);
			x->queued = false;
			return x;
		}
	return NULL;
}

static u32 handle_of(struct qaic_device *qd, u32 seq, u32 fallback)
{
	struct qaic_xfer *x;
	u32 handle = fallback;

	spin_lock(&qd->wire_lock);
	list_for_each_entry(x, &qd->waiting, node)
		if (x->hdr.seq == seq)
			handle = x->handle;
	spin_unlock(&qd->wire_lock);
	/* 0 would mean any client */
	return handle ? handle : ~0u;
}

/* Hand the reply over; false if nobody waits for it. */
static bool deliver(struct qaic_device *qd, const struct qaic_nnc_wire_hdr *h,
		    int err)
{
	struct qaic_xfer *x;

	spin_lock(&qd->wire_lock);
	x = take_waiting(qd, h->seq);
	if (x) {
		memcpy(x->rsp_buf, h, h->len);
		x->err = err;
		/* under the lock: the waiter may free @x once it had it */
		complete(&x->done);
	}
	spin_unlock(&qd->wire_lock);
	return x;
}

void qaic_wire_receive(struct qaic_device *qd, const void *msg, size_t len)
{
	struct qaic_nnc_wire_hdr *h;
	int err = 0;

	if (len < sizeof(*h) || len > QAIC_NNC_MAX_REPLY) {
		qaic_bus_kick(qd->card, "a control message of bad length");
		return;
	}
	h = kmemdup(msg, len, GFP_KERNEL);
	if (!h) {
		qaic_bus_kick(qd->card, "no memory for a control message");
		return;
	}
	if (h->magic != QAIC_NNC_MAGIC || h->len != len || !well_formed(h)) {
		qaic_bus_kick(qd->card, "a malformed control message");
		goto out;
	}
	learn_crc(qd, h);
	if (READ_ONCE(qd->crc) && h->crc32 != checksum(h))
		err = -EPIPE;
	if (!err)
		take_effect(qd, h, handle_of(qd, h->seq, h->handle));
	if (!deliver(qd, h, err) && !err)
		refuse(qd, h);
out:
	kfree(h);
}

void qaic_wire_abort(struct qaic_device *qd)
{
	struct qaic_xfer *x, *next;

	spin_lock(&qd->wire_lock);
	qd->lost = true;
	list_for_each_entry_safe(x, next, &qd->waiting, node) {
		list_del(&x->node);
		x->queued = false;
		x->err = -ENODEV;
		complete(&x->done);
	}
	spin_unlock(&qd->wire_lock);
}

static int enqueue(struct qaic_device *qd, struct qaic_xfer *x)
{
	int ret = 0;

	init_completion(&x->done);
	x->err = 0;
	spin_lock(&qd->wire_lock);
	if (qd->lost) {
		ret = -ENODEV;
	} else {
		x->hdr.seq = qd->next_seq++;
		list_add_tail(&x->node, &qd->waiting);
		x->queued = true;
	}
	spin_unlock(&qd->wire_lock);
	return ret;
}

/* True if the reply had not come: now it will not. */
static bool dequeue(struct qaic_device *qd, struct qaic_xfer *x)
{
	bool was;

	spin_lock(&qd->wire_lock);
	was = x->queued;
	if (was)
		list_del(&x->node);
	x->queued = false;
	spin_unlock(&qd->wire_lock);
	return was;
}

int qaic_wire_call(struct qaic_device *qd, struct qaic_xfer *x,
		   unsigned long timeout, bool interruptible)
{
	long ret;

	ret = enqueue(qd, x);
	if (ret)
		return ret;
	if (READ_ONCE(qd->crc))
		x->hdr.crc32 = checksum(&x->hdr);
	ret = qaic_bus_send(qd->card, x->buf, x->hdr.len);
	qaic_bus_watch(qd->card);
	if (ret) {
		if (!dequeue(qd, x))
			ret = x->err ? x->err : -ENODEV;
		return ret;
	}
	if (interruptible)
		ret = wait_for_completion_interruptible_timeout(&x->done,
								timeout);
	else
		ret = wait_for_completion_timeout(&x->done, timeout);
	if (ret > 0 || !dequeue(qd, x))
		return x->err;
	return ret ? ret : -ETIMEDOUT;
}
