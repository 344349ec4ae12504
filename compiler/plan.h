/* SPDX-License-Identifier: MIT */
#ifndef COMPILER_PLAN_H
#define COMPILER_PLAN_H

#include "compiler/lower.h"

/*
 * Of the VTCM of an NSP: LOCAL gets at most the first of these, the second stays free
 * for what is on its way from DDR and from other NSPs. TCM is what is left; or, if it is
 * not enough, some steps of it, and the rest is spread over the NSPs.
 */
#define QC_LOCAL_MAX (2u << 20)
#define QC_STAGE (2u << 20)
#define QC_TCM_MAX (NSP_VTCM_SIZE - QC_LOCAL_MAX - QC_STAGE)
#define QC_TCM_STEP (1u << 20)

struct qc_plan {
	uint64_t tcm, local;	/* bytes */
	uint64_t spread;	/* bytes of all NSPs together, and of */
	uint64_t spill;		/* DDR; offsets are relative */
};

/*
 * Give every temporary buffer of a lowered graph its space and offset. -E2BIG if
 * what is kept LOCAL does not fit: lower again with no_local.
 */
int qc_plan(struct qc_lower *l, struct qc_plan *plan, struct qaic_err *err);
/*
 * The same for a program of which some specialization spills: what is larger than
 * fits in @tcm bytes is spread over the NSPs, @room bytes at most. All
 * specializations of a program are planned in the same way.
 */
int qc_plan_spread(struct qc_lower *l, uint64_t tcm, uint64_t room,
		   struct qc_plan *plan, struct qaic_err *err);

#endif
