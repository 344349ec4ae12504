/* SPDX-License-Identifier: MIT */
/*
 * Models without weights for tests of the modelled card: a Llama's graph, its ONNX with
 * holes where the weights belong, and what the compiler says of it.
 */
#ifndef TESTS_LIBQEFF_MODELLED_H
#define TESTS_LIBQEFF_MODELLED_H

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

static unsigned int head_dim(const struct shape *s)
{
	return s->hidden / s->heads;
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

#endif
