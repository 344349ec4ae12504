// SPDX-License-Identifier: MIT
/* Bytes and arithmetic of one command; Documentation/timing.md gives the reasons. */
#include <string.h>

#include "qpc/optable.h"
#include "qpc/timing_cost.h"

#define HMX_TILE	32	/* rows, columns and depth are padded to it */

/* ---- bytes ---- */

static double whole(double v)
{
	return v >= 1.8e19 ? 1.8e19 : (double)(uint64_t)v;
}

static double least(double a, double b)
{
	return a < b ? a : b;
}

/* Elements an operand touches; one that does not move along an axis counts once. */
static double touched(const struct nsp_cmd *cmd, unsigned int k)
{
	struct qpc_axis ax[NSP_DIMS];
	unsigned int n = qpc_opnd_axes(cmd, k, ax), i;
	double elems = 1;

	for (i = 0; i < n; i++)
		if (ax[i].stride)
			elems *= ax[i].count;
	return elems;
}

double qpc_cost_slots(const struct nsp_cmd *cmd)
{
	double slots = cmd->dims[5];

	if (cmd->imm[1].i > 0 && slots > (double)cmd->imm[1].i + cmd->dims[1])
		slots = (double)cmd->imm[1].i + cmd->dims[1];
	return slots;
}

/* Elements of operand @k that a command reads or writes. */
static double elements(const struct nsp_cmd *cmd, unsigned int k)
{
	const uint32_t *d = cmd->dims;

	switch (cmd->op) {
	case NSP_ROPE:		/* a row of the tables for each position */
		return k == 2 || k == 3 ? (double)d[0] * d[1] * d[5] :
					  touched(cmd, k);
	case NSP_MATMUL:	/* the matrices that are chosen, each once */
		return k == 2 && qpc_opnd_present(cmd, 4) ?
			least((double)d[0] * d[1], d[5]) * d[3] * d[4] :
			touched(cmd, k);
	case NSP_ATTN:
		return k == 2 || k == 3 ?
			(double)d[0] * d[3] * d[4] * qpc_cost_slots(cmd) :
			touched(cmd, k);
	case NSP_KVPUT:		/* what is put, not the whole cache */
		return touched(cmd, k ? k : 1);
	case NSP_KVGET:
	case NSP_GATHER:
	case NSP_GATHERE:
	case NSP_GATHERND:	/* what is taken, not the whole table */
		return touched(cmd, k == 1 ? 0 : k);
	case NSP_SCATTER:
	case NSP_SCATTERE:
		return touched(cmd, k ? k : 2);
	default:
		return touched(cmd, k);
	}
}

/* Bytes of @n elements, a part of a block counted as such. */
static double bytes_of(unsigned int dtype, double n)
{
	size_t block = qaic_dtype_block(dtype);

	return block ? n / 32 * block : n * qaic_dtype_size(dtype);
}

/* Is operand @k in the VTCM of the NSP already, all of it? */
static bool resident(const struct nsp_cmd *cmd, unsigned int k,
		     const struct qpc_vtcm *v)
{
	uint64_t addr = cmd->o[k].addr;

	return NSP_ADDR_SPACE(addr) == NSP_SPACE_LOCAL ||
	       (NSP_ADDR_SPACE(addr) == NSP_SPACE_TCM &&
		NSP_ADDR_OFF(addr) < v->copied);
}

/* One operand of a matmul is read again for every block of the other. */
static double rereads(const struct nsp_cmd *cmd, unsigned int k,
		      const struct qpc_vtcm *v)
{
	double other, mine;

	if (cmd->op != NSP_MATMUL || (k != 1 && k != 2) ||
	    qpc_opnd_present(cmd, 4) || resident(cmd, 3 - k, v))
		return 1;
	mine = bytes_of(cmd->dtype[k], touched(cmd, k));
	other = bytes_of(cmd->dtype[3 - k], touched(cmd, 3 - k));
	if (mine < other || (mine == other && k == 1))
		return 1;	/* the smaller one stays, block by block */
	return whole(other / v->block) + 1;
}

double qpc_cost_bytes(const struct nsp_cmd *cmd, unsigned int k,
		      const struct qpc_vtcm *v)
{
	return bytes_of(cmd->dtype[k], elements(cmd, k)) * rereads(cmd, k, v);
}

bool qpc_cost_same(const struct nsp_cmd *cmd, const struct qpc_vtcm *v,
		   struct qpc_pass *last)
{
	struct qpc_pass now = {
		.addr = cmd->o[1].addr, .dtype = cmd->dtype[1],
		.way = { cmd->dims[2], cmd->dims[4], cmd->o[1].stride[2],
			 cmd->o[1].stride[4] },
	};
	double a, b;
	bool same;

	if (cmd->op != NSP_MATMUL || qpc_opnd_present(cmd, 4) ||
	    cmd->dims[0] != 1 || cmd->dims[1] != 1)
		return false;
	a = resident(cmd, 1, v) ? 0 :
	    bytes_of(cmd->dtype[1], touched(cmd, 1));
	b = resident(cmd, 2, v) ? 0 :
	    bytes_of(cmd->dtype[2], touched(cmd, 2));
	same = last->addr == now.addr && last->dtype == now.dtype &&
	       !memcmp(last->way, now.way, sizeof(now.way));
	now.keep = least(least(a, b), v->block);
	if (same && last->keep + b <= v->block)
		now.keep = last->keep + b;
	else if (same && a <= v->block)
		now.keep = a;
	else
		same = false;
	*last = now;
	return same;
}

