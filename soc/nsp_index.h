/* SPDX-License-Identifier: MIT */
/*
 * What the indexed commands share.
 */
#ifndef SOC_NSP_INDEX_H
#define SOC_NSP_INDEX_H

#include "soc/nsp_priv.h"

/* Negative counts from the end; false outside [-n, n). */
static inline bool nsp_wrap_index(int64_t *i, int64_t n)
{
	if (*i < 0)
		*i += n;
	return *i >= 0 && *i < n;
}

/* Dims 0..4 over operands 0, 1, 2, where @o does not move along axis imm0. */
void nsp_loop_axis(struct nsp_loop *l, const struct nsp_run *r, int o);

/*
 * The bytes that row @i of the index tuples (operand @idx, [0,2]) moves operand
 * @o by; false if an index is out of its limit (imm).
 */
bool nsp_nd_offset(const struct nsp_run *r, int o, int idx, uint32_t i,
		   int64_t *off);

#endif
