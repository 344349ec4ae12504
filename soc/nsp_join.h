/* SPDX-License-Identifier: MIT */
/*
 * Neighbouring NSPs as one, for a pool of fewer threads than NSPs.
 *
 * A tensor that was cut for sixteen NSPs comes back in pieces: a thread that stands
 * for several of them would start and end many short products where one long one
 * reads its weights in one stream, and would do what every NSP does for itself (norms,
 * look-ups) over and over. So the NSPs are put into groups, and each group gets a
 * stream in which their commands are one where they go on after each other. What is
 * computed is the same bit for bit.
 */
#ifndef SOC_NSP_JOIN_H
#define SOC_NSP_JOIN_H

#include "qpc/program.h"

struct nsp_join {
	unsigned int num_groups;
	uint8_t first[NSP_MAX_NSPS];	/* NSP of each group; its LOCAL is used */
	uint32_t num_specs;
	struct qpc_stream (*streams)[NSP_MAX_NSPS];	/* [spec][group] */
};

/*
 * For a pool of @threads. *out is NULL if there is nothing to gain, or if NSPs of one
 * group keep different things in LOCAL, so that they have to run one by one. @prog
 * has passed qpc_verify(). -ENOMEM.
 */
int nsp_join_create(const struct qpc_program *prog, unsigned int threads,
		    struct nsp_join **out);
void nsp_join_free(struct nsp_join *join);

#endif
