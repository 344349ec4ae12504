// SPDX-License-Identifier: MIT
/* Retained state: changed in place or not, read before and after, exchanged. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/file.h"
#include "compiler/qaicc.h"
#include "libqaic/qaic.h"
#include "tests/onnx/seed_models.h"

static char dir[] = "/tmp/qaic-state-XXXXXX";
static struct qaic_device *dev;
static struct qaic_program *prog;
static struct qaic_exec *exec;

static int setup(void **state)
{
	return mkdtemp(dir) && !qaic_device_open(0, &dev, NULL) ? 0 : -1;
}

static int teardown(void **state)
{
	qaic_device_close(dev);
	return qaic_rmtree(dir, NULL);
}

/* x [4] and the states a, b [4] */
static Onnx__ModelProto *model(void)
{
	Onnx__ModelProto *m = mm_model(17);

	mm_input(m, "x", 1, "4");
	mm_input(m, "a", 1, "4");
	mm_input(m, "b", 1, "4");
	return m;
}

static void load(Onnx__ModelProto *m, unsigned int cores)
{
	struct qaic_err err = QAIC_ERR_INIT;
	char onnx[100], out[100];
	struct qaicc_options o = {
		.onnx = onnx, .out_dir = out, .num_cores = cores,
		.retained_state = true,
	};

	snprintf(onnx, sizeof(onnx), "%s/m.onnx", dir);
	snprintf(out, sizeof(out), "%s/qpc", dir);
	mm_output(m, "y");
	mm_output(m, "a_RetainedState");
	mm_output(m, "b_RetainedState");
	assert_int_equal(mm_write(m, onnx), 0);
	mm_free(m);
	if (qaicc_compile(&o, NULL, &err) ||
	    qaic_program_load(dev, out, &prog, &err) ||
	    qaic_exec_create(prog, 0, &exec, &err))
		fail_msg("%s", err.msg);
	assert_int_equal(qaic_program_num_states(prog), 2);
	assert_int_equal(qaic_rmtree(out, NULL), 0);
}

static void unload(void)
{
	qaic_exec_destroy(exec);
	qaic_program_unload(prog);
}

static void run(float v, const float want[4])
{
	struct qaic_err err = QAIC_ERR_INIT;
	size_t size;
	float *x = qaic_exec_buffer(exec, 0, &size);
	const float *y;
	int i;

	for (i = 0; i < 4; i++)
		x[i] = v + i;
	if (qaic_exec_run(exec, &err))
		fail_msg("%s", err.msg);
	y = qaic_exec_buffer(exec, 1, &size);
	for (i = 0; i < 4; i++)
		if (y[i] != want[i])
			fail_msg("y[%d] is %g, not %g", i, y[i], want[i]);
}

/* Give x = v, v+1, v+2, v+3; expect y[i] = want + i * step. */
static void call(float v, float want, float step)
{
	run(v, (float[]){ want, want + step, want + 2 * step,
			  want + 3 * step });
}

/* y is the old a; a becomes a + x; b stays */
static void old_value(void **state)
{
	unsigned int cores;

	for (cores = 1; cores <= 3; cores += 2) {
		Onnx__ModelProto *m = model();

		mm_node(m, "Add", "a,x", "a_RetainedState");
		mm_node(m, "Identity", "b", "b_RetainedState");
		mm_node(m, "Identity", "a", "y");
		load(m, cores);
		call(1, 0, 0);
		call(10, 1, 1);
		call(0, 11, 2);
		call(0, 11, 3);
		unload();
	}
}

/* a becomes x, b the old a: y is what x was two calls ago */
static void shift(void **state)
{
	Onnx__ModelProto *m = model();

	mm_node(m, "Identity", "x", "a_RetainedState");
	mm_node(m, "Identity", "a", "b_RetainedState");
	mm_node(m, "Identity", "b", "y");
	load(m, 3);
	call(1, 0, 0);
	call(2, 0, 0);
	call(3, 1, 1);
	call(4, 2, 1);
	unload();
}

/* a and b change places; y is a + x */
static void exchange(void **state)
{
	Onnx__ModelProto *m = model();

	mm_node(m, "Add", "a,x", "y");
	mm_node(m, "Add", "a,x", "b_RetainedState");
	mm_node(m, "Identity", "b", "a_RetainedState");
	load(m, 3);
	call(1, 1, 1);		/* a = 0, b = 1.. */
	call(100, 100, 1);	/* a = 1.., b = 100.. */
	call(0, 1, 2);		/* a = 100.., b = 1.. + 0.. */
	call(0, 100, 2);
	unload();
}

