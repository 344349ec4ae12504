// SPDX-License-Identifier: MIT
/* Commands of neighbouring NSPs as one: what goes together, and what must not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/str.h"
#include "qpc/optable.h"
#include "soc/nsp_fold.h"
#include "soc/nsp_join.h"

#define D(i)	(1u << (i))
#define DDR(off)	NSP_ADDR(NSP_SPACE_DDR, off)
#define TCM(off)	NSP_ADDR(NSP_SPACE_TCM, off)
#define LOCAL(off)	NSP_ADDR(NSP_SPACE_LOCAL, off)
#define CONST(off)	NSP_ADDR(NSP_SPACE_CONST, off)

/* ---- folding ---- */

static const struct {
	const char *what;
	struct nsp_cmd cmd;
	unsigned int way;
	uint32_t unit;		/* pieces are multiples of this long */
} wholes[] = {
	{ "rows of a sum", {
		.op = NSP_BINARY, .sub = NSP_B_ADD,
		.dims = { 1, 1, 1, 8, 24, 16 },
		.o = { { TCM(0), { 0, 0, 0, 500, 20, 1 } },
		       { DDR(4096), { 0, 0, 0, 0, 16, 1 } },
		       { LOCAL(64), { 0, 0, 0, 1, 0, 0 } } } }, D(4), 1 },
	{ "columns, backwards", {
		.op = NSP_UNARY, .sub = NSP_U_SILU, .dtype = { QAIC_F16 },
		.dims = { 1, 1, 1, 1, 3, 64 },
		.o = { { TCM(0), { 0, 0, 0, 0, 64, 1 } },
		       { DDR(65536), { 0, 0, 0, 0, 64, -4 } } } }, D(5), 1 },
	{ "a sum over dim 3", {
		.op = NSP_REDUCE, .sub = NSP_R_SUM,
		.imm = { { .u = D(3) } },
		.dims = { 1, 1, 5, 7, 1, 12 },
		.o = { { TCM(0), { 0, 0, 12, 99, 0, 1 } },
		       { DDR(0), { 0, 0, 84, 12, 0, 1 } } } }, D(5), 1 },
	{ "norms", {
		.op = NSP_NORM, .dims = { 1, 1, 1, 1, 30, 96 },
		.o = { { TCM(0), { 0, 0, 0, 0, 96, 1 } },
		       { DDR(0), { 0, 0, 0, 0, 96, 1 } },
		       { CONST(0), { 0, 0, 0, 0, 0, 1 } } } }, D(4), 1 },
	{ "rows of F16 weights", {
		.op = NSP_MATMUL,
		.dtype = { QAIC_F16, QAIC_F16, QAIC_F16, QAIC_F32 },
		.dims = { 1, 1, 40, 100, 64, 1 },
		.o = { { TCM(0), { 0, 0, 100, 1, 0, 0 } },
		       { LOCAL(0), { 0, 0, 64, 0, 1, 0 } },
		       { CONST(4096), { 0, 0, 0, 64, 1, 0 } },
		       { CONST(0), { 0, 0, 0, 1, 0, 0 } } } }, D(3), 1 },
	{ "F16 panels", {
		.op = NSP_MATMUL,
		.dtype = { QAIC_F32, QAIC_F16, QAIC_F16_PANELS },
		.dims = { 1, 1, 1, 200, 70, 1 },
		.o = { { TCM(0), { 0, 0, 0, 1, 0, 0 } },
		       { LOCAL(0), { 0, 0, 0, 0, 1, 0 } },
		       { CONST(0), { 0, 0, 0, 70, 1, 0 } } } }, D(3), 16 },
	{ "panels of blocks", {
		.op = NSP_MATMUL, .flags = NSP_MM_ACT8,
		.dtype = { QAIC_F32, QAIC_F16, QAIC_MXFP6 },
		.dims = { 1, 1, 600, 250, 70, 1 },
		.o = { { TCM(0), { 0, 0, 250, 1, 0, 0 } },
		       { TCM(1 << 20), { 0, 0, 70, 0, 1, 0 } },
		       { CONST(0), { 0, 0, 0, 96, 1, 0 } } } }, D(3), 16 },
	{ "columns of weights, few rows", {
		.op = NSP_MATMUL, .dims = { 1, 2, 8, 48, 64, 1 },
		.o = { { TCM(0), { 0, 384, 48, 1, 0, 0 } },
		       { DDR(0), { 0, 512, 64, 0, 1, 0 } },
		       { DDR(65536), { 0, 0, 0, 1, 48, 0 } } } }, D(3), 1 },
	{ "heads to turn", {
		.op = NSP_ROPE, .dtype = { QAIC_F16, QAIC_F16, 0, 0, QAIC_I64 },
		.dims = { 2, 3, 12, 64, 100, 64 },
		.o = { { TCM(0), { 2304, 768, 64, 1, 0, 0 } },
		       { DDR(0), { 2304, 768, 64, 1, 0, 0 } },
		       { CONST(0), { 0, 0, 0, 0, 64, 1 } },
		       { CONST(65536), { 0, 0, 0, 0, 64, 1 } },
		       { DDR(1 << 20), { 3, 1, 0, 0, 0, 0 } } } }, D(2), 1 },
	{ "query heads of a kv head", {
		.op = NSP_ATTN,
		.dtype = { QAIC_F16, QAIC_F16, QAIC_F16, QAIC_F16, QAIC_I64 },
		.dims = { 1, 3, 8, 1, 64, 100 },
		.o = { { TCM(0), { 0, 512, 64, 0, 1, 0 } },
		       { TCM(65536), { 0, 512, 64, 0, 1, 0 } },
		       { DDR(0), { 0, 0, 0, 0, 1, 64 } },
		       { DDR(65536), { 0, 0, 0, 0, 1, 64 } },
		       { DDR(1 << 20), { 3, 1, 0, 0, 0, 0 } } } }, D(2), 1 },
	{ "a line of an MXINT8 cache", {
		.op = NSP_KVPUT,
		.dtype = { QAIC_MXINT8, QAIC_F16, QAIC_I32 },
		.dims = { 1, 6, 2, 70, 100, 1 },
		.o = { { DDR(0), { 0, 9600, 0, 1, 96, 0 } },
		       { TCM(0), { 0, 70, 420, 1, 0, 0 } },
		       { LOCAL(0), { 0, 0, 1, 0, 0, 0 } } } }, D(1), 1 },
	{ "rows of a table", {
		.op = NSP_GATHER,
		.dtype = { QAIC_F32, QAIC_F16, QAIC_I64 },
		.dims = { 1, 32, 1, 96, 1000, 1 },
		.o = { { TCM(0), { 0, 96, 0, 1, 0, 0 } },
		       { CONST(0), { 0, 0, 0, 1, 96, 0 } },
		       { DDR(0), { 0, 1, 0, 0, 0, 0 } } } }, D(1), 1 },
};

