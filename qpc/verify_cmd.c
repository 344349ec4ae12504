// SPDX-License-Identifier: MIT
/*
 * One command: operand roles, types, parameters, and the extent of every operand
 * for all values that its strides, dims and data-dependent indices can take.
 */
#include <errno.h>
#include <string.h>

#include "qpc/optable.h"
#include "qpc/panel.h"
#include "qpc/verify.h"

static const char *const space_names[NSP_SPACE_COUNT] = {
	"none", "CONST", "DDR", "TCM", "LOCAL",
};

/* ---- operands ---- */

static int check_present(const struct nsp_cmd *cmd, unsigned int k,
			 const struct qpc_opnd_rule *rule, struct qaic_err *err)
{
	unsigned int space = NSP_ADDR_SPACE(cmd->o[k].addr);

	if (space >= NSP_SPACE_COUNT)
		return qaic_fail(err, -EINVAL, "operand %u: no such space %u",
				 k, space);
	if (space != NSP_SPACE_NONE) {
		if (rule->role == QPC_ABSENT)
			return qaic_fail(err, -EINVAL,
					 "operand %u: the command has none", k);
		return 0;
	}
	if (cmd->o[k].addr || cmd->dtype[k])
		return qaic_fail(err, -EINVAL,
				 "operand %u: absent, but address or type is not 0",
				 k);
	if (rule->role != QPC_ABSENT && rule->role != QPC_READ_OPT)
		return qaic_fail(err, -EINVAL, "operand %u: missing", k);
	return 0;
}

static bool type_allowed(unsigned int dtype, unsigned int types)
{
	unsigned int cls = qpc_dtype_class(dtype);

	if (types & cls)
		return true;
	if ((types & QPC_IDX) && (dtype == QAIC_I32 || dtype == QAIC_I64))
		return true;
	return (types & QPC_F32) && dtype == QAIC_F32;
}

static bool writes(const struct qpc_opnd_rule *rule)
{
	return rule->role == QPC_WRITE || rule->role == QPC_UPDATE;
}

static int check_range(const struct qpc_spaces *spaces, unsigned int space,
		       unsigned int k, __int128 lo, __int128 hi,
		       struct qaic_err *err)
{
	if (lo >= 0 && hi <= (__int128)spaces->size[space])
		return 0;
	return qaic_fail(err, -EINVAL,
			 "operand %u: leaves the %s space of %llu bytes", k,
			 space_names[space],
			 (unsigned long long)spaces->size[space]);
}

/* Widen [*lo, *hi] by @count places that are @stride apart. */
static void reach(__int128 *lo, __int128 *hi, int32_t stride, uint32_t count)
{
	__int128 step = (__int128)stride * (count - 1);

	if (step < 0)
		*lo += step;
	else
		*hi += step;
}

/* Matrices of panels: dims 3 and 4 are whole panels, the others step. */
static int check_panels(const struct nsp_cmd *cmd, unsigned int k,
			const struct qpc_spaces *spaces, struct qaic_err *err)
{
	static const unsigned int steps[] = { 0, 1, 5 };
	unsigned int t = cmd->dtype[k], i;
	uint64_t off = NSP_ADDR_OFF(cmd->o[k].addr);
	__int128 unit = qaic_dtype_is_mx(t) ? QAIC_MX_BLOCK : 1;
	__int128 bytes = qaic_dtype_bytes(t, unit), lo = 0, hi;

	hi = (__int128)qpc_panel_n(cmd->dims[3]) *
	     qpc_panel_width(t, cmd->dims[4]);
	for (i = 0; i < 3; i++)
		reach(&lo, &hi, cmd->o[k].stride[steps[i]],
		      cmd->dims[steps[i]]);
	return check_range(spaces, NSP_ADDR_SPACE(cmd->o[k].addr), k,
			   off + lo / unit * bytes, off + hi / unit * bytes,
			   err);
}

/* The dim that a line of a cache is along, NSP_DIMS: no cache. */
static unsigned int line_dim(const struct nsp_cmd *cmd, unsigned int k)
{
	if ((cmd->op == NSP_KVPUT && k == 0) || (cmd->op == NSP_KVGET && k == 1))
		return 3;
	if (cmd->op == NSP_ATTN && (k == 2 || k == 3))
		return 4;
	return NSP_DIMS;
}