double qpc_cost_old(const struct nsp_cmd *cmd)
{
	double slots = qpc_cost_slots(cmd);

	return slots > cmd->dims[1] ? 1 - cmd->dims[1] / slots : 0;
}

bool qpc_cost_addressed(const struct nsp_cmd *cmd, unsigned int k)
{
	switch (cmd->op) {
	case NSP_KVGET:
	case NSP_GATHER:
	case NSP_GATHERE:
	case NSP_GATHERND:
		return k != 1;
	case NSP_MATMUL:
		return k != 2 || !qpc_opnd_present(cmd, 4);
	default:
		return true;
	}
}

/* ---- arithmetic ---- */

static double padded(double n)
{
	return n <= 0 ? 0 : HMX_TILE * whole((n + HMX_TILE - 1) / HMX_TILE);
}

static void matmul(const struct nsp_cmd *cmd, struct qpc_cost *out)
{
	const uint32_t *d = cmd->dims;
	double batch = (double)d[0] * d[1];

	out->macs = batch * d[2] * d[3] * d[4];
	/* blocks are unpacked to F16 on their way to HMX */
	if (cmd->dtype[1] == QAIC_F16 && (cmd->dtype[2] == QAIC_F16 ||
					  qaic_dtype_is_panels(cmd->dtype[2])))
		out->hmx = batch * padded(d[2]) * padded(d[3]) * padded(d[4]);
	else	/* HMX has no F32 */
		out->hvx = out->macs;
}

static void attn(const struct nsp_cmd *cmd, struct qpc_cost *out)
{
	const uint32_t *d = cmd->dims;
	double slots = qpc_cost_slots(cmd);
	double rows = (double)d[1] * d[2] / d[3];	/* queries of a kv head */
	double heads = (double)d[0] * d[3];

	out->macs = 2 * heads * rows * slots * d[4];
	if (cmd->dtype[1] == QAIC_F16 && (cmd->dtype[2] == QAIC_F16 ||
					  qaic_dtype_is_mx(cmd->dtype[2])))
		out->hmx = 2 * heads * padded(rows) * padded(slots) *
			   padded(d[4]);
	else
		out->hvx = out->macs;
	out->hvx += 10 * heads * rows * slots;	/* softmax */
}

/* F32 vector operations per element. */
static double unary_cost(unsigned int sub)
{
	switch (sub) {
	case NSP_U_COPY:
	case NSP_U_NEG:
	case NSP_U_ABS:
	case NSP_U_RELU:
	case NSP_U_LEAKY_RELU:
	case NSP_U_CLIP:
	case NSP_U_FLOOR:
	case NSP_U_CEIL:
	case NSP_U_ROUND:
	case NSP_U_SIGN:
	case NSP_U_NOT:
	case NSP_U_ISNAN:
	case NSP_U_ISINF:
	case NSP_U_SCALE:
		return 1;
	case NSP_U_HARDSIGMOID:
	case NSP_U_HARDSWISH:
	case NSP_U_SQRT:
	case NSP_U_RSQRT:
	case NSP_U_RECIP:
	case NSP_U_SOFTSIGN:
		return 4;
	default:	/* exp, log, sin, tanh, erf and what is made of them */
		return 10;
	}
}

static double binary_cost(unsigned int sub)
{
	switch (sub) {
	case NSP_B_DIV:
	case NSP_B_MOD:
	case NSP_B_FMOD:
		return 4;
	case NSP_B_POW:
	case NSP_B_SILU_MUL:
	case NSP_B_GELU_MUL:
	case NSP_B_GELU_TANH_MUL:
		return 11;
	default:
		return 1;
	}
}

static double per_element(const struct nsp_cmd *cmd)
{
	switch (cmd->op) {
	case NSP_UNARY:
		return unary_cost(cmd->sub);
	case NSP_BINARY:
		return binary_cost(cmd->sub);
	case NSP_SOFTMAX:
		return 14;
	case NSP_NORM:
		return 5;
	case NSP_ROPE:
		return 3;
	case NSP_REDUCE:
		return cmd->sub == NSP_R_LOGSUMEXP ? 11 : 1;
	case NSP_TOPK:
		return 2.0 * cmd->imm[2].u;
	default:
		return 2;
	}
}

void qpc_cost(const struct nsp_cmd *cmd, struct qpc_cost *out)
{
	const struct qpc_op_rule *rule = qpc_op_rule(cmd->op);
	unsigned int i;

	memset(out, 0, sizeof(*out));
	if (cmd->op == NSP_MATMUL) {
		matmul(cmd, out);
	} else if (cmd->op == NSP_ATTN) {
		attn(cmd, out);
	} else if (rule->engine == QPC_ENG_HVX) {
		out->hvx = per_element(cmd);
		for (i = 0; i < NSP_DIMS; i++)
			if (rule->work & 1u << i)
				out->hvx *= cmd->dims[i];
	}
}
