// SPDX-License-Identifier: MIT
/* The card in this process: made for the first user, gone with the last. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "libqaic/embedded.h"

#define MAX_THREADS	16		/* as many as there are NSPs */

static pthread_mutex_t card_lock = PTHREAD_MUTEX_INITIALIZER;
static struct emb_card *card;
static unsigned int card_threads;	/* 0: QAIC_THREADS, else one per CPU */

int qaic_embedded_set_threads(unsigned int threads)
{
	int ret = 0;

	if (threads > MAX_THREADS)
		return -EINVAL;
	pthread_mutex_lock(&card_lock);
	if (card)
		ret = -EBUSY;
	else
		card_threads = threads;
	pthread_mutex_unlock(&card_lock);
	return ret;
}

static int env_threads(unsigned int *threads, struct qaic_err *err)
{
	const char *s = getenv("QAIC_THREADS");
	unsigned long n;
	char *end;

	if (!s || !*s)
		return 0;
	n = strtoul(s, &end, 10);
	if (*end || n < 1 || n > MAX_THREADS)
		return qaic_fail(err, -EINVAL,
				 "QAIC_THREADS=%s: give a number from 1 to %d",
				 s, MAX_THREADS);
	*threads = n;
	return 0;
}

/* An IOVA of this transport is an address in the process. */
static void *map(void *ctx, uint64_t iova, uint64_t len, bool write)
{
	return (void *)(uintptr_t)iova;
}

static int init_chans(struct emb_card *c)
{
	unsigned int i;
	int ret;

	for (i = 0; i < QAIC_HW_NUM_DBC; i++) {
		ret = emb_chan_init(&c->chan[i], soc_dbc_regs(c->soc, i));
		if (ret)
			break;
	}
	if (i == QAIC_HW_NUM_DBC)
		return 0;
	while (i--)
		emb_chan_fini(&c->chan[i]);
	return ret;
}

static void free_card(struct emb_card *c)
{
	pthread_cond_destroy(&c->called);
	pthread_mutex_destroy(&c->pages_lock);
	free(c);
}

static int card_create(struct emb_card **out, struct qaic_err *err)
{
	struct soc_config config = { .threads = card_threads };
	struct soc_bus bus = { .map = map, .irq = emb_irq, .stable = true };
	enum emb_pages_mode pages;
	struct emb_card *c;
	int ret;

	if (!config.threads) {
		ret = env_threads(&config.threads, err);
		if (ret)
			return ret;
	}
	ret = emb_pages_mode(&pages, err);
	if (ret)
		return ret;
	c = calloc(1, sizeof(*c));
	if (!c)
		return qaic_fail(err, -ENOMEM, "no memory for a card");
	c->pages = pages;
	pthread_mutex_init(&c->pages_lock, NULL);
	pthread_cond_init(&c->called, NULL);
	bus.ctx = c;
	ret = soc_create(&config, &bus, &c->soc, err);
	if (ret)
		goto free_it;
	ret = init_chans(c);
	if (ret) {
		qaic_fail(err, ret, "no memory for a card");
		goto destroy;
	}
	c->next_handle = 1;
	*out = c;
	return 0;

destroy:
	soc_destroy(c->soc);
free_it:
	free_card(c);
	return ret;
}

static void card_put(struct emb_card *c)
{
	unsigned int i;

	pthread_mutex_lock(&card_lock);
	if (!--c->refs) {
		soc_destroy(c->soc);
		for (i = 0; i < QAIC_HW_NUM_DBC; i++)
			emb_chan_fini(&c->chan[i]);
		free_card(c);
		card = NULL;
	}
	pthread_mutex_unlock(&card_lock);
}

static void emb_close(struct qaic_transport *t)
{
	struct emb *emb = to_emb(t);

	emb_terminate(emb);
	card_put(emb->card);
	free(emb);
}

static bool emb_stalled(struct qaic_transport *t, uint32_t dbc)
{
	return soc_dbc_stalled(to_emb(t)->card->soc, dbc);
}

static int emb_dma_stats(struct qaic_transport *t, uint32_t dbc,
			 struct qaic_dma_stats *stats)
{
	struct soc_dbc_stats s;
	int ret;

	ret = soc_dbc_stats(to_emb(t)->card->soc, dbc, &s);
	if (ret)
		return ret;
	stats->elements = s.elements;
	stats->bytes_to_dev = s.bytes_in;
	stats->bytes_from_dev = s.bytes_out;
	return 0;
}

static const struct qaic_transport_ops emb_ops = {
	.close = emb_close,
	.manage = emb_manage,
	.pages_begin = emb_pages_begin,
	.pages_end = emb_pages_end,
	.bo_create = emb_bo_create,
	.bo_destroy = emb_bo_destroy,
	.bo_attach = emb_bo_attach,
	.execute = emb_execute,
	.wait = emb_wait,
	.stalled = emb_stalled,
	.dma_stats = emb_dma_stats,
};

int qaic_embedded_open(struct qaic_transport **out, struct qaic_err *err)
{
	struct emb *emb;
	int ret = 0;

	emb = calloc(1, sizeof(*emb));
	if (!emb)
		return qaic_fail(err, -ENOMEM, "no memory for a device");
	pthread_mutex_lock(&card_lock);
	if (!card)
		ret = card_create(&card, err);
	if (!ret) {
		card->refs++;
		emb->card = card;
		emb->handle = card->next_handle++;
	}
	pthread_mutex_unlock(&card_lock);
	if (ret) {
		free(emb);
		return ret;
	}
	emb->t.ops = &emb_ops;
	emb->t.name = "embedded";
	*out = &emb->t;
	return 0;
}
