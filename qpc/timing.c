// SPDX-License-Identifier: MIT
/*
 * How long a call would take on the real card, from its command streams. What is
 * known of the hardware is in the table; what is assumed is in the constants
 * below it. Documentation/timing.md explains both.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "qpc/optable.h"
#include "qpc/program.h"
#include "qpc/timing_cost.h"
#include "qpc/timing_live.h"
#include "qpc/timing_phase.h"
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
#define HVX_LANES	128	/* 4 units of 32 F32 lanes */
#define NSP_PORT	64e9	/* bytes per second that one NSP can move */
#define COMMAND_COST	100e-9	/* to start a command */
#define CALL_COST	10e-6	/* doorbell, semaphores, interrupt */
#define PRODUCT_SHARE	(2.0 / 3)	/* of the free VTCM, at most, for a product */
#define MIN_BLOCK	(512u << 10)	/* if a program leaves nothing free */

/* What one NSP does in one phase. */
struct load {
	double hmx, hvx;	/* seconds */
	double dma;		/* bytes through its port */
	double ahead;		/* bytes that may be fetched before the phase */
	struct qpc_pass pass;	/* the product that it did last */
};

struct model {
	const struct qpc_program *prog;
	const struct sku *sku;
	double hmx_rate;	/* MACs per second of an NSP */
	double hvx_rate;	/* F32 operations per second of an NSP */
	unsigned int num_nsps;
	struct qpc_vtcm vtcm;
	struct load now[NSP_MAX_NSPS], sum[NSP_MAX_NSPS];
	double ddr_read, ddr_write, noc, ahead;	/* bytes of this phase */
	double keep;		/* of VTCM, by the product that keeps most */
	double macs, consts, all_read, all_write, all_noc;
	double memory;
	struct qpc_phase *phases;
	uint32_t num_phases;
	struct qpc_timing_op *op;	/* of the command that is counted */
	struct qpc_shared *shared;
};

/* ---- bytes ---- */

static double max(double a, double b)
{
	return a > b ? a : b;
}

static double least(double a, double b)
{
	return a < b ? a : b;
}

/*
 * The part of an operand in CONST or DDR that is there before the call: constants, and
 * of a cache what earlier calls wrote.
 */
static double before(const struct model *m, const struct nsp_cmd *cmd,
		     unsigned int k)
{
	uint64_t off = NSP_ADDR_OFF(cmd->o[k].addr);
	uint32_t i;

	if (NSP_ADDR_SPACE(cmd->o[k].addr) == NSP_SPACE_CONST)
		return cmd->op == NSP_ROPE ? 0 : 1;	/* rows by position */
	if (cmd->op != NSP_ATTN || (k != 2 && k != 3) || !m->prog)
		return 0;
	for (i = 0; i < m->prog->num_states; i++) {
		const struct qpc_state *s = &m->prog->states[i];

		if (off >= s->ddr_off && off - s->ddr_off < s->size)
			return qpc_cost_old(cmd);
	}
	return 0;
}

/* From CONST or DDR: what several NSPs want is fetched once, then multicast. */
static void add_read(struct model *m, struct load *l, const struct nsp_cmd *cmd,
		     unsigned int k, unsigned int nsp, double bytes)
{
	enum qpc_share how = QPC_SHARE_FETCH;
	double part = 0;

	if (m->num_nsps > 1 && qpc_cost_addressed(cmd, k))
		how = qpc_shared_read(m->shared, nsp, cmd, k);
	if (qpc_cost_addressed(cmd, k))
		part = before(m, cmd, k);
	l->dma += bytes;
	l->ahead += bytes * part;
	if (how == QPC_SHARE_FIRST) {
		m->noc += bytes;
		m->op->noc += bytes;
	}
	if (how != QPC_SHARE_FETCH)
		return;
	m->ddr_read += bytes;
	m->ahead += bytes * part;
	m->op->ddr += bytes;
	if (NSP_ADDR_SPACE(cmd->o[k].addr) == NSP_SPACE_CONST)
		m->consts += bytes;
}

static void add_noc(struct model *m, struct load *l, double bytes)
{
	m->noc += bytes;
	m->op->noc += bytes;
	l->dma += bytes;
}

/* TCM that is spread: a write stays where it is, others fetch it, all at once. */
static void add_spread(struct model *m, struct load *l, const struct nsp_cmd *cmd,
		       unsigned int k, unsigned int nsp, bool write, double bytes)
{
	if (write) {
		qpc_shared_write(m->shared, nsp, cmd, k);
	} else if (!qpc_shared_own(m->shared, nsp, cmd, k)) {
		if (qpc_cost_addressed(cmd, k) &&
		    qpc_shared_read(m->shared, nsp, cmd, k) != QPC_SHARE_FETCH)
			l->dma += bytes;
		else
			add_noc(m, l, bytes);
	}
}

