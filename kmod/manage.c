// SPDX-License-Identifier: GPL-2.0-only
/*
 * MANAGE: a client's transactions go to the card's control processor, its reply
 * comes back in the same buffer. A reply in which the card says no is ECANCELED
 * and copied out all the same.
 */
#include <linux/delay.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "kmod/pin.h"
#include "kmod/wire.h"

/* A client that closes waits this long; the message is sent in any case. */
#define TERMINATE_TIMEOUT	HZ
#define TERMINATE_TRIES		10

struct manage {
	struct qaic_user *usr;
	struct qaic_device *qd;
	u32 len, count;
	u32 disabled;			/* DBCs that a DEACTIVATE stopped */
	struct qaic_fifo fifo;		/* of an ACTIVATE */
	struct {
		u64 addr, size, sent;
		u32 tag, chunk;
		bool used;
		struct qaic_pin pin;
	} dma;
	struct qaic_xfer x;
	u64 data[QAIC_MANAGE_MAX_MSG_LENGTH / 8];
};

/* The next part of the transfer, as much as is pinned at a time. */
static int add_dma(struct manage *m)
{
	u64 left = m->dma.size - m->dma.sent;
	struct qaic_nnc_dma_xfer *d;
	int ret;

	d = qaic_wire_add(&m->x, QAIC_TRANS_DMA_XFER_TO_DEV,
			  sizeof(*d) + sizeof(d->data[0]));
	if (!d)
		return -ENOSPC;
	ret = qaic_pin(m->qd, m->dma.addr + m->dma.sent,
		       min(left, QAIC_PIN_MAX), &m->dma.pin);
	if (ret)
		return ret;
	m->dma.sent += m->dma.pin.len;
	d->tag = m->dma.tag;
	d->chunk_id = m->dma.chunk;
	d->count = 1;
	d->data[0].addr = m->dma.pin.addr;
	d->data[0].size = m->dma.pin.len;
	return 0;
}

static int encode_dma(struct manage *m,
		      const struct qaic_manage_trans_dma_xfer *u)
{
	if (u->hdr.len < sizeof(*u) || m->dma.used)
		return -EINVAL;
	if (!u->size || u->addr + u->size < u->addr)
		return -EINVAL;
	m->dma.used = true;
	m->dma.addr = u->addr;
	m->dma.size = u->size;
	m->dma.tag = u->tag;
	/* not 0: there is more than this message holds */
	if (u->size > QAIC_PIN_MAX) {
		spin_lock(&m->qd->wire_lock);
		if (!++m->qd->next_chunk)
			m->qd->next_chunk++;
		m->dma.chunk = m->qd->next_chunk;
		spin_unlock(&m->qd->wire_lock);
	}
	return add_dma(m);
}

static int encode_activate(struct manage *m,
			   const struct qaic_manage_trans_activate_to_dev *u)
{
	struct qaic_nnc_activate_to_dev *a;
	int ret;

	if (u->hdr.len < sizeof(*u) || !u->queue_size || u->pad ||
	    m->fifo.mem)
		return -EINVAL;
	a = qaic_wire_add(&m->x, QAIC_TRANS_ACTIVATE_TO_DEV, sizeof(*a));
	if (!a)
		return -ENOSPC;
	ret = qaic_fifo_alloc(m->qd, u->queue_size, &m->fifo);
	if (ret)
		return ret;
	a->req_addr = m->fifo.iova->iova;
	a->rsp_addr = m->fifo.iova->iova + m->fifo.layout.rsp_offset;
	a->req_count = m->fifo.n;
	a->rsp_count = m->fifo.n;
	a->buf_len = m->fifo.layout.size;
	a->options = u->options;
	return 0;
}

/* The card is told by the command in the passthrough; we stop using it. */
static int encode_deactivate(struct manage *m,
			     const struct qaic_manage_trans_deactivate *u)
{
	int ret;

	if (u->hdr.len < sizeof(*u) || u->dbc_id >= QAIC_HW_NUM_DBC || u->pad)
		return -EINVAL;
	ret = qaic_dbc_disable(&m->qd->dbc[u->dbc_id], m->usr);
	if (!ret)
		m->disabled |= 1u << u->dbc_id;
	return ret;
}

