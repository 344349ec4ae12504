/* SPDX-License-Identifier: MIT */
/*
 * What the NSPs execute and the DMA Bridge moves for one user, while that user wants
 * to know. Off, it costs a look at one word for each call, and for each transfer.
 */
#ifndef SOC_NSP_PROF_H
#define SOC_NSP_PROF_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "qpc/isa.h"
#include "soc/nsp.h"
#include "uapi/qaic_nnc.h"

/* All zero: nobody wants to know. */
struct nsp_prof {
	_Atomic uint64_t noting;	/* of whom: NSP_PROF_OF(owner); 0: nobody */
	_Atomic uint32_t writers;	/* threads that write an event now */
	_Atomic uint64_t next;
	struct qaic_nnc_profile_event *events;
	uint64_t room;
	/* whose they are; the control processor's */
	bool held;
	uint32_t owner;
};

#define NSP_PROF_OF(owner)	(1ull << 32 | (owner))

/* Is what @owner's programs do noted? @p may be NULL. */
static inline bool nsp_prof_on(struct nsp_prof *p, uint32_t owner)
{
	return p && atomic_load_explicit(&p->noting, memory_order_acquire) ==
			    NSP_PROF_OF(owner);
}

/*
 * The next four by one thread at a time; programs may run meanwhile. Note what
 * @owner's programs do: -EBUSY while another owner holds a profile, -EINVAL: no room
 * or too much, -ENOMEM. What the same owner had noted is gone.
 */
int nsp_prof_start(struct nsp_prof *p, uint32_t owner, uint64_t room);
/* After it no thread writes events any more. */
void nsp_prof_stop(struct nsp_prof *p);
/* How many are there to read, in no order; *lost: there was no room for. */
uint64_t nsp_prof_count(const struct nsp_prof *p, uint64_t *lost);
void nsp_prof_end(struct nsp_prof *p);

uint64_t nsp_prof_now(void);
/*
 * A command that began at @begin and ends now. @mem: where positions are, which say how
 * much of its cache an attention has read.
 */
void nsp_prof_cmd(struct nsp_prof *p, uint32_t owner, const struct nsp_cmd *cmd,
		  const struct nsp_mem *mem, unsigned int nsp, uint64_t begin);
/* The same of a transfer of the DMA Bridge. */
void nsp_prof_dma(struct nsp_prof *p, uint32_t owner, unsigned int channel,
		  bool out, uint64_t bytes, uint64_t begin);

#endif
