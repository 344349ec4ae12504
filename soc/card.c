// SPDX-License-Identifier: MIT
/* The card as a whole: made, rung, destroyed. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "soc/card.h"

static int init_channels(struct soc *soc, struct qaic_err *err)
{
	unsigned int i;

	for (i = 0; i < SOC_NUM_DBC; i++) {
		if (soc_bridge_init(&soc->dbc[i], soc, i)) {
			while (i--)
				soc_bridge_fini(&soc->dbc[i]);
			return qaic_fail(err, -ENOMEM, "no memory for a card");
		}
	}
	return 0;
}

static void set_totals(struct soc *soc, const struct soc_config *config)
{
	const char *serial = config->serial ? config->serial : "0x5afe0a1c";

	soc->num_nsps = config->num_nsps ? config->num_nsps : NSP_MAX_NSPS;
	soc->help = config->help;
	soc->sku = config->sku ? config->sku : QAIC_NNC_SKU_PRO;
	soc->dram = config->dram ? config->dram : (uint64_t)SOC_DRAM_MB << 20;
	strncpy(soc->serial, serial, sizeof(soc->serial) - 1);
	soc->total.nsp = soc->num_nsps;
	soc->total.mcid = SOC_NUM_MCID;
	soc->total.sem = QAIC_HW_NUM_SEMS;
	soc->total.vc = SOC_NUM_DBC;
	soc->total.mem = soc->dram;
}

int soc_create(const struct soc_config *config, const struct soc_bus *bus,
	       struct soc **out, struct qaic_err *err)
{
	static const struct soc_config defaults;
	struct soc *soc;
	int ret;

	if (!config)
		config = &defaults;
	if (config->num_nsps > NSP_MAX_NSPS)
		return qaic_fail(err, -EINVAL, "a card has at most %d NSPs",
				 NSP_MAX_NSPS);
	soc = calloc(1, sizeof(*soc));
	if (!soc)
		return qaic_fail(err, -ENOMEM, "no memory for a card");
	soc->bus = *bus;
	set_totals(soc, config);
	soc->bar2 = config->bar2;
	if (!soc->bar2) {
		soc->own_bar2 = soc_pages(QAIC_HW_BAR2_SIZE);
		soc->bar2 = soc->own_bar2;
	}
	if (!soc->bar2) {
		ret = qaic_fail(err, -ENOMEM, "no memory for a card");
		goto free_soc;
	}
	ret = init_channels(soc, err);
	if (ret)
		goto free_bar;
	ret = pthread_mutex_init(&soc->qsm_lock, NULL);
	if (ret) {
		ret = qaic_fail(err, -ret, "no memory for a card");
		goto free_channels;
	}
	ret = nsp_pool_create(config->threads, &soc->pool, err);
	if (ret)
		goto free_lock;
	*out = soc;
	return 0;

free_lock:
	pthread_mutex_destroy(&soc->qsm_lock);
free_channels:
	for (unsigned int i = 0; i < SOC_NUM_DBC; i++)
		soc_bridge_fini(&soc->dbc[i]);
free_bar:
	soc_pages_free(soc->own_bar2, QAIC_HW_BAR2_SIZE);
free_soc:
	free(soc);
	return ret;
}

void soc_destroy(struct soc *soc)
{
	unsigned int i;

	if (!soc)
		return;
	pthread_mutex_lock(&soc->qsm_lock);
	qsm_terminate(soc, 0, true);
	pthread_mutex_unlock(&soc->qsm_lock);
	nsp_pool_destroy(soc->pool);
	for (i = 0; i < SOC_NUM_DBC; i++)
		soc_bridge_fini(&soc->dbc[i]);
	pthread_mutex_destroy(&soc->qsm_lock);
	soc_pages_free(soc->own_bar2, QAIC_HW_BAR2_SIZE);
	free(soc);
}

struct qaic_hw_dbc_regs *soc_dbc_regs(struct soc *soc, unsigned int dbc)
{
	return dbc < SOC_NUM_DBC ? soc->dbc[dbc].regs : NULL;
}

void soc_ring(struct soc *soc, unsigned int dbc)
{
	if (dbc < SOC_NUM_DBC)
		soc_bridge_pump(&soc->dbc[dbc]);
}

void soc_dbc_reset(struct soc *soc, unsigned int dbc)
{
	if (dbc >= SOC_NUM_DBC)
		return;
	pthread_mutex_lock(&soc->qsm_lock);
	if (soc->acts[dbc])
		qsm_free_act(soc, soc->acts[dbc]);
	pthread_mutex_unlock(&soc->qsm_lock);
}

void soc_usage(struct soc *soc, struct soc_usage *u)
{
	unsigned int i;

	pthread_mutex_lock(&soc->qsm_lock);
	u->ddr_total = soc->total.mem;
	u->ddr_used = soc->used.mem;
	u->num_nsps = soc->num_nsps;
	u->nsp_busy = soc->nsp_busy;
	pthread_mutex_unlock(&soc->qsm_lock);
	for (i = 0; i < NSP_MAX_NSPS; i++)
		u->nsp_busy_ticks[i] = __atomic_load_n(&soc->nsp_busy_ticks[i],
						       __ATOMIC_RELAXED);
	for (i = 0; i < SOC_NUM_DBC; i++)
		soc_add_running(&soc->dbc[i], u->nsp_busy_ticks);
}
