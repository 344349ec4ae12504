// SPDX-License-Identifier: MIT
/*
 * Every pattern of tests/onnx/pattern_models.h on the card against the reference
 * evaluation: fused or not, on 1, 3 and 16 NSPs, in F32 and F16; and the streams
 * looked at byte by byte for races.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/file.h"
#include "base/str.h"
#include "compiler/qaicc.h"
#include "libqaic/qaic.h"
#include "libqeff/qeff.h"
#include "tests/onnx/pattern_models.h"
#include "tests/unit/compiler/races.h"
#include "tests/unit/soc/joined.h"

static char dir[] = "/tmp/qaic-patterns-XXXXXX";
static struct qaic_device *dev;

static int setup(void **state)
{
	return mkdtemp(dir) && !qaic_device_open(0, &dev, NULL) ? 0 : -1;
}

static int teardown(void **state)
{
	qaic_device_close(dev);
	return qaic_rmtree(dir, NULL);
}

/* Positions count up row by row, one row ends in padding; floats are spread. */
static void make_input(const struct qaicc_tensor *t, void *to)
{
	static const int64_t pos[6] = { 0, 1, 2, 3, 4, 5 };
	size_t i, n = t->size / qaic_dtype_size(t->dtype);

	for (i = 0; i < n; i++) {
		if (t->dtype == QAIC_I64)
			((int64_t *)to)[i] = pos[i % 6];
		else
			((float *)to)[i] = (float)((i * 37 + 11) % 29) / 7 - 2;
	}
}

static void check(const char *what, const struct qaicc_tensor *want,
		  const float *got, double limit)
{
	const float *ref = want->data;
	size_t i, n = want->size / sizeof(float);
	double err = 0, sum = 1e-9;

	for (i = 0; i < n; i++) {
		if (!isfinite(got[i]))
			fail_msg("%s: element %zu is %g", what, i, got[i]);
		err += (got[i] - ref[i]) * (got[i] - ref[i]);
		sum += ref[i] * ref[i];
	}
	if (sqrt(err / sum) > limit)
		fail_msg("%s: relative RMS %g", what, sqrt(err / sum));
}

static void race_free(const char *what, const char *qpc_dir, uint32_t spec)
{
	struct qaic_err err = QAIC_ERR_INIT;
	char why[400];
	struct qpc *q;

	if (qpc_open(qpc_dir, &q, &err))
		fail_msg("%s: %s", what, err.msg);
	if (race_check(&q->prog, spec, why, sizeof(why)) ||
	    joined_check(q, spec, why, sizeof(why)))
		fail_msg("%s: %s", what, why);
	qpc_close(q);
}

/* What is large is spread over the NSPs, and some results replace an input. */
static void large(const char *what, const char *qpc_dir)
{
	struct qaic_err err = QAIC_ERR_INIT;
	uint32_t i, replaced = 0;
	const struct nsp_cmd *c;
	struct qpc *q;

	if (qpc_open(qpc_dir, &q, &err))
		fail_msg("%s: %s", what, err.msg);
	assert_true(q->prog.num_nsps == 1 || q->prog.spread_size > 3 << 20);
	for (i = 0; i < q->prog.specs[0].streams[0].num_cmds; i++) {
		c = &q->prog.specs[0].streams[0].cmds[i];
		if (c->op == NSP_UNARY || c->op == NSP_BINARY)
			replaced += c->o[0].addr == c->o[1].addr ||
				    c->o[0].addr == c->o[2].addr;
	}
	assert_true(replaced >= 2);
	qpc_close(q);
}

static void run_card(const char *what, const char *qpc_dir,
		     struct qaicc_ref *ref, const void *const *in, double limit)
{
	struct qaic_err err = QAIC_ERR_INIT;
	struct qaic_program *prog;
	struct qaicc_tensor t;
	struct qaic_exec *exec;
	size_t i, size;

	if (qaic_program_load(dev, qpc_dir, &prog, &err) ||
	    qaic_exec_create(prog, 0, &exec, &err))
		fail_msg("%s: %s", what, err.msg);
	for (i = 0; i < qaicc_ref_num_inputs(ref); i++) {
		qaicc_ref_input(ref, i, &t);
		memcpy(qaic_exec_buffer(exec, i, &size), in[i], t.size);
	}
	if (qaic_exec_run(exec, &err))
		fail_msg("%s: %s", what, err.msg);
	qaicc_ref_output(ref, 0, &t);
	check(what, &t, qaic_exec_buffer(exec, i, &size), limit);
	qaic_exec_destroy(exec);
	qaic_program_unload(prog);
}

