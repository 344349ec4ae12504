// SPDX-License-Identifier: MIT
/* The table of operations; the meanings are the comments of qpc/isa.h. */
#include <stddef.h>

#include "base/str.h"
#include "qpc/optable.h"
#include "qpc/program.h"

static const char *const unary_names[NSP_U_COUNT] = {
	[NSP_U_COPY] = "copy", [NSP_U_NEG] = "neg", [NSP_U_ABS] = "abs",
	[NSP_U_SQRT] = "sqrt", [NSP_U_RSQRT] = "rsqrt",
	[NSP_U_RECIP] = "recip", [NSP_U_EXP] = "exp", [NSP_U_LOG] = "log",
	[NSP_U_SIN] = "sin", [NSP_U_COS] = "cos", [NSP_U_TAN] = "tan",
	[NSP_U_TANH] = "tanh", [NSP_U_SIGMOID] = "sigmoid",
	[NSP_U_ERF] = "erf", [NSP_U_GELU] = "gelu",
	[NSP_U_GELU_TANH] = "gelu_tanh", [NSP_U_SILU] = "silu",
	[NSP_U_RELU] = "relu", [NSP_U_LEAKY_RELU] = "leaky_relu",
	[NSP_U_ELU] = "elu", [NSP_U_SELU] = "selu",
	[NSP_U_HARDSIGMOID] = "hardsigmoid", [NSP_U_HARDSWISH] = "hardswish",
	[NSP_U_SOFTPLUS] = "softplus", [NSP_U_SOFTSIGN] = "softsign",
	[NSP_U_MISH] = "mish", [NSP_U_CLIP] = "clip", [NSP_U_FLOOR] = "floor",
	[NSP_U_CEIL] = "ceil", [NSP_U_ROUND] = "round", [NSP_U_SIGN] = "sign",
	[NSP_U_NOT] = "not", [NSP_U_ISNAN] = "isnan", [NSP_U_ISINF] = "isinf",
	[NSP_U_ASIN] = "asin", [NSP_U_ACOS] = "acos", [NSP_U_ATAN] = "atan",
	[NSP_U_SINH] = "sinh", [NSP_U_COSH] = "cosh", [NSP_U_ASINH] = "asinh",
	[NSP_U_ACOSH] = "acosh", [NSP_U_ATANH] = "atanh",
	[NSP_U_SCALE] = "scale", [NSP_U_QUICK_GELU] = "quick_gelu",
};

static const char *const binary_names[NSP_B_COUNT] = {
	[NSP_B_ADD] = "add", [NSP_B_SUB] = "sub", [NSP_B_MUL] = "mul",
	[NSP_B_DIV] = "div", [NSP_B_POW] = "pow", [NSP_B_MOD] = "mod",
	[NSP_B_FMOD] = "fmod", [NSP_B_MIN] = "min", [NSP_B_MAX] = "max",
	[NSP_B_EQ] = "eq", [NSP_B_LT] = "lt", [NSP_B_LE] = "le",
	[NSP_B_GT] = "gt", [NSP_B_GE] = "ge", [NSP_B_AND] = "and",
	[NSP_B_OR] = "or", [NSP_B_XOR] = "xor",
	[NSP_B_SILU_MUL] = "silu_mul", [NSP_B_GELU_MUL] = "gelu_mul",
	[NSP_B_GELU_TANH_MUL] = "gelu_tanh_mul",
	[NSP_B_RELU_MUL] = "relu_mul", [NSP_B_PRELU] = "prelu",
};

static const char *const reduce_names[NSP_R_COUNT] = {
	[NSP_R_SUM] = "sum", [NSP_R_MEAN] = "mean", [NSP_R_MAX] = "max",
	[NSP_R_MIN] = "min", [NSP_R_PROD] = "prod", [NSP_R_SUMSQ] = "sumsq",
	[NSP_R_L1] = "l1", [NSP_R_L2] = "l2", [NSP_R_LOGSUM] = "logsum",
	[NSP_R_LOGSUMEXP] = "logsumexp", [NSP_R_ARGMAX] = "argmax",
	[NSP_R_ARGMIN] = "argmin",
};

static const char *const sem_names[] = { "inc", "dec" };
static const char *const softmax_names[] = { "softmax", "log" };
static const char *const norm_names[] = { "rms", "layer" };
static const char *const rope_names[] = { "half", "interleaved" };
static const char *const scatter_names[] = { "set", "add", "mul", "min", "max" };

#define SUBS(list)	.subs = (list), .num_subs = QAIC_ARRAY_SIZE(list)
#define ALL		0x3f

