// SPDX-License-Identifier: MIT
/* REDUCE, SOFTMAX, NORM, CUMSUM and TOPK against a scalar model. */
#include "nsp_test.h"

static void random_dims(struct arena *a, uint32_t row)
{
	int d;

	for (d = 0; d < 5; d++)
		a->cmd.dims[d] = rnd_below(a, 2) ? 1 : 1 + rnd_below(a, 4);
	a->cmd.dims[5] = 1 + rnd_below(a, row);
	limit_dims(a, 6000);
}

/* ---- reduce ---- */

static double *values;			/* of one result */
static size_t num_values;

static void gather_values(struct arena *a, const int64_t *at)
{
	int64_t i[NSP_DIMS];
	int d;

	num_values = 0;
	EACH(a, i) {
		for (d = 0; d < NSP_DIMS; d++)
			if (!(a->cmd.imm[0].u >> d & 1) && i[d] != at[d])
				break;
		if (d == NSP_DIMS)
			values[num_values++] = get_elem(at_elem(a, 1, i),
							a->cmd.dtype[1]);
	}
}

static double reduce(unsigned int sub, bool ints, bool last)
{
	double r = sub == NSP_R_PROD, m = -INFINITY, v;
	size_t i, best = 0;

	for (i = 0; i < num_values; i++) {
		v = values[i];
		switch (sub) {
		case NSP_R_SUM: case NSP_R_MEAN: case NSP_R_LOGSUM:
			r += v;
			break;
		case NSP_R_MAX:
			r = !i || v > r ? v : r;
			break;
		case NSP_R_MIN:
			r = !i || v < r ? v : r;
			break;
		case NSP_R_PROD:
			r *= v;
			break;
		case NSP_R_SUMSQ: case NSP_R_L2:
			r += v * v;
			break;
		case NSP_R_L1:
			r += fabs(v);
			break;
		case NSP_R_LOGSUMEXP:
			m = fmax(m, v);
			break;
		case NSP_R_ARGMAX:
			if (v > values[best] || (last && v == values[best]))
				best = i;
			break;
		case NSP_R_ARGMIN:
			if (v < values[best] || (last && v == values[best]))
				best = i;
			break;
		}
	}
	switch (sub) {
	case NSP_R_MEAN:
		r /= num_values;
		return ints ? trunc(r) : r;
	case NSP_R_L2: return sqrt(r);
	case NSP_R_LOGSUM: return log(r);
	case NSP_R_LOGSUMEXP:
		for (i = 0; i < num_values; i++)
			r += exp(values[i] - m);
		return m + log(r);
	case NSP_R_ARGMAX: case NSP_R_ARGMIN: return best;
	}
	return r;
}

static void one_reduce(struct arena *a, unsigned int sub, unsigned int t)
{
	bool arg = sub >= NSP_R_ARGMAX, ints = t > QAIC_F64;
	double lo = ints ? -4 : sub == NSP_R_LOGSUM ? 0.1 : -3, hi = 3;
	unsigned int mask = rnd_below(a, 64);
	int64_t i[NSP_DIMS];
	int d;

	arena_new(a, NSP_REDUCE, sub);
	random_dims(a, rnd_below(a, 6) ? 30 : 1500);
	if (sub == NSP_R_PROD) {	/* keep it within F16 */
		lo = ints ? 1 : 0.5, hi = ints ? 2 : 1.5;
		limit_dims(a, 200);
	}
	if (arg)
		mask = 1 << rnd_below(a, 6);
	a->cmd.imm[0].u = mask;
	a->cmd.imm[1].u = arg && rnd_below(a, 2);
	arena_opnd(a, 0, arg ? rnd_index_type(a) : t, 63 & ~mask, a->cmd.dims,
		   rnd_how(a), 0, 1);
	for (d = 0; d < NSP_DIMS; d++)
		if (mask >> d & 1)
			a->cmd.o[0].stride[d] = 77;	/* ignored */
	arena_opnd(a, 1, t, 63, a->cmd.dims, rnd_how(a), lo, hi);
	arena_same(a);
	memset(i, 0, sizeof(i));
	for (d = 0; d < NSP_DIMS; d++)
		if (mask >> d & 1)
			a->cmd.o[0].stride[d] = 0;
	EACH(a, i) {
		for (d = 0; d < NSP_DIMS; d++)
			if ((mask >> d & 1) && i[d])
				break;
		if (d < NSP_DIMS)
			continue;
		gather_values(a, i);
		put_elem(at_elem(a, 0, i), a->cmd.dtype[0],
			 reduce(sub, ints, a->cmd.imm[1].u));
	}
	for (d = 0; d < NSP_DIMS; d++)
		if (mask >> d & 1)
			a->cmd.o[0].stride[d] = 77;
	/* sums of values of both signs: absolute error */
	arena_check(a, 3e-6, ints ? 0 : 1e-4);
}

