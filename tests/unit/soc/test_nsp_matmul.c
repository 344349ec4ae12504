// SPDX-License-Identifier: MIT
/* MATMUL against a scalar model, in every storage form and at every size class. */
#include "nsp_test.h"

static void model(struct arena *a)
{
	const uint32_t *d = a->cmd.dims;
	int64_t i[NSP_DIMS] = { 0 };
	double sum;

	EACH_DIM(a, i, 0) EACH_DIM(a, i, 1) EACH_DIM(a, i, 2) EACH_DIM(a, i, 3) {
		sum = 0;
		for (i[4] = 0; i[4] < d[4]; i[4]++)
			sum += GET(a, 1, i[0], i[1], i[2], 0, i[4]) *
			       GET(a, 2, i[0], i[1], 0, i[3], i[4]);
		if (a->cmd.o[3].addr)
			sum += GET(a, 3, i[0], i[1], 0, i[3]);
		PUT(a, 0, sum, i[0], i[1], i[2], i[3]);
	}
}

enum { W_ROWS, W_COLS, W_ANY };

static void operands(struct arena *a, int form, unsigned int wt, bool bias,
		     int how)
{
	unsigned int batch = rnd_below(a, 2) ? 0x3 : 0;
	uint32_t *d = a->cmd.dims;
	struct nsp_opnd *w = &a->cmd.o[2];

	arena_opnd(a, 0, rnd_float_type(a), 0x0f, d, how, 0, 1);
	arena_opnd(a, 1, rnd_float_type(a), 0x17, d, how, -1, 1);
	arena_opnd(a, 2, wt, 0x18 | batch, d,
		   form == W_ANY ? STRIDED : ROWMAJOR, -1, 1);
	if (form == W_COLS) {
		w->stride[4] = d[3];
		w->stride[3] = 1;
	}
	if (bias)
		arena_opnd(a, 3, rnd_float_type(a), rnd_below(a, 2) ? 8 : 0x0b,
			   d, how, -1, 1);
}

static void random_product(struct arena *a)
{
	uint32_t *d = a->cmd.dims;

	arena_new(a, NSP_MATMUL, 0);
	d[0] = rnd_below(a, 3) ? 1 : 1 + rnd_below(a, 3);
	d[1] = rnd_below(a, 3) ? 1 : 1 + rnd_below(a, 3);
	d[2] = rnd_below(a, 2) ? 1 + rnd_below(a, 8) : 1 + rnd_below(a, 40);
	d[3] = 1 + rnd_below(a, rnd_below(a, 4) ? 40 : 150);
	d[4] = 1 + rnd_below(a, rnd_below(a, 4) ? 40 : 200);
	if (d[0] * d[1] > 4)
		d[3] = 1 + d[3] % 20;
	operands(a, rnd_below(a, 3), rnd_float_type(a), rnd_below(a, 2),
		 rnd_how(a));
}

static void test_random(void **state)
{
	struct arena a;
	int n;

	arena_open(&a, 1);
	for (n = 0; n < 400; n++) {
		random_product(&a);
		arena_same(&a);
		model(&a);
		arena_check(&a, 2e-6, a.cmd.dims[4] * 3e-7);
	}
	arena_close(&a);
}

/* sizes at which something in the executor is cut in parts */
static void test_parts(void **state)
{
	static const uint32_t mnk[][3] = {
		{ 1, 4099, 5 }, { 3, 4097, 3 }, { 8, 5, 66000 },
		{ 2, 7, 131073 }, { 1, 1, 1 }, { 9, 3, 25000 },
		{ 9, 70, 2050 }, { 12, 5, 50000 }, { 2100, 3, 8 },
		{ 300, 66, 70 }, { 40, 70, 2050 },
		{ 35, 5, 25000 }, { 4, 5, 7 }, { 5, 6, 9 }, { 7, 3, 33 },
	};
	struct arena a;
	size_t i;
	int form, t;

	arena_open(&a, 2);
	for (i = 0; i < QAIC_ARRAY_SIZE(mnk); i++) {
		for (form = 0; form < 3; form++) {
			for (t = 0; t < 2; t++) {
				arena_new(&a, NSP_MATMUL, 0);
				memcpy(a.cmd.dims + 2, mnk[i], sizeof(mnk[i]));
				operands(&a, form, t ? QAIC_F16 : QAIC_F32,
					 true, DENSE);
				if (a.used * 2 > ARENA)
					continue;
				arena_same(&a);
				model(&a);
				arena_check(&a, 2e-6, mnk[i][2] * 5e-8 + 4e-6);
			}
		}
	}
	arena_close(&a);
}