/* where a piece is that begins at @at along dim @d */
static struct nsp_cmd piece(const struct nsp_cmd *c, int d, uint32_t at,
			    uint32_t n)
{
	const struct qpc_op_rule *rule = qpc_op_rule(c->op);
	struct nsp_cmd p = *c;
	unsigned int k, mask;

	p.dims[d] = n;
	for (k = 0; k < NSP_OPNDS; k++) {
		mask = rule->o[k].dims;
		if (rule->o[k].axes == QPC_AX_REDUCED)
			mask &= ~c->imm[0].u;
		if (!qpc_opnd_present(c, k) || !(mask & D(d)))
			continue;
		p.o[k].addr += qaic_dtype_bytes(c->dtype[k],
				(int64_t)c->o[k].stride[d] * at);
		if (n == 1)	/* says nothing then */
			p.o[k].stride[d] = 0;
	}
	return p;
}

static void test_fold(void **state)
{
	struct nsp_cmd a, b;
	uint32_t len, at, n;
	size_t i, k;
	int d;

	for (i = 0; i < QAIC_ARRAY_SIZE(wholes); i++) {
		d = __builtin_ctz(wholes[i].way);
		len = wholes[i].cmd.dims[d];
		n = wholes[i].unit;
		a = piece(&wholes[i].cmd, d, 0, n);
		for (at = n; at < len; at += n) {
			n = wholes[i].unit * (1 + at % 2);
			n = len - at < n ? len - at : n;
			b = piece(&wholes[i].cmd, d, at, n);
			if (!nsp_fold(&a, &b, wholes[i].way, &a))
				fail_msg("%s: at %u", wholes[i].what, at);
			/* not in the wrong order, not twice */
			assert_false(nsp_fold(&b, &a, wholes[i].way, &b));
			assert_false(nsp_fold(&a, &b, wholes[i].way, &b));
		}
		assert_memory_equal(a.dims, wholes[i].cmd.dims, sizeof(a.dims));
		for (k = 0; k < NSP_OPNDS; k++) {
			assert_true(a.o[k].addr == wholes[i].cmd.o[k].addr);
			if (qpc_op_rule(a.op)->o[k].dims & wholes[i].way &&
			    qpc_op_rule(a.op)->o[k].axes == QPC_AX_DIMS)
				assert_memory_equal(a.o[k].stride,
					wholes[i].cmd.o[k].stride,
					sizeof(a.o[k].stride));
		}
	}
	(void)state;
}

