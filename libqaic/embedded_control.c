// SPDX-License-Identifier: MIT
/*
 * Manage messages of the embedded transport: user transactions become wire
 * transactions, as the kernel driver does it, and the card's reply comes back.
 */
#include <errno.h>
#include <string.h>

#include "libqaic/embedded.h"
#include "uapi/qaic_nnc.h"

struct wire {
	/* a user message of 4 KiB grows by at most a quarter on the wire */
	uint64_t buf[2 * QAIC_MANAGE_MAX_MSG_LENGTH / 8];
	struct emb_fifo fifo;
};

static struct qaic_nnc_wire_hdr *hdr(struct wire *w)
{
	return (void *)w->buf;
}

static void *add(struct wire *w, uint32_t type, size_t len)
{
	struct qaic_nnc_trans *t =
		(void *)((uint8_t *)w->buf + hdr(w)->len);

	memset(t, 0, len);
	t->type = type;
	t->len = len;
	hdr(w)->len += len;
	hdr(w)->count++;
	return t;
}

static void start(struct wire *w, struct emb *emb)
{
	memset(w->buf, 0, sizeof(struct qaic_nnc_wire_hdr));
	w->fifo.mem = NULL;
	hdr(w)->magic = QAIC_NNC_MAGIC;
	hdr(w)->len = sizeof(struct qaic_nnc_wire_hdr);
	hdr(w)->handle = emb->handle;
	hdr(w)->partition = ~0u;
	hdr(w)->seq = __atomic_fetch_add(&emb->card->next_seq, 1,
					 __ATOMIC_RELAXED);
}

static void encode_dma(struct wire *w,
		       const struct qaic_manage_trans_dma_xfer *u)
{
	struct qaic_nnc_dma_xfer *d;

	d = add(w, QAIC_TRANS_DMA_XFER_TO_DEV,
		sizeof(*d) + sizeof(d->data[0]));
	d->tag = u->tag;
	d->count = 1;
	d->data[0].addr = u->addr;
	d->data[0].size = u->size;
}

static int encode_activate(struct wire *w,
			   const struct qaic_manage_trans_activate_to_dev *u)
{
	struct qaic_nnc_activate_to_dev *a;
	int ret;

	if (!u->queue_size || u->pad || w->fifo.mem)
		return -EINVAL;
	ret = emb_fifo_alloc(&w->fifo, u->queue_size);
	if (ret)
		return ret;
	a = add(w, QAIC_TRANS_ACTIVATE_TO_DEV, sizeof(*a));
	a->req_addr = w->fifo.req;
	a->rsp_addr = w->fifo.rsp;
	a->req_count = w->fifo.n;
	a->rsp_count = w->fifo.n;
	a->buf_len = w->fifo.len;
	a->options = u->options;
	return 0;
}

static int encode_one(struct emb *emb, struct wire *w,
		      const struct qaic_manage_trans_hdr *u)
{
	const struct qaic_manage_trans_deactivate *d = (const void *)u;
	struct qaic_nnc_trans *t;

	switch (u->type) {
	case QAIC_TRANS_PASSTHROUGH_FROM_USR:
		t = add(w, QAIC_TRANS_PASSTHROUGH_TO_DEV, u->len);
		memcpy(t + 1, u + 1, u->len - sizeof(*u));
		return 0;
	case QAIC_TRANS_DMA_XFER_FROM_USR:
		if (u->len < sizeof(struct qaic_manage_trans_dma_xfer))
			return -EINVAL;
		encode_dma(w, (const void *)u);
		return 0;
	case QAIC_TRANS_ACTIVATE_FROM_USR:
		if (u->len < sizeof(struct qaic_manage_trans_activate_to_dev))
			return -EINVAL;
		return encode_activate(w, (const void *)u);
	case QAIC_TRANS_DEACTIVATE_FROM_USR:
		/* the driver's own business: the card learns it by command */
		if (u->len < sizeof(*d) || d->dbc_id >= QAIC_HW_NUM_DBC ||
		    d->pad)
			return -EINVAL;
		return emb->card->chan[d->dbc_id].owner == emb->handle ?
			       0 : -EPERM;
	case QAIC_TRANS_STATUS_FROM_USR:
		add(w, QAIC_TRANS_STATUS_TO_DEV, sizeof(*t));
		return 0;
	}
	return -EINVAL;
}

