// SPDX-License-Identifier: MIT
/* ROPE, ATTN, KVPUT and KVGET against a scalar model. */
#include <sys/mman.h>

#include "nsp_test.h"

/* integers of operand @o, in both memories' source */
static void set_ints(struct arena *a, int o, int64_t lo, int64_t hi)
{
	unsigned int t = a->cmd.dtype[o];
	size_t size = qaic_dtype_size(t);
	uint64_t i;

	for (i = a->start[o]; i < a->end[o]; i += size)
		put_elem(a->mem + i, t, lo + rnd_below(a, hi - lo));
}

/* ---- rope ---- */

static void model_rope(struct arena *a)
{
	const uint32_t *d = a->cmd.dims;
	int64_t b, s, h, j, k, pos, half = d[5] / 2;
	double x, y;

	for (b = 0; b < d[0]; b++)
	for (s = 0; s < d[1]; s++)
	for (h = 0; h < d[2]; h++)
	for (j = 0; j < d[3]; j++) {
		x = GET(a, 1, b, s, h, j);
		if (j < d[5]) {
			pos = GET(a, 4, b, s);
			if (pos < 0 || pos >= d[4])
				pos = 0;
			if (a->cmd.sub)
				k = j ^ 1;
			else
				k = j < half ? j + half : j - half;
			y = GET(a, 1, b, s, h, k);
			if (a->cmd.sub ? !(j & 1) : j < half)
				y = -y;
			x = x * GET(a, 2, 0, 0, 0, 0, pos, j) +
			    y * GET(a, 3, 0, 0, 0, 0, pos, j);
		}
		PUT(a, 0, x, b, s, h, j);
	}
}

static void test_rope(void **state)
{
	struct arena a;
	uint32_t *d;
	int n;

	arena_open(&a, 1);
	for (n = 0; n < 200; n++) {
		arena_new(&a, NSP_ROPE, n & 1);
		d = a.cmd.dims;
		d[0] = 1 + rnd_below(&a, 3);
		d[1] = 1 + rnd_below(&a, 5);
		d[2] = 1 + rnd_below(&a, 4);
		d[3] = 2 + rnd_below(&a, n < 195 ? 70 : 4500);
		d[5] = rnd_below(&a, 2) ? d[3] / 2 * 2 :
		       2 + rnd_below(&a, d[3] - 1) / 2 * 2;
		d[4] = 1 + rnd_below(&a, 20);
		arena_opnd(&a, 0, rnd_float_type(&a), 0x0f, d, rnd_how(&a), 0,
			   1);
		arena_opnd(&a, 1, rnd_float_type(&a), 0x0f, d, rnd_how(&a), -2,
			   2);
		arena_opnd(&a, 2, rnd_float_type(&a), 0x30, d, rnd_how(&a), -1,
			   1);
		arena_opnd(&a, 3, rnd_float_type(&a), 0x30, d, rnd_how(&a), -1,
			   1);
		arena_opnd(&a, 4, rnd_index_type(&a), 0x03, d, rnd_how(&a), 0,
			   1);
		set_ints(&a, 4, -2, d[4] + 2);
		arena_same(&a);
		model_rope(&a);
		arena_check(&a, 1e-6, 1e-6);
	}
	arena_close(&a);
}

static void test_rope_in_place(void **state)
{
	struct arena a;
	uint32_t *d;
	int n;

	arena_open(&a, 2);
	for (n = 0; n < 20; n++) {
		arena_new(&a, NSP_ROPE, n & 1);
		d = a.cmd.dims;
		d[1] = 3, d[2] = 2, d[3] = 64, d[4] = 9, d[5] = n < 10 ? 64 : 32;
		arena_opnd(&a, 0, QAIC_F16, 0x0f, d, ROWMAJOR, 0, 1);
		arena_opnd(&a, 1, QAIC_F16, 0x0f, d, ROWMAJOR, -2, 2);
		arena_opnd(&a, 2, QAIC_F32, 0x30, d, DENSE, -1, 1);
		arena_opnd(&a, 3, QAIC_F32, 0x30, d, DENSE, -1, 1);
		arena_opnd(&a, 4, QAIC_I32, 0x03, d, DENSE, 0, 9);
		arena_same(&a);
		model_rope(&a);
		/* the model's result is where the card's will be: over o1 */
		memcpy(a.want + a.start[1], a.want + a.start[0],
		       a.end[1] - a.start[1]);
		memcpy(a.want + a.start[0], a.mem + a.start[0],
		       a.end[0] - a.start[0]);
		a.cmd.o[0] = a.cmd.o[1];
		arena_check(&a, 1e-6, 1e-6);
	}
	arena_close(&a);
}

