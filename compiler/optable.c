// SPDX-License-Identifier: MIT
/*
 * The operator table: one row per operator, see compiler/op.h and
 * Documentation/adding-an-operator.md. Sorted by subject; the lookup is linear in
 * a table this small, once per node.
 */
#include <string.h>

#include "base/str.h"
#include "compiler/op_rows.h"

#define CLOUD "com.qualcomm.cloud"
#define AISW "com.qti.aisw.onnx"

static const struct qc_op ops[] = {
	/* element-wise, two operands, numpy broadcasting */
	{ "", "Add", 2, 2, 1, 1, qc_shape_binary, qc_eval_add },
	{ "", "Sub", 2, 2, 1, 1, qc_shape_binary, qc_eval_sub },
	{ "", "Mul", 2, 2, 1, 1, qc_shape_binary, qc_eval_mul },
	{ "", "Div", 2, 2, 1, 1, qc_shape_binary, qc_eval_div },
	{ "", "Pow", 2, 2, 1, 1, qc_shape_pow, qc_eval_pow },
	{ "", "Mod", 2, 2, 1, 1, qc_shape_binary, qc_eval_mod },
	{ "", "PRelu", 2, 2, 1, 1, qc_shape_binary, qc_eval_prelu },
	{ "", "Min", 1, -1, 1, 1, qc_shape_binary, qc_eval_min },
	{ "", "Max", 1, -1, 1, 1, qc_shape_binary, qc_eval_max },
	{ "", "Sum", 1, -1, 1, 1, qc_shape_binary, qc_eval_sum },
	{ "", "Mean", 1, -1, 1, 1, qc_shape_binary, qc_eval_mean },
	{ "", "And", 2, 2, 1, 1, qc_shape_logic, qc_eval_and },
	{ "", "Or", 2, 2, 1, 1, qc_shape_logic, qc_eval_or },
	{ "", "Xor", 2, 2, 1, 1, qc_shape_logic, qc_eval_xor },
	{ "", "Equal", 2, 2, 1, 1, qc_shape_compare, qc_eval_equal },
	{ "", "Less", 2, 2, 1, 1, qc_shape_compare, qc_eval_less },
	{ "", "LessOrEqual", 2, 2, 1, 1, qc_shape_compare, qc_eval_lessorequal },
	{ "", "Greater", 2, 2, 1, 1, qc_shape_compare, qc_eval_greater },
	{ "", "GreaterOrEqual", 2, 2, 1, 1, qc_shape_compare,
	  qc_eval_greaterorequal },
	{ "", "Where", 3, 3, 1, 1, qc_shape_where, qc_eval_where },

	/* element-wise, one operand */
	{ "", "Not", 1, 1, 1, 1, qc_shape_not, qc_eval_not },
	{ "", "Neg", 1, 1, 1, 1, qc_shape_unary, qc_eval_neg },
	{ "", "Abs", 1, 1, 1, 1, qc_shape_unary, qc_eval_abs },
	{ "", "Sign", 1, 1, 1, 1, qc_shape_unary, qc_eval_sign },
	{ "", "Sqrt", 1, 1, 1, 1, qc_shape_unary_f, qc_eval_sqrt },
	{ "", "Reciprocal", 1, 1, 1, 1, qc_shape_unary_f, qc_eval_reciprocal },
	{ "", "Exp", 1, 1, 1, 1, qc_shape_unary_f, qc_eval_exp },
	{ "", "Log", 1, 1, 1, 1, qc_shape_unary_f, qc_eval_log },
	{ "", "Sin", 1, 1, 1, 1, qc_shape_unary_f, qc_eval_sin },
	{ "", "Cos", 1, 1, 1, 1, qc_shape_unary_f, qc_eval_cos },
	{ "", "Tan", 1, 1, 1, 1, qc_shape_unary_f, qc_eval_tan },
	{ "", "Asin", 1, 1, 1, 1, qc_shape_unary_f, qc_eval_asin },
	{ "", "Acos", 1, 1, 1, 1, qc_shape_unary_f, qc_eval_acos },
	{ "", "Atan", 1, 1, 1, 1, qc_shape_unary_f, qc_eval_atan },
	{ "", "Sinh", 1, 1, 1, 1, qc_shape_unary_f, qc_eval_sinh },
	{ "", "Cosh", 1, 1, 1, 1, qc_shape_unary_f, qc_eval_cosh },
	{ "", "Asinh", 1, 1, 1, 1, qc_shape_unary_f, qc_eval_asinh },
	{ "", "Acosh", 1, 1, 1, 1, qc_shape_unary_f, qc_eval_acosh },
	{ "", "Atanh", 1, 1, 1, 1, qc_shape_unary_f, qc_eval_atanh },
	{ "", "Tanh", 1, 1, 1, 1, qc_shape_unary_f, qc_eval_tanh },
	{ "", "Sigmoid", 1, 1, 1, 1, qc_shape_unary_f, qc_eval_sigmoid },
	{ "", "Erf", 1, 1, 1, 1, qc_shape_unary_f, qc_eval_erf },
	{ "", "Relu", 1, 1, 1, 1, qc_shape_unary, qc_eval_relu },
	{ "", "LeakyRelu", 1, 1, 1, 1, qc_shape_unary_f, qc_eval_leakyrelu },
	{ "", "ThresholdedRelu", 1, 1, 1, 1, qc_shape_unary_f,
	  qc_eval_thresholdedrelu },
	{ "", "Elu", 1, 1, 1, 1, qc_shape_unary_f, qc_eval_elu },
	{ "", "Selu", 1, 1, 1, 1, qc_shape_unary_f, qc_eval_selu },
	{ "", "Celu", 1, 1, 1, 1, qc_shape_unary_f, qc_eval_celu },
	{ "", "HardSigmoid", 1, 1, 1, 1, qc_shape_unary_f, qc_eval_hardsigmoid },
	{ "", "HardSwish", 1, 1, 1, 1, qc_shape_unary_f, qc_eval_hardswish },
	{ "", "Softplus", 1, 1, 1, 1, qc_shape_unary_f, qc_eval_softplus },
	{ "", "Softsign", 1, 1, 1, 1, qc_shape_unary_f, qc_eval_softsign },
	{ "", "Mish", 1, 1, 1, 1, qc_shape_unary_f, qc_eval_mish },
	{ "", "Gelu", 1, 1, 1, 1, qc_shape_unary_f, qc_eval_gelu },
	{ "com.microsoft", "Gelu", 1, 1, 1, 1, qc_shape_unary_f, qc_eval_gelu },
	{ "", "Floor", 1, 1, 1, 1, qc_shape_unary_f, qc_eval_floor },
	{ "", "Ceil", 1, 1, 1, 1, qc_shape_unary_f, qc_eval_ceil },
	{ "", "Round", 1, 1, 1, 1, qc_shape_unary_f, qc_eval_round },
	{ "", "IsNaN", 1, 1, 1, 1, qc_shape_is, qc_eval_isnan },
	{ "", "IsInf", 1, 1, 1, 1, qc_shape_is, qc_eval_isinf },
	{ "", "Clip", 1, 3, 1, 1, qc_shape_clip, qc_eval_clip },
	{ "", "Cast", 1, 1, 1, 1, qc_shape_cast, qc_eval_cast, qc_view_cast },
	{ "", "CastLike", 2, 2, 1, 1, qc_shape_cast, qc_eval_cast,
	  qc_view_cast },

	/* products */
	{ "", "MatMul", 2, 2, 1, 1, qc_shape_matmul, qc_eval_matmul,
	  .stream = 2 },
	{ "", "Gemm", 2, 3, 1, 1, qc_shape_gemm, qc_eval_gemm, .stream = 2 },
	{ "", "Einsum", 1, -1, 1, 1, qc_shape_einsum, qc_eval_einsum },

	/* along an axis */
	{ "", "Softmax", 1, 1, 1, 1, qc_shape_softmax, qc_eval_softmax },
	{ "", "LogSoftmax", 1, 1, 1, 1, qc_shape_softmax, qc_eval_logsoftmax },
	{ "", "LayerNormalization", 2, 3, 1, 3, qc_shape_layernorm,
	  qc_eval_layernorm },
	{ AISW, "CustomRMSNorm", 2, 2, 1, 1, qc_shape_rmsnorm, qc_eval_rmsnorm },
	{ "", "ReduceSum", 1, 2, 1, 1, qc_shape_reduce, qc_eval_reducesum },
	{ "", "ReduceMean", 1, 2, 1, 1, qc_shape_reduce, qc_eval_reducemean },
	{ "", "ReduceMax", 1, 2, 1, 1, qc_shape_reduce, qc_eval_reducemax },
	{ "", "ReduceMin", 1, 2, 1, 1, qc_shape_reduce, qc_eval_reducemin },
	{ "", "ReduceProd", 1, 2, 1, 1, qc_shape_reduce, qc_eval_reduceprod },
	{ "", "ReduceSumSquare", 1, 2, 1, 1, qc_shape_reduce,
	  qc_eval_reducesumsquare },
	{ "", "ReduceL1", 1, 2, 1, 1, qc_shape_reduce, qc_eval_reducel1 },
	{ "", "ReduceL2", 1, 2, 1, 1, qc_shape_reduce, qc_eval_reducel2 },
	{ "", "ReduceLogSum", 1, 2, 1, 1, qc_shape_reduce,
	  qc_eval_reducelogsum },
	{ "", "ReduceLogSumExp", 1, 2, 1, 1, qc_shape_reduce,
	  qc_eval_reducelogsumexp },
	{ "", "ArgMax", 1, 1, 1, 1, qc_shape_argmax, qc_eval_argmax },
	{ "", "ArgMin", 1, 1, 1, 1, qc_shape_argmax, qc_eval_argmin },
	{ "", "CumSum", 2, 2, 1, 1, qc_shape_cumsum, qc_eval_cumsum },
	{ "", "TopK", 1, 2, 2, 2, qc_shape_topk, qc_eval_topk },

	/* indexed */
	{ "", "Gather", 2, 2, 1, 1, qc_shape_gather, qc_eval_gather,
	  .stream = 1 },
	{ "", "GatherElements", 2, 2, 1, 1, qc_shape_gatherelements,
	  qc_eval_gatherelements },
	{ "", "GatherND", 2, 2, 1, 1, qc_shape_gathernd, qc_eval_gathernd },
	{ "", "ScatterND", 3, 3, 1, 1, qc_shape_scatternd, qc_eval_scatternd },
	{ "", "ScatterElements", 3, 3, 1, 1, qc_shape_scatterelements,
	  qc_eval_scatterelements },
	{ "", "Scatter", 3, 3, 1, 1, qc_shape_scatterelements,
	  qc_eval_scatterelements },
	{ "", "OneHot", 3, 3, 1, 1, qc_shape_onehot, qc_eval_onehot },
	{ CLOUD, "CtxScatter", 3, 3, 1, 1, qc_shape_ctxscatter,
	  qc_eval_ctxscatter },
	{ CLOUD, "CtxScatterCB", 4, 4, 1, 1, qc_shape_ctxscatter,
	  qc_eval_ctxscatter },
	{ CLOUD, "CtxScatter3D", 3, 3, 1, 1, qc_shape_ctxscatter,
	  qc_eval_ctxscatter },
	{ CLOUD, "CtxScatterCB3D", 4, 4, 1, 1, qc_shape_ctxscatter,
	  qc_eval_ctxscatter },
	{ CLOUD, "CtxGather", 2, 3, 1, 1, qc_shape_ctxgather,
	  qc_eval_ctxgather },
	{ CLOUD, "CtxGatherCB", 3, 4, 1, 1, qc_shape_ctxgather,
	  qc_eval_ctxgather },
	{ CLOUD, "CtxGather3D", 2, 2, 1, 1, qc_shape_ctxgather,
	  qc_eval_ctxgather },
	{ CLOUD, "CtxGatherCB3D", 3, 3, 1, 1, qc_shape_ctxgather,
	  qc_eval_ctxgather },

	/* moving, without arithmetic */
	{ "", "Identity", 1, 1, 1, 1, qc_shape_identity, qc_eval_copy,
	  qc_view_reshape },
	{ "", "Dropout", 1, 3, 1, 2, qc_shape_dropout, qc_eval_dropout },
	{ "", "Reshape", 2, 2, 1, 1, qc_shape_reshape, qc_eval_copy,
	  qc_view_reshape },
	{ "", "Flatten", 1, 1, 1, 1, qc_shape_flatten, qc_eval_copy,
	  qc_view_reshape },
	{ "", "Squeeze", 1, 2, 1, 1, qc_shape_squeeze, qc_eval_copy,
	  qc_view_reshape },
	{ "", "Unsqueeze", 1, 2, 1, 1, qc_shape_unsqueeze, qc_eval_copy,
	  qc_view_reshape },
	{ "", "Transpose", 1, 1, 1, 1, qc_shape_transpose, qc_eval_transpose,
	  qc_view_transpose },
	{ "", "Expand", 2, 2, 1, 1, qc_shape_expand, qc_eval_expand,
	  qc_view_expand },
	{ "", "Slice", 1, 5, 1, 1, qc_shape_slice, qc_eval_slice,
	  qc_view_slice },
	{ "", "Split", 1, 2, 1, -1, qc_shape_split, qc_eval_split,
	  qc_view_split },
	{ "", "Concat", 1, -1, 1, 1, qc_shape_concat, qc_eval_concat },
	{ "", "Tile", 2, 2, 1, 1, qc_shape_tile, qc_eval_tile },
	{ "", "Pad", 1, 4, 1, 1, qc_shape_pad, qc_eval_pad },
	{ "", "Trilu", 1, 2, 1, 1, qc_shape_trilu, qc_eval_trilu },
	{ "", "DepthToSpace", 1, 1, 1, 1, qc_shape_depthtospace,
	  qc_eval_depthtospace },
	{ "", "SpaceToDepth", 1, 1, 1, 1, qc_shape_spacetodepth,
	  qc_eval_spacetodepth },

	/* made from shapes and attributes */
	{ "", "Constant", 0, 0, 1, 1, qc_shape_constant },
	{ "", "ConstantOfShape", 1, 1, 1, 1, qc_shape_constantofshape },
	{ "", "Shape", 1, 1, 1, 1, qc_shape_shape },
	{ "", "Size", 1, 1, 1, 1, qc_shape_size },
	{ "", "Range", 3, 3, 1, 1, qc_shape_range, qc_eval_range },
	{ "", "EyeLike", 1, 1, 1, 1, qc_shape_eyelike, qc_eval_eyelike },
};

const struct qc_op *qc_op_find(const char *domain, const char *name)
{
	size_t i;

	if (!strcmp(domain, "ai.onnx"))
		domain = "";
	for (i = 0; i < QAIC_ARRAY_SIZE(ops); i++)
		if (!strcmp(ops[i].name, name) &&
		    !strcmp(ops[i].domain, domain))
			return &ops[i];
	return NULL;
}
