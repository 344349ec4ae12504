// SPDX-License-Identifier: MIT
/*
 * The modelled card (Documentation/timing.md) from one end to the other: a model's
 * graph, its ONNX, and the command streams that the compiler makes of it, held to what
 * is known of the card. There are no weights: the ONNX has holes where they belong, and
 * a compilation that writes nothing never looks at them.
 */
#include "tests/unit/libqeff/modelled.h"

static const struct shape llama3_8b = {
	32, 4096, 14336, 32, 8, 128256, 8192,
};

/* Two layers of it, and a small vocabulary. */
static const struct shape two_layers = {
	2, 4096, 14336, 32, 8, 4096, 8192,
};

/* Of the products of a token. */
static double weights(const struct shape *s)
{
	double attn = s->hidden * (2.0 * s->hidden +
				   2.0 * s->kv_heads * head_dim(s));

	return s->layers * (attn + 3.0 * s->hidden * s->mlp) +
	       (double)s->hidden * s->vocab;
}

/* ---- what is known ---- */

/* All of an 8 B model: about 20 tokens per second, and it is the DDR that is slow. */
static void test_decode_8b(void **state)
{
	const struct shape *s = &llama3_8b;
	struct qaicc_spec_report r;
	double blocks, kv;
	char *dir, *onnx = make_onnx(s, &dir);
	int i;

	assert_true(weights(s) == 7504658432.0);	/* 8.03 B less the embedding */
	r = compile(onnx, s, (struct how){ 16, 1, 1, 2048, 0 });
	blocks = weights(s) * 6.25 / 8;
	kv = 2.0 * s->layers * s->kv_heads * head_dim(s) * 2048 * 2;
	near(r.ddr_read, blocks + kv, 0, 1);
	/* weights, and two products with each of the cache's slots */
	near(r.macs, weights(s) + 2.0 * s->layers * s->hidden * 2048, 0, 0.1);
	for (i = STANDARD; i <= ULTRA; i++) {
		near(r.seconds[i], r.ddr_read / DDR, 0, 8);
		assert_true(1 / r.seconds[i] > 18 && 1 / r.seconds[i] < 23);
	}
	print_message("8 B, MXFP6: %.1f tokens per second, DDR %.0f %%\n",
		      1 / r.seconds[PRO],
		      100 * r.ddr_read / DDR / r.seconds[PRO]);
	/* in float16 it would be 9 */
	r = compile(onnx, s, (struct how){ 16, 1, 1, 2048, FP16 });
	near(r.ddr_read, weights(s) * 2 + kv, 0, 1);
	near(r.seconds[PRO], r.ddr_read / DDR, 0, 8);
	assert_true(1 / r.seconds[PRO] > 8 && 1 / r.seconds[PRO] < 10);
	drop_dir(dir);
	free(onnx);
}

/* Prefill is arithmetic: cores count, and the peak is not exceeded. */
static void test_prefill_cores(void **state)
{
	const struct shape *s = &two_layers;
	struct qaicc_spec_report two, four, all, one_token;
	char *dir, *onnx = make_onnx(s, &dir);
	double flops;

	two = compile(onnx, s, (struct how){ 2, 1, 512, 512, 0 });
	four = compile(onnx, s, (struct how){ 4, 1, 512, 512, 0 });
	all = compile(onnx, s, (struct how){ 16, 1, 512, 512, 0 });
	one_token = compile(onnx, s, (struct how){ 16, 1, 1, 512, 0 });
	assert_int_equal(two.macs, all.macs);
	assert_true(two.seconds[PRO] > 1.7 * four.seconds[PRO]);
	assert_true(two.seconds[PRO] > 5 * all.seconds[PRO]);
	flops = 2.0 * all.macs / all.seconds[PRO];
	print_message("prefill of 512: %.1f ms on 2 NSPs, %.1f on 4, %.1f on 16, %.0f TFLOP/s\n",
		      two.seconds[PRO] * 1e3, four.seconds[PRO] * 1e3,
		      all.seconds[PRO] * 1e3, flops / 1e12);
	assert_true(flops > 0.4 * PEAK && flops <= PEAK);
	assert_true(2.0 * two.macs / two.seconds[PRO] <= PEAK / 8);
	/* an Ultra's SoC is slower than a Pro, a Standard has fewer NSPs */
	assert_true(all.seconds[ULTRA] > 1.2 * all.seconds[PRO]);
	assert_true(all.seconds[STANDARD] > all.seconds[PRO]);
	/* of many tokens at once, each is cheaper */
	assert_true(all.seconds[PRO] < 512 * one_token.seconds[PRO] / 5);
	drop_dir(dir);
	free(onnx);
}

/* The cache costs what its format does. */
static void test_cache(void **state)
{
	const struct shape *s = &two_layers;
	char *dir, *onnx = make_onnx(s, &dir);
	struct qaicc_spec_report none, half, blocks;
	double slots = 2.0 * s->layers * s->kv_heads * head_dim(s) * 8192;

	none = compile(onnx, s, (struct how){ 16, 1, 1, 32, 0 });
	half = compile(onnx, s, (struct how){ 16, 1, 1, 8192, 0 });
	blocks = compile(onnx, s, (struct how){ 16, 1, 1, 8192,
						KV_MXINT8 });
	near((double)half.ddr_read - none.ddr_read, slots * 2, -2, 2);
	near((double)blocks.ddr_read - none.ddr_read, slots * 8.25 / 8, -2, 2);
	assert_true(half.seconds[PRO] > blocks.seconds[PRO]);
	assert_true(blocks.seconds[PRO] > none.seconds[PRO]);
	drop_dir(dir);
	free(onnx);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_decode_8b),
		cmocka_unit_test(test_prefill_cores),
		cmocka_unit_test(test_cache),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