/* ---- attention ---- */

static void model_attn_row(struct arena *a, int64_t b, int64_t s, int64_t h)
{
	const uint32_t *d = a->cmd.dims;
	double score[1200], max = -INFINITY, sum = 0, y;
	int64_t p = GET(a, 4, b, s), lo = 0, j, e, g = h / (d[2] / d[3]);
	float scale = a->cmd.imm[0].f, cap = a->cmd.imm[2].f;

	if (p > (int64_t)d[5] - 1)
		p = d[5] - 1;
	if (a->cmd.imm[1].i && p - a->cmd.imm[1].i + 1 > 0)
		lo = p - a->cmd.imm[1].i + 1;
	for (j = lo; j <= p; j++) {
		for (score[j] = 0, e = 0; e < d[4]; e++)
			score[j] += GET(a, 1, b, s, h, 0, e) *
				    GET(a, 2, b, 0, 0, g, e, j);
		score[j] *= scale;
		if (cap != 0)
			score[j] = cap * tanh(score[j] / cap);
		if (a->cmd.o[5].addr)
			score[j] += a->cmd.imm[3].u ?
				GET(a, 5, b, s, h, 0, 0, j) :
				GET(a, 5, 0, 0, h) * (j - p);
		max = fmax(max, score[j]);
	}
	for (j = lo; j <= p; j++)
		sum += score[j] = exp(score[j] - max);
	for (e = 0; e < d[4]; e++) {
		for (y = 0, j = lo; j <= p; j++)
			y += score[j] / sum * GET(a, 3, b, 0, 0, g, e, j);
		PUT(a, 0, y, b, s, h, 0, e);
	}
}

static void model_attn(struct arena *a)
{
	int64_t b, s, h;

	for (b = 0; b < a->cmd.dims[0]; b++)
		for (s = 0; s < a->cmd.dims[1]; s++)
			for (h = 0; h < a->cmd.dims[2]; h++)
				model_attn_row(a, b, s, h);
}

/* what lies beyond the positions must not be looked at */
static void poison(struct arena *a)
{
	int64_t p, max = -1, j, e, g, b, s;
	uint8_t *at;
	int o;

	for (b = 0; b < a->cmd.dims[0]; b++)
		for (s = 0; s < a->cmd.dims[1]; s++) {
			p = GET(a, 4, b, s);
			max = p > max ? p : max;
		}
	for (o = 2; o < 4; o++)
	for (b = 0; b < a->cmd.dims[0]; b++)
	for (g = 0; g < a->cmd.dims[3]; g++)
	for (j = max + 1; j < a->cmd.dims[5]; j++)
	for (e = 0; e < a->cmd.dims[4]; e++) {
		at = AT(a, o, b, 0, 0, g, e, j);
		put_elem(at, a->cmd.dtype[o], NAN);
		put_elem(a->mem + (at - a->want), a->cmd.dtype[o], NAN);
	}
}

static void random_attn(struct arena *a, int how)
{
	uint32_t *d = a->cmd.dims;
	unsigned int cache = rnd_float_type(a);

	arena_opnd(a, 0, rnd_float_type(a), 0x17, d, how, 0, 1);
	arena_opnd(a, 1, rnd_float_type(a), 0x17, d, how, -2, 2);
	arena_opnd(a, 2, cache, 0x39, d, how, -2, 2);
	arena_opnd(a, 3, cache, 0x39, d, how, -2, 2);
	arena_opnd(a, 4, rnd_index_type(a), 0x03, d, DENSE, 0, 1);
	set_ints(a, 4, -2, d[5] + 3);
	a->cmd.imm[3].u = rnd_below(a, 3) == 0;
	if (a->cmd.imm[3].u)
		arena_opnd(a, 5, rnd_float_type(a), 0x27, d, how, -2, 2);
	else if (!rnd_below(a, 2))
		arena_opnd(a, 5, QAIC_F32, 0x04, d, DENSE, 0.01, 0.5);
	a->cmd.imm[0].f = 0.3f;
	if (!rnd_below(a, 3))
		a->cmd.imm[1].i = 1 + rnd_below(a, d[5] + 3);
	if (!rnd_below(a, 4))
		a->cmd.imm[2].f = 3;
}

