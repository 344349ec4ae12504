// SPDX-License-Identifier: MIT
/*
 * Splitting over the NSPs and phases.
 *
 * A command is offered several cuts: even ones along each dim it may be split
 * along, the cut of the command that made an operand, all on one NSP, and (for
 * small ones) the whole on every NSP in LOCAL memory. For each, the earliest
 * phase follows exactly from what is there: a conflicting access by the same NSP
 * may be in the same phase, one by another NSP must be in an earlier phase. The
 * cheapest cut among those with the earliest phase wins, so barriers appear only
 * where data really crosses from one NSP to another.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "compiler/lower.h"

/* Up to this work a command is repeated on every NSP rather than shared. */
#define LOCAL_WORK	8192
#define SMALL_WORK	2048
#define MAX_CANDS	64

struct part {
	uint32_t lo[2], hi[2];		/* ranges of dim[0], dim[1] */
	uint8_t nsp;
};

struct cand {
	int dim[2];			/* -1: not cut */
	uint32_t n;
	bool all;			/* whole command on every NSP */
	bool aligned;			/* as later commands would like it */
	struct part p[NSP_MAX_NSPS];
	uint32_t phase;
	double cost;			/* work of the busiest NSP */
};

static double cmd_work(const struct nsp_cmd *c)
{
	double n = 1;
	unsigned int d;

	for (d = 0; d < NSP_DIMS; d++)
		n *= c->dims[d];
	switch (c->op) {
	case NSP_ATTN:		/* dims 2 and 3 are both heads */
		return n / c->dims[3] / 2;
	case NSP_ROPE:
		return n / c->dims[4] / c->dims[5];
	case NSP_KVPUT:
	case NSP_KVGET:
		return n / c->dims[4] / c->dims[5];
	case NSP_GATHER:
		return n / c->dims[4];
	case NSP_GATHERE:
	case NSP_SCATTERE:
		return n / (c->dims[5] ? c->dims[5] : 1);
	case NSP_NORM:
	case NSP_SOFTMAX:
		return n * 2;
	default:
		return n;
	}
}

/* ---- cutting ---- */

static void operand_add(struct nsp_cmd *c, unsigned int o, int64_t elems)
{
	int64_t off = (int64_t)NSP_ADDR_OFF(c->o[o].addr);

	off += elems * (int64_t)qaic_dtype_size(c->dtype[o]);
	c->o[o].addr = NSP_ADDR(NSP_ADDR_SPACE(c->o[o].addr), off);
}

/* Heads [lo, hi) of an attention: whole kv groups, or some of one group. */
static bool cut_heads(struct nsp_cmd *c, uint32_t lo, uint32_t hi)
{
	uint32_t g = c->dims[2] / c->dims[3], klo = lo / g;
	uint32_t khi = (hi + g - 1) / g, o;

	if (khi - klo > 1 && (lo % g || hi % g))
		return false;
	for (o = 0; o < NSP_OPNDS; o++) {
		if (!NSP_ADDR_SPACE(c->o[o].addr))
			continue;
		if (qc_cmd_moves(c, o) & 1u << 2)
			operand_add(c, o, (int64_t)lo * c->o[o].stride[2]);
		if (qc_cmd_moves(c, o) & 1u << 3)
			operand_add(c, o, (int64_t)klo * c->o[o].stride[3]);
	}
	c->dims[2] = hi - lo;
	c->dims[3] = khi - klo;
	return true;
}

static bool cut_dim(struct nsp_cmd *c, unsigned int d, uint32_t lo,
		    uint32_t hi)
{
	unsigned int o;

	if (c->op == NSP_ATTN && d == 2)
		return cut_heads(c, lo, hi);
	for (o = 0; o < NSP_OPNDS; o++)
		if (NSP_ADDR_SPACE(c->o[o].addr) &&
		    qc_cmd_moves(c, o) & 1u << d)
			operand_add(c, o, (int64_t)lo * c->o[o].stride[d]);
	if (d == 0 && (c->op == NSP_KVPUT || c->op == NSP_KVGET)) {
		o = c->op == NSP_KVPUT ? 0 : 1;	/* the cache: line = batch */
		operand_add(c, o, (int64_t)lo * c->o[o].stride[5]);
		c->dims[5] = hi - lo;
	}
	c->dims[d] = hi - lo;
	return true;
}

static bool cut_cmd(const struct nsp_cmd *whole, const struct cand *cd,
		    const struct part *p, struct nsp_cmd *out)
{
	unsigned int k;

	*out = *whole;
	for (k = 0; k < 2; k++)
		if (cd->dim[k] >= 0 &&
		    !cut_dim(out, cd->dim[k], p->lo[k], p->hi[k]))
			return false;
	return true;
}

/* ---- candidates ---- */

