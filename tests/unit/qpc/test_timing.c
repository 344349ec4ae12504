// SPDX-License-Identifier: MIT
/* The timing model: counts are exact, times are where physics puts them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "tests/unit/qpc/sample.h"

/*
 * A decoder of @layers layers, each [1][K] times a [N][K] matrix that is split
 * over the NSPs by N, results multicast to all. Only sizes matter here.
 */
static void decoder(struct qpc_program *p, uint32_t nsps, uint32_t rows,
		    uint32_t layers, uint32_t N, uint32_t K)
{
	uint32_t n, i;

	sample_program(p, nsps);
	p->const_size = 1ull << 40;
	p->spread_size = 0;
	for (n = 0; n < nsps; n++) {
		struct qpc_stream *s = &p->specs[0].streams[n];

		s->num_cmds = 2 * layers + 3;
		s->cmds = realloc(s->cmds, s->num_cmds * sizeof(*s->cmds));
		memset(s->cmds, 0, s->num_cmds * sizeof(*s->cmds));
		for (i = 0; i < layers; i++) {
			struct nsp_cmd *c = &s->cmds[2 * i];

			*c = sample_cmd(NSP_MATMUL, 0, 1, 1, rows, N / nsps, K,
					1);
			sample_opnd(c, 0, NSP_ADDR(NSP_SPACE_TCM, 0), QAIC_F16,
				    STRIDES(0, 0, N, 1, 0, 0));
			sample_opnd(c, 1, NSP_ADDR(NSP_SPACE_TCM, 0), QAIC_F16,
				    STRIDES(0, 0, K, 0, 1, 0));
			sample_opnd(c, 2, NSP_ADDR(NSP_SPACE_CONST,
						   2ull * n * (N / nsps) * K),
				    QAIC_F16, STRIDES(0, 0, 0, K, 1, 0));
			c[1].op = NSP_BARRIER;
		}
		s->cmds[2 * layers] = sample_sem(1, QPC_SEM_OUTPUT);
		s->cmds[2 * layers + 1] = sample_sem(0, QPC_SEM_READY);
	}
}

static double percent(double got, double want)
{
	return 100 * (got - want) / want;
}

/* 6.25 GB of weights, what 8 B parameters are at 6.25 bit: 1/137 of a second. */
static void test_decode_is_ddr_bound(void **state)
{
	const double bytes = 8e9 * 6.25 / 8;
	struct qpc_program p;
	struct qpc_timing t;

	/* 190 layers of 4096 x 4016 float16 */
	decoder(&p, 16, 1, 190, 4016, 4096);
	qpc_timing(&p, 0, QPC_SKU_PRO, &t);
	assert_true(percent(t.ddr_read, bytes) > -1 &&
		    percent(t.ddr_read, bytes) < 1);
	assert_true(percent(t.seconds, bytes / 137e9) > -1 &&
		    percent(t.seconds, bytes / 137e9) < 10);
	assert_true(t.hmx_s < t.dma_s / 5);
	assert_true(t.hvx_s < t.dma_s / 5);
	assert_int_equal(t.macs, 190ull * 4016 * 4096);
	assert_int_equal(t.phases, 191);
	assert_int_equal(t.noc, 190ull * 4016 * 2);
	assert_int_equal(t.pcie, 256 + 32 + 512);
	assert_int_equal(t.vtcm, SAMPLE_TCM + SAMPLE_LOCAL);
	qpc_program_release(&p);
}

