/* SPDX-License-Identifier: MIT */
/*
 * Random commands against a model: the command runs on one copy of the memory,
 * the model on another, and the two must agree in every byte; in the floats of
 * the result within a tolerance.
 */
#ifndef NSP_TEST_H
#define NSP_TEST_H

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/f16.h"
#include "base/str.h"
#include "soc/nsp.h"

#define ARENA	(8u << 20)

struct arena {
	struct nsp_cmd cmd;
	uint8_t *mem, *want;		/* run by the card, by the model */
	void *scratch;
	uint64_t used;
	uint64_t start[NSP_OPNDS], end[NSP_OPNDS];	/* of each operand */
	uint64_t rng;
};

static inline uint32_t rnd(struct arena *a)
{
	a->rng = a->rng * 6364136223846793005ull + 1442695040888963407ull;
	return a->rng >> 33;
}

static inline uint32_t rnd_below(struct arena *a, uint32_t n)
{
	return rnd(a) % n;
}

static inline double rnd_real(struct arena *a, double lo, double hi)
{
	return lo + (hi - lo) * (rnd(a) / 2147483648.0);
}

static inline void arena_open(struct arena *a, uint64_t seed)
{
	a->mem = aligned_alloc(64, ARENA);
	a->want = aligned_alloc(64, ARENA);
	a->scratch = aligned_alloc(64, NSP_SCRATCH);
	a->rng = seed * 77777 + 1;
	assert_true(a->mem && a->want && a->scratch);
	memset(a->scratch, 0xff, NSP_SCRATCH);
}

static inline void arena_close(struct arena *a)
{
	free(a->mem);
	free(a->want);
	free(a->scratch);
}

static inline void arena_new(struct arena *a, unsigned int op,
			     unsigned int sub)
{
	static const uint32_t ones[NSP_DIMS] = { 1, 1, 1, 1, 1, 1 };

	memset(&a->cmd, 0, sizeof(a->cmd));
	memcpy(a->cmd.dims, ones, sizeof(ones));
	a->cmd.op = op;
	a->cmd.sub = sub;
	a->used = 64;
	memset(a->start, 0, sizeof(a->start));
	memset(a->end, 0, sizeof(a->end));
}

/* Make dims smaller until there are at most @max elements. */
static inline void limit_dims(struct arena *a, uint64_t max)
{
	uint64_t n;
	int d;

	for (;;) {
		for (d = 0, n = 1; d < NSP_DIMS; d++)
			n *= a->cmd.dims[d];
		if (n <= max)
			return;
		d = rnd_below(a, NSP_DIMS);
		a->cmd.dims[d] = (a->cmd.dims[d] + 1) / 2;
	}
}

/* ---- values as the model sees them ---- */

static inline double get_elem(const uint8_t *p, unsigned int t)
{
	switch (t) {
	case QAIC_F32: return *(const float *)p;
	case QAIC_F16: return qaic_f16_to_f32(*(const uint16_t *)p);
	case QAIC_I8: return *(const int8_t *)p;
	case QAIC_U8: return *p;
	case QAIC_BOOL: return *p != 0;
	case QAIC_I16: return *(const int16_t *)p;
	case QAIC_U16: return *(const uint16_t *)p;
	case QAIC_I32: return *(const int32_t *)p;
	case QAIC_U32: return *(const uint32_t *)p;
	case QAIC_I64: return *(const int64_t *)p;
	case QAIC_U64: return *(const uint64_t *)p;
	}
	return 0;
}

static inline double saturate(double v, double lo, double hi)
{
	return v != v ? 0 : v < lo ? lo : v > hi ? hi : trunc(v);
}

static inline void put_elem(uint8_t *p, unsigned int t, double v)
{
	switch (t) {
	case QAIC_F32: *(float *)p = v; break;
	case QAIC_F16: *(uint16_t *)p = qaic_f32_to_f16(v); break;
	case QAIC_BOOL: *p = v != 0; break;
	case QAIC_I8: *(int8_t *)p = saturate(v, -128, 127); break;
	case QAIC_U8: *p = saturate(v, 0, 255); break;
	case QAIC_I16: *(int16_t *)p = saturate(v, -32768, 32767); break;
	case QAIC_U16: *(uint16_t *)p = saturate(v, 0, 65535); break;
	case QAIC_I32:
		*(int32_t *)p = saturate(v, INT32_MIN, INT32_MAX);
		break;
	case QAIC_U32: *(uint32_t *)p = saturate(v, 0, UINT32_MAX); break;
	case QAIC_I64:
		*(int64_t *)p = v >= 0x1p63 ? INT64_MAX :
			v <= -0x1p63 ? INT64_MIN : v != v ? 0 : (int64_t)v;
		break;
	case QAIC_U64:
		*(uint64_t *)p = v >= 0x1p64 ? UINT64_MAX :
				 v > 0 ? (uint64_t)v : 0;
		break;
	}
}

