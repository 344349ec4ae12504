/* SPDX-License-Identifier: MIT */
/* Rotary embeddings in the ways that models write them, and look-alikes. */
#ifndef TESTS_ONNX_ROPE_MODELS_H
#define TESTS_ONNX_ROPE_MODELS_H

#include "tests/onnx/seed_models.h"

/* x [2, 3, 8] as two heads of four, rotated at positions p */
static void pm_rope_body(Onnx__ModelProto *m, long long half, int whole)
{
	mm_input(m, "p", 7, "2,3");
	seed_floats(m, "ct", 2, 16, whole ? 4 : 2);
	seed_floats(m, "st", 2, 16, whole ? 4 : 2);
	mm_ints(m, "shape", 4, 2ll, 3ll, 2ll, 4ll);
	mm_ints(m, "one", 1, 1ll);
	mm_ints(m, "a3", 1, 3ll);
	mm_ints(m, "n0", 1, 0ll);
	mm_ints(m, "nh", 1, half);
	mm_ints(m, "n2h", 1, 2 * half);
	mm_node(m, "Reshape", "x,shape", "x4");
	mm_attr_ints(mm_node(m, "Transpose", "x4", "xt"), "perm", 4, 0ll, 2ll,
		     1ll, 3ll);
	mm_node(m, "Gather", "ct,p", "c3");
	mm_node(m, "Gather", "st,p", "s3");
	mm_node(m, "Unsqueeze", "c3,one", "c");
	mm_node(m, "Unsqueeze", "s3,one", "s");
	mm_node(m, "Slice", "xt,n0,n2h,a3", "xr");
	mm_node(m, "Slice", "xr,n0,nh,a3", "lo");
	mm_node(m, "Slice", "xr,nh,n2h,a3", "hi");
	mm_node(m, "Neg", "hi", "nhi");
	mm_attr_int(mm_node(m, "Concat", "nhi,lo", "turned"), "axis", -1);
	mm_node(m, "Mul", "xr,c", "xc");
	mm_node(m, "Mul", "turned,s", "ts");
}

static void pm_rope(Onnx__ModelProto *m)
{
	pm_rope_body(m, 2, 1);
	mm_node(m, "Add", "xc,ts", "y");
}

static void pm_rope_partial(Onnx__ModelProto *m)
{
	pm_rope_body(m, 1, 0);
	mm_ints(m, "n4", 1, 4ll);
	mm_node(m, "Add", "xc,ts", "r");
	mm_node(m, "Slice", "xt,n2h,n4,a3", "rest");
	mm_attr_int(mm_node(m, "Concat", "r,rest", "y"), "axis", -1);
}

/* x * cos - rotated * sin is not what the command does */
static void pm_rope_not(Onnx__ModelProto *m)
{
	pm_rope_body(m, 2, 1);
	mm_node(m, "Sub", "xc,ts", "y");
}

/* ---- pairs of neighbours ---- */

/* "xt" [2, 2, 3, 4] (@bshd: [2, 3, 2, 4]), tables "c" and "s" for it */
static void pm_pairs(Onnx__ModelProto *m, int columns, bool bshd)
{
	mm_input(m, "p", 7, "2,3");
	seed_floats(m, "ct", 2, 16, columns);
	seed_floats(m, "st", 2, 16, columns);
	mm_ints(m, "shape", 4, 2ll, 3ll, 2ll, 4ll);
	mm_ints(m, "back", 4, 2ll, bshd ? 3ll : 2ll, bshd ? 2ll : 3ll, 4ll);
	mm_ints(m, "table", 1, bshd ? 2ll : 1ll);
	mm_ints(m, "n0", 1, 0ll);
	mm_ints(m, "n1", 1, 1ll);
	mm_ints(m, "n2", 1, 2ll);
	mm_ints(m, "n4", 1, 4ll);
	mm_ints(m, "a3", 1, 3ll);
	mm_ints(m, "a4", 1, 4ll);
	mm_ints(m, "last", 1, -1ll);
	mm_node(m, "Reshape", "x,shape", "x4");
	mm_attr_ints(mm_node(m, "Transpose", "x4", "xt"), "perm", 4, 0ll,
		     bshd ? 1ll : 2ll, bshd ? 2ll : 1ll, 3ll);
	mm_node(m, "Gather", "ct,p", "c3");
	mm_node(m, "Gather", "st,p", "s3");
	mm_node(m, "Unsqueeze", "c3,table", "c");
	mm_node(m, "Unsqueeze", "s3,table", "s");
}