/* Weights in blocks: bytes as they are stored, HMX as ever. */
static void test_block_formats(void **state)
{
	static const struct { uint8_t dtype; double bits; } f[] = {
		{ QAIC_MXINT8, 8.25 }, { QAIC_MXFP6, 6.25 }, { QAIC_MXFP4, 4.25 },
	};
	struct qpc_timing half, t;
	struct qpc_program p;
	uint32_t i, n, k;

	for (i = 0; i < 3; i++) {
		/* 8 B weights */
		decoder(&p, 16, 1, 119, 16384, 4096);
		qpc_timing(&p, 0, QPC_SKU_PRO, &half);
		for (n = 0; n < 16; n++)
			for (k = 0; k < 238; k += 2)
				p.specs[0].streams[n].cmds[k].dtype[2] =
					f[i].dtype;
		qpc_timing(&p, 0, QPC_SKU_PRO, &t);
		assert_true(t.ddr_read == (uint64_t)(half.ddr_read / 16 *
						     f[i].bits));
		assert_true(t.hmx_s == half.hmx_s);
		assert_true(t.hvx_s == half.hvx_s);
		/* about 20 tokens per second in MXFP6 */
		assert_true(percent(t.seconds, 8e9 * f[i].bits / 8 / 137e9) > -1
			    && percent(t.seconds, 8e9 * f[i].bits / 8 / 137e9)
			    < 10);
		qpc_program_release(&p);
	}
}

/* A long prefill is bound by HMX, and near the peak of the card. */
static void test_prefill_is_hmx_bound(void **state)
{
	struct qpc_program p;
	struct qpc_timing t[QPC_SKU_COUNT];
	double flops;
	int i;

	decoder(&p, 16, 2048, 20, 4096, 4096);
	for (i = 0; i < QPC_SKU_COUNT; i++)
		qpc_timing(&p, 0, i, &t[i]);
	flops = 2.0 * t[QPC_SKU_PRO].macs / t[QPC_SKU_PRO].seconds;
	assert_true(t[QPC_SKU_PRO].hmx_s > t[QPC_SKU_PRO].dma_s);
	assert_true(flops > 90e12 && flops <= 125e12);
	/* 14 NSPs run 16 streams: two of them do twice the work */
	assert_true(t[QPC_SKU_STD].seconds > 1.7 * t[QPC_SKU_PRO].seconds);
	/* a SoC of an Ultra is slower than a Pro */
	assert_true(t[QPC_SKU_ULTRA].seconds > 1.5 * t[QPC_SKU_PRO].seconds);
	qpc_program_release(&p);
}

/* More NSPs: not slower; float32 has no HMX. */
static void test_scaling(void **state)
{
	struct qpc_timing one, four, f32;
	struct qpc_program p;
	uint32_t i;

	decoder(&p, 1, 256, 4, 4096, 4096);
	qpc_timing(&p, 0, QPC_SKU_PRO, &one);
	for (i = 0; i < 8; i += 2)
		p.specs[0].streams[0].cmds[i].dtype[1] =
			p.specs[0].streams[0].cmds[i].dtype[2] = QAIC_F32;
	qpc_timing(&p, 0, QPC_SKU_PRO, &f32);
	qpc_program_release(&p);
	decoder(&p, 4, 256, 4, 4096, 4096);
	qpc_timing(&p, 0, QPC_SKU_PRO, &four);
	qpc_program_release(&p);
	assert_int_equal(one.macs, four.macs);
	assert_int_equal(one.noc, 0);
	assert_true(four.seconds < 0.4 * one.seconds);
	assert_true(f32.seconds > 5 * one.seconds);
	assert_true(f32.hmx_s == 0);
}

/* Weights of @p in MXFP6. */
static void in_blocks(struct qpc_program *p, uint32_t nsps)
{
	uint32_t n, k;

	for (n = 0; n < nsps; n++)
		for (k = 0; k < p->specs[0].streams[n].num_cmds - 3; k += 2)
			p->specs[0].streams[n].cmds[k].dtype[2] = QAIC_MXFP6;
}

/* 8 B parameters in MXFP6, @rows tokens in a call. */
static void eight_billion(uint32_t nsps, uint32_t rows, struct qpc_timing *t)
{
	struct qpc_program p;

	decoder(&p, nsps, rows, 119, 16384, 4096);
	in_blocks(&p, nsps);
	qpc_timing(&p, 0, QPC_SKU_PRO, t);
	qpc_program_release(&p);
}

