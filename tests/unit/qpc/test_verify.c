// SPDX-License-Identifier: MIT
/* qpc_verify: good programs pass, each kind of bad one is refused. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <time.h>

#include "qpc/optable.h"
#include "tests/unit/qpc/commands.h"

/* Verify the sample with one command put in place of the first. */
static int verify_with(const struct nsp_cmd *cmd, struct qaic_err *err)
{
	struct qpc_program p;
	int rc;

	sample_program(&p, 1);
	p.specs[0].streams[0].cmds[0] = *cmd;
	rc = qpc_verify(&p, err);
	qpc_program_release(&p);
	return rc;
}

static void test_good(void **state)
{
	bool seen[NSP_OP_COUNT] = { false };
	struct qaic_err err = QAIC_ERR_INIT;
	struct nsp_cmd c;
	size_t i;

	for (i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		c = make(&good[i]);
		if (verify_with(&c, &err))
			fail_msg("%s", err.msg);
		seen[c.op] = true;
	}
	for (i = 0; i < sizeof(in_blocks) / sizeof(in_blocks[0]); i++) {
		c = make(&in_blocks[i]);
		if (verify_with(&c, &err))
			fail_msg("%s", err.msg);
	}
	for (i = NSP_MOVE; i < NSP_OP_COUNT; i++)
		if (qpc_op_rule(i))
			assert_true(seen[i]);
}

static void refused(const struct nsp_cmd *c, const char *text)
{
	struct qaic_err err = QAIC_ERR_INIT;

	if (!verify_with(c, &err))
		fail_msg("%s accepted: %s", qpc_op_name(c->op), text);
	assert_int_equal(err.code, -EINVAL);
	if (!strstr(err.msg, text))
		fail_msg("'%s' does not say '%s'", err.msg, text);
	assert_non_null(strstr(err.msg, "specialization 0: NSP 0: command 0: "));
}

/* What is wrong with every command, whatever its operation. */
static void test_every_op(void **state)
{
	struct nsp_cmd c;
	size_t i;
	int k;

	for (i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		const struct qpc_op_rule *rule = qpc_op_rule(good[i].op);

		c = make(&good[i]);
		c.flags = 1;
		refused(&c, "reserved");
		c = make(&good[i]);
		c.rsv[1] = 1;
		refused(&c, "reserved");
		c = make(&good[i]);
		c.sub = 200;
		refused(&c, "variant");
		for (k = 0; k < NSP_DIMS; k++) {
			c = make(&good[i]);
			c.dims[k] = 0;
			refused(&c, "is 0");
		}
		for (k = 0; k < NSP_OPNDS; k++) {
			c = make(&good[i]);
			c.o[k].addr = NSP_ADDR(9, 0);
			refused(&c, "no such space");
			c = make(&good[i]);
			if (rule->o[k].role == QPC_ABSENT) {
				c.o[k].addr = DDR(0);
				refused(&c, "has none");
				c = make(&good[i]);
				c.dtype[k] = QAIC_F16;
				refused(&c, "absent");
				continue;
			}
			if (!qpc_opnd_present(&c, k))
				continue;
			if (rule->o[k].role != QPC_READ_OPT) {
				c.o[k].addr = 0;
				c.dtype[k] = 0;
				refused(&c, "missing");
			}
			c = make(&good[i]);
			c.dtype[k] = QAIC_F64;
			refused(&c, "");
			c = make(&good[i]);
			c.dtype[k] = 77;
			refused(&c, "");
			c = make(&good[i]);
			if (qaic_dtype_size(c.dtype[k]) > 1) {
				c.o[k].addr++;
				refused(&c, "aligned");
			}
			/* the last bytes of its space are too few */
			c = make(&good[i]);
			c.o[k].addr = DDR(SAMPLE_DDR);
			refused(&c, "leaves the DDR");
			c.o[k].addr = NSP_ADDR(NSP_SPACE_DDR, 0xfffffffffffff8ull);
			refused(&c, "leaves the DDR");
			if (rule->o[k].role >= QPC_WRITE) {
				c.o[k].addr = CONST(0);
				refused(&c, "constants");
			}
		}
	}
}

/*
 * The largest and the smallest stride, positive and negative, of every axis that
 * an operand moves along must be refused, those it does not must not matter.
 */
