// SPDX-License-Identifier: MIT
/*
 * Operator rows against values worked out by hand: what ONNX's node tests do not
 * have, older versions of operators, and the corners.
 *
 * A tensor is "type dims: values", with type f32, f16, i64, i32, u8 or b.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/str.h"
#include "compiler/convert.h"
#include "compiler/graph.h"
#include "tests/onnx/make_model.h"

#define CLOUD "com.qualcomm.cloud::"
#define MAX 4

struct test {
	int opset;
	const char *op;
	const char *attrs;	/* "axis=1 alpha=0.5f mode=wrap axes=[0,1]" */
	const char *in[MAX + 1];
	const char *out[MAX];	/* out[0] "!words": refused with these words */
};

static const struct test tests[] = {
	/* activations whose node tests are of opset 6 and less */
	{ 17, "Elu", "alpha=2.0f", { "f32 3: -1 0 1" }, { "f32 3: -1.264241 0 1" } },
	{ 17, "Selu", "", { "f32 3: -1 0 1" },
	  { "f32 3: -1.1113307 0 1.0507009" } },
	{ 17, "HardSigmoid", "", { "f32 4: -3 0 1 3" },
	  { "f32 4: 0 0.5 0.7 1" } },
	{ 17, "Softplus", "", { "f32 3: -1 0 100" },
	  { "f32 3: 0.3132617 0.6931472 100" } },
	{ 17, "Softsign", "", { "f32 3: -1 0 3" }, { "f32 3: -0.5 0 0.75" } },
	{ 18, "Mish", "", { "f32 3: -1 0 2" },
	  { "f32 3: -0.3034014 0 1.943959" } },
	{ 20, "Gelu", "", { "f32 3: -1 0 2" },
	  { "f32 3: -0.1586553 0 1.9544997" } },
	{ 20, "Gelu", "approximate=tanh", { "f32 3: -1 0 2" },
	  { "f32 3: -0.1588080 0 1.9545977" } },
	{ 17, "com.microsoft::Gelu", "", { "f32 1: 2" }, { "f32 1: 1.9544997" } },
	{ 17, "Celu", "alpha=0.5f", { "f32 2: -1 1" }, { "f32 2: -0.4323324 1" } },
	{ 17, "ThresholdedRelu", "alpha=1.5f", { "f32 3: 1 1.5 2" },
	  { "f32 3: 0 0 2" } },
	{ 17, "Not", "", { "b 2: 0 1" }, { "b 2: 1 0" } },
	{ 17, "Relu", "", { "i32 3: -2 0 2" }, { "i32 3: 0 0 2" } },
	{ 17, "Neg", "", { "i64 2: -9223372036854775808 3" },
	  { "i64 2: -9223372036854775808 -3" } },
	{ 17, "Round", "", { "f32 4: 0.5 1.5 2.5 -0.5" }, { "f32 4: 0 2 2 0" } },
	{ 6, "Relu", "", { "f32 1: 1" }, { "!opset 6" } },
	{ 17, "Exp", "", { "i64 1: 1" }, { "!not a float" } },

	/* two operands */
	{ 17, "Add", "", { "f32 2,1: 1 2", "f32 3: 10 20 30" },
	  { "f32 2,3: 11 21 31 12 22 32" } },
	{ 17, "Add", "", { "f32 2,2: 1 2 3 4", "f32 3: 1 2 3" },
	  { "!does not broadcast" } },
	{ 17, "Add", "", { "f32 1: 1", "i64 1: 1" }, { "!int64" } },
	{ 17, "Add", "", { "f32 0: ", "f32 1: 1" }, { "f32 0: " } },
	{ 17, "Div", "", { "i64 4: 7 -7 5 -9223372036854775808",
			   "i64 4: 2 2 0 -1" },
	  { "i64 4: 3 -3 0 -9223372036854775808" } },
	{ 17, "Mod", "", { "i32 4: 7 -7 7 -7", "i32 4: 3 3 -3 -3" },
	  { "i32 4: 1 2 -2 -1" } },
	{ 17, "Mod", "fmod=1", { "i32 4: 7 -7 7 -7", "i32 4: 3 3 -3 -3" },
	  { "i32 4: 1 -1 1 -1" } },
	{ 17, "Pow", "", { "f32 3: 2 3 4", "i64 1: 2" }, { "f32 3: 4 9 16" } },
	{ 17, "Pow", "", { "i64 3: 2 3 -1", "i64 3: 62 -1 3" },
	  { "i64 3: 4611686018427387904 0 -1" } },
	{ 17, "Mean", "", { "f32 2: 1 2", "f32 2: 3 4", "f32 1: 5" },
	  { "f32 2: 3 3.6666667" } },
	{ 17, "Max", "", { "f32 2: 1 nan", "f32 2: nan 1" },
	  { "f32 2: nan nan" } },
	{ 17, "Where", "", { "b 2,1: 1 0", "i64 2: 1 2", "i64 1: 9" },
	  { "i64 2,2: 1 2 9 9" } },
	{ 17, "Where", "", { "f32 1: 1", "f32 1: 1", "f32 1: 1" },
	  { "!not bool" } },
	{ 17, "Equal", "", { "b 2: 0 1", "b 2: 1 1" }, { "b 2: 0 1" } },
	{ 10, "Clip", "min=-1.0f max=1.0f", { "f32 3: -3 0 3" },
	  { "f32 3: -1 0 1" } },
	{ 13, "Clip", "", { "i64 3: -3 0 3", "", "i64 : 1" },
	  { "i64 3: -3 0 1" } },

	/* products */
	{ 17, "MatMul", "", { "f32 3: 1 2 3", "f32 3: 4 5 6" }, { "f32 : 32" } },
	{ 17, "MatMul", "", { "f32 2,1,2: 1 2 3 4", "f32 2: 1 10" },
	  { "f32 2,1: 21 43" } },
	{ 17, "MatMul", "", { "f32 2: 1 10", "f32 2,2,1: 1 2 3 4" },
	  { "f32 2,1: 21 43" } },
	{ 17, "MatMul", "", { "f32 2,1,1,2: 1 2 3 4", "f32 3,2,1: 1 1 2 2 3 3" },
	  { "f32 2,3,1,1: 3 6 9 7 14 21" } },
	{ 17, "MatMul", "", { "i32 1,2: 3 4", "i32 2,1: 5 6" }, { "i32 1,1: 39" } },
	{ 17, "MatMul", "", { "f32 1,0: ", "f32 0,2: " }, { "f32 1,2: 0 0" } },
	{ 17, "MatMul", "", { "f32 1,2: 1 2", "f32 3,1: 1 2 3" },
	  { "!2 columns" } },
	{ 17, "MatMul", "", { "f32 : 1", "f32 1: 1" }, { "!scalar" } },
	{ 17, "Gemm", "transA=1 transB=1 alpha=2.0f beta=0.5f",
	  { "f32 2,1: 1 2", "f32 3,2: 1 2 3 4 5 6", "f32 3: 2 4 6" },
	  { "f32 1,3: 11 24 37" } },
	{ 17, "Einsum", "equation=ij,jk", { "f32 1,2: 1 2", "f32 2,1: 3 4" },
	  { "f32 1,1: 11" } },
	{ 17, "Einsum", "equation=...ii->...i", { "f32 1,2,2: 1 2 3 4" },
	  { "f32 1,2: 1 4" } },
	{ 17, "Einsum", "equation=i,j->ij", { "i64 2: 1 2", "i64 2: 3 4" },
	  { "i64 2,2: 3 4 6 8" } },
	{ 17, "Einsum", "equation=ij->k", { "f32 1,1: 1" }, { "!label" } },
	{ 17, "Einsum", "equation=i,i->", { "f32 2: 1 2", "f32 3: 1 2 3" },
	  { "!sizes" } },

	/* along axes */
	{ 11, "Softmax", "", { "f32 1,2,2: 0 0 0 0" },
	  { "f32 1,2,2: 0.25 0.25 0.25 0.25" } },
	{ 13, "Softmax", "", { "f32 1,2,2: 0 0 0 0" },
	  { "f32 1,2,2: 0.5 0.5 0.5 0.5" } },
	{ 13, "Softmax", "axis=0", { "f32 2,2: 0 1 0 2" },
	  { "f32 2,2: 0.5 0.2689414 0.5 0.7310586" } },
	{ 13, "Softmax", "", { "f32 2: -inf -inf" }, { "f32 2: 0 0" } },
	{ 13, "Softmax", "axis=2", { "f32 2,2: 1 1 1 1" }, { "!axis 2" } },
	{ 13, "LogSoftmax", "", { "f32 2: 0 0" },
	  { "f32 2: -0.6931472 -0.6931472" } },
	{ 17, "LayerNormalization", "", { "f32 1,2: 1 3", "f32 1: 2", "f32 2: 0 1" },
	  { "f32 1,2: -1.99999 2.99999", "f32 1,1: 2", "f32 1,1: 0.999995" } },
	{ 17, "LayerNormalization", "", { "f32 1,2: 1 3", "f32 3: 1 1 1" },
	  { "!does not fit" } },
	{ 17, "com.qti.aisw.onnx::CustomRMSNorm", "epsilon=0.0f",
	  { "f32 1,2: 3 4", "f32 2: 1 2" },
	  { "f32 1,2: 0.8485281 2.2627417" } },
	{ 18, "ReduceMax", "keepdims=0", { "f32 2,2: 1 5 3 4", "i64 1: -1" },
	  { "f32 2: 5 4" } },
	{ 18, "ReduceMean", "noop_with_empty_axes=1",
	  { "f32 2: 1 5", "i64 0: " }, { "f32 2: 1 5" } },
	{ 17, "ReduceMean", "", { "i32 2,2: 1 2 3 9" }, { "i32 1,1: 3" } },
	{ 17, "ReduceLogSum", "keepdims=0", { "f32 2: 1 1" },
	  { "f32 : 0.6931472" } },
	{ 17, "ReduceLogSumExp", "keepdims=0", { "f32 2: 1000 1000" },
	  { "f32 : 1000.6931" } },
	{ 17, "ReduceMax", "keepdims=0 axes=[1]", { "f32 1,0: " },
	  { "f32 1: -inf" } },
	{ 17, "ReduceSum", "", { "f32 2: 1 2", "i64 1: 1" }, { "!axis 1" } },
	{ 17, "ArgMax", "axis=1", { "f32 2,3: 1 3 3 9 2 1" },
	  { "i64 2,1: 1 0" } },
	{ 17, "ArgMin", "axis=0 keepdims=0 select_last_index=1",
	  { "i32 3: 4 1 1" }, { "i64 : 2" } },
	{ 17, "TopK", "axis=0", { "f32 3: 1 3 3", "i64 1: 2" },
	  { "f32 2: 3 3", "i64 2: 1 2" } },
	{ 17, "TopK", "", { "f32 2: 1 3", "i64 1: 3" }, { "!k does not fit", "" } },
	{ 17, "CumSum", "exclusive=1 reverse=1", { "i64 3: 1 2 3", "i64 : 0" },
	  { "i64 3: 5 3 0" } },
	{ 17, "Trilu", "upper=0", { "f32 2,2: 1 2 3 4",
				    "i64 : -9223372036854775808" },
	  { "f32 2,2: 0 0 0 0" } },

	/* indexed */
	{ 17, "Gather", "axis=1", { "f32 2,2: 1 2 3 4", "i64 : -1" },
	  { "f32 2: 2 4" } },
	{ 17, "Gather", "", { "f32 2: 1 2", "i64 1: 2" }, { "!index 2" } },
	{ 17, "Gather", "", { "f32 2: 1 2", "f32 1: 0" }, { "!int32 or int64" } },
	{ 17, "GatherND", "", { "f32 2,2: 1 2 3 4", "i64 2,1: 1 0" },
	  { "f32 2,2: 3 4 1 2" } },
	{ 18, "ScatterND", "reduction=max",
	  { "f32 3: 1 5 3", "i64 2,1: 0 1", "f32 2: 2 2" }, { "f32 3: 2 5 3" } },
	{ 18, "ScatterND", "reduction=min",
	  { "i64 3: 1 5 3", "i64 2,1: 0 1", "i64 2: 2 2" }, { "i64 3: 1 2 3" } },
	{ 17, "ScatterND", "", { "f32 3: 1 5 3", "i64 1,1: 3", "f32 1: 2" },
	  { "!index 3" } },
	{ 17, "ScatterND", "", { "f32 3: 1 5 3", "i64 1,1: 1", "f32 2: 2 3" },
	  { "!updates" } },
	{ 18, "ScatterElements", "axis=1 reduction=add",
	  { "f32 1,3: 1 2 3", "i64 1,2: 0 0", "f32 1,2: 5 6" },
	  { "f32 1,3: 12 2 3" } },
	{ 17, "OneHot", "axis=0", { "i64 2: 1 -1", "i64 : 2", "f32 2: 0 7" },
	  { "f32 2,2: 0 0 7 7" } },
	{ 17, CLOUD "CtxScatter", "",
	  { "f32 1,1,3,1: 1 2 3", "i32 1,2: -1 1", "f32 1,1,2,1: 8 9" },
	  { "f32 1,1,3,1: 1 9 3" } },
	{ 17, CLOUD "CtxScatter", "",
	  { "f32 1,2,2,1: 1 2 3 4", "i64 1,1: 2147483647",
	    "f32 1,2,1,1: 8 9" }, { "f32 1,2,2,1: 1 2 3 4" } },
	{ 17, CLOUD "CtxScatterCB", "",
	  { "f32 2,1,2,1: 1 2 3 4", "i64 1,1: 1", "i64 1,1: 0",
	    "f32 1,1,1,1: 9" }, { "f32 2,1,2,1: 1 2 9 4" } },
	{ 17, CLOUD "CtxScatter3D", "",
	  { "f32 1,2,1: 1 2", "i64 1,1: 1", "f32 1,1,1: 9" },
	  { "f32 1,2,1: 1 9" } },
	{ 17, CLOUD "CtxGather", "",
	  { "f32 1,2,2,1: 1 2 3 4", "i32 1,1,3: 1 2147483647 0", "i64 : 3" },
	  { "f32 1,2,3,1: 2 0 1 4 0 3" } },
	{ 17, CLOUD "CtxGatherCB", "",
	  { "f32 2,1,2,1: 1 2 3 4", "i64 1,1: 1", "i64 1,1,1: 1" },
	  { "f32 1,1,1,1: 4" } },

	/* moving */
	{ 17, "Reshape", "", { "f32 2,2: 1 2 3 4", "i64 2: -1 1" },
	  { "f32 4,1: 1 2 3 4" } },
	{ 17, "Reshape", "", { "f32 2,2: 1 2 3 4", "i64 2: -1 3" }, { "!divide" } },
	{ 17, "Reshape", "", { "f32 2,2: 1 2 3 4", "i64 1: 5" },
	  { "!4 elements" } },
	{ 17, "Reshape", "", { "f32 2,2: 1 2 3 4", "i64 2: -1 -1" },
	  { "!dimension 1" } },
	{ 11, "Unsqueeze", "axes=[0,2]", { "f32 2: 1 2" }, { "f32 1,2,1: 1 2" } },
	{ 11, "Squeeze", "", { "f32 1,2,1: 1 2" }, { "f32 2: 1 2" } },
	{ 13, "Squeeze", "", { "f32 1,2: 1 2", "i64 1: 1" }, { "!not 1" } },
	{ 17, "Transpose", "perm=[0,0]", { "f32 1,1: 1" }, { "!twice" } },
	{ 9, "Slice", "starts=[1] ends=[9] axes=[-1]", { "f32 1,3: 1 2 3" },
	  { "f32 1,2: 2 3" } },
	{ 17, "Slice", "",
	  { "f32 4: 1 2 3 4", "i64 1: -1", "i64 1: -9223372036854775808",
	    "i64 1: 0" }, { "f32 0: " } },
	{ 17, "Slice", "", { "f32 0,2: ", "i64 1: 5", "i64 1: -5" },
	  { "f32 0,2: " } },
	{ 18, "Split", "num_outputs=2", { "f32 3: 1 2 3" },
	  { "f32 2: 1 2", "f32 1: 3" } },
	{ 11, "Split", "split=[1,2]", { "f32 3: 1 2 3" },
	  { "f32 1: 1", "f32 2: 2 3" } },
	{ 13, "Split", "", { "f32 3: 1 2 3", "i64 2: 1 1" },
	  { "!together", "" } },
	{ 17, "Concat", "", { "f32 1: 1" }, { "!axis is missing" } },
	{ 18, "Pad", "mode=wrap", { "f32 1,3: 1 2 3", "i64 2: 2 1", "",
				    "i64 1: 1" },
	  { "f32 1,6: 2 3 1 2 3 1" } },
	{ 17, "Pad", "", { "f32 3: 1 2 3", "i64 2: -1 1", "f32 : 9" },
	  { "f32 3: 2 3 9" } },
	{ 10, "Pad", "pads=[0,2] value=7.0f", { "f32 1: 1" }, { "f32 3: 1 7 7" } },
	{ 17, "Tile", "", { "f32 1,2: 1 2", "i64 2: 2 1" },
	  { "f32 2,2: 1 2 1 2" } },
	{ 17, "Expand", "", { "f32 2,1: 1 2", "i64 3: 1 1 2" },
	  { "f32 1,2,2: 1 1 2 2" } },

	/* made */
	{ 17, "Range", "", { "f32 : 1", "f32 : 2", "f32 : 0.25" },
	  { "f32 4: 1 1.25 1.5 1.75" } },
	{ 17, "Range", "", { "i64 : 3", "i64 : 0", "i64 : -2" },
	  { "i64 2: 3 1" } },
	{ 17, "NonZero", "", { "i64 2,2: 0 5 6 0" }, { "i64 2,2: 0 1 1 0" } },
	{ 17, "Shape", "start=1", { "f32 1,2,0: " }, { "i64 2: 2 0" } },
	{ 17, "EyeLike", "k=-1", { "i32 2,2: 0 0 0 0" }, { "i32 2,2: 0 0 1 0" } },
	{ 17, "Cast", "to=7", { "f32 3: 1.9 -1.9 nan" }, { "i64 3: 1 -1 0" } },
	{ 17, "Cast", "to=9", { "f32 3: 0 0.5 nan" }, { "b 3: 0 1 1" } },
	{ 17, "Cast", "to=10", { "i64 1: 7" }, { "f16 1: 7" } },
	{ 17, "Cast", "to=8", { "f32 1: 1" }, { "!type 8" } },
};