/* a scatter into a that may work in place, and one that may not */
static void scatter(void **state)
{
	int keep;

	for (keep = 0; keep < 2; keep++) {
		Onnx__ModelProto *m = model();

		mm_ints(m, "at", 2, 1ll, 3ll);
		mm_ints(m, "from", 2, 0ll, 1ll);
		mm_node(m, "Gather", "x,from", "upd");
		mm_node(m, "ScatterElements", "a,at,upd", "a_RetainedState");
		mm_node(m, "Identity", "b", "b_RetainedState");
		mm_node(m, "Add", keep ? "a,x" : "a_RetainedState,x", "y");
		load(m, 3);
		/* what a becomes: 0 5 0 6 */
		run(5, keep ? (float[]){ 5, 6, 7, 8 }
			    : (float[]){ 5, 11, 7, 14 });
		run(5, (float[]){ 5, 11, 7, 14 });
		unload();
	}
}

/* ---- specializations without rows ---- */

static Onnx__ModelProto *rows_model(void)
{
	Onnx__ModelProto *m = mm_model(17);

	mm_input(m, "x", 1, "4");	/* stays 0; a call has an input */
	mm_input(m, "u", 1, "1,1,n,4");
	mm_input(m, "p", 7, "1,n");
	mm_input(m, "a", 1, "1,1,3,4");
	mm_opset(&m->opset_import, &m->n_opset_import, "com.qualcomm.cloud", 1);
	seed_floats(m, "w", 2, 4, 4);
	mm_attr_int(mm_node(m, "Cast", "p", "p32"), "to", 6);
	mm_node(m, "MatMul", "u,w", "uw");
	mm_node(m, "com.qualcomm.cloud::CtxScatter", "a,p32,uw",
		"a_RetainedState");
	mm_node(m, "Add", "a_RetainedState,x", "y");
	mm_output(m, "y");
	mm_output(m, "a_RetainedState");
	return m;
}

/* n = 0: no product, no binding for what has no rows; the state stays. */
static void no_rows(void **state)
{
	static const struct qaicc_symbol some = { "n", 2 }, none = { "n", 0 };
	const struct qaicc_spec specs[2] = { { "Some", &some, 1 },
					     { "None", &none, 1 } };
	struct qaic_err err = QAIC_ERR_INIT;
	char onnx[100], out[100];
	struct qaicc_options o = {
		.onnx = onnx, .out_dir = out, .num_cores = 3,
		.retained_state = true, .specs = specs, .num_specs = 2,
	};
	Onnx__ModelProto *m = rows_model();
	struct qaicc_report r;
	struct qaic_exec *e[2];
	float y[12], *p;
	size_t size, i;

	snprintf(onnx, sizeof(onnx), "%s/rows.onnx", dir);
	snprintf(out, sizeof(out), "%s/rows", dir);
	assert_int_equal(mm_write(m, onnx), 0);
	mm_free(m);
	if (qaicc_compile(&o, &r, &err) ||
	    qaic_program_load(dev, out, &prog, &err) ||
	    qaic_exec_create(prog, 0, &e[0], &err) ||
	    qaic_exec_create(prog, 1, &e[1], &err))
		fail_msg("%s", err.msg);
	assert_true(r.specs[0].macs > 0);
	assert_int_equal(r.specs[1].macs, 0);
	qaicc_report_release(&r);
	assert_true(qaic_program_find(prog, 0, "u") >= 0);
	assert_true(qaic_program_find(prog, 1, "u") < 0);
	assert_true(qaic_program_find(prog, 1, "p") < 0);
	p = qaic_exec_buffer(e[0], qaic_program_find(prog, 0, "u"), &size);
	for (i = 0; i < 8; i++)
		p[i] = i + 1;
	((int64_t *)qaic_exec_buffer(e[0], qaic_program_find(prog, 0, "p"),
				     &size))[0] = 2;
	for (i = 0; i < 3; i++) {	/* rows go to slots 2 and 0, then nothing */
		assert_int_equal(qaic_exec_run(e[i > 0], &err), 0);
		p = qaic_exec_buffer(e[i > 0],
				     qaic_program_find(prog, i > 0, "y"), &size);
		assert_int_equal(size >= sizeof(y), 1);
		if (!i)
			memcpy(y, p, sizeof(y));
		assert_memory_equal(y, p, sizeof(y));
	}
	assert_true(y[0] != 0 && y[4] == 0 && y[8] != 0);
	qaic_exec_destroy(e[0]);
	qaic_exec_destroy(e[1]);
	qaic_program_unload(prog);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(old_value),
		cmocka_unit_test(shift),
		cmocka_unit_test(exchange),
		cmocka_unit_test(scatter),
		cmocka_unit_test(no_rows),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