/* Lines of a cache in blocks: whole ones. */
static int check_lines(const struct nsp_cmd *cmd, unsigned int k,
		       const struct qpc_spaces *spaces, struct qaic_err *err)
{
	unsigned int line = line_dim(cmd, k), moves, i;
	uint64_t off = NSP_ADDR_OFF(cmd->o[k].addr);
	__int128 block = qaic_dtype_block(cmd->dtype[k]), lo = 0, hi;

	moves = qpc_op_rule(cmd->op)->o[k].dims;
	hi = qpc_panel_k(cmd->dims[line]);
	for (i = 0; i < NSP_DIMS; i++) {
		if (i == line || !(moves & 1u << i))
			continue;
		reach(&lo, &hi, cmd->o[k].stride[i], cmd->dims[i]);
	}
	return check_range(spaces, NSP_ADDR_SPACE(cmd->o[k].addr), k,
			   off + lo / QAIC_MX_BLOCK * block,
			   off + hi / QAIC_MX_BLOCK * block, err);
}

/*
 * The bytes an operand can touch are [off + lo, off + hi] in elements. Each term
 * is below 2^63 in size, so the sum of six needs more than 64 bits.
 */
static int check_extent(const struct nsp_cmd *cmd, unsigned int k,
			const struct qpc_spaces *spaces, struct qaic_err *err)
{
	uint64_t off = NSP_ADDR_OFF(cmd->o[k].addr);
	unsigned int n, i;
	size_t es = qaic_dtype_size(cmd->dtype[k]);
	struct qpc_axis ax[NSP_DIMS];
	__int128 lo = 0, hi = 1;

	if (cmd->op == NSP_MATMUL && qaic_dtype_is_panels(cmd->dtype[k]))
		return check_panels(cmd, k, spaces, err);
	if (qaic_dtype_is_mx(cmd->dtype[k]))
		return check_lines(cmd, k, spaces, err);
	n = qpc_opnd_axes(cmd, k, ax);
	for (i = 0; i < n; i++)
		reach(&lo, &hi, ax[i].stride, ax[i].count);
	return check_range(spaces, NSP_ADDR_SPACE(cmd->o[k].addr), k,
			   off + lo * (int)es, off + hi * (int)es, err);
}

static int check_operand(const struct nsp_cmd *cmd, unsigned int k,
			 const struct qpc_opnd_rule *rule, struct qaic_err *err)
{
	int rc = check_present(cmd, k, rule, err);

	if (rc || !qpc_opnd_present(cmd, k))
		return rc;
	if (!type_allowed(cmd->dtype[k], rule->types))
		return qaic_fail(err, -EINVAL,
				 "operand %u: type %s (%u) is not taken here", k,
				 qaic_dtype_name(cmd->dtype[k]), cmd->dtype[k]);
	if (writes(rule) &&
	    NSP_ADDR_SPACE(cmd->o[k].addr) == NSP_SPACE_CONST)
		return qaic_fail(err, -EINVAL,
				 "operand %u: writes to constants", k);
	if (qaic_dtype_is_mx(cmd->dtype[k]))
		return 0;		/* bytes */
	if (NSP_ADDR_OFF(cmd->o[k].addr) % qaic_dtype_size(cmd->dtype[k]))
		return qaic_fail(err, -EINVAL,
				 "operand %u: address is not aligned to its type",
				 k);
	return 0;
}

/* ---- types that depend on each other ---- */

static int bad_types(struct qaic_err *err)
{
	return qaic_fail(err, -EINVAL,
			 "the types of the operands do not go together");
}

/* What is in blocks are floats. */
static unsigned int value_class(unsigned int dtype)
{
	return qaic_dtype_is_mx(dtype) ? QPC_F : qpc_dtype_class(dtype);
}

/* o0 and every operand that takes all classes must be of one class. */
static int check_same_class(const struct nsp_cmd *cmd,
			    const struct qpc_op_rule *rule, struct qaic_err *err)
{
	unsigned int cls = value_class(cmd->dtype[0]), k;

	for (k = 1; k < NSP_OPNDS; k++)
		if ((rule->o[k].types & QPC_F) && rule->o[k].types != QPC_F &&
		    qpc_opnd_present(cmd, k) &&
		    value_class(cmd->dtype[k]) != cls)
			return bad_types(err);
	return 0;
}

