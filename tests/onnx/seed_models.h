/* SPDX-License-Identifier: MIT */
/*
 * Small models of the kind that exporters write, for unit tests and fuzzing.
 * Symbols: N (batch) and S (sequence).
 */
#ifndef TESTS_ONNX_SEED_MODELS_H
#define TESTS_ONNX_SEED_MODELS_H

#include "tests/onnx/make_model.h"

static MM_MAYBE void seed_floats(Onnx__ModelProto *m, const char *name, int rank,
				 int64_t a, int64_t b)
{
	int64_t dims[2] = { a, b }, i, n = a * (rank > 1 ? b : 1);
	float *v = malloc(n * sizeof(*v));

	for (i = 0; i < n; i++)
		v[i] = (float)((i * 7919 % 31) - 15) / 16;
	mm_init(m, mm_tensor(name, 1, rank, dims, v, n * sizeof(*v)));
	free(v);
}

/*
 * Embedding, norm, projection, heads split by a shape subgraph, cache scatter and
 * gather, masked softmax, the last position's logits.
 */
static MM_MAYBE Onnx__ModelProto *seed_decoder(void)
{
	Onnx__ModelProto *m = mm_model(17);
	Onnx__FunctionProto *f;
	Onnx__NodeProto *n;
	float scale = 0.5f, neg = -10000;

	mm_opset(&m->opset_import, &m->n_opset_import, "com.qualcomm.cloud", 1);
	mm_opset(&m->opset_import, &m->n_opset_import, "com.qti.aisw.onnx", 1);
	mm_opset(&m->opset_import, &m->n_opset_import, "ours", 1);
	mm_input(m, "input_ids", 7, "N,S");
	mm_input(m, "position_ids", 7, "N,S");
	mm_input(m, "past", 1, "N,2,16,4");
	seed_floats(m, "table", 2, 32, 8);
	seed_floats(m, "norm", 1, 8, 0);
	seed_floats(m, "wq", 2, 8, 8);
	seed_floats(m, "head", 2, 32, 8);
	mm_init(m, mm_tensor("scale", 1, 0, NULL, &scale, 4));
	mm_init(m, mm_tensor("neg", 1, 0, NULL, &neg, 4));
	mm_ints(m, "two", 1, 2ll);
	mm_ints(m, "minus1", 1, -1ll);
	mm_ints(m, "zero", 1, 0ll);
	mm_ints(m, "one", 1, 1ll);
	mm_ints(m, "ctx", 1, 16ll);

	f = mm_function(m, "ours", "SiLU", "x", "y");
	mm_function_node(f, "Sigmoid", "x", "s");
	mm_function_node(f, "Mul", "x,s", "y");

	mm_node(m, "Gather", "table,input_ids", "emb");
	n = mm_node(m, "com.qti.aisw.onnx::CustomRMSNorm", "emb,norm", "h");
	mm_attr_float(n, "epsilon", 1e-5f);
	mm_node(m, "MatMul", "h,wq", "q");
	mm_node(m, "ours::SiLU", "q", "qs");
	mm_node(m, "Shape", "input_ids", "shape");
	n = mm_node(m, "Gather", "shape,zero", "b");
	n = mm_node(m, "Gather", "shape,one", "s");
	n = mm_node(m, "Concat", "b,s,two,minus1", "split");
	mm_attr_int(n, "axis", 0);
	mm_node(m, "Reshape", "qs,split", "heads");
	n = mm_node(m, "Transpose", "heads", "k");
	mm_attr_ints(n, "perm", 4, 0ll, 2ll, 1ll, 3ll);
	n = mm_node(m, "Cast", "position_ids", "pos32");
	mm_attr_int(n, "to", 6);
	mm_node(m, "com.qualcomm.cloud::CtxScatter", "past,pos32,k",
		"past_RetainedState");
	/* context indices [1, 1, C] */
	n = mm_node(m, "Constant", "", "c0");
	mm_attr_int(n, "value_int", 0);
	n = mm_node(m, "Constant", "", "c1");
	mm_attr_int(n, "value_int", 1);
	n = mm_node(m, "Constant", "", "c16");
	mm_attr_int(n, "value_int", 16);
	mm_node(m, "Range", "c0,c16,c1", "range");
	n = mm_node(m, "Constant", "", "axes");
	mm_attr_ints(n, "value_ints", 2, 0ll, 1ll);
	mm_node(m, "Unsqueeze", "range,axes", "idx");
	n = mm_node(m, "Cast", "idx", "idx32");
	mm_attr_int(n, "to", 6);
	mm_node(m, "com.qualcomm.cloud::CtxGather",
		"past_RetainedState,idx32,ctx", "ck");
	n = mm_node(m, "Transpose", "ck", "kt");
	mm_attr_ints(n, "perm", 4, 0ll, 1ll, 3ll, 2ll);
	mm_node(m, "MatMul", "k,kt", "scores");
	mm_node(m, "Mul", "scores,scale", "scaled");
	mm_node(m, "Unsqueeze", "position_ids,minus1", "pos3");
	mm_node(m, "Greater", "idx,pos3", "future");
	mm_node(m, "Unsqueeze", "future,one", "mask");
	mm_node(m, "Where", "mask,neg,scaled", "masked");
	n = mm_node(m, "Softmax", "masked", "probs");
	mm_attr_int(n, "axis", -1);
	mm_node(m, "MatMul", "probs,ck", "attn");
	n = mm_node(m, "Transpose", "attn", "merged");
	mm_attr_ints(n, "perm", 4, 0ll, 2ll, 1ll, 3ll);
	n = mm_node(m, "Concat", "b,s,minus1", "flat");
	mm_attr_int(n, "axis", 0);
	mm_node(m, "Reshape", "merged,flat", "out");
	mm_node(m, "Add", "out,emb", "res");
	/* the last position's row */
	n = mm_node(m, "ArgMax", "pos32", "last");
	mm_attr_int(n, "axis", 1);
	mm_attr_int(n, "keepdims", 1);
	mm_node(m, "Shape", "last", "lshape");
	mm_node(m, "ConstantOfShape", "lshape", "zf");
	mm_node(m, "Unsqueeze", "last,minus1", "last3");
	mm_ints(m, "rowshape", 3, 1ll, 1ll, 8ll);
	mm_node(m, "Expand", "last3,rowshape", "lastx");
	n = mm_node(m, "GatherElements", "res,lastx", "row");
	mm_attr_int(n, "axis", 1);
	n = mm_node(m, "Transpose", "head", "headt");
	mm_node(m, "MatMul", "row,headt", "logits");
	mm_output(m, "logits");
	mm_output(m, "past_RetainedState");
	return m;
}

