// SPDX-License-Identifier: MIT
/*
 * One command as one line:
 *
 *	NAME[.VARIANT] [{dims}] result = operand, operand, ... ; parameters
 *
 * An operand is "type space+offset[shape]": the axes longer than 1, and their
 * strides after a colon where they are not those of a dense row-major tensor.
 */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

#include "qpc/optable.h"
#include "qpc/program.h"

struct line {
	char *buf;
	size_t size, len;	/* len as snprintf counts */
};

static void __attribute__((format(printf, 2, 3)))
put(struct line *l, const char *fmt, ...)
{
	size_t room = l->len < l->size ? l->size - l->len : 0;
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(room ? l->buf + l->len : NULL, room, fmt, ap);
	va_end(ap);
	if (n > 0)
		l->len += n;
}

static const char *const type_names[QAIC_DTYPE_COUNT] = {
	[QAIC_F32] = "f32", [QAIC_F16] = "f16", [QAIC_BF16] = "bf16",
	[QAIC_F64] = "f64", [QAIC_I8] = "i8", [QAIC_U8] = "u8",
	[QAIC_I16] = "i16", [QAIC_I32] = "i32", [QAIC_I64] = "i64",
	[QAIC_BOOL] = "bool", [QAIC_U16] = "u16", [QAIC_U32] = "u32",
	[QAIC_U64] = "u64", [QAIC_MXINT8] = "mxint8",
	[QAIC_MXFP6] = "mxfp6", [QAIC_MXFP4] = "mxfp4",
	[QAIC_F16_PANELS] = "f16panels",
};

static const char *const space_names[NSP_SPACE_COUNT] = {
	"none", "const", "ddr", "tcm", "local",
};

/* ---- operands ---- */

/* Parameters that choose axes are in range (a verified command is). */
static bool has_axes(const struct nsp_cmd *cmd, const struct qpc_op_rule *rule)
{
	unsigned int k;

	for (k = 0; k < NSP_OPNDS; k++) {
		if (rule->o[k].axes == QPC_AX_ELEMENT && cmd->imm[0].u >= 5)
			return false;
		if (rule->o[k].axes == QPC_AX_ND && cmd->dims[2] > 5)
			return false;
	}
	return true;
}

static void put_shape(struct line *l, const struct nsp_cmd *cmd, unsigned int k)
{
	struct qpc_axis ax[NSP_DIMS];
	unsigned int n = qpc_opnd_axes(cmd, k, ax), i, used = 0;
	uint64_t dense = 1;
	bool strided = false;

	for (i = 0; i < n; i++)
		if (ax[i].count != 1)
			ax[used++] = ax[i];
	for (i = used; i-- > 0; dense *= ax[i].count)
		strided |= (uint64_t)(int64_t)ax[i].stride != dense;
	put(l, "[");
	for (i = 0; i < used; i++)
		put(l, "%s%" PRIu32, i ? "," : "", ax[i].count);
	if (!used)
		put(l, "1");
	for (i = 0; strided && i < used; i++)
		put(l, "%s%" PRId32, i ? "," : ":", ax[i].stride);
	put(l, "]");
}

static void put_operand(struct line *l, const struct nsp_cmd *cmd,
			unsigned int k, bool shape)
{
	unsigned int space = NSP_ADDR_SPACE(cmd->o[k].addr);
	unsigned int dtype = cmd->dtype[k];

	put(l, "%s ", dtype < QAIC_DTYPE_COUNT ? type_names[dtype] : "?");
	if (space < NSP_SPACE_COUNT)
		put(l, "%s", space_names[space]);
	else
		put(l, "space%u", space);
	put(l, "+0x%" PRIx64, (uint64_t)NSP_ADDR_OFF(cmd->o[k].addr));
	if (shape)
		put_shape(l, cmd, k);
}

static void put_operands(struct line *l, const struct nsp_cmd *cmd,
			 const struct qpc_op_rule *rule)
{
	bool shape = has_axes(cmd, rule), first = true;
	unsigned int k;

	/* results first: o0, and o2 of topk */
	for (k = 0; k < NSP_OPNDS; k++)
		if (rule->o[k].role >= QPC_WRITE && qpc_opnd_present(cmd, k)) {
			put(l, first ? " " : ", ");
			put_operand(l, cmd, k, shape);
			first = false;
		}
	put(l, " =");
	first = true;
	for (k = 0; k < NSP_OPNDS; k++) {
		if (rule->o[k].role >= QPC_WRITE || rule->o[k].role == QPC_ABSENT)
			continue;
		put(l, first ? " " : ", ");
		first = false;
		if (qpc_opnd_present(cmd, k))
			put_operand(l, cmd, k, shape);
		else
			put(l, "-");
	}
}

/* ---- parameters ---- */

