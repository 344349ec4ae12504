/* SPDX-License-Identifier: MIT */
/*
 * What each operation of qpc/isa.h takes, as data: one row per operation. The
 * verifier, the disassembler and the timing model all read this table.
 */
#ifndef QPC_OPTABLE_H
#define QPC_OPTABLE_H

#include <stdbool.h>
#include <stdint.h>

#include "qpc/isa.h"

/* Kinds of element types; a value type is exactly one of F, I, B. */
enum {
	QPC_F = 1,	/* F16, F32 */
	QPC_I = 2,	/* I8 U8 I16 U16 I32 U32 I64 U64 */
	QPC_B = 4,	/* BOOL */
	QPC_IDX = 8,	/* I32, I64: indices and positions */
	QPC_F32 = 16,	/* F32 alone */
	QPC_MX = 32,	/* MXINT8, MXFP6, MXFP4 */
	QPC_P = 64,	/* F16_PANELS */
	QPC_ANY = QPC_F | QPC_I | QPC_B,
};

/* What an operand is to its command. */
enum qpc_role {
	QPC_ABSENT = 0,
	QPC_READ,
	QPC_READ_OPT,	/* may be absent */
	QPC_WRITE,
	QPC_UPDATE,	/* written in part, or read and written */
};

/* Axes that are not "stride i times dims[i]". */
enum qpc_axes {
	QPC_AX_DIMS = 0,	/* only what the mask says */
	QPC_AX_REDUCED,		/* without the dims in imm0 */
	QPC_AX_ELEMENT,		/* axis imm0 is replaced by stride 5 x dims[5] */
	QPC_AX_ND,		/* strides k < q x imm[k], stride 5 x dims[1] */
	QPC_AX_TOPK,		/* stride 5 x imm2 */
};

struct qpc_opnd_rule {
	uint8_t role;		/* enum qpc_role */
	uint8_t dims;		/* bit i: moves along dims[i] by stride[i] */
	uint8_t types;		/* QPC_F ... */
	uint8_t axes;		/* enum qpc_axes */
};

enum qpc_engine { QPC_ENG_NONE, QPC_ENG_DMA, QPC_ENG_HVX, QPC_ENG_HMX };

struct qpc_op_rule {
	const char *name;
	const char *const *subs;	/* names of sub, or NULL: sub is 0 */
	uint8_t num_subs;
	uint8_t engine;
	uint8_t work;		/* dims that multiply to the work of the command */
	uint8_t ones;		/* dims that must be 1 */
	bool same_class;	/* o0 and the QPC_ANY operands share F, I or B */
	struct qpc_opnd_rule o[NSP_OPNDS];
};

/* NULL for a number that is no operation. */
const struct qpc_op_rule *qpc_op_rule(unsigned int op);

/* QPC_F, QPC_I, QPC_B, QPC_MX or QPC_P; 0 for a type the card does not have. */
unsigned int qpc_dtype_class(unsigned int dtype);

/* One axis of an operand: it takes @count steps of @stride elements. */
struct qpc_axis {
	uint32_t count;
	int32_t stride;
};

/*
 * The axes operand @k moves along, at most NSP_DIMS, in the order of its
 * strides. Assumes that the imms that choose axes are in range (qpc_verify).
 */
unsigned int qpc_opnd_axes(const struct nsp_cmd *cmd, unsigned int k,
			   struct qpc_axis ax[NSP_DIMS]);

static inline bool qpc_opnd_present(const struct nsp_cmd *cmd, unsigned int k)
{
	return NSP_ADDR_SPACE(cmd->o[k].addr) != NSP_SPACE_NONE;
}

#endif