static int check_unary(const struct nsp_cmd *cmd, struct qaic_err *err)
{
	unsigned int out = qpc_dtype_class(cmd->dtype[0]);
	unsigned int in = qpc_dtype_class(cmd->dtype[1]);

	switch (cmd->sub) {
	case NSP_U_COPY:
		return in == out ? 0 : bad_types(err);
	case NSP_U_NEG:
	case NSP_U_ABS:
	case NSP_U_SIGN:
	case NSP_U_RELU:
		return in == out && in != QPC_B ? 0 : bad_types(err);
	case NSP_U_NOT:
		return in == QPC_B && out == QPC_B ? 0 : bad_types(err);
	case NSP_U_ISINF:
		if (cmd->imm[0].u > 3)
			return qaic_fail(err, -EINVAL, "imm0: no such infinity");
		/* fall through */
	case NSP_U_ISNAN:
		return in == QPC_F && out == QPC_B ? 0 : bad_types(err);
	default:
		return in == QPC_F && out == QPC_F ? 0 : bad_types(err);
	}
}

static int check_binary(const struct nsp_cmd *cmd, struct qaic_err *err)
{
	unsigned int out = qpc_dtype_class(cmd->dtype[0]);
	unsigned int a = qpc_dtype_class(cmd->dtype[1]);
	unsigned int b = qpc_dtype_class(cmd->dtype[2]);

	if (a != b)
		return bad_types(err);
	switch (cmd->sub) {
	case NSP_B_EQ:
	case NSP_B_LT:
	case NSP_B_LE:
	case NSP_B_GT:
	case NSP_B_GE:
		return out == QPC_B ? 0 : bad_types(err);
	case NSP_B_AND:
	case NSP_B_OR:
	case NSP_B_XOR:
		return a == QPC_B && out == QPC_B ? 0 : bad_types(err);
	case NSP_B_SILU_MUL:
	case NSP_B_GELU_MUL:
	case NSP_B_GELU_TANH_MUL:
	case NSP_B_RELU_MUL:
	case NSP_B_PRELU:
		return a == QPC_F && out == QPC_F ? 0 : bad_types(err);
	default:
		return a == out && a != QPC_B ? 0 : bad_types(err);
	}
}

static int check_reduce(const struct nsp_cmd *cmd, struct qaic_err *err)
{
	unsigned int out = qpc_dtype_class(cmd->dtype[0]);
	unsigned int in = qpc_dtype_class(cmd->dtype[1]);
	uint32_t dims = cmd->imm[0].u;

	if (dims & ~0x3fu)
		return qaic_fail(err, -EINVAL, "imm0: no such dims");
	switch (cmd->sub) {
	case NSP_R_ARGMAX:
	case NSP_R_ARGMIN:
		if (!dims || (dims & (dims - 1)))
			return qaic_fail(err, -EINVAL,
					 "imm0: not exactly one dim");
		if (cmd->imm[1].u > 1)
			return qaic_fail(err, -EINVAL, "imm1: not 0 or 1");
		if (cmd->dtype[0] != QAIC_I32 && cmd->dtype[0] != QAIC_I64)
			return bad_types(err);
		return 0;
	case NSP_R_MAX:
	case NSP_R_MIN:
		return in == out ? 0 : bad_types(err);
	case NSP_R_L2:
	case NSP_R_LOGSUM:
	case NSP_R_LOGSUMEXP:
		return in == QPC_F && out == QPC_F ? 0 : bad_types(err);
	default:
		return in == out && in != QPC_B ? 0 : bad_types(err);
	}
}

/* ---- parameters ---- */

static int bad_param(struct qaic_err *err, const char *what)
{
	return qaic_fail(err, -EINVAL, "%s", what);
}

static int check_rope(const struct nsp_cmd *cmd, struct qaic_err *err)
{
	if (cmd->dims[5] > cmd->dims[3] || cmd->dims[5] % 2)
		return bad_param(err, "rotated width is odd or more than the head");
	return 0;
}

