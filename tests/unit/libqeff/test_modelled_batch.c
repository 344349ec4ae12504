// SPDX-License-Identifier: MIT
/*
 * Many tokens in a call of the modelled card: how full HMX gets, and where the rest of
 * the time goes. Documentation/timing.md has the numbers.
 */
#include "tests/unit/libqeff/modelled.h"

/* Eight: what comes before and behind the layers, a token's logits, counts for little. */
static const struct shape eight_layers = {
	8, 4096, 14336, 32, 8, 4096, 8192,
};

/* 1.1 B parameters, 22 layers. */
static const struct shape small = {
	22, 2048, 5632, 32, 4, 32000, 8192,
};

/* Part of the time in which HMX works, while the card computes. */
static double busy(const struct qaicc_spec_report *r)
{
	double others = 0;
	unsigned int i;

	for (i = 0; i < QAICC_REPORT_PARTS; i++)
		if (!strcmp(r->part[i].what, "PCIe") ||
		    !strcmp(r->part[i].what, "call"))
			others += r->part[i].seconds;
	return r->hmx / (r->seconds[PRO] - others);
}

/* The parts are the whole. */
static void adds_up(const struct qaicc_spec_report *r)
{
	double sum = 0, ddr = 0, hmx = 0;
	uint32_t i, commands = 0;

	for (i = 0; i < QAICC_REPORT_PARTS; i++)
		sum += r->part[i].seconds;
	near(sum, r->seconds[PRO], -1e-6, 1e-6);
	for (i = 0; i < r->num_ops; i++) {
		assert_true(r->op[i].commands > 0);
		commands += r->op[i].commands;
		ddr += r->op[i].ddr;
		hmx += r->op[i].hmx;
	}
	near(ddr, r->ddr_read + r->ddr_write, -1e-3, 1e-3);
	assert_true(hmx <= r->hmx * 1.000001 && r->hmx <= r->seconds[PRO]);
	assert_true(commands < r->commands);	/* which has barriers, too */
}

/*
 * A larger batch shares the weights, until HMX is full: @least of its time at 512 in
 * a call. Beyond it is full as well, but the VTCM is not larger.
 */
static void batches(const char *onnx, unsigned int format, double least)
{
	static const unsigned int batch[] = { 1, 8, 32, 64, 128, 256, 512, 1024,
					      2048 };
	double rate[9], full[9], bytes;
	struct qaicc_spec_report r;
	unsigned int i;

	for (i = 0; i < 9; i++) {
		r = compile(onnx, &eight_layers,
			    (struct how){ 16, batch[i], 1, 32, format });
		adds_up(&r);
		rate[i] = batch[i] / r.seconds[PRO];
		full[i] = busy(&r);
		bytes = (r.ddr_read + r.ddr_write) / DDR / r.seconds[PRO];
		print_message("batch %u: %.0f tokens per second, HMX %.0f %%, DDR %.0f %%\n",
			      batch[i], rate[i], 100 * full[i], 100 * bytes);
		assert_true(full[i] <= 1 && bytes <= 1);
		assert_true(2.0 * r.macs / r.seconds[PRO] <= PEAK);
		if (batch[i] <= 64)
			assert_true(bytes > 0.9 && full[i] < 0.2);
	}
	/* almost for nothing first, */
	assert_true(rate[1] > 7 * rate[0]);
	assert_true(rate[2] > 3.8 * rate[1]);
	for (i = 1; i < 7; i++)
		assert_true(rate[i] > 1.3 * rate[i - 1] && full[i] > full[i - 1] - 0.01);
	/* then it is full */
	assert_true(full[6] > least);
	for (i = 7; i < 9; i++)
		assert_true(rate[i] > 0.9 * rate[6] && full[i] > least - 0.08);
}

static void test_batch(void **state)
{
	char *dir, *onnx = make_onnx(&eight_layers, &dir);

	batches(onnx, 0, 0.8);
	batches(onnx, KV_MXINT8, 0.9);
	drop_dir(dir);
	free(onnx);
}

/* So it is in prefill: activations stay on the chip, and DDR has little to do. */
static void test_prefill_full(void **state)
{
	static const unsigned int tokens[] = { 512, 1024, 2048 };
	const struct shape *s = &eight_layers;
	struct qaicc_spec_report r;
	char *dir, *onnx = make_onnx(s, &dir);
	unsigned int i;

	for (i = 0; i < 3; i++) {
		r = compile(onnx, s,
			    (struct how){ 16, 1, tokens[i], tokens[i], 0 });
		adds_up(&r);
		print_message("prefill of %u: %.0f tokens per second, HMX %.0f %%\n",
			      tokens[i], tokens[i] / r.seconds[PRO],
			      100 * busy(&r));
		assert_true(busy(&r) > 0.9);
	}
	drop_dir(dir);
	free(onnx);
}

/*
 * Narrow layers: matrices of 128 columns for each NSP, to which all activations have to
 * come. So the NSPs' ports are as busy as HMX.
 */
static void test_small(void **state)
{
	const struct shape *s = &small;
	struct qaicc_spec_report one, prefill, batch;
	char *dir, *onnx = make_onnx(s, &dir);

	one = compile(onnx, s, (struct how){ 16, 1, 1, 128, 0 });
	prefill = compile(onnx, s, (struct how){ 16, 1, 512, 512, 0 });
	batch = compile(onnx, s, (struct how){ 16, 512, 1, 32, 0 });
	print_message("1.1 B: prefill of 512 HMX %.0f %%, batch 512 HMX %.0f %%\n",
		      100 * busy(&prefill), 100 * busy(&batch));
	assert_true(busy(&prefill) > 0.75 && busy(&batch) > 0.75);
	near(one.seconds[PRO], one.ddr_read / DDR, 0, 8);
	drop_dir(dir);
	free(onnx);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_batch),
		cmocka_unit_test(test_prefill_full),
		cmocka_unit_test(test_small),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
