/* SPDX-License-Identifier: MIT */
/* Attention over a cache in the ways that models write it, and look-alikes. */
#ifndef TESTS_ONNX_ATTENTION_MODELS_H
#define TESTS_ONNX_ATTENTION_MODELS_H

#include "tests/onnx/seed_models.h"

/* Two query heads on one kv head of a cache of 6 slots: "s" = q k^T. */
static void pm_scores(Onnx__ModelProto *m)
{
	float scale = 0.5f, neg = -3e38f;
	int32_t slots[6] = { 0, 1, 2, 3, 4, 5 };
	int64_t six = 6;

	mm_input(m, "p", 7, "2,3");
	mm_input(m, "past", 1, "2,1,6,4");
	seed_floats(m, "wk", 2, 8, 4);
	mm_init(m, mm_tensor("scale", 1, 0, NULL, &scale, 4));
	mm_init(m, mm_tensor("neg", 1, 0, NULL, &neg, 4));
	mm_init(m, mm_tensor("slots", 6, 1, &six, slots, sizeof(slots)));
	mm_init(m, mm_tensor("six", 7, 0, NULL, &six, 8));
	mm_ints(m, "qs", 4, 2ll, 3ll, 2ll, 4ll);
	mm_ints(m, "ks", 4, 2ll, 3ll, 1ll, 4ll);
	mm_ints(m, "ys", 3, 2ll, 3ll, 8ll);
	mm_ints(m, "one", 1, 1ll);
	mm_ints(m, "two", 1, 2ll);
	mm_ints(m, "a13", 2, 1ll, 3ll);
	mm_ints(m, "ex", 5, 1ll, 1ll, 2ll, 1ll, 1ll);
	mm_ints(m, "rep", 4, 2ll, 2ll, 6ll, 4ll);
	mm_opset(&m->opset_import, &m->n_opset_import, "com.qualcomm.cloud", 1);
	mm_attr_int(mm_node(m, "Cast", "p", "p32"), "to", 6);
	mm_node(m, "Reshape", "x,qs", "q4");
	mm_attr_ints(mm_node(m, "Transpose", "q4", "q"), "perm", 4, 0ll, 2ll,
		     1ll, 3ll);
	mm_node(m, "MatMul", "x,wk", "k3");
	mm_node(m, "Reshape", "k3,ks", "k4");
	mm_attr_ints(mm_node(m, "Transpose", "k4", "k"), "perm", 4, 0ll, 2ll,
		     1ll, 3ll);
	mm_ints(m, "i01", 2, 0ll, 1ll);
	mm_node(m, "Unsqueeze", "slots,i01", "slots3");
	mm_node(m, "com.qualcomm.cloud::CtxScatter", "past,p32,k", "cache");
	mm_node(m, "com.qualcomm.cloud::CtxGather", "cache,slots3,six", "ck");
	mm_node(m, "Unsqueeze", "ck,two", "ck5");
	mm_node(m, "Expand", "ck5,ex", "ckx");
	mm_node(m, "Reshape", "ckx,rep", "ckr");
	mm_attr_ints(mm_node(m, "Transpose", "ckr", "kt"), "perm", 4, 0ll, 1ll,
		     3ll, 2ll);
	mm_node(m, "MatMul", "q,kt", "s");
	mm_node(m, "Unsqueeze", "p32,a13", "p4");
	mm_node(m, "Greater", "slots,p4", "future");
}

/* "y" = softmax(scores) "ckr", the heads beside each other again */
static void pm_softmax(Onnx__ModelProto *m, const char *scores)
{
	mm_attr_int(mm_node(m, "Softmax", scores, "pr"), "axis", -1);
	mm_node(m, "MatMul", "pr,ckr", "o");
	mm_attr_ints(mm_node(m, "Transpose", "o", "ot"), "perm", 4, 0ll, 2ll,
		     1ll, 3ll);
	mm_node(m, "Reshape", "ot,ys", "y");
}

static void pm_weighted(Onnx__ModelProto *m, const char *mask)
{
	mm_node(m, "Where", mask, "sm");
	pm_softmax(m, "sm");
}

static void pm_attention(Onnx__ModelProto *m)
{
	pm_scores(m);
	mm_node(m, "Mul", "s,scale", "ss");
	pm_weighted(m, "future,neg,ss");
}