/* ---- tensors from text ---- */

static const struct {
	const char *name;
	int onnx;
	enum qaic_dtype dtype;
} types[] = {
	{ "f32", 1, QAIC_F32 }, { "f16", 10, QAIC_F16 }, { "i64", 7, QAIC_I64 },
	{ "i32", 6, QAIC_I32 }, { "u8", 2, QAIC_U8 }, { "b", 9, QAIC_BOOL },
};

struct text_tensor {
	int onnx;
	enum qaic_dtype dtype;
	int rank;
	int64_t dim[8], n;
	char shape[64];
	uint64_t data[64];
};

static void parse_tensor(const char *s, struct text_tensor *t)
{
	uint8_t *p = (uint8_t *)t->data;
	size_t i, len = strcspn(s, " ");
	char *end;

	memset(t, 0, sizeof(*t));
	t->n = 1;
	for (i = 0; i < QAIC_ARRAY_SIZE(types); i++)
		if (!strncmp(types[i].name, s, len))
			break;
	assert_true(i < QAIC_ARRAY_SIZE(types));
	t->onnx = types[i].onnx;
	t->dtype = types[i].dtype;
	s += len + 1;
	len = strcspn(s, ":");
	memcpy(t->shape, s, len);
	while (*s != ':') {
		t->dim[t->rank] = strtoll(s, &end, 10);
		t->n *= t->dim[t->rank++];
		s = end + (*end == ',');
	}
	for (i = 0, s++; i < (size_t)t->n; i++) {
		if (qaic_dtype_is_float(t->dtype))
			qc_store_f64(p, t->dtype, strtod(s, &end));
		else
			qc_store_i64(p, t->dtype, strtoll(s, &end, 10));
		s = end;
		p += qaic_dtype_size(t->dtype);
	}
}