/* two pieces of a whole, and a change to the second: not one command */
static void test_differ(void **state)
{
	struct nsp_cmd a, b, out;
	size_t i;
	int d, n;

	for (i = 0; i < QAIC_ARRAY_SIZE(wholes); i++) {
		d = __builtin_ctz(wholes[i].way);
		n = wholes[i].unit * 2;
		a = piece(&wholes[i].cmd, d, 0, n);
#define CHANGED(what)							\
		do {							\
			b = piece(&wholes[i].cmd, d, n, n);		\
			what;						\
			assert_false(nsp_fold(&a, &b, wholes[i].way,	\
					      &out));			\
		} while (0)
		CHANGED(b.op++);
		CHANGED(b.sub++);
		CHANGED(b.flags ^= 1);
		CHANGED(b.dtype[0] ^= 1);
		CHANGED(b.imm[5].i++);
		CHANGED(b.dims[0]++);
		CHANGED(b.dims[d] = 0);
		CHANGED(b.dims[d] = UINT32_MAX);
		CHANGED(b.o[0].addr++);
		CHANGED(b.o[0].addr += 64);
		CHANGED(b.o[1].addr -= 32);
		CHANGED(b.o[0].addr ^= 7ull << 56);
		CHANGED(b.o[1].stride[d ? d : 1] += 3; b.o[0].stride[d] += 3);
		CHANGED(b.o[1].addr = 0; b.o[0].addr = 0);
#undef CHANGED
	}
	(void)state;
}

static struct nsp_cmd attn(unsigned int q, unsigned int nq, unsigned int kv,
			   unsigned int nkv)
{
	return (struct nsp_cmd){
		.op = NSP_ATTN,
		.dtype = { QAIC_F16, QAIC_F16, QAIC_F16, QAIC_F16, QAIC_I64 },
		.dims = { 1, 1, nq, nkv, 64, 100 },
		.o = { { TCM(q * 128), { 0, 0, 64, 0, 1, 0 } },
		       { TCM(65536 + q * 128), { 0, 0, 64, 0, 1, 0 } },
		       { DDR(kv * 12800), { 0, 0, 0, 6400, 1, 64 } },
		       { DDR(65536 + kv * 12800), { 0, 0, 0, 6400, 1, 64 } },
		       { DDR(1 << 20), { 1, 1, 0, 0, 0, 0 } } },
	};
}