/* A larger batch: the weights are read once for all, until HMX is full. */
static void test_batch(void **state)
{
	double rate, last = 0, peak = 62.5e12 / (119.0 * 16384 * 4096);
	struct qpc_timing t;
	uint32_t rows;

	for (rows = 1; rows <= 4096; rows *= 2) {
		eight_billion(16, rows, &t);
		rate = rows / t.seconds;
		if (rows == 1)
			assert_true(rate > 19 && rate < 23);
		if (t.hmx_s < t.dma_s)
			assert_true(rate > 1.8 * last);
		assert_true(rate > 0.99 * last && rate <= peak);
		last = rate;
	}
	assert_true(t.hmx_s > t.dma_s);
	assert_true(last > 0.9 * peak);
}

/* Two cores are slower than sixteen in prefill, by what they have less of HMX. */
static void test_prefill_cores(void **state)
{
	struct qpc_timing two, sixteen;

	eight_billion(2, 512, &two);
	eight_billion(16, 512, &sixteen);
	assert_true(two.seconds > 6 * sixteen.seconds);
	assert_true(two.seconds < 8.1 * sixteen.seconds);
	/* of a token by their ports */
	eight_billion(2, 1, &two);
	eight_billion(16, 1, &sixteen);
	assert_true(percent(two.seconds / sixteen.seconds, 137.0 / 128) < 2);
	assert_true(two.consts == sixteen.consts);
	assert_true(percent(two.consts, 119.0 * 16384 * 4096 * 6.25 / 8) < 1e-6);
}

/* What several NSPs read of DDR is fetched once and multicast. */
static void test_shared(void **state)
{
	const uint64_t bytes = 2ull * 256 * 4096;
	struct qpc_timing t, apart;
	struct nsp_cmd *c;
	struct qpc_program p;
	uint32_t n;

	decoder(&p, 4, 256, 1, 4096, 4096);
	qpc_timing(&p, 0, QPC_SKU_PRO, &apart);
	for (n = 0; n < 4; n++)
		p.specs[0].streams[n].cmds[0].o[1].addr =
			NSP_ADDR(NSP_SPACE_DDR, 0);
	qpc_timing(&p, 0, QPC_SKU_PRO, &t);
	assert_int_equal(t.ddr_read, apart.ddr_read + bytes);
	assert_int_equal(t.noc, apart.noc + bytes);
	/* one of them reads something else */
	c = &p.specs[0].streams[3].cmds[0];
	c->o[1].addr += 2;
	qpc_timing(&p, 0, QPC_SKU_PRO, &t);
	assert_int_equal(t.ddr_read, apart.ddr_read + 2 * bytes);
	assert_int_equal(t.noc, apart.noc + bytes);
	c->o[1].addr -= 2;
	c->o[1].stride[2]++;
	qpc_timing(&p, 0, QPC_SKU_PRO, &t);
	assert_int_equal(t.ddr_read, apart.ddr_read + 2 * bytes);
	/* in two phases it is read twice */
	qpc_program_release(&p);
	decoder(&p, 4, 256, 2, 4096, 4096);
	for (n = 0; n < 4; n++)
		p.specs[0].streams[n].cmds[0].o[1].addr =
			p.specs[0].streams[n].cmds[2].o[1].addr =
			NSP_ADDR(NSP_SPACE_DDR, 0);
	qpc_timing(&p, 0, QPC_SKU_PRO, &t);
	assert_int_equal(t.ddr_read, 2 * (apart.ddr_read + bytes));
	qpc_program_release(&p);
}