static void test_reduce(void **state)
{
	struct arena a;
	unsigned int sub;
	int n;

	arena_open(&a, 1);
	values = malloc(20000 * sizeof(*values));
	for (sub = 0; sub < NSP_R_COUNT; sub++) {
		for (n = 0; n < 30; n++) {
			one_reduce(&a, sub, rnd_float_type(&a));
			if (sub <= NSP_R_L1 || sub >= NSP_R_ARGMAX)
				one_reduce(&a, sub, rnd_index_type(&a));
		}
	}
	free(values);
	arena_close(&a);
}

/* a whole vocabulary, with the best at the ends and doubled */
static void test_argmax_long(void **state)
{
	static const uint32_t where[] = { 0, 1023, 1024, 5000, 31999 };
	struct arena a;
	float *x;
	size_t i;

	arena_open(&a, 2);
	for (i = 0; i < QAIC_ARRAY_SIZE(where); i++) {
		arena_new(&a, NSP_REDUCE, NSP_R_ARGMAX);
		a.cmd.dims[5] = 32000;
		a.cmd.imm[0].u = 32;
		arena_opnd(&a, 0, QAIC_I64, 0, a.cmd.dims, DENSE, 0, 1);
		arena_opnd(&a, 1, QAIC_F32, 32, a.cmd.dims, DENSE, -1, 1);
		x = (float *)(a.mem + a.start[1]);
		x[7] = NAN;
		x[where[i]] = 3;
		x[31999] = 3;
		run_card(&a);
		assert_int_equal(*(int64_t *)(a.mem + a.start[0]), where[i]);
		a.cmd.imm[1].u = 1;
		run_card(&a);
		assert_int_equal(*(int64_t *)(a.mem + a.start[0]), 31999);
	}
	arena_close(&a);
}

/* ---- softmax ---- */

static void model_softmax(struct arena *a, int64_t *i, bool is_log)
{
	double max = -INFINITY, sum = 0, v;

	EACH_DIM(a, i, 5)
		max = fmax(max, get_elem(at_elem(a, 1, i), a->cmd.dtype[1]));
	EACH_DIM(a, i, 5)
		sum += exp(get_elem(at_elem(a, 1, i), a->cmd.dtype[1]) - max);
	EACH_DIM(a, i, 5) {
		v = get_elem(at_elem(a, 1, i), a->cmd.dtype[1]);
		if (max == -INFINITY)
			v = 0;
		else
			v = is_log ? v - max - log(sum) : exp(v - max) / sum;
		put_elem(at_elem(a, 0, i), a->cmd.dtype[0], v);
	}
}

#define EACH_ROW(a, i) EACH_DIM(a, i, 0) EACH_DIM(a, i, 1) \
	EACH_DIM(a, i, 2) EACH_DIM(a, i, 3) EACH_DIM(a, i, 4)

