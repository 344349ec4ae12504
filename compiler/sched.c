// SPDX-License-Identifier: MIT
/*
 * Splitting over the NSPs and phases.
 *
 * A command is offered several cuts: even ones along each dim it may be split
 * along, the cut of the command that made an operand, all on one NSP, and (for
 * small ones) the whole on every NSP in LOCAL memory. For each, the earliest
 * phase follows exactly from what is there: a conflicting access by the same
 * NSP may be in the same phase, one by another NSP must be in an earlier phase.
 * The cheapest cut among those with the earliest phase wins, so barriers appear
 * only where data really crosses from one NSP to another.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "compiler/sched.h"

/* ---- hazards ---- */

static uint32_t scan(const struct qc_lower *l, uint32_t at,
		     const struct qc_buf *b, const struct qc_region *r,
		     uint8_t nsp, uint32_t phase)
{
	for (; at; at = l->acc[at - 1].next) {
		const struct qc_access *a = &l->acc[at - 1];
		bool same = b->local || (a->nsp == nsp && nsp != QC_NSP_ALL);
		uint32_t min = same ? a->phase : a->phase + 1;

		if (min > phase && qc_region_overlap(&a->r, r))
			phase = min;
	}
	return phase;
}

static uint32_t earliest(const struct qc_lower *l, const struct qc_vcmd *v,
			 const struct nsp_cmd *c, uint8_t nsp, uint32_t phase)
{
	struct qc_region r;
	unsigned int o;

	for (o = 0; o < NSP_OPNDS; o++) {
		struct qc_buf *b = v->buf[o];

		if (!b || b->kind == QC_BUF_CONST)
			continue;
		qc_cmd_region(c, o, &r);
		phase = scan(l, b->writes, b, &r, nsp, phase);
		if (qc_cmd_writes(c, o))
			phase = scan(l, b->reads, b, &r, nsp, phase);
	}
	return phase;
}

/* Fills phase and cost; false if the cut cannot be made. */
static bool cand_rate(const struct qc_lower *l, const struct qc_vcmd *v,
		      struct qc_cand *cd)
{
	struct nsp_cmd c;
	uint32_t i;

	cd->phase = 0;
	cd->cost = 0;
	for (i = 0; i < cd->n; i++) {
		double w;

		if (!qc_cut_cmd(&v->c, cd, &cd->p[i], &c))
			return false;
		w = qc_cmd_work(&c);
		if (w > cd->cost)
			cd->cost = w;
		cd->phase =
			earliest(l, v, &c, cd->all ? QC_NSP_ALL : cd->p[i].nsp,
				 cd->phase);
	}
	return true;
}

/* ---- placing ---- */

static int note_access(struct qc_lower *l, struct qc_buf *b,
		       const struct qc_region *r, uint8_t nsp, uint32_t phase,
		       bool write, struct qaic_err *err)
{
	struct qc_access *a;
	uint32_t *head = write ? &b->writes : &b->reads;

	if (l->num_acc == l->cap_acc) {
		uint32_t cap = l->cap_acc ? l->cap_acc * 2 : 1024;

		a = reallocarray(l->acc, cap, sizeof(*a));
		if (!a)
			return qaic_fail(err, -ENOMEM, "out of memory");
		l->acc = a;
		l->cap_acc = cap;
	}
	a = &l->acc[l->num_acc++];
	a->r = *r;
	a->phase = phase;
	a->nsp = nsp;
	a->next = *head;
	*head = l->num_acc;
	return 0;
}

static void note_life(struct qc_buf *b, uint32_t time)
{
	if (!b->live || time < b->first)
		b->first = time;
	if (!b->live || time > b->last)
		b->last = time;
	b->live = true;
}

static int place(struct qc_lower *l, const struct qc_vcmd *v,
		 const struct nsp_cmd *c, uint8_t nsp, uint32_t phase,
		 struct qaic_err *err)
{
	struct qc_region r;
	struct qc_cmd *cmd;
	unsigned int o;
	int rc;