static void compile_and_run(const struct pattern *p, const char *onnx,
			    struct qaicc_ref *ref, const void *const *in,
			    unsigned int cores, bool fp16)
{
	struct qaic_err err = QAIC_ERR_INIT;
	char out[100], what[100];
	struct qaicc_options o = {
		.onnx = onnx, .out_dir = out, .num_cores = cores,
		.convert_to_fp16 = fp16,
	};

	snprintf(out, sizeof(out), "%s/qpc", dir);
	snprintf(what, sizeof(what), "%s, %u NSPs, %s", p->name, cores,
		 fp16 ? "F16" : "F32");
	if (qaicc_compile(&o, NULL, &err))
		fail_msg("%s: %s", what, err.msg);
	race_free(what, out, 0);
	if (!strcmp(p->name, "large") && !fp16)
		large(what, out);
	run_card(what, out, ref, in, fp16 ? 2e-3 : 2e-6);
	assert_int_equal(qaic_rmtree(out, NULL), 0);
}

static void all_patterns(void **state)
{
	static const unsigned int cores[] = { 1, 3, 16 };
	size_t i, k, n;
	char onnx[100];

	snprintf(onnx, sizeof(onnx), "%s/m.onnx", dir);
	for (i = 0; i < QAIC_ARRAY_SIZE(patterns); i++) {
		const struct pattern *p = &patterns[i];
		Onnx__ModelProto *mp = pattern_model(p);
		struct qaic_err err = QAIC_ERR_INIT;
		const void *in[4];
		struct qaicc_tensor t;
		struct qaicc_ref *ref;

		assert_int_equal(mm_write(mp, onnx), 0);
		mm_free(mp);
		if (qaicc_ref_open(onnx, NULL, 0, &ref, &err))
			fail_msg("%s: %s", p->name, err.msg);
		n = qaicc_ref_num_inputs(ref);
		for (k = 0; k < n; k++) {
			void *data;

			qaicc_ref_input(ref, k, &t);
			data = malloc(t.size);
			make_input(&t, data);
			in[k] = data;
		}
		if (qaicc_ref_run(ref, in, &err))
			fail_msg("%s: %s", p->name, err.msg);
		for (k = 0; k < QAIC_ARRAY_SIZE(cores); k++) {
			compile_and_run(p, onnx, ref, in, cores[k], false);
			compile_and_run(p, onnx, ref, in, cores[k], true);
		}
		for (k = 0; k < n; k++)
			free((void *)in[k]);
		qaicc_ref_close(ref);
	}
}

/* Whole models: prefill and decode, retained state, several rows. */
static void exports_are_race_free(void **state)
{
	static const char *const models[] = {
		"llama-gqa", "gpt2", "mistral-swa8", "gemma2", "gpt-neox",
		"gptj", "chatglm2", "baichuan2-13b", "falcon-rw-alibi",
		"falcon40b-style", "starcoder-mqa",
	};
	static const unsigned int cores[] = { 2, 5, 16 };
	static const struct qaicc_symbol sym[2][3] = {
		{ { "batch_size", 3 }, { "seq_len", 16 }, { "ctx_len", 32 } },
		{ { "batch_size", 3 }, { "seq_len", 1 }, { "ctx_len", 32 } },
	};
	static const struct qaicc_spec specs[2] = {
		{ "Prefill", sym[0], 3 }, { "Decode", sym[1], 3 },
	};
	char model[100], onnx[100], out[100];
	struct qaic_err err = QAIC_ERR_INIT;
	size_t i, k;

	snprintf(onnx, sizeof(onnx), "%s/export.onnx", dir);
	snprintf(out, sizeof(out), "%s/qpc", dir);
	for (i = 0; i < QAIC_ARRAY_SIZE(models) * 3; i++) {
		struct qeff_export_options e = { .model_dir = model,
						 .onnx_path = onnx };
		struct qaicc_options o = {
			.onnx = onnx, .out_dir = out,
			.num_cores = cores[i % 3], .retained_state = true,
			.convert_to_fp16 = i & 1, .specs = specs,
			.num_specs = 2,
		};

		snprintf(model, sizeof(model), "tests/golden/%s",
			 models[i / 3]);
		if (qeff_export(&e, &err) || qaicc_compile(&o, NULL, &err))
			fail_msg("%s: %s", model, err.msg);
		for (k = 0; k < 2; k++)
			race_free(model, out, k);
		assert_int_equal(qaic_rmtree(out, NULL), 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_patterns),
		cmocka_unit_test(exports_are_race_free),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
