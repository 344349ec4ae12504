/* SPDX-License-Identifier: MIT */
/*
 * One small model per pattern that the compiler fuses, in several spellings, and
 * look-alikes that it must leave alone. Input x [2, 3, 8], output y.
 */
#ifndef TESTS_ONNX_PATTERN_MODELS_H
#define TESTS_ONNX_PATTERN_MODELS_H

#include "tests/onnx/attention_models.h"
#include "tests/onnx/rope_models.h"
#include "tests/onnx/seed_models.h"

struct pattern {
	const char *name;
	void (*build)(Onnx__ModelProto *m);
	const char *op;		/* that must be there after fusion */
	int count;
	const char *gone;	/* operator that must be gone, or NULL */
};

static MM_MAYBE void pm_scalar(Onnx__ModelProto *m, const char *name, float v)
{
	mm_init(m, mm_tensor(name, 1, 0, NULL, &v, 4));
}

static MM_MAYBE void pm_axes(Onnx__NodeProto *n)
{
	mm_attr_ints(n, "axes", 1, -1ll);
}

static void pm_rms(Onnx__ModelProto *m)
{
	pm_scalar(m, "two", 2);
	pm_scalar(m, "eps", 1e-5f);
	seed_floats(m, "g", 1, 8, 0);
	mm_node(m, "Pow", "x,two", "sq");
	pm_axes(mm_node(m, "ReduceMean", "sq", "mean"));
	mm_node(m, "Add", "mean,eps", "var");
	mm_node(m, "Sqrt", "var", "root");
	mm_node(m, "Div", "x,root", "n");
	mm_node(m, "Mul", "g,n", "y");
}

static void pm_rms_reciprocal(Onnx__ModelProto *m)
{
	pm_scalar(m, "eps", 1e-5f);
	seed_floats(m, "g", 1, 8, 0);
	mm_node(m, "Mul", "x,x", "sq");
	pm_axes(mm_node(m, "ReduceMean", "sq", "mean"));
	mm_node(m, "Add", "eps,mean", "var");
	mm_node(m, "Sqrt", "var", "root");
	mm_node(m, "Reciprocal", "root", "r");
	mm_node(m, "Mul", "r,x", "n");
	mm_node(m, "Mul", "n,g", "y");
}

/* the mean is over another axis */
static void pm_rms_not(Onnx__ModelProto *m)
{
	pm_scalar(m, "eps", 1e-5f);
	mm_node(m, "Mul", "x,x", "sq");
	mm_attr_ints(mm_node(m, "ReduceMean", "sq", "mean"), "axes", 1, 1ll);
	mm_node(m, "Add", "eps,mean", "var");
	mm_node(m, "Sqrt", "var", "root");
	mm_node(m, "Div", "x,root", "y");
}

static void pm_layernorm(Onnx__ModelProto *m)
{
	pm_scalar(m, "two", 2);
	pm_scalar(m, "eps", 1e-5f);
	seed_floats(m, "g", 1, 8, 0);
	seed_floats(m, "b", 1, 8, 0);
	pm_axes(mm_node(m, "ReduceMean", "x", "mean"));
	mm_node(m, "Sub", "x,mean", "d");
	mm_node(m, "Pow", "d,two", "sq");
	pm_axes(mm_node(m, "ReduceMean", "sq", "msq"));
	mm_node(m, "Add", "msq,eps", "var");
	mm_node(m, "Sqrt", "var", "root");
	mm_node(m, "Div", "d,root", "n");
	mm_node(m, "Mul", "n,g", "s");
	mm_node(m, "Add", "s,b", "y");
}

static void pm_silu(Onnx__ModelProto *m)
{
	mm_node(m, "Sigmoid", "x", "s");
	mm_node(m, "Mul", "s,x", "y");
}

static void pm_silu_not(Onnx__ModelProto *m)
{
	pm_scalar(m, "k", 3);
	mm_node(m, "Sigmoid", "x", "s");
	mm_node(m, "Mul", "x,k", "x3");
	mm_node(m, "Mul", "s,x3", "y");
}

