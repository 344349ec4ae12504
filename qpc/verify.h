/* SPDX-License-Identifier: MIT */
/* The parts of the verifier. */
#ifndef QPC_VERIFY_H
#define QPC_VERIFY_H

#include "qpc/program.h"

/* Sizes of the address spaces, indexed by enum nsp_space. */
struct qpc_spaces {
	uint64_t size[NSP_SPACE_COUNT];
};

static inline struct qpc_spaces qpc_spaces_of(const struct qpc_program *prog)
{
	return (struct qpc_spaces){ {
		[NSP_SPACE_CONST] = prog->const_size,
		[NSP_SPACE_DDR] = prog->ddr_size,
		[NSP_SPACE_TCM] = prog->tcm_size,
		[NSP_SPACE_LOCAL] = prog->local_size,
	} };
}

/*
 * More element steps than this in one command is a program that never ends
 * (2^46 steps are most of a day at a billion per second), and keeps products of
 * dims within 64 bits for whoever adds them up.
 */
#define QPC_MAX_WORK	(1ull << 46)

/* Sizes no real card has: they keep sums of sizes within 64 bits. */
#define QPC_MAX_MEM	(1ull << 44)

/* One command: everything but what its neighbours say. */
int qpc_verify_cmd(const struct nsp_cmd *cmd, const struct qpc_spaces *spaces,
		   struct qaic_err *err);

/* dtype, dims, size, ddr_off of a binding or a state. @what names it. */
int qpc_verify_tensor(const char *what, uint32_t dtype, uint32_t rank,
		      const uint32_t *dims, uint64_t size, uint64_t ddr_off,
		      uint64_t ddr_size, struct qaic_err *err);

#endif
