// SPDX-License-Identifier: MIT
/*
 * Weights in block formats: what the compiler writes is what qaic_mx_encode() makes
 * of the model's matrices, whichever way they lie and however they are cut; what is
 * clipped is named; what does not gain by blocks stays as it is. F16 lies in panels,
 * but for a table that is gathered too.
 */
#include <float.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/f16.h"
#include "base/file.h"
#include "base/mx.h"
#include "base/str.h"
#include "compiler/qaicc.h"
#include "qpc/panel.h"
#include "qpc/program.h"
#include "tests/onnx/make_model.h"

#define K	100
#define N	150

static float w[2 * K * N];		/* [K][N], [N][K], [2][K][N] */
static char dir[] = "/tmp/qaic-formats-XXXXXX", onnx[64], out[64];

static void add(Onnx__ModelProto *m, const char *op, const char *name,
		const char *y, int rank, const int64_t *dims, const void *data)
{
	size_t size = sizeof(float);
	char in[32];
	Onnx__NodeProto *n;
	int i;

	for (i = 0; i < rank; i++)
		size *= dims[i];
	mm_init(m, mm_tensor(name, 1, rank, dims, data, size));
	snprintf(in, sizeof(in), "x,%s", name);
	n = mm_node(m, op, in, y);
	if (!strcmp(op, "Gemm"))
		mm_attr_int(n, "transB", 1);
	free(n->name);
	n->name = strdup(y);
	mm_output(m, y);
}

static void make_model(void)
{
	Onnx__ModelProto *m = mm_model(17);
	size_t i;

	for (i = 0; i < 2 * K * N; i++)
		w[i] = sinf(i * 0.7f) * exp2f((int)(i / 50 % 7) - 5);
	w[1] = 1e6f;
	w[2] = -70000;
	w[3] = -FLT_MAX;	/* clipped, but not worth a warning */
	mm_input(m, "x", 1, "3,100");
	add(m, "MatMul", "kn", "y_kn", 2, (int64_t[]){ K, N }, w);
	add(m, "Gemm", "nk", "y_nk", 2, (int64_t[]){ N, K }, w);
	add(m, "MatMul", "batch", "y_batch", 3, (int64_t[]){ 2, K, N }, w);
	add(m, "MatMul", "thin", "y_thin", 2, (int64_t[]){ K, 3 }, w + 500);
	add(m, "MatMul", "exact", "y_exact", 2, (int64_t[]){ K, N }, w);
	assert_int_equal(mm_write(m, onnx), 0);
	mm_free(m);
}

static float element(const char *y, size_t b, size_t n, size_t k)
{
	float v = !strcmp(y, "y_nk") ? w[n * K + k] : w[(b * K + k) * N + n];

	return v > 65504 ? 65504 : v < -65504 ? -65504 : v;
}

/* One command's rows of its matrix, from row @first of it on. */
static void check_rows(const struct nsp_cmd *c, const uint8_t *consts,
		       const char *y, size_t b, size_t first)
{
	size_t n, k, i, len, pitch = qaic_dtype_bytes(c->dtype[2], 16 * 128);
	const uint8_t *p = consts + NSP_ADDR_OFF(c->o[2].addr);
	uint8_t code[32], want[32];
	float x[32];

	p += qaic_dtype_bytes(c->dtype[2], b * c->o[2].stride[1]);
	for (n = 0; n < c->dims[3]; n++) {
		for (k = 0; k < K; k += 32) {
			len = K - k < 32 ? K - k : 32;
			for (i = 0; i < len; i++)
				x[i] = element(y, b, first + n, k + i);
			assert_int_equal(qaic_mx_encode(c->dtype[2], x, len,
							want),
				qpc_panel_get(c->dtype[2], p + n / 16 * pitch, K,
					      n % 16, k / 32, code));
			assert_memory_equal(code, want, 32);
		}
	}
}

