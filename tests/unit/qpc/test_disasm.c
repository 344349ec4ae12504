// SPDX-License-Identifier: MIT
/* The disassembler: what a person reads of a command. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "tests/unit/qpc/sample.h"

static void expect(const struct nsp_cmd *c, const char *want)
{
	char line[512];
	int n = qpc_disasm(c, line, sizeof(line));

	assert_string_equal(line, want);
	assert_int_equal(n, strlen(want));
}

static void test_lines(void **state)
{
	struct nsp_cmd c = sample_matmul();

	expect(&c, "matmul {1,1,4,64,32,1} f16 ddr+0x800[4,64] = "
		   "f16 ddr+0x0[4,32], f16 const+0x0[64,32], -, -");
	/* weights stored [K][N] show their strides */
	c.o[2].stride[3] = 1;
	c.o[2].stride[4] = 64;
	expect(&c, "matmul {1,1,4,64,32,1} f16 ddr+0x800[4,64] = "
		   "f16 ddr+0x0[4,32], f16 const+0x0[64,32:1,64], -, -");
	c = sample_relu();
	expect(&c, "unary.relu f16 tcm+0x0[4,32] = f16 ddr+0x0[4,32]");
	c.sub = NSP_U_CLIP;
	c.imm[0].f = -1.5f;
	c.imm[1].f = 6;
	c.o[1].stride[4] = 0;
	expect(&c, "unary.clip f16 tcm+0x0[4,32] = f16 ddr+0x0[4,32:0,1] ; min=-1.5 max=6");
	c = sample_sem(1, QPC_SEM_OUTPUT);
	expect(&c, "sem.dec 1 (output) by 1");
	c = sample_cmd(NSP_BARRIER, 0, 0, 0, 0, 0, 0, 0);
	expect(&c, "barrier");
	c = sample_cmd(NSP_END, 0, 0, 0, 0, 0, 0, 0);
	expect(&c, "end");
	c = sample_cmd(NSP_FILL, 0, 1, 1, 1, 1, 1, 3);
	sample_opnd(&c, 0, NSP_ADDR(NSP_SPACE_LOCAL, 64), QAIC_F32,
		    STRIDES(0, 0, 0, 0, 0, -2));
	c.imm[0].u = 0x3f800000;
	expect(&c, "fill f32 local+0x40[3:-2] = 0x3f800000");
}

static void test_attention(void **state)
{
	struct nsp_cmd c = sample_cmd(NSP_ATTN, 0, 1, 4, 4, 2, 8, 16);
	uint64_t ddr = NSP_ADDR(NSP_SPACE_DDR, 4096);

	sample_opnd(&c, 0, ddr, QAIC_F16, STRIDES(0, 32, 8, 0, 1, 0));
	sample_opnd(&c, 1, ddr, QAIC_F16, STRIDES(0, 32, 8, 0, 1, 0));
	sample_opnd(&c, 2, ddr, QAIC_F16, STRIDES(0, 0, 0, 128, 1, 8));
	sample_opnd(&c, 3, ddr, QAIC_F16, STRIDES(0, 0, 0, 128, 1, 8));
	sample_opnd(&c, 4, ddr, QAIC_I64, STRIDES(4, 1, 0, 0, 0, 0));
	c.imm[0].f = 0.25f;
	c.imm[1].i = 8;
	expect(&c, "attn {1,4,4,2,8,16} f16 ddr+0x1000[4,4,8] = "
		   "f16 ddr+0x1000[4,4,8], f16 ddr+0x1000[2,8,16:128,1,8], "
		   "f16 ddr+0x1000[2,8,16:128,1,8], i64 ddr+0x1000[4], - "
		   "; scale=0.25 window=8");
}

/* Anything prints, in any buffer. */
static void test_garbage(void **state)
{
	unsigned char bytes[256];
	struct nsp_cmd c;
	char line[64];
	unsigned int i, j;
	int n;

	srand(1);
	for (i = 0; i < 20000; i++) {
		for (j = 0; j < sizeof(bytes); j++)
			bytes[j] = rand() >> 7;
		memcpy(&c, bytes, sizeof(c));
		if (i & 1)
			c.op %= NSP_OP_COUNT;
		n = qpc_disasm(&c, line, i % sizeof(line));
		assert_true(n > 0);
		if (i % sizeof(line))
			assert_true(strlen(line) < i % sizeof(line));
	}
	assert_true(qpc_disasm(&c, NULL, 0) > 0);
}

static void test_names(void **state)
{
	unsigned int i;

	for (i = 0; i < NSP_U_COUNT; i++)
		assert_non_null(qpc_unary_name(i));
	for (i = 0; i < NSP_B_COUNT; i++)
		assert_non_null(qpc_binary_name(i));
	for (i = 0; i < NSP_R_COUNT; i++)
		assert_non_null(qpc_reduce_name(i));
	assert_null(qpc_unary_name(NSP_U_COUNT));
	assert_null(qpc_binary_name(1000));
	assert_null(qpc_reduce_name(NSP_R_COUNT));
	assert_string_equal(qpc_op_name(NSP_KVPUT), "kvput");
	assert_null(qpc_op_name(5));
	assert_null(qpc_op_name(NSP_OP_COUNT));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lines),
		cmocka_unit_test(test_attention),
		cmocka_unit_test(test_garbage),
		cmocka_unit_test(test_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