static void add_attrs(Onnx__NodeProto *n, const char *text)
{
	char *copy = strdup(text), *save = NULL, *word, *v, *end;

	for (word = strtok_r(copy, " ", &save); word;
	     word = strtok_r(NULL, " ", &save)) {
		v = strchr(word, '=');
		*v++ = '\0';
		if (*v == '[') {
			Onnx__AttributeProto *a = mm_attr(n, word, 7);

			while (*v != ']') {
				MM_PUSH(a->ints, a->n_ints,
					strtoll(v + 1, &end, 10));
				v = end;
			}
		} else if ((*v >= '0' && *v <= '9') || *v == '-') {
			if (v[strlen(v) - 1] == 'f')
				mm_attr_float(n, word, strtof(v, NULL));
			else
				mm_attr_int(n, word, strtoll(v, NULL, 10));
		} else {
			mm_attr_str(n, word, v);
		}
	}
	free(copy);
}

/* ---- running ---- */

static int failures;

/* Every test of the table is run before the table fails. */
static void __attribute__((format(printf, 1, 2))) bad(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vprint_error(fmt, ap);
	va_end(ap);
	print_error("\n");
	failures++;
}

/* @fold: every operand is a constant; else only integers are. */
static Onnx__ModelProto *one_node(const struct test *t, bool fold)
{
	Onnx__ModelProto *m = mm_model(t->opset);
	char in[64] = "", out[64] = "", name[8];
	struct text_tensor x;
	int i;

	for (i = 0; t->in[i]; i++) {
		snprintf(name, sizeof(name), "x%d", i);
		if (i)
			strcat(in, ",");
		if (!*t->in[i])
			continue;
		strcat(in, name);
		parse_tensor(t->in[i], &x);
		if (fold || (i && !qaic_dtype_is_float(x.dtype)))
			mm_init(m, mm_tensor(name, x.onnx, x.rank, x.dim, x.data,
					     x.n * qaic_dtype_size(x.dtype)));
		else
			mm_input(m, name, x.onnx, x.shape);
	}
	for (i = 0; i < MAX && t->out[i]; i++) {
		snprintf(name, sizeof(name), "y%d", i);
		mm_output(m, name);
		if (i)
			strcat(out, ",");
		strcat(out, name);
	}
	add_attrs(mm_node(m, t->op, in, out), t->attrs);
	return m;
}

