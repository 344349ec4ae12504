// SPDX-License-Identifier: MIT
/*
 * Import: functions, symbols, folding into views, order, and what is refused.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/file.h"
#include "base/str.h"
#include "compiler/model.h"
#include "compiler/op.h"
#include "tests/onnx/seed_models.h"

static char dir[] = "/tmp/qaic-build-XXXXXX";
static char *path;

static int setup(void **state)
{
	if (!mkdtemp(dir))
		return -1;
	path = qaic_path(dir, "m.onnx");
	return path ? 0 : -1;
}

static int teardown(void **state)
{
	free(path);
	return qaic_rmtree(dir, NULL);
}

static const struct qaicc_symbol symbols[] = { { "N", 2 }, { "S", 3 } };

/* Write, free, open, build. */
static int build(Onnx__ModelProto *mp, struct qc_model **m, struct qc_graph **g,
		 struct qaic_err *err)
{
	int rc;

	*g = NULL;
	*m = NULL;
	assert_int_equal(mm_write(mp, path), 0);
	mm_free(mp);
	rc = qc_model_open(path, m, err);
	if (!rc)
		rc = qc_graph_build(*m, symbols, 2, g, err);
	return rc;
}

static void release(struct qc_model *m, struct qc_graph *g)
{
	qc_graph_free(g);
	qc_model_close(m);
}

/* It must be refused, with these words in the message. */
static void refused_(Onnx__ModelProto *mp, int code, const char *a,
		     const char *b, int line)
{
	struct qaic_err err = QAIC_ERR_INIT;
	struct qc_model *m;
	struct qc_graph *g;
	int rc = build(mp, &m, &g, &err);

	release(m, g);
	if (rc != code || !strstr(err.msg, a) || !strstr(err.msg, b))
		fail_msg("line %d: %d: %s", line, rc, err.msg);
}
#define refused(mp, code, a, b) refused_(mp, code, a, b, __LINE__)

static uint32_t count_op(const struct qc_graph *g, const char *name)
{
	const struct qc_node *n;
	uint32_t k = 0;

	for (n = g->first; n; n = n->next)
		k += !strcmp(n->op->name, name);
	return k;
}

static struct qc_value *value(const struct qc_graph *g, const char *name)
{
	uint32_t i;

	for (i = 0; i < g->num_values; i++)
		if (!strcmp(g->values[i]->name, name))
			return g->values[i];
	fail_msg("no value %s", name);
	return NULL;
}

static void decoder(void **state)
{
	struct qaic_err err = QAIC_ERR_INIT;
	struct qc_model *m;
	struct qc_graph *g;
	struct qc_value *v;
	struct qc_node *n;
	uint32_t i;

	if (build(seed_decoder(), &m, &g, &err))
		fail_msg("%s", err.msg);
	assert_int_equal(g->num_inputs, 3);
	assert_string_equal(g->inputs[2]->name, "past");
	assert_int_equal(g->inputs[2]->dim[0], 2);
	assert_int_equal(g->num_outputs, 2);
	assert_string_equal(g->outputs[1]->name, "past_RetainedState");
	assert_int_equal(g->outputs[0]->dim[2], 32);
	/* the shape subgraph is gone, the function inlined, the head a view */
	assert_int_equal(count_op(g, "Shape"), 0);
	assert_int_equal(count_op(g, "Concat"), 0);
	assert_int_equal(count_op(g, "Range"), 0);
	assert_int_equal(count_op(g, "Sigmoid"), 1);
	assert_int_equal(count_op(g, "CtxScatter"), 1);
	v = value(g, "headt");
	assert_non_null(v->cst);
	assert_ptr_equal(v->cst->data, value(g, "head")->cst->data);
	assert_int_equal(v->cst->stride[0], 1);
	/* use counts are what the nodes say */
	for (i = 0; i < g->num_values; i++)
		g->values[i]->priv = NULL;
	for (n = g->first; n; n = n->next)
		for (i = 0; i < n->num_in; i++)
			if (n->in[i])
				n->in[i]->priv = (char *)n->in[i]->priv + 1;
	for (i = 0; i < g->num_values; i++)
		assert_int_equal((size_t)g->values[i]->priv +
				 g->values[i]->is_output,
				 g->values[i]->num_uses);
	release(m, g);
}

