/* SPDX-License-Identifier: MIT */
/* What one command costs on the modelled card, from the command alone. */
#ifndef QPC_TIMING_COST_H
#define QPC_TIMING_COST_H

#include <stdbool.h>

#include "qpc/isa.h"

struct qpc_cost {
	double macs;	/* multiply-accumulates, as the model has them */
	double hmx;	/* those that HMX does, tiles filled up */
	double hvx;	/* F32 operations of HVX */
};

void qpc_cost(const struct nsp_cmd *cmd, struct qpc_cost *out);
/* How a program uses the VTCM of an NSP. */
struct qpc_vtcm {
	uint64_t copied;	/* TCM below it is there, not spread */
	double block;		/* bytes for what a product keeps of one operand
				 * while the other one passes by */
};

/* Bytes that operand @k moves. */
double qpc_cost_bytes(const struct nsp_cmd *cmd, unsigned int k,
		      const struct qpc_vtcm *v);
/* Products of one operand 1, one after the other. All 0: none yet. */
struct qpc_pass {
	uint64_t addr;
	uint32_t way[4];	/* its rows, columns and their strides */
	uint8_t dtype;
	double keep;		/* bytes of VTCM that they keep, or a block of them */
};

/*
 * The next command of an NSP: is it one more product of the same operand 1, which then
 * is not fetched again? If all of that stays, or all of the other operands.
 */
bool qpc_cost_same(const struct nsp_cmd *cmd, const struct qpc_vtcm *v,
		   struct qpc_pass *last);
/* Do addresses alone say which bytes an operand is, and no data? */
bool qpc_cost_addressed(const struct nsp_cmd *cmd, unsigned int k);
/* Cache slots that a query of an ATTN can see: all of them, or a window. */
double qpc_cost_slots(const struct nsp_cmd *cmd);
/* Of the cache that an ATTN reads, the part that earlier calls wrote: 0 to 1. */
double qpc_cost_old(const struct nsp_cmd *cmd);

#endif