static void same(const struct qaicc_tensor *got, const char *want, int line)
{
	struct text_tensor w;
	size_t size;
	int64_t i;
	double a, b;

	parse_tensor(want, &w);
	size = qaic_dtype_size(w.dtype);
	if (got->dtype != w.dtype || (int)got->rank != w.rank ||
	    memcmp(got->dims, w.dim, w.rank * sizeof(*w.dim))) {
		bad("test %d: %s: %s, rank %u", line, want,
		    qaic_dtype_name(got->dtype), got->rank);
		return;
	}
	for (i = 0; i < w.n; i++) {
		if (!qaic_dtype_is_float(w.dtype)) {
			if (memcmp((char *)got->data + i * size,
				   (char *)w.data + i * size, size))
				bad("test %d: %s: element %d is %lld", line,
					 want, (int)i,
					 (long long)qc_load_i64((char *)got->data +
								i * size, w.dtype));
			continue;
		}
		a = qc_load_f64((char *)got->data + i * size, w.dtype);
		b = qc_load_f64((char *)w.data + i * size, w.dtype);
		if (!(a == b || (isnan(a) && isnan(b)) ||
		      fabs(a - b) <= 2e-6 * (1 + fabs(b))))
			bad("test %d: %s: element %d is %.8g", line, want,
				 (int)i, a);
	}
}

