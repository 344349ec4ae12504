// SPDX-License-Identifier: MIT
/*
 * The custom operators, as ONNX functions: what a compiler replaces by its own
 * kernels, any ONNX Runtime evaluates by these bodies.
 *
 * Names, domains, inputs and meaning are QEfficient's (QEfficient/customop). Its
 * bodies leave open what an index outside the cache does; these say it: a write
 * is dropped, a read gives zeros. So padding (-1) never reaches a live slot, and
 * INT32_MAX is a safe index everywhere.
 */
#include "base/str.h"
#include "libqeff/build.h"

#define CLOUD	"com.qualcomm.cloud"
#define AISW	"com.qti.aisw.onnx"

#define ARRAY(...) __VA_ARGS__
#define NODE(out_, op_, ...) { .op = op_, .out = out_, .in = { __VA_ARGS__ } }
#define NODE_A(out_, op_, attrs, ...) \
	{ .op = op_, .out = out_, .in = { __VA_ARGS__ }, .attr = { attrs } }
#define CONST(out_, ...) \
	{ .op = "Constant", .out = out_, .attr = { QF_INTS("value_ints", __VA_ARGS__) } }
#define SCALAR(out_, v) \
	{ .op = "Constant", .out = out_, .attr = { QF_INT("value_int", v) } }
#define TO_I64 QF_INT("to", ONNX__TENSOR_PROTO__DATA_TYPE__INT64)

/*
 * data [B, H, C, D], position_ids i32 [B, S], updates [B, H, S, D]:
 * out = data; out[b, h, position_ids[b, s], :] = updates[b, h, s, :].
 * The data gets one more slot for what must not be written; it is cut off again.
 */
static const struct qf_fn_node ctx_scatter_body[] = {
	CONST("zero", 0), CONST("one", 1), CONST("two", 2), CONST("three", 3),
	CONST("four", 4), CONST("axes_b", 1, 2, 3),
	CONST("axes_h", 0, 2, 3),
	CONST("axes_s", 1, 3),
	SCALAR("zero_s", 0), SCALAR("one_s", 1),
	NODE("shape", "Shape", "data"),
	NODE("nb", "Gather", "shape", "zero_s"),
	NODE("nh", "Gather", "shape", "one_s"),
	NODE("nbh", "Slice", "shape", "zero", "two"),
	NODE("nc", "Slice", "shape", "two", "three"),
	NODE("nd", "Slice", "shape", "three", "four"),
	NODE("ns", "Shape", "position_ids"),
	NODE("ns1", "Slice", "ns", "one", "two"),
	/* the slot of each update; C for those outside */
	NODE_A("pos", "Cast", TO_I64, "position_ids"),
	NODE("low", "Less", "pos", "zero"),
	NODE("high", "GreaterOrEqual", "pos", "nc"),
	NODE("outside", "Or", "low", "high"),
	NODE("slot", "Where", "outside", "nc", "pos"),
	/* indices [B, H, S, 3] */
	NODE_A("full", "Concat", QF_INT("axis", 0), "nbh", "ns1", "one"),
	NODE("rb", "Range", "zero_s", "nb", "one_s"),
	NODE("rh", "Range", "zero_s", "nh", "one_s"),
	NODE("ib", "Unsqueeze", "rb", "axes_b"),
	NODE("ih", "Unsqueeze", "rh", "axes_h"),
	NODE("is", "Unsqueeze", "slot", "axes_s"),
	NODE("eb", "Expand", "ib", "full"),
	NODE("eh", "Expand", "ih", "full"),
	NODE("es", "Expand", "is", "full"),
	NODE_A("indices", "Concat", QF_INT("axis", 3), "eb", "eh", "es"),
	/* one slot more, write, one slot less */
	NODE_A("row", "Concat", QF_INT("axis", 0), "nbh", "one", "nd"),
	NODE("none", "CastLike", "zero", "data"),
	NODE("spare", "Expand", "none", "row"),
	NODE_A("wide", "Concat", QF_INT("axis", 2), "data", "spare"),
	NODE("written", "ScatterND", "wide", "indices", "updates"),
	NODE("out", "Slice", "written", "zero", "nc", "two"),
};

/*
 * data [B, H, C, D], ctx_indices i32 [B or 1, H or 1, L], ctx_len i64:
 * out[b, h, l, :] = data[b, h, ctx_indices[b, h, l], :], zeros where the index
 * is outside; out is [B, H, ctx_len, D].
 */
static const struct qf_fn_node ctx_gather_body[] = {
	CONST("zero", 0), CONST("one", 1), CONST("two", 2), CONST("three", 3),
	CONST("last", -1),
	NODE("shape", "Shape", "data"),
	NODE("nbh", "Slice", "shape", "zero", "two"),
	NODE("nc", "Slice", "shape", "two", "three"),
	NODE("nl", "Reshape", "comp_ctx_len", "one"),
	NODE_A("full", "Concat", QF_INT("axis", 0), "nbh", "nl"),
	NODE_A("idx", "Cast", TO_I64, "ctx_indices"),
	NODE("low", "Less", "idx", "zero"),
	NODE("high", "GreaterOrEqual", "idx", "nc"),
	NODE("outside", "Or", "low", "high"),
	NODE("safe", "Where", "outside", "zero", "idx"),
	NODE("wide", "Expand", "safe", "full"),
	NODE("indices", "Unsqueeze", "wide", "last"),
	NODE_A("rows", "GatherND", QF_INT("batch_dims", 2), "data", "indices"),
	NODE("none", "CastLike", "zero", "data"),
	NODE("hole", "Unsqueeze", "outside", "last"),
	NODE("out", "Where", "hole", "none", "rows"),
};

/* weight * (x / sqrt(mean(x^2, -1) + epsilon)) */
static const struct qf_fn_node rms_norm_body[] = {
	{ .op = "Constant", .out = "eps",
	  .attr = { QF_REF_FLOAT("value_float", "epsilon") } },
	NODE("square", "Mul", "hidden_states", "hidden_states"),
	NODE_A("mean", "ReduceMean",
	       ARRAY(QF_INTS("axes", -1), QF_INT("keepdims", 1)), "square"),
	NODE("epsilon_like", "CastLike", "eps", "mean"),
	NODE("sum", "Add", "mean", "epsilon_like"),
	NODE("root", "Sqrt", "sum"),
	NODE("normal", "Div", "hidden_states", "root"),
	NODE("out", "Mul", "weight", "normal"),
};

#define BODY(nodes) .out = "out", .node = nodes, \
	.num_nodes = QAIC_ARRAY_SIZE(nodes)

static const struct qf_fn ctx_scatter = {
	.domain = CLOUD, .name = "CtxScatter",
	.in = { "data", "position_ids", "updates" }, BODY(ctx_scatter_body),
};

static const struct qf_fn ctx_gather = {
	.domain = CLOUD, .name = "CtxGather",
	.in = { "data", "ctx_indices", "comp_ctx_len" }, BODY(ctx_gather_body),
};

static const struct qf_fn rms_norm = {
	.domain = AISW, .name = "CustomRMSNorm", .attr = "epsilon",
	.in = { "hidden_states", "weight" }, BODY(rms_norm_body),
};

const char *qf_fn_ctx_scatter(struct qf_build *b)
{
	return qf_onnx_function(&b->o, &ctx_scatter);
}

const char *qf_fn_ctx_gather(struct qf_build *b)
{
	return qf_onnx_function(&b->o, &ctx_gather);
}

const char *qf_fn_rms_norm(struct qf_build *b)
{
	return qf_onnx_function(&b->o, &rms_norm);
}