/* TCM that is spread: written where it was made, fetched once by all who want it. */
static void test_spread(void **state)
{
	const uint64_t part = 2ull * 256 * 1024, all = 2ull * 256 * 4096;
	struct qpc_timing t, copied;
	struct qpc_program p;
	uint32_t n;

	decoder(&p, 4, 256, 1, 4096, 4096);
	p.tcm_size = 2 * all;
	p.spread_size = 0;
	for (n = 0; n < 4; n++) {
		struct nsp_cmd *c = &p.specs[0].streams[n].cmds[0];

		c->o[0].addr += all + 2 * n * 1024;
		c->o[0].stride[2] = 4096;
	}
	qpc_timing(&p, 0, QPC_SKU_PRO, &copied);
	assert_int_equal(copied.noc, 4 * part);	/* each its part, to all */
	/* results stay, operand 1 comes from the others: once for all */
	p.spread_size = 2 * all;
	qpc_timing(&p, 0, QPC_SKU_PRO, &t);
	assert_int_equal(t.noc, all);
	assert_int_equal(t.ddr_read, copied.ddr_read);
	assert_int_equal(copied.vtcm, 2 * all + SAMPLE_LOCAL);
	assert_int_equal(t.vtcm, 2 * all / 4 + SAMPLE_LOCAL);
	/* one reads what it has just written itself: that is free */
	for (n = 0; n < 4; n++) {
		struct nsp_cmd *c = p.specs[0].streams[n].cmds;

		c[1] = sample_cmd(NSP_UNARY, NSP_U_RELU, 1, 1, 1, 1, 256, 1024);
		c[1].o[0] = c[0].o[0];
		c[1].o[0].stride[4] = 4096;
		c[1].o[0].stride[2] = c[1].o[0].stride[3] = 0;
		c[1].o[0].stride[5] = 1;
		c[1].o[1] = c[1].o[0];
		c[1].dtype[0] = c[1].dtype[1] = QAIC_F16;
	}
	qpc_timing(&p, 0, QPC_SKU_PRO, &t);
	assert_int_equal(t.noc, all);
	/* but not what another one has */
	for (n = 0; n < 4; n++)
		p.specs[0].streams[n].cmds[1].o[1].addr ^= 2048;
	qpc_timing(&p, 0, QPC_SKU_PRO, &t);
	assert_int_equal(t.noc, all + 4 * part);
	assert_int_equal(t.op[NSP_UNARY].noc, 4 * part);
	qpc_program_release(&p);
}

/* What was there before the call is fetched while the arithmetic goes on. */
static void test_ahead(void **state)
{
	const double weights = 2.0 * 4096 * 4096;
	double ddr = weights / 137e9, sum = 0;
	struct qpc_timing t, full;
	struct qpc_program p;
	uint32_t n, i;

	/* a phase without DDR that lasts as long as the weights of the next */
	decoder(&p, 16, 1, 2, 4096, 4096);
	p.tcm_size = SAMPLE_TCM;
	for (n = 0; n < 16; n++) {
		struct nsp_cmd *c = &p.specs[0].streams[n].cmds[0];

		*c = sample_relu();
		c->dims[4] = 1 << 15;
		c->o[0].addr = c->o[1].addr = NSP_ADDR(NSP_SPACE_LOCAL, 0);
		c->o[0].stride[4] = c->o[1].stride[4] = 0;
	}
	qpc_timing(&p, 0, QPC_SKU_PRO, &t);
	assert_true(t.hvx_s < ddr / 10);
	assert_true(percent(t.bound_s[QPC_BOUND_DDR], ddr) < 0);
	assert_true(percent(t.bound_s[QPC_BOUND_DDR] + t.hvx_s + 1e-6, ddr) < 5);
	/* no room, no hurry */
	p.local_size = NSP_VTCM_SIZE - p.tcm_size;
	qpc_timing(&p, 0, QPC_SKU_PRO, &full);
	assert_true(percent(full.bound_s[QPC_BOUND_DDR], ddr) > -0.1);
	/* the parts are the whole */
	for (i = 0; i < QPC_BOUND_COUNT; i++)
		sum += t.bound_s[i];
	sum += t.barrier_s + t.pcie_s + t.call_s;
	assert_true(percent(sum, t.seconds) < 1e-9);
	assert_true(full.seconds > t.seconds);
	qpc_program_release(&p);
}

