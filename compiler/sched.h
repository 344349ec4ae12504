/* SPDX-License-Identifier: MIT */
/* Ways to cut a command over the NSPs: made by sched_cut.c, judged by sched.c. */
#ifndef COMPILER_SCHED_H
#define COMPILER_SCHED_H

#include "compiler/lower.h"

/*
 * A command is repeated on every NSP rather than shared if that costs less than a
 * barrier, which is 1 us: up to this work, and this many bytes that the others
 * fetch from DDR once more. Weights are rarely worth it.
 */
#define QC_LOCAL_WORK	8192
#define QC_LOCAL_BYTES	(128 << 10)
/* A cut at heads may cost this much more than the best: it saves a barrier. */
#define QC_ALIGN_WORK	16384
/* Up to this work all on one NSP is as good as any cut. */
#define QC_SMALL_WORK	2048
#define QC_MAX_CANDS	64

struct qc_part {
	uint32_t lo[2], hi[2];		/* ranges of dim[0], dim[1] */
	uint8_t nsp;
};

struct qc_cand {
	int dim[2];			/* -1: not cut */
	uint32_t n;
	bool all;			/* whole command on every NSP */
	bool aligned;			/* as later commands would like it */
	struct qc_part p[NSP_MAX_NSPS];
	uint32_t phase;
	double cost;			/* work of the busiest NSP */
};

/* Work of a command, in elements of HVX. */
double qc_cmd_work(const struct nsp_cmd *c);
/* Part @p of a command; false if this cut is not possible. */
bool qc_cut_cmd(const struct nsp_cmd *whole, const struct qc_cand *cd,
		const struct qc_part *p, struct nsp_cmd *out);
/* The whole command on one NSP. */
void qc_cand_single(struct qc_cand *cd, unsigned int nsp);
/* Fill @cd (zeroed, QC_MAX_CANDS - 1 at most). Returns how many. */
uint32_t qc_candidates(const struct qc_lower *l, const struct qc_vcmd *v,
		       struct qc_cand *cd, double work);

#endif
