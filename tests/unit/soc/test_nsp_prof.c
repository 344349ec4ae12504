// SPDX-License-Identifier: MIT
/* A profile's attention: bytes and operations of the slots that positions let it see. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "soc/nsp_prof.h"

#define OWNER 7

enum { B = 2, S = 2, HQ = 4, HKV = 2, D = 32, C = 64 };
enum { QUERIES = 2 * B * S * HQ * D, LINE = 2 * HKV * D };

static const struct nsp_cmd attn = {
	.op = NSP_ATTN,
	.dtype = { QAIC_F16, QAIC_F16, QAIC_F16, QAIC_F16, QAIC_I64 },
	.dims = { B, S, HQ, HKV, D, C },
	.o = { { NSP_ADDR(NSP_SPACE_DDR, 0),
		 { S * HQ * D, HQ * D, D, 0, 1, 0 } },
	       { NSP_ADDR(NSP_SPACE_DDR, 4096),
		 { S * HQ * D, HQ * D, D, 0, 1, 0 } },
	       { NSP_ADDR(NSP_SPACE_DDR, 1 << 16),
		 { HKV * C * D, 0, 0, C * D, 1, D } },
	       { NSP_ADDR(NSP_SPACE_DDR, 2 << 16),
		 { HKV * C * D, 0, 0, C * D, 1, D } },
	       { NSP_ADDR(NSP_SPACE_LOCAL, 16), { S, 1, 0, 0, 0, 0 } } },
};

/* What is noted of it at these positions. */
static struct qaic_nnc_profile_event noted(const struct nsp_cmd *c,
					   const int64_t pos[B * S])
{
	struct nsp_prof p = { 0 };
	struct qaic_nnc_profile_event e;
	int64_t local[2 + B * S] = { -2, -2 };
	struct nsp_mem mem = { .local = { [3] = (uint8_t *)local } };
	uint64_t lost;

	memcpy(local + 2, pos, B * S * sizeof(*pos));
	assert_int_equal(nsp_prof_start(&p, OWNER, 4), 0);
	nsp_prof_cmd(&p, OWNER, c, &mem, 3, nsp_prof_now());
	nsp_prof_stop(&p);
	assert_int_equal(nsp_prof_count(&p, &lost), 1);
	e = p.events[0];
	nsp_prof_end(&p);
	assert_int_equal(e.op, NSP_ATTN);
	return e;
}

static void check(const struct nsp_cmd *c, const int64_t pos[B * S],
		  unsigned int slots, unsigned int pairs)
{
	struct qaic_nnc_profile_event e = noted(c, pos);

	/* queries and results, and of K and V the slots that are seen */
	assert_int_equal(e.bytes, 2 * QUERIES + 2 * slots * LINE);
	assert_int_equal(e.ops, 2 * 2 * HQ * D * pairs);
}

static void test_positions(void **state)
{
	check(&attn, (int64_t[]){ 5, 6, -1, 10 }, 7 + 11, 6 + 7 + 11);
	check(&attn, (int64_t[]){ 0, 0, 0, 0 }, 2, 4);
	/* padding alone reads nothing, positions beyond the cache all of it */
	check(&attn, (int64_t[]){ -1, -1, -1, -1 }, 0, 0);
	check(&attn, (int64_t[]){ C - 1, C, 1 << 20, C - 1 }, 2 * C, 4 * C);
}

static void test_window(void **state)
{
	struct nsp_cmd c = attn;

	c.imm[1].i = 4;
	check(&c, (int64_t[]){ 5, 6, -1, 10 }, 5 + 4, 4 + 4 + 4);
	check(&c, (int64_t[]){ 1, 2, 2, 3 }, 3 + 4, 2 + 3 + 3 + 4);
}

/* A bias for each slot is read as far as the slots are; positions and slopes as ever. */
static void test_bias(void **state)
{
	struct nsp_cmd c = attn;
	struct qaic_nnc_profile_event e;

	c.dtype[5] = QAIC_F32;
	c.o[5] = (struct nsp_opnd){ NSP_ADDR(NSP_SPACE_DDR, 3 << 16),
				    { S * C, C, 0, 0, 0, 1 } };
	c.imm[3].u = 1;
	e = noted(&c, (int64_t[]){ 5, 6, -1, 10 });
	assert_int_equal(e.bytes, 2 * QUERIES + 2 * 18 * LINE + 4 * 24);
	c.o[5] = (struct nsp_opnd){ NSP_ADDR(NSP_SPACE_DDR, 3 << 16),
				    { 0, 0, 1, 0, 0, 0 } };
	c.imm[3].u = 0;
	e = noted(&c, (int64_t[]){ 5, 6, -1, 10 });
	assert_int_equal(e.bytes, 2 * QUERIES + 2 * 18 * LINE + 4 * HQ);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_positions),
		cmocka_unit_test(test_window),
		cmocka_unit_test(test_bias),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
