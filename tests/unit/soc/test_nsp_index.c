// SPDX-License-Identifier: MIT
/*
 * GATHER, GATHERE, GATHERND, SCATTER and SCATTERE against a scalar model, with
 * indices out of range.
 */
#include "nsp_test.h"

static void set_ints(struct arena *a, int o, int64_t lo, int64_t hi)
{
	unsigned int t = a->cmd.dtype[o];
	size_t size = qaic_dtype_size(t);
	uint64_t i;

	for (i = a->start[o]; i < a->end[o]; i += size)
		put_elem(a->mem + i, t, lo + rnd_below(a, hi - lo));
}

static unsigned int rnd_type(struct arena *a)
{
	static const unsigned int t[] = { QAIC_F32, QAIC_F16, QAIC_I64,
					  QAIC_I32, QAIC_U8, QAIC_BOOL };

	return t[rnd_below(a, QAIC_ARRAY_SIZE(t))];
}

static void test_gather(void **state)
{
	struct arena a;
	const uint32_t *d = a.cmd.dims;
	int64_t i[NSP_DIMS] = { 0 }, at;
	unsigned int t;
	int n;

	arena_open(&a, 1);
	for (n = 0; n < 300; n++) {
		arena_new(&a, NSP_GATHER, 0);
		a.cmd.dims[0] = 1 + rnd_below(&a, 3);
		a.cmd.dims[1] = 1 + rnd_below(&a, 6);
		a.cmd.dims[2] = 1 + rnd_below(&a, 3);
		a.cmd.dims[3] = 1 + rnd_below(&a, 40);
		a.cmd.dims[4] = 1 + rnd_below(&a, 9);
		t = rnd_type(&a);
		arena_opnd(&a, 0, t, 0x0f, d, rnd_how(&a), 0, 1);
		arena_opnd(&a, 1, t, 0x1d, d, rnd_how(&a), 0, 50);
		arena_opnd(&a, 2, rnd_index_type(&a), 0x02, d, rnd_how(&a), 0,
			   1);
		set_ints(&a, 2, -(int64_t)d[4] - 2, d[4] + 2);
		arena_same(&a);
		EACH_DIM(&a, i, 0) EACH_DIM(&a, i, 1)
		EACH_DIM(&a, i, 2) EACH_DIM(&a, i, 3) {
			at = GET(&a, 2, 0, i[1]);
			at += at < 0 ? d[4] : 0;
			PUT(&a, 0, at >= 0 && at < d[4] ? GET(&a, 1, i[0], 0,
			    i[2], i[3], at) : 0, i[0], i[1], i[2], i[3]);
		}
		arena_check(&a, 0, 0);
	}
	arena_close(&a);
}

static void elem_dims(struct arena *a, unsigned int op, unsigned int sub)
{
	int d;

	arena_new(a, op, sub);
	for (d = 0; d < 5; d++)
		a->cmd.dims[d] = 1 + rnd_below(a, d == 4 ? 20 : 3);
	a->cmd.imm[0].u = rnd_below(a, 5);
	a->cmd.dims[5] = 1 + rnd_below(a, 9);
}

/*
 * Room for the operand that is indexed: dims but the axis, and the axis as dim 5.
 * Its stride along the axis itself is ignored.
 */
static void axis_opnd(struct arena *a, int o, unsigned int t)
{
	uint32_t axis = a->cmd.imm[0].u;

	arena_opnd(a, o, t, 0x3f & ~(1u << axis), a->cmd.dims, rnd_how(a), 0,
		   50);
}

static void test_gathere(void **state)
{
	struct arena a;
	const uint32_t *d = a.cmd.dims;
	int64_t i[NSP_DIMS] = { 0 }, j[NSP_DIMS], at;
	unsigned int t;
	int n;

	arena_open(&a, 2);
	for (n = 0; n < 300; n++) {
		elem_dims(&a, NSP_GATHERE, 0);
		t = rnd_type(&a);
		arena_opnd(&a, 0, t, 0x1f, d, rnd_how(&a), 0, 1);
		axis_opnd(&a, 1, t);
		arena_opnd(&a, 2, rnd_index_type(&a), 0x1f, d, rnd_how(&a), 0,
			   1);
		set_ints(&a, 2, -(int64_t)d[5] - 2, d[5] + 2);
		arena_same(&a);
		i[5] = 0;
		EACH_DIM(&a, i, 0) EACH_DIM(&a, i, 1) EACH_DIM(&a, i, 2)
		EACH_DIM(&a, i, 3) EACH_DIM(&a, i, 4) {
			at = get_elem(at_elem(&a, 2, i), a.cmd.dtype[2]);
			at += at < 0 ? d[5] : 0;
			memcpy(j, i, sizeof(j));
			j[a.cmd.imm[0].u] = 0;
			j[5] = at;
			put_elem(at_elem(&a, 0, i), t,
				 at >= 0 && at < d[5] ?
				 get_elem(at_elem(&a, 1, j), t) : 0);
		}
		a.cmd.o[1].stride[a.cmd.imm[0].u] = 1234;	/* ignored */
		arena_check(&a, 0, 0);
	}
	arena_close(&a);
}

static double combine(unsigned int sub, double y, double x)
{
	switch (sub) {
	case 1: return y + x;
	case 2: return y * x;
	case 3: return fmin(y, x);
	case 4: return fmax(y, x);
	}
	return x;
}

static unsigned int combine_type(struct arena *a, unsigned int sub)
{
	static const unsigned int t[] = { QAIC_F32, QAIC_I64, QAIC_I32 };

	return sub ? t[rnd_below(a, 3)] : rnd_type(a);
}

