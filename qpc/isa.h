/* SPDX-License-Identifier: MIT */
/*
 * The NSP instruction set: what a command stream of a QPC is made of.
 *
 * A command is 256 bytes, little endian, and works on tensors of up to six
 * dimensions. dims[] is the iteration space; every operand has an address and
 * one stride (in elements, may be 0 or negative) per dimension. So a transposed,
 * sliced, broadcast or split tensor is an operand like any other, and needs no
 * copy. An unused dimension is 1 with stride 0.
 *
 * A stream is a list of commands for one NSP of one specialization. BARRIER
 * cuts it into phases: a phase starts when every NSP has ended the one before.
 * Within a phase an NSP runs its commands in order, and may not rely on anything
 * that another NSP does in the same phase. All streams of a specialization have
 * the same number of phases; each ends with SEM DEC of QPC_SEM_OUTPUT, SEM INC of
 * QPC_SEM_READY (the completion handshake with the DMA Bridge) and END.
 *
 * qpc_verify() proves once, at load, that no operand leaves its memory. Only
 * indices that are data (token ids, positions, gather indices) are checked when
 * they are used: a read out of range gives zeros, a write is dropped.
 *
 * Arithmetic: float operands are read as F32 (F16 and F32 storage), computed in
 * F32, and rounded once to the type of operand 0. Integer and bool operands are
 * computed in 64 bits. The card has no F64 and no BF16.
 */
#ifndef QPC_ISA_H
#define QPC_ISA_H

#include <stdint.h>

#include "base/dtype.h"

#define NSP_DIMS	6
#define NSP_OPNDS	6
#define NSP_IMMS	6

#define NSP_MAX_NSPS	16
#define NSP_VTCM_SIZE	(8u << 20)	/* what TCM and LOCAL take of one NSP fits in it */

/* DMA Bridge handshake, see Documentation/isa */
#define QPC_SEM_READY	0	/* NSPs INC when idle; inputs wait for num_nsps */
#define QPC_SEM_OUTPUT	1	/* NSPs DEC when done; outputs wait for 0 */

/* Address spaces of a program. An address is space << 56 | byte offset. */
enum nsp_space {
	NSP_SPACE_NONE = 0,	/* the operand is absent */
	NSP_SPACE_CONST = 1,	/* constants.bin, read-only */
	NSP_SPACE_DDR = 2,	/* the activation's DDR: IO, retained state, spills */
	/*
	 * On-chip memory that every NSP sees the same: a write is multicast to
	 * the VTCM of all NSPs, and is there after the next barrier. Its last
	 * spread_size bytes are not copied: each of them is only in the VTCM of
	 * the NSP that wrote it, and the others fetch it from there.
	 */
	NSP_SPACE_TCM = 3,
	NSP_SPACE_LOCAL = 4,	/* VTCM that only this NSP sees */
	NSP_SPACE_COUNT
};

#define NSP_ADDR(space, off)	((uint64_t)(space) << 56 | (uint64_t)(off))
#define NSP_ADDR_SPACE(addr)	((unsigned int)((addr) >> 56))
#define NSP_ADDR_OFF(addr)	((addr) & 0x00ffffffffffffffull)

struct nsp_opnd {
	uint64_t addr;
	int32_t stride[NSP_DIMS];	/* elements */
};

union nsp_imm {
	int32_t i;
	uint32_t u;
	float f;
};

struct nsp_cmd {
	uint8_t op;			/* enum nsp_op */
	uint8_t sub;			/* enum nsp_unary, nsp_binary, ... */
	uint16_t flags;			/* NSP_MM_ACT8, else 0 */
	uint32_t node;			/* program node it came from: names, profiles */
	uint8_t dtype[NSP_OPNDS];	/* enum qaic_dtype, 0 where absent */
	uint8_t rsv[2];			/* 0 */
	uint32_t dims[NSP_DIMS];
	struct nsp_opnd o[NSP_OPNDS];	/* o[0] is the result */
	union nsp_imm imm[NSP_IMMS];
};

