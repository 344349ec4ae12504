/* SPDX-License-Identifier: MIT */
/*
 * What the NSPs execute, command by command, while somebody wants to know. Off, it
 * costs a look at one word for each NSP of a phase.
 */
#ifndef SOC_NSP_PROF_H
#define SOC_NSP_PROF_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "qpc/isa.h"

struct nsp_event {
	uint64_t begin, end;		/* ns, CLOCK_MONOTONIC */
	double bytes, ops;		/* qpc_cmd_work() */
	uint8_t op, sub, dtype;		/* dtype: of operand 2 */
	uint8_t nsp;
};

extern _Atomic bool nsp_prof_on;

/* Room for @max events; those of before are gone. -EBUSY: it is on already. */
int nsp_prof_start(size_t max);
/* While nothing runs that was started before. */
void nsp_prof_stop(void);
/* After the stop: the events in no order, and how many found no room. */
size_t nsp_prof_events(const struct nsp_event **v, size_t *lost);

uint64_t nsp_prof_now(void);
/* A command that began at @begin and ends now. */
void nsp_prof_add(const struct nsp_cmd *cmd, unsigned int nsp, uint64_t begin);

#endif