static void check_program(const struct qpc *q, enum qaic_dtype t, bool act8)
{
	static const char *const names[] = { "y_kn", "y_nk", "y_batch" };
	const struct qpc_program *p = &q->prog;
	size_t i, j, first, rows[3] = { 0 }, others = 0;
	uint32_t s, k;

	for (s = 0; s < p->num_nsps; s++) {
		for (k = 0; k < p->specs[0].streams[s].num_cmds; k++) {
			const struct nsp_cmd *c = &p->specs[0].streams[s].cmds[k];

			if (c->op != NSP_MATMUL)
				continue;
			for (i = 0; i < 3; i++)
				if (!strcmp(p->nodes[c->node], names[i]))
					break;
			if (i == 3) {
				assert_false(qaic_dtype_is_mx(c->dtype[2]));
				assert_int_equal(c->flags, 0);
				assert_int_equal(c->dtype[2], strcmp(
					p->nodes[c->node], "y_exact") ?
					QAIC_F16 : QAIC_F32);
				others++;
				continue;
			}
			assert_int_equal(c->dtype[2], t);
			assert_int_equal(c->flags, act8 ? NSP_MM_ACT8 : 0);
			first = rows[i] % N;
			assert_int_equal(first % 16, 0);
			for (j = 0; j < c->dims[0] * c->dims[1]; j++)
				check_rows(c, q->consts, names[i], j, first);
			rows[i] += c->dims[3] * c->dims[0] * c->dims[1];
		}
	}
	assert_int_equal(rows[0], N);
	assert_int_equal(rows[1], N);
	assert_int_equal(rows[2], 2 * N);
	assert_true(others >= 2);
}

static void contents(void **state)
{
	static const enum qaic_dtype types[] = { QAIC_MXINT8, QAIC_MXFP6,
						 QAIC_MXFP4 };
	static const char *const fp32[] = { "y_exact" };
	struct qaic_err err = QAIC_ERR_INIT;
	struct qaicc_report r;
	struct qpc *q;
	size_t i, k;

	for (i = 0; i < 6; i++) {
		struct qaicc_options o = {
			.onnx = onnx, .out_dir = out, .num_cores = i & 1 ? 1 : 7,
			.convert_to_fp16 = true, .weights = types[i % 3],
			.act_int8 = i > 2, .fp32_nodes = fp32,
			.num_fp32_nodes = 1,
		};

		if (qaicc_compile(&o, &r, &err))
			fail_msg("%s", err.msg);
		assert_int_equal(r.num_blocks, 3);
		assert_int_equal(r.block_elems, 4 * K * N);
		assert_int_equal(r.block_bytes,
				 4 * qaic_dtype_bytes(o.weights, 160 * 128));
		/* all that hold the two large ones, each under its name */
		for (k = 0; k < r.num_clipped; k++)
			assert_int_equal(r.clipped[k].count, 2);
		assert_int_equal(r.num_clipped, 4);
		assert_string_equal(r.clipped[0].name, "kn");
		qaicc_report_release(&r);
		if (qpc_open(out, &q, &err))
			fail_msg("%s", err.msg);
		if (o.num_cores == 1)
			check_program(q, o.weights, o.act_int8);
		assert_non_null(strstr(q->prog.compiler,
				       qaic_dtype_name(o.weights)));
		qpc_close(q);
		assert_int_equal(qaic_rmtree(out, NULL), 0);
	}
}