_Static_assert(sizeof(struct nsp_cmd) == 256, "a command is 256 bytes");

/*
 * Notation below: d = dims, "x[0,3]" = operand x moves along dims 0 and 3 (its
 * other strides are 0 and ignored by the meaning). Operand roles that a command
 * does not name are absent (NSP_SPACE_NONE).
 */
enum nsp_op {
	/* ---- sync ---- */
	NSP_END = 0,
	NSP_BARRIER = 1,
	NSP_SEM = 2,		/* sub 0 INC, 1 DEC; imm0 semaphore, imm1 value */

	/* ---- move: o0 = (type of o0) o1, all six dims. Also slices, transposes,
	 * broadcasts, concatenates, casts. Float to integer truncates and
	 * saturates (NaN gives 0); anything to BOOL is "!= 0". ---- */
	NSP_MOVE = 16,
	NSP_FILL = 17,		/* o0 = the bits imm0 | imm1 << 32, cut to its type */

	/* ---- HVX, element-wise over six dims ---- */
	NSP_UNARY = 32,		/* o0 = sub(o1), imm0/imm1 parameters */
	NSP_BINARY = 33,	/* o0 = sub(o1, o2) */
	NSP_SELECT = 34,	/* o0 = o1 (BOOL) ? o2 : o3 */

	/* ---- HVX, rows ---- */
	/*
	 * o0 = sub over the dims whose bit is set in imm0, of o1. o0's strides
	 * along those are ignored. ARGMAX/ARGMIN: exactly one bit; o0 is I32 or
	 * I64; imm1 = 1 takes the last of equals, 0 the first.
	 */
	NSP_REDUCE = 35,
	NSP_SOFTMAX = 36,	/* sub 0 softmax, 1 log; along dim 5, each row alone.
				 * A row that is all -inf gives zeros. */
	/*
	 * sub 0 RMS: o0 = o1 * rsqrt(mean(o1^2) + eps) * o2
	 * sub 1 LAYER: o0 = (o1 - mean) * rsqrt(var + eps) * o2 + o3
	 * along dim 5; o2, o3 optional; imm0 = eps (float).
	 */
	NSP_NORM = 37,
	NSP_CUMSUM = 38,	/* along dim 5; imm0 bit 0 exclusive, bit 1 reverse */

	/* ---- HMX ---- */
	/*
	 * d = {B0, B1, M, N, K, 1}: o0[0,1,2,3] = o1[0,1,2,4] * o2[0,1,3,4]^T
	 * (+ o3[0,1,3], optional bias), F32 accumulation over K in a fixed order
	 * that does not depend on N or on the split. The fast form is
	 * o1.stride[4] == 1 and o2.stride[4] == 1 (weights stored [N][K]); also
	 * quick: o2.stride[3] == 1 (stored [K][N]).
	 *
	 * o2 may be QAIC_F16_PANELS or of a block type (QAIC_MXINT8, MXFP6,
	 * MXFP4): panels as qpc/panel.h has them. Its strides are in elements
	 * as ever, of the matrix filled up: stride[4] is 1, stride[3] is K, for
	 * a block type K rounded up to 32, and the others multiples of 32. The
	 * whole matrix, N rounded up to 16, is there to be read. With blocks
	 * the activations are turned into integers with a scale per 32 of K:
	 * of 16 bits, or 8 with the flag NSP_MM_ACT8.
	 *
	 * With o4[0,1] (I32/I64), o2 is dims[5] matrices o2.stride[5] apart, and
	 * o4 says which: the experts of a mixture. Outside [0, dims[5]) it is a
	 * matrix of zeros. Without o4, dims[5] is 1.
	 */
	NSP_MATMUL = 48,

