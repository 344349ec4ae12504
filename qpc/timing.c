// SPDX-License-Identifier: MIT
/*
 * How long a call would take on the real card, from its command streams. What is
 * known of the hardware is in the table; what is assumed is in the constants
 * below it. Documentation/timing.md explains both.
 */
#include <string.h>

#include "qpc/optable.h"
#include "qpc/program.h"
#include "qpc/timing_share.h"

/* One SoC of each card: the public data sheet, per card over SoCs per card. */
static const struct sku {
	const char *name;
	unsigned int nsps;
	double fp16_flops;	/* of the SoC */
	double int8_ops;	/* of the SoC; gives the clock */
	double ddr;		/* bytes per second, shared by the NSPs */
} skus[QPC_SKU_COUNT] = {
	[QPC_SKU_STD] = { "Standard", 14, 110e12, 325e12, 137e9 },
	[QPC_SKU_PRO] = { "Pro", 16, 125e12, 375e12, 137e9 },
	[QPC_SKU_ULTRA] = { "Ultra", 16, 290e12 / 4, 870e12 / 4, 548e9 / 4 },
};

#define NOC_RATE	186e9	/* bytes per second, all multicasts together */
#define PCIE_RATE	13.4e9	/* Gen4 x8, 15.75e9 raw less 15 % protocol */

/* Assumptions */
#define INT8_MACS	8192	/* of an NSP per cycle: peak / this = clock */
#define HMX_TILE	32	/* rows, columns and depth are padded to it */
#define HVX_LANES	128	/* 4 units of 32 F32 lanes */
#define NSP_PORT	64e9	/* bytes per second that one NSP can move */
#define VTCM_BLOCK	(6u << 20)	/* of the VTCM, for one matmul operand */
#define COMMAND_COST	100e-9	/* to start a command */
#define BARRIER_COST	1e-6
#define CALL_COST	10e-6	/* doorbell, semaphores, interrupt */

/* What one NSP does in one phase. */
struct load {
	double hmx, hvx;	/* seconds */
	double dma;		/* bytes through its port */
};

struct model {
	const struct sku *sku;
	double hmx_rate;	/* MACs per second of an NSP */
	double hvx_rate;	/* F32 operations per second of an NSP */
	unsigned int num_nsps;
	struct load now[NSP_MAX_NSPS], sum[NSP_MAX_NSPS];
	double ddr_read, ddr_write, noc;	/* bytes of this phase */
	double macs, consts, all_read, all_write, all_noc;
	double memory, seconds;
	struct qpc_shared *shared;
};

/* ---- bytes ---- */

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

/* Cache slots that a query can see: all of them, or a window. */
static double seen_slots(const struct nsp_cmd *cmd)
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
			(double)d[0] * d[3] * d[4] * seen_slots(cmd) :
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

/* One operand of a matmul is read again for every block of the other. */
static double rereads(const struct nsp_cmd *cmd, unsigned int k)
{
	double other, mine;

	if (cmd->op != NSP_MATMUL || (k != 1 && k != 2) ||
	    qpc_opnd_present(cmd, 4))
		return 1;
	mine = bytes_of(cmd->dtype[k], touched(cmd, k));
	other = bytes_of(cmd->dtype[3 - k], touched(cmd, 3 - k));
	if (mine < other || (mine == other && k == 1))
		return 1;	/* the smaller one stays, block by block */
	return (uint64_t)(other / VTCM_BLOCK) + 1;
}

/* Do addresses alone say what an operand is, and no data? */
static bool addressed(const struct nsp_cmd *cmd, unsigned int k)
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

/* From CONST or DDR: what several NSPs want is fetched once, then multicast. */
static void add_read(struct model *m, const struct nsp_cmd *cmd, unsigned int k,
		     unsigned int nsp, double bytes)
{
	enum qpc_share how = QPC_SHARE_FETCH;

	if (m->num_nsps > 1 && addressed(cmd, k))
		how = qpc_shared_read(m->shared, nsp, cmd, k);
	if (how == QPC_SHARE_FIRST)
		m->noc += bytes;
	if (how != QPC_SHARE_FETCH)
		return;
	m->ddr_read += bytes;
	if (NSP_ADDR_SPACE(cmd->o[k].addr) == NSP_SPACE_CONST)
		m->consts += bytes;
}