/* However many NSPs: every panel exactly once. */
static void cuts(void **state)
{
	struct qaic_err err = QAIC_ERR_INIT;
	unsigned int cores;
	struct qpc *q;
	uint32_t s, k;

	for (cores = 2; cores <= 16; cores += 7) {
		struct qaicc_options o = {
			.onnx = onnx, .out_dir = out, .num_cores = cores,
			.weights = QAIC_MXFP6,
		};
		uint64_t low[3] = { UINT64_MAX, UINT64_MAX, UINT64_MAX };
		static const char *const names[] = { "y_kn", "y_nk", "y_exact" };
		uint8_t seen[3][10] = { 0 };
		size_t i, n, pitch = qaic_dtype_bytes(QAIC_MXFP6, 16 * 128);
		int pass;

		if (qaicc_compile(&o, NULL, &err) || qpc_open(out, &q, &err))
			fail_msg("%s", err.msg);
		for (pass = 0; pass < 2; pass++)
		for (s = 0; s < cores; s++)
		for (k = 0; k < q->prog.specs[0].streams[s].num_cmds; k++) {
			const struct nsp_cmd *c =
				&q->prog.specs[0].streams[s].cmds[k];
			uint64_t at = NSP_ADDR_OFF(c->o[2].addr);

			for (i = 0; i < 3; i++)
				if (c->op == NSP_MATMUL &&
				    !strcmp(q->prog.nodes[c->node], names[i]))
					break;
			if (i == 3)
				continue;
			if (!pass) {
				low[i] = at < low[i] ? at : low[i];
				continue;
			}
			assert_int_equal((at - low[i]) % pitch, 0);
			for (n = 0; n < c->dims[3]; n += 16)
				seen[i][(at - low[i]) / pitch + n / 16]++;
		}
		for (i = 0; i < 3; i++)
			for (n = 0; n < 10; n++)
				assert_int_equal(seen[i][n], 1);
		qpc_close(q);
		assert_int_equal(qaic_rmtree(out, NULL), 0);
	}
}

/*
 * A matrix that is turned around in the model is called what the model calls it,
 * and a node that stays F32 by its name or by that of its output.
 */
static void by_name(void **state)
{
	static const char *const names[] = { "product", "y", "turned_t" };
	Onnx__ModelProto *m = mm_model(17);
	struct qaicc_options o = {
		.onnx = onnx, .out_dir = out, .num_cores = 2,
		.weights = QAIC_MXFP6, .fp32_nodes = names,
	};
	struct qaic_err err = QAIC_ERR_INIT;
	struct qaicc_report r;
	Onnx__NodeProto *n;
	int i;

	mm_input(m, "x", 1, "3,100");
	mm_init(m, mm_tensor("turned", 1, 2, (int64_t[]){ N, K }, w,
			     N * K * sizeof(float)));
	mm_node(m, "Transpose", "turned", "turned_t");
	n = mm_node(m, "MatMul", "x,turned_t", "y");
	free(n->name);
	n->name = strdup("product");
	mm_output(m, "y");
	assert_int_equal(mm_write(m, onnx), 0);
	mm_free(m);
	for (i = 0; i < 3; i++) {
		o.convert_to_fp16 = i != 1;
		o.num_fp32_nodes = i == 2 ? 3 : i;
		if (qaicc_compile(&o, &r, &err))
			fail_msg("%s", err.msg);
		assert_int_equal(r.num_blocks, i == 0);
		assert_int_equal(r.num_clipped, o.convert_to_fp16);
		if (o.convert_to_fp16)
			assert_string_equal(r.clipped[0].name, "turned");
		qaicc_report_release(&r);
		assert_int_equal(qaic_rmtree(out, NULL), 0);
	}
	o.fp32_nodes = names + 1;	/* by its output alone */
	o.num_fp32_nodes = 1;
	if (qaicc_compile(&o, &r, &err))
		fail_msg("%s", err.msg);
	assert_int_equal(r.num_blocks, 0);
	qaicc_report_release(&r);
	assert_int_equal(qaic_rmtree(out, NULL), 0);
}

/* ---- F16 ---- */

/* A matrix alone, and one that is gathered too: from a table as it lies. */
static void make_tied(const char *file)
{
	Onnx__ModelProto *m = mm_model(17);
	Onnx__NodeProto *n;
	size_t i;

	for (i = 0; i < 2 * K * N; i++)
		w[i] = sinf(i * 0.7f);
	w[5] = 1e6f;
	w[K * N + 7] = -1e6f;
	mm_input(m, "x", 1, "3,100");
	mm_input(m, "ids", 7, "3");
	add(m, "MatMul", "alone", "y_alone", 2, (int64_t[]){ K, N }, w);
	add(m, "Gemm", "table", "y_table", 2, (int64_t[]){ N, K }, w + K * N);
	n = mm_node(m, "Gather", "table,ids", "y_gather");
	free(n->name);
	n->name = strdup("y_gather");
	mm_output(m, "y_gather");
	assert_int_equal(mm_write(m, file), 0);
	mm_free(m);
}