static int encode(struct emb *emb, struct wire *w, const uint8_t *data,
		  uint32_t len, uint32_t count)
{
	const struct qaic_manage_trans_hdr *u;
	uint32_t i, off = 0;
	int ret;

	if (!count || len > QAIC_MANAGE_MAX_MSG_LENGTH)
		return -EINVAL;
	for (i = 0; i < count; i++) {
		u = (const void *)(data + off);
		if (len - off < sizeof(*u) || u->len < sizeof(*u) ||
		    u->len % 8 || u->len > len - off)
			return -EINVAL;
		ret = encode_one(emb, w, u);
		if (ret)
			return ret;
		off += u->len;
	}
	return off == len ? 0 : -EINVAL;
}

/* What a reply means for the channels; -ECANCELED if the card said no. */
static int take_one(struct emb *emb, struct wire *w,
		    const struct qaic_nnc_trans *t)
{
	const struct qaic_nnc_activate_from_dev *a = (const void *)t;
	const struct qaic_nnc_deactivate_from_dev *d = (const void *)t;
	const struct qaic_nnc_status_from_dev *s = (const void *)t;

	switch (t->type) {
	case QAIC_TRANS_ACTIVATE_FROM_DEV:
		if (a->status)
			return -ECANCELED;
		emb_chan_up(&emb->card->chan[a->dbc_id], &w->fifo, emb->handle);
		w->fifo.mem = NULL;	/* the channel's */
		return 0;
	case QAIC_TRANS_DEACTIVATE_FROM_DEV:
		if (d->status)
			return -ECANCELED;
		emb_chan_down(&emb->card->chan[d->dbc_id]);
		return 0;
	case QAIC_TRANS_STATUS_FROM_DEV:
		return s->status ? -ECANCELED : 0;
	}
	return 0;
}

static int decode(struct emb *emb, struct wire *w, const void *reply,
		  uint8_t *data, uint32_t *len, uint32_t *count)
{
	const struct qaic_nnc_wire_hdr *h = reply;
	const uint8_t *p = (const uint8_t *)(h + 1);
	const struct qaic_nnc_trans *t;
	uint32_t i, off = 0;
	int ret = 0, r;

	*len = h->len - sizeof(*h);
	*count = h->count;
	memcpy(data, p, *len);
	for (i = 0; i < h->count; i++) {
		t = (const void *)(p + off);
		r = take_one(emb, w, t);
		if (r)
			ret = r;
		off += t->len;
	}
	return ret;
}

int emb_manage(struct qaic_transport *t, void *data, uint32_t *len,
	       uint32_t *count)
{
	uint64_t reply[QAIC_NNC_MAX_REPLY / 8];
	struct emb *emb = to_emb(t);
	struct wire w;
	int ret;

	start(&w, emb);
	ret = encode(emb, &w, data, *len, *count);
	if (!ret && !hdr(&w)->count)
		ret = -EINVAL;
	if (!ret)
		ret = soc_control(emb->card->soc, w.buf, hdr(&w)->len, reply,
				  sizeof(reply));
	if (ret >= 0)
		ret = decode(emb, &w, reply, data, len, count);
	emb_fifo_free(&w.fifo);
	return ret;
}

void emb_terminate(struct emb *emb)
{
	uint64_t reply[QAIC_NNC_MAX_REPLY / 8];
	struct qaic_nnc_terminate_to_dev *t;
	struct emb_chan *c;
	struct wire w;
	unsigned int i;

	start(&w, emb);
	t = add(&w, QAIC_TRANS_TERMINATE_TO_DEV, sizeof(*t));
	t->handle = emb->handle;
	soc_control(emb->card->soc, w.buf, hdr(&w)->len, reply, sizeof(reply));
	for (i = 0; i < QAIC_HW_NUM_DBC; i++) {
		c = &emb->card->chan[i];
		if (c->owner == emb->handle)
			emb_chan_down(c);
	}
}