static void mixed(void **state)
{
	struct qaic_err err = QAIC_ERR_INIT;
	struct qc_model *m;
	struct qc_graph *g;

	if (build(seed_mixed(), &m, &g, &err))
		fail_msg("%s", err.msg);
	/* the attribute went through two functions */
	assert_int_equal(count_op(g, "Gemm"), 1);
	assert_int_equal(qc_attr_int(value(g, "out")->def->prev, "transB", 0), 1);
	release(m, g);
}

static void indexed(void **state)
{
	struct qaic_err err = QAIC_ERR_INIT;
	struct qc_model *m;
	struct qc_graph *g;

	if (build(seed_indexed(), &m, &g, &err))
		fail_msg("%s", err.msg);
	assert_non_null(value(g, "cs")->cst);
	assert_non_null(value(g, "mm")->cst);
	assert_int_equal(value(g, "nz")->dim[1], 2);
	release(m, g);
}

static Onnx__ModelProto *add_model(const char *in, const char *out)
{
	Onnx__ModelProto *m = mm_model(17);

	mm_input(m, "x", 1, "N,4");
	mm_node(m, "Add", in, out);
	mm_output(m, "y");
	return m;
}

static void order(void **state)
{
	Onnx__ModelProto *mp = add_model("a,b", "y");
	struct qaic_err err = QAIC_ERR_INIT;
	struct qc_model *m;
	struct qc_graph *g;

	mm_node(mp, "Relu", "c", "b");
	mm_node(mp, "Neg", "x", "c");
	mm_node(mp, "Abs", "c", "a");
	assert_int_equal(build(mp, &m, &g, &err), 0);
	assert_string_equal(g->first->op->name, "Neg");
	assert_string_equal(g->last->op->name, "Add");
	release(m, g);
}

static void bad_graphs(void **state)
{
	Onnx__ModelProto *m;
	Onnx__NodeProto *n;

	m = add_model("x,z", "y");
	mm_node(m, "Neg", "y", "z");
	refused(m, -EINVAL, "cycle", "Add");
	refused(add_model("x,nowhere", "y"), -EINVAL, "nowhere", "Add");
	refused(add_model("x,y", "y"), -EINVAL, "cycle", "Add");
	m = add_model("x,x", "y");
	mm_node(m, "Neg", "x", "y");
	refused(m, -EINVAL, "defined twice", "'y'");
	m = add_model("x,x", "y");
	mm_output(m, "elsewhere");
	refused(m, -EINVAL, "elsewhere", "no node");
	m = add_model("x,x", "y");
	mm_output(m, "y");
	refused(m, -EINVAL, "twice", "'y'");
	refused(add_model("x", "y"), -EINVAL, "1 inputs", "Add");
	refused(add_model("x,x,x", "y"), -EINVAL, "3 inputs", "Add");
	refused(add_model("x,", "y"), -EINVAL, "inputs", "Add");
	refused(add_model("x,x", "y,y2"), -EINVAL, "2 outputs", "Add");
	m = mm_model(17);
	mm_input(m, "x", 1, "N,4");
	n = mm_node(m, "If", "x", "y");
	n->name = strdup("the_if");
	mm_output(m, "y");
	refused(m, -EOPNOTSUPP, "unsupported operator", "the_if");
	m = add_model("x,x", "y");
	mm_attr(m->graph->node[0], "body", 5);
	refused(m, -EOPNOTSUPP, "subgraph", "Add");
	m = add_model("x,x", "y");
	mm_input(m, "u", 1, "N,Q");
	refused(m, -EINVAL, "'Q'", "'u'");
	m = add_model("x,x", "y");
	mm_input(m, "u", 8, "N");
	refused(m, -EOPNOTSUPP, "'u'", "type 8");
	m = add_model("x,x", "y");
	mm_input(m, "u", 1, "N,-5");
	refused(m, -EINVAL, "'u'", "-5");
	m = add_model("x,x", "y");
	mm_input(m, "u", 1, "2000000000,2000000000,2000000000,2000000000");
	refused(m, -EINVAL, "'u'", "too large");
	m = mm_model(17);
	refused(m, -EINVAL, "no outputs", path);
	m = mm_model(99);
	refused(m, -EOPNOTSUPP, "opset 99", path);
}

