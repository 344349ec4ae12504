/* SPDX-License-Identifier: MIT */
/* An Einsum equation, parsed: for its evaluation and its lowering. */
#ifndef COMPILER_EINSUM_H
#define COMPILER_EINSUM_H

#include "compiler/graph.h"

#define QC_LABELS (52 + QC_MAX_RANK)	/* a-z, A-Z, and those of "..." */
#define QC_EINSUM_IN 8

struct qc_einsum {
	uint32_t num_in, num_out, num_sum;
	int out[QC_MAX_RANK];		/* labels of the output */
	int sum[QC_LABELS];		/* labels that are summed over */
	int64_t dim[QC_LABELS];		/* -1: unused */
	int64_t stride[QC_EINSUM_IN][QC_LABELS];	/* of each operand; 0 if it has not it */
	int64_t lies[QC_EINSUM_IN][QC_LABELS];	/* of constants, transposed ones too */
	uint32_t seen[QC_LABELS];		/* times in the inputs */
	uint32_t ellipsis;		/* dimensions behind "..." */
};

int qc_einsum_parse(const struct qc_node *n, struct qc_einsum *s,
		    struct qaic_err *err);

#endif
