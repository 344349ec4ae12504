// SPDX-License-Identifier: MIT
/*
 * Reductions. Axes are an attribute or, since opset 13 (ReduceSum) and 18 (the
 * others), an input; both are taken in any version.
 */
#include <math.h>

#include "compiler/op_util.h"

static int reduced_axes(const struct qc_node *n, bool *reduced,
			struct qaic_err *err)
{
	uint32_t rank = n->in[0]->rank, axis;
	int64_t axes[QC_MAX_RANK];
	int count, i, rc;

	memset(reduced, 0, QC_MAX_RANK * sizeof(*reduced));
	rc = qc_ints(n, 1, "axes", QC_MAX_RANK, axes, &count, err);
	if (rc)
		return rc;
	if (count <= 0 && !qc_attr_int(n, "noop_with_empty_axes", 0))
		memset(reduced, 1, rank * sizeof(*reduced));
	for (i = 0; i < count; i++) {
		rc = qc_axis(axes[i], rank, &axis, err);
		if (rc)
			return rc;
		reduced[axis] = true;
	}
	return 0;
}

QC_SHAPE(reduce)
{
	const struct qc_value *x = n->in[0];
	bool reduced[QC_MAX_RANK], keep = qc_attr_int(n, "keepdims", 1);
	int64_t dim[QC_MAX_RANK];
	uint32_t i, rank = 0;
	int rc;

	if (x->dtype == QAIC_BOOL)
		return qaic_fail(err, -EINVAL, "'%s' is bool", x->name);
	rc = reduced_axes(n, reduced, err);
	if (rc)
		return rc;
	for (i = 0; i < x->rank; i++) {
		if (!reduced[i])
			dim[rank++] = x->dim[i];
		else if (keep)
			dim[rank++] = 1;
	}
	qc_set_out(n, 0, x->dtype, rank, dim);
	return 0;
}

enum reduction { SUM, MEAN, MAX, MIN, PROD, SQUARE, L1, L2, LOGSUM, LOGSUMEXP };

/* What every element adds to the accumulator. @shift is the row's maximum. */
static double step_f(enum reduction r, double acc, double x, double shift)
{
	switch (r) {
	case MAX:
		return isnan(x) || x > acc ? x : acc;
	case MIN:
		return isnan(x) || x < acc ? x : acc;
	case PROD:
		return acc * x;
	case SQUARE:
	case L2:
		return acc + x * x;
	case L1:
		return acc + fabs(x);
	case LOGSUMEXP:
		return acc + exp(x - shift);
	default:
		return acc + x;
	}
}

static double start_f(enum reduction r)
{
	return r == MAX ? -INFINITY : r == MIN ? INFINITY : r == PROD;
}

static double finish_f(enum reduction r, double acc, int64_t n, double shift)
{
	switch (r) {
	case MEAN:
		return acc / n;
	case L2:
		return sqrt(acc);
	case LOGSUM:
		return log(acc);
	case LOGSUMEXP:
		return log(acc) + shift;
	default:
		return acc;
	}
}

static double reduce_f(enum reduction r, const float *x, struct qc_walk w,
		       int64_t n)
{
	double acc = start_f(r), shift = 0;
	struct qc_walk again = w;
	int64_t i;

	if (r == LOGSUMEXP) {
		shift = -INFINITY;
		for (qc_walk_start(&w); !w.done; qc_walk_next(&w))
			for (i = 0; i < w.n; i++)
				shift = fmax(shift,
					     x[w.off[0] + i * w.step[0]]);
		if (isinf(shift))
			return shift;
	}
	w = again;
	for (qc_walk_start(&w); !w.done; qc_walk_next(&w))
		for (i = 0; i < w.n; i++)
			acc = step_f(r, acc, x[w.off[0] + i * w.step[0]], shift);
	return finish_f(r, acc, n, shift);
}