/* The message of a refused file that is no protobuf. */
static void bad_files(void **state)
{
	struct qaic_err err = QAIC_ERR_INIT;
	struct qc_model *m;

	assert_int_equal(qc_model_open("/nonexistent/m.onnx", &m, &err), -ENOENT);
	assert_non_null(strstr(err.msg, "/nonexistent/m.onnx"));
	assert_int_equal(qaic_write_file(path, "junk junk", 9, NULL), 0);
	assert_int_equal(qc_model_open(path, &m, &err), -EINVAL);
	assert_non_null(strstr(err.msg, "not an ONNX model"));
	assert_int_equal(qaic_write_file(path, "", 0, NULL), 0);
	assert_int_equal(qc_model_open(path, &m, &err), -EINVAL);
	assert_int_equal(qc_model_open(dir, &m, NULL), -EISDIR);
}

/* Sizes that no machine has, in every operator that makes sizes. */
static void bombs(void **state)
{
	static const char *const ops[][2] = {
		{ "ConstantOfShape", "huge" },
		{ "Expand", "x,huge" },
		{ "Tile", "x,huge" },
		{ "Reshape", "x,huge" },
		{ "Pad", "x,pads" },
	};
	Onnx__ModelProto *m;
	Onnx__NodeProto *n;
	size_t i;

	for (i = 0; i < QAIC_ARRAY_SIZE(ops); i++) {
		m = mm_model(17);
		mm_input(m, "x", 1, "N,1");
		mm_ints(m, "huge", 2, 1ll << 62, 1ll << 62);
		mm_ints(m, "pads", 4, 0ll, 1ll << 62, 0ll, 1ll << 62);
		mm_node(m, ops[i][0], ops[i][1], "y");
		mm_output(m, "y");
		refused(m, -EINVAL, ops[i][0], path);
	}
	for (i = 0; i < 3; i++) {
		static const int64_t range[3][3] = {
			{ 0, INT64_MAX, 1 },
			{ INT64_MAX, INT64_MIN, -1 },
			{ 0, 5, 0 },
		};

		m = mm_model(17);
		mm_init(m, mm_tensor("a", 7, 0, NULL, &range[i][0], 8));
		mm_init(m, mm_tensor("b", 7, 0, NULL, &range[i][1], 8));
		mm_init(m, mm_tensor("c", 7, 0, NULL, &range[i][2], 8));
		mm_node(m, "Range", "a,b,c", "y");
		mm_output(m, "y");
		refused(m, -EINVAL, "Range", path);
	}
	m = mm_model(17);
	mm_ints(m, "i", 1, 0ll);
	mm_ints(m, "v", 2, 0ll, 1ll);
	mm_ints(m, "d", 1, 1ll << 50);
	mm_node(m, "OneHot", "i,d,v", "y");
	mm_output(m, "y");
	refused(m, -EINVAL, "OneHot", path);
	/* dimensions that multiply to zero in between */
	m = mm_model(17);
	mm_ints(m, "s", 3, 1ll << 40, 0ll, 1ll << 40);
	mm_node(m, "ConstantOfShape", "s", "y");
	mm_output(m, "y");
	refused(m, -EINVAL, "ConstantOfShape", path);
	m = mm_model(17);
	mm_ints(m, "r", 1, 1ll << 37);
	n = mm_node(m, "ConstantOfShape", "r", "y");
	mm_node(m, "Neg", "y", "z");
	mm_output(m, "z");
	{
		/* large and allowed: a view, and not folded further */
		struct qaic_err err = QAIC_ERR_INIT;
		struct qc_model *model;
		struct qc_graph *g;

		(void)n;
		if (build(m, &model, &g, &err))
			fail_msg("%s", err.msg);
		assert_int_equal(count_op(g, "Neg"), 1);
		assert_non_null(g->first->in[0]->cst);
		release(model, g);
	}
}