	if (l->num_cmds == l->cap_cmds) {
		uint32_t cap = l->cap_cmds ? l->cap_cmds * 2 : 256;

		if (cap > 1u << 22)
			return qaic_fail(
				err, -EOPNOTSUPP,
				"the program has more than 4 million commands");
		cmd = reallocarray(l->cmds, cap, sizeof(*cmd));
		if (!cmd)
			return qaic_fail(err, -ENOMEM, "out of memory");
		l->cmds = cmd;
		l->cap_cmds = cap;
	}
	cmd = &l->cmds[l->num_cmds];
	cmd->c = *c;
	memcpy(cmd->buf, v->buf, sizeof(cmd->buf));
	cmd->phase = phase;
	cmd->seq = l->num_cmds++;
	cmd->nsp = nsp;
	if (phase >= l->num_phases)
		l->num_phases = phase + 1;
	for (o = 0; o < NSP_OPNDS; o++) {
		struct qc_buf *b = v->buf[o];

		if (!b || b->kind == QC_BUF_CONST)
			continue;
		qc_cmd_region(c, o, &r);
		/* in place: one access that writes stands for both */
		rc = note_access(l, b, &r, nsp, phase, qc_cmd_writes(c, o),
				 err);
		if (rc)
			return rc;
		note_life(b, l->num_nsps == 1 ? cmd->seq : phase);
	}
	return 0;
}

/* Remember the cut for those who read the result. */
static void note_cut(const struct qc_vcmd *v, const struct qc_cand *cd)
{
	struct qc_cut *cut = &v->buf[0]->cut;
	int64_t es = qaic_dtype_size(v->c.dtype[0]), st;
	int64_t base = (int64_t)NSP_ADDR_OFF(v->c.o[0].addr);
	uint32_t i;

	cut->n = 0;
	if (cd->all || cd->n < 2 || cd->dim[1] >= 0 ||
	    !(qc_cmd_moves(&v->c, 0) & 1u << cd->dim[0]))
		return;
	st = v->c.o[0].stride[cd->dim[0]] * es;
	if (st <= 0)
		return;
	cut->stride = st;
	for (i = 0; i < cd->n; i++) {
		cut->lo[i] = base + cd->p[i].lo[0] * st;
		cut->hi[i] = base + cd->p[i].hi[0] * st;
		cut->nsp[i] = cd->p[i].nsp;
	}
	cut->n = cd->n;
}

/* The result is a whole fresh temporary: it may live in LOCAL memory. */
static bool fresh_temp(const struct qc_vcmd *v, unsigned int o)
{
	const struct qc_buf *b = v->buf[o];
	uint64_t n = qaic_dtype_size(v->c.dtype[o]);	/* no block type */
	unsigned int d, moves = qc_cmd_moves(&v->c, o);

	if (b->kind != QC_BUF_TEMP || b->written)
		return false;
	for (d = 0; d < NSP_DIMS; d++)
		if (moves & 1u << d)
			n *= v->c.dims[d];
	return n == b->size;
}

/* Bytes that a command fetches from DDR; a few rows of a table do not count. */
static double ddr_bytes(const struct qc_vcmd *v)
{
	struct qc_region r;
	double sum = 0, n;
	unsigned int o, i;

	if (v->c.op == NSP_GATHER || v->c.op == NSP_ROPE ||
	    v->c.op == NSP_KVGET)
		return 0;
	for (o = 1; o < NSP_OPNDS; o++) {
		if (!v->buf[o] || v->buf[o]->kind == QC_BUF_TEMP)
			continue;
		qc_cmd_region(&v->c, o, &r);
		for (i = 0, n = r.elem; i < r.n; i++)
			n *= r.dim[i];
		sum += n;
	}
	return sum;
}

