// SPDX-License-Identifier: MIT
/* ACTIVATE gives a loaded program NSPs, memory and a DMA Bridge channel. */
#include <stdlib.h>
#include <string.h>

#include "soc/card.h"
#include "uapi/qaic_accel.h"

#define QUICK_CMDS	256u
#define QUICK_MACS	(1u << 18)
#define QUICK_BYTES	(1u << 18)
#define QUICK_S		5e-6

static void free_mem(struct soc_act *act)
{
	const struct qpc_program *prog = &act->elf->prog;
	unsigned int i;

	soc_pages_free(act->mem.ddr, prog->ddr_size);
	soc_pages_free(act->mem.tcm, prog->tcm_size);
	for (i = 0; i < prog->num_nsps; i++)
		soc_pages_free(act->mem.local[i], prog->local_size);
	soc_pages_free(act->l2tcm, QAIC_HW_L2TCM_SIZE);
}

/* All of it zero: that is how retained state begins. */
static int alloc_mem(struct soc_act *act)
{
	const struct qpc_program *prog = &act->elf->prog;
	unsigned int i;
	bool ok;

	act->mem.consts = act->consts ? act->consts->base : NULL;
	act->mem.ddr = soc_pages(prog->ddr_size);
	act->mem.tcm = soc_pages(prog->tcm_size);
	act->l2tcm = soc_pages(QAIC_HW_L2TCM_SIZE);
	ok = act->mem.ddr && act->mem.tcm && act->l2tcm;
	for (i = 0; i < prog->num_nsps && ok; i++) {
		act->mem.local[i] = soc_pages(prog->local_size);
		ok = act->mem.local[i];
	}
	if (ok)
		return QAIC_NNC_OK;
	free_mem(act);
	return QAIC_NNC_ERR_NO_MEM;
}

static struct soc_res *budget(struct soc *soc, struct soc_act *act,
			      const struct soc_res **total)
{
	*total = act->group ? &act->group->total : &soc->total;
	return act->group ? &act->group->used : &soc->used;
}

/* The counts were taken, so there are enough free bits and channels. */
static void pick_nsps(struct soc *soc, struct soc_act *act)
{
	uint32_t n = act->elf->prog.num_nsps;
	unsigned int i;

	for (i = 0; i < soc->num_nsps && n; i++) {
		if (soc->nsp_busy & 1u << i)
			continue;
		act->nsp_mask |= 1u << i;
		n--;
	}
	soc->nsp_busy |= act->nsp_mask;
}

static int pick_dbc(struct soc *soc, int32_t wanted, unsigned int *dbc)
{
	unsigned int i;

	for (i = 0; i < SOC_NUM_DBC; i++) {
		if (soc->acts[i] || (wanted != -1 && wanted != (int32_t)i))
			continue;
		*dbc = i;
		return QAIC_NNC_OK;
	}
	return QAIC_NNC_ERR_VC;
}

/* What the request names, checked. */
static int find_parts(struct qsm *q, const struct qaic_nnc_activate *req,
		      struct soc_act *act)
{
	struct soc *soc = q->soc;
	uint64_t have;

	for (act->elf = soc->elfs; act->elf; act->elf = act->elf->next)
		if (act->elf->id == req->elf_id)
			break;
	for (act->consts = soc->consts; act->consts;
	     act->consts = act->consts->next)
		if (act->consts->id == req->constants_id)
			break;
	if (!act->elf || (req->constants_id && !act->consts))
		return QAIC_NNC_ERR_NOT_FOUND;
	if (req->group_id != -1) {
		act->group = qsm_find_group(soc, req->group_id);
		if (!act->group)
			return QAIC_NNC_ERR_NOT_FOUND;
	}
	if (act->elf->owner != q->owner ||
	    (act->consts && act->consts->owner != q->owner) ||
	    (act->group && act->group->owner != q->owner))
		return QAIC_NNC_ERR_NOT_PERMITTED;
	have = act->consts ? act->consts->size : 0;
	if (act->elf->prog.const_size > have)
		return QAIC_NNC_ERR_PARAM;
	return act->consts ? qsm_seal_consts(act->consts) : QAIC_NNC_OK;
}

/*
 * Which specializations take less time than waking a thread, or not much more:
 * what the model of the real card says, and few commands.
 */
static uint64_t quick_specs(const struct qpc_program *prog)
{
	struct qpc_timing t;
	uint64_t mask = 0;
	uint32_t i, k, n;

	for (i = 0; i < prog->num_specs && i < 64; i++) {
		for (n = 0, k = 0; k < prog->num_nsps && n <= QUICK_CMDS; k++)
			n += prog->specs[i].streams[k].num_cmds;
		if (n > QUICK_CMDS)
			continue;
		qpc_timing(prog, i, QPC_SKU_PRO, &t);
		if (t.macs <= QUICK_MACS && t.hvx_s <= QUICK_S &&
		    t.ddr_read + t.ddr_write <= QUICK_BYTES)
			mask |= 1ull << i;
	}
	return mask;
}

static int set_up(struct qsm *q, const struct qaic_nnc_activate *req,
		  struct soc_act *act)
{
	struct soc *soc = q->soc;
	const struct qpc_program *prog;
	const struct soc_res *total;
	struct soc_res *used;
	int ret;