static int64_t step_i(enum reduction r, int64_t acc, int64_t x, bool u)
{
	bool less = u ? (uint64_t)x < (uint64_t)acc : x < acc;

	switch (r) {
	case MAX:
		return x == acc || less ? acc : x;
	case MIN:
		return less ? x : acc;
	case PROD:
		return (int64_t)((uint64_t)acc * (uint64_t)x);
	case SQUARE:
	case L2:
		return (int64_t)((uint64_t)acc + (uint64_t)x * (uint64_t)x);
	case L1:
		return (int64_t)((uint64_t)acc +
				 (x < 0 && !u ? 0 - (uint64_t)x : (uint64_t)x));
	default:
		return (int64_t)((uint64_t)acc + (uint64_t)x);
	}
}

static int64_t reduce_i(enum reduction r, const uint8_t *x, enum qaic_dtype t,
			struct qc_walk w, int64_t n)
{
	int64_t size = qaic_dtype_size(t), acc = r == PROD, i, v;
	bool first = r == MAX || r == MIN;

	for (qc_walk_start(&w); !w.done; qc_walk_next(&w)) {
		for (i = 0; i < w.n; i++) {
			v = qc_load_i64(x + (w.off[0] + i * w.step[0]) * size, t);
			acc = first ? v : step_i(r, acc, v, t == QAIC_U64);
			first = false;
		}
	}
	if (r == MEAN)
		return n ? acc / n : 0;
	if (r == L2 || r == LOGSUM)
		return (int64_t)(r == L2 ? sqrt((double)acc) :
				 acc > 0 ? log((double)acc) : 0);
	return acc;
}

/* Two walks: over what is kept, and inside each over what is reduced. */
static int eval_reduce(const struct qc_eval *e, enum reduction r,
		       struct qaic_err *err)
{
	const struct qc_value *x = e->node->in[0];
	int64_t stride[QC_MAX_RANK], dim[2][QC_MAX_RANK], str[2][QC_MAX_RANK];
	int64_t size = qc_esize(x), n = 1, i;
	bool reduced[QC_MAX_RANK];
	uint32_t rank[2] = { 0, 0 }, k, g;
	struct qc_walk outer, inner;
	uint8_t *out = e->out[0];
	const uint8_t *at;
	int rc;

	rc = reduced_axes(e->node, reduced, err);
	if (rc)
		return rc;
	qc_strides(x, stride);
	for (k = 0; k < x->rank; k++) {
		g = reduced[k];
		dim[g][rank[g]] = x->dim[k];
		str[g][rank[g]++] = stride[k];
		n *= g ? x->dim[k] : 1;
	}
	qc_walk_init(&outer, rank[0], dim[0]);
	qc_walk_add(&outer, str[0]);
	qc_walk_init(&inner, rank[1], dim[1]);
	qc_walk_add(&inner, str[1]);
	for (qc_walk_start(&outer); !outer.done; qc_walk_next(&outer)) {
		for (i = 0; i < outer.n; i++, out += size) {
			at = (const uint8_t *)e->in[0] +
			     (outer.off[0] + i * outer.step[0]) * size;
			if (qaic_dtype_is_float(x->dtype))
				*(float *)out = (float)reduce_f(r,
						(const float *)at, inner, n);
			else
				qc_store_i64(out, x->dtype,
					     reduce_i(r, at, x->dtype, inner, n));
		}
	}
	return 0;
}

#define REDUCE(name, r)                                                        \
	QC_EVAL(name)                                                          \
	{                                                                      \
		return eval_reduce(e, r, err);                                 \
	}

REDUCE(reducesum, SUM)
REDUCE(reducemean, MEAN)
REDUCE(reducemax, MAX)
REDUCE(reducemin, MIN)
REDUCE(reduceprod, PROD)
REDUCE(reducesumsquare, SQUARE)
REDUCE(reducel1, L1)
REDUCE(reducel2, L2)
REDUCE(reducelogsum, LOGSUM)
REDUCE(reducelogsumexp, LOGSUMEXP)
