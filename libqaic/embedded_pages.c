// SPDX-License-Identifier: MIT
/*
 * Constants in huge pages. The card uses them where their file is mapped, in small
 * pages; a CPU reads huge ones faster. Replacing them takes as long as reading the
 * file, and longer on a virtual machine whose host has to find the memory first. So
 * it is done behind the first call, by a thread that other work goes before, unless
 * QAIC_HUGE_PAGES says otherwise: 0 never, 1 at once and with all threads.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "libqaic/embedded.h"
#include "soc/nsp_cpus.h"
#include "soc/room.h"
#include "soc/thread.h"

#define WORTH		(32ull << 20)	/* bytes from which on it pays */
#define SPARE		(256ull << 20)	/* of memory, beside the copy */
#define MAX_THREADS	16
#define NICE		10		/* a tenth of a CPU that is busy */

struct qaic_pages {
	struct emb_card *card;
	struct qaic_mapping map;
	struct pages_work work;
	uint64_t calls;			/* that were done when this began */
	pthread_t thread;
	bool running;
};

int emb_pages_mode(enum emb_pages_mode *mode, struct qaic_err *err)
{
	const char *s = getenv("QAIC_HUGE_PAGES");

	*mode = EMB_PAGES_LATER;
	if (!s || !*s)
		return 0;
	if (strcmp(s, "0") && strcmp(s, "1"))
		return qaic_fail(err, -EINVAL,
				 "QAIC_HUGE_PAGES=%s: give 0 or 1", s);
	*mode = *s == '1' ? EMB_PAGES_NOW : EMB_PAGES_NEVER;
	return 0;
}

void emb_pages_called(struct emb_card *c)
{
	pthread_mutex_lock(&c->pages_lock);
	c->calls++;
	pthread_cond_broadcast(&c->called);
	pthread_mutex_unlock(&c->pages_lock);
}

static void *replace_now(void *arg)
{
	struct qaic_pages *p = arg;

	pages_replace(&p->map, &p->work);
	return NULL;
}

static void *replace_later(void *arg)
{
	struct qaic_pages *p = arg;
	struct emb_card *c = p->card;

	pthread_mutex_lock(&c->pages_lock);
	while (c->calls == p->calls && !atomic_load(&p->work.stop))
		pthread_cond_wait(&c->called, &c->pages_lock);
	pthread_mutex_unlock(&c->pages_lock);
	setpriority(PRIO_PROCESS, gettid(), NICE);	/* of this thread */
	pages_replace(&p->map, &p->work);
	return NULL;
}

static void replace_by_all(struct qaic_pages *p)
{
	unsigned int n = nsp_cpus(), i, started = 0;
	pthread_t helpers[MAX_THREADS];

	for (i = 1; i < n && i < MAX_THREADS; i++) {
		if (soc_thread(&helpers[started], replace_now, p))
			break;
		started++;
	}
	replace_now(p);
	for (i = 0; i < started; i++)
		pthread_join(helpers[i], NULL);
}

/*
 * What is mapped can be dropped and read again when memory gets short, copies cannot.
 */
static bool pays(const struct emb_card *c, const struct qaic_mapping *m)
{
	uint64_t room;

	if (c->pages == EMB_PAGES_NEVER || m->len < WORTH ||
	    !soc_huge_pages(SOC_SYS_MM))
		return false;
	room = soc_room(SOC_PROC);
	return room >= SPARE && room - SPARE >= m->len + m->len / 4;
}

struct qaic_pages *emb_pages_begin(struct qaic_transport *t,
				  const struct qaic_mapping *m)
{
	struct emb_card *c = to_emb(t)->card;
	struct qaic_pages *p;

	if (!pays(c, m))
		return NULL;
	p = calloc(1, sizeof(*p));
	if (!p)
		return NULL;
	p->card = c;
	p->map = *m;
	if (c->pages == EMB_PAGES_NOW) {
		replace_by_all(p);
		return p;
	}
	pthread_mutex_lock(&c->pages_lock);
	p->calls = c->calls;
	pthread_mutex_unlock(&c->pages_lock);
	p->running = !soc_thread(&p->thread, replace_later, p);
	return p;
}

void emb_pages_end(struct qaic_transport *t, struct qaic_pages *p)
{
	struct emb_card *c = to_emb(t)->card;

	if (!p)
		return;
	pthread_mutex_lock(&c->pages_lock);
	atomic_store(&p->work.stop, ECANCELED);
	pthread_cond_broadcast(&c->called);
	pthread_mutex_unlock(&c->pages_lock);
	if (p->running)
		pthread_join(p->thread, NULL);
	free(p);
}