/* even and odd elements by strided slices, stacked and flattened again */
static void pm_turn_every_two(Onnx__ModelProto *m, const char *neg)
{
	mm_node(m, "Slice", "xt,n0,n4,a3,n2", "even");
	mm_node(m, "Slice", "xt,n1,n4,a3,n2", "odd");
	mm_node(m, "Neg", neg, "neg");
	mm_node(m, "Unsqueeze", "neg,a4", "neg5");
	mm_node(m, "Unsqueeze", strcmp(neg, "odd") ? "odd,a4" : "even,a4",
		"pos5");
	mm_attr_int(mm_node(m, "Concat", "neg5,pos5", "two"), "axis", -1);
	mm_node(m, "Reshape", "two,back", "turned");
	mm_node(m, "Mul", "xt,c", "xc");
	mm_node(m, "Mul", "turned,s", "ts");
	mm_node(m, "Add", "xc,ts", "y");
}

static void pm_every_two(Onnx__ModelProto *m)
{
	pm_pairs(m, 4, false);
	pm_turn_every_two(m, "odd");
}

static void pm_every_two_bshd(Onnx__ModelProto *m)
{
	pm_pairs(m, 4, true);
	pm_turn_every_two(m, "odd");
}

/* the even one negated, and in front */
static void pm_every_two_not(Onnx__ModelProto *m)
{
	pm_pairs(m, 4, false);
	pm_turn_every_two(m, "even");
}

/* x0 cos - x1 sin, x1 cos + x0 sin of [.., D / 2, 2], a table column per pair */
static void pm_pair_products(Onnx__ModelProto *m, bool bshd, const char *op)
{
	pm_pairs(m, 2, bshd);
	mm_ints(m, "five", 5, 2ll, bshd ? 3ll : 2ll, bshd ? 2ll : 3ll, 2ll,
		2ll);
	mm_node(m, "Reshape", "xt,five", "x5");
	mm_attr_int(mm_node(m, "Split", "x5", "e5,o5"), "axis", -1);
	mm_node(m, "Squeeze", "e5,last", "e");
	mm_node(m, "Squeeze", "o5,last", "o");
	mm_node(m, "Mul", "e,c", "ec");
	mm_node(m, "Mul", "s,o", "os");
	mm_node(m, "Mul", "o,c", "oc");
	mm_node(m, "Mul", "e,s", "es");
	mm_node(m, op, "ec,os", "r0");
	mm_node(m, "Add", "es,oc", "r1");
	mm_node(m, "Unsqueeze", "r0,a4", "r05");
	mm_node(m, "Unsqueeze", "r1,a4", "r15");
	mm_attr_int(mm_node(m, "Concat", "r05,r15", "r5"), "axis", -1);
	mm_node(m, "Reshape", "r5,back", "y");
}

static void pm_pairs_bhsd(Onnx__ModelProto *m)
{
	pm_pair_products(m, false, "Sub");
}

static void pm_pairs_bshd(Onnx__ModelProto *m)
{
	pm_pair_products(m, true, "Sub");
}

static void pm_pairs_not(Onnx__ModelProto *m)
{
	pm_pair_products(m, false, "Add");
}

/* the same of the halves of a head; the other two are swapped in a look-alike */
static void pm_halves_body(Onnx__ModelProto *m, const char *order)
{
	pm_pairs(m, 2, false);
	mm_node(m, "Slice", "xt,n0,n2,a3", "lo");
	mm_node(m, "Slice", "xt,n2,n4,a3", "hi");
	mm_node(m, "Mul", "lo,c", "lc");
	mm_node(m, "Mul", "hi,s", "hs");
	mm_node(m, "Mul", "hi,c", "hc");
	mm_node(m, "Mul", "lo,s", "ls");
	mm_node(m, "Sub", "lc,hs", "r0");
	mm_node(m, "Add", "hc,ls", "r1");
	if (order)
		mm_attr_int(mm_node(m, "Concat", order, "y"), "axis", 3);
}

static void pm_halves(Onnx__ModelProto *m)
{
	pm_halves_body(m, "r0,r1");
}

static void pm_halves_not(Onnx__ModelProto *m)
{
	pm_halves_body(m, "r1,r0");
}

/* halves turned, but put together as pairs */
static void pm_halves_mixed(Onnx__ModelProto *m)
{
	pm_halves_body(m, NULL);
	mm_node(m, "Unsqueeze", "r0,a4", "r05");
	mm_node(m, "Unsqueeze", "r1,a4", "r15");
	mm_attr_int(mm_node(m, "Concat", "r05,r15", "r5"), "axis", -1);
	mm_node(m, "Reshape", "r5,back", "y");
}

#endif