static void cand_even(struct cand *cd, unsigned int d, uint32_t len,
		      uint32_t unit, uint32_t parts)
{
	uint64_t units, i, lo, hi;

	if (!unit)
		unit = 1;
	units = (len + unit - 1) / unit;
	if (parts > units)
		parts = units;
	cd->dim[0] = d;
	cd->dim[1] = -1;
	cd->n = 0;
	for (i = 0; i < parts; i++) {
		struct part *p = &cd->p[cd->n++];

		lo = units * i / parts * unit;
		hi = units * (i + 1) / parts * unit;
		p->lo[0] = lo;
		p->hi[0] = hi < len ? hi : len;
		p->nsp = i;
	}
}

/* Even in two dims: rows of a grid. */
static bool cand_grid(struct cand *cd, const struct nsp_cmd *c, unsigned int a,
		      unsigned int b, uint32_t unit, uint32_t nsps)
{
	struct cand ca, cb;
	uint32_t i, k;

	cand_even(&ca, a, c->dims[a], 1, nsps);
	if (ca.n < 2 || nsps / ca.n < 2)
		return false;
	cand_even(&cb, b, c->dims[b], unit, nsps / ca.n);
	if (cb.n < 2)
		return false;
	cd->dim[0] = a;
	cd->dim[1] = b;
	cd->n = 0;
	for (i = 0; i < ca.n; i++) {
		for (k = 0; k < cb.n; k++) {
			struct part *p = &cd->p[cd->n];

			p->lo[0] = ca.p[i].lo[0];
			p->hi[0] = ca.p[i].hi[0];
			p->lo[1] = cb.p[k].lo[0];
			p->hi[1] = cb.p[k].hi[0];
			p->nsp = cd->n++;
		}
	}
	return true;
}

/* The cut of the command that wrote operand o, seen along dim d. */
static bool cand_follow(struct cand *cd, const struct qc_vcmd *v,
			unsigned int o, unsigned int d)
{
	const struct qc_cut *cut = &v->buf[o]->cut;
	int64_t es = qaic_dtype_size(v->c.dtype[o]);
	int64_t st = v->c.o[o].stride[d] * es, len = v->c.dims[d];
	int64_t base = (int64_t)NSP_ADDR_OFF(v->c.o[o].addr), done = 0;
	uint32_t i;

	if (cut->n < 2 || st <= 0 || st * len < cut->stride)
		return false;
	cd->dim[0] = d;
	cd->dim[1] = -1;
	cd->n = 0;
	for (i = 0; i < cut->n; i++) {
		int64_t lo = cut->lo[i] - base, hi = cut->hi[i] - base;
		struct part *p = &cd->p[cd->n];

		lo = lo < 0 ? 0 : lo > st * len ? st * len : lo;
		hi = hi < 0 ? 0 : hi > st * len ? st * len : hi;
		if (lo >= hi)
			continue;
		if (lo % st || hi % st || lo / st != done)
			return false;
		done = hi / st;
		p->lo[0] = lo / st;
		p->hi[0] = done;
		p->nsp = cut->nsp[i];
		cd->n++;
	}
	return cd->n && done == len;
}

static void cand_single(struct cand *cd, unsigned int nsp)
{
	cd->dim[0] = cd->dim[1] = -1;
	cd->n = 1;
	cd->p[0].nsp = nsp;
}

static uint32_t split_unit(const struct qc_lower *l, const struct qc_vcmd *v,
			   unsigned int d)
{
	uint32_t len = v->c.dims[d];

	/* whole cache lines of a row, if there are enough of them */
	if (((v->c.op == NSP_MATMUL && d == 3) || d == 5) &&
	    len >= 16 * l->num_nsps)
		return 16;
	return 1;
}

/* Attention: along kv heads if they fill the NSPs, else along query heads. */
static uint32_t head_unit(const struct qc_lower *l, const struct nsp_cmd *c)
{
	uint32_t g = c->dims[2] / c->dims[3], parts;

	if (c->dims[3] >= l->num_nsps || g == 1)
		return g;
	parts = l->num_nsps / c->dims[3];
	return (g + parts - 1) / parts;
}

static uint32_t candidates(const struct qc_lower *l, const struct qc_vcmd *v,
			   struct cand *cd, double work)
{
	unsigned int splits = qc_cmd_splits(&v->c), d, e, o;
	uint32_t n = 0, unit;