static void pm_quick_gelu(Onnx__ModelProto *m)
{
	pm_scalar(m, "k", 1.702f);
	mm_node(m, "Mul", "x,k", "t");
	mm_node(m, "Sigmoid", "t", "s");
	mm_node(m, "Mul", "x,s", "y");
}

static void pm_erf_gelu(Onnx__ModelProto *m, float root)
{
	pm_scalar(m, "r", root);
	pm_scalar(m, "one", 1);
	pm_scalar(m, "half", 0.5f);
	mm_node(m, "Div", "x,r", "t");
	mm_node(m, "Erf", "t", "e");
	mm_node(m, "Add", "e,one", "e1");
	mm_node(m, "Mul", "x,e1", "xe");
	mm_node(m, "Mul", "xe,half", "y");
}

static void pm_gelu(Onnx__ModelProto *m)
{
	pm_erf_gelu(m, 1.41421356f);
}

/* half the argument: no GELU */
static void pm_gelu_not(Onnx__ModelProto *m)
{
	pm_erf_gelu(m, 2.82842712f);
}

static void pm_gelu_tanh(Onnx__ModelProto *m)
{
	pm_scalar(m, "three", 3);
	pm_scalar(m, "c", 0.044715f);
	pm_scalar(m, "s", 0.79788456f);
	pm_scalar(m, "one", 1);
	pm_scalar(m, "half", 0.5f);
	mm_node(m, "Mul", "x,half", "h");
	mm_node(m, "Pow", "x,three", "p");
	mm_node(m, "Mul", "p,c", "pc");
	mm_node(m, "Add", "x,pc", "a");
	mm_node(m, "Mul", "a,s", "as");
	mm_node(m, "Tanh", "as", "t");
	mm_node(m, "Add", "t,one", "t1");
	mm_node(m, "Mul", "h,t1", "y");
}

static void pm_bias(Onnx__ModelProto *m)
{
	seed_floats(m, "w", 2, 8, 12);
	seed_floats(m, "b", 1, 12, 0);
	mm_node(m, "MatMul", "x,w", "p");
	mm_node(m, "Add", "b,p", "y");
}

static void pm_split(Onnx__ModelProto *m)
{
	seed_floats(m, "w", 2, 8, 24);
	seed_floats(m, "b", 1, 24, 0);
	mm_ints(m, "sizes", 3, 8ll, 8ll, 8ll);
	mm_node(m, "MatMul", "x,w", "p");
	mm_node(m, "Add", "p,b", "pb");
	mm_attr_int(mm_node(m, "Split", "pb,sizes", "q,k,v"), "axis", -1);
	mm_node(m, "Add", "q,k", "qk");
	mm_node(m, "Mul", "qk,v", "y");
}

static void pm_gated(Onnx__ModelProto *m)
{
	seed_floats(m, "wg", 2, 8, 40);
	seed_floats(m, "wu", 2, 8, 40);
	seed_floats(m, "wd", 2, 40, 8);
	mm_node(m, "MatMul", "x,wg", "g");
	mm_node(m, "MatMul", "x,wu", "u");
	mm_node(m, "Sigmoid", "g", "s");
	mm_node(m, "Mul", "g,s", "a");
	mm_node(m, "Mul", "a,u", "h");
	mm_node(m, "MatMul", "h,wd", "d");
	mm_node(m, "Add", "x,d", "y");
}

/* ---- experts ---- */

static void pm_router(Onnx__ModelProto *m)
{
	seed_floats(m, "wr", 2, 8, 4);
	seed_floats(m, "w4", 2, 4, 40);
	mm_ints(m, "stack", 3, 4ll, 5ll, 8ll);
	mm_ints(m, "two", 1, 2ll);
	mm_ints(m, "a24", 2, 2ll, 4ll);
	mm_ints(m, "a3", 1, 3ll);
	mm_node(m, "Reshape", "w4,stack", "w");
	mm_node(m, "MatMul", "x,wr", "score");
	mm_attr_int(mm_node(m, "TopK", "score,two", "top,chosen"), "axis", -1);
}