static void run(const struct test *t, int line, bool fold, const char *path)
{
	struct text_tensor in[MAX + 1];
	const void *args[MAX + 1];
	struct qaic_err err = QAIC_ERR_INIT;
	Onnx__ModelProto *m = one_node(t, fold);
	struct qaicc_ref *ref = NULL;
	struct qaicc_tensor y;
	size_t i;
	int rc;

	assert_int_equal(mm_write(m, path), 0);
	mm_free(m);
	rc = qaicc_ref_open(path, NULL, 0, &ref, &err);
	for (i = 0; !rc && i < qaicc_ref_num_inputs(ref); i++) {
		qaicc_ref_input(ref, i, &y);
		parse_tensor(t->in[atoi(y.name + 1)], &in[i]);
		args[i] = in[i].data;
	}
	if (!rc)
		rc = qaicc_ref_run(ref, args, &err);
	if (*t->out[0] == '!') {
		if (!rc || !strstr(err.msg, t->out[0] + 1))
			bad("test %d (%s): %d: %s", line, t->op, rc, err.msg);
		qaicc_ref_close(ref);
		return;
	}
	if (rc)
		bad("test %d (%s): %s", line, t->op, err.msg);
	for (i = 0; !rc && i < qaicc_ref_num_outputs(ref); i++) {
		qaicc_ref_output(ref, i, &y);
		same(&y, t->out[i], line);
	}
	qaicc_ref_close(ref);
}