	if (!q->act || req->vc_setup != 1 || req->reservation_type ||
	    req->initial_state > QAIC_NNC_STATE_READY)
		return QAIC_NNC_ERR_PARAM;
	ret = find_parts(q, req, act);
	if (ret)
		return ret;
	prog = &act->elf->prog;
	act->used.nsp = prog->num_nsps;
	act->used.vc = 1;
	act->used.sem = SOC_ACT_SEMS;
	act->used.mcid = SOC_ACT_MCIDS;
	act->used.mem = prog->ddr_size;
	act->quick = soc->help ? quick_specs(prog) : 0;
	used = budget(soc, act, &total);
	ret = qsm_take(total, used, &act->used);
	if (ret)
		return ret;
	ret = pick_dbc(soc, req->vc_id, &act->dbc);
	if (ret)
		goto give;
	ret = alloc_mem(act);
	if (ret)
		goto give;
	ret = soc_bridge_start(&soc->dbc[act->dbc], act, q->act,
			       req->initial_state == QAIC_NNC_STATE_STANDBY);
	if (ret)
		goto free;
	pick_nsps(soc, act);
	act->id = qsm_new_id(soc);
	act->owner = q->owner;
	act->elf->users++;
	if (act->consts)
		act->consts->users++;
	if (act->group)
		act->group->num_acts++;
	soc->acts[act->dbc] = act;
	return QAIC_NNC_OK;

free:
	free_mem(act);
give:
	qsm_give(used, &act->used);
	return ret;
}

static void fill(const struct soc_act *act, struct qaic_nnc_activate_rsp *r)
{
	r->activation_id = act->id;
	r->vc_id = act->dbc;
	r->ddr_base = SOC_DDR_BASE(act->dbc);
	r->dynamic_ddr_base = r->ddr_base;
	r->mcid_base = SOC_MCID_BASE(act->dbc);
	r->mcid_base_dma = r->mcid_base;
	r->pc_mask = 1;
	r->nsp_mask = act->nsp_mask;
}

int qsm_activate(struct qsm *q, const void *cmd, void *rsp)
{
	struct qaic_nnc_activate_from_dev *a;
	struct soc_act *act;
	int ret;

	act = calloc(1, sizeof(*act));
	ret = act ? set_up(q, cmd, act) : QAIC_NNC_ERR_NO_MEM;
	if (!ret)
		fill(act, rsp);
	if (q->act) {
		a = qsm_add(q, QAIC_TRANS_ACTIVATE_FROM_DEV, sizeof(*a));
		if (a) {
			a->status = ret;
			a->dbc_id = ret ? 0 : act->dbc;
		}
	}
	if (ret)
		free(act);
	return ret;
}

void qsm_free_act(struct soc *soc, struct soc_act *act)
{
	const struct soc_res *total;

	soc_bridge_stop(&soc->dbc[act->dbc]);
	soc->acts[act->dbc] = NULL;
	soc->nsp_busy &= ~act->nsp_mask;
	qsm_give(budget(soc, act, &total), &act->used);
	free_mem(act);
	act->elf->users--;
	if (act->consts)
		act->consts->users--;
	if (act->group)
		act->group->num_acts--;
	free(act);
}

static int find_act(struct qsm *q, uint32_t id, struct soc_act **out)
{
	unsigned int i;

	for (i = 0; i < SOC_NUM_DBC; i++) {
		if (!q->soc->acts[i] || q->soc->acts[i]->id != id)
			continue;
		if (q->soc->acts[i]->owner != q->owner)
			return QAIC_NNC_ERR_NOT_PERMITTED;
		*out = q->soc->acts[i];
		return QAIC_NNC_OK;
	}
	return QAIC_NNC_ERR_NO_ACTIVATION;
}

static void deactivate(struct qsm *q, struct soc_act *act)
{
	struct qaic_nnc_deactivate_from_dev *d;
	unsigned int dbc = act->dbc;

	qsm_free_act(q->soc, act);
	d = qsm_add(q, QAIC_TRANS_DEACTIVATE_FROM_DEV, sizeof(*d));
	if (d)
		d->dbc_id = dbc;
}

int qsm_deactivate(struct qsm *q, const void *cmd, void *rsp)
{
	const struct qaic_nnc_deactivate *req = cmd;
	struct soc_act *act;
	int ret;

	ret = find_act(q, req->activation_id, &act);
	if (!ret)
		deactivate(q, act);
	return ret;
}

int qsm_activate_state(struct qsm *q, const void *cmd, void *rsp)
{
	const struct qaic_nnc_activate_state *req = cmd;
	struct soc_act *act;
	uint32_t i, state;
	int ret;

	if (!req->num || req->num > 8)
		return QAIC_NNC_ERR_PARAM;
	for (i = 0; i < req->num; i++) {
		if (req->s[i].state > QAIC_NNC_STATE_OFF)
			return QAIC_NNC_ERR_PARAM;
		ret = find_act(q, req->s[i].activation_id, &act);
		if (ret)
			return ret;
	}
	for (i = 0; i < req->num; i++) {
		/* an earlier entry may have ended it */
		if (find_act(q, req->s[i].activation_id, &act))
			continue;
		state = req->s[i].state;
		if (state == QAIC_NNC_STATE_OFF)
			deactivate(q, act);
		else
			soc_bridge_standby(&q->soc->dbc[act->dbc],
					   state == QAIC_NNC_STATE_STANDBY);
	}
	return QAIC_NNC_OK;
}