static void test_softmax(void **state)
{
	struct arena a;
	int64_t i[NSP_DIMS];
	int n, j;

	arena_open(&a, 3);
	for (n = 0; n < 200; n++) {
		arena_new(&a, NSP_SOFTMAX, n & 1);
		random_dims(&a, rnd_below(&a, 6) ? 40 : 3000);
		if (n > 196) {		/* longer than a part of the scratch */
			for (j = 0; j < 5; j++)
				a.cmd.dims[j] = 1;
			a.cmd.dims[5] = 300000;
		}
		arena_opnd(&a, 0, rnd_float_type(&a), 63, a.cmd.dims,
			   n > 196 ? DENSE : rnd_how(&a), 0, 1);
		arena_opnd(&a, 1, rnd_float_type(&a), 63, a.cmd.dims,
			   n > 196 ? DENSE : rnd_how(&a), -10, 10);
		arena_same(&a);
		if (n % 5 == 0) {	/* some masked, one row altogether */
			memset(i, 0, sizeof(i));
			EACH_DIM(&a, i, 5) {
				uint8_t *p = at_elem(&a, 1, i);

				put_elem(p, a.cmd.dtype[1], -INFINITY);
				put_elem(a.mem + (p - a.want), a.cmd.dtype[1],
					 -INFINITY);
			}
		}
		EACH_ROW(&a, i)
			model_softmax(&a, i, n & 1);
		arena_check(&a, 4e-6, 1e-9 + (n & 1) * 4e-6);
	}
	arena_close(&a);
}

/* ---- norms ---- */

static void model_norm(struct arena *a, int64_t *i)
{
	const uint8_t *t = a->cmd.dtype;
	double mean = 0, sq = 0, v, n = a->cmd.dims[5];
	bool layer = a->cmd.sub == 1;

	EACH_DIM(a, i, 5)
		mean += get_elem(at_elem(a, 1, i), t[1]) / n;
	if (!layer)
		mean = 0;
	EACH_DIM(a, i, 5) {
		v = get_elem(at_elem(a, 1, i), t[1]) - mean;
		sq += v * v / n;
	}
	EACH_DIM(a, i, 5) {
		v = get_elem(at_elem(a, 1, i), t[1]) - mean;
		v /= sqrt(sq + a->cmd.imm[0].f);
		if (a->cmd.o[2].addr)
			v *= get_elem(at_elem(a, 2, i), t[2]);
		if (a->cmd.o[3].addr)
			v += get_elem(at_elem(a, 3, i), t[3]);
		put_elem(at_elem(a, 0, i), t[0], v);
	}
}

static void test_norm(void **state)
{
	struct arena a;
	int64_t i[NSP_DIMS];
	int n, j, how;

	arena_open(&a, 4);
	for (n = 0; n < 200; n++) {
		arena_new(&a, NSP_NORM, n & 1);
		random_dims(&a, rnd_below(&a, 6) ? 40 : 3000);
		if (n > 196) {
			for (j = 0; j < 5; j++)
				a.cmd.dims[j] = 1;
			a.cmd.dims[5] = 300000;
		}
		how = n > 196 ? DENSE : rnd_how(&a);
		/* rows may be constant: what rounding leaves is not blown up */
		a.cmd.imm[0].f = 1e-2f;
		arena_opnd(&a, 0, rnd_float_type(&a), 63, a.cmd.dims, how, 0,
			   1);
		arena_opnd(&a, 1, rnd_float_type(&a), 63, a.cmd.dims, how, -2,
			   3);
		if (rnd_below(&a, 4))
			arena_opnd(&a, 2, rnd_float_type(&a),
				   rnd_below(&a, 3) ? 32 : 63, a.cmd.dims,
				   how, 0.5, 2);
		if ((n & 1) && rnd_below(&a, 3))
			arena_opnd(&a, 3, rnd_float_type(&a), 32, a.cmd.dims,
				   how, -1, 1);
		arena_same(&a);
		EACH_ROW(&a, i)
			model_norm(&a, i);
		arena_check(&a, 4e-6, 1e-5);
	}
	arena_close(&a);
}

static void test_cumsum(void **state)
{
	struct arena a;
	int64_t i[NSP_DIMS];
	unsigned int t, n;
	uint32_t len;

	arena_open(&a, 5);
	for (n = 0; n < 120; n++) {
		t = rnd_below(&a, 2) ? rnd_float_type(&a) : rnd_index_type(&a);
		arena_new(&a, NSP_CUMSUM, 0);
		random_dims(&a, 50);
		len = a.cmd.dims[5];
		a.cmd.imm[0].u = n & 3;
		arena_opnd(&a, 0, t, 63, a.cmd.dims, rnd_how(&a), 0, 1);
		arena_opnd(&a, 1, t, 63, a.cmd.dims, rnd_how(&a), -4, 4);
		arena_same(&a);
		EACH_ROW(&a, i) {
			double sum = 0, v;
			uint32_t j;

			for (j = 0; j < len; j++) {
				i[5] = n & 2 ? len - 1 - j : j;
				v = get_elem(at_elem(&a, 1, i), t);
				put_elem(at_elem(&a, 0, i), t,
					 n & 1 ? sum : sum + v);
				sum += v;
			}
		}
		arena_check(&a, 1e-5, t > QAIC_F64 ? 0 : 2e-5);
	}
	arena_close(&a);
}