/* As many of the other operators as fit into one graph. */
static MM_MAYBE Onnx__ModelProto *seed_mixed(void)
{
	Onnx__ModelProto *m = mm_model(18);
	Onnx__FunctionProto *f;
	Onnx__NodeProto *n;

	mm_opset(&m->opset_import, &m->n_opset_import, "ours", 1);
	mm_input(m, "x", 1, "N,S,6");
	mm_input(m, "i", 7, "N,S");
	seed_floats(m, "w", 2, 6, 6);
	seed_floats(m, "g", 1, 6, 0);
	mm_ints(m, "starts", 2, 0ll, -1ll);
	mm_ints(m, "ends", 2, 9223372036854775807ll, 0ll);
	mm_ints(m, "axes", 2, 0ll, 2ll);
	mm_ints(m, "steps", 2, 1ll, -2ll);
	mm_ints(m, "last", 1, -1ll);
	mm_ints(m, "pads", 6, 0ll, 1ll, 0ll, 1ll, 0ll, 2ll);
	mm_ints(m, "reps", 3, 1ll, 2ll, 1ll);
	mm_ints(m, "k", 1, 2ll);

	f = mm_function(m, "ours", "Inner", "a,b", "c");
	n = mm_function_node(f, "Gemm", "a,b", "c");
	mm_attr_ref(n, "transB", 2, "tb");
	f = mm_function(m, "ours", "Outer", "a,b", "c");
	n = mm_function_node(f, "ours::Inner", "a,b", "d");
	mm_attr_int(n, "tb", 1);
	mm_function_node(f, "Relu", "d", "c");

	n = mm_node(m, "LayerNormalization", "x,g,g", "ln");
	mm_attr_int(n, "axis", -1);
	mm_node(m, "Slice", "x,starts,ends,axes,steps", "sl");
	n = mm_node(m, "Split", "x", "s0,s1,s2");
	mm_attr_int(n, "axis", 2);
	mm_attr_int(n, "num_outputs", 3);
	n = mm_node(m, "Concat", "s2,s0", "cat");
	mm_attr_int(n, "axis", 2);
	mm_node(m, "ReduceMean", "ln,last", "mean");
	n = mm_node(m, "ReduceSum", "cat,last", "sum");
	mm_attr_int(n, "keepdims", 0);
	mm_node(m, "Pad", "x,pads", "pad");
	mm_node(m, "Tile", "x,reps", "tile");
	n = mm_node(m, "TopK", "x,k", "tv,ti");
	n = mm_node(m, "Einsum", "x,w", "ein");
	mm_attr_str(n, "equation", "bsi,ij->bjs");
	n = mm_node(m, "Flatten", "x", "fl");
	mm_attr_int(n, "axis", 2);
	mm_node(m, "ours::Outer", "fl,w", "out");
	n = mm_node(m, "CumSum", "i,last", "cum");
	mm_node(m, "Trilu", "x", "tri");
	mm_node(m, "Less", "i,cum", "less");
	mm_node(m, "Not", "less", "not");
	n = mm_node(m, "Cast", "not", "notf");
	mm_attr_int(n, "to", 10);
	mm_node(m, "Unsqueeze", "i,last", "i3");
	mm_node(m, "Clip", "i3,,", "ic");
	n = mm_node(m, "OneHot", "i,k,hot", "oh");
	mm_ints(m, "hot", 2, 0ll, 1ll);
	mm_node(m, "Mod", "i,k", "mod");
	mm_node(m, "ScatterND", "x,snd,sndu", "sc");
	n = mm_node(m, "Constant", "", "snd");
	{
		int64_t v[2] = { 0, 1 }, d[2] = { 1, 2 };
		Onnx__AttributeProto *a = mm_attr(n, "value", 4);

		a->t = mm_tensor("", 7, 2, d, v, sizeof(v));
	}
	mm_node(m, "Unsqueeze", "g,zero", "sndu");
	mm_ints(m, "zero", 1, 0ll);
	mm_output(m, "mean");
	mm_output(m, "sum");
	mm_output(m, "sl");
	mm_output(m, "pad");
	mm_output(m, "tile");
	mm_output(m, "tv");
	mm_output(m, "ti");
	mm_output(m, "ein");
	mm_output(m, "out");
	mm_output(m, "tri");
	mm_output(m, "notf");
	mm_output(m, "ic");
	mm_output(m, "oh");
	mm_output(m, "mod");
	mm_output(m, "sc");
	return m;
}

