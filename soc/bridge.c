// SPDX-License-Identifier: MIT
/*
 * The DMA Bridge. A channel takes its requests in order; each goes through
 * presync semaphores, transfer, postsync semaphores, doorbell and response.
 *
 * The bridge has no thread: whoever changed something (the host moved a
 * register, NSPs ended) pumps the channel until it blocks or runs dry.
 */
#include <errno.h>
#include <string.h>

#include "soc/card.h"
#include "soc/nsp_prof.h"

static uint32_t reg_read(const uint32_t *reg)
{
	return __atomic_load_n(reg, __ATOMIC_ACQUIRE);
}

static void reg_write(uint32_t *reg, uint32_t v)
{
	__atomic_store_n(reg, v, __ATOMIC_RELEASE);
}

static bool fetch(struct soc_dbc *d)
{
	uint32_t tail = reg_read(&d->regs->req_tail);

	if (tail >= d->req_n) {
		d->broken = true;
		return false;
	}
	if (tail == d->req_head)
		return false;
	/* read once; what the host does to the element from here on is its own */
	if (soc_copy(d->soc, d->req + d->req_head * sizeof(d->cur), &d->cur,
		     sizeof(d->cur), false)) {
		d->broken = true;
		return false;
	}
	__asm__ volatile("" ::: "memory");
	d->sem = 0;
	return true;
}

/*
 * A step that fails leaves its completion code and the request goes on: its
 * semaphores and doorbell keep host and NSPs in step, its code tells the host
 * that the data is not to be trusted. The code of a request without a response
 * is told with the next response.
 */
static void fail(struct soc_dbc *d, uint16_t code)
{
	if (!code)
		return;
	d->stats.failed++;
	d->code = code;
}

/* False if a semaphore has to be waited for. */
static bool sync_sems(struct soc_dbc *d, bool presync)
{
	uint32_t cmd;

	/*
	 * Fence bits need no work: a channel's transfers are done one after the
	 * other, so all earlier ones have ended.
	 */
	for (; d->sem < 4; d->sem++) {
		cmd = d->cur.sem_cmd[d->sem];
		if (!(cmd & QAIC_HW_SEM_ENABLE) ||
		    !!(cmd & QAIC_HW_SEM_PRESYNC) != presync)
			continue;
		switch (soc_sem_do(&d->sems, cmd)) {
		case SOC_SEM_BLOCKED:
			return false;
		case SOC_SEM_BAD:
			fail(d, QAIC_HW_COMP_CMD);
			break;
		case SOC_SEM_DONE:
			break;
		}
	}
	d->sem = 0;
	return true;
}

/* Device memory [addr, addr + len) of the activation, or NULL. */
static uint8_t *dev_mem(struct soc_dbc *d, uint64_t addr, uint64_t len)
{
	uint64_t ddr = d->act->elf->prog.ddr_size;
	uint64_t off = addr - SOC_DDR_BASE(d->id);

	if (addr >= SOC_DDR_BASE(d->id) && off <= ddr && len <= ddr - off)
		return d->act->mem.ddr + off;
	off = addr - SOC_MCID_BASE(d->id);
	if (addr >= SOC_MCID_BASE(d->id) && off <= QAIC_HW_L2TCM_SIZE &&
	    len <= QAIC_HW_L2TCM_SIZE - off)
		return d->act->l2tcm + off;
	return NULL;
}

static uint16_t move(struct soc_dbc *d)
{
	const struct qaic_hw_req *r = &d->cur;
	unsigned int xfer = r->cmd & QAIC_HW_CMD_XFER_MASK;
	bool out = xfer == QAIC_HW_CMD_XFER_OUT;
	uint8_t *dev;

	if (xfer == QAIC_HW_CMD_XFER_NONE || !r->len)
		return QAIC_HW_COMP_OK;
	if (xfer > QAIC_HW_CMD_XFER_OUT || !(r->cmd & QAIC_HW_CMD_BULK))
		return QAIC_HW_COMP_CMD;
	dev = dev_mem(d, out ? r->src : r->dst, r->len);
	if (!dev)
		return QAIC_HW_COMP_DEV_ADDR;
	if (soc_copy(d->soc, out ? r->dst : r->src, dev, r->len, out))
		return QAIC_HW_COMP_BUS;
	if (out)
		d->stats.bytes_out += r->len;
	else
		d->stats.bytes_in += r->len;
	/* a transfer may carry a doorbell as well as a doorbell write does */
	if (!out && dev >= d->act->l2tcm && dev < d->act->l2tcm + 4)
		return soc_check_start(d);
	return QAIC_HW_COMP_OK;
}

static uint16_t move_profiled(struct soc_dbc *d)
{
	unsigned int xfer = d->cur.cmd & QAIC_HW_CMD_XFER_MASK;
	uint64_t begin = nsp_prof_now();
	uint16_t code = move(d);

	if (xfer != QAIC_HW_CMD_XFER_NONE && d->cur.len)
		nsp_prof_dma(&d->soc->prof, d->act->owner, d->id,
			     xfer == QAIC_HW_CMD_XFER_OUT, d->cur.len, begin);
	return code;
}