/* ---- top k ---- */

static void model_topk(struct arena *a, int64_t *i)
{
	uint32_t len = a->cmd.imm[2].u, j, k, best;
	bool large = a->cmd.imm[1].u, taken[4000] = { false };
	double v, w;

	for (k = 0; k < a->cmd.dims[5]; k++) {
		best = len;
		w = 0;
		for (j = 0; j < len; j++) {
			i[5] = j;
			v = get_elem(at_elem(a, 1, i), a->cmd.dtype[1]);
			if (taken[j] || (best < len && (large ? v <= w :
							v >= w)))
				continue;
			best = j;
			w = v;
		}
		taken[best] = true;
		i[5] = k;
		put_elem(at_elem(a, 0, i), a->cmd.dtype[0], w);
		put_elem(at_elem(a, 2, i), a->cmd.dtype[2], best);
	}
}

static void test_topk(void **state)
{
	struct arena a;
	int64_t i[NSP_DIMS];
	uint32_t count[NSP_DIMS], len;
	unsigned int t;
	int n;

	arena_open(&a, 6);
	for (n = 0; n < 120; n++) {
		t = rnd_below(&a, 2) ? rnd_float_type(&a) : QAIC_I32;
		arena_new(&a, NSP_TOPK, 0);
		random_dims(&a, 20);
		len = a.cmd.dims[5] + rnd_below(&a, 60);
		memcpy(count, a.cmd.dims, sizeof(count));
		count[5] = len;
		a.cmd.imm[1].u = n & 1;
		a.cmd.imm[2].u = len;
		arena_opnd(&a, 0, t, 63, a.cmd.dims, rnd_how(&a), 0, 1);
		/* few values: many equals */
		arena_opnd(&a, 1, t, 63, count, rnd_how(&a), -9, 9);
		arena_opnd(&a, 2, QAIC_I64, 63, a.cmd.dims, DENSE, 0, 1);
		arena_same(&a);
		EACH_ROW(&a, i)
			model_topk(&a, i);
		arena_check(&a, 0, 0);
	}
	arena_close(&a);
}

/* more than the heap takes: the slow way, on a row that is sorted already */
static void test_topk_huge(void **state)
{
	const uint32_t len = NSP_SCRATCH / 16 + 1;
	struct arena a;
	uint8_t *x;

	arena_open(&a, 7);
	arena_new(&a, NSP_TOPK, 0);
	a.cmd.dims[5] = 3;
	a.cmd.imm[1].u = 1;
	a.cmd.imm[2].u = len;
	arena_opnd(&a, 0, QAIC_U8, 32, a.cmd.dims, DENSE, 0, 1);
	arena_opnd(&a, 2, QAIC_I64, 32, a.cmd.dims, DENSE, 0, 1);
	a.cmd.dims[5] = len;
	arena_opnd(&a, 1, QAIC_U8, 32, a.cmd.dims, DENSE, 0, 9);
	a.cmd.dims[5] = 3;
	x = a.mem + a.start[1];
	x[len - 1] = 200;
	x[10] = 201;
	run_card(&a);
	assert_int_equal(*(int64_t *)(a.mem + a.start[2]), 10);
	assert_int_equal(*(int64_t *)(a.mem + a.start[2] + 8), len - 1);
	arena_close(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_reduce),
		cmocka_unit_test(test_argmax_long),
		cmocka_unit_test(test_softmax),
		cmocka_unit_test(test_norm),
		cmocka_unit_test(test_cumsum),
		cmocka_unit_test(test_topk),
		cmocka_unit_test(test_topk_huge),
	};

	return RUN_ALL(tests);
}