/* the command that was made, beside the model */
static void check_attn(struct arena *a)
{
	arena_same(a);
	if (a->cmd.o[2].stride[5] && a->cmd.o[3].stride[5])
		poison(a);
	model_attn(a);
	arena_check(a, 4e-6, 3e-6);
}

static void test_attn(void **state)
{
	struct arena a;
	uint32_t *d;
	int n;

	arena_open(&a, 3);
	for (n = 0; n < 250; n++) {
		arena_new(&a, NSP_ATTN, 0);
		d = a.cmd.dims;
		d[0] = 1 + rnd_below(&a, 2);
		d[1] = rnd_below(&a, 2) ? 1 : 1 + rnd_below(&a, 6);
		d[3] = 1 + rnd_below(&a, 3);
		d[2] = d[3] * (1 + rnd_below(&a, 5));
		d[4] = 1 + rnd_below(&a, 40);
		d[5] = 1 + rnd_below(&a, rnd_below(&a, 4) ? 40 : 700);
		random_attn(&a, d[5] > 100 ? DENSE : rnd_how(&a));
		check_attn(&a);
	}
	arena_close(&a);
}

/* chunks of a prompt in the middle of a context, row after row */
static void test_attn_chunk(void **state)
{
	struct arena a;
	uint32_t *d, b, s, first;
	int n;

	arena_open(&a, 8);
	for (n = 0; n < 40; n++) {
		arena_new(&a, NSP_ATTN, 0);
		d = a.cmd.dims;
		d[0] = 1 + rnd_below(&a, 2);
		d[1] = 1 + rnd_below(&a, 50);
		d[3] = 1 + rnd_below(&a, 2);
		d[2] = d[3] * (1 + rnd_below(&a, 4));
		d[4] = 1 + rnd_below(&a, 70);
		d[5] = 60 + rnd_below(&a, 400);
		random_attn(&a, DENSE);
		for (b = 0; b < d[0]; b++) {
			first = rnd_below(&a, d[5] - d[1]);
			for (s = 0; s < d[1]; s++)
				put_elem(a.mem + (AT(&a, 4, b, s) - a.want),
					 a.cmd.dtype[4], first + s);
		}
		check_attn(&a);
	}
	arena_close(&a);
}

/*
 * What is read is in proportion to the slots that are seen: all pages without any of
 * them are taken away.
 */