static void add_traffic(struct model *m, struct load *l, unsigned int nsp,
			const struct nsp_cmd *cmd)
{
	const struct qpc_op_rule *rule = qpc_op_rule(cmd->op);
	unsigned int k;
	double bytes;

	for (k = 0; k < NSP_OPNDS; k++) {
		bool write = rule->o[k].role >= QPC_WRITE;

		if (!qpc_opnd_present(cmd, k))
			continue;
		bytes = bytes_of(cmd->dtype[k], elements(cmd, k)) *
			rereads(cmd, k);
		switch (NSP_ADDR_SPACE(cmd->o[k].addr)) {
		case NSP_SPACE_CONST:
		case NSP_SPACE_DDR:
			if (write)
				m->ddr_write += bytes;
			else
				add_read(m, cmd, k, nsp, bytes);
			l->dma += bytes;
			break;
		case NSP_SPACE_TCM:	/* reads are local, writes go to all */
			if (write && m->num_nsps > 1) {
				m->noc += bytes;
				l->dma += bytes;
			}
			break;
		}
	}
}

/* ---- arithmetic ---- */

static double padded(double n)
{
	return n <= 0 ? 0 : HMX_TILE * (double)(uint64_t)((n + HMX_TILE - 1) /
							  HMX_TILE);
}

static void add_matmul(struct model *m, struct load *l,
		       const struct nsp_cmd *cmd)
{
	const uint32_t *d = cmd->dims;
	double batch = (double)d[0] * d[1];
	double macs = batch * d[2] * d[3] * d[4];

	m->macs += macs;
	/* blocks are unpacked to F16 on their way to HMX */
	if (cmd->dtype[1] == QAIC_F16 && (cmd->dtype[2] == QAIC_F16 ||
					  qaic_dtype_is_panels(cmd->dtype[2])))
		l->hmx += batch * padded(d[2]) * padded(d[3]) * padded(d[4]) /
			  m->hmx_rate;
	else	/* HMX has no F32 */
		l->hvx += macs / m->hvx_rate;
}