	/* ---- transformer ---- */
	/*
	 * Rotary embedding. d = {B, S, H, D, P, R}, R <= D even.
	 * o0[0,1,2,3] = o1[0,1,2,3] rotated in its first R of D elements (the
	 * rest is copied); o2[4,5] = cos, o3[4,5] = sin, tables [P][R];
	 * o4[0,1] = positions (I32/I64). sub 0 "half": element j pairs with
	 * j + R/2, sign minus for the first half; sub 1 "interleaved": 2j with
	 * 2j+1. Column j of the tables belongs to element j. A position outside
	 * [0, P) (padding is -1) uses row 0.
	 */
	NSP_ROPE = 49,
	/*
	 * Causal attention over a cache. d = {B, S, Hq, Hkv, D, C}, Hq a multiple
	 * of Hkv: query head h reads kv head h / (Hq / Hkv).
	 * o0[0,1,2,4] = softmax(scale * o1[0,1,2,4] . o2[0,3,5,4]) o3[0,3,5,4]
	 * over the cache slots j of [lo, p], p = o4[0,1] (I32/I64) capped to C - 1,
	 * lo = window ? max(0, p - window + 1) : 0. p < 0 gives zeros.
	 * imm0 = scale (float), imm1 = window (0 none), imm2 = softcap (float,
	 * 0 none): s = cap * tanh(s / cap) before the mask. Optional o5, by imm3:
	 * 0: o5[2] are ALiBi slopes (F32), adds slope[h] * (j - p) to the scaled
	 * score; 1: adds o5[0,1,2,5] to it (F32 or F16).
	 */
	NSP_ATTN = 50,
	/*
	 * Cache write (CtxScatter). d = {B, H, S, D, C, L}:
	 * o0[l, 1, pos, 3] = o1[0,1,2,3], pos = o2[0,2] (I32/I64, stride of slots is
	 * o0.stride[4]), dropped unless 0 <= pos < C. l = b, or the optional
	 * o3[0] (I32/I64), dropped unless 0 <= l < L; lines are o0.stride[5] apart
	 * (L = B without o3).
	 */
	NSP_KVPUT = 51,
	/*
	 * Cache read (CtxGather). d = {B, H, N, D, C, L}: o0[0,1,2,3] =
	 * o1[l, 1, i, 3], i = o2[0,1,2] (I32/I64), zeros unless 0 <= i < C; slots
	 * are o1.stride[4], lines o1.stride[5] apart; l as above with o3[0].
	 */
	NSP_KVGET = 52,
	/*
	 * A cache may be QAIC_MXINT8: o0 of KVPUT, o1 of KVGET, o2 and o3 of ATTN.
	 * A line of one head is then D codes (qaic_mx_encode), filled up with
	 * zeros to a multiple of 32, and behind them a scale for every 32. Its
	 * stride along D is 1; the others are in elements, filled up lines, so
	 * they are multiples of 32.
	 */

	/* ---- HVX, indexed ---- */
	/*
	 * ONNX Gather. d = {O, I, N0, N1, A, 1}: o0[0,1,2,3] = o1 at [0, i, 2, 3],
	 * i = o2[1] (I32/I64), negative counts from the end, zeros outside
	 * [-A, A). o1.stride[4] is the gathered axis.
	 */
	NSP_GATHER = 53,
	/*
	 * ONNX GatherElements. Five dims 0..4 of the output; axis imm0 of o1 is
	 * indexed by o2[0..4] instead, its length is dims[5], its stride
	 * o1.stride[5].
	 */
	NSP_GATHERE = 54,
	/*
	 * ONNX ScatterND into o0, in place. d = {I, N, q, 1, 1, 1}, q <= 5:
	 * o0 at [idx_0..idx_{q-1}, n] = (sub: 0 set, 1 add, 2 mul, 3 min, 4 max)
	 * o2[0,1]; o1[0,2] = indices (I32/I64). Index k moves o0 by
	 * o0.stride[k] and must be in [-imm_k, imm_k), else the row is dropped;
	 * n moves it by o0.stride[5].
	 */
	NSP_SCATTER = 55,
	/* ONNX ScatterElements, as GATHERE: o0 axis by o1[0..4], data o2[0..4];
	 * sub as SCATTER. */
	NSP_SCATTERE = 56,
	/*
	 * ONNX GatherND without batch dims: d = {I, N, q, 1, 1, 1};
	 * o0[0,1] = o1 at [idx.., n], o2[0,2] = indices; limits and strides as
	 * SCATTER, of o1.
	 */
	NSP_GATHERND = 57,
	/* o0[0..4, 5]: the k largest (imm1 = 1) or smallest of each row of o1
	 * (length imm2, element stride o1.stride[5]), sorted; o2 = their indices
	 * (I64), laid out as o0 by its own strides. dims[5] = k. */
	NSP_TOPK = 58,