static void pm_experts(Onnx__ModelProto *m)
{
	pm_router(m);
	mm_node(m, "Gather", "w,chosen", "we");
	mm_node(m, "Unsqueeze", "x,a24", "x5");
	mm_node(m, "MatMul", "we,x5", "y");
}

/* each expert its own column: what comes after the first product */
static void pm_experts_twice(Onnx__ModelProto *m)
{
	seed_floats(m, "wd4", 2, 4, 15);
	mm_ints(m, "down", 3, 4ll, 3ll, 5ll);
	pm_router(m);
	mm_node(m, "Reshape", "wd4,down", "wd");
	mm_node(m, "Gather", "w,chosen", "we");
	mm_node(m, "Gather", "wd,chosen", "wde");
	mm_node(m, "Unsqueeze", "x,a24", "x5");
	mm_node(m, "MatMul", "we,x5", "h");
	mm_node(m, "MatMul", "wde,h", "y");
}

/* an index that could be negative */
static void pm_experts_not(Onnx__ModelProto *m)
{
	mm_input(m, "p", 7, "2,3");
	pm_router(m);
	mm_ints(m, "last", 1, 2ll);
	mm_node(m, "Sub", "p,last", "chosen2");
	mm_node(m, "Gather", "w,chosen2", "we");
	mm_node(m, "Unsqueeze", "x,a3", "x4");
	mm_node(m, "MatMul", "we,x4", "y");
}

/*
 * Values of 3 MiB, too many for the TCM of one NSP. Some may be overwritten by their last
 * reader; "c" has a second name, "p" is read twice by the command list of Sum.
 */
static MM_MAYBE void pm_large(Onnx__ModelProto *m)
{
	static float w[8 * 128];
	const int64_t dims[2] = { 8, 128 };
	unsigned int i;

	for (i = 0; i < 8 * 128; i++)
		w[i] = (float)(i * 29 % 17) / 64 - 0.1f;
	mm_init(m, mm_tensor("w", 1, 2, dims, w, sizeof(w)));
	mm_ints(m, "flat", 2, 6LL, 8LL);
	mm_ints(m, "times", 2, 1024LL, 1LL);
	mm_ints(m, "wide", 2, 3072LL, 256LL);
	mm_ints(m, "back", 2, 6144LL, 128LL);
	mm_node(m, "Reshape", "x,flat", "x2");
	mm_node(m, "Tile", "x2,times", "xs");
	mm_node(m, "MatMul", "xs,w", "a");
	mm_node(m, "Relu", "a", "b");
	mm_node(m, "Add", "a,b", "c");
	mm_node(m, "Reshape", "c,wide", "r");
	mm_node(m, "Mul", "c,c", "d");
	mm_node(m, "Reshape", "d,wide", "e");
	mm_node(m, "Sub", "e,r", "f");
	mm_node(m, "Reshape", "f,back", "p");
	mm_node(m, "Tanh", "p", "q");
	mm_node(m, "Sum", "p,q,p", "s");
	mm_node(m, "Abs", "s", "t");
	mm_node(m, "Sub", "t,a", "y");
}