static void test_every_stride(void **state)
{
	static const int32_t wild[] = { INT32_MAX, INT32_MIN };
	struct qaic_err err = QAIC_ERR_INIT;
	struct nsp_cmd c;
	size_t i;
	int k, s, w;

	for (i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		for (k = 0; k < NSP_OPNDS; k++)
			for (s = 0; s < NSP_DIMS; s++)
				for (w = 0; w < 2; w++) {
					struct qpc_axis ax[NSP_DIMS];
					unsigned int n, j;
					bool moves = false;

					c = make(&good[i]);
					if (!qpc_opnd_present(&c, k))
						continue;
					c.o[k].stride[s] = wild[w];
					n = qpc_opnd_axes(&c, k, ax);
					for (j = 0; j < n; j++)
						moves |= ax[j].stride == wild[w] &&
							 ax[j].count > 1;
					if (moves)
						refused(&c, "leaves");
					else if (verify_with(&c, &err))
						fail_msg("%s", err.msg);
				}
}

/* ---- parameters and types of single operations ---- */

static struct nsp_cmd good_of(int op)
{
	size_t i;

	for (i = 0; good[i].op != op; i++)
		;
	return make(&good[i]);
}

#define BAD(op_, text, ...)				\
	do {						\
		struct nsp_cmd c = good_of(op_);	\
		__VA_ARGS__;				\
		refused(&c, text);			\
	} while (0)

static void test_parameters(void **state)
{
	BAD(NSP_MATMUL, "dim 5 is not 1", c.dims[5] = 2);
	BAD(NSP_MATMUL, "more work", c.dims[0] = c.dims[1] = c.dims[2] = 1 << 20);
	BAD(NSP_MATMUL, "type", c.dtype[1] = QAIC_I32);
	BAD(NSP_MATMUL, "type", c.dtype[0] = QAIC_BF16);
	BAD(NSP_ROPE, "rotated", c.dims[5] = 3);
	BAD(NSP_ROPE, "rotated", c.dims[5] = 10);
	BAD(NSP_ROPE, "type", c.dtype[4] = QAIC_U32);
	BAD(NSP_ATTN, "multiple", c.dims[3] = 3);
	BAD(NSP_ATTN, "window", c.imm[1].i = -1);
	BAD(NSP_ATTN, "type", c.dtype[5] = QAIC_F16);
	BAD(NSP_ATTN, "leaves", c.dims[5] = 1 << 16);
	BAD(NSP_ATTN, "imm3", c.imm[3].u = 2);
	BAD(NSP_ATTN, "leaves", c.imm[3].u = 1; c.o[5].stride[1] = 1 << 30);
	BAD(NSP_KVPUT, "leaves", c.dims[4] = 1 << 16);
	BAD(NSP_KVPUT, "leaves", c.dims[5] = 1 << 16);
	BAD(NSP_KVPUT, "lines", c.o[3].addr = 0; c.dtype[3] = 0);
	BAD(NSP_KVPUT, "together", c.dtype[1] = QAIC_I32);
	BAD(NSP_KVGET, "lines", c.dims[5] = 1);
	BAD(NSP_GATHER, "leaves", c.dims[4] = 1 << 16);
	BAD(NSP_GATHER, "dim 5", c.dims[5] = 2);
	BAD(NSP_GATHER, "together", c.dtype[0] = QAIC_I16);
	BAD(NSP_GATHERE, "axis", c.imm[0].u = 5);
	BAD(NSP_GATHERE, "axis", c.imm[0].u = UINT32_MAX);
	BAD(NSP_GATHERE, "leaves", c.dims[5] = 1 << 16);
	BAD(NSP_SCATTER, "more than 5", c.dims[2] = 6);
	BAD(NSP_SCATTER, "limit", c.imm[1].i = 0);
	BAD(NSP_SCATTER, "limit", c.imm[0].i = -3);
	BAD(NSP_SCATTER, "leaves", c.imm[0].i = 1 << 16);
	BAD(NSP_SCATTER, "together", c.dtype[0] = c.dtype[2] = QAIC_BOOL);
	BAD(NSP_SCATTERE, "axis", c.imm[0].u = 7);
	BAD(NSP_GATHERND, "leaves", c.imm[1].i = 1 << 16);
	BAD(NSP_GATHERND, "dim 3", c.dims[3] = 2);
	BAD(NSP_TOPK, "length of a row", c.dims[5] = 33);
	BAD(NSP_TOPK, "length of a row", c.imm[2].i = -1);
	BAD(NSP_TOPK, "leaves", c.imm[2].i = INT32_MAX);
	BAD(NSP_TOPK, "imm1", c.imm[1].i = 2);
	BAD(NSP_TOPK, "together", c.dtype[2] = QAIC_I32);
	BAD(NSP_REDUCE, "no such dims", c.imm[0].u = 64);
	BAD(NSP_REDUCE, "one dim", c.sub = NSP_R_ARGMAX; c.imm[0].u = 48);
	BAD(NSP_REDUCE, "together", c.dtype[0] = QAIC_I32);
	BAD(NSP_CUMSUM, "flag", c.imm[0].u = 4);
	BAD(NSP_NORM, "no bias", c.sub = 0);
	BAD(NSP_UNARY, "together", c.dtype[0] = QAIC_I32);
	BAD(NSP_UNARY, "together", c.sub = NSP_U_NOT);
	BAD(NSP_UNARY, "together", c.sub = NSP_U_ISNAN);
	BAD(NSP_BINARY, "together", c.dtype[2] = QAIC_F32);
	BAD(NSP_BINARY, "together", c.sub = NSP_B_AND);
	BAD(NSP_BINARY, "together", c.sub = NSP_B_ADD);
	BAD(NSP_SELECT, "type", c.dtype[1] = QAIC_U8);
	BAD(NSP_SELECT, "together", c.dtype[3] = QAIC_I32);
	BAD(NSP_FILL, "leaves", c.o[0].addr = LOCAL(SAMPLE_LOCAL - 99));
	BAD(NSP_FILL, "leaves", c.o[0].addr = TCM(SAMPLE_TCM - 99));
	BAD(NSP_FILL, "no such operation", c.op = 3);
	BAD(NSP_FILL, "no such operation", c.op = 255);
}

/* Weights in blocks: strides of panels, all of the last panel within the space. */
static void test_panels(void **state)
{
	static const enum qaic_dtype types[] = { QAIC_MXINT8, QAIC_MXFP6,
						 QAIC_MXFP4 };
	struct qaic_err err = QAIC_ERR_INIT;
	struct nsp_cmd ok, c;
	uint32_t size;
	size_t i;

	for (i = 0; i < 3; i++) {
		ok = good_of(NSP_MATMUL);
		ok.dims[1] = 1;
		ok.dims[3] = 17;	/* two panels of 2 blocks */
		ok.dims[4] = 33;
		memset(&ok.o[0].stride, 0, sizeof(ok.o[0].stride));
		memset(&ok.o[1].stride, 0, sizeof(ok.o[1].stride));
		memset(&ok.o[3], 0, sizeof(ok.o[3]));
		ok.dtype[3] = 0;
		ok.dtype[2] = types[i];
		size = qaic_dtype_bytes(types[i], 32 * 64);
		/* no alignment is asked for */
		ok.o[2] = (struct nsp_opnd){ CONST(SAMPLE_CONSTS - size),
					     { 0, 0, 0, 64, 1, 0 } };
		if (verify_with(&ok, &err))
			fail_msg("%s", err.msg);
		c = ok;
		c.flags = NSP_MM_ACT8;
		if (verify_with(&c, &err))
			fail_msg("%s", err.msg);
		c.flags = NSP_MM_ACT8 << 1;
		refused(&c, "reserved");
		c = ok;
		c.o[2].addr++;
		refused(&c, "leaves");
		c = ok;
		c.dims[3] = 33;
		refused(&c, "leaves");
		c = ok;
		c.o[2].stride[3] = 33;
		refused(&c, "panels");
		c = ok;
		c.o[2].stride[4] = 2;
		refused(&c, "panels");
		c = ok;
		c.o[2].stride[0] = 16;
		refused(&c, "panels");
		c = ok;
		c.dims[1] = 2;
		c.o[2].stride[1] = 32;
		refused(&c, "leaves");
		c.o[2].stride[1] = -32;
		if (verify_with(&c, &err))
			fail_msg("%s", err.msg);
		c.o[2].stride[1] = INT32_MIN;
		refused(&c, "leaves");
		c = ok;
		c.dtype[1] = types[i];
		refused(&c, "type");
		c = good_of(NSP_MOVE);
		c.dtype[1] = types[i];
		refused(&c, "type");
	}
}

/* F16 panels: no padding of K, all of the last panel, and nowhere else. */
static void test_f16_panels(void **state)
{
	struct qaic_err err = QAIC_ERR_INIT;
	struct nsp_cmd ok, c;

	ok = good_of(NSP_MATMUL);
	ok.dims[1] = 1;
	ok.dims[3] = 17;
	ok.dims[4] = 33;
	memset(&ok.o[0].stride, 0, sizeof(ok.o[0].stride));
	memset(&ok.o[1].stride, 0, sizeof(ok.o[1].stride));
	memset(&ok.o[3], 0, sizeof(ok.o[3]));
	ok.dtype[3] = 0;
	ok.dtype[2] = QAIC_F16_PANELS;
	ok.o[2] = (struct nsp_opnd){ CONST(SAMPLE_CONSTS - 32 * 33 * 2),
				     { 0, 0, 0, 33, 1, 0 } };
	if (verify_with(&ok, &err))
		fail_msg("%s", err.msg);
	c = ok;
	c.flags = NSP_MM_ACT8;
	refused(&c, "reserved");
	c = ok;
	c.o[2].addr += 2;
	refused(&c, "leaves");
	c = ok;
	c.o[2].addr++;
	refused(&c, "aligned");
	c = ok;
	c.dims[3] = 33;
	refused(&c, "leaves");
	c = ok;
	c.dims[3] = UINT32_MAX;
	refused(&c, "leaves");
	c = ok;
	c.dims[4] = 34;
	refused(&c, "panels");
	c = ok;
	c.o[2].stride[4] = 16;
	refused(&c, "panels");
	c = ok;
	c.dims[1] = 2;
	c.o[2].stride[1] = 1;
	refused(&c, "leaves");
	c.o[2].stride[1] = -1;
	if (verify_with(&c, &err))
		fail_msg("%s", err.msg);
	c = ok;
	c.dtype[1] = QAIC_F16_PANELS;
	refused(&c, "type");
	c = good_of(NSP_MOVE);
	c.dtype[1] = QAIC_F16_PANELS;
	refused(&c, "type");
	c = good_of(NSP_ATTN);
	c.dtype[2] = c.dtype[3] = QAIC_F16_PANELS;
	refused(&c, "type");
}

/* A cache in blocks: mxint8, lines of whole blocks, within its space. */
static void test_cache_blocks(void **state)
{
	struct qaic_err err = QAIC_ERR_INIT;
	struct nsp_cmd ok = {
		.op = NSP_KVPUT, .dims = { 1, 2, 4, 40, 8, 1 },
		.dtype = { QAIC_MXINT8, QAIC_F16, QAIC_I64 },
	}, c;
	uint32_t size = qaic_dtype_bytes(QAIC_MXINT8, 2 * 8 * 64);

	ok.o[0] = (struct nsp_opnd){ DDR(SAMPLE_DDR - size),
				     { 0, 8 * 64, 0, 1, 64, 2 * 8 * 64 } };
	ok.o[1] = (struct nsp_opnd){ DDR(0), { 0, 40, 80, 1 } };
	ok.o[2] = (struct nsp_opnd){ DDR(4096), { 0, 0, 1 } };
	if (verify_with(&ok, &err))
		fail_msg("%s", err.msg);
	c = ok;
	c.o[0].addr++;
	refused(&c, "leaves");
	c = ok;
	c.dims[4] = 9;
	refused(&c, "leaves");
	c = ok;
	c.dims[3] = 65;
	refused(&c, "leaves");
	c = ok;
	c.dims[3] = 8193;
	refused(&c, "lines of more than");
	c = ok;
	c.o[0].stride[4] = 40;
	refused(&c, "lines in blocks");
	c = ok;
	c.o[0].stride[3] = 2;
	refused(&c, "lines in blocks");
	c = ok;
	c.dtype[0] = QAIC_MXFP6;
	refused(&c, "mxint8");
	c = ok;
	c.dtype[1] = QAIC_I32;
	refused(&c, "together");
	c = ok;
	c.dtype[1] = QAIC_MXINT8;
	refused(&c, "type");
	/* and the way back */
	c = ok;
	c.op = NSP_KVGET;
	c.o[0] = ok.o[1];
	c.o[1] = ok.o[0];
	c.dtype[0] = QAIC_F32;
	c.dtype[1] = QAIC_MXINT8;
	if (verify_with(&c, &err))
		fail_msg("%s", err.msg);
	c.o[1].stride[5] = 16;
	refused(&c, "lines in blocks");
	c = good_of(NSP_ATTN);
	c.dtype[2] = QAIC_MXFP4;
	refused(&c, "mxint8");
	c.dtype[2] = QAIC_MXINT8;
	refused(&c, "lines");
}

/* The very last element of a space is allowed, one more is not. */
static void test_edges(void **state)
{
	struct qaic_err err = QAIC_ERR_INIT;
	struct nsp_cmd c = good_of(NSP_FILL);

	c.o[0].addr = LOCAL(SAMPLE_LOCAL - 100);
	assert_int_equal(verify_with(&c, &err), 0);
	c.dims[5] = 101;
	refused(&c, "leaves");
	/* backwards from the end to the beginning */
	c.dims[5] = SAMPLE_LOCAL;
	c.o[0].stride[5] = -1;
	c.o[0].addr = LOCAL(SAMPLE_LOCAL - 1);
	assert_int_equal(verify_with(&c, &err), 0);
	c.dims[5]++;
	refused(&c, "leaves");
}

/* ---- the program around the commands ---- */

static void bad_program(void (*change)(struct qpc_program *), const char *text)
{
	struct qaic_err err = QAIC_ERR_INIT;
	struct qpc_program p;

	sample_program(&p, 2);
	if (qpc_verify(&p, &err))
		fail_msg("%s", err.msg);
	change(&p);
	if (!qpc_verify(&p, &err))
		fail_msg("accepted: %s", text);
	if (!strstr(err.msg, text))
		fail_msg("'%s' does not say '%s'", err.msg, text);
	qpc_program_release(&p);
}

#define STREAM	(p->specs[1].streams[1])
#define CHANGE(name, statement) \
	static void name(struct qpc_program *p) { statement; }

CHANGE(no_nsps, p->num_nsps = 0)
CHANGE(many_nsps, p->num_nsps = 17)
CHANGE(fewer_nsps, p->num_nsps = 1)
CHANGE(more_nsps, p->num_nsps = 3)
CHANGE(precision, p->precision = QAIC_BF16)
CHANGE(vtcm, p->tcm_size = NSP_VTCM_SIZE)
CHANGE(vtcm_wrap, p->tcm_size = UINT64_MAX - 100)
/* of two NSPs: half of what is spread counts */
CHANGE(vtcm_spread, p->spread_size = p->tcm_size =
		    2 * (NSP_VTCM_SIZE - SAMPLE_LOCAL) + 1)
CHANGE(spread_over, p->spread_size = p->tcm_size + 1)
CHANGE(ddr_huge, p->ddr_size = UINT64_MAX)
CHANGE(const_huge, p->const_size = 1ull << 56)
CHANGE(const_small, p->const_size = 4095)
CHANGE(ddr_small, p->ddr_size = 2048 + 511)
CHANGE(state_dims, p->states[0].dims[3] = 31)
CHANGE(state_rank, p->states[0].rank = 9)
CHANGE(state_wrap, p->states[0].dims[0] = p->states[0].dims[1] =
		   p->states[0].dims[2] = p->states[0].dims[3] = 0x80000000)
CHANGE(state_zero, p->states[0].dims[0] = p->states[0].size = 0)
CHANGE(state_type, p->states[0].dtype = QAIC_F64)
CHANGE(state_align, p->states[0].ddr_off += 32)
CHANGE(state_outside, p->states[0].ddr_off = SAMPLE_DDR)
CHANGE(state_over, p->states[0].ddr_off = 64)
CHANGE(binding_over, p->specs[1].bindings[2].ddr_off = SAMPLE_KV + 1024)
CHANGE(binding_size, p->specs[1].bindings[0].size++)
CHANGE(binding_far, p->specs[1].bindings[0].ddr_off = UINT64_MAX - 63)
CHANGE(no_output, p->specs[0].bindings[2].output = false)
CHANGE(no_input, p->specs[0].bindings[0].output =
		 p->specs[0].bindings[1].output = true)
CHANGE(order, p->specs[0].bindings[0].output = true)
CHANGE(phases, STREAM.cmds[1] = STREAM.cmds[0])
CHANGE(no_end, STREAM.num_cmds--)
CHANGE(no_stream, STREAM.num_cmds = 0)
CHANGE(sem_swapped, STREAM.cmds[3] = sample_sem(0, 0);
		    STREAM.cmds[4] = sample_sem(1, 1))
CHANGE(sem_value, STREAM.cmds[3].imm[1].u = 2)
CHANGE(sem_other, STREAM.cmds[4].imm[0].u = 2)
CHANGE(sem_early, STREAM.cmds[0] = sample_sem(0, 0))
CHANGE(end_early, memset(&STREAM.cmds[0], 0, sizeof(STREAM.cmds[0])))
CHANGE(node, STREAM.cmds[0].node = 2)
CHANGE(sem_operand, STREAM.cmds[3].o[0].addr = DDR(0))
CHANGE(barrier_operand, STREAM.cmds[1].o[1].addr = DDR(0))

static void test_program(void **state)
{
	bad_program(no_nsps, "NSPs");
	bad_program(many_nsps, "NSPs");
	bad_program(fewer_nsps, "NSP 1: a stream");
	bad_program(more_nsps, "NSP 2");
	bad_program(precision, "precision");
	bad_program(vtcm, "VTCM");
	bad_program(vtcm_wrap, "VTCM");
	bad_program(vtcm_spread, "VTCM");
	bad_program(spread_over, "VTCM");
	bad_program(ddr_huge, "DDR");
	bad_program(const_huge, "constants");
	bad_program(const_small, "leaves the CONST");
	bad_program(ddr_small, "outside");
	bad_program(state_dims, "state 0 (past_key.0)");
	bad_program(state_rank, "rank 9");
	bad_program(state_wrap, "dims");
	bad_program(state_zero, "dims");
	bad_program(state_type, "float64");
	bad_program(state_align, "aligned");
	bad_program(state_outside, "outside");
	bad_program(state_over, "overlap");
	bad_program(binding_over, "overlap");
	bad_program(binding_size, "binding 0 (x)");
	bad_program(binding_far, "outside");
	bad_program(no_output, "an input and an output");
	bad_program(no_input, "an input and an output");
	bad_program(order, "input after an output");
	bad_program(phases, "phases");
	bad_program(no_end, "does not end");
	bad_program(no_stream, "handshake");
	bad_program(sem_swapped, "does not end");
	bad_program(sem_value, "does not end");
	bad_program(sem_other, "does not end");
	bad_program(sem_early, "before the end");
	bad_program(end_early, "before the end");
	bad_program(node, "node");
	bad_program(sem_operand, "has none");
	bad_program(barrier_operand, "has none");
}

/* Ten thousand commands take milliseconds; the bound here is a hundred times. */
static void test_speed(void **state)
{
	struct qaic_err err = QAIC_ERR_INIT;
	const uint32_t n = 10000;
	struct qpc_program p;
	struct qpc_stream *s;
	struct timespec a, b;
	uint32_t i;
	double ms;

	sample_program(&p, 1);
	s = &p.specs[0].streams[0];
	s->cmds = realloc(s->cmds, (n + SAMPLE_CMDS) * sizeof(*s->cmds));
	memmove(s->cmds + n, s->cmds, SAMPLE_CMDS * sizeof(*s->cmds));
	for (i = 0; i < n; i++)
		s->cmds[i] = good_of(NSP_ATTN);
	s->num_cmds = n + SAMPLE_CMDS;
	clock_gettime(CLOCK_MONOTONIC, &a);
	if (qpc_verify(&p, &err))
		fail_msg("%s", err.msg);
	clock_gettime(CLOCK_MONOTONIC, &b);
	ms = (b.tv_sec - a.tv_sec) * 1e3 + (b.tv_nsec - a.tv_nsec) / 1e6;
	print_message("%u commands verified in %.2f ms\n", n, ms);
	assert_true(ms < 1000);
	qpc_program_release(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good),
		cmocka_unit_test(test_every_op),
		cmocka_unit_test(test_every_stride),
		cmocka_unit_test(test_parameters),
		cmocka_unit_test(test_panels),
		cmocka_unit_test(test_f16_panels),
		cmocka_unit_test(test_cache_blocks),
		cmocka_unit_test(test_edges),
		cmocka_unit_test(test_program),
		cmocka_unit_test(test_speed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
