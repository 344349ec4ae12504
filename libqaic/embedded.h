/* SPDX-License-Identifier: MIT */
/*
 * The embedded transport: the part of a kernel driver, in this process, on top
 * of soc/.
 */
#ifndef LIBQAIC_EMBEDDED_H
#define LIBQAIC_EMBEDDED_H

#include <pthread.h>

#include "libqaic/transport.h"
#include "soc/soc.h"

/* A BO and the request elements of its slices, ready but for their req_id */
struct emb_bo {
	struct qaic_bo bo;
	size_t map_len;
	struct qaic_hw_req *reqs;
	uint32_t num_reqs, num_slices;

	/* under the channel's lock */
	struct emb_bo *next;		/* in flight */
	uint32_t pending;		/* responses to come */
	bool queued, waiter;
	int err;
};

/* The host's end of a DMA Bridge channel */
struct emb_chan {
	pthread_mutex_t lock;
	pthread_cond_t done;
	struct qaic_hw_dbc_regs *regs;
	bool active;
	uint32_t owner;			/* user handle */
	void *mem;			/* both FIFOs */
	size_t mem_len;
	struct qaic_hw_req *req;
	struct qaic_hw_rsp *rsp;
	uint32_t n, req_tail, rsp_head;
	uint16_t next_id;
	struct emb_bo *first, **last;	/* in flight, in order */
};

enum emb_pages_mode { EMB_PAGES_LATER, EMB_PAGES_NEVER, EMB_PAGES_NOW };

struct emb_card {
	struct soc *soc;
	unsigned int refs;
	uint32_t next_handle, next_seq;
	enum emb_pages_mode pages;
	pthread_mutex_t pages_lock;
	pthread_cond_t called;		/* a call is done */
	uint64_t calls;
	struct emb_chan chan[QAIC_HW_NUM_DBC];
};

struct emb {
	struct qaic_transport t;
	struct emb_card *card;
	uint32_t handle;
};

static inline struct emb *to_emb(struct qaic_transport *t)
{
	return (struct emb *)t;
}

/* control: embedded_control.c */
int emb_manage(struct qaic_transport *t, void *data, uint32_t *len,
	       uint32_t *count);
/* Everything of this user goes. */
void emb_terminate(struct emb *emb);

/* constants in huge pages: embedded_pages.c */
int emb_pages_mode(enum emb_pages_mode *mode, struct qaic_err *err);
struct qaic_pages *emb_pages_begin(struct qaic_transport *t,
				  const struct qaic_mapping *m);
void emb_pages_end(struct qaic_transport *t, struct qaic_pages *p);
void emb_pages_called(struct emb_card *c);

/* channels: embedded_chan.c */
int emb_chan_init(struct emb_chan *c, struct qaic_hw_dbc_regs *regs);
void emb_chan_fini(struct emb_chan *c);
/* FIFOs for @n elements each, before the card knows of them. */
struct emb_fifo {
	void *mem;
	size_t len;
	uint32_t n;
	uint64_t req, rsp;
};
int emb_fifo_alloc(struct emb_fifo *f, uint32_t n);
void emb_fifo_free(struct emb_fifo *f);
/* The channel takes the FIFOs over. */
void emb_chan_up(struct emb_chan *c, const struct emb_fifo *f, uint32_t owner);
/* The card has let go of the channel: what is queued ends with -ENODEV. */
void emb_chan_down(struct emb_chan *c);
/* The card wrote responses. */
void emb_irq(void *ctx, unsigned int dbc);

int emb_execute(struct qaic_transport *t, uint32_t dbc,
		struct qaic_bo *const *bos, uint32_t num_bos);
int emb_wait(struct qaic_transport *t, uint32_t dbc,
	     struct qaic_bo *const *bos, uint32_t num_bos, int timeout_ms);

/* buffers: embedded_bo.c */
int emb_bo_create(struct qaic_transport *t, size_t size, struct qaic_bo **out);
void emb_bo_destroy(struct qaic_transport *t, struct qaic_bo *bo);
int emb_bo_attach(struct qaic_transport *t, struct qaic_bo *bo, uint32_t dbc,
		  uint32_t dir, const struct qaic_attach_slice_entry *slices,
		  uint32_t num_slices);

#endif