static int encode_one(struct manage *m, const struct qaic_manage_trans_hdr *u)
{
	struct qaic_nnc_trans *t;

	switch (u->type) {
	case QAIC_TRANS_PASSTHROUGH_FROM_USR:
		t = qaic_wire_add(&m->x, QAIC_TRANS_PASSTHROUGH_TO_DEV, u->len);
		if (!t)
			return -ENOSPC;
		memcpy(t + 1, u + 1, u->len - sizeof(*u));
		return 0;
	case QAIC_TRANS_DMA_XFER_FROM_USR:
		return encode_dma(m, (const void *)u);
	case QAIC_TRANS_ACTIVATE_FROM_USR:
		return encode_activate(m, (const void *)u);
	case QAIC_TRANS_DEACTIVATE_FROM_USR:
		return encode_deactivate(m, (const void *)u);
	case QAIC_TRANS_STATUS_FROM_USR:
		t = qaic_wire_add(&m->x, QAIC_TRANS_STATUS_TO_DEV, sizeof(*t));
		return t ? 0 : -ENOSPC;
	}
	return -EINVAL;
}

static const struct qaic_manage_trans_hdr *trans_at(struct manage *m, u32 off)
{
	const struct qaic_manage_trans_hdr *u =
		(const void *)((const u8 *)m->data + off);

	if (m->len - off < sizeof(*u) || u->len < sizeof(*u) || u->len % 8 ||
	    u->len > m->len - off)
		return NULL;
	return u;
}

/* The framing is checked first: nothing is done for a broken message. */
static int check(struct manage *m)
{
	const struct qaic_manage_trans_hdr *u;
	u32 i, off = 0;

	if (!m->count || m->count > sizeof(m->data) / sizeof(*u))
		return -EINVAL;
	for (i = 0; i < m->count; i++) {
		u = trans_at(m, off);
		if (!u)
			return -EINVAL;
		off += u->len;
	}
	return off == m->len ? 0 : -EINVAL;
}

static int encode(struct manage *m)
{
	const struct qaic_manage_trans_hdr *u;
	u32 i, off = 0;
	int ret = 0;

	qaic_wire_start(&m->x, m->usr->handle);
	for (i = 0; i < m->count && !ret; i++) {
		u = trans_at(m, off);
		if (!u)
			return -EINVAL;
		ret = encode_one(m, u);
		off += u->len;
	}
	return ret;
}

static const struct qaic_nnc_dma_cont *cont_of(struct manage *m)
{
	const struct qaic_nnc_trans *t = qaic_wire_next(&m->x.rsp, NULL);

	return t && t->type == QAIC_TRANS_DMA_XFER_CONT ? (const void *)t :
							  NULL;
}

/* Send; and send the rest of a transfer as the card asks for it. */
static int converse(struct manage *m)
{
	unsigned long timeout = (unsigned long)qaic_control_resp_timeout_s * HZ;
	const struct qaic_nnc_dma_cont *c;
	int ret;

	for (;;) {
		ret = qaic_wire_call(m->qd, &m->x, timeout, true);
		if (ret)
			return ret;
		c = cont_of(m);
		if (!c)
			return 0;
		if (c->hdr.len != sizeof(*c) || m->x.rsp.count != 1 ||
		    !m->dma.chunk || c->chunk_id != m->dma.chunk ||
		    c->done != m->dma.sent || m->dma.sent == m->dma.size)
			return -EINVAL;
		qaic_unpin(m->qd, &m->dma.pin);
		qaic_wire_start(&m->x, m->usr->handle);
		ret = add_dma(m);
		if (ret)
			return ret;
	}
}

static int decode_activate(struct manage *m,
			   const struct qaic_nnc_activate_from_dev *a)
{
	int ret;

	if (a->hdr.len != sizeof(*a) || !m->fifo.mem)
		return -EINVAL;
	if (a->status)
		return -ECANCELED;
	if (a->dbc_id >= QAIC_HW_NUM_DBC)
		return -ENODEV;
	ret = qaic_dbc_assign(&m->qd->dbc[a->dbc_id], m->usr, &m->fifo);
	if (ret == -EBUSY) {
		qaic_bus_kick(m->qd->card, "it gave away a DBC in use");
		ret = -ENODEV;
	}
	return ret;
}