static int check_matmul(const struct nsp_cmd *cmd, struct qaic_err *err)
{
	const int32_t *stride = cmd->o[2].stride;
	unsigned int t = cmd->dtype[2];
	int unit = qaic_dtype_is_mx(t) ? QAIC_MX_BLOCK : 1;

	if (cmd->dims[5] != 1 && !qpc_opnd_present(cmd, 4))
		return bad_param(err, "dim 5 is not 1, and nothing chooses");
	if (!qaic_dtype_is_panels(t))
		return 0;
	if (stride[4] != 1 ||
	    (uint64_t)stride[3] != qpc_panel_width(t, cmd->dims[4]) ||
	    stride[0] % unit || stride[1] % unit || stride[5] % unit)
		return bad_param(err, "operand 2: strides are not those of panels");
	return 0;
}

static int check_attn(const struct nsp_cmd *cmd, struct qaic_err *err)
{
	if (cmd->dims[2] % cmd->dims[3])
		return bad_param(err, "query heads are no multiple of kv heads");
	if (cmd->imm[1].i < 0)
		return bad_param(err, "imm1: the window is negative");
	/* positions and slots are compared in 32 bits */
	if (cmd->dims[5] > INT32_MAX)
		return bad_param(err, "too many cache slots");
	if (cmd->imm[3].u > 1)
		return bad_param(err, "imm3: not 0 or 1");
	if (!cmd->imm[3].u && qpc_opnd_present(cmd, 5) &&
	    cmd->dtype[5] != QAIC_F32)
		return bad_types(err);
	return 0;
}

/* Cache lines are the batch unless an operand chooses them. */
static int check_cache(const struct nsp_cmd *cmd, struct qaic_err *err)
{
	if (!qpc_opnd_present(cmd, 3) && cmd->dims[5] != cmd->dims[0])
		return bad_param(err, "lines are not the batch, and none are chosen");
	return 0;
}

static int check_element(const struct nsp_cmd *cmd, struct qaic_err *err)
{
	if (cmd->imm[0].u >= 5)
		return bad_param(err, "imm0: no such axis");
	return 0;
}

/* SCATTER with a sum of booleans has no meaning. */
static int check_combine(const struct nsp_cmd *cmd, struct qaic_err *err)
{
	if (cmd->sub && cmd->dtype[0] == QAIC_BOOL)
		return bad_types(err);
	return 0;
}

static int check_nd(const struct nsp_cmd *cmd, struct qaic_err *err)
{
	uint32_t k;

	if (cmd->dims[2] > 5)
		return bad_param(err, "an index of more than 5 numbers");
	for (k = 0; k < cmd->dims[2]; k++)
		if (cmd->imm[k].i < 1)
			return qaic_fail(err, -EINVAL,
					 "imm%u: limit of an index below 1", k);
	return 0;
}

static int check_topk(const struct nsp_cmd *cmd, struct qaic_err *err)
{
	if (cmd->imm[1].u > 1)
		return bad_param(err, "imm1: not 0 or 1");
	if (cmd->imm[2].i < 1 || cmd->dims[5] > cmd->imm[2].u)
		return bad_param(err, "k is more than the length of a row");
	if (cmd->dtype[2] != QAIC_I64)
		return bad_types(err);
	return 0;
}

static int check_params(const struct nsp_cmd *cmd, struct qaic_err *err)
{
	int rc;

	switch (cmd->op) {
	case NSP_REDUCE:
		return check_reduce(cmd, err);
	case NSP_NORM:
		if (cmd->sub == 0 && qpc_opnd_present(cmd, 3))
			return bad_param(err, "an RMS norm has no bias");
		return 0;
	case NSP_CUMSUM:
		return cmd->imm[0].u > 3 ? bad_param(err, "imm0: no such flag") : 0;
	case NSP_UNARY:
		return check_unary(cmd, err);
	case NSP_BINARY:
		return check_binary(cmd, err);
	case NSP_ROPE:
		return check_rope(cmd, err);
	case NSP_MATMUL:
		return check_matmul(cmd, err);
	case NSP_ATTN:
		return check_attn(cmd, err);
	case NSP_KVPUT:
	case NSP_KVGET:
		return check_cache(cmd, err);
	case NSP_GATHERE:
		return check_element(cmd, err);
	case NSP_SCATTERE:
		rc = check_combine(cmd, err);
		return rc ? rc : check_element(cmd, err);
	case NSP_SCATTER:
		rc = check_combine(cmd, err);
		return rc ? rc : check_nd(cmd, err);
	case NSP_GATHERND:
		return check_nd(cmd, err);
	case NSP_TOPK:
		return check_topk(cmd, err);
	default:
		return 0;
	}
}

