// SPDX-License-Identifier: MIT
/*
 * The host's end of the channels: writing requests, reading responses. A call
 * allocates nothing and makes no system call but the waiter's sleep and wake-up.
 */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

#include "libqaic/embedded.h"

int emb_chan_init(struct emb_chan *c, struct qaic_hw_dbc_regs *regs)
{
	pthread_condattr_t attr;
	int ret;

	memset(c, 0, sizeof(*c));
	c->regs = regs;
	c->last = &c->first;
	ret = pthread_mutex_init(&c->lock, NULL);
	if (ret)
		return -ret;
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	ret = pthread_cond_init(&c->done, &attr);
	pthread_condattr_destroy(&attr);
	if (ret)
		pthread_mutex_destroy(&c->lock);
	return -ret;
}

void emb_chan_fini(struct emb_chan *c)
{
	pthread_cond_destroy(&c->done);
	pthread_mutex_destroy(&c->lock);
}

int emb_fifo_alloc(struct emb_fifo *f, uint32_t n)
{
	size_t rsp_len = (size_t)n * sizeof(struct qaic_hw_rsp);

	f->len = (size_t)n * sizeof(struct qaic_hw_req) + QAIC_HW_Q_GAP +
		 rsp_len;
	f->len = (f->len + QAIC_HW_Q_ALIGN - 1) & -(size_t)QAIC_HW_Q_ALIGN;
	f->n = n;
	f->mem = mmap(NULL, f->len, PROT_READ | PROT_WRITE,
		      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (f->mem == MAP_FAILED) {
		f->mem = NULL;
		return -ENOMEM;
	}
	f->req = (uintptr_t)f->mem;
	f->rsp = f->req + f->len - rsp_len;
	return 0;
}

void emb_fifo_free(struct emb_fifo *f)
{
	if (f->mem)
		munmap(f->mem, f->len);
	f->mem = NULL;
}

void emb_chan_up(struct emb_chan *c, const struct emb_fifo *f, uint32_t owner)
{
	pthread_mutex_lock(&c->lock);
	c->mem = f->mem;
	c->mem_len = f->len;
	c->req = (void *)(uintptr_t)f->req;
	c->rsp = (void *)(uintptr_t)f->rsp;
	c->n = f->n;
	c->req_tail = 0;
	c->rsp_head = 0;
	c->owner = owner;
	c->active = true;
	pthread_mutex_unlock(&c->lock);
}

void emb_chan_down(struct emb_chan *c)
{
	struct emb_bo *b;

	pthread_mutex_lock(&c->lock);
	if (c->active) {
		c->active = false;
		for (b = c->first; b; b = b->next) {
			b->queued = false;
			b->err = -ENODEV;
		}
		c->first = NULL;
		c->last = &c->first;
		munmap(c->mem, c->mem_len);
		c->mem = NULL;
		pthread_cond_broadcast(&c->done);
	}
	pthread_mutex_unlock(&c->lock);
}

/* One response: they come in the order of the requests. */
static void complete(struct emb_chan *c, uint16_t code)
{
	struct emb_bo *b = c->first;

	if (!b)
		return;
	if (code)
		b->err = -EIO;
	if (--b->pending)
		return;
	c->first = b->next;
	if (!c->first)
		c->last = &c->first;
	b->queued = false;
	if (b->waiter)
		pthread_cond_broadcast(&c->done);
}

void emb_irq(void *ctx, unsigned int dbc)
{
	struct emb_card *card = ctx;
	struct emb_chan *c = &card->chan[dbc];
	bool was_full = false;
	uint32_t tail;

	pthread_mutex_lock(&c->lock);
	if (c->active) {
		tail = __atomic_load_n(&c->regs->rsp_tail, __ATOMIC_ACQUIRE);
		was_full = (tail + 1) % c->n == c->rsp_head;
		while (c->rsp_head != tail) {
			complete(c, c->rsp[c->rsp_head].code);
			c->rsp_head = (c->rsp_head + 1) % c->n;
		}
		__atomic_store_n(&c->regs->rsp_head, c->rsp_head,
				 __ATOMIC_RELEASE);
	}
	pthread_mutex_unlock(&c->lock);
	if (was_full)
		soc_ring(card->soc, dbc);
}

/* Elements that fit into the request FIFO now. */
static uint32_t room(const struct emb_chan *c)
{
	uint32_t head = __atomic_load_n(&c->regs->req_head, __ATOMIC_ACQUIRE);

	return (head + c->n - c->req_tail - 1) % c->n;
}

static void queue_bo(struct emb_chan *c, struct emb_bo *b)
{
	uint32_t i;

	for (i = 0; i < b->num_reqs; i++) {
		c->req[c->req_tail] = b->reqs[i];
		c->req[c->req_tail].req_id = c->next_id;
		c->req_tail = (c->req_tail + 1) % c->n;
	}
	c->next_id++;
	b->pending = b->num_slices;
	b->err = 0;
	b->queued = true;
	b->next = NULL;
	*c->last = b;
	c->last = &b->next;
}

static int queue_all(struct emb_chan *c, struct qaic_bo *const *bos,
		     uint32_t num_bos)
{
	uint64_t need = 0;
	struct emb_bo *b;
	uint32_t i;

	for (i = 0; i < num_bos; i++) {
		b = (struct emb_bo *)bos[i];
		if (!b->reqs || b->queued)
			return -EINVAL;
		need += b->num_reqs;
	}
	if (need >= c->n)
		return -ENOSPC;
	if (need > room(c))
		return -EAGAIN;
	for (i = 0; i < num_bos; i++)
		queue_bo(c, (struct emb_bo *)bos[i]);
	__atomic_store_n(&c->regs->req_tail, c->req_tail, __ATOMIC_RELEASE);
	return 0;
}

int emb_execute(struct qaic_transport *t, uint32_t dbc,
		struct qaic_bo *const *bos, uint32_t num_bos)
{
	struct emb *emb = to_emb(t);
	struct emb_chan *c;
	int ret = -ENODEV;

	if (dbc >= QAIC_HW_NUM_DBC)
		return -EINVAL;
	c = &emb->card->chan[dbc];
	pthread_mutex_lock(&c->lock);
	if (c->active && c->owner == emb->handle)
		ret = queue_all(c, bos, num_bos);
	pthread_mutex_unlock(&c->lock);
	if (!ret)
		soc_ring(emb->card->soc, dbc);
	return ret;
}

static void deadline(struct timespec *ts, int timeout_ms)
{
	clock_gettime(CLOCK_MONOTONIC, ts);
	ts->tv_sec += timeout_ms / 1000;
	ts->tv_nsec += timeout_ms % 1000 * 1000000L;
	if (ts->tv_nsec >= 1000000000L) {
		ts->tv_sec++;
		ts->tv_nsec -= 1000000000L;
	}
}

static int wait_bo(struct emb_chan *c, struct emb_bo *b, int timeout_ms)
{
	struct timespec ts;
	int ret = 0;

	if (!b->queued)
		return 0;
	if (!timeout_ms)
		return -ETIMEDOUT;
	if (timeout_ms > 0)
		deadline(&ts, timeout_ms);
	b->waiter = true;
	while (b->queued && !ret) {
		if (timeout_ms < 0)
			ret = pthread_cond_wait(&c->done, &c->lock);
		else
			ret = pthread_cond_timedwait(&c->done, &c->lock, &ts);
	}
	b->waiter = false;
	return b->queued ? -ETIMEDOUT : 0;
}

int emb_wait(struct qaic_transport *t, uint32_t dbc,
	     struct qaic_bo *const *bos, uint32_t num_bos, int timeout_ms)
{
	struct emb *emb = to_emb(t);
	struct emb_chan *c;
	uint32_t i;
	int ret;

	if (dbc >= QAIC_HW_NUM_DBC || !num_bos)
		return -EINVAL;
	c = &emb->card->chan[dbc];
	pthread_mutex_lock(&c->lock);
	ret = wait_bo(c, (struct emb_bo *)bos[num_bos - 1], timeout_ms);
	for (i = 0; i < num_bos && !ret; i++)
		ret = ((struct emb_bo *)bos[i])->err;
	pthread_mutex_unlock(&c->lock);
	if (!ret)
		emb_pages_called(emb->card);
	return ret;
}
