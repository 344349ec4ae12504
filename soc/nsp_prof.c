// SPDX-License-Identifier: MIT
#include <errno.h>
#include <stdlib.h>
#include <time.h>

#include "qpc/optable.h"
#include "qpc/program.h"
#include "soc/nsp_prof.h"

_Atomic bool nsp_prof_on;

static struct nsp_event *events;
static size_t room;
static _Atomic size_t next;

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
	free(events);
	events = calloc(max, sizeof(*events));
	room = events ? max : 0;
	if (!events)
		return -ENOMEM;
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

void nsp_prof_add(const struct nsp_cmd *cmd, unsigned int nsp, uint64_t begin)
{
	const struct qpc_op_rule *rule = qpc_op_rule(cmd->op);
	uint64_t end = nsp_prof_now();
	struct nsp_event *e;
	size_t i;

	if (!rule || rule->engine == QPC_ENG_NONE)
		return;			/* the job's end does these */
	i = atomic_fetch_add_explicit(&next, 1, memory_order_relaxed);
	if (i >= room)
		return;
	e = &events[i];
	e->begin = begin;
	e->end = end;
	e->op = cmd->op;
	e->sub = cmd->sub;
	e->dtype = cmd->dtype[2];
	e->nsp = nsp;
	qpc_cmd_work(cmd, &e->bytes, &e->ops);
}
