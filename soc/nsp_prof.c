// SPDX-License-Identifier: MIT
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "qpc/optable.h"
#include "qpc/program.h"
#include "soc/nsp_prof.h"

_Atomic bool nsp_prof_on;

static struct nsp_event *events;
static size_t room;
static _Atomic size_t next;

static _Atomic int num_threads;
static _Thread_local int thread = -1;	/* number of this one */

uint64_t nsp_prof_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000ull + t.tv_nsec;
}

int nsp_prof_start(size_t max)
{
	if (atomic_load(&nsp_prof_on))
		return -EBUSY;
	if (max != room) {
		free(events);
		events = calloc(max, sizeof(*events));
		room = events ? max : 0;
	}
	if (!events)
		return -ENOMEM;
	if (thread < 0)
		thread = atomic_fetch_add(&num_threads, 1);
	atomic_store(&next, 0);
	atomic_store(&nsp_prof_on, true);
	return 0;
}

void nsp_prof_stop(void)
{
	atomic_store(&nsp_prof_on, false);
}

size_t nsp_prof_events(const struct nsp_event **v, size_t *lost)
{
	size_t n = atomic_load(&next);

	*v = events;
	*lost = n > room ? n - room : 0;
	return n - *lost;
}

/* Room for what ends now; NULL: there is none. */
static struct nsp_event *add(uint64_t begin)
{
	uint64_t end = nsp_prof_now();
	size_t i = atomic_fetch_add_explicit(&next, 1, memory_order_relaxed);

	if (i >= room)
		return NULL;
	if (thread < 0)
		thread = atomic_fetch_add(&num_threads, 1);
	memset(&events[i], 0, sizeof(events[i]));
	events[i].begin = begin;
	events[i].end = end;
	events[i].thread = thread;
	return &events[i];
}

void nsp_prof_add(const struct nsp_cmd *cmd, unsigned int nsp, uint64_t begin)
{
	const struct qpc_op_rule *rule = qpc_op_rule(cmd->op);
	struct nsp_event *e;

	if (!rule || rule->engine == QPC_ENG_NONE)
		return;			/* the job's end does these */
	e = add(begin);
	if (!e)
		return;
	e->op = cmd->op;
	e->sub = cmd->sub;
	e->dtype = cmd->dtype[2];
	e->nsp = nsp;
	qpc_cmd_work(cmd, &e->bytes, &e->ops);
}

void nsp_prof_dma(unsigned int channel, bool out, uint64_t bytes,
		  uint64_t begin)
{
	struct nsp_event *e = add(begin);

	if (!e)
		return;
	e->kind = out ? NSP_EVENT_DMA_OUT : NSP_EVENT_DMA_IN;
	e->nsp = channel;
	e->bytes = bytes;
}
