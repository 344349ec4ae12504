// SPDX-License-Identifier: MIT
/*
 * How long phases take, one after the other. Within one, HMX, HVX and DMA overlap. DMA
 * does not stop at a barrier: what a later phase reads and was there before the call is
 * fetched early, if there is time and room for it.
 */
#include "qpc/timing_phase.h"

#define BARRIER_COST	1e-6
#define MAX_AHEAD	64	/* phases that data may be fetched ahead */

void qpc_phase_work(struct qpc_phase *p, double seconds, enum qpc_bound bound)
{
	if (seconds > p->work) {
		p->work = seconds;
		p->bound = bound;
	}
}

/*
 * What DDR could move besides while phase @i takes its time: data of the phases behind
 * it, in their order, as long as there is room in all phases till then. Bytes stay until
 * their phase has ended.
 */
static void fetch_ahead(struct qpc_phase *phases, uint32_t num, uint32_t i,
			double spare, double *held)
{
	double room = phases[i].room, part;
	uint32_t k;

	for (k = i + 1; k < num && k <= i + MAX_AHEAD; k++) {
		struct qpc_phase *p = &phases[k];

		room = room < p->room ? room : p->room;
		if (spare <= 0 || room <= *held)
			return;
		part = 1 - p->done;
		if (p->ahead <= 0 || part <= 0)
			continue;
		if (part * p->ahead > spare)
			part = spare / p->ahead;
		if (part * p->share > room - *held)
			part = (room - *held) / p->share;
		p->done += part;
		*held += part * p->share;
		spare -= part * p->ahead;
	}
}

void qpc_phases_time(struct qpc_phase *phases, uint32_t num, double rate,
		     struct qpc_timing *out)
{
	double held = 0, ddr, time;
	uint32_t i;

	for (i = 0; i < num; i++) {
		struct qpc_phase *p = &phases[i];

		ddr = p->now + p->ahead * (1 - p->done);
		time = p->work > ddr / rate ? p->work : ddr / rate;
		out->bound_s[time > p->work ? QPC_BOUND_DDR : p->bound] += time;
		out->barrier_s += BARRIER_COST;
		fetch_ahead(phases, num, i, (time + BARRIER_COST) * rate - ddr,
			    &held);
		held -= p->done * p->share;
	}
}