/* Indices, blocks, ranges, types: constant operands that mutations reach. */
static MM_MAYBE Onnx__ModelProto *seed_indexed(void)
{
	static const char *const unary[] = { "Neg", "Erf", "Softplus", "Round",
					     "IsInf", "Gelu", "Selu" };
	static const char *const reduce[] = { "ReduceMax", "ReduceL2",
					      "ReduceLogSumExp", "ReduceProd" };
	Onnx__ModelProto *m = mm_model(18);
	Onnx__NodeProto *n;
	char name[16];
	size_t i;

	mm_opset(&m->opset_import, &m->n_opset_import, "com.qualcomm.cloud", 1);
	mm_input(m, "x", 1, "N,4,S,2");
	mm_input(m, "cache", 1, "N,1,8,4");
	mm_input(m, "line", 7, "N,1");
	mm_input(m, "bytes", 2, "2,S");
	seed_floats(m, "w", 2, 4, 6);
	mm_ints(m, "i3", 3, 0ll, 2ll, -1ll);
	mm_ints(m, "i2", 2, 1ll, 0ll);
	mm_ints(m, "one", 1, 1ll);
	mm_ints(m, "zero", 1, 0ll);
	mm_ints(m, "five", 1, 5ll);
	mm_ints(m, "s22", 2, 2ll, 2ll);
	mm_ints(m, "s46", 2, 4ll, 6ll);

	/* folded: from constants alone */
	n = mm_node(m, "Gather", "w,i3", "g");
	mm_attr_int(n, "axis", 1);
	mm_node(m, "Unsqueeze", "i2,one", "i21");
	mm_node(m, "GatherND", "w,i21", "gnd");
	mm_node(m, "Reshape", "i2,s12", "i12");
	mm_ints(m, "s12", 2, 1ll, 2ll);
	mm_node(m, "GatherElements", "w,i12", "ge");
	n = mm_node(m, "ScatterElements", "w,i12,ge", "se");
	mm_attr_int(n, "axis", 1);
	mm_attr_str(n, "reduction", "add");
	mm_node(m, "ScatterND", "w,i21,gnd", "snd");
	mm_node(m, "Squeeze", "zero", "z0");
	mm_node(m, "Squeeze", "five", "f0");
	mm_node(m, "Squeeze", "one", "o0");
	mm_node(m, "Range", "z0,f0,o0", "range");
	mm_node(m, "ConstantOfShape", "s22", "cos");
	mm_node(m, "EyeLike", "cos", "eye");
	mm_node(m, "NonZero", "eye", "nz");
	mm_node(m, "Pow", "range,i3b", "pw");
	mm_ints(m, "i3b", 1, 3ll);
	mm_node(m, "Div", "pw,i3b", "dv");
	mm_node(m, "Sub", "dv,range", "sb");
	mm_node(m, "Equal", "sb,range", "eq");
	mm_node(m, "Where", "eq,sb,range", "wh");
	n = mm_node(m, "Concat", "wh,range,i3", "cc");
	mm_attr_int(n, "axis", 0);
	n = mm_node(m, "Cast", "cc", "ccf");
	mm_attr_int(n, "to", 16);
	n = mm_node(m, "Softmax", "ccf", "sm");
	n = mm_node(m, "CumSum", "cc,zero", "cs");
	mm_attr_int(n, "reverse", 1);
	n = mm_node(m, "MatMul", "g,gt", "mm");
	mm_node(m, "Transpose", "g", "gt");

	/* at run time */
	n = mm_node(m, "DepthToSpace", "x", "d2s");
	mm_attr_int(n, "blocksize", 2);
	n = mm_node(m, "SpaceToDepth", "d2s", "s2d");
	mm_attr_int(n, "blocksize", 2);
	n = mm_node(m, "Gather", "x,i3", "rg");
	mm_attr_int(n, "axis", 1);
	mm_node(m, "com.qualcomm.cloud::CtxScatterCB", "cache,line,line,upd",
		"sc");
	mm_node(m, "ConstantOfShape", "updshape", "upd");
	mm_ints(m, "updshape", 4, 2ll, 1ll, 1ll, 4ll);
	mm_node(m, "Unsqueeze", "line,one", "line3");
	mm_node(m, "com.qualcomm.cloud::CtxGatherCB", "sc,line,line3", "cg");
	for (i = 0; i < 7; i++) {
		snprintf(name, sizeof(name), "u%zu", i);
		mm_node(m, unary[i], "x", name);
		mm_output(m, name);
	}
	for (i = 0; i < 4; i++) {
		snprintf(name, sizeof(name), "r%zu", i);
		mm_node(m, reduce[i], "x,i2", name);
		mm_output(m, name);
	}
	n = mm_node(m, "Cast", "bytes", "bi");
	mm_attr_int(n, "to", 6);
	n = mm_node(m, "Mod", "bi,bi", "bm");
	mm_attr_int(n, "fmod", 0);
	n = mm_node(m, "ArgMax", "bytes", "am");
	mm_attr_int(n, "axis", 1);
	mm_node(m, "Max", "bytes,bytes,bytes", "bx");
	mm_output(m, "g");
	mm_output(m, "gnd");
	mm_output(m, "se");
	mm_output(m, "snd");
	mm_output(m, "nz");
	mm_output(m, "sm");
	mm_output(m, "cs");
	mm_output(m, "mm");
	mm_output(m, "s2d");
	mm_output(m, "rg");
	mm_output(m, "cg");
	mm_output(m, "bm");
	mm_output(m, "am");
	mm_output(m, "bx");
	return m;
}

#endif