/* Is it cheaper to do a command on every NSP than to tell the others? */
static bool may_repeat(const struct qc_lower *l, const struct qc_vcmd *v,
		       double work)
{
	uint32_t others = l->num_nsps - 1;

	return others && !l->no_local && work <= QC_LOCAL_WORK &&
	       ddr_bytes(v) * others <= QC_LOCAL_BYTES;
}

static double price(const struct qc_cand *a)
{
	return a->aligned ? a->cost * 0.7 - QC_ALIGN_WORK : a->cost;
}

/* Is a better than b? An aligned cut may cost a little: it saves a barrier. */
static bool better(const struct qc_cand *a, const struct qc_cand *b)
{
	if (a->phase != b->phase)
		return a->phase < b->phase;
	if (a->all != b->all)
		return a->all;
	return price(a) < price(b);
}

static int choose(const struct qc_lower *l, const struct qc_vcmd *v,
		  struct qc_cand *cd, uint32_t n, bool must_all)
{
	double best_cost = -1;
	int best = -1;
	uint32_t i;

	for (i = 0; i < n; i++) {
		if (!cand_rate(l, v, &cd[i])) {
			cd[i].cost = -1;
			continue;
		}
		if (must_all && !cd[i].all)
			cd[i].cost = -1;
		if (cd[i].cost >= 0 && !cd[i].all &&
		    (best_cost < 0 || cd[i].cost < best_cost))
			best_cost = cd[i].cost;
	}
	for (i = 0; i < n; i++) {
		double limit = best_cost * 1.34 + QC_SMALL_WORK;

		if (cd[i].cost < 0)
			continue;
		/* not at any price: a cut that leaves NSPs idle may cost more
		 * than a barrier */
		if (cd[i].aligned)
			limit += QC_ALIGN_WORK;
		if (!cd[i].all && cd[i].cost > limit)
			continue;
		if (best < 0 || better(&cd[i], &cd[best]))
			best = i;
	}
	return best;
}

int qc_emit(struct qc_lower *l, struct qc_vcmd *v, struct qaic_err *err)
{
	struct qc_cand cd[QC_MAX_CANDS];
	double work = qc_cmd_work(&v->c);
	bool must_all = false, can_all;
	unsigned int d, o;
	uint32_t n, i;
	struct nsp_cmd c;
	int best, rc = 0;

	for (d = 0; d < NSP_DIMS; d++)
		if (!v->c.dims[d])
			return 0; /* nothing to do */
	for (o = 0; o < NSP_OPNDS; o++)
		if (v->buf[o] && !qc_cmd_takes(&v->c, o))
			return qaic_fail(err, -EOPNOTSUPP,
				"a retained state in mxint8 can only be written by CtxScatter and read by CtxGather and attention");
	memset(cd, 0, sizeof(cd));
	n = qc_candidates(l, v, cd, work);
	can_all = may_repeat(l, v, work);
	for (o = 0; o < NSP_OPNDS; o++) {
		if (!v->buf[o] || !qc_cmd_writes(&v->c, o))
			continue;
		if (v->buf[o]->local)
			must_all = true;
		if (!fresh_temp(v, o))
			can_all = false;
	}
	if (can_all || must_all) {
		qc_cand_single(&cd[n], 0);
		cd[n++].all = true;
	}
	best = choose(l, v, cd, n, must_all);
	if (best < 0)
		return qaic_fail(err, -EINVAL, "no way to split the command");
	for (o = 0; o < NSP_OPNDS; o++) {
		if (!v->buf[o] || !qc_cmd_writes(&v->c, o))
			continue;
		v->buf[o]->written = true;
		v->buf[o]->local = cd[best].all;
	}
	for (i = 0; i < cd[best].n && !rc; i++) {
		qc_cut_cmd(&v->c, &cd[best], &cd[best].p[i], &c);
		rc = place(l, v, &c,
			   cd[best].all ? QC_NSP_ALL : cd[best].p[i].nsp,
			   cd[best].phase, err);
	}
	if (!rc)
		note_cut(v, &cd[best]);
	return rc;
}
