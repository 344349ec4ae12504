// SPDX-License-Identifier: MIT
/*
 * Random graphs on the card against the reference evaluation, on 1, 3 or 16 NSPs,
 * a quarter of them in F16 too, and their streams looked at for races.
 * RANDOM_GRAPHS=FROM-TO chooses the seeds, RANDOM_GRAPHS_KEEP=DIR keeps every
 * model, its inputs and what the reference makes of them (N.onnx, N.in0, N.out0,
 * ...), for another judge.
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
#include "tests/onnx/random_graph.h"
#include "tests/unit/compiler/races.h"
#include "tests/unit/soc/joined.h"

#define MAX_IN		64

/* Differences that are allowed, of the largest element, or of 1. */
#define LIMIT_F32	1e-3
#define LIMIT_F16	0.03

static char dir[] = "/tmp/qaic-random-XXXXXX";
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

static double number(const void *data, enum qaic_dtype dt, size_t i)
{
	switch (dt) {
	case QAIC_F32: return ((const float *)data)[i];
	case QAIC_I64: return ((const int64_t *)data)[i];
	default: return ((const uint8_t *)data)[i];
	}
}

static int compare(unsigned int seed, unsigned int cores, double limit,
		   const struct qaicc_tensor *t, const void *got)
{
	size_t n = t->size / qaic_dtype_size(t->dtype), i;
	double most = 1;

	for (i = 0; i < n; i++)
		most = fmax(most, fabs(number(t->data, t->dtype, i)));
	for (i = 0; i < n; i++) {
		double want = number(t->data, t->dtype, i);
		double is = number(got, t->dtype, i);

		if (fabs(want - is) <= limit * most)
			continue;
		print_message("graph %u, %u NSPs: %s[%zu] is %g, not %g\n", seed,
			      cores, t->name, i, is, want);
		return 1;
	}
	return 0;
}

static int on_card(unsigned int seed, unsigned int cores, bool fp16,
		   const char *onnx, struct qaicc_ref *ref, void *const *in)
{
	struct qaic_err err = QAIC_ERR_INIT;
	struct qaic_program *prog = NULL;
	struct qaic_exec *exec = NULL;
	struct qaicc_tensor t;
	size_t i, size, n = qaicc_ref_num_inputs(ref);
	char out[100], why[400];
	struct qaicc_options o = {
		.onnx = onnx, .out_dir = out, .num_cores = cores,
		.convert_to_fp16 = fp16,
	};
	struct qpc *q;
	int bad = 1;

	snprintf(out, sizeof(out), "%s/qpc", dir);
	if (qaicc_compile(&o, NULL, &err) || qpc_open(out, &q, &err))
		goto out;
	if (race_check(&q->prog, 0, why, sizeof(why)) ||
	    joined_check(q, 0, why, sizeof(why)))
		qaic_fail(&err, -1, "%s", why);
	qpc_close(q);
	if (err.msg[0] || qaic_program_load(dev, out, &prog, &err) ||
	    qaic_exec_create(prog, 0, &exec, &err))
		goto out;
	for (i = 0; i < n; i++) {
		qaicc_ref_input(ref, i, &t);
		memcpy(qaic_exec_buffer(exec, i, &size), in[i], t.size);
	}
	if (qaic_exec_run(exec, &err))
		goto out;
	for (i = bad = 0; !bad && i < qaicc_ref_num_outputs(ref); i++) {
		qaicc_ref_output(ref, i, &t);
		bad = compare(seed, cores, fp16 ? LIMIT_F16 : LIMIT_F32, &t,
			      qaic_exec_buffer(exec, n + i, &size));
	}
out:
	if (err.msg[0])
		print_message("graph %u, %u NSPs: %s\n", seed, cores, err.msg);
	if (exec)
		qaic_exec_destroy(exec);
	if (prog)
		qaic_program_unload(prog);
	qaic_rmtree(out, NULL);
	return bad;
}

static void keep(const char *onnx, const char *kind, size_t i, const void *data,
		 size_t size)
{
	char path[200];

	snprintf(path, sizeof(path), "%.*s.%s%zu", (int)strlen(onnx) - 5, onnx,
		 kind, i);
	assert_int_equal(qaic_write_file(path, data, size, NULL), 0);
}

static int one(unsigned int seed, const char *kept)
{
	static const unsigned int cores[] = { 1, 3, 16 };
	struct qaic_err err = QAIC_ERR_INIT;
	struct qaicc_ref *ref;
	struct qaicc_tensor t;
	void *in[MAX_IN] = { 0 };
	size_t n, i, k;
	char onnx[150];
	struct rg g;
	int bad = 0;

	rg_make(&g, seed, 3 + seed % 10);
	snprintf(onnx, sizeof(onnx), "%s/%u.onnx", kept ? kept : dir, seed);
	assert_int_equal(mm_write(g.m, onnx), 0);
	mm_free(g.m);
	if (qaicc_ref_open(onnx, NULL, 0, &ref, &err)) {
		print_message("graph %u: %s\n", seed, err.msg);
		return 1;
	}
	n = qaicc_ref_num_inputs(ref);
	assert_true(n <= MAX_IN);
	for (k = 0; k < n; k++) {
		qaicc_ref_input(ref, k, &t);
		in[k] = malloc(t.size);
		for (i = 0; i < t.size / sizeof(float); i++)
			((float *)in[k])[i] = rg_number(&g);
		if (kept)
			keep(onnx, "in", k, in[k], t.size);
	}
	if (qaicc_ref_run(ref, (const void *const *)in, &err)) {
		print_message("graph %u: %s\n", seed, err.msg);
		bad = 1;
	}
	for (i = 0; !bad && kept && i < qaicc_ref_num_outputs(ref); i++) {
		qaicc_ref_output(ref, i, &t);
		keep(onnx, "out", i, t.data, t.size);
	}
	if (!bad)
		bad = on_card(seed, cores[seed % 3], false, onnx, ref, in);
	if (!bad && seed % 4 == 0)
		bad = on_card(seed, cores[(seed + 1) % 3], false, onnx, ref, in);
	if (!bad && seed % 4 == 1)
		bad = on_card(seed, cores[(seed + 1) % 3], true, onnx, ref, in);
	for (k = 0; k < n; k++)
		free(in[k]);
	qaicc_ref_close(ref);
	if (!kept)
		unlink(onnx);
	return bad;
}

static void random_graphs(void **state)
{
	const char *range = getenv("RANDOM_GRAPHS");
	unsigned int from = 1, to = 800, bad = 0, seed;

	if (range)
		assert_int_equal(sscanf(range, "%u-%u", &from, &to), 2);
	for (seed = from; seed <= to; seed++)
		bad += one(seed, getenv("RANDOM_GRAPHS_KEEP"));
	assert_int_equal(bad, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(random_graphs),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