static void functions(void **state)
{
	Onnx__ModelProto *m = mm_model(17);
	Onnx__FunctionProto *f;
	char name[16], next[16];
	int i;

	/* a calls b calls a */
	mm_input(m, "x", 1, "N");
	f = mm_function(m, "d", "A", "x", "y");
	mm_function_node(f, "d::B", "x", "y");
	f = mm_function(m, "d", "B", "x", "y");
	mm_function_node(f, "d::A", "x", "y");
	mm_node(m, "d::A", "x", "y");
	mm_output(m, "y");
	refused(m, -EINVAL, "calls itself", "(A)");

	/* a chain deeper than allowed */
	m = mm_model(17);
	mm_input(m, "x", 1, "N");
	for (i = 0; i < 60; i++) {
		snprintf(name, sizeof(name), "F%d", i);
		snprintf(next, sizeof(next), "d::F%d", i + 1);
		f = mm_function(m, "d", name, "x", "y");
		mm_function_node(f, i < 59 ? next : "Neg", "x", "y");
	}
	mm_node(m, "d::F0", "x", "y");
	mm_output(m, "y");
	refused(m, -EINVAL, "nested deeper", "(F0)");

	/* doubling at every level: 2^30 nodes */
	m = mm_model(17);
	mm_input(m, "x", 1, "N");
	for (i = 0; i < 30; i++) {
		snprintf(name, sizeof(name), "F%d", i);
		snprintf(next, sizeof(next), "d::F%d", i + 1);
		f = mm_function(m, "d", name, "x", "y");
		mm_function_node(f, i < 29 ? next : "Neg", "x", "z");
		mm_function_node(f, i < 29 ? next : "Neg", "z", "y");
	}
	mm_node(m, "d::F0", "x", "y");
	mm_output(m, "y");
	refused(m, -EFBIG, "more than", "nodes");

	/* an input the caller left out, and used inside */
	m = mm_model(17);
	mm_input(m, "x", 1, "N");
	f = mm_function(m, "d", "F", "a,b", "y");
	mm_function_node(f, "Add", "a,b", "y");
	mm_node(m, "d::F", "x", "y");
	mm_output(m, "y");
	refused(m, -EINVAL, "input 1 is missing", "(F)");
}

/* ---- external data ---- */

static Onnx__ModelProto *external(const char *location, const char *offset,
				  const char *length)
{
	const char *const kv[][2] = { { "location", location },
				      { "offset", offset },
				      { "length", length } };
	Onnx__ModelProto *m = add_model("x,w", "y");
	int64_t dims[2] = { 2, 4 };
	Onnx__TensorProto *t = mm_tensor("w", 1, 2, dims, "", 0);
	size_t i;

	t->has_raw_data = 0;
	t->has_data_location = 1;
	t->data_location = 1;
	for (i = 0; i < 3; i++) {
		Onnx__StringStringEntryProto *e;

		if (!kv[i][1])
			continue;
		e = MM_NEW(Onnx__StringStringEntryProto,
			   ONNX__STRING_STRING_ENTRY_PROTO__INIT);
		e->key = strdup(kv[i][0]);
		e->value = strdup(kv[i][1]);
		MM_PUSH(t->external_data, t->n_external_data, e);
	}
	mm_init(m, t);
	return m;
}