static void test_attn_pages(void **state)
{
	const size_t slots = 4096, line = 64 * 2, page = 4096;
	const int64_t first[] = { 0, 31, 1000, 3967 };
	const size_t size = slots * line;
	uint8_t *kv = mmap(NULL, 2 * size, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	size_t i, w, s, lo, hi;
	struct arena a;

	assert_true(kv != MAP_FAILED);
	arena_open(&a, 9);
	for (i = 0; i < 16; i++) {
		const int64_t at = first[i % 4], n = i & 4 ? 32 : 1;

		w = i & 8 ? 100 : 0;
		arena_new(&a, NSP_ATTN, 0);
		memcpy(a.cmd.dims, (uint32_t[]){ 1, n, 4, 1, 64, slots }, 24);
		arena_opnd(&a, 0, QAIC_F32, 0x17, a.cmd.dims, ROWMAJOR, 0, 1);
		arena_opnd(&a, 1, QAIC_F32, 0x17, a.cmd.dims, ROWMAJOR, -2, 2);
		arena_opnd(&a, 4, QAIC_I64, 0x03, a.cmd.dims, ROWMAJOR, 0, 1);
		for (s = 0; s < (size_t)n; s++)
			((int64_t *)(a.mem + a.start[4]))[s] = at + s;
		a.cmd.imm[0].f = 0.1f;
		a.cmd.imm[1].i = w;
		for (s = 2; s < 4; s++) {
			a.cmd.dtype[s] = QAIC_F16;
			a.cmd.o[s] = (struct nsp_opnd){
				NSP_ADDR(NSP_SPACE_CONST, (s - 2) * size),
				{ 0, 0, 0, 0, 1, 64 } };
		}
		lo = w && at >= (int64_t)w ? (at - w + 1) * line : 0;
		hi = (at + n) * line;
		lo = lo / page * page;
		hi = (hi + page - 1) / page * page;
		mprotect(kv, 2 * size, PROT_NONE);
		mprotect(kv + lo, hi - lo, PROT_READ);
		mprotect(kv + size + lo, hi - lo, PROT_READ);
		nsp_exec(&a.cmd, &(struct nsp_mem){ .ddr = a.mem,
			 .consts = kv }, 0, a.scratch);
	}
	munmap(kv, 2 * size);
	arena_close(&a);
}

/* what does not fit the scratch at once, and heads too wide for it */
static void test_attn_large(void **state)
{
	static const uint32_t dims[][NSP_DIMS] = {
		{ 1, 2, 600, 1, 8, 140 },	/* heads of one kv head */
		{ 1, 70, 8, 1, 512, 70 },	/* query positions */
		{ 1, 2, 30, 1, 8192, 5 },
		{ 1, 1, 2, 1, 8193, 4 },	/* wide */
		{ 2, 2, 2, 2, 9000, 3 },
	};
	struct arena a;
	size_t i;

	arena_open(&a, 4);
	for (i = 0; i < QAIC_ARRAY_SIZE(dims); i++) {
		arena_new(&a, NSP_ATTN, 0);
		memcpy(a.cmd.dims, dims[i], sizeof(dims[i]));
		random_attn(&a, DENSE);
		a.cmd.imm[0].f = 0.5f / sqrtf(dims[i][4]);
		arena_same(&a);
		model_attn(&a);
		arena_check(&a, 1e-5, 1e-5);
	}
	arena_close(&a);
}

/* @slots, of which a window of @window, 0 for all */
static void attn_alone(uint32_t slots, int64_t window)
{
	const uint32_t S = 9, H = 6, D = 32;
	struct arena a;
	struct nsp_cmd cmd;
	float *all, *y;
	uint32_t s;

	arena_open(&a, 5);
	arena_new(&a, NSP_ATTN, 0);
	memcpy(a.cmd.dims, (uint32_t[]){ 1, S, H, 2, D, slots }, 24);
	arena_opnd(&a, 0, QAIC_F32, 0x17, a.cmd.dims, ROWMAJOR, 0, 1);
	arena_opnd(&a, 1, QAIC_F32, 0x17, a.cmd.dims, ROWMAJOR, -2, 2);
	arena_opnd(&a, 2, QAIC_F16, 0x39, a.cmd.dims, ROWMAJOR, -2, 2);
	arena_opnd(&a, 3, QAIC_F16, 0x39, a.cmd.dims, ROWMAJOR, -2, 2);
	arena_opnd(&a, 4, QAIC_I64, 0x03, a.cmd.dims, ROWMAJOR, 0, slots);
	for (s = 2; s < 4; s++) {	/* [b][h][slot][d] */
		a.cmd.o[s].stride[4] = 1;
		a.cmd.o[s].stride[5] = D;
		a.cmd.o[s].stride[3] = D * slots;
	}
	a.cmd.imm[0].f = 0.2f;
	a.cmd.imm[1].i = window;
	cmd = a.cmd;
	run_card(&a);
	y = (float *)(a.mem + a.start[0]);
	all = malloc(S * H * D * 4);
	memcpy(all, y, S * H * D * 4);
	memset(y, 0, S * H * D * 4);
	for (s = 0; s < S; s++) {
		a.cmd.dims[1] = 1;
		a.cmd.o[0].addr = cmd.o[0].addr + s * H * D * 4;
		a.cmd.o[1].addr = cmd.o[1].addr + s * H * D * 4;
		a.cmd.o[4].addr = cmd.o[4].addr + s * 8;
		run_card(&a);
	}
	assert_memory_equal(all, y, S * H * D * 4);
	free(all);
	arena_close(&a);
}

/* A row's result is the same alone, beside others, and in both cache types. */
static void test_attn_alone(void **state)
{
	attn_alone(500, 300);
	attn_alone(5000, 300);
	attn_alone(5000, 2500);
	attn_alone(5000, 0);
}

/* ---- cache ---- */

static int64_t model_line(struct arena *a, int64_t b)
{
	return a->cmd.o[3].addr ? GET(a, 3, b) : b;
}

static void cache_dims(struct arena *a, unsigned int op)
{
	uint32_t *d = a->cmd.dims;

	arena_new(a, op, 0);
	d[0] = 1 + rnd_below(a, 4);
	d[1] = 1 + rnd_below(a, 3);
	d[2] = 1 + rnd_below(a, 8);
	d[3] = 1 + rnd_below(a, 40);
	d[4] = 1 + rnd_below(a, 12);
	d[5] = d[0];
}

static void test_kvput(void **state)
{
	struct arena a;
	int64_t b, h, s, e, l, p;
	const uint32_t *d = a.cmd.dims;
	bool lines;
	int n;

	arena_open(&a, 6);
	for (n = 0; n < 200; n++) {
		cache_dims(&a, NSP_KVPUT);
		lines = rnd_below(&a, 2);
		if (lines)
			a.cmd.dims[5] = 1 + rnd_below(&a, 6);
		arena_opnd(&a, 0, rnd_float_type(&a), 0x3a, d, rnd_how(&a), 0,
			   1);
		arena_opnd(&a, 1, rnd_float_type(&a), 0x0f, d, rnd_how(&a), -2,
			   2);
		arena_opnd(&a, 2, rnd_index_type(&a), 0x05, d, rnd_how(&a), 0,
			   1);
		set_ints(&a, 2, -2, d[4] + 2);
		if (lines) {
			arena_opnd(&a, 3, rnd_index_type(&a), 0x01, d,
				   rnd_how(&a), 0, 1);
			set_ints(&a, 3, -1, d[5] + 1);
		}
		arena_same(&a);
		for (b = 0; b < d[0]; b++)
		for (s = 0; s < d[2]; s++)
		for (h = 0; h < d[1]; h++)
		for (e = 0; e < d[3]; e++) {
			l = model_line(&a, b);
			p = GET(&a, 2, b, 0, s);
			if (l < 0 || l >= d[5] || p < 0 || p >= d[4])
				continue;
			PUT(&a, 0, GET(&a, 1, b, h, s, e), 0, h, 0, e, p, l);
		}
		arena_check(&a, 0, 0);
	}
	arena_close(&a);
}

static void test_kvget(void **state)
{
	struct arena a;
	int64_t b, h, s, e, l, p;
	const uint32_t *d = a.cmd.dims;
	bool lines;
	double v;
	int n;

	arena_open(&a, 7);
	for (n = 0; n < 200; n++) {
		cache_dims(&a, NSP_KVGET);
		lines = rnd_below(&a, 2);
		if (lines)
			a.cmd.dims[5] = 1 + rnd_below(&a, 6);
		arena_opnd(&a, 0, rnd_float_type(&a), 0x0f, d, rnd_how(&a), 0,
			   1);
		arena_opnd(&a, 1, rnd_float_type(&a), 0x3a, d, rnd_how(&a), -2,
			   2);
		arena_opnd(&a, 2, rnd_index_type(&a), 0x07, d, rnd_how(&a), 0,
			   1);
		set_ints(&a, 2, -2, d[4] + 2);
		if (lines) {
			arena_opnd(&a, 3, rnd_index_type(&a), 0x01, d,
				   rnd_how(&a), 0, 1);
			set_ints(&a, 3, -1, d[5] + 1);
		}
		arena_same(&a);
		for (b = 0; b < d[0]; b++)
		for (h = 0; h < d[1]; h++)
		for (s = 0; s < d[2]; s++)
		for (e = 0; e < d[3]; e++) {
			l = model_line(&a, b);
			p = GET(&a, 2, b, h, s);
			v = 0;
			if (l >= 0 && l < d[5] && p >= 0 && p < d[4])
				v = GET(&a, 1, 0, h, 0, e, p, l);
			PUT(&a, 0, v, b, h, s, e);
		}
		arena_check(&a, 0, 0);
	}
	arena_close(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rope),
		cmocka_unit_test(test_rope_in_place),
		cmocka_unit_test(test_attn),
		cmocka_unit_test(test_attn_chunk),
		cmocka_unit_test(test_attn_pages),
		cmocka_unit_test(test_attn_large),
		cmocka_unit_test(test_attn_alone),
		cmocka_unit_test(test_kvput),
		cmocka_unit_test(test_kvget),
	};

	return RUN_ALL(tests);
}