	NSP_OP_COUNT
};

#define QPC_MAX_MX_LINE	8192	/* elements of a cache line in blocks */
#define NSP_MM_ACT8	1	/* flag of MATMUL with a block type */

enum nsp_unary {
	NSP_U_COPY, NSP_U_NEG, NSP_U_ABS, NSP_U_SQRT, NSP_U_RSQRT, NSP_U_RECIP,
	NSP_U_EXP, NSP_U_LOG, NSP_U_SIN, NSP_U_COS, NSP_U_TAN, NSP_U_TANH,
	NSP_U_SIGMOID, NSP_U_ERF,
	NSP_U_GELU,		/* x/2 (1 + erf(x / sqrt 2)) */
	NSP_U_GELU_TANH,	/* x/2 (1 + tanh(sqrt(2/pi) (x + 0.044715 x^3))) */
	NSP_U_SILU, NSP_U_RELU,
	NSP_U_LEAKY_RELU,	/* imm0 alpha */
	NSP_U_ELU,		/* imm0 alpha */
	NSP_U_SELU,		/* imm0 alpha, imm1 gamma */
	NSP_U_HARDSIGMOID,	/* imm0 alpha, imm1 beta */
	NSP_U_HARDSWISH, NSP_U_SOFTPLUS, NSP_U_SOFTSIGN, NSP_U_MISH,
	NSP_U_CLIP,		/* float: imm0 min, imm1 max */
	NSP_U_FLOOR, NSP_U_CEIL,
	NSP_U_ROUND,		/* half to even */
	NSP_U_SIGN, NSP_U_NOT,
	NSP_U_ISNAN, NSP_U_ISINF,	/* o0 BOOL; ISINF: imm0 bit0 +inf, bit1 -inf */
	NSP_U_ASIN, NSP_U_ACOS, NSP_U_ATAN, NSP_U_SINH, NSP_U_COSH,
	NSP_U_ASINH, NSP_U_ACOSH, NSP_U_ATANH,
	NSP_U_SCALE,		/* x * imm0 + imm1 */
	NSP_U_QUICK_GELU,	/* x * sigmoid(imm0 * x) */
	NSP_U_COUNT
};

enum nsp_binary {
	NSP_B_ADD, NSP_B_SUB, NSP_B_MUL,
	NSP_B_DIV,		/* integers truncate; x / 0 = 0 */
	NSP_B_POW,
	NSP_B_MOD,		/* sign of the divisor (ONNX fmod = 0) */
	NSP_B_FMOD,		/* sign of the dividend */
	NSP_B_MIN, NSP_B_MAX,
	NSP_B_EQ, NSP_B_LT, NSP_B_LE, NSP_B_GT, NSP_B_GE,	/* o0 BOOL */
	NSP_B_AND, NSP_B_OR, NSP_B_XOR,				/* BOOL */
	NSP_B_SILU_MUL,		/* silu(o1) * o2 */
	NSP_B_GELU_MUL, NSP_B_GELU_TANH_MUL, NSP_B_RELU_MUL,
	NSP_B_PRELU,		/* o1 < 0 ? o1 * o2 : o1 */
	NSP_B_COUNT
};

enum nsp_reduce {
	NSP_R_SUM, NSP_R_MEAN, NSP_R_MAX, NSP_R_MIN, NSP_R_PROD, NSP_R_SUMSQ,
	NSP_R_L1, NSP_R_L2, NSP_R_LOGSUM, NSP_R_LOGSUMEXP,
	NSP_R_ARGMAX, NSP_R_ARGMIN,
	NSP_R_COUNT
};

#endif
