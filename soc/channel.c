// SPDX-License-Identifier: MIT
/* Setting up and tearing down a DMA Bridge channel. */
#include <string.h>

#include "soc/card.h"

int soc_bridge_init(struct soc_dbc *d, struct soc *soc, unsigned int id)
{
	d->soc = soc;
	d->id = id;
	d->regs = (void *)((uint8_t *)soc->bar2 + QAIC_HW_DBC_BASE +
			   id * QAIC_HW_DBC_STRIDE);
	soc_jobs_init(d);
	return -pthread_mutex_init(&d->lock, NULL);
}

void soc_bridge_fini(struct soc_dbc *d)
{
	pthread_mutex_destroy(&d->lock);
}

static void clear_regs(struct soc_dbc *d)
{
	__atomic_store_n(&d->regs->req_head, 0, __ATOMIC_RELAXED);
	__atomic_store_n(&d->regs->req_tail, 0, __ATOMIC_RELAXED);
	__atomic_store_n(&d->regs->rsp_head, 0, __ATOMIC_RELAXED);
	__atomic_store_n(&d->regs->rsp_tail, 0, __ATOMIC_RELEASE);
}

/* Can the FIFO's first and last element be reached? */
static bool fifo_ok(struct soc *soc, uint64_t addr, uint64_t n, size_t size)
{
	uint8_t e[sizeof(struct qaic_hw_req)];

	return addr + n * size >= addr &&
	       !soc_copy(soc, addr, e, size, false) &&
	       !soc_copy(soc, addr + (n - 1) * size, e, size, false);
}

int soc_bridge_start(struct soc_dbc *d, struct soc_act *act,
		     const struct qaic_nnc_activate_to_dev *q, bool standby)
{
	unsigned int n = act->elf->prog.num_nsps;

	if (q->req_count < 2 || q->rsp_count < 2)
		return QAIC_NNC_ERR_QUEUE;
	if (q->req_count > SOC_MAX_QUEUE || q->rsp_count > SOC_MAX_QUEUE ||
	    q->req_addr % sizeof(struct qaic_hw_req) ||
	    q->rsp_addr % sizeof(struct qaic_hw_rsp))
		return QAIC_NNC_ERR_PARAM;
	if (!fifo_ok(d->soc, q->req_addr, q->req_count,
		     sizeof(struct qaic_hw_req)) ||
	    !fifo_ok(d->soc, q->rsp_addr, q->rsp_count,
		     sizeof(struct qaic_hw_rsp)))
		return QAIC_NNC_ERR_DMA;

	pthread_mutex_lock(&d->lock);
	clear_regs(d);
	d->req = q->req_addr;
	d->rsp = q->rsp_addr;
	d->req_n = q->req_count;
	d->rsp_n = q->rsp_count;
	d->req_head = 0;
	d->rsp_tail = 0;
	d->step = SOC_STEP_FETCH;
	d->code = QAIC_HW_COMP_OK;
	d->raise = false;
	d->help = false;
	d->broken = false;
	__atomic_store_n(&d->closing, false, __ATOMIC_RELAXED);
	d->standby = standby;
	memset(&d->sems, 0, sizeof(d->sems));
	memset(&d->stats, 0, sizeof(d->stats));
	d->act = act;
	/* the NSPs come up idle and say so; no output is pending */
	soc_sem_add(&d->sems, QPC_SEM_READY, n);
	soc_sem_add(&d->sems, QPC_SEM_OUTPUT, n);
	d->on = true;
	pthread_mutex_unlock(&d->lock);
	return QAIC_NNC_OK;
}

void soc_bridge_stop(struct soc_dbc *d)
{
	bool on[2];
	unsigned int i;

	/* from here on no job is started; first, so that a busy pump ends */
	__atomic_store_n(&d->closing, true, __ATOMIC_RELAXED);
	pthread_mutex_lock(&d->lock);
	on[0] = d->job_on[0];
	on[1] = d->job_on[1];
	pthread_mutex_unlock(&d->lock);

	/* not under the lock: a job's end takes it */
	for (i = 0; i < 2; i++)
		if (on[i])
			nsp_pool_cancel(d->soc->pool, &d->jobs[i]);

	pthread_mutex_lock(&d->lock);
	d->on = false;
	d->act = NULL;
	soc_bridge_tell(d);
	/* registers stay as they are: the host may still be reading responses */
	pthread_mutex_unlock(&d->lock);
}

void soc_bridge_standby(struct soc_dbc *d, bool standby)
{
	pthread_mutex_lock(&d->lock);
	d->standby = standby;
	soc_bridge_tell(d);
	pthread_mutex_unlock(&d->lock);
	if (!standby)
		soc_bridge_pump(d);
}