/* Splitting N over NSPs changes no bit, in any form. */
static void test_split(void **state)
{
	static const uint32_t ms[] = { 1, 3, 8, 9, 32, 70 };	/* some SGEMM */
	static const uint32_t cuts[] = { 0, 16, 37, 100, 163, 200 };
	const uint32_t n = 200, k = 2100;
	struct arena a;
	uint8_t *whole = malloc(70 * n * 4);
	struct nsp_cmd cmd;
	size_t i, c;
	int form;

	arena_open(&a, 3);
	for (i = 0; i < QAIC_ARRAY_SIZE(ms); i++) {
		for (form = 0; form < 3; form++) {
			arena_new(&a, NSP_MATMUL, 0);
			a.cmd.dims[2] = ms[i];
			a.cmd.dims[3] = n;
			a.cmd.dims[4] = k;
			arena_opnd(&a, 0, QAIC_F32, 0xc, a.cmd.dims, ROWMAJOR,
				   0, 1);
			arena_opnd(&a, 1, QAIC_F16, 0x14, a.cmd.dims, ROWMAJOR,
				   -1, 1);
			arena_opnd(&a, 2, QAIC_F16, 0x18, a.cmd.dims, ROWMAJOR,
				   -1, 1);
			if (form == 1) {
				a.cmd.o[2].stride[3] = 1;
				a.cmd.o[2].stride[4] = n;
			} else if (form == 2) {
				a.cmd.o[2].stride[4] = 2;
				a.cmd.o[2].stride[3] = k - 1;
			}
			if (form == 2)	/* stay inside */
				a.cmd.dims[4] = k / 2;
			run_card(&a);
			memcpy(whole, a.mem + a.start[0], ms[i] * n * 4);
			memset(a.mem + a.start[0], 0xee, ms[i] * n * 4);
			cmd = a.cmd;
			for (c = 0; c + 1 < QAIC_ARRAY_SIZE(cuts); c++) {
				a.cmd = cmd;
				a.cmd.dims[3] = cuts[c + 1] - cuts[c];
				a.cmd.o[0].addr += cuts[c] * 4;
				a.cmd.o[2].addr += cuts[c] * 2 *
						   cmd.o[2].stride[3];
				run_card(&a);
			}
			if (memcmp(whole, a.mem + a.start[0], ms[i] * n * 4))
				fail_msg("M %u form %d: the split shows",
					 ms[i], form);
		}
	}
	free(whole);
	arena_close(&a);
}

/*
 * A row of activations gives the same bits alone and beside others, and for F16
 * and F32 weights of the same values, while they are streamed.
 */
static void test_alone(void **state)
{
	static const uint32_t ks[] = { 5, 64, 1024, 1100, 2049, 5632 };
	const uint32_t m = 9, n = 29;
	float all[9 * 29], *y;
	struct arena a;
	struct nsp_cmd cmd;
	uint32_t i, j, k;

	arena_open(&a, 5);
	for (i = 0; i < QAIC_ARRAY_SIZE(ks); i++) {
		k = ks[i];
		arena_new(&a, NSP_MATMUL, 0);
		a.cmd.dims[2] = m;
		a.cmd.dims[3] = n;
		a.cmd.dims[4] = k;
		arena_opnd(&a, 0, QAIC_F32, 0xc, a.cmd.dims, ROWMAJOR, 0, 1);
		arena_opnd(&a, 1, QAIC_F32, 0x14, a.cmd.dims, ROWMAJOR, -1, 1);
		arena_opnd(&a, 2, QAIC_F16, 0x18, a.cmd.dims, ROWMAJOR, -1, 1);
		run_card(&a);
		y = (float *)(a.mem + a.start[0]);
		memcpy(all, y, sizeof(all));
		cmd = a.cmd;
		for (j = 0; j < m; j++) {
			memset(y, 0, sizeof(all));
			a.cmd.dims[2] = 1 + j % 3;	/* 1, 2 or 3 rows */
			if (j + a.cmd.dims[2] > m)
				break;
			a.cmd.o[1].addr = cmd.o[1].addr + j * k * 4;
			run_card(&a);
			assert_memory_equal(y, all + j * n,
					    a.cmd.dims[2] * n * 4);
		}
		a.cmd = cmd;
		arena_opnd(&a, 2, QAIC_F32, 0x18, a.cmd.dims, ROWMAJOR, 0, 1);
		for (j = 0; j < n * k; j++)
			((float *)(a.mem + a.start[2]))[j] = qaic_f16_to_f32(
				((uint16_t *)(a.mem +
					NSP_ADDR_OFF(cmd.o[2].addr)))[j]);
		run_card(&a);
		assert_memory_equal(y, all, sizeof(all));
	}
	arena_close(&a);
}

