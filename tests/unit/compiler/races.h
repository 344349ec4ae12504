/* SPDX-License-Identifier: MIT */
/*
 * Byte for byte: within a phase no NSP may touch in TCM or DDR what another one
 * writes. Independent of the splitter's own reasoning about regions.
 */
#ifndef TESTS_COMPILER_RACES_H
#define TESTS_COMPILER_RACES_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "qpc/optable.h"
#include "qpc/program.h"

struct race_map {
	uint8_t *writer;	/* NSP + 1 that wrote the byte in this phase */
	uint16_t *readers;	/* NSPs that read it */
	size_t size;
};

struct race_walk {
	struct race_map *map;
	unsigned int nsp;
	bool write;
	size_t line;		/* bytes of a line in blocks, or 0 */
	int64_t bad;		/* first offset in conflict, or -1 */
};

static inline void race_touch(struct race_walk *w, int64_t off, size_t es)
{
	size_t i;

	for (i = off; i < off + es; i++) {
		uint8_t wr = w->map->writer[i];
		uint16_t rd = w->map->readers[i] & ~(1u << w->nsp);

		if ((wr && wr != w->nsp + 1) || (w->write && rd))
			w->bad = w->bad < 0 ? (int64_t)i : w->bad;
		if (w->write)
			w->map->writer[i] = w->nsp + 1;
		else
			w->map->readers[i] |= 1u << w->nsp;
	}
}

static inline void race_axes(struct race_walk *w, const struct qpc_axis *ax,
			     unsigned int n, int64_t off, size_t es)
{
	uint32_t i;

	if (!n) {
		race_touch(w, off, w->line ? w->line : es);
		return;
	}
	for (i = 0; i < (ax->stride ? ax->count : 1); i++)
		race_axes(w, ax + 1, n - 1,
			  off + (int64_t)i * ax->stride * (int64_t)es, es);
}

/* A line of blocks is one thing: strides to bytes, its axis to nothing. */
static inline size_t race_blocks(struct qpc_axis *ax, unsigned int *n,
				 unsigned int dtype)
{
	size_t line = 32;
	unsigned int i, k;

	for (i = k = 0; i < *n; i++) {
		if (ax[i].stride == 1) {
			line = (ax[i].count + 31) / 32 * 32;
			continue;
		}
		ax[k] = ax[i];
		ax[k++].stride = qaic_dtype_bytes(dtype, ax[i].stride);
	}
	*n = k;
	return qaic_dtype_bytes(dtype, line);
}

static inline int race_cmd(struct race_map maps[2], const struct nsp_cmd *c,
			   unsigned int nsp, char *why, size_t len)
{
	const struct qpc_op_rule *rule = qpc_op_rule(c->op);
	struct qpc_axis ax[NSP_DIMS];
	unsigned int k, n, space;
	int pass;

	/* reads first, as the command does */
	for (pass = 0; pass < 2; pass++) {
		for (k = 0; k < NSP_OPNDS; k++) {
			bool wr = rule->o[k].role == QPC_WRITE ||
				  rule->o[k].role == QPC_UPDATE;
			struct race_walk w = { .nsp = nsp, .write = wr,
					       .bad = -1 };

			space = NSP_ADDR_SPACE(c->o[k].addr);
			if (wr != pass || (space != NSP_SPACE_DDR &&
					   space != NSP_SPACE_TCM))
				continue;
			w.map = &maps[space == NSP_SPACE_TCM];
			n = qpc_opnd_axes(c, k, ax);
			w.line = qaic_dtype_is_mx(c->dtype[k]) ?
				 race_blocks(ax, &n, c->dtype[k]) : 0;
			race_axes(&w, ax, n, NSP_ADDR_OFF(c->o[k].addr),
				  w.line ? 1 : qaic_dtype_size(c->dtype[k]));
			if (w.bad >= 0) {
				snprintf(why, len,
					 "%s of NSP %u, operand %u, node %u: space %u offset %lld",
					 rule->name, nsp, k, c->node, space,
					 (long long)w.bad);
				return -1;
			}
		}
	}
	return 0;
}

/* Returns 0, or -1 with the conflict in @why. */
static inline int race_check(const struct qpc_program *p, uint32_t spec,
			     char *why, size_t len)
{
	const struct qpc_spec *s = &p->specs[spec];
	uint32_t at[NSP_MAX_NSPS] = { 0 }, phase;
	struct race_map m[2];
	bool more = true;
	unsigned int i;
	int rc = 0;

	for (i = 0; i < 2; i++) {
		m[i].size = i ? p->tcm_size : p->ddr_size;
		m[i].writer = malloc(m[i].size + 1);
		m[i].readers = malloc(2 * m[i].size + 2);
	}
	for (phase = 0; more && !rc; phase++) {
		for (i = 0; i < 2; i++) {
			memset(m[i].writer, 0, m[i].size);
			memset(m[i].readers, 0, 2 * m[i].size);
		}
		for (i = 0; i < p->num_nsps && !rc; i++) {
			for (; !rc; at[i]++) {
				const struct nsp_cmd *c =
					&s->streams[i].cmds[at[i]];

				if (c->op == NSP_SEM || c->op == NSP_END) {
					more = false;
					break;
				}
				if (c->op == NSP_BARRIER) {
					at[i]++;
					break;
				}
				rc = race_cmd(m, c, i, why, len);
			}
		}
	}
	if (rc) {
		size_t n = strlen(why);

		snprintf(why + n, len - n, ", phase %u", phase - 1);
	}
	for (i = 0; i < 2; i++) {
		free(m[i].writer);
		free(m[i].readers);
	}
	return rc;
}

#endif