/* it lets the future through and hides the past */
static void pm_attention_not(Onnx__ModelProto *m)
{
	pm_scores(m);
	mm_node(m, "Mul", "s,scale", "ss");
	pm_weighted(m, "future,ss,neg");
}

/* the scale in several places; divided, too */
static void pm_attention_scales(Onnx__ModelProto *m)
{
	float two = 2;

	pm_scores(m);
	mm_init(m, mm_tensor("f2", 1, 0, NULL, &two, 4));
	mm_node(m, "Mul", "s,scale", "s1");
	mm_node(m, "Div", "s1,f2", "s2");
	mm_node(m, "Mul", "f2,s2", "ss");
	pm_weighted(m, "future,neg,ss");
}

/* the query scaled, before and after the heads are split */
static void pm_attention_query(Onnx__ModelProto *m)
{
	pm_scores(m);
	mm_node(m, "Mul", "x,scale", "xs");
	mm_node(m, "Reshape", "xs,qs", "xs4");
	mm_attr_ints(mm_node(m, "Transpose", "xs4", "xt"), "perm", 4, 0ll, 2ll,
		     1ll, 3ll);
	mm_node(m, "Div", "xt,scale", "xd");
	mm_node(m, "Mul", "xd,scale", "xm");
	mm_node(m, "MatMul", "xm,kt", "ss");
	pm_weighted(m, "future,neg,ss");
}

/* the one kv head is broadcast by the products, not repeated */
static void pm_attention_broadcast(Onnx__ModelProto *m)
{
	pm_scores(m);
	mm_attr_ints(mm_node(m, "Transpose", "ck", "ck1"), "perm", 4, 0ll, 1ll,
		     3ll, 2ll);
	mm_node(m, "MatMul", "q,ck1", "s0");
	mm_node(m, "Mul", "s0,scale", "ss");
	mm_node(m, "Where", "future,neg,ss", "sm");
	mm_attr_int(mm_node(m, "Softmax", "sm", "pr"), "axis", -1);
	mm_node(m, "MatMul", "pr,ck", "y");
}

/* [2, 3, 6] lines up with the heads, not with the batch */
static void pm_attention_by_head(Onnx__ModelProto *m)
{
	pm_scores(m);
	mm_node(m, "Mul", "s,scale", "ss");
	mm_node(m, "Unsqueeze", "p32,two", "p3");
	mm_node(m, "Greater", "slots,p3", "future3");
	pm_weighted(m, "future3,neg,ss");
}

/* values narrower than the keys */
static void pm_attention_narrow(Onnx__ModelProto *m)
{
	pm_scores(m);
	mm_input(m, "vpast", 1, "2,1,6,2");
	mm_node(m, "com.qualcomm.cloud::CtxGather", "vpast,slots3,six", "cv");
	mm_node(m, "Mul", "s,scale", "ss");
	mm_node(m, "Where", "future,neg,ss", "sm");
	mm_attr_int(mm_node(m, "Softmax", "sm", "pr"), "axis", -1);
	mm_node(m, "MatMul", "pr,cv", "y");
}

/* ---- softcap ---- */

static void pm_cap(Onnx__ModelProto *m, float cap, const char *fn)
{
	pm_scores(m);
	mm_init(m, mm_tensor("cap", 1, 0, NULL, &cap, 4));
	mm_node(m, "Mul", "s,scale", "s1");
	mm_node(m, "Div", "s1,cap", "s2");
	mm_node(m, fn, "s2", "s3");
	mm_node(m, "Mul", "s3,cap", "ss");
	pm_weighted(m, "future,neg,ss");
}

static void pm_softcap(Onnx__ModelProto *m)
{
	pm_cap(m, 1.5f, "Tanh");
}

static void pm_softcap_not(Onnx__ModelProto *m)
{
	pm_cap(m, 1.5f, "Atan");
}

/* capped after the mask: hidden slots get -cap, and a share */
static void pm_softcap_late(Onnx__ModelProto *m)
{
	float cap = 1.5f;

	pm_scores(m);
	mm_init(m, mm_tensor("cap", 1, 0, NULL, &cap, 4));
	mm_node(m, "Where", "future,neg,s", "s1");
	mm_node(m, "Div", "s1,cap", "s2");
	mm_node(m, "Tanh", "s2", "s3");
	mm_node(m, "Mul", "s3,cap", "ss");
	mm_node(m, "Equal", "slots,p4", "none");
	pm_weighted(m, "none,ss,ss");
}