static void put_unary_params(struct line *l, const struct nsp_cmd *cmd)
{
	float a = cmd->imm[0].f, b = cmd->imm[1].f;

	switch (cmd->sub) {
	case NSP_U_LEAKY_RELU:
	case NSP_U_ELU:
	case NSP_U_QUICK_GELU:
		put(l, " ; alpha=%g", a);
		break;
	case NSP_U_SELU:
		put(l, " ; alpha=%g gamma=%g", a, b);
		break;
	case NSP_U_HARDSIGMOID:
		put(l, " ; alpha=%g beta=%g", a, b);
		break;
	case NSP_U_CLIP:
		put(l, " ; min=%g max=%g", a, b);
		break;
	case NSP_U_SCALE:
		put(l, " ; mul=%g add=%g", a, b);
		break;
	case NSP_U_ISINF:
		put(l, " ; positive=%u negative=%u", cmd->imm[0].u & 1,
		    cmd->imm[0].u >> 1 & 1);
		break;
	}
}

static void put_reduce_params(struct line *l, const struct nsp_cmd *cmd)
{
	unsigned int i, n = 0;

	put(l, " ; dims=");
	for (i = 0; i < NSP_DIMS; i++)
		if (cmd->imm[0].u & 1u << i)
			put(l, "%s%u", n++ ? "," : "", i);
	if (cmd->sub == NSP_R_ARGMAX || cmd->sub == NSP_R_ARGMIN)
		put(l, " last=%u", cmd->imm[1].u);
}

static void put_attn_params(struct line *l, const struct nsp_cmd *cmd)
{
	put(l, " ; scale=%g", cmd->imm[0].f);
	if (cmd->imm[1].i)
		put(l, " window=%d", cmd->imm[1].i);
	if (cmd->imm[2].f != 0)
		put(l, " softcap=%g", cmd->imm[2].f);
	if (cmd->imm[3].u)
		put(l, " bias");
}

static void put_nd_params(struct line *l, const struct nsp_cmd *cmd)
{
	uint32_t k;

	put(l, " ; limits=");
	for (k = 0; k < cmd->dims[2] && k < 5; k++)
		put(l, "%s%d", k ? "," : "", cmd->imm[k].i);
}

static void put_params(struct line *l, const struct nsp_cmd *cmd)
{
	switch (cmd->op) {
	case NSP_SEM:
		put(l, " %u (%s) by %u", cmd->imm[0].u,
		    cmd->imm[0].u == QPC_SEM_READY ? "ready" :
		    cmd->imm[0].u == QPC_SEM_OUTPUT ? "output" : "?",
		    cmd->imm[1].u);
		break;
	case NSP_FILL:
		put(l, " 0x%" PRIx64, (uint64_t)cmd->imm[1].u << 32 |
				      cmd->imm[0].u);
		break;
	case NSP_UNARY:
		put_unary_params(l, cmd);
		break;
	case NSP_REDUCE:
		put_reduce_params(l, cmd);
		break;
	case NSP_NORM:
		put(l, " ; eps=%g", cmd->imm[0].f);
		break;
	case NSP_CUMSUM:
		put(l, " ; exclusive=%u reverse=%u", cmd->imm[0].u & 1,
		    cmd->imm[0].u >> 1 & 1);
		break;
	case NSP_MATMUL:
		if (cmd->flags & NSP_MM_ACT8)
			put(l, " ; activations=int8");
		break;
	case NSP_ATTN:
		put_attn_params(l, cmd);
		break;
	case NSP_GATHERE:
	case NSP_SCATTERE:
		put(l, " ; axis=%u", cmd->imm[0].u);
		break;
	case NSP_SCATTER:
	case NSP_GATHERND:
		put_nd_params(l, cmd);
		break;
	case NSP_TOPK:
		put(l, " ; %s of %u", cmd->imm[1].u ? "largest" : "smallest",
		    cmd->imm[2].u);
		break;
	}
}

int qpc_disasm(const struct nsp_cmd *cmd, char *buf, size_t size)
{
	const struct qpc_op_rule *rule = qpc_op_rule(cmd->op);
	struct line l = { buf, size, 0 };
	unsigned int i;

	if (size)
		buf[0] = '\0';
	if (!rule) {
		put(&l, "op%u", cmd->op);
		return l.len;
	}
	put(&l, "%s", rule->name);
	if (rule->subs && cmd->sub < rule->num_subs)
		put(&l, ".%s", rule->subs[cmd->sub]);
	else if (cmd->sub)
		put(&l, ".%u", cmd->sub);
	if (rule->engine != QPC_ENG_NONE) {
		/* where dims are not simply the shape of the operands */
		for (i = 0; rule->work != 0x3f && i < NSP_DIMS; i++)
			put(&l, "%s%" PRIu32 "%s", i ? "," : " {",
			    cmd->dims[i], i == NSP_DIMS - 1 ? "}" : "");
		put_operands(&l, cmd, rule);
	}
	put_params(&l, cmd);
	return l.len;
}