static void add_traffic(struct model *m, struct load *l, unsigned int nsp,
			const struct nsp_cmd *cmd)
{
	const struct qpc_op_rule *rule = qpc_op_rule(cmd->op);
	bool same = qpc_cost_same(cmd, &m->vtcm, &l->pass);
	unsigned int k;
	double bytes;

	m->keep = max(m->keep, l->pass.keep);
	for (k = NSP_OPNDS; k--;) {	/* the result last */
		bool write = rule->o[k].role >= QPC_WRITE;

		if (!qpc_opnd_present(cmd, k))
			continue;
		if (k == 1 && same)
			continue;
		bytes = qpc_cost_bytes(cmd, k, &m->vtcm);
		switch (NSP_ADDR_SPACE(cmd->o[k].addr)) {
		case NSP_SPACE_CONST:
		case NSP_SPACE_DDR:
			if (!write) {
				add_read(m, l, cmd, k, nsp, bytes);
				break;
			}
			m->ddr_write += bytes;
			m->op->ddr += bytes;
			l->dma += bytes;
			break;
		case NSP_SPACE_TCM:	/* reads are local, writes go to all */
			if (m->num_nsps == 1)
				break;
			if (NSP_ADDR_OFF(cmd->o[k].addr) >= m->vtcm.copied)
				add_spread(m, l, cmd, k, nsp, write, bytes);
			else if (write)
				add_noc(m, l, bytes);
			break;
		}
	}
}

static void add_command(struct model *m, struct load *l, unsigned int nsp,
			const struct nsp_cmd *cmd)
{
	const struct qpc_op_rule *rule = qpc_op_rule(cmd->op);
	struct qpc_cost cost;

	if (rule->engine == QPC_ENG_NONE)
		return;
	qpc_cost(cmd, &cost);
	m->macs += cost.macs;
	l->hmx += cost.hmx / m->hmx_rate;
	l->hvx += COMMAND_COST + cost.hvx / m->hvx_rate;
	m->op->commands++;
	m->op->hmx_s += cost.hmx / m->hmx_rate / m->num_nsps;
	m->op->hvx_s += (COMMAND_COST + cost.hvx / m->hvx_rate) / m->num_nsps;
	add_traffic(m, l, nsp, cmd);
}

/* ---- phases ---- */

/* HMX, HVX and DMA of a phase overlap; the slowest of all decides. */
static void end_phase(struct model *m)
{
	double ddr = m->ddr_read + m->ddr_write, port = 0;
	struct qpc_phase *p = &m->phases[m->num_phases++];
	unsigned int n;

	qpc_phase_work(p, m->noc / NOC_RATE, QPC_BOUND_NOC);
	for (n = 0; n < NSP_MAX_NSPS; n++) {
		struct load *l = &m->now[n];

		port = max(port, l->dma / NSP_PORT);
		qpc_phase_work(p, l->hmx, QPC_BOUND_HMX);
		qpc_phase_work(p, l->hvx, QPC_BOUND_HVX);
		p->share = max(p->share, l->ahead);
		m->sum[n].hmx += l->hmx;
		m->sum[n].hvx += l->hvx;
		memset(l, 0, sizeof(*l));
	}
	qpc_phase_work(p, port, QPC_BOUND_PORT);
	p->ahead = m->ahead;
	p->now = ddr - m->ahead;
	p->room = p->free - m->keep;
	m->memory += max(max(ddr / m->sku->ddr, m->noc / NOC_RATE), port);
	m->all_read += m->ddr_read;
	m->all_write += m->ddr_write;
	m->all_noc += m->noc;
	m->ddr_read = m->ddr_write = m->noc = m->ahead = m->keep = 0;
	qpc_shared_next_phase(m->shared);
}

/* Phase by phase through all streams at once. */
static void run_phases(struct model *m, const struct qpc_spec *spec,
		       struct qpc_timing *out)
{
	uint32_t at[NSP_MAX_NSPS] = { 0 };
	bool more = true;
	unsigned int n;

	while (more) {
		struct qpc_phase *p = &m->phases[m->num_phases];

		more = false;
		m->vtcm.block = max(PRODUCT_SHARE * p->free, MIN_BLOCK);
		for (n = 0; n < m->num_nsps; n++) {
			const struct qpc_stream *s = &spec->streams[n];
			/* a smaller card runs the rest on the same NSPs */
			struct load *l = &m->now[n % m->sku->nsps];

			while (at[n] < s->num_cmds &&
			       s->cmds[at[n]].op != NSP_BARRIER) {
				m->op = &out->op[s->cmds[at[n]].op];
				add_command(m, l, n, &s->cmds[at[n]++]);
			}
			more |= at[n]++ < s->num_cmds;
		}
		end_phase(m);
	}
	out->phases = m->num_phases;
}

/* A sum of a hostile program may be anything; a number stays a number. */
static uint64_t whole(double v)
{
	return v >= 1.8e19 ? UINT64_MAX : v;
}

static void init_model(struct model *m, const struct qpc_program *prog,
		       enum qpc_sku sku)
{
	double clock;

	m->prog = prog;
	m->num_nsps = prog->num_nsps;
	m->sku = &skus[sku];
	clock = m->sku->int8_ops / 2 / m->sku->nsps / INT8_MACS;
	m->hmx_rate = m->sku->fp16_flops / 2 / m->sku->nsps;
	m->hvx_rate = HVX_LANES * clock;
	m->vtcm.copied = prog->tcm_size - prog->spread_size;
}