	if (l->num_nsps == 1) {
		cand_single(&cd[n++], 0);
		return n;
	}
	for (d = 0; d < NSP_DIMS; d++) {
		if (!(splits & 1u << d) || v->c.dims[d] < 2)
			continue;
		if (v->c.op == NSP_MATMUL && d == 2 && v->c.dims[3] > 1)
			continue;	/* kernels choose by M */
		if (v->align[d]) {
			cd[n].aligned = true;
			cand_even(&cd[n++], d, v->c.dims[d], v->align[d],
				  l->num_nsps);
		}
		unit = v->c.op == NSP_ATTN && d == 2 ? head_unit(l, &v->c)
						     : split_unit(l, v, d);
		cand_even(&cd[n++], d, v->c.dims[d], unit, l->num_nsps);
		for (e = d + 1; e < NSP_DIMS && n < 24; e++)
			if (splits & 1u << e && v->c.dims[e] > 1 &&
			    v->c.dims[d] < l->num_nsps &&
			    !(v->c.op == NSP_MATMUL && e == 2) &&
			    cand_grid(&cd[n], &v->c, d, e,
				      v->c.op == NSP_ATTN && e == 2 ?
				      head_unit(l, &v->c) : 1, l->num_nsps))
				n++;
		for (o = 0; o < NSP_OPNDS && n < MAX_CANDS - 4; o++)
			if (v->buf[o] && qc_cmd_moves(&v->c, o) & 1u << d &&
			    cand_follow(&cd[n], v, o, d))
				n++;
	}
	if (!n || work <= SMALL_WORK)
		cand_single(&cd[n++], 0);
	return n;
}

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
		      struct cand *cd)
{
	struct nsp_cmd c;
	uint32_t i;

	cd->phase = 0;
	cd->cost = 0;
	for (i = 0; i < cd->n; i++) {
		double w;

		if (!cut_cmd(&v->c, cd, &cd->p[i], &c))
			return false;
		w = cmd_work(&c);
		if (w > cd->cost)
			cd->cost = w;
		cd->phase = earliest(l, v, &c, cd->all ? QC_NSP_ALL
						       : cd->p[i].nsp,
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
			return qaic_fail(err, -EOPNOTSUPP,
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
		rc = note_access(l, b, &r, nsp, phase, qc_cmd_writes(c, o), err);
		if (rc)
			return rc;
		note_life(b, l->num_nsps == 1 ? cmd->seq : phase);
	}
	return 0;
}

/* Remember the cut for those who read the result. */
static void note_cut(const struct qc_vcmd *v, const struct cand *cd)
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
	uint64_t n = qaic_dtype_size(v->c.dtype[o]);
	unsigned int d, moves = qc_cmd_moves(&v->c, o);

	if (b->kind != QC_BUF_TEMP || b->written)
		return false;
	for (d = 0; d < NSP_DIMS; d++)
		if (moves & 1u << d)
			n *= v->c.dims[d];
	return n == b->size;
}

/* Is a better than b? An aligned cut may cost a little: it saves a barrier. */
static bool better(const struct cand *a, const struct cand *b)
{
	if (a->phase != b->phase)
		return a->phase < b->phase;
	if (a->all != b->all)
		return a->all;
	return a->cost * (a->aligned ? 0.7 : 1) <
	       b->cost * (b->aligned ? 0.7 : 1);
}

static int choose(const struct qc_lower *l, const struct qc_vcmd *v,
		  struct cand *cd, uint32_t n, bool must_all, double work)
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
		if (cd[i].cost < 0)
			continue;
		/* not at any price: a cut that leaves NSPs idle may cost more
		 * than a barrier */
		if (!cd[i].all && cd[i].cost > best_cost * 1.34 + SMALL_WORK)
			continue;
		if (best < 0 || better(&cd[i], &cd[best]))
			best = i;
	}
	return best;
}

int qc_emit(struct qc_lower *l, struct qc_vcmd *v, struct qaic_err *err)
{
	struct cand cd[MAX_CANDS];
	double work = cmd_work(&v->c);
	bool must_all = false, can_all;
	unsigned int d, o;
	uint32_t n, i;
	struct nsp_cmd c;
	int best, rc = 0;

	for (d = 0; d < NSP_DIMS; d++)
		if (!v->c.dims[d])
			return 0;	/* nothing to do */
	memset(cd, 0, sizeof(cd));
	n = candidates(l, v, cd, work);
	can_all = l->num_nsps > 1 && !l->no_local && work <= LOCAL_WORK;
	for (o = 0; o < NSP_OPNDS; o++) {
		if (!v->buf[o] || !qc_cmd_writes(&v->c, o))
			continue;
		if (v->buf[o]->local)
			must_all = true;
		if (!fresh_temp(v, o))
			can_all = false;
	}
	if (can_all || must_all) {
		cand_single(&cd[n], 0);
		cd[n++].all = true;
	}
	best = choose(l, v, cd, n, must_all, work);
	if (best < 0)
		return qaic_fail(err, -EINVAL, "no way to split the command");
	for (o = 0; o < NSP_OPNDS; o++) {
		if (!v->buf[o] || !qc_cmd_writes(&v->c, o))
			continue;
		v->buf[o]->written = true;
		v->buf[o]->local = cd[best].all;
	}
	for (i = 0; i < cd[best].n && !rc; i++) {
		cut_cmd(&v->c, &cd[best], &cd[best].p[i], &c);
		rc = place(l, v, &c, cd[best].all ? QC_NSP_ALL
						  : cd[best].p[i].nsp,
			   cd[best].phase, err);
	}
	if (!rc)
		note_cut(v, &cd[best]);
	return rc;
}