static const struct pattern patterns[] = {
	{ "rms", pm_rms, "RMSNorm", 1, "Sqrt" },
	{ "rms-reciprocal", pm_rms_reciprocal, "RMSNorm", 1, "Reciprocal" },
	{ "rms-not", pm_rms_not, "RMSNorm", 0, NULL },
	{ "layernorm", pm_layernorm, "LayerNorm", 1, "Add" },
	{ "silu", pm_silu, "Activation", 1, "Sigmoid" },
	{ "silu-not", pm_silu_not, "Activation", 0, NULL },
	{ "quick-gelu", pm_quick_gelu, "Activation", 1, "Sigmoid" },
	{ "gelu", pm_gelu, "Activation", 1, "Erf" },
	{ "gelu-not", pm_gelu_not, "Activation", 0, NULL },
	{ "gelu-tanh", pm_gelu_tanh, "Activation", 1, "Tanh" },
	{ "bias", pm_bias, "MatMulBias", 1, "Add" },
	{ "split", pm_split, "MatMulBias", 3, "Split" },
	{ "gated", pm_gated, "GatedMul", 1, "Mul" },
	{ "rope", pm_rope, "RoPE", 1, "Concat" },
	{ "rope-partial", pm_rope_partial, "RoPE", 1, "Concat" },
	{ "rope-not", pm_rope_not, "RoPE", 0, NULL },
	{ "rope-every-two", pm_every_two, "RoPE", 1, "Concat" },
	{ "rope-every-two-bshd", pm_every_two_bshd, "RoPE", 1, "Concat" },
	{ "rope-every-two-not", pm_every_two_not, "RoPE", 0, NULL },
	{ "rope-pairs", pm_pairs_bhsd, "RoPE", 1, "Split" },
	{ "rope-pairs-bshd", pm_pairs_bshd, "RoPE", 1, "Concat" },
	{ "rope-pairs-not", pm_pairs_not, "RoPE", 0, NULL },
	{ "rope-halves", pm_halves, "RoPE", 1, "Slice" },
	{ "rope-halves-not", pm_halves_not, "RoPE", 0, NULL },
	{ "rope-halves-mixed", pm_halves_mixed, "RoPE", 0, NULL },
	{ "experts", pm_experts, "Experts", 1, "Gather" },
	{ "experts-twice", pm_experts_twice, "Experts", 2, "Gather" },
	{ "experts-not", pm_experts_not, "Experts", 0, NULL },
	{ "attention", pm_attention, "Attention", 1, "Softmax" },
	{ "attention-not", pm_attention_not, "Attention", 0, NULL },
	{ "attention-scales", pm_attention_scales, "Attention", 1, "Mul" },
	{ "attention-query", pm_attention_query, "Attention", 1, "Mul" },
	{ "attention-broadcast", pm_attention_broadcast, "Attention", 1,
	  "Softmax" },
	{ "attention-by-head", pm_attention_by_head, "Attention", 0, NULL },
	{ "attention-narrow", pm_attention_narrow, "Attention", 0, NULL },
	{ "softcap", pm_softcap, "Attention", 1, "Tanh" },
	{ "softcap-not", pm_softcap_not, "Attention", 0, NULL },
	{ "softcap-late", pm_softcap_late, "Attention", 0, NULL },
	{ "alibi", pm_alibi, "Attention", 1, "Add" },
	{ "alibi-distance", pm_alibi_distance, "Attention", 1, "Sub" },
	{ "alibi-scaled", pm_alibi_scaled, "Attention", 1, "Abs" },
	{ "alibi-square", pm_alibi_square, "Attention", 0, NULL },
	{ "alibi-abs", pm_alibi_abs, "Attention", 1, "Softmax" },
	{ "alibi-rows", pm_alibi_rows, "Attention", 1, "Softmax" },
	{ "cross", pm_cross, "Attention", 1, "Softmax" },
	{ "cross-bias", pm_cross_bias, "Attention", 1, "Add" },
	{ "cross-bias-row", pm_cross_bias_row, "Attention", 1, "Tanh" },
	{ "cross-bias-not", pm_cross_bias_not, "Attention", 0, NULL },
	{ "open", pm_open, "Attention", 1, "Softmax" },
	{ "open-added", pm_open_added, "Attention", 1, "Add" },
	{ "open-mask", pm_open_mask, "Attention", 1, "Softmax" },
	{ "open-mask-bias", pm_open_mask_bias, "Attention", 1, "Add" },
	{ "open-mask-not", pm_open_mask_not, "Attention", 0, NULL },
	{ "large", pm_large, "Sum", 1, NULL },
};

static MM_MAYBE Onnx__ModelProto *pattern_model(const struct pattern *p)
{
	Onnx__ModelProto *m = mm_model(17);

	mm_input(m, "x", 1, "2,3,8");
	p->build(m);
	mm_output(m, "y");
	return m;
}

#endif