static void table(void **state)
{
	char path[] = "/tmp/qaic-ops-XXXXXX";
	size_t i;

	close(mkstemp(path));
	for (i = 0; i < QAIC_ARRAY_SIZE(tests); i++) {
		/* these need constants */
		if (strcmp(tests[i].op, "Range") &&
		    strcmp(tests[i].op, "NonZero"))
			run(&tests[i], (int)i, false, path);
		run(&tests[i], (int)i, true, path);
	}
	unlink(path);
	assert_int_equal(failures, 0);
}

/* A large constant matrix, read in pieces, stored as F16 and transposed. */
static void streamed(void **state)
{
	enum { M = 5, K = 700, N = 1100 };
	char path[] = "/tmp/qaic-ops-XXXXXX";
	int64_t dims[2] = { N, K }, i, j, p;
	Onnx__ModelProto *m = mm_model(17);
	struct qaic_err err = QAIC_ERR_INIT;
	uint16_t *w = malloc(N * K * sizeof(*w));
	float *x = malloc(M * K * sizeof(*x)), *wf = malloc(N * K * sizeof(*wf));
	struct qaicc_ref *ref;
	struct qaicc_tensor y;
	const void *args[1] = { x };
	double sum, worst = 0, d;
	int k;

	for (i = 0; i < N * K; i++) {
		wf[i] = (float)(i * 31 % 257 - 128) / 64;
		qc_store_f64(&w[i], QAIC_F16, wf[i]);
	}
	for (i = 0; i < M * K; i++)
		x[i] = (float)(i * 17 % 101 - 50) / 32;
	mm_input(m, "x", 10, "5,700");
	mm_init(m, mm_tensor("w", 10, 2, dims, w, N * K * sizeof(*w)));
	mm_node(m, "Transpose", "w", "wt");
	mm_node(m, "MatMul", "x,wt", "y");
	mm_attr_int(mm_node(m, "Gemm", "x,w", "z"), "transB", 1);
	mm_output(m, "y");
	mm_output(m, "z");
	m->graph->input[0]->type->tensor_type->elem_type = 1;
	m->graph->initializer[0]->data_type = 10;
	mm_attr_int(mm_node(m, "Cast", "w16", "w"), "to", 1);
	free(m->graph->initializer[0]->name);
	m->graph->initializer[0]->name = strdup("w16");
	close(mkstemp(path));
	assert_int_equal(mm_write(m, path), 0);
	mm_free(m);
	if (qaicc_ref_open(path, NULL, 0, &ref, &err) ||
	    qaicc_ref_run(ref, args, &err))
		fail_msg("%s", err.msg);
	for (k = 0; k < 2; k++) {
		qaicc_ref_output(ref, k, &y);
		for (i = 0; i < M; i++) {
			for (j = 0; j < N; j++) {
				for (p = 0, sum = 0; p < K; p++)
					sum += (double)x[i * K + p] *
					       wf[j * K + p];
				d = fabs(((float *)y.data)[i * N + j] - sum);
				worst = d > worst ? d : worst;
			}
		}
	}
	assert_true(worst < 1e-2);
	qaicc_ref_close(ref);
	unlink(path);
	free(w);
	free(wf);
	free(x);
}

int main(void)
{
	const struct CMUnitTest all[] = {
		cmocka_unit_test(table),
		cmocka_unit_test(streamed),
	};

	return cmocka_run_group_tests(all, NULL, NULL);
}