/* ROLE, dims it moves along, types, special axes */
#define R(d, t)		{ QPC_READ, d, t, QPC_AX_DIMS }
#define RO(d, t)	{ QPC_READ_OPT, d, t, QPC_AX_DIMS }
#define W(d, t)		{ QPC_WRITE, d, t, QPC_AX_DIMS }
#define RX(d, t, ax)	{ QPC_READ, d, t, ax }
#define WX(d, t, ax)	{ QPC_WRITE, d, t, ax }
#define UX(d, t, ax)	{ QPC_UPDATE, d, t, ax }

static const struct qpc_op_rule rules[NSP_OP_COUNT] = {
[NSP_END] = { .name = "end" },
[NSP_BARRIER] = { .name = "barrier" },
[NSP_SEM] = { .name = "sem", SUBS(sem_names) },

[NSP_MOVE] = { .name = "move", .engine = QPC_ENG_DMA, .work = ALL,
	.o = { W(ALL, QPC_ANY), R(ALL, QPC_ANY) } },
[NSP_FILL] = { .name = "fill", .engine = QPC_ENG_DMA, .work = ALL,
	.o = { W(ALL, QPC_ANY) } },

[NSP_UNARY] = { .name = "unary", SUBS(unary_names), .engine = QPC_ENG_HVX,
	.work = ALL, .o = { W(ALL, QPC_ANY), R(ALL, QPC_ANY) } },
[NSP_BINARY] = { .name = "binary", SUBS(binary_names), .engine = QPC_ENG_HVX,
	.work = ALL,
	.o = { W(ALL, QPC_ANY), R(ALL, QPC_ANY), R(ALL, QPC_ANY) } },
[NSP_SELECT] = { .name = "select", .engine = QPC_ENG_HVX, .work = ALL,
	.same_class = true,
	.o = { W(ALL, QPC_ANY), R(ALL, QPC_B), R(ALL, QPC_ANY),
	       R(ALL, QPC_ANY) } },
[NSP_REDUCE] = { .name = "reduce", SUBS(reduce_names), .engine = QPC_ENG_HVX,
	.work = ALL,
	.o = { WX(ALL, QPC_ANY, QPC_AX_REDUCED), R(ALL, QPC_ANY) } },
[NSP_SOFTMAX] = { .name = "softmax", SUBS(softmax_names),
	.engine = QPC_ENG_HVX, .work = ALL,
	.o = { W(ALL, QPC_F), R(ALL, QPC_F) } },
[NSP_NORM] = { .name = "norm", SUBS(norm_names), .engine = QPC_ENG_HVX,
	.work = ALL,
	.o = { W(ALL, QPC_F), R(ALL, QPC_F), RO(ALL, QPC_F),
	       RO(ALL, QPC_F) } },
[NSP_CUMSUM] = { .name = "cumsum", .engine = QPC_ENG_HVX, .work = ALL,
	.same_class = true,
	.o = { W(ALL, QPC_F | QPC_I), R(ALL, QPC_F | QPC_I) } },

[NSP_MATMUL] = { .name = "matmul", .engine = QPC_ENG_HMX, .work = 0x1f,
	.o = { W(0x0f, QPC_F), R(0x17, QPC_F), R(0x3b, QPC_F | QPC_MX | QPC_P),
	       RO(0x0b, QPC_F), RO(0x03, QPC_IDX) } },

[NSP_ROPE] = { .name = "rope", SUBS(rope_names), .engine = QPC_ENG_HVX,
	.work = 0x0f,
	.o = { W(0x0f, QPC_F), R(0x0f, QPC_F), R(0x30, QPC_F), R(0x30, QPC_F),
	       R(0x03, QPC_IDX) } },
[NSP_ATTN] = { .name = "attn", .engine = QPC_ENG_HMX, .work = 0x37,
	.o = { W(0x17, QPC_F), R(0x17, QPC_F),
	       R(0x39, QPC_F | QPC_MX), R(0x39, QPC_F | QPC_MX),
	       R(0x03, QPC_IDX), RO(0x27, QPC_F) } },
[NSP_KVPUT] = { .name = "kvput", .engine = QPC_ENG_DMA, .work = 0x0f,
	.same_class = true,
	.o = { UX(0x3a, QPC_ANY | QPC_MX, QPC_AX_DIMS), R(0x0f, QPC_ANY),
	       R(0x05, QPC_IDX), RO(0x01, QPC_IDX) } },
[NSP_KVGET] = { .name = "kvget", .engine = QPC_ENG_DMA, .work = 0x0f,
	.same_class = true,
	.o = { W(0x0f, QPC_ANY), R(0x3a, QPC_ANY | QPC_MX), R(0x07, QPC_IDX),
	       RO(0x01, QPC_IDX) } },

[NSP_GATHER] = { .name = "gather", .engine = QPC_ENG_DMA, .work = 0x0f,
	.ones = 0x20, .same_class = true,
	.o = { W(0x0f, QPC_ANY), R(0x1d, QPC_ANY), R(0x02, QPC_IDX) } },
[NSP_GATHERE] = { .name = "gather_elements", .engine = QPC_ENG_HVX,
	.work = 0x1f, .same_class = true,
	.o = { W(0x1f, QPC_ANY), RX(0x1f, QPC_ANY, QPC_AX_ELEMENT),
	       R(0x1f, QPC_IDX) } },
[NSP_SCATTER] = { .name = "scatter_nd", SUBS(scatter_names),
	.engine = QPC_ENG_HVX, .work = 0x03, .ones = 0x38, .same_class = true,
	.o = { UX(0, QPC_ANY, QPC_AX_ND), R(0x05, QPC_IDX),
	       R(0x03, QPC_ANY) } },
[NSP_SCATTERE] = { .name = "scatter_elements", SUBS(scatter_names),
	.engine = QPC_ENG_HVX, .work = 0x1f, .same_class = true,
	.o = { UX(0x1f, QPC_ANY, QPC_AX_ELEMENT), R(0x1f, QPC_IDX),
	       R(0x1f, QPC_ANY) } },
[NSP_GATHERND] = { .name = "gather_nd", .engine = QPC_ENG_HVX, .work = 0x03,
	.ones = 0x38, .same_class = true,
	.o = { W(0x03, QPC_ANY), RX(0, QPC_ANY, QPC_AX_ND),
	       R(0x05, QPC_IDX) } },
[NSP_TOPK] = { .name = "topk", .engine = QPC_ENG_HVX, .work = 0x1f,
	.same_class = true,
	.o = { W(ALL, QPC_F | QPC_I),
	       RX(0x1f, QPC_F | QPC_I, QPC_AX_TOPK), W(ALL, QPC_IDX) } },
};