static uint16_t clipped(float v)
{
	return qaic_f32_to_f16(v > 65504 ? 65504 : v < -65504 ? -65504 : v);
}

static void check_f16_panels(const struct nsp_cmd *c, const uint8_t *consts,
			     size_t first)
{
	const uint16_t *p = (const uint16_t *)
			    (consts + NSP_ADDR_OFF(c->o[2].addr));
	size_t n, k;

	assert_int_equal(first % 16, 0);
	for (n = 0; n < (c->dims[3] + 15) / 16 * 16; n++)
		for (k = 0; k < K; k++)
			assert_int_equal(p[(n / 16 * K + k) * 16 + n % 16],
				first + n < N ? clipped(w[k * N + first + n]) :
				0);
}

static void tied(void **state)
{
	struct qaic_err err = QAIC_ERR_INIT;
	struct qaicc_options o = { .onnx = onnx, .out_dir = out,
				   .convert_to_fp16 = true };
	const struct nsp_cmd *c;
	struct qaicc_report r;
	struct qpc *q;
	uint32_t s, k;
	size_t rows;

	make_tied(onnx);
	for (o.num_cores = 1; o.num_cores <= 16; o.num_cores += 5) {
		if (qaicc_compile(&o, &r, &err) || qpc_open(out, &q, &err))
			fail_msg("%s", err.msg);
		assert_int_equal(r.num_blocks, 0);
		assert_int_equal(r.num_clipped, 2);
		assert_int_equal(r.clipped[0].count, 1);
		qaicc_report_release(&r);
		rows = 0;
		for (s = 0; s < o.num_cores; s++)
		for (k = 0; k < q->prog.specs[0].streams[s].num_cmds; k++) {
			c = &q->prog.specs[0].streams[s].cmds[k];
			if (c->op != NSP_MATMUL)
				continue;
			if (!strcmp(q->prog.nodes[c->node], "y_table")) {
				assert_int_equal(c->dtype[2], QAIC_F16);
				continue;
			}
			assert_int_equal(c->dtype[2], QAIC_F16_PANELS);
			check_f16_panels(c, q->consts, rows);
			rows += c->dims[3];
		}
		assert_int_equal(rows, N);
		/* the table once, as rows; 160 rows of the other */
		assert_in_range(q->prog.const_size, (N + 160) * K * 2,
				(N + 160) * K * 2 + 1000);
		qpc_close(q);
		assert_int_equal(qaic_rmtree(out, NULL), 0);
	}
}

static void refused(void **state)
{
	struct qaicc_options o = { .onnx = onnx, .out_dir = out, .num_cores = 1,
				   .weights = QAIC_BF16 };
	struct qaic_err err = QAIC_ERR_INIT;

	assert_true(qaicc_compile(&o, NULL, &err) < 0);
	assert_non_null(strstr(err.msg, "bfloat16"));
	o.weights = 0;
	o.act_int8 = true;
	assert_true(qaicc_compile(&o, NULL, &err) < 0);
	assert_non_null(strstr(err.msg, "8-bit activations"));
}

static int setup(void **state)
{
	if (!mkdtemp(dir))
		return -1;
	snprintf(onnx, sizeof(onnx), "%s/m.onnx", dir);
	snprintf(out, sizeof(out), "%s/qpc", dir);
	make_model();
	return 0;
}

static int teardown(void **state)
{
	return qaic_rmtree(dir, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(contents),
		cmocka_unit_test(cuts),
		cmocka_unit_test(tied),
		cmocka_unit_test(refused),
		cmocka_unit_test(by_name),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
