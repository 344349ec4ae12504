/* SPDX-License-Identifier: MIT */
/* How much of the VTCM holds something that is still wanted, phase by phase. */
#ifndef QPC_TIMING_LIVE_H
#define QPC_TIMING_LIVE_H

#include <stdint.h>

#include "qpc/program.h"

/*
 * Fill @free[phases]: bytes of an NSP's VTCM in which a phase of @spec neither uses
 * anything nor leaves anything for later ones. -ENOMEM.
 */
int qpc_free_vtcm(const struct qpc_program *prog, uint32_t spec, uint32_t phases,
		  double *free);

#endif