/* NaN and infinity of one row stay in it; what lies beside a tail is not read */
static void test_tails(void **state)
{
	struct arena a;
	uint32_t m, k, j;
	float *y;

	arena_open(&a, 4);
	for (m = 1; m < 12; m++) {
		for (k = 1; k < 20; k++) {
			arena_new(&a, NSP_MATMUL, 0);
			a.cmd.dims[2] = m;
			a.cmd.dims[3] = 5;
			a.cmd.dims[4] = k;
			arena_opnd(&a, 0, QAIC_F32, 0xc, a.cmd.dims, ROWMAJOR,
				   0, 1);
			arena_opnd(&a, 1, QAIC_F32, 0x14, a.cmd.dims, ROWMAJOR,
				   1, 2);
			arena_opnd(&a, 2, QAIC_F32, 0x18, a.cmd.dims, ROWMAJOR,
				   1, 2);
			for (j = 0; j < 8; j++)		/* beyond the end */
				((float *)(a.mem + a.end[2]))[j] = NAN;
			((float *)(a.mem + a.start[2]))[k * 2] = INFINITY;
			run_card(&a);
			y = (float *)(a.mem + a.start[0]);
			for (j = 0; j < m * 5; j++)
				assert_true(j % 5 == 2 ? isinf(y[j]) :
					    isfinite(y[j]));
		}
	}
	arena_close(&a);
}

/* A matrix chosen by an index; outside of them a matrix of zeros. */
static void test_chosen(void **state)
{
	static const int32_t which[] = { 2, -1, 4, 0 };
	const float *x, *w, *y, *bias;
	struct arena a;
	double sum;
	uint32_t i, n, k;

	arena_open(&a, 6);
	arena_new(&a, NSP_MATMUL, 0);
	a.cmd.dims[0] = 4;
	a.cmd.dims[3] = 5;
	a.cmd.dims[4] = 8;
	a.cmd.dims[5] = 4;
	arena_opnd(&a, 0, QAIC_F32, 0x9, a.cmd.dims, ROWMAJOR, 0, 1);
	arena_opnd(&a, 1, QAIC_F32, 0x11, a.cmd.dims, ROWMAJOR, -1, 1);
	arena_opnd(&a, 2, QAIC_F32, 0x38, a.cmd.dims, ROWMAJOR, -1, 1);
	arena_opnd(&a, 3, QAIC_F32, 0x08, a.cmd.dims, ROWMAJOR, -1, 1);
	arena_opnd(&a, 4, QAIC_I32, 0x01, a.cmd.dims, ROWMAJOR, 0, 1);
	memcpy(a.mem + a.start[4], which, sizeof(which));
	run_card(&a);
	y = (float *)(a.mem + a.start[0]);
	x = (float *)(a.mem + a.start[1]);
	w = (float *)(a.mem + a.start[2]);
	bias = (float *)(a.mem + a.start[3]);
	for (i = 0; i < 4; i++) {
		for (n = 0; n < 5; n++) {
			sum = bias[n];
			for (k = 0; k < 8 && which[i] >= 0 && which[i] < 4; k++)
				sum += x[i * 8 + k] *
				       w[(n * 8 + k) * 4 + which[i]];
			assert_float_equal(y[i * 5 + n], sum, 1e-4);
		}
	}
	arena_close(&a);
}

/* Where product (i, j) of operand @o begins, in bytes. */
static int64_t offset(const struct nsp_cmd *cmd, int o, uint32_t i, uint32_t j)
{
	return (i * cmd->o[o].stride[0] + j * cmd->o[o].stride[1]) *
	       (int64_t)qaic_dtype_size(cmd->dtype[o]);
}

