// SPDX-License-Identifier: MIT
/*
 * Einsum with constant weights: those that are matrices go the way of MatMul's, in
 * every format, wherever the equation has them; the card against the reference
 * evaluation, with weights that lose nothing in the formats.
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
#include "tests/onnx/make_model.h"

static const struct equation {
	const char *text, *x;
	int64_t w[3];
	bool weights_first;
	uint32_t matrices;	/* in blocks, when blocks are asked for */
	const char *perm;	/* "102": transposed before, NULL: not */
} equations[] = {
	{ "bsi,io->bso", "2,3,96", { 96, 48 }, false, 1, NULL },
	{ "bsi,oi->bso", "2,3,96", { 48, 96 }, false, 1, NULL },
	{ "oi,bsi->bso", "2,3,96", { 48, 96 }, true, 1, NULL },
	{ "io,bsi->obs", "2,3,96", { 96, 48 }, true, 1, NULL },
	{ "...i,io->...o", "2,2,2,70", { 70, 45 }, false, 1, NULL },
	/* heads: several axes are one of the matrix */
	{ "bsi,ihd->bshd", "2,3,96", { 96, 4, 24 }, false, 1, NULL },
	{ "bsi,hid->bhsd", "2,3,96", { 4, 96, 24 }, false, 0, NULL },
	{ "bshd,hdo->bso", "2,3,4,24", { 4, 24, 48 }, false, 1, NULL },
	{ "bshd,ohd->bso", "2,3,4,24", { 48, 4, 24 }, false, 1, NULL },
	/* a matrix for each head, for each expert */
	{ "bshd,hod->bhso", "2,3,4,32", { 4, 40, 32 }, false, 1, NULL },
	{ "ebi,eio->ebo", "3,5,64", { 3, 64, 32 }, false, 1, NULL },
	/* none: the weights are summed first; or lie across each other */
	{ "bi,oij->bo", "2,64", { 32, 64, 3 }, false, 0, NULL },
	{ "bsi,dih->bshd", "2,3,96", { 24, 96, 4 }, false, 0, NULL },
	/* a diagonal of what comes in, and an axis of length 1 */
	{ "bii,io->bo", "2,64,64", { 64, 32 }, false, 1, NULL },
	{ "bsi,io->bso", "2,1,64", { 64, 32 }, false, 1, NULL },
	/* transposed before: what counts is how they lie then */
	{ "bsi,io->bso", "2,3,96", { 48, 96 }, false, 1, "10" },
	{ "oi,bsi->bso", "2,3,96", { 96, 48 }, true, 1, "10" },
	{ "bsi,hid->bshd", "2,3,96", { 96, 4, 24 }, false, 1, "102" },
	{ "bsi,dih->bshd", "2,3,96", { 96, 4, 24 }, false, 1, "201" },
	{ "bshd,odh->bso", "2,3,4,24", { 4, 24, 48 }, false, 1, "210" },
	{ "bshd,hod->bhso", "2,3,4,32", { 32, 4, 40 }, false, 1, "120" },
	{ "bsi,ihd->bshd", "2,3,96", { 4, 96, 24 }, false, 0, "102" },
	{ "bii,io->bo", "2,64,64", { 32, 64 }, false, 1, "10" },
};

static char dir[] = "/tmp/qaic-einsum-XXXXXX", onnx[64], out[64];
static struct qaic_device *dev;
static float x[2 * 64 * 64], w[4 * 96 * 48];

static int setup(void **state)
{
	size_t i;

	if (!mkdtemp(dir) || qaic_device_open(0, &dev, NULL))
		return -1;
	snprintf(onnx, sizeof(onnx), "%s/m.onnx", dir);
	snprintf(out, sizeof(out), "%s/qpc", dir);
	for (i = 0; i < QAIC_ARRAY_SIZE(x); i++)
		x[i] = sinf(i * 0.37f);
	/* small integers are in blocks of every format what they are */
	for (i = 0; i < QAIC_ARRAY_SIZE(w); i++)
		w[i] = (int)(i * 5 % 7) - 3;
	return 0;
}

