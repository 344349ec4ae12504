/* SPDX-License-Identifier: MIT */
/*
 * What several NSPs read in one phase, of DDR or of each other's VTCM: the same operand,
 * read by each of them, is fetched once and multicast. And what an NSP wrote itself.
 */
#ifndef QPC_TIMING_SHARE_H
#define QPC_TIMING_SHARE_H

#include <stdbool.h>
#include <stdint.h>

#include "qpc/isa.h"

struct qpc_shared;

/* NULL, too, is one: nothing is shared. */
struct qpc_shared *qpc_shared_new(void);
void qpc_shared_free(struct qpc_shared *s);
void qpc_shared_next_phase(struct qpc_shared *s);

enum qpc_share {
	QPC_SHARE_FETCH,		/* nobody has read it yet */
	QPC_SHARE_FIRST,		/* fetched for another; not yet multicast */
	QPC_SHARE_MORE			/* and multicast */
};

/* Stream @nsp reads operand @k of a command. */
enum qpc_share qpc_shared_read(struct qpc_shared *s, unsigned int nsp,
			       const struct nsp_cmd *cmd, unsigned int k);

/*
 * Stream @nsp writes operand @k of a command, or reads it: has it written the same
 * elements in this phase?
 */
void qpc_shared_write(struct qpc_shared *s, unsigned int nsp,
		      const struct nsp_cmd *cmd, unsigned int k);
bool qpc_shared_own(struct qpc_shared *s, unsigned int nsp,
		    const struct nsp_cmd *cmd, unsigned int k);

#endif