/* ---- ALiBi ---- */

static void pm_slopes(Onnx__ModelProto *m)
{
	float slope[2] = { 0.5f, 0.0625f };
	int64_t dim[3] = { 2, 1, 1 };

	pm_scores(m);
	mm_node(m, "Mul", "s,scale", "s1");
	mm_init(m, mm_tensor("slope", 1, 3, dim, slope, sizeof(slope)));
	mm_attr_int(mm_node(m, "Cast", "slots", "fslots"), "to", 1);
	mm_attr_int(mm_node(m, "Cast", "p4", "fp4"), "to", 1);
}

/* slope * slot, which is folded into a table */
static void pm_alibi(Onnx__ModelProto *m)
{
	pm_slopes(m);
	mm_node(m, "Mul", "slope,fslots", "bias");
	mm_node(m, "Add", "s1,bias", "ss");
	pm_weighted(m, "future,neg,ss");
}

/* slope * (slot - position), subtracted in integers */
static void pm_alibi_distance(Onnx__ModelProto *m)
{
	pm_slopes(m);
	mm_node(m, "Sub", "slots,p4", "d32");
	mm_attr_int(mm_node(m, "Cast", "d32", "d"), "to", 1);
	mm_node(m, "Mul", "d,slope", "bias");
	mm_node(m, "Add", "bias,s1", "ss");
	pm_weighted(m, "future,neg,ss");
}

/* -|position - slot| * slope; scaled with the scores, and capped before */
static void pm_alibi_scaled(Onnx__ModelProto *m)
{
	pm_slopes(m);
	mm_node(m, "Tanh", "s1", "t");
	mm_node(m, "Sub", "fp4,fslots", "d");
	mm_node(m, "Abs", "d", "da");
	mm_node(m, "Neg", "da", "dn");
	mm_node(m, "Mul", "dn,slope", "bias");
	mm_node(m, "Add", "t,bias", "tb");
	mm_node(m, "Div", "tb,scale", "ss");
	pm_weighted(m, "future,neg,ss");
}

/* the square of the slot is no line */
static void pm_alibi_square(Onnx__ModelProto *m)
{
	pm_slopes(m);
	mm_node(m, "Mul", "fslots,fslots", "sq");
	mm_node(m, "Mul", "slope,sq", "bias");
	mm_node(m, "Add", "s1,bias", "ss");
	pm_weighted(m, "future,neg,ss");
}

/* |slot - constant| bends in the middle: a bias, no slope */
static void pm_alibi_abs(Onnx__ModelProto *m)
{
	float two = 2;

	pm_slopes(m);
	mm_init(m, mm_tensor("f2", 1, 0, NULL, &two, 4));
	mm_node(m, "Sub", "fp4,f2", "fp2");
	mm_node(m, "Sub", "fslots,fp2", "d");
	mm_node(m, "Abs", "d", "da");
	mm_node(m, "Mul", "slope,da", "bias");
	mm_node(m, "Add", "s1,bias", "ss");
	pm_weighted(m, "future,neg,ss");
}

/* a slope for each query position: no ALiBi, but a bias */
static void pm_alibi_rows(Onnx__ModelProto *m)
{
	pm_slopes(m);
	mm_node(m, "Mul", "fslots,fp4", "bias");
	mm_node(m, "Add", "s1,bias", "ss");
	pm_weighted(m, "future,neg,ss");
}

/* ---- no cache: an encoder's states, one position for a whole sequence ---- */

/* "s" = q k^T over 5 slots of "mem" */
static void pm_open_scores(Onnx__ModelProto *m)
{
	float neg = -3e38f;

	mm_input(m, "mem", 1, "2,5,8");
	mm_init(m, mm_tensor("neg", 1, 0, NULL, &neg, 4));
	mm_ints(m, "qs", 4, 2ll, 3ll, 2ll, 4ll);
	mm_ints(m, "ks", 4, 2ll, 5ll, 2ll, 4ll);
	mm_ints(m, "ys", 3, 2ll, 3ll, 8ll);
	mm_node(m, "Reshape", "x,qs", "q4");
	mm_attr_ints(mm_node(m, "Transpose", "q4", "q"), "perm", 4, 0ll, 2ll,
		     1ll, 3ll);
	mm_node(m, "Reshape", "mem,ks", "k4");
	mm_attr_ints(mm_node(m, "Transpose", "k4", "ckr"), "perm", 4, 0ll, 2ll,
		     1ll, 3ll);
	mm_attr_ints(mm_node(m, "Transpose", "ckr", "kt"), "perm", 4, 0ll, 1ll,
		     3ll, 2ll);
	mm_node(m, "MatMul", "q,kt", "s");
}

