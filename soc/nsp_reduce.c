// SPDX-License-Identifier: MIT
/*
 * REDUCE: the kept dims are walked one result at a time; the reduced dims are
 * walked in rows that a kernel folds. Sums of rows are added in F64.
 */
#include <math.h>

#include "soc/nsp_priv.h"

struct reduce {
	const struct nsp_run *r;
	struct nsp_loop inner;
	uint64_t count;			/* elements of one result */
	bool is_int;
	int64_t flip;			/* top bit for U64: order as signed */
	/* one result on its way */
	double sum;
	float best;
	int64_t isum, ibest;
	uint64_t at;			/* elements seen, for ARG* */
	int64_t arg;
	bool any;
};

static void fold_float(struct reduce *a, const float *x, size_t n)
{
	const struct kern *k = a->r->k;
	float buf[NSP_CHUNK], m;
	size_t i;

	switch (a->r->cmd->sub) {
	case NSP_R_SUM:
	case NSP_R_MEAN:
	case NSP_R_LOGSUM:
		a->sum += k->sum(x, n);
		break;
	case NSP_R_SUMSQ:
	case NSP_R_L2:
		a->sum += k->sumsq(x, n, 0);
		break;
	case NSP_R_L1:
		a->sum += k->sumabs(x, n);
		break;
	case NSP_R_PROD:
		for (i = 0; i < n; i++)
			a->sum *= x[i];
		break;
	case NSP_R_MAX:
		m = k->max(x, n);
		a->best = m > a->best ? m : a->best;
		break;
	case NSP_R_MIN:
		m = k->min(x, n);
		a->best = m < a->best ? m : a->best;
		break;
	case NSP_R_LOGSUMEXP:
		/* the sum so far is of exp(x - best) */
		m = k->max(x, n);
		if (m > a->best) {
			a->sum *= exp((double)a->best - m);
			a->best = m;
		}
		if (a->best > -INFINITY && a->best < INFINITY)
			a->sum += k->expsum(buf, x, n, a->best);
		break;
	}
}

static void fold_int(struct reduce *a, const int64_t *x, size_t n)
{
	uint64_t s = (uint64_t)a->isum;
	int64_t v;
	size_t i;

	for (i = 0; i < n; i++) {
		switch (a->r->cmd->sub) {
		case NSP_R_SUM:
		case NSP_R_MEAN:
			s += (uint64_t)x[i];
			break;
		case NSP_R_SUMSQ:
			s += (uint64_t)x[i] * (uint64_t)x[i];
			break;
		case NSP_R_L1:
			s += x[i] < 0 ? 0 - (uint64_t)x[i] : (uint64_t)x[i];
			break;
		case NSP_R_PROD:
			s *= (uint64_t)x[i];
			break;
		case NSP_R_MAX:
			v = x[i] ^ a->flip;
			a->ibest = v > a->ibest ? v : a->ibest;
			break;
		case NSP_R_MIN:
			v = x[i] ^ a->flip;
			a->ibest = v < a->ibest ? v : a->ibest;
			break;
		}
	}
	a->isum = (int64_t)s;
}

/* first or last of the best; NaN is never better than what is there */
static void fold_arg(struct reduce *a, const float *x, const int64_t *xi,
		     size_t n)
{
	const struct kern *k = a->r->k;
	bool max = a->r->cmd->sub == NSP_R_ARGMAX;
	bool last = a->r->cmd->imm[1].i == 1, better;
	size_t i;
	float m;

	if (x && a->any) {		/* most chunks hold nothing better */
		m = max ? k->max(x, n) : k->min(x, n);
		if ((max ? m < a->best : m > a->best) ||
		    (!last && m == a->best)) {
			a->at += n;
			return;
		}
	}
	for (i = 0; i < n; i++, a->at++) {
		if (x && x[i] != x[i])
			continue;
		if (!a->any)
			better = true;
		else if (x)
			better = max ? x[i] > a->best : x[i] < a->best;
		else
			better = max ? (xi[i] ^ a->flip) > a->ibest :
				       (xi[i] ^ a->flip) < a->ibest;
		if (!better && last)
			better = x ? x[i] == a->best :
				     (xi[i] ^ a->flip) == a->ibest;
		if (!better)
			continue;
		a->any = true;
		a->arg = a->at;
		if (x)
			a->best = x[i];
		else
			a->ibest = xi[i] ^ a->flip;
	}
}

