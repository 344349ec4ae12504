// SPDX-License-Identifier: MIT
/*
 * Backwards through the phases of a program: a piece of TCM is wanted from where it is
 * written as a whole to where it is read last. LOCAL counts as used all the time, it is
 * small.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "qpc/optable.h"
#include "qpc/timing_live.h"

#define PIECE	(64u << 10)

/* Of a piece in one phase: how much of it is read and written, as shares. */
struct use {
	float reads, writes;
};

struct live {
	const struct qpc_program *prog;
	const struct qpc_spec *spec;
	uint32_t pieces;
	struct use *use;	/* of this phase, as differences between pieces */
	bool *wanted;		/* by later phases */
	uint32_t at[NSP_MAX_NSPS];	/* commands that are still to be looked at */
	uint32_t phases[NSP_MAX_NSPS];	/* and phases, of each stream */
};

/* The bytes from the first to the last that operand @k touches, and their number. */
static void extent(const struct nsp_cmd *cmd, unsigned int k, int64_t *lo,
		   int64_t *hi, double *bytes)
{
	struct qpc_axis ax[NSP_DIMS];
	unsigned int n = qpc_opnd_axes(cmd, k, ax), i;
	int64_t es = qaic_dtype_size(cmd->dtype[k]), run;

	*lo = NSP_ADDR_OFF(cmd->o[k].addr);
	*hi = *lo + es;
	*bytes = es;
	for (i = 0; i < n; i++) {
		run = ((int64_t)ax[i].count - 1) * ax[i].stride * es;
		*(run < 0 ? lo : hi) += run;
		if (ax[i].stride)
			*bytes *= ax[i].count;
	}
}

static void touch(struct live *l, const struct nsp_cmd *cmd, unsigned int k)
{
	unsigned int role = qpc_op_rule(cmd->op)->o[k].role;
	int64_t lo, hi;
	double bytes;
	float share;

	if (NSP_ADDR_SPACE(cmd->o[k].addr) != NSP_SPACE_TCM)
		return;
	extent(cmd, k, &lo, &hi, &bytes);
	if (lo < 0 || hi <= lo || (uint64_t)hi > l->prog->tcm_size)
		return;
	share = bytes / (hi - lo);
	lo /= PIECE;
	hi = (hi + PIECE - 1) / PIECE;
	if (role != QPC_WRITE) {	/* an update leaves what it does not write */
		l->use[lo].reads += 1;
		l->use[hi].reads -= 1;
	}
	if (role >= QPC_WRITE) {
		l->use[lo].writes += share;
		l->use[hi].writes -= share;
	}
}

/* The last phase of stream @n that has not been looked at. */
static void walk(struct live *l, uint32_t n)
{
	const struct qpc_stream *s = &l->spec->streams[n];
	unsigned int k;

	while (l->at[n]) {
		const struct nsp_cmd *cmd = &s->cmds[--l->at[n]];

		if (cmd->op == NSP_BARRIER)
			break;
		if (qpc_op_rule(cmd->op)->engine != QPC_ENG_NONE)
			for (k = 0; k < NSP_OPNDS; k++)
				touch(l, cmd, k);
	}
}

/* Bytes of an NSP that a piece takes. */
static double size_of(const struct live *l, uint32_t piece)
{
	uint64_t copied = l->prog->tcm_size - l->prog->spread_size;

	return (uint64_t)piece * PIECE < copied ? PIECE :
		(double)PIECE / l->prog->num_nsps;
}

/* What the phase leaves free, from what it uses and what later ones want. */
static double look(struct live *l)
{
	double left = NSP_VTCM_SIZE - (double)l->prog->local_size;
	float reads = 0, writes = 0;
	uint32_t p;

	for (p = 0; p < l->pieces; p++) {
		reads += l->use[p].reads;
		writes += l->use[p].writes;
		if (l->wanted[p] || reads > 0.5f || writes > 1e-3f)
			left -= size_of(l, p);
		if (reads > 0.5f)
			l->wanted[p] = true;
		else if (writes > 0.95f)
			l->wanted[p] = false;
	}
	memset(l->use, 0, (l->pieces + 1) * sizeof(*l->use));
	return left > 0 ? left : 0;
}

static void count_phases(struct live *l)
{
	uint32_t n, i;

	for (n = 0; n < l->prog->num_nsps; n++) {
		const struct qpc_stream *s = &l->spec->streams[n];

		l->at[n] = s->num_cmds;
		l->phases[n] = 1;
		for (i = 0; i < s->num_cmds; i++)
			l->phases[n] += s->cmds[i].op == NSP_BARRIER;
	}
}

int qpc_free_vtcm(const struct qpc_program *prog, uint32_t spec, uint32_t phases,
		  double *left)
{
	struct live l = { .prog = prog, .spec = &prog->specs[spec] };
	uint32_t n, i;
	int rc = -ENOMEM;

	l.pieces = (prog->tcm_size + PIECE - 1) / PIECE;
	l.use = calloc(l.pieces + 1, sizeof(*l.use));
	l.wanted = calloc(l.pieces + 1, sizeof(*l.wanted));
	if (l.use && l.wanted) {
		count_phases(&l);
		for (i = phases; i--;) {
			for (n = 0; n < prog->num_nsps; n++)
				if (i < l.phases[n])
					walk(&l, n);
			left[i] = look(&l);
		}
		rc = 0;
	}
	free(l.use);
	free(l.wanted);
	return rc;
}
