// SPDX-License-Identifier: MIT
/*
 * Threads write events without a lock: each takes the next number. To stop is to say
 * so and then to wait for those that have not seen it; who writes looks once more
 * after it has been counted, so that no event of one user gets into the memory, or
 * the profile, of another.
 */
#include <errno.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "qpc/optable.h"
#include "qpc/program.h"
#include "soc/nsp_attn.h"
#include "soc/nsp_prof.h"

static _Atomic uint32_t num_threads;
static _Thread_local uint32_t thread;	/* number of this one, from 1 */

uint64_t nsp_prof_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000ull + t.tv_nsec;
}

int nsp_prof_start(struct nsp_prof *p, uint32_t owner, uint64_t room)
{
	if (p->held && p->owner != owner)
		return -EBUSY;
	if (!room || room > QAIC_NNC_PROFILE_ROOM)
		return -EINVAL;
	nsp_prof_end(p);
	p->events = calloc(room, sizeof(*p->events));
	if (!p->events)
		return -ENOMEM;
	p->room = room;
	p->held = true;
	p->owner = owner;
	atomic_store(&p->next, 0);
	atomic_store(&p->noting, NSP_PROF_OF(owner));
	return 0;
}

void nsp_prof_stop(struct nsp_prof *p)
{
	atomic_store(&p->noting, 0);
	while (atomic_load(&p->writers))
		sched_yield();
}

uint64_t nsp_prof_count(const struct nsp_prof *p, uint64_t *lost)
{
	uint64_t n = atomic_load(&p->next);

	*lost = n > p->room ? n - p->room : 0;
	return n - *lost;
}

void nsp_prof_end(struct nsp_prof *p)
{
	nsp_prof_stop(p);
	free(p->events);
	p->events = NULL;
	p->room = 0;
	atomic_store(&p->next, 0);
	p->held = false;
}

static void add(struct nsp_prof *p, uint32_t owner,
		const struct qaic_nnc_profile_event *e)
{
	uint64_t i;

	atomic_fetch_add(&p->writers, 1);
	/* in order with that, as nsp_prof_stop() stores the one and loads the other */
	if (atomic_load(&p->noting) == NSP_PROF_OF(owner)) {
		i = atomic_fetch_add(&p->next, 1);
		if (i < p->room)
			p->events[i] = *e;
	}
	atomic_fetch_sub(&p->writers, 1);
}

static uint32_t this_thread(void)
{
	if (!thread)
		thread = atomic_fetch_add(&num_threads, 1) + 1;
	return thread - 1;
}

static uint64_t whole(double v)
{
	return v >= 1.8e19 ? UINT64_MAX : v;
}

/* The slots that an ATTN has read: positions have not changed since. */
static void seen(const struct nsp_cmd *cmd, const struct nsp_mem *mem,
		 unsigned int nsp, struct qpc_seen *out)
{
	struct nsp_run r = { .cmd = cmd };
	struct attn a = { .r = &r, .C = cmd->dims[5],
			  .window = cmd->imm[1].i };
	int64_t lo, hi, from, to;
	uint32_t b, s;

	r.p[4] = nsp_resolve(mem, nsp, cmd->o[4].addr);
	r.size[4] = qaic_dtype_size(cmd->dtype[4]);
	out->slots = out->pairs = 0;
	for (b = 0; b < cmd->dims[0]; b++) {
		from = cmd->dims[5];
		to = 0;
		for (s = 0; s < cmd->dims[1]; s++) {
			nsp_attn_range(&a, b, s, &lo, &hi);
			if (lo >= hi)
				continue;
			out->pairs += hi - lo;
			from = lo < from ? lo : from;
			to = hi > to ? hi : to;
		}
		out->slots += to > from ? to - from : 0;
	}
}

void nsp_prof_cmd(struct nsp_prof *p, uint32_t owner, const struct nsp_cmd *cmd,
		  const struct nsp_mem *mem, unsigned int nsp, uint64_t begin)
{
	const struct qpc_op_rule *rule = qpc_op_rule(cmd->op);
	struct qaic_nnc_profile_event e = {
		.begin = begin, .end = nsp_prof_now(), .thread = this_thread(),
		.kind = QAIC_NNC_EVENT_CMD, .op = cmd->op, .sub = cmd->sub,
		.dtype = cmd->dtype[2], .nsp = nsp,
	};
	struct qpc_seen read;
	double bytes, ops;

	if (!rule || rule->engine == QPC_ENG_NONE)
		return;			/* the job's end does these */
	if (cmd->op == NSP_ATTN)
		seen(cmd, mem, nsp, &read);
	qpc_cmd_work(cmd, cmd->op == NSP_ATTN ? &read : NULL, &bytes, &ops);
	e.bytes = whole(bytes);
	e.ops = whole(ops);
	add(p, owner, &e);
}

void nsp_prof_dma(struct nsp_prof *p, uint32_t owner, unsigned int channel,
		  bool out, uint64_t bytes, uint64_t begin)
{
	struct qaic_nnc_profile_event e = {
		.begin = begin, .end = nsp_prof_now(), .thread = this_thread(),
		.kind = out ? QAIC_NNC_EVENT_DMA_OUT : QAIC_NNC_EVENT_DMA_IN,
		.nsp = channel, .bytes = bytes,
	};

	add(p, owner, &e);
}
