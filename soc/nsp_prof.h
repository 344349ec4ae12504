/* SPDX-License-Identifier: MIT */
/*
 * What the NSPs execute and the DMA Bridge moves, while somebody wants to know. Off,
 * it costs a look at one word for each NSP of a phase, and for each transfer.
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
	uint8_t nsp;			/* or the channel */
	uint8_t kind;			/* enum nsp_event_kind */
	uint16_t thread;		/* as they come; small numbers */
};

enum nsp_event_kind { NSP_EVENT_CMD, NSP_EVENT_DMA_IN, NSP_EVENT_DMA_OUT };


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
/* The same of a transfer of the DMA Bridge. */
void nsp_prof_dma(unsigned int channel, bool out, uint64_t bytes,
		  uint64_t begin);

#endif
