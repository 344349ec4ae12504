// SPDX-License-Identifier: MIT
/*
 * The modelled card (Documentation/timing.md) from one end to the other: a model's
 * graph, its ONNX, and the command streams that the compiler makes of it, held to what
 * is known of the card. There are no weights: the ONNX has holes where they belong, and
 * a compilation that writes nothing never looks at them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "tests/unit/libqeff/checkpoint.h"

#include "compiler/qaicc.h"
#include "libqeff/arch.h"
#include "libqeff/build.h"
#include "libqeff/registry.h"
#include "libqeff/safetensors.h"

#define DDR	137e9			/* bytes per second */
#define PEAK	125e12			/* FP16 of a Pro */

static struct qaic_err err;

enum { STANDARD, PRO, ULTRA };		/* of qaicc_spec_report.seconds */

/* A Llama. */
struct shape {
	unsigned int layers, hidden, mlp, heads, kv_heads, vocab, positions;
};

static const struct shape llama3_8b = {
	32, 4096, 14336, 32, 8, 128256, 8192,
};

/* Two layers of it, and a small vocabulary. */
static const struct shape two_layers = {
	2, 4096, 14336, 32, 8, 4096, 8192,
};

static unsigned int head_dim(const struct shape *s)
{
	return s->hidden / s->heads;
}

/* Of the products of a token. */
static double weights(const struct shape *s)
{
	double attn = s->hidden * (2.0 * s->hidden +
				   2.0 * s->kv_heads * head_dim(s));

	return s->layers * (attn + 3.0 * s->hidden * s->mlp) +
	       (double)s->hidden * s->vocab;
}

/* ---- a checkpoint of nothing ---- */

static void add(struct qf_tensors *ts, const char *name, int64_t d0, int64_t d1)
{
	static const uint8_t nothing[64 << 10];	/* vectors are copied */
	struct qf_tensor *t;

	ts->tensor = realloc(ts->tensor, (ts->num + 1) * sizeof(*t));
	assert_non_null(ts->tensor);
	t = &ts->tensor[ts->num++];
	memset(t, 0, sizeof(*t));
	t->name = strdup(name);
	t->dtype = QAIC_BF16;
	t->data = nothing;
	t->rank = d1 ? 2 : 1;
	t->dim[0] = d0;
	t->dim[1] = d1;
	t->size = 2 * d0 * (d1 ? d1 : 1);
}

static void add_layer(struct qf_tensors *ts, const struct shape *s,
		      unsigned int layer)
{
	unsigned int kv = s->kv_heads * head_dim(s), i;
	const struct {
		const char *name;
		unsigned int d0, d1;
	} w[] = {
		{ "input_layernorm", s->hidden, 0 },
		{ "post_attention_layernorm", s->hidden, 0 },
		{ "self_attn.q_proj", s->hidden, s->hidden },
		{ "self_attn.k_proj", kv, s->hidden },
		{ "self_attn.v_proj", kv, s->hidden },
		{ "self_attn.o_proj", s->hidden, s->hidden },
		{ "mlp.gate_proj", s->mlp, s->hidden },
		{ "mlp.up_proj", s->mlp, s->hidden },
		{ "mlp.down_proj", s->hidden, s->mlp },
	};
	char name[96];

	for (i = 0; i < sizeof(w) / sizeof(w[0]); i++) {
		snprintf(name, sizeof(name), "model.layers.%u.%s.weight", layer,
			 w[i].name);
		add(ts, name, w[i].d0, w[i].d1);
	}
}

static void checkpoint(struct qf_tensors *ts, const struct shape *s)
{
	unsigned int i;

	memset(ts, 0, sizeof(*ts));
	add(ts, "model.embed_tokens.weight", s->vocab, s->hidden);
	add(ts, "lm_head.weight", s->vocab, s->hidden);
	add(ts, "model.norm.weight", s->hidden, 0);
	for (i = 0; i < s->layers; i++)
		add_layer(ts, s, i);
	assert_int_equal(qf_tensors_sort(ts, &err), 0);
}

static void configure(struct qf_model *m, const struct shape *s, const char *dir)
{
	const struct qf_arch *arch;
	struct qf_config c;
	char text[1024];

	snprintf(text, sizeof(text), "{\"architectures\": [\"LlamaForCausalLM\"],"
		 "\"model_type\": \"llama\", \"hidden_act\": \"silu\","
		 "\"hidden_size\": %u, \"intermediate_size\": %u,"
		 "\"num_hidden_layers\": %u, \"num_attention_heads\": %u,"
		 "\"num_key_value_heads\": %u, \"vocab_size\": %u,"
		 "\"max_position_embeddings\": %u, \"rms_norm_eps\": 1e-05,"
		 "\"rope_theta\": 500000.0, \"tie_word_embeddings\": false}",
		 s->hidden, s->mlp, s->layers, s->heads, s->kv_heads, s->vocab,
		 s->positions);
	put_text(dir, "config.json", text);
	if (qf_config_open(&c, dir, &arch, &err) ||
	    qf_config_model(&c, arch, m))
		fail_msg("%s", err.msg);
	qf_config_close(&c);
}

