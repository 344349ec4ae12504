/* SPDX-License-Identifier: MIT */
/*
 * A program's streams, NSP by NSP and joined for so many threads (soc/nsp_join.h),
 * must leave the same bytes in DDR and TCM. With made-up contents of both: what it
 * computes from them does not matter.
 */
#ifndef TESTS_SOC_JOINED_H
#define TESTS_SOC_JOINED_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "qpc/program.h"
#include "soc/nsp.h"
#include "soc/nsp_join.h"

/* DDR and TCM in one piece, LOCAL behind them */
struct joined_mem {
	struct nsp_mem mem;
	size_t size;
};

static inline bool joined_mem_make(struct joined_mem *m, const struct qpc *q)
{
	size_t ddr = qaic_align(q->prog.ddr_size, 64);
	size_t tcm = qaic_align(q->prog.tcm_size, 64);
	size_t local = qaic_align(q->prog.local_size, 64);
	uint32_t *p, r = 1;
	size_t i, all;

	m->size = ddr + tcm;
	all = m->size + NSP_MAX_NSPS * local;
	p = aligned_alloc(64, all + 64);
	if (!p)
		return false;
	/* numbers between 1 and 2 as F16, small ones as F32 */
	for (i = 0; i < all / 4; i++) {
		r = r * 1664525 + 1013904223;
		p[i] = 0x3c003c00 | (r >> 6 & 0x3ff) | (r >> 16 & 0x3ff) << 16;
	}
	m->mem.consts = q->consts;
	m->mem.ddr = (uint8_t *)p;
	m->mem.tcm = m->mem.ddr + ddr;
	for (i = 0; i < NSP_MAX_NSPS; i++)
		m->mem.local[i] = m->mem.tcm + tcm + i * local;
	return true;
}

/* The last stream first, so that no NSP depends on one before it. */
static inline void joined_run(const struct qpc_stream *s, unsigned int num,
			      const uint8_t *first, const struct nsp_mem *mem,
			      void *scratch)
{
	uint32_t at[NSP_MAX_NSPS] = { 0 };
	const struct nsp_cmd *c;
	unsigned int n;
	bool more = true;

	while (more) {
		more = false;
		for (n = num; n-- > 0;) {
			for (c = &s[n].cmds[at[n]]; at[n] < s[n].num_cmds;
			     at[n]++, c++) {
				if (c->op == NSP_BARRIER)
					break;
				nsp_exec(c, mem, first ? first[n] : n, scratch);
			}
			more |= at[n]++ < s[n].num_cmds;
		}
	}
}

static inline const char *joined_compare(const struct qpc *q, uint32_t spec,
					 unsigned int threads, void *scratch,
					 const struct joined_mem *want)
{
	struct nsp_join *j = NULL;
	struct joined_mem m = { .size = 0 };
	const char *bad = NULL;

	if (nsp_join_create(&q->prog, threads, &j) || !joined_mem_make(&m, q))
		bad = "no memory";
	else if (!j && threads == 1)
		bad = "cannot be joined";
	if (!bad && j) {
		joined_run(j->streams[spec], j->num_groups, j->first, &m.mem,
			   scratch);
		if (memcmp(m.mem.ddr, want->mem.ddr, m.size))
			bad = "other bytes than NSP by NSP";
	}
	free(m.mem.ddr);
	nsp_join_free(j);
	return bad;
}

static inline int joined_check(const struct qpc *q, uint32_t spec, char *why,
			       size_t size)
{
	static const unsigned int threads[] = { 1, 2, 3 };
	void *scratch = aligned_alloc(64, NSP_SCRATCH);
	struct joined_mem want = { .size = 0 };
	const char *bad = NULL;
	size_t i;

	if (q->prog.num_nsps == 1)
		goto out;
	if (!scratch || !joined_mem_make(&want, q)) {
		bad = "no memory";
		goto out;
	}
	joined_run(q->prog.specs[spec].streams, q->prog.num_nsps, NULL,
		   &want.mem, scratch);
	for (i = 0; i < sizeof(threads) / sizeof(threads[0]) && !bad; i++) {
		bad = joined_compare(q, spec, threads[i], scratch, &want);
		if (bad)
			snprintf(why, size, "joined for %u threads: %s",
				 threads[i], bad);
	}
out:
	free(scratch);
	free(want.mem.ddr);
	return bad ? -1 : 0;
}

#endif