/* ---- operands ---- */

enum { DENSE, STRIDED, ROWMAJOR };

/*
 * Give operand @o room for dims[] where bit i of @moves is set, @count[i]
 * elements along it, in a random order of dims with random gaps and directions
 * (STRIDED; an input may also stand still), dense in a random order (DENSE), or
 * dense in the order of dims (ROWMAJOR). Filled with random values of [lo, hi).
 */
static inline void arena_opnd(struct arena *a, int o, unsigned int t,
			      unsigned int moves, const uint32_t *count,
			      int how, double lo, double hi)
{
	struct nsp_opnd *op = &a->cmd.o[o];
	size_t size = qaic_dtype_size(t), i;
	int order[NSP_DIMS], d, n = 0, j;
	int64_t step = 1, off = 0, first;

	a->cmd.dtype[o] = t;
	for (d = NSP_DIMS - 1; d >= 0; d--) {
		op->stride[d] = 0;
		if (moves >> d & 1)
			order[n++] = d;
	}
	for (d = n - 1; d > 0 && how != ROWMAJOR; d--) {
		j = rnd_below(a, d + 1);
		i = order[d];
		order[d] = order[j];
		order[j] = i;
	}
	for (j = 0; j < n; j++) {
		d = order[j];
		if (how == STRIDED && o && !rnd_below(a, 8))
			continue;
		if (how == STRIDED && !rnd_below(a, 3))
			step += rnd_below(a, 3);
		op->stride[d] = step;
		if (how == STRIDED && !rnd_below(a, 4)) {
			op->stride[d] = -step;
			off += step * (count[d] - 1);
		}
		step *= count[d];
	}
	first = (a->used + 63) / 64 * 64;
	a->start[o] = first;
	a->end[o] = first + step * size;
	a->used = a->end[o] + 64;
	assert_true(a->used < ARENA);
	op->addr = NSP_ADDR(NSP_SPACE_DDR, first + off * size);
	for (i = 0; i < (size_t)step; i++)
		put_elem(a->mem + first + i * size, t, rnd_real(a, lo, hi));
}

/* The element of operand @o, in the model's memory. */
static inline uint8_t *at_elem(const struct arena *a, int o,
			       const int64_t *idx)
{
	const struct nsp_opnd *op = &a->cmd.o[o];
	int64_t off = 0;
	int d;

	for (d = 0; d < NSP_DIMS; d++)
		off += idx[d] * op->stride[d];
	return a->want + NSP_ADDR_OFF(op->addr) +
	       off * (int64_t)qaic_dtype_size(a->cmd.dtype[o]);
}

#define AT(a, o, ...) at_elem(a, o, (const int64_t[NSP_DIMS]){ __VA_ARGS__ })
#define GET(a, o, ...) \
	get_elem(AT(a, o, __VA_ARGS__), (a)->cmd.dtype[o])
#define PUT(a, o, v, ...) \
	put_elem(AT(a, o, __VA_ARGS__), (a)->cmd.dtype[o], v)

/* i[0..5] over the dims of the command */
#define EACH_DIM(a, i, d) for ((i)[d] = 0; (i)[d] < (a)->cmd.dims[d]; (i)[d]++)
#define EACH(a, i) EACH_DIM(a, i, 0) EACH_DIM(a, i, 1) EACH_DIM(a, i, 2) \
	EACH_DIM(a, i, 3) EACH_DIM(a, i, 4) EACH_DIM(a, i, 5)

/* Before the model: the two memories are the same. */
static inline void arena_same(struct arena *a)
{
	memcpy(a->want, a->mem, a->used);
}

