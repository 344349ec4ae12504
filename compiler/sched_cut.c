// SPDX-License-Identifier: MIT
/* Cutting commands along their dims, and the cuts that are worth a try. */
#include "compiler/sched.h"

double qc_cmd_work(const struct nsp_cmd *c)
{
	double n = 1;
	unsigned int d;

	for (d = 0; d < NSP_DIMS; d++)
		n *= c->dims[d];
	switch (c->op) {
	case NSP_MATMUL: /* dim 5 are matrices to choose from */
		return n / c->dims[5];
	case NSP_ATTN: /* dims 2 and 3 are both heads */
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

	off += qaic_dtype_bytes(c->dtype[o], elems);
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

static bool cut_dim(struct nsp_cmd *c, unsigned int d, uint32_t lo, uint32_t hi)
{
	unsigned int o;

	if (c->op == NSP_ATTN && d == 2)
		return cut_heads(c, lo, hi);
	for (o = 0; o < NSP_OPNDS; o++)
		if (NSP_ADDR_SPACE(c->o[o].addr) &&
		    qc_cmd_moves(c, o) & 1u << d)
			operand_add(c, o, (int64_t)lo * c->o[o].stride[d]);
	if (d == 0 && (c->op == NSP_KVPUT || c->op == NSP_KVGET)) {
		o = c->op == NSP_KVPUT ? 0 : 1; /* the cache: line = batch */
		operand_add(c, o, (int64_t)lo * c->o[o].stride[5]);
		c->dims[5] = hi - lo;
	}
	c->dims[d] = hi - lo;
	return true;
}

bool qc_cut_cmd(const struct nsp_cmd *whole, const struct qc_cand *cd,
		const struct qc_part *p, struct nsp_cmd *out)
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

static void cand_even(struct qc_cand *cd, unsigned int d, uint32_t len,
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
		struct qc_part *p = &cd->p[cd->n++];

		lo = units * i / parts * unit;
		hi = units * (i + 1) / parts * unit;
		p->lo[0] = lo;
		p->hi[0] = hi < len ? hi : len;
		p->nsp = i;
	}
}

/* Even in two dims: rows of a grid. */
static bool cand_grid(struct qc_cand *cd, const struct nsp_cmd *c,
		      unsigned int a, unsigned int b, uint32_t unit,
		      uint32_t nsps)
{
	struct qc_cand ca, cb;
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
			struct qc_part *p = &cd->p[cd->n];

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
static bool cand_follow(struct qc_cand *cd, const struct qc_vcmd *v,
			unsigned int o, unsigned int d)
{
	const struct qc_cut *cut = &v->buf[o]->cut;
	int64_t es = qaic_dtype_size(v->c.dtype[o]);
	int64_t st = v->c.o[o].stride[d] * es, len = v->c.dims[d];
	int64_t base = (int64_t)NSP_ADDR_OFF(v->c.o[o].addr), done = 0;
	uint32_t i;

	uint32_t unit = v->unit[d] ? v->unit[d] : 1;

	if (cut->n < 2 || st <= 0 || st * len < cut->stride)
		return false;
	cd->dim[0] = d;
	cd->dim[1] = -1;
	cd->n = 0;
	for (i = 0; i < cut->n; i++) {
		int64_t lo = cut->lo[i] - base, hi = cut->hi[i] - base;
		struct qc_part *p = &cd->p[cd->n];

		lo = lo < 0 ? 0 : lo > st * len ? st * len : lo;
		hi = hi < 0 ? 0 : hi > st * len ? st * len : hi;
		if (lo >= hi)
			continue;
		if (lo % st || hi % st || lo / st != done || done % unit)
			return false;
		done = hi / st;
		p->lo[0] = lo / st;
		p->hi[0] = done;
		p->nsp = cut->nsp[i];
		cd->n++;
	}
	return cd->n && done == len;
}

void qc_cand_single(struct qc_cand *cd, unsigned int nsp)
{
	cd->dim[0] = cd->dim[1] = -1;
	cd->n = 1;
	cd->p[0].nsp = nsp;
}

static uint32_t split_unit(const struct qc_lower *l, const struct qc_vcmd *v,
			   unsigned int d)
{
	uint32_t len = v->c.dims[d];

	if (v->unit[d])
		return v->unit[d];
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

/* The least multiple of both; 0 is any. */
static uint32_t common_unit(uint32_t a, uint32_t b)
{
	uint64_t n = a;

	while (b && n % b)
		n += a;
	return n > INT32_MAX ? INT32_MAX : n;
}

uint32_t qc_candidates(const struct qc_lower *l, const struct qc_vcmd *v,
		       struct qc_cand *cd, double work)
{
	unsigned int splits = qc_cmd_splits(&v->c), d, e, o;
	uint32_t n = 0, unit;

	if (l->num_nsps == 1) {
		qc_cand_single(&cd[n++], 0);
		return n;
	}
	for (d = 0; d < NSP_DIMS; d++) {
		if (!(splits & 1u << d) || v->c.dims[d] < 2)
			continue;
		if (v->c.op == NSP_MATMUL && d == 2 && v->c.dims[3] > 1)
			continue; /* kernels choose by M */
		if (v->align[d]) {
			cd[n].aligned = true;
			cand_even(&cd[n++], d, v->c.dims[d],
				  common_unit(v->align[d], v->unit[d]),
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
				      v->c.op == NSP_ATTN && e == 2
					      ? head_unit(l, &v->c)
					      : v->unit[e],
				      l->num_nsps))
				n++;
		for (o = 0; o < NSP_OPNDS && n < QC_MAX_CANDS - 4; o++)
			if (v->buf[o] && qc_cmd_moves(&v->c, o) & 1u << d &&
			    cand_follow(&cd[n], v, o, d))
				n++;
	}
	if (!n || work <= QC_SMALL_WORK)
		qc_cand_single(&cd[n++], v->home);
	return n;
}