static void test_fold_heads(void **state)
{
	struct nsp_cmd a = attn(0, 4, 0, 1), b = attn(4, 4, 1, 1), c;

	/* two kv heads with four query heads each */
	assert_false(nsp_fold(&a, &b, D(2), &c));
	assert_true(nsp_fold(&a, &b, D(2) | D(3), &c));
	assert_int_equal(c.dims[2], 8);
	assert_int_equal(c.dims[3], 2);
	/* not when they have different numbers of query heads */
	b = attn(4, 3, 1, 1);
	assert_false(nsp_fold(&a, &b, D(2) | D(3), &c));
	/* nor more query heads for two kv heads: the ratio says whose they are */
	a = attn(0, 8, 0, 2);
	b = attn(8, 8, 0, 2);
	assert_false(nsp_fold(&a, &b, D(2), &c));
	(void)state;
}

static void test_fold_matmul(void **state)
{
	struct nsp_cmd a = {
		.op = NSP_MATMUL, .dims = { 1, 1, 32, 8, 16, 1 },
		.o = { { TCM(0), { 0, 0, 64, 1, 0, 0 } },
		       { DDR(0), { 0, 0, 16, 0, 1, 0 } },
		       { CONST(0), { 0, 0, 0, 16, 1, 0 } } },
	}, b = a, c;

	b.o[0].addr += 8 * 4;
	b.o[2].addr += 8 * 16 * 4;
	assert_true(nsp_fold(&a, &b, D(3), &c));
	/* a BLAS will do more rows, and its sums depend on how much it gets */
	a.dims[2] = b.dims[2] = 33;
	assert_false(nsp_fold(&a, &b, D(3), &c));
	a.dims[2] = b.dims[2] = 11;
	a.dims[1] = b.dims[1] = 3;
	assert_false(nsp_fold(&a, &b, D(3), &c));

	/* the second does not go on in the middle of the first one's panel */
	a.dims[1] = b.dims[1] = 1;
	a.dtype[2] = b.dtype[2] = QAIC_F16_PANELS;
	b.o[2].addr = CONST(8 * 16 * 2);
	assert_false(nsp_fold(&a, &b, D(3), &c));
	a.dims[3] = 16;
	b.o[0].addr = TCM(16 * 4);
	b.o[2].addr = CONST(16 * 16 * 2);
	assert_true(nsp_fold(&a, &b, D(3), &c));
	assert_int_equal(c.dims[3], 24);
	(void)state;
}

/* the reduced dim is not one to go on along */
static void test_fold_reduce(void **state)
{
	struct nsp_cmd a = {
		.op = NSP_REDUCE, .imm = { { .u = D(5) } },
		.dims = { 1, 1, 1, 1, 1, 8 },
		.o = { { TCM(0), { 0, 0, 0, 0, 0, 1 } },
		       { DDR(0), { 0, 0, 0, 0, 0, 1 } } },
	}, b = a, c;

	b.o[1].addr += 32;
	assert_false(nsp_fold(&a, &b, D(5), &c));
	(void)state;
}

/* ---- whole streams ---- */

#define NSPS	4
#define MANY	8
#define CMDS	16

static struct nsp_cmd cmds[MANY][CMDS];
static struct qpc_spec spec;
static struct qpc_program prog;

static const struct nsp_cmd barrier = { .op = NSP_BARRIER };

/* the n-th 8 floats: o0 = o1 + o2 */
static struct nsp_cmd add(int n, uint64_t to, uint64_t x, uint64_t y)
{
	return (struct nsp_cmd){
		.op = NSP_BINARY, .node = 1,
		.dims = { 1, 1, 1, 1, 1, 8 },
		.o = { { to + n * 32, { 0, 0, 0, 0, 0, 1 } },
		       { x + n * 32, { 0, 0, 0, 0, 0, 1 } },
		       { y + n * 32, { 0, 0, 0, 0, 0, 1 } } },
	};
}

/* all 32 floats into LOCAL */
static struct nsp_cmd fetch(uint64_t to, uint64_t from)
{
	return (struct nsp_cmd){
		.op = NSP_MOVE, .node = 2,
		.dims = { 1, 1, 1, 1, 1, 32 },
		.o = { { to, { 0, 0, 0, 0, 0, 1 } },
		       { from, { 0, 0, 0, 0, 0, 1 } } },
	};
}

