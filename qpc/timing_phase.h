/* SPDX-License-Identifier: MIT */
/* The phases of a call on the modelled card. */
#ifndef QPC_TIMING_PHASE_H
#define QPC_TIMING_PHASE_H

#include "qpc/program.h"

struct qpc_phase {
	double work;		/* seconds of the slowest but DDR, */
	enum qpc_bound bound;	/* which is this one */
	double now;		/* bytes of DDR that have to wait for the phase, */
	double ahead;		/* and that do not */
	double share;		/* of those, bytes in the VTCM that has most */
	double done;		/* part of them that has been fetched */
	double free;		/* VTCM that is free in this phase, and without */
	double room;		/* what its products keep */
};

/* Something but DDR takes a phase that long. */
void qpc_phase_work(struct qpc_phase *p, double seconds, enum qpc_bound bound);
/* Add up bound_s and barrier_s. @rate: of DDR, bytes per second. */
void qpc_phases_time(struct qpc_phase *phases, uint32_t num, double rate,
		     struct qpc_timing *out);

#endif