/* Its ONNX; drop_dir(*dir), free(). */
static char *make_onnx(const struct shape *s, char **dir)
{
	const struct qaic_progress silent = { 0 };
	struct qf_tensors ts;
	struct qf_model m;
	struct qf_build b;
	char *path;

	*dir = temp_dir();
	configure(&m, s, *dir);
	checkpoint(&ts, s);
	path = qaic_path(*dir, "model.onnx");
	if (qf_build_model(&b, &m, &ts, &err))
		fail_msg("%s", err.msg);
	b.o.hollow = true;
	if (qf_onnx_write(&b.o, path, &silent))
		fail_msg("%s", err.msg);
	qf_build_release(&b);
	qf_tensors_close(&ts);
	return path;
}

/* ---- compiling it ---- */

enum { FP16 = 1, KV_MXINT8 = 2 };	/* else weights in MXFP6, cache in FP16 */

struct how {
	unsigned int cores, batch, seq, ctx, format;
};

static struct qaicc_spec_report compile(const char *onnx, const struct shape *s,
					struct how h)
{
	const struct qaicc_symbol symbols[] = {
		{ "batch_size", h.batch }, { "seq_len", h.seq },
		{ "ctx_len", h.ctx },
	};
	const struct qaicc_spec spec = { "it", symbols, 3 };
	struct qaicc_custom_io io[4 * 64];
	char names[4 * 64][48];
	struct qaicc_options o = {
		.onnx = onnx, .num_cores = h.cores, .convert_to_fp16 = true,
		.weights = h.format & FP16 ? 0 : QAIC_MXFP6, .retained_state = true,
		.specs = &spec, .num_specs = 1, .custom_io = io,
		.num_custom_io = 4 * s->layers,
	};
	struct qaicc_spec_report out;
	struct qaicc_report r;
	unsigned int i;

	for (i = 0; i < o.num_custom_io; i++) {
		snprintf(names[i], sizeof(names[i]), "past_%s.%u%s",
			 i & 1 ? "key" : "value", i / 4,
			 i & 2 ? "_RetainedState" : "");
		io[i].name = names[i];
		io[i].precision = h.format & KV_MXINT8 ? QAIC_MXINT8 : QAIC_F16;
	}
	if (qaicc_compile(&o, &r, &err))
		fail_msg("%s", err.msg);
	out = r.specs[0];
	if (!(h.format & FP16))
		assert_true(r.block_bytes * 8.0 / r.block_elems == 6.25);
	qaicc_report_release(&r);
	return out;
}

static double percent(double got, double want)
{
	return 100 * (got - want) / want;
}

static void near(double got, double want, double least, double most)
{
	double p = percent(got, want);

	if (!(p >= least && p <= most))
		fail_msg("%g is %.2f %% from %g, not %g to %g", got, p, want,
			 least, most);
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

/* A larger batch shares the weights, until HMX has no more time. */
static void test_batch(void **state)
{
	static const unsigned int batch[] = { 1, 8, 32, 128, 512, 1024, 2048 };
	const struct shape *s = &two_layers;
	char *dir, *onnx = make_onnx(s, &dir);
	double rate[7], full, bytes;
	struct qaicc_spec_report r;
	unsigned int i;

	for (i = 0; i < 7; i++) {
		r = compile(onnx, s, (struct how){ 16, batch[i], 1, 32, 0 });
		rate[i] = batch[i] / r.seconds[PRO];
		full = 2.0 * r.macs / r.seconds[PRO] / PEAK;
		bytes = (r.ddr_read + r.ddr_write) / DDR / r.seconds[PRO];
		print_message("batch %u: %.0f tokens per second, HMX %.0f %%, DDR %.0f %%\n",
			      batch[i], rate[i], 100 * full, 100 * bytes);
		assert_true(full <= 1 && bytes <= 1);
		if (batch[i] <= 8)
			assert_true(bytes > 0.7 && full < 0.1);
	}
	/* almost for nothing first */
	assert_true(rate[1] > 7 * rate[0]);
	assert_true(rate[2] > 3 * rate[1]);
	for (i = 1; i < 5; i++)
		assert_true(rate[i] > 1.2 * rate[i - 1]);
	/* then it is full */
	assert_true(rate[6] < 1.2 * rate[5]);
	assert_true(full > 0.5);
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
		cmocka_unit_test(test_batch),
		cmocka_unit_test(test_cache),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