static void external_data(void **state)
{
	float data[10] = { 0, 0, 1, 2, 3, 4, 5, 6, 7, 8 };
	char *file = qaic_path(dir, "w.bin");
	struct qaic_err err = QAIC_ERR_INIT;
	struct qc_model *m;
	struct qc_graph *g;
	float got[8];

	assert_int_equal(qaic_write_file(file, data, sizeof(data), NULL), 0);
	assert_int_equal(build(external("w.bin", "8", "32"), &m, &g, &err), 0);
	qc_tensor_read(value(g, "w")->cst, 0, 8, QAIC_F32, got);
	assert_memory_equal(got, data + 2, sizeof(got));
	release(m, g);
	assert_int_equal(build(external("./w.bin", NULL, NULL), &m, &g, &err), 0);
	release(m, g);
	/* not a multiple of the element size: read all the same */
	assert_int_equal(build(external("w.bin", "7", "32"), &m, &g, &err), 0);
	qc_tensor_read(value(g, "w")->cst, 0, 8, QAIC_F32, got);
	assert_memory_equal(got, (char *)data + 7, sizeof(got));
	release(m, g);

	refused(external("gone.bin", "0", "32"), -ENOENT, "gone.bin", "'w'");
	refused(external("../w.bin", "0", "32"), -EINVAL, "../w.bin", "'w'");
	refused(external("a/../../w.bin", "0", "32"), -EINVAL, "'w'", "below");
	refused(external("/etc/passwd", "0", "32"), -EINVAL, "passwd", "'w'");
	refused(external("", "0", "32"), -EINVAL, "'w'", "below");
	refused(external(NULL, "0", "32"), -EINVAL, "'w'", "below");
	refused(external("w.bin", "9", "32"), -EINVAL, "'w'", "which has 40");
	refused(external("w.bin", "18446744073709551615", "32"), -EINVAL, "'w'",
		"which has 40");
	refused(external("w.bin", "-8", "32"), -EINVAL, "'w'", "number");
	refused(external("w.bin", "x", "32"), -EINVAL, "'w'", "number");
	refused(external("w.bin", "0", "31"), -EINVAL, "'w'", "31 bytes");
	refused(external("w.bin", "0", "99999999999999999999"), -EINVAL, "'w'",
		"number");
	refused(external(".", "0", "32"), -EISDIR, "'w'", "a directory");
	free(file);
}

static void bad_tensors(void **state)
{
	int64_t dims[9] = { 1ll << 40, 1ll << 40, 1, 1, 1, 1, 1, 1, 1 };
	Onnx__ModelProto *m;

	m = add_model("x,w", "y");
	mm_init(m, mm_tensor("w", 1, 2, dims, "", 0));
	refused(m, -EINVAL, "'w'", "too large");
	m = add_model("x,w", "y");
	mm_init(m, mm_tensor("w", 1, 9, dims, "", 0));
	refused(m, -EOPNOTSUPP, "'w'", "9 dimensions");
	dims[0] = -1;
	m = add_model("x,w", "y");
	mm_init(m, mm_tensor("w", 1, 1, dims, "", 0));
	refused(m, -EINVAL, "'w'", "-1");
	dims[0] = 4;
	m = add_model("x,w", "y");
	mm_init(m, mm_tensor("w", 1, 1, dims, "12345", 5));
	refused(m, -EINVAL, "'w'", "5 bytes");
	m = add_model("x,w", "y");
	mm_init(m, mm_tensor("w", 77, 1, dims, "12345", 5));
	refused(m, -EOPNOTSUPP, "'w'", "type 77");
}

