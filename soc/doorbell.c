// SPDX-License-Identifier: MIT
/*
 * Doorbells: words at the start of L2TCM that NSPs watch. One copy of L2TCM
 * stands for that of all NSPs, since the host's window multicasts to all.
 *
 * Word 0 of one of our programs holds K + 1 to start specialization K; the NSPs
 * clear it when they take it. If they are busy it waits in the word.
 */
#include <string.h>

#include "soc/card.h"

bool soc_nsps_busy(const struct soc_dbc *dbc)
{
	return dbc->job_on[0] || dbc->job_on[1];
}

/* From its start to now; 0 while it is queued. */
static uint64_t job_ticks(const struct nsp_job *job)
{
	uint64_t began = __atomic_load_n(&job->began, __ATOMIC_RELAXED);
	uint64_t now = nsp_ticks();

	return began && now > began ? now - began : 0;
}

static void add_ticks(const struct soc_dbc *dbc, const struct nsp_job *job,
		   uint64_t *nsp_busy_ticks)
{
	uint64_t n = job_ticks(job);
	unsigned int i;

	for (i = 0; i < NSP_MAX_NSPS; i++)
		if (dbc->act->nsp_mask & 1u << i)
			__atomic_fetch_add(&nsp_busy_ticks[i], n,
					   __ATOMIC_RELAXED);
}

void soc_add_running(struct soc_dbc *dbc, uint64_t *nsp_busy_ticks)
{
	unsigned int i;

	pthread_mutex_lock(&dbc->lock);
	for (i = 0; i < 2 && dbc->on; i++)
		if (dbc->job_on[i])
			add_ticks(dbc, &dbc->jobs[i], nsp_busy_ticks);
	pthread_mutex_unlock(&dbc->lock);
}

static void job_done(struct nsp_job *job, bool cancelled)
{
	struct soc_dbc *dbc = job->ctx;
	unsigned int n;

	pthread_mutex_lock(&dbc->lock);
	dbc->job_on[job - dbc->jobs] = false;
	if (dbc->on)
		add_ticks(dbc, job, dbc->soc->nsp_busy_ticks);
	if (!cancelled && dbc->on) {
		/* what the end of every stream says (qpc/isa.h) */
		n = dbc->act->elf->prog.num_nsps;
		soc_sem_add(&dbc->sems, QPC_SEM_OUTPUT, -(int)n);
		soc_sem_add(&dbc->sems, QPC_SEM_READY, n);
		/* a doorbell that came too early; a bad value waits for nobody */
		if (!dbc->closing)
			soc_check_start(dbc);
	}
	pthread_mutex_unlock(&dbc->lock);
	soc_bridge_pump(dbc);
}

void soc_jobs_init(struct soc_dbc *dbc)
{
	unsigned int i;

	for (i = 0; i < 2; i++) {
		dbc->jobs[i].done = job_done;
		dbc->jobs[i].ctx = dbc;
		dbc->jobs[i].prof = &dbc->soc->prof;
	}
}

uint16_t soc_check_start(struct soc_dbc *dbc)
{
	const struct qpc_program *prog = &dbc->act->elf->prog;
	struct nsp_job *job;
	unsigned int slot;
	uint32_t word;

	if (soc_nsps_busy(dbc))
		return QAIC_HW_COMP_OK;
	memcpy(&word, dbc->act->l2tcm, sizeof(word));
	if (!word)
		return QAIC_HW_COMP_OK;
	memset(dbc->act->l2tcm, 0, sizeof(word));
	if (word > prog->num_specs)
		return QAIC_HW_COMP_DOORBELL;

	/* the other slot's job may still be on its way out of job_done() */
	slot = dbc->next_job;
	dbc->next_job = !slot;
	job = &dbc->jobs[slot];
	job->prog = prog;
	job->join = dbc->act->elf->join;
	job->spec = word - 1;
	job->mem = &dbc->act->mem;
	job->owner = dbc->act->owner;
	job->quick = job->spec < 64 && dbc->act->quick >> job->spec & 1;
	if (job->quick)
		dbc->help = true;
	dbc->job_on[slot] = true;
	nsp_pool_submit(dbc->soc->pool, job);
	return QAIC_HW_COMP_OK;
}

uint16_t soc_doorbell(struct soc_dbc *dbc, const struct qaic_hw_req *req)
{
	static const uint8_t size[] = { 4, 2, 1, 0 };
	uint64_t off = req->db_addr - SOC_MCID_BASE(dbc->id);
	uint32_t len = size[req->db_attr & QAIC_HW_DB_LEN_MASK];

	if (!(req->db_attr & QAIC_HW_DB_WRITE))
		return QAIC_HW_COMP_OK;
	if (!len || req->db_addr % len || off > QAIC_HW_L2TCM_SIZE - len)
		return QAIC_HW_COMP_DOORBELL;
	memcpy(dbc->act->l2tcm + off, &req->db_data, len);
	if (off < 4)
		return soc_check_start(dbc);
	return QAIC_HW_COMP_OK;
}