static uint32_t most_phases(const struct qpc_program *prog, uint32_t spec)
{
	uint32_t n, i, k, most = 0;

	for (n = 0; n < prog->num_nsps; n++) {
		const struct qpc_stream *s = &prog->specs[spec].streams[n];

		for (i = k = 0; i < s->num_cmds; i++)
			k += s->cmds[i].op == NSP_BARRIER;
		most = k > most ? k : most;
	}
	return most + 2;
}

static void sum_up(const struct model *m, struct qpc_timing *out)
{
	uint32_t i;

	for (i = 0; i < NSP_MAX_NSPS; i++) {
		out->hmx_s = max(out->hmx_s, m->sum[i].hmx);
		out->hvx_s = max(out->hvx_s, m->sum[i].hvx);
	}
	out->dma_s = m->memory;
	out->macs = whole(m->macs);
	out->ddr_read = whole(m->all_read);
	out->consts = whole(m->consts);
	out->ddr_write = whole(m->all_write);
	out->noc = whole(m->all_noc);
	out->vtcm = qpc_vtcm_size(m->prog);
	out->pcie_s = out->pcie / PCIE_RATE;
	out->call_s = CALL_COST;
	out->seconds = out->barrier_s + out->pcie_s + out->call_s;
	for (i = 0; i < QPC_BOUND_COUNT; i++)
		out->seconds += out->bound_s[i];
}

/* The phases and what is free in them; -ENOMEM. */
static int make_phases(struct model *m, uint32_t spec)
{
	uint32_t n = most_phases(m->prog, spec), i;
	double *left = calloc(n, sizeof(*left));
	int rc = -ENOMEM;

	m->phases = calloc(n, sizeof(*m->phases));
	if (left && m->phases)
		rc = qpc_free_vtcm(m->prog, spec, n, left);
	for (i = 0; i < n && !rc; i++)
		m->phases[i].free = left[i];
	free(left);
	return rc;
}

void qpc_timing(const struct qpc_program *prog, uint32_t spec,
		enum qpc_sku sku, struct qpc_timing *out)
{
	struct model m = { 0 };
	uint32_t i;

	memset(out, 0, sizeof(*out));
	if (spec >= prog->num_specs || (unsigned int)sku >= QPC_SKU_COUNT)
		return;
	init_model(&m, prog, sku);
	if (!make_phases(&m, spec)) {
		m.shared = qpc_shared_new();
		run_phases(&m, &prog->specs[spec], out);
		qpc_shared_free(m.shared);
		qpc_phases_time(m.phases, m.num_phases, m.sku->ddr, out);
		for (i = 0; i < prog->specs[spec].num_bindings; i++)
			out->pcie += prog->specs[spec].bindings[i].size;
		sum_up(&m, out);
	}
	free(m.phases);
}

/* Of an ATTN, what the slots that nobody sees would have been. */
static void unseen(const struct nsp_cmd *cmd, const struct qpc_seen *seen,
		   const struct qpc_vtcm *v, double *bytes, double *ops)
{
	double slots = cmd->dims[0] * qpc_cost_slots(cmd);
	double pairs = slots * cmd->dims[1];
	unsigned int k;

	*ops *= least(seen->pairs / pairs, 1);
	for (k = 2; k < NSP_OPNDS; k++) {
		double part = k < 4 ? seen->slots / slots : seen->pairs / pairs;
		unsigned int space = NSP_ADDR_SPACE(cmd->o[k].addr);

		/* positions, and slopes of ALiBi, are read as they are */
		if (k == 4 || (k == 5 && !cmd->o[k].stride[5]))
			continue;
		if (space == NSP_SPACE_DDR || space == NSP_SPACE_CONST)
			*bytes -= qpc_cost_bytes(cmd, k, v) *
				  (1 - least(part, 1));
	}
}

void qpc_cmd_work(const struct nsp_cmd *cmd, const struct qpc_seen *seen,
		  double *bytes, double *ops)
{
	/* 2 NSPs: multicasts count; nothing is spread, nothing read again */
	struct qpc_timing_op op = { 0 };
	struct model m = { .hmx_rate = 1, .hvx_rate = 1, .num_nsps = 2,
			   .op = &op, .vtcm.copied = UINT64_MAX,
			   .vtcm.block = 1e30 };
	struct load l = { 0 };
	struct qpc_cost cost;

	*bytes = *ops = 0;
	if (!qpc_op_rule(cmd->op))
		return;
	add_command(&m, &l, 0, cmd);
	qpc_cost(cmd, &cost);
	*bytes = m.ddr_read + m.ddr_write + m.noc;
	*ops = cost.macs > 0 ? 2 * cost.macs : cost.hvx;
	if (seen && cmd->op == NSP_ATTN)
		unseen(cmd, seen, &m.vtcm, bytes, ops);
}

const char *qpc_sku_name(enum qpc_sku sku)
{
	return (unsigned int)sku < QPC_SKU_COUNT ? skus[sku].name : NULL;
}