/* and "future" = slot > last */
static void pm_cross_scores(Onnx__ModelProto *m)
{
	int32_t slots[5] = { 0, 1, 2, 3, 4 };
	int64_t five = 5;

	mm_input(m, "last", 7, "2,1");
	pm_open_scores(m);
	mm_init(m, mm_tensor("slots", 6, 1, &five, slots, sizeof(slots)));
	mm_ints(m, "a13", 2, 1ll, 3ll);
	mm_attr_int(mm_node(m, "Cast", "last", "l32"), "to", 6);
	mm_node(m, "Unsqueeze", "l32,a13", "l4");
	mm_node(m, "Greater", "slots,l4", "future");
}

static void pm_cross(Onnx__ModelProto *m)
{
	pm_cross_scores(m);
	pm_weighted(m, "future,neg,s");
}

/* a bias of each score, one for all sequences */
static void pm_cross_bias(Onnx__ModelProto *m)
{
	pm_cross_scores(m);
	mm_input(m, "bias", 1, "1,2,3,5");
	mm_node(m, "Add", "s,bias", "ss");
	pm_weighted(m, "future,neg,ss");
}

/* one for all heads and queries, in front of the sum; softcapped before */
static void pm_cross_bias_row(Onnx__ModelProto *m)
{
	pm_cross_scores(m);
	mm_input(m, "bias", 1, "2,1,1,5");
	mm_node(m, "Tanh", "s", "t");
	mm_node(m, "Add", "bias,t", "ss");
	pm_weighted(m, "future,neg,ss");
}

/* ---- no position at all: an encoder's own tokens, some of them masked ---- */

/* "m0": where an attention mask of this shape is 0 */
static void pm_masked(Onnx__ModelProto *m, const char *shape)
{
	int64_t zero = 0;

	pm_open_scores(m);
	mm_input(m, "am", 7, shape);
	mm_init(m, mm_tensor("i0", 7, 0, NULL, &zero, 8));
	mm_node(m, "Equal", "am,i0", "m0");
}

static void pm_open_mask(Onnx__ModelProto *m)
{
	pm_masked(m, "2,5");
	mm_ints(m, "a12", 2, 1ll, 2ll);
	mm_node(m, "Unsqueeze", "m0,a12", "masked");
	pm_weighted(m, "masked,neg,s");
}

/* one for each query, and a bias of each score */
static void pm_open_mask_bias(Onnx__ModelProto *m)
{
	pm_masked(m, "2,1,3,5");
	mm_input(m, "bias", 1, "1,2,3,5");
	mm_node(m, "Add", "s,bias", "ss");
	pm_weighted(m, "m0,neg,ss");
}

/* it lowers the scores a little, which masks nothing */
static void pm_open_mask_not(Onnx__ModelProto *m)
{
	float low = -1;

	pm_masked(m, "2,1,3,5");
	mm_init(m, mm_tensor("low", 1, 0, NULL, &low, 4));
	pm_weighted(m, "m0,low,s");
}

/* a mask that is added, as torch exports BERT */
static void pm_open_added(Onnx__ModelProto *m)
{
	pm_open_scores(m);
	mm_input(m, "bias", 1, "2,1,1,5");
	mm_node(m, "Add", "s,bias", "ss");
	pm_softmax(m, "ss");
}

static void pm_open(Onnx__ModelProto *m)
{
	pm_open_scores(m);
	pm_softmax(m, "s");
}

/* taken away, not added */
static void pm_cross_bias_not(Onnx__ModelProto *m)
{
	pm_cross_scores(m);
	mm_input(m, "bias", 1, "1,2,3,5");
	mm_node(m, "Sub", "s,bias", "ss");
	pm_weighted(m, "future,neg,ss");
}

#endif
