// SPDX-License-Identifier: MIT
/* Resources: accounting, groups that reserve some, and the end of a user. */
#include <stdlib.h>

#include "soc/card.h"

static bool short_of(uint64_t total, uint64_t used, uint64_t want)
{
	return want > total - used;
}

int qsm_take(const struct soc_res *total, struct soc_res *used,
	     const struct soc_res *want)
{
	if (short_of(total->nsp, used->nsp, want->nsp))
		return QAIC_NNC_ERR_NSP;
	if (short_of(total->vc, used->vc, want->vc))
		return QAIC_NNC_ERR_VC;
	if (short_of(total->sem, used->sem, want->sem))
		return QAIC_NNC_ERR_SEM;
	if (short_of(total->mcid, used->mcid, want->mcid))
		return QAIC_NNC_ERR_MCID;
	if (short_of(total->mem, used->mem, want->mem))
		return QAIC_NNC_ERR_NO_MEM;
	used->nsp += want->nsp;
	used->vc += want->vc;
	used->sem += want->sem;
	used->mcid += want->mcid;
	used->mem += want->mem;
	return QAIC_NNC_OK;
}

void qsm_give(struct soc_res *used, const struct soc_res *res)
{
	used->nsp -= res->nsp;
	used->vc -= res->vc;
	used->sem -= res->sem;
	used->mcid -= res->mcid;
	used->mem -= res->mem;
}

static bool id_in_use(const struct soc *soc, uint32_t id)
{
	const struct soc_consts *c;
	const struct soc_group *g;
	const struct soc_elf *e;
	unsigned int i;

	for (c = soc->consts; c; c = c->next)
		if (c->id == id)
			return true;
	for (e = soc->elfs; e; e = e->next)
		if (e->id == id)
			return true;
	for (g = soc->groups; g; g = g->next)
		if (g->id == id)
			return true;
	for (i = 0; i < SOC_NUM_DBC; i++)
		if (soc->acts[i] && soc->acts[i]->id == id)
			return true;
	return false;
}

/* Never 0 and never one in use; positive as an s32 (groups have signed ids). */
uint32_t qsm_new_id(struct soc *soc)
{
	do {
		soc->next_id = soc->next_id % 0x7fffffff + 1;
	} while (id_in_use(soc, soc->next_id));
	return soc->next_id;
}

struct soc_group *qsm_find_group(struct soc *soc, uint32_t id)
{
	struct soc_group *g;

	for (g = soc->groups; g; g = g->next)
		if (g->id == id)
			break;
	return g;
}

int qsm_create_group(struct qsm *q, const void *cmd, void *rsp)
{
	const struct qaic_nnc_create_group *req = cmd;
	struct qaic_nnc_create_group_rsp *r = rsp;
	struct soc *soc = q->soc;
	struct soc_res want = {
		.nsp = req->num_nsp, .mcid = req->num_mcid,
		.sem = req->num_sem, .vc = req->num_vc, .mem = req->mem,
	};
	struct soc_group *g;
	int ret;

	if (req->src_group != -1)
		return QAIC_NNC_ERR_UNSUPPORTED;	/* groups do not nest */
	if (soc->num_groups >= SOC_MAX_OBJS)
		return QAIC_NNC_ERR_IDS;
	g = calloc(1, sizeof(*g));
	if (!g)
		return QAIC_NNC_ERR_NO_MEM;
	ret = qsm_take(&soc->total, &soc->used, &want);
	if (ret) {
		free(g);
		return ret;
	}
	g->id = qsm_new_id(soc);
	g->owner = q->owner;
	g->total = want;
	g->next = soc->groups;
	soc->groups = g;
	soc->num_groups++;
	r->group_id = g->id;
	return QAIC_NNC_OK;
}

void qsm_free_group(struct soc *soc, struct soc_group *g)
{
	struct soc_group **p = &soc->groups;

	while (*p != g)
		p = &(*p)->next;
	*p = g->next;
	soc->num_groups--;
	qsm_give(&soc->used, &g->total);
	free(g);
}

int qsm_release_group(struct qsm *q, const void *cmd, void *rsp)
{
	const struct qaic_nnc_id_req *req = cmd;
	struct soc_group *g = qsm_find_group(q->soc, req->id);

	if (!g)
		return QAIC_NNC_ERR_NOT_FOUND;
	if (g->owner != q->owner || g->num_acts)
		return QAIC_NNC_ERR_NOT_PERMITTED;
	qsm_free_group(q->soc, g);
	return QAIC_NNC_OK;
}

/* In reverse order of dependence: nothing left has a user that is gone. */
void qsm_terminate(struct soc *soc, uint32_t owner, bool all)
{
	struct soc_consts *c, *cn;
	struct soc_group *g, *gn;
	struct soc_xfer *x, *xn;
	struct soc_elf *e, *en;
	unsigned int i;

	for (i = 0; i < SOC_NUM_DBC; i++)
		if (soc->acts[i] && (all || soc->acts[i]->owner == owner))
			qsm_free_act(soc, soc->acts[i]);
	if (all || (soc->prof.held && soc->prof.owner == owner))
		nsp_prof_end(&soc->prof);
	for (x = soc->xfers; x; x = xn) {
		xn = x->next;
		if (all || x->owner == owner)
			qsm_free_xfer(soc, x);
	}
	for (e = soc->elfs; e; e = en) {
		en = e->next;
		if (all || e->owner == owner)
			qsm_free_elf(soc, e);
	}
	for (c = soc->consts; c; c = cn) {
		cn = c->next;
		if (all || c->owner == owner)
			qsm_free_consts(soc, c);
	}
	for (g = soc->groups; g; g = gn) {
		gn = g->next;
		if (all || g->owner == owner)
			qsm_free_group(soc, g);
	}
}