static inline bool close_to(double got, double want, double rel, double abs)
{
	if (got != got || want != want)
		return (got != got) == (want != want);
	if (isinf(got) || isinf(want))
		return got == want;
	return fabs(got - want) <= abs + rel * fabs(want);
}

static inline void show(const struct arena *a)
{
	const struct nsp_cmd *c = &a->cmd;
	int o, d;

	fprintf(stderr, "%s: op %u sub %u dims", nsp_kernels(), c->op, c->sub);
	for (d = 0; d < NSP_DIMS; d++)
		fprintf(stderr, " %u", c->dims[d]);
	for (o = 0; o < NSP_OPNDS; o++) {
		if (!c->o[o].addr)
			continue;
		fprintf(stderr, "\n  o%d %s", o, qaic_dtype_name(c->dtype[o]));
		for (d = 0; d < NSP_DIMS; d++)
			fprintf(stderr, " %d", c->o[o].stride[d]);
	}
	fprintf(stderr, "\n  imm %d %d %d\n", c->imm[0].i, c->imm[1].i,
		c->imm[2].i);
}

static inline void run_card(struct arena *a)
{
	struct nsp_mem mem = { .ddr = a->mem };

	nsp_exec(&a->cmd, &mem, 0, a->scratch);
}

/*
 * Run the command and compare. @rel is for F32 results, F16 ones may be one
 * rounding apart beside it.
 */
static inline void arena_check(struct arena *a, double rel, double abs)
{
	unsigned int t;
	uint64_t i, size;
	double g, w;
	int o;

	run_card(a);
	for (i = 0; i < a->used; i++) {
		if (a->mem[i] == a->want[i])
			continue;
		for (o = 0; o < NSP_OPNDS; o++)
			if (i >= a->start[o] && i < a->end[o])
				break;
		t = o < NSP_OPNDS ? a->cmd.dtype[o] : QAIC_U8;
		size = qaic_dtype_size(t);
		if (o < NSP_OPNDS)
			i = a->start[o] + (i - a->start[o]) / size * size;
		g = get_elem(a->mem + i, t);
		w = get_elem(a->want + i, t);
		if ((t == QAIC_F32 && close_to(g, w, rel, abs)) ||
		    (t == QAIC_F16 && close_to(g, w, rel + 0x1p-10,
					       abs + 0x1p-24))) {
			i += size - 1;
			continue;
		}
		show(a);
		fail_msg("operand %d + %llu bytes: %.9g, expected %.9g", o,
			 (unsigned long long)(i - (o < NSP_OPNDS ?
			 a->start[o] : 0)), g, w);
	}
}

static const unsigned int all_types[] = {
	QAIC_F32, QAIC_F16, QAIC_I8, QAIC_U8, QAIC_I16, QAIC_U16, QAIC_I32,
	QAIC_U32, QAIC_I64, QAIC_U64, QAIC_BOOL,
};

#define NUM_TYPES (sizeof(all_types) / sizeof(all_types[0]))

static inline unsigned int rnd_float_type(struct arena *a)
{
	return rnd_below(a, 2) ? QAIC_F16 : QAIC_F32;
}

static inline unsigned int rnd_index_type(struct arena *a)
{
	return rnd_below(a, 2) ? QAIC_I64 : QAIC_I32;
}

static inline int rnd_how(struct arena *a)
{
	return rnd_below(a, 3);
}

/*
 * The tests with each set of kernels, in a child each: the choice is made once
 * in a process.
 */
#define RUN_ALL(tests) run_all(tests, sizeof(tests) / sizeof(tests[0]))
static inline int run_all(const struct CMUnitTest *tests, size_t n)
{
	static const char *const sets[] = { "portable", "avx2",
					    "avx512", "avx512vnni" };
	int status, failed = 0;
	size_t i;
	pid_t pid;

	for (i = 0; i < QAIC_ARRAY_SIZE(sets); i++) {
		fflush(NULL);
		pid = fork();
		if (!pid) {
			setenv("QAIC_KERNELS", sets[i], 1);
			if (strcmp(nsp_kernels(), sets[i]))
				exit(0);	/* not this CPU */
			exit(_cmocka_run_group_tests(sets[i], tests, n, NULL,
						     NULL));
		}
		if (pid < 0 || waitpid(pid, &status, 0) < 0)
			return 1;
		failed += status != 0;
	}
	return failed;
}

#endif