const struct qpc_op_rule *qpc_op_rule(unsigned int op)
{
	return op < NSP_OP_COUNT && rules[op].name ? &rules[op] : NULL;
}

unsigned int qpc_dtype_class(unsigned int dtype)
{
	switch (dtype) {
	case QAIC_F32:
	case QAIC_F16:
		return QPC_F;
	case QAIC_I8:
	case QAIC_U8:
	case QAIC_I16:
	case QAIC_U16:
	case QAIC_I32:
	case QAIC_U32:
	case QAIC_I64:
	case QAIC_U64:
		return QPC_I;
	case QAIC_BOOL:
		return QPC_B;
	case QAIC_MXINT8:
	case QAIC_MXFP6:
	case QAIC_MXFP4:
		return QPC_MX;
	case QAIC_F16_PANELS:
		return QPC_P;
	default:	/* F64 and BF16 exist on the host only */
		return 0;
	}
}

unsigned int qpc_opnd_axes(const struct nsp_cmd *cmd, unsigned int k,
			   struct qpc_axis ax[NSP_DIMS])
{
	const struct qpc_opnd_rule *rule = &rules[cmd->op].o[k];
	const int32_t *stride = cmd->o[k].stride;
	unsigned int mask = rule->dims, n = 0, i;

	if (rule->axes == QPC_AX_REDUCED)
		mask &= ~cmd->imm[0].u;
	else if (rule->axes == QPC_AX_ELEMENT)
		mask &= ~(1u << cmd->imm[0].u);
	for (i = 0; i < NSP_DIMS; i++)
		if (mask & 1u << i)
			ax[n++] = (struct qpc_axis){ cmd->dims[i], stride[i] };
	switch (rule->axes) {
	case QPC_AX_ELEMENT:
		ax[n++] = (struct qpc_axis){ cmd->dims[5], stride[5] };
		break;
	case QPC_AX_ND:
		for (i = 0; i < cmd->dims[2]; i++)
			ax[n++] = (struct qpc_axis){ cmd->imm[i].u, stride[i] };
		ax[n++] = (struct qpc_axis){ cmd->dims[1], stride[5] };
		break;
	case QPC_AX_TOPK:
		ax[n++] = (struct qpc_axis){ cmd->imm[2].u, stride[5] };
		break;
	}
	return n;
}

const char *qpc_op_name(unsigned int op)
{
	return op < NSP_OP_COUNT ? rules[op].name : NULL;
}

const char *qpc_unary_name(unsigned int sub)
{
	return sub < NSP_U_COUNT ? unary_names[sub] : NULL;
}

const char *qpc_binary_name(unsigned int sub)
{
	return sub < NSP_B_COUNT ? binary_names[sub] : NULL;
}

const char *qpc_reduce_name(unsigned int sub)
{
	return sub < NSP_R_COUNT ? reduce_names[sub] : NULL;
}