static int decode_one(struct manage *m, const struct qaic_nnc_trans *t)
{
	const struct qaic_nnc_deactivate_from_dev *d = (const void *)t;
	const struct qaic_nnc_status_from_dev *s = (const void *)t;

	switch (t->type) {
	case QAIC_TRANS_PASSTHROUGH_FROM_DEV:
		return 0;
	case QAIC_TRANS_ACTIVATE_FROM_DEV:
		return decode_activate(m, (const void *)t);
	case QAIC_TRANS_DEACTIVATE_FROM_DEV:
		if (t->len != sizeof(*d))
			return -EINVAL;
		return d->status ? -ECANCELED : 0;
	case QAIC_TRANS_STATUS_FROM_DEV:
		if (t->len != sizeof(*s))
			return -EINVAL;
		return s->status ? -ECANCELED : 0;
	}
	return -EINVAL;
}

/* What the client sees of it has the wire's layout; DEACTIVATE is not told. */
static int decode(struct manage *m)
{
	const struct qaic_nnc_trans *t = NULL;
	int ret = 0;

	m->len = 0;
	m->count = m->x.rsp.count;
	while (!ret && (t = qaic_wire_next(&m->x.rsp, t))) {
		ret = decode_one(m, t);
		if (t->type == QAIC_TRANS_DEACTIVATE_FROM_DEV)
			continue;
		/* a reply is never longer than the buffer */
		memcpy((u8 *)m->data + m->len, t, t->len);
		m->len += t->len;
	}
	return ret;
}

/* DBCs that the card did not end stay the client's. */
static void clean_up(struct manage *m)
{
	u32 i;

	for (i = 0; i < QAIC_HW_NUM_DBC; i++)
		if (m->disabled & 1u << i)
			qaic_dbc_enable(&m->qd->dbc[i], m->usr);
	qaic_unpin(m->qd, &m->dma.pin);
	qaic_fifo_free(m->qd, &m->fifo);
}

int qaic_manage_ioctl(struct drm_device *drm, void *data,
		      struct drm_file *file)
{
	struct qaic_user *usr = file->driver_priv;
	struct qaic_manage_msg *msg = data;
	struct manage *m;
	int ret;

	if (msg->len > QAIC_MANAGE_MAX_MSG_LENGTH)
		return -EINVAL;
	ret = qaic_user_check(usr);
	if (ret)
		return ret;
	m = kvzalloc(sizeof(*m), GFP_KERNEL);
	if (!m)
		return -ENOMEM;
	m->usr = usr;
	m->qd = usr->qd;
	m->len = msg->len;
	m->count = msg->count;
	ret = -EFAULT;
	if (copy_from_user(m->data, u64_to_user_ptr(msg->data), msg->len))
		goto free;
	ret = check(m);
	if (!ret)
		ret = encode(m);
	if (!ret)
		ret = converse(m);
	if (!ret)
		ret = decode(m);
	clean_up(m);
	if (ret && ret != -ECANCELED)
		goto free;
	if (copy_to_user(u64_to_user_ptr(msg->data), m->data, m->len)) {
		ret = -EFAULT;
	} else {
		msg->len = m->len;
		msg->count = m->count;
	}
free:
	kvfree(m);
	return ret;
}

void qaic_terminate(struct qaic_user *usr)
{
	struct qaic_device *qd = usr->qd;
	struct qaic_nnc_terminate_to_dev *t;
	struct qaic_xfer *x = usr->terminate;
	unsigned int tries;
	struct qaic_dbc *dbc;
	u32 i;
	int ret = -ENOMEM;

	qaic_wire_start(x, usr->handle);
	t = qaic_wire_add(x, QAIC_TRANS_TERMINATE_TO_DEV, sizeof(*t));
	t->handle = usr->handle;
	/* what is not sent stays on the card until that restarts */
	for (tries = 0; tries < TERMINATE_TRIES &&
	     (ret == -ENOMEM || ret == -ENOBUFS); tries++) {
		if (tries)
			msleep(20);
		ret = qaic_user_check(usr);
		if (!ret)
			ret = qaic_wire_call(qd, x, TERMINATE_TIMEOUT, false);
	}
	for (i = 0; i < QAIC_HW_NUM_DBC; i++) {
		dbc = &qd->dbc[i];
		/* what was not told by message is told by the bus */
		if (ret && ret != -ETIMEDOUT && READ_ONCE(dbc->holder) == usr)
			qaic_bus_dbc_reset(qd->card, i);
		qaic_dbc_release(dbc, usr->handle);
	}
}