/* False if the response FIFO is full or gone. */
static bool respond(struct soc_dbc *d)
{
	struct qaic_hw_rsp rsp;
	uint32_t next;

	if (d->cur.cmd & QAIC_HW_CMD_COMPLETION) {
		next = (d->rsp_tail + 1) % d->rsp_n;
		if (next == reg_read(&d->regs->rsp_head))
			return false;
		rsp.req_id = d->cur.req_id;
		rsp.code = d->code;
		if (soc_copy(d->soc, d->rsp + d->rsp_tail * sizeof(rsp), &rsp,
			     sizeof(rsp), true)) {
			d->broken = true;
			return false;
		}
		d->rsp_tail = next;
		reg_write(&d->regs->rsp_tail, next);
		d->code = QAIC_HW_COMP_OK;
		d->raise = true;
	}
	if (d->cur.cmd & QAIC_HW_CMD_FORCE_MSI)
		d->raise = true;
	d->stats.elements++;
	d->req_head = (d->req_head + 1) % d->req_n;
	reg_write(&d->regs->req_head, d->req_head);
	return true;
}

/* One step; false if the channel blocks or has nothing to do. */
static bool step(struct soc_dbc *d)
{
	switch (d->step) {
	case SOC_STEP_FETCH:
		if (!fetch(d))
			return false;
		d->step = SOC_STEP_PRESYNC;
		return true;
	case SOC_STEP_PRESYNC:
		if (!sync_sems(d, true))
			return false;
		d->step = SOC_STEP_MOVE;
		return true;
	case SOC_STEP_MOVE:
		fail(d, nsp_prof_on(&d->soc->prof, d->act->owner) ?
			move_profiled(d) : move(d));
		d->step = SOC_STEP_POSTSYNC;
		return true;
	case SOC_STEP_POSTSYNC:
		if (!sync_sems(d, false))
			return false;
		d->step = SOC_STEP_DOORBELL;
		return true;
	case SOC_STEP_DOORBELL:
		fail(d, soc_doorbell(d, &d->cur));
		d->step = SOC_STEP_RESPOND;
		return true;
	case SOC_STEP_RESPOND:
		if (!respond(d))
			return false;
		d->step = SOC_STEP_FETCH;
		return true;
	}
	return false;
}

/* Steps between looks at whether the lock is wanted for a teardown */
#define BATCH	4096

/* True if there may be more to do. */
static bool pump_locked(struct soc_dbc *d)
{
	unsigned int i;

	for (i = 0; i < BATCH; i++)
		if (!d->on || __atomic_load_n(&d->closing, __ATOMIC_RELAXED) ||
		    d->standby || d->broken || !step(d))
			return false;
	return true;
}

static bool is_stalled(const struct soc_dbc *d)
{
	return d->on && !d->raise &&
	       (d->broken || d->standby || (d->step != SOC_STEP_FETCH &&
					    d->step != SOC_STEP_RESPOND &&
					    !soc_nsps_busy(d)));
}

void soc_bridge_tell(struct soc_dbc *d)
{
	const struct soc_bus *bus = &d->soc->bus;
	bool now = is_stalled(d);

	if (now == d->told_stalled || !bus->stalled)
		return;
	d->told_stalled = now;
	bus->stalled(bus->ctx, d->id, now);
}

void soc_bridge_pump(struct soc_dbc *d)
{
	bool raise, help, more;

	do {
		pthread_mutex_lock(&d->lock);
		more = pump_locked(d);
		help = d->help;
		d->help = false;
		/* a short program's end is told together with its beginning */
		raise = d->raise && !help;
		if (raise)
			d->raise = false;
		if (!more)
			soc_bridge_tell(d);
		pthread_mutex_unlock(&d->lock);
		if (raise)
			d->soc->bus.irq(d->soc->bus.ctx, d->id);
		if (help)
			nsp_pool_help(d->soc->pool);
	} while (more || help);
}

bool soc_dbc_stalled(struct soc *soc, unsigned int dbc)
{
	struct soc_dbc *d;
	bool stalled;

	if (dbc >= SOC_NUM_DBC)
		return false;
	d = &soc->dbc[dbc];
	pthread_mutex_lock(&d->lock);
	/* NSPs that have just ended may not have had their pump yet */
	while (pump_locked(d))
		;
	stalled = is_stalled(d);
	pthread_mutex_unlock(&d->lock);
	soc_bridge_pump(d);		/* tells what became due above */
	return stalled;
}

int soc_dbc_stats(struct soc *soc, unsigned int dbc,
		  struct soc_dbc_stats *stats)
{
	struct soc_dbc *d;
	int ret = 0;

	if (dbc >= SOC_NUM_DBC)
		return -ENODEV;
	d = &soc->dbc[dbc];
	pthread_mutex_lock(&d->lock);
	if (d->on)
		*stats = d->stats;
	else
		ret = -ENODEV;
	pthread_mutex_unlock(&d->lock);
	return ret;
}