static void test_scattere(void **state)
{
	struct arena a;
	const uint32_t *d = a.cmd.dims;
	int64_t i[NSP_DIMS] = { 0 }, j[NSP_DIMS], at;
	unsigned int t, sub;
	uint8_t *y;
	int n;

	arena_open(&a, 3);
	for (n = 0; n < 300; n++) {
		sub = n % 5;
		elem_dims(&a, NSP_SCATTERE, sub);
		t = combine_type(&a, sub);
		axis_opnd(&a, 0, t);
		arena_opnd(&a, 1, rnd_index_type(&a), 0x1f, d, rnd_how(&a), 0,
			   1);
		set_ints(&a, 1, -(int64_t)d[5] - 2, d[5] + 2);
		arena_opnd(&a, 2, t, 0x1f, d, rnd_how(&a), 0, 4);
		arena_same(&a);
		i[5] = 0;
		EACH_DIM(&a, i, 0) EACH_DIM(&a, i, 1) EACH_DIM(&a, i, 2)
		EACH_DIM(&a, i, 3) EACH_DIM(&a, i, 4) {
			at = get_elem(at_elem(&a, 1, i), a.cmd.dtype[1]);
			at += at < 0 ? d[5] : 0;
			if (at < 0 || at >= d[5])
				continue;
			memcpy(j, i, sizeof(j));
			j[a.cmd.imm[0].u] = 0;
			j[5] = at;
			y = at_elem(&a, 0, j);
			put_elem(y, t, combine(sub, get_elem(y, t),
				 get_elem(at_elem(&a, 2, i), t)));
		}
		a.cmd.o[0].stride[a.cmd.imm[0].u] = 1234;
		arena_check(&a, 1e-5, 1e-6);
	}
	arena_close(&a);
}

/* ---- tuples of indices ---- */

/* operand @o: limits (imm) along dims 0..q-1, N along dim 5 */
static void nd_opnd(struct arena *a, int o, unsigned int t, uint32_t q,
		    uint32_t n)
{
	uint32_t count[NSP_DIMS] = { 1, 1, 1, 1, 1, n }, k;

	for (k = 0; k < q; k++) {
		a->cmd.imm[k].i = 1 + rnd_below(a, 5);
		count[k] = a->cmd.imm[k].i;
	}
	arena_opnd(a, o, t, 0x20 | ((1u << q) - 1), count, rnd_how(a), 0, 9);
}

/* the element that row @i names, or NULL */
static uint8_t *nd_at(struct arena *a, int o, int idx, int64_t i, int64_t n)
{
	int64_t j[NSP_DIMS] = { 0 };
	uint32_t k;

	for (k = 0; k < a->cmd.dims[2]; k++) {
		j[k] = GET(a, idx, i, 0, k);
		if (j[k] < 0)
			j[k] += a->cmd.imm[k].i;
		if (j[k] < 0 || j[k] >= a->cmd.imm[k].i)
			return NULL;
	}
	j[5] = n;
	return at_elem(a, o, j);
}

static void nd_dims(struct arena *a, unsigned int op, unsigned int sub)
{
	arena_new(a, op, sub);
	a->cmd.dims[0] = 1 + rnd_below(a, 9);
	a->cmd.dims[1] = 1 + rnd_below(a, rnd_below(a, 9) ? 20 : 1500);
	a->cmd.dims[2] = 1 + rnd_below(a, a->cmd.dims[1] > 100 ? 2 : 5);
}

static void test_gathernd(void **state)
{
	struct arena a;
	const uint32_t *d = a.cmd.dims;
	int64_t i, n;
	unsigned int t;
	uint8_t *x;
	int r;

	arena_open(&a, 4);
	for (r = 0; r < 200; r++) {
		nd_dims(&a, NSP_GATHERND, 0);
		t = rnd_type(&a);
		arena_opnd(&a, 0, t, 0x03, d, rnd_how(&a), 0, 1);
		nd_opnd(&a, 1, t, d[2], d[1]);
		arena_opnd(&a, 2, rnd_index_type(&a), 0x05, d, rnd_how(&a), 0,
			   1);
		set_ints(&a, 2, -5, 5);
		arena_same(&a);
		for (i = 0; i < d[0]; i++)
			for (n = 0; n < d[1]; n++) {
				x = nd_at(&a, 1, 2, i, n);
				PUT(&a, 0, x ? get_elem(x, t) : 0, i, n);
			}
		arena_check(&a, 0, 0);
	}
	arena_close(&a);
}

static void test_scatter(void **state)
{
	struct arena a;
	const uint32_t *d = a.cmd.dims;
	int64_t i, n;
	unsigned int t, sub;
	uint8_t *y;
	int r;

	arena_open(&a, 5);
	for (r = 0; r < 200; r++) {
		sub = r % 5;
		nd_dims(&a, NSP_SCATTER, sub);
		t = combine_type(&a, sub);
		nd_opnd(&a, 0, t, d[2], d[1]);
		arena_opnd(&a, 1, rnd_index_type(&a), 0x05, d, rnd_how(&a), 0,
			   1);
		set_ints(&a, 1, -5, 5);
		arena_opnd(&a, 2, t, 0x03, d, rnd_how(&a), 0, 4);
		arena_same(&a);
		for (i = 0; i < d[0]; i++)
			for (n = 0; n < d[1]; n++) {
				y = nd_at(&a, 0, 1, i, n);
				if (y)
					put_elem(y, t, combine(sub,
						 get_elem(y, t),
						 GET(&a, 2, i, n)));
			}
		arena_check(&a, 1e-5, 1e-6);
	}
	arena_close(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_gather),
		cmocka_unit_test(test_gathere),
		cmocka_unit_test(test_scattere),
		cmocka_unit_test(test_gathernd),
		cmocka_unit_test(test_scatter),
	};

	return RUN_ALL(tests);
}