static void reduce_row(void *ctx, uint8_t *const p[], const int64_t *stride,
		       size_t n)
{
	struct reduce *a = ctx;
	unsigned int t = a->r->cmd->dtype[1];
	bool arg = a->r->cmd->sub == NSP_R_ARGMAX ||
		   a->r->cmd->sub == NSP_R_ARGMIN;
	union { float f[NSP_CHUNK]; int64_t i[NSP_CHUNK]; } buf;
	const uint8_t *s = p[0];
	const float *x;
	size_t m;

	for (; n; n -= m, s += m * stride[0]) {
		m = n < NSP_CHUNK ? n : NSP_CHUNK;
		if (a->is_int) {
			nsp_load_i(buf.i, s, t, stride[0], m);
			if (arg)
				fold_arg(a, NULL, buf.i, m);
			else
				fold_int(a, buf.i, m);
			continue;
		}
		x = nsp_load_f(a->r->k, buf.f, s, t, stride[0], m);
		if (arg)
			fold_arg(a, x, NULL, m);
		else
			fold_float(a, x, m);
	}
}

static void start(struct reduce *a)
{
	unsigned int sub = a->r->cmd->sub;
	bool max = sub == NSP_R_MAX || sub == NSP_R_LOGSUMEXP;

	a->sum = sub == NSP_R_PROD;
	a->isum = sub == NSP_R_PROD;
	a->best = max ? -INFINITY : INFINITY;
	a->ibest = max ? INT64_MIN : INT64_MAX;
	a->at = 0;
	a->arg = 0;
	a->any = false;
}

static float result_float(const struct reduce *a)
{
	switch (a->r->cmd->sub) {
	case NSP_R_MEAN:
		return a->sum / a->count;
	case NSP_R_MAX:
	case NSP_R_MIN:
		return a->best;
	case NSP_R_L2:
		return sqrt(a->sum);
	case NSP_R_LOGSUM:
		return log(a->sum);
	case NSP_R_LOGSUMEXP:
		return isinf(a->best) ? a->best + log(a->sum ? a->sum : 1) :
					a->best + log(a->sum);
	}
	return a->sum;
}

static int64_t result_int(const struct reduce *a)
{
	switch (a->r->cmd->sub) {
	case NSP_R_MEAN:
		if (a->flip)
			return (int64_t)((uint64_t)a->isum / a->count);
		return a->isum / (int64_t)a->count;
	case NSP_R_MAX:
	case NSP_R_MIN:
		return a->ibest ^ a->flip;
	}
	return a->isum;
}

static void outer_row(void *ctx, uint8_t *const p[], const int64_t *stride,
		      size_t n)
{
	struct reduce *a = ctx;
	unsigned int t = a->r->cmd->dtype[0], sub = a->r->cmd->sub;
	uint8_t *d = p[0], *s = p[1];
	int64_t v;
	float f;

	for (; n; n--, d += stride[0], s += stride[1]) {
		start(a);
		nsp_loop_run(&a->inner, &s, reduce_row, a);
		if (sub == NSP_R_ARGMAX || sub == NSP_R_ARGMIN) {
			nsp_store_i(d, t, 0, &a->arg, 1);
		} else if (a->is_int) {
			v = result_int(a);
			nsp_store_i(d, t, 0, &v, 1);
		} else {
			f = result_float(a);
			nsp_store_f(a->r->k, d, t, 0, &f, 1);
		}
	}
}

void nsp_reduce(struct nsp_run *r)
{
	static const int both[] = { 0, 1 }, src[] = { 1 };
	const struct nsp_cmd *cmd = r->cmd;
	struct reduce a = { .r = r, .count = 1 };
	struct nsp_loop outer;
	int i;

	if (cmd->sub >= NSP_R_COUNT)
		return;
	a.is_int = !qaic_dtype_is_float(cmd->dtype[1]) &&
		   cmd->sub != NSP_R_L2 && cmd->sub != NSP_R_LOGSUM &&
		   cmd->sub != NSP_R_LOGSUMEXP;
	a.flip = cmd->dtype[1] == QAIC_U64 ? INT64_MIN : 0;
	nsp_loop_init(&outer, 2);
	nsp_loop_init(&a.inner, 1);
	for (i = 0; i < NSP_DIMS; i++) {
		if (cmd->imm[0].u >> i & 1) {
			nsp_loop_add(&a.inner, r, i, src);
			a.count *= cmd->dims[i];
		} else {
			nsp_loop_add(&outer, r, i, both);
		}
	}
	nsp_loop_simplify(&outer, true);
	nsp_loop_simplify(&a.inner, true);
	nsp_loop_run(&outer, r->p, outer_row, &a);
}