/* Typed lists instead of raw bytes, narrow types among int32_data. */
static void typed_data(void **state)
{
	Onnx__ModelProto *mp = mm_model(17);
	struct qaic_err err = QAIC_ERR_INIT;
	struct qc_model *m;
	struct qc_graph *g;
	Onnx__TensorProto *t;
	int64_t dims[1] = { 3 }, ints[3];
	float f[3];
	int i;

	t = mm_tensor("f", 1, 1, dims, "", 0);
	for (i = 0; i < 3; i++)
		MM_PUSH(t->float_data, t->n_float_data, i + 0.5f);
	mm_init(mp, t);
	t = mm_tensor("h", 10, 1, dims, "", 0);
	for (i = 0; i < 3; i++)
		MM_PUSH(t->int32_data, t->n_int32_data, 0x3c00 + i);
	mm_init(mp, t);
	t = mm_tensor("b", 3, 1, dims, "", 0);
	for (i = 0; i < 3; i++)
		MM_PUSH(t->int32_data, t->n_int32_data, -i);
	mm_init(mp, t);
	mm_output(mp, "f");
	mm_output(mp, "h");
	mm_output(mp, "b");
	if (build(mp, &m, &g, &err))
		fail_msg("%s", err.msg);
	qc_tensor_read(value(g, "f")->cst, 0, 3, QAIC_F32, f);
	assert_true(f[2] == 2.5f);
	qc_tensor_read(value(g, "h")->cst, 0, 3, QAIC_F32, f);
	assert_true(f[0] == 1.0f && f[1] > 1.0f);
	qc_tensor_read(value(g, "b")->cst, 0, 3, QAIC_I64, ints);
	assert_int_equal(ints[2], -2);
	release(m, g);
}

/* Replacing, removing: what passes do. */
static void editing(void **state)
{
	Onnx__ModelProto *mp = add_model("a,b", "y");
	struct qaic_err err = QAIC_ERR_INIT;
	struct qc_model *m;
	struct qc_graph *g;
	struct qc_value *a, *v;
	struct qc_node *n;

	mm_node(mp, "Neg", "x", "a");
	mm_node(mp, "Abs", "x", "b");
	assert_int_equal(build(mp, &m, &g, &err), 0);
	a = value(g, "a");
	assert_int_equal(qc_replace_uses(g, value(g, "b"), a), 0);
	assert_int_equal(a->num_uses, 2);
	qc_remove_dead(g);
	assert_int_equal(count_op(g, "Abs"), 0);
	/* the output's name goes where the output goes */
	v = qc_value_new(g, "a", QAIC_F32, 2, a->dim);
	assert_string_not_equal(v->name, "a");
	n = qc_node_new(g, NULL, qc_op_find("", "Relu"), "new", &a, 1, &v, 1);
	assert_non_null(n);
	assert_int_equal(qc_replace_uses(g, g->outputs[0], v), 0);
	assert_ptr_equal(g->outputs[0], v);
	assert_string_equal(v->name, "y");
	qc_remove_dead(g);
	assert_int_equal(count_op(g, "Add"), 0);
	assert_int_equal(a->num_uses, 1);
	/* an input cannot take the name */
	assert_int_equal(qc_replace_uses(g, v, g->inputs[0]), 1);
	assert_ptr_equal(g->outputs[0], v);
	assert_int_equal(qc_attr_set_int(g, n, "k", 5), 0);
	assert_int_equal(qc_attr_set_int(g, n, "k", 6), 0);
	assert_int_equal(qc_attr_set_float(g, n, "f", 0.5f), 0);
	assert_int_equal(qc_attr_int(n, "k", 0), 6);
	assert_true(qc_attr_float(n, "f", 0) == 0.5f);
	assert_int_equal(qc_attr_int(n, "none", 9), 9);
	release(m, g);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(decoder),
		cmocka_unit_test(mixed),
		cmocka_unit_test(indexed),
		cmocka_unit_test(order),
		cmocka_unit_test(bad_graphs),
		cmocka_unit_test(bad_files),
		cmocka_unit_test(bombs),
		cmocka_unit_test(functions),
		cmocka_unit_test(external_data),
		cmocka_unit_test(bad_tensors),
		cmocka_unit_test(typed_data),
		cmocka_unit_test(editing),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