static void put(int n, struct nsp_cmd c)
{
	cmds[n][spec.streams[n].num_cmds++] = c;
}

static void begin_with(unsigned int nsps)
{
	unsigned int n;

	memset(cmds, 0, sizeof(cmds));
	memset(&spec, 0, sizeof(spec));
	memset(&prog, 0, sizeof(prog));
	prog.num_nsps = nsps;
	prog.specs = &spec;
	prog.num_specs = 1;
	prog.ddr_size = prog.tcm_size = prog.local_size = 4096;
	for (n = 0; n < nsps; n++)
		spec.streams[n].cmds = cmds[n];
}

static void begin(void)
{
	begin_with(NSPS);
}

static struct nsp_join *join(unsigned int threads)
{
	static const struct nsp_cmd ending[] = {
		{ .op = NSP_SEM, .sub = 1 }, { .op = NSP_SEM }, { .op = NSP_END },
	};
	struct nsp_join *j;
	unsigned int n, i;

	for (n = 0; n < prog.num_nsps; n++)
		for (i = 0; i < 3; i++)
			put(n, ending[i]);
	assert_int_equal(nsp_join_create(&prog, threads, &j), 0);
	return j;
}

static void expect_ops(const struct nsp_join *j, unsigned int group,
		       const int *ops)
{
	const struct qpc_stream *s = &j->streams[0][group];
	uint32_t i;

	for (i = 0; i < s->num_cmds; i++)
		assert_int_equal(s->cmds[i].op, ops[i]);
	assert_int_equal(s->cmds[i - 1].op, NSP_END);
}

static void test_join(void **state)
{
	static const int ops[] = { NSP_MOVE, NSP_BINARY, NSP_BARRIER,
				   NSP_BINARY, NSP_END };
	struct nsp_join *j;
	int n;

	begin();
	for (n = 0; n < NSPS; n++) {
		put(n, fetch(LOCAL(0), DDR(0)));
		put(n, add(n, TCM(0), LOCAL(0), DDR(1024)));
		put(n, barrier);
		put(n, add(n, DDR(2048), TCM(0), LOCAL(0)));
	}
	j = join(1);
	assert_non_null(j);
	assert_int_equal(j->num_groups, 1);
	assert_int_equal(j->first[0], 0);
	expect_ops(j, 0, ops);
	assert_int_equal(j->streams[0][0].cmds[0].dims[5], 32);
	assert_int_equal(j->streams[0][0].cmds[1].dims[5], 32);
	assert_int_equal(j->streams[0][0].cmds[3].dims[5], 32);
	nsp_join_free(j);
	(void)state;
}

static void test_groups(void **state)
{
	static const unsigned int first[] = { 0, 2, 4, 5, 6, 7, MANY };
	struct nsp_join *j;
	unsigned int g;
	int n;

	begin_with(MANY);
	for (n = 0; n < MANY; n++)
		put(n, add(n, TCM(0), DDR(0), DDR(1024)));
	j = join(2);
	assert_non_null(j);
	assert_int_equal(j->num_groups, 6);
	for (g = 0; g < j->num_groups; g++) {
		assert_int_equal(j->first[g], first[g]);
		assert_int_equal(j->streams[0][g].num_cmds, 2);
		assert_int_equal(j->streams[0][g].cmds[0].dims[5],
				 8 * (first[g + 1] - first[g]));
	}
	nsp_join_free(j);

	/* a thread for each: nothing to join */
	assert_int_equal(nsp_join_create(&prog, MANY, &j), 0);
	assert_null(j);
	(void)state;
}