static int teardown(void **state)
{
	qaic_device_close(dev);
	return qaic_rmtree(dir, NULL);
}

static void make(const struct equation *e)
{
	Onnx__ModelProto *m = mm_model(17);
	size_t size = sizeof(float);
	int rank;

	for (rank = 0; rank < 3 && e->w[rank]; rank++)
		size *= e->w[rank];
	assert_true(size <= sizeof(w));
	mm_input(m, "x", 1, e->x);
	mm_init(m, mm_tensor(e->perm ? "t" : "w", 1, rank, e->w, w, size));
	if (e->perm)
		mm_attr_ints(mm_node(m, "Transpose", "t", "w"), "perm", rank,
			     (long long)e->perm[0] - '0',
			     (long long)e->perm[1] - '0',
			     rank == 3 ? (long long)e->perm[2] - '0' : 0);
	mm_attr_str(mm_node(m, "Einsum", e->weights_first ? "w,x" : "x,w", "y"),
		    "equation", e->text);
	mm_output(m, "y");
	assert_int_equal(mm_write(m, onnx), 0);
	mm_free(m);
}

static void check_card(const struct equation *e, const struct qaicc_tensor *want,
		       size_t in_size, double limit)
{
	const float *ref = want->data, *got;
	struct qaic_err err = QAIC_ERR_INIT;
	struct qaic_program *prog;
	struct qaic_exec *exec;
	double dd = 0, rr = 0;
	size_t i, size;

	if (qaic_program_load(dev, out, &prog, &err) ||
	    qaic_exec_create(prog, 0, &exec, &err))
		fail_msg("%s: %s", e->text, err.msg);
	memcpy(qaic_exec_buffer(exec, 0, &size), x, in_size);
	if (qaic_exec_run(exec, &err))
		fail_msg("%s: %s", e->text, err.msg);
	got = qaic_exec_buffer(exec, 1, &size);
	assert_int_equal(size, want->size);
	for (i = 0; i < size / sizeof(float); i++) {
		dd += ((double)got[i] - ref[i]) * ((double)got[i] - ref[i]);
		rr += (double)ref[i] * ref[i];
	}
	if (!(sqrt(dd / rr) <= limit))
		fail_msg("%s: relative RMS %g", e->text, sqrt(dd / rr));
	qaic_exec_destroy(exec);
	qaic_program_unload(prog);
}

static void check(const struct equation *e)
{
	static const enum qaic_dtype types[] = { 0, QAIC_MXINT8, QAIC_MXFP6,
						 QAIC_MXFP4 };
	const void *in[] = { x };
	struct qaic_err err = QAIC_ERR_INIT;
	struct qaicc_tensor tx, ty;
	struct qaicc_report r;
	struct qaicc_ref *ref;
	size_t i;

	make(e);
	if (qaicc_ref_open(onnx, NULL, 0, &ref, &err) ||
	    qaicc_ref_run(ref, in, &err))
		fail_msg("%s: %s", e->text, err.msg);
	qaicc_ref_input(ref, 0, &tx);
	qaicc_ref_output(ref, 0, &ty);
	for (i = 0; i < 2 * QAIC_ARRAY_SIZE(types); i++) {
		struct qaicc_options o = {
			.onnx = onnx, .out_dir = out, .num_cores = i & 1 ? 5 : 1,
			.convert_to_fp16 = i < 2, .weights = types[i / 2],
		};

		if (qaicc_compile(&o, &r, &err))
			fail_msg("%s: %s", e->text, err.msg);
		if (r.num_blocks != (o.weights ? e->matrices : 0))
			fail_msg("%s: %u matrices in blocks", e->text,
				 r.num_blocks);
		qaicc_report_release(&r);
		check_card(e, &ty, tx.size, 1e-3);
		assert_int_equal(qaic_rmtree(out, NULL), 0);
	}
	qaicc_ref_close(ref);
}

static void every_equation(void **state)
{
	size_t i;

	for (i = 0; i < QAIC_ARRAY_SIZE(equations); i++)
		check(&equations[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_equation),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
