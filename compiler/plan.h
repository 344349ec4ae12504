/* SPDX-License-Identifier: MIT */
#ifndef COMPILER_PLAN_H
#define COMPILER_PLAN_H

#include "compiler/lower.h"

/* LOCAL gets at most this; TCM what is left of the VTCM. */
#define QC_LOCAL_MAX (2u << 20)
#define QC_TCM_MAX (NSP_VTCM_SIZE - QC_LOCAL_MAX)

struct qc_plan {
	uint64_t tcm, local;	/* bytes */
	uint64_t spill;		/* bytes of DDR; offsets are relative */
};

/*
 * Give every temporary buffer of a lowered graph its space and offset. -E2BIG if
 * what is kept LOCAL does not fit: lower again with no_local.
 */
int qc_plan(struct qc_lower *l, struct qc_plan *plan, struct qaic_err *err);

#endif