static double expected(const struct arena *a, const struct nsp_cmd *cmd,
		       uint32_t i, uint32_t j, uint32_t n)
{
	const uint8_t *x = a->mem + NSP_ADDR_OFF(cmd->o[1].addr);
	const uint8_t *w = a->mem + NSP_ADDR_OFF(cmd->o[2].addr);
	const uint8_t *p = a->mem + NSP_ADDR_OFF(cmd->o[4].addr);
	double sum = 0, e = get_elem(p + offset(cmd, 4, i, j), cmd->dtype[4]);
	uint32_t k;

	for (k = 0; k < cmd->dims[4] && e >= 0 && e < cmd->dims[5]; k++)
		sum += get_elem(x + offset(cmd, 1, i, j) + k *
				cmd->o[1].stride[4] *
				(int64_t)qaic_dtype_size(cmd->dtype[1]),
				cmd->dtype[1]) *
		       get_elem(w + (n * cmd->o[2].stride[3] +
				     k * cmd->o[2].stride[4] +
				     (int64_t)e * cmd->o[2].stride[5]) *
				(int64_t)qaic_dtype_size(cmd->dtype[2]),
				cmd->dtype[2]);
	return sum;
}

/* Product (i, j) again, alone: the same bits, and those of the model. */
static void check_product(struct arena *a, uint32_t i, uint32_t j,
			  const float *together)
{
	struct nsp_cmd cmd = a->cmd;
	float *y = (float *)(a->mem + NSP_ADDR_OFF(cmd.o[0].addr) +
			     offset(&cmd, 0, i, j));
	uint32_t n;
	int o;

	for (n = 0; n < cmd.dims[3]; n++)
		assert_float_equal(together[n], expected(a, &cmd, i, j, n),
				   1e-4);
	memset(y, 0xff, cmd.dims[3] * sizeof(*y));
	a->cmd.dims[0] = a->cmd.dims[1] = 1;
	for (o = 0; o < 5; o++)
		if (o != 2 && o != 3)
			a->cmd.o[o].addr += offset(&cmd, o, i, j);
	run_card(a);
	assert_memory_equal(y, together, cmd.dims[3] * sizeof(*y));
	a->cmd = cmd;
}

/* Rows that chose the same matrix go together; each as if it were alone. */
static void test_experts(void **state)
{
	static const struct {
		uint32_t rows, chosen, matrices;
		unsigned int wt, it;
		int how;
	} t[] = {
		{ 1, 2, 4, QAIC_F16, QAIC_I64, ROWMAJOR },
		{ 40, 2, 8, QAIC_F16, QAIC_I64, ROWMAJOR },
		{ 37, 3, 5, QAIC_F32, QAIC_I32, DENSE },
		{ 700, 1, 2, QAIC_F16, QAIC_I32, ROWMAJOR },
		{ 1100, 2, 3, QAIC_F32, QAIC_I64, DENSE },
	};
	const uint32_t n = 7;
	struct arena a;
	float *all;
	uint8_t *idx;
	size_t i, j, c;

	arena_open(&a, 7);
	for (c = 0; c < QAIC_ARRAY_SIZE(t); c++) {
		const uint32_t dims[NSP_DIMS] = {
			t[c].rows, t[c].chosen, 1, n, 24, t[c].matrices };

		arena_new(&a, NSP_MATMUL, 0);
		memcpy(a.cmd.dims, dims, sizeof(dims));
		arena_opnd(&a, 0, QAIC_F32, 0xb, dims, ROWMAJOR, 0, 1);
		/* every second test: one row for all that it chose */
		arena_opnd(&a, 1, QAIC_F32, c % 2 ? 0x11 : 0x13, dims, t[c].how,
			   -1, 1);
		arena_opnd(&a, 2, t[c].wt, 0x38, dims, t[c].how, -1, 1);
		arena_opnd(&a, 4, t[c].it, 0x03, dims, ROWMAJOR, 0, 1);
		idx = a.mem + a.start[4];
		for (i = 0; i < t[c].rows * t[c].chosen; i++)
			put_elem(idx + i * qaic_dtype_size(t[c].it), t[c].it,
				 (double)rnd_below(&a, t[c].matrices + 2) - 1);
		run_card(&a);
		all = malloc(a.end[0] - a.start[0]);
		assert_non_null(all);
		memcpy(all, a.mem + a.start[0], a.end[0] - a.start[0]);
		for (i = 0; i < t[c].rows; i++)
			for (j = 0; j < t[c].chosen; j++)
				check_product(&a, i, j,
					      all + (i * t[c].chosen + j) * n);
		free(all);
	}
	arena_close(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_random),
		cmocka_unit_test(test_parts),
		cmocka_unit_test(test_split),
		cmocka_unit_test(test_alone),
		cmocka_unit_test(test_tails),
		cmocka_unit_test(test_chosen),
		cmocka_unit_test(test_experts),
	};

	return RUN_ALL(tests);
}