static void add_attn(struct model *m, struct load *l, const struct nsp_cmd *cmd)
{
	const uint32_t *d = cmd->dims;
	double slots = seen_slots(cmd);
	double rows = (double)d[1] * d[2] / d[3];	/* queries of a kv head */
	double heads = (double)d[0] * d[3];
	double macs = 2 * heads * rows * slots * d[4];

	m->macs += macs;
	if (cmd->dtype[1] == QAIC_F16 && (cmd->dtype[2] == QAIC_F16 ||
					  qaic_dtype_is_mx(cmd->dtype[2])))
		l->hmx += 2 * heads * padded(rows) * padded(slots) *
			  padded(d[4]) / m->hmx_rate;
	else
		l->hvx += macs / m->hvx_rate;
	l->hvx += 10 * heads * rows * slots / m->hvx_rate;	/* softmax */
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

static double hvx_cost(const struct nsp_cmd *cmd)
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

static void add_command(struct model *m, struct load *l, unsigned int nsp,
			const struct nsp_cmd *cmd)
{
	const struct qpc_op_rule *rule = qpc_op_rule(cmd->op);
	double work = 1;
	unsigned int i;

	if (rule->engine == QPC_ENG_NONE)
		return;
	l->hvx += COMMAND_COST;
	add_traffic(m, l, nsp, cmd);
	if (cmd->op == NSP_MATMUL) {
		add_matmul(m, l, cmd);
	} else if (cmd->op == NSP_ATTN) {
		add_attn(m, l, cmd);
	} else if (rule->engine == QPC_ENG_HVX) {
		for (i = 0; i < NSP_DIMS; i++)
			if (rule->work & 1u << i)
				work *= cmd->dims[i];
		l->hvx += work * hvx_cost(cmd) / m->hvx_rate;
	}
}

/* ---- phases ---- */

static double max(double a, double b)
{
	return a > b ? a : b;
}

/* HMX, HVX and DMA of a phase overlap; the slowest of all decides. */
static void end_phase(struct model *m)
{
	double memory = max((m->ddr_read + m->ddr_write) / m->sku->ddr,
			    m->noc / NOC_RATE);
	double time = 0;
	unsigned int n;

	for (n = 0; n < NSP_MAX_NSPS; n++) {
		struct load *l = &m->now[n];

		memory = max(memory, l->dma / NSP_PORT);
		time = max(time, max(l->hmx, l->hvx));
		m->sum[n].hmx += l->hmx;
		m->sum[n].hvx += l->hvx;
		memset(l, 0, sizeof(*l));
	}
	m->memory += memory;
	m->seconds += max(time, memory) + BARRIER_COST;
	m->all_read += m->ddr_read;
	m->all_write += m->ddr_write;
	m->all_noc += m->noc;
	m->ddr_read = m->ddr_write = m->noc = 0;
	qpc_shared_next_phase(m->shared);
}

/* Phase by phase through all streams at once. */
static uint32_t run_phases(struct model *m, const struct qpc_spec *spec)
{
	uint32_t at[NSP_MAX_NSPS] = { 0 }, phases = 0;
	bool more = true;
	unsigned int n;

	while (more) {
		more = false;
		for (n = 0; n < m->num_nsps; n++) {
			const struct qpc_stream *s = &spec->streams[n];
			/* a smaller card runs the rest on the same NSPs */
			struct load *l = &m->now[n % m->sku->nsps];

			while (at[n] < s->num_cmds &&
			       s->cmds[at[n]].op != NSP_BARRIER)
				add_command(m, l, n, &s->cmds[at[n]++]);
			more |= at[n]++ < s->num_cmds;
		}
		end_phase(m);
		phases++;
	}
	return phases;
}

/* A sum of a hostile program may be anything; a number stays a number. */
static uint64_t whole(double v)
{
	return v >= 1.8e19 ? UINT64_MAX : v;
}

void qpc_timing(const struct qpc_program *prog, uint32_t spec,
		enum qpc_sku sku, struct qpc_timing *out)
{
	struct model m = { .num_nsps = prog->num_nsps };
	double clock;
	uint32_t i;

	memset(out, 0, sizeof(*out));
	if (spec >= prog->num_specs || (unsigned int)sku >= QPC_SKU_COUNT)
		return;
	m.sku = &skus[sku];
	clock = m.sku->int8_ops / 2 / m.sku->nsps / INT8_MACS;
	m.hmx_rate = m.sku->fp16_flops / 2 / m.sku->nsps;
	m.hvx_rate = HVX_LANES * clock;
	m.shared = qpc_shared_new();
	out->phases = run_phases(&m, &prog->specs[spec]);
	qpc_shared_free(m.shared);
	for (i = 0; i < prog->specs[spec].num_bindings; i++)
		out->pcie += prog->specs[spec].bindings[i].size;
	for (i = 0; i < NSP_MAX_NSPS; i++) {
		out->hmx_s = max(out->hmx_s, m.sum[i].hmx);
		out->hvx_s = max(out->hvx_s, m.sum[i].hvx);
	}
	out->dma_s = m.memory;
	out->macs = whole(m.macs);
	out->ddr_read = whole(m.all_read);
	out->consts = whole(m.consts);
	out->ddr_write = whole(m.all_write);
	out->noc = whole(m.all_noc);
	out->vtcm = prog->tcm_size + prog->local_size;
	out->seconds = m.seconds + out->pcie / PCIE_RATE + CALL_COST;
}

void qpc_cmd_work(const struct nsp_cmd *cmd, double *bytes, double *ops)
{
	/* rates of 1: loads are operations; 2 NSPs: multicasts count */
	struct model m = { .hmx_rate = 1, .hvx_rate = 1, .num_nsps = 2 };
	struct load l = { 0 };

	*bytes = *ops = 0;
	if (!qpc_op_rule(cmd->op))
		return;
	add_command(&m, &l, 0, cmd);
	*bytes = m.ddr_read + m.ddr_write + m.noc;
	*ops = m.macs > 0 ? 2 * m.macs : (double)whole(l.hvx);
}

const char *qpc_sku_name(enum qpc_sku sku)
{
	return (unsigned int)sku < QPC_SKU_COUNT ? skus[sku].name : NULL;
}