/* NSPs without work of their own, and with more than others */
static void test_uneven(void **state)
{
	static const int ops[] = { NSP_UNARY, NSP_BINARY, NSP_MOVE, NSP_BINARY,
				   NSP_END };
	struct nsp_cmd extra = add(0, TCM(3000), DDR(0), DDR(0));
	struct nsp_join *j;
	int n;

	extra.op = NSP_UNARY;
	extra.node = 7;
	extra.o[2].addr = 0;
	begin();
	for (n = 0; n < NSPS; n++) {
		if (n == 2)
			put(n, extra);
		if (n != 3)
			put(n, add(n, TCM(0), DDR(0), DDR(1024)));
		put(n, fetch(LOCAL(0), DDR(0)));
		if (n)
			put(n, add(n, TCM(2048), LOCAL(0), DDR(1024)));
	}
	j = join(1);
	assert_non_null(j);
	expect_ops(j, 0, ops);
	assert_int_equal(j->streams[0][0].cmds[1].dims[5], 24);
	assert_int_equal(j->streams[0][0].cmds[3].dims[5], 24);
	assert_true(j->streams[0][0].cmds[3].o[0].addr == TCM(2048 + 32));
	nsp_join_free(j);
	(void)state;
}

/* what does not go on stays apart */
static void test_apart(void **state)
{
	static const int ops[] = { NSP_BINARY, NSP_BINARY, NSP_END };
	struct nsp_join *j;
	int n;

	begin();
	for (n = 0; n < NSPS; n++)
		put(n, add(n * n, TCM(0), DDR(0), DDR(1024)));
	j = join(1);
	assert_non_null(j);
	expect_ops(j, 0, ops);
	/* 0 and 1 are a row of 16, 4 and 9 are two rows of 8 */
	assert_int_equal(j->streams[0][0].cmds[0].dims[5], 16);
	assert_int_equal(j->streams[0][0].cmds[1].dims[5], 8);
	nsp_join_free(j);
	(void)state;
}

/* each NSP keeps something of its own in LOCAL: they run one by one */
static void test_own_local(void **state)
{
	struct nsp_join *j;
	int n;

	begin();
	for (n = 0; n < NSPS; n++)
		put(n, fetch(LOCAL(0), DDR(n * 32)));
	assert_null(join(1));

	begin();
	for (n = 0; n < NSPS; n++)
		if (n)
			put(n, fetch(LOCAL(0), DDR(0)));
	assert_null(join(1));

	begin();
	for (n = 0; n < NSPS; n++) {
		put(n, fetch(LOCAL(n & 1 ? 0 : 512), DDR(0)));
		put(n, fetch(LOCAL(n & 1 ? 512 : 0), DDR(0)));
	}
	assert_null(join(1));

	/* LOCAL is used again, behind what reads it */
	begin();
	for (n = 0; n < NSPS; n++) {
		put(n, fetch(LOCAL(0), DDR(0)));
		put(n, add(n, TCM(0), LOCAL(0), DDR(0)));
		put(n, fetch(LOCAL(0), DDR(128)));
		put(n, add(n, TCM(1024), LOCAL(0), DDR(0)));
	}
	j = join(1);
	assert_non_null(j);
	assert_int_equal(j->streams[0][0].num_cmds, 5);
	nsp_join_free(j);
	(void)state;
}

/* together they would leave the memory that the program has: they stay apart */
static void test_verified(void **state)
{
	struct nsp_join *j;
	int n;

	begin();
	for (n = 0; n < NSPS; n++)
		put(n, add(n, TCM(0), DDR(0), DDR(1024)));
	prog.tcm_size = 40;
	j = join(1);
	assert_non_null(j);
	assert_int_equal(j->streams[0][0].num_cmds, NSPS + 1);
	nsp_join_free(j);
	(void)state;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_fold),
		cmocka_unit_test(test_differ),
		cmocka_unit_test(test_fold_heads),
		cmocka_unit_test(test_fold_matmul),
		cmocka_unit_test(test_fold_reduce),
		cmocka_unit_test(test_join),
		cmocka_unit_test(test_groups),
		cmocka_unit_test(test_uneven),
		cmocka_unit_test(test_apart),
		cmocka_unit_test(test_own_local),
		cmocka_unit_test(test_verified),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