/* A cache in blocks: MXINT8, lines as isa.h has them. */
static int check_cache_blocks(const struct nsp_cmd *cmd, struct qaic_err *err)
{
	unsigned int k, i, line, moves;

	for (k = 0; k < NSP_OPNDS; k++) {
		line = line_dim(cmd, k);
		if (line == NSP_DIMS || !qaic_dtype_is_mx(cmd->dtype[k]))
			continue;
		if (cmd->dtype[k] != QAIC_MXINT8)
			return qaic_fail(err, -EINVAL,
					 "operand %u: a cache in blocks is mxint8",
					 k);
		if (cmd->dims[line] > QPC_MAX_MX_LINE)
			return qaic_fail(err, -EINVAL,
					 "operand %u: lines of more than %u elements in blocks",
					 k, QPC_MAX_MX_LINE);
		moves = qpc_op_rule(cmd->op)->o[k].dims;
		for (i = 0; i < NSP_DIMS; i++) {
			if (i == line ? cmd->o[k].stride[i] == 1 ||
					cmd->dims[i] == 1 :
			    !(moves & 1u << i) ||
			    cmd->o[k].stride[i] % QAIC_MX_BLOCK == 0)
				continue;
			return qaic_fail(err, -EINVAL,
					 "operand %u: strides are not those of lines in blocks",
					 k);
		}
	}
	return 0;
}

/* ---- the iteration space ---- */

static int check_dims(const struct nsp_cmd *cmd, const struct qpc_op_rule *rule,
		      struct qaic_err *err)
{
	unsigned __int128 work = 1;
	unsigned int i;

	for (i = 0; i < NSP_DIMS; i++) {
		if (!cmd->dims[i])
			return qaic_fail(err, -EINVAL, "dim %u is 0", i);
		if ((rule->ones & 1u << i) && cmd->dims[i] != 1)
			return qaic_fail(err, -EINVAL, "dim %u is not 1", i);
		if (rule->work & 1u << i)
			work *= cmd->dims[i];
		if (work > QPC_MAX_WORK)
			break;
	}
	if (cmd->op == NSP_TOPK)
		work *= cmd->imm[2].u;
	if (work > QPC_MAX_WORK)
		return qaic_fail(err, -EINVAL,
				 "more work than one command may have");
	return 0;
}

static unsigned int known_flags(const struct nsp_cmd *cmd)
{
	return cmd->op == NSP_MATMUL && qaic_dtype_is_mx(cmd->dtype[2]) ?
	       NSP_MM_ACT8 : 0;
}

int qpc_verify_cmd(const struct nsp_cmd *cmd, const struct qpc_spaces *spaces,
		   struct qaic_err *err)
{
	const struct qpc_op_rule *rule = qpc_op_rule(cmd->op);
	unsigned int k;
	int rc;

	if (!rule)
		return qaic_fail(err, -EINVAL, "no such operation %u", cmd->op);
	if ((cmd->flags & ~known_flags(cmd)) || cmd->rsv[0] || cmd->rsv[1])
		return qaic_fail(err, -EINVAL, "%s: reserved bits are not 0",
				 rule->name);
	if (cmd->sub >= (rule->subs ? rule->num_subs : 1))
		return qaic_fail(err, -EINVAL, "%s: no such variant %u",
				 rule->name, cmd->sub);
	rc = rule->engine == QPC_ENG_NONE ? 0 : check_dims(cmd, rule, err);
	for (k = 0; !rc && k < NSP_OPNDS; k++)
		rc = check_operand(cmd, k, &rule->o[k], err);
	if (!rc && rule->same_class)
		rc = check_same_class(cmd, rule, err);
	/* the axes of operands depend on the parameters: these first */
	if (!rc)
		rc = check_params(cmd, err);
	if (!rc)
		rc = check_cache_blocks(cmd, err);
	for (k = 0; !rc && k < NSP_OPNDS; k++)
		if (qpc_opnd_present(cmd, k))
			rc = check_extent(cmd, k, spaces, err);
	if (rc)
		qaic_fail_in(err, "%s", rule->name);
	return rc;
}