/* A cache read counts what is read, not what could be. */
static void test_indexed(void **state)
{
	struct qpc_program p;
	struct qpc_timing t;
	struct nsp_cmd *c;

	sample_program(&p, 1);
	c = p.specs[0].streams[0].cmds;
	c[0] = sample_cmd(NSP_GATHER, 0, 1, 4, 1, 64, 1000, 1);
	sample_opnd(&c[0], 0, NSP_ADDR(NSP_SPACE_LOCAL, 0), QAIC_F16,
		    STRIDES(0, 64, 0, 1, 0, 0));
	sample_opnd(&c[0], 1, NSP_ADDR(NSP_SPACE_CONST, 0), QAIC_F16,
		    STRIDES(0, 0, 0, 1, 64, 0));
	sample_opnd(&c[0], 2, NSP_ADDR(NSP_SPACE_DDR, SAMPLE_POS), QAIC_I64,
		    STRIDES(0, 1, 0, 0, 0, 0));
	c[2].op = NSP_BARRIER;	/* the matmul goes */
	qpc_timing(&p, 0, QPC_SKU_PRO, &t);
	assert_int_equal(t.ddr_read, 4 * 64 * 2 + 4 * 8);
	assert_int_equal(t.ddr_write, 0);
	qpc_program_release(&p);
}

/* One command alone: what a table of operators says of it. */
static void test_command(void **state)
{
	struct nsp_cmd c = sample_cmd(NSP_MATMUL, 0, 1, 1, 3, 64, 96, 1);
	double bytes, ops;

	sample_opnd(&c, 0, NSP_ADDR(NSP_SPACE_LOCAL, 0), QAIC_F16,
		    STRIDES(0, 0, 64, 1, 0, 0));
	sample_opnd(&c, 1, NSP_ADDR(NSP_SPACE_TCM, 0), QAIC_F16,
		    STRIDES(0, 0, 96, 0, 1, 0));
	sample_opnd(&c, 2, NSP_ADDR(NSP_SPACE_CONST, 0), QAIC_MXFP6,
		    STRIDES(0, 0, 0, 96, 1, 0));
	qpc_cmd_work(&c, NULL, &bytes, &ops);
	assert_true(ops == 2.0 * 3 * 64 * 96);
	assert_true(bytes == 64 * 96 / 32 * 25);
	c = sample_cmd(NSP_BINARY, NSP_B_ADD, 1, 1, 1, 1, 1, 100);
	sample_opnd(&c, 0, NSP_ADDR(NSP_SPACE_TCM, 0), QAIC_F32,
		    STRIDES(0, 0, 0, 0, 0, 1));
	sample_opnd(&c, 1, NSP_ADDR(NSP_SPACE_DDR, 0), QAIC_F32,
		    STRIDES(0, 0, 0, 0, 0, 1));
	sample_opnd(&c, 2, NSP_ADDR(NSP_SPACE_LOCAL, 0), QAIC_F32,
		    STRIDES(0, 0, 0, 0, 0, 1));
	qpc_cmd_work(&c, NULL, &bytes, &ops);
	assert_true(ops == 100);
	assert_true(bytes == 100 * 4 * 2);	/* read from DDR, multicast */
	c.op = NSP_BARRIER;
	qpc_cmd_work(&c, NULL, &bytes, &ops);
	assert_true(bytes == 0 && ops == 0);
	c.op = 255;
	qpc_cmd_work(&c, NULL, &bytes, &ops);
	assert_true(bytes == 0 && ops == 0);
}

static void test_edges(void **state)
{
	struct qpc_program p;
	struct qpc_timing t;

	sample_program(&p, 1);
	qpc_timing(&p, 2, QPC_SKU_PRO, &t);
	assert_true(t.seconds == 0);
	qpc_timing(&p, 0, QPC_SKU_COUNT, &t);
	assert_true(t.seconds == 0);
	assert_string_equal(qpc_sku_name(QPC_SKU_ULTRA), "Ultra");
	assert_null(qpc_sku_name(QPC_SKU_COUNT));
	qpc_program_release(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_decode_is_ddr_bound),
		cmocka_unit_test(test_block_formats),
		cmocka_unit_test(test_prefill_is_hmx_bound),
		cmocka_unit_test(test_scaling),
		cmocka_unit_test(test_batch),
		cmocka_unit_test(test_prefill_cores),
		cmocka_unit_test(test_shared),
		cmocka_unit_test(test_spread),
		cmocka_unit_test(test_ahead),
		cmocka_unit_test(test_indexed),
		cmocka_unit_test(test_command),
		cmocka_unit_test(test_edges),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
