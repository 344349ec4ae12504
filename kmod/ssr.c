// SPDX-License-Identifier: GPL-2.0-only
/*
 * Subsystem restart of one DBC, and errors that the card reports.
 *
 * While a DBC restarts its client gets EPERM; what was queued is lost. After it
 * the DBC is free, and the client has to activate again.
 */
#include <linux/dev_printk.h>

#include "kmod/drv.h"

static void stop(struct qaic_dbc *dbc)
{
	mutex_lock(&dbc->lock);
	WRITE_ONCE(dbc->owner, NULL);
	mutex_unlock(&dbc->lock);
	qaic_dbc_flush(dbc);
}

void qaic_drv_ssr(struct qaic_card *card, const struct qaic_sim_ssr *ssr)
{
	struct qaic_device *qd = card->drv;
	struct qaic_dbc *dbc = &qd->dbc[ssr->dbc];

	/* a DBC nobody has cannot restart */
	if (!READ_ONCE(dbc->holder))
		return;
	switch (ssr->event) {
	case QAIC_SIM_SSR_BEFORE_SHUTDOWN:
		qaic_dbc_set_state(dbc, QAIC_DBC_BEFORE_SHUTDOWN);
		stop(dbc);
		break;
	case QAIC_SIM_SSR_AFTER_SHUTDOWN:
		qaic_dbc_set_state(dbc, QAIC_DBC_AFTER_SHUTDOWN);
		stop(dbc);
		break;
	case QAIC_SIM_SSR_BEFORE_POWER_UP:
		qaic_dbc_set_state(dbc, QAIC_DBC_BEFORE_POWER_UP);
		stop(dbc);
		break;
	case QAIC_SIM_SSR_AFTER_POWER_UP:
		qaic_dbc_set_state(dbc, QAIC_DBC_AFTER_POWER_UP);
		qaic_dbc_release(dbc, 0);
		break;
	}
}

void qaic_drv_ras(struct qaic_card *card, const struct qaic_sim_ras *ras)
{
	static const char * const sources[] = {
		"SoC memory", "PCIe", "DDR", "system bus 1", "system bus 2",
		"NSP memory", "temperature sensor",
	};
	struct qaic_device *qd = card->drv;
	const char *source = ras->source < ARRAY_SIZE(sources) ?
				     sources[ras->source] : "?";

	if (!qd)
		return;
	switch (ras->type) {
	case QAIC_SIM_RAS_CE:
		dev_info_ratelimited(qd->drm.dev, "%u correctable errors: %s\n",
				     ras->count, source);
		break;
	case QAIC_SIM_RAS_UE_NONFATAL:
		dev_warn_ratelimited(qd->drm.dev, "%u non-fatal errors: %s\n",
				     ras->count, source);
		break;
	case QAIC_SIM_RAS_UE:
		dev_err_ratelimited(qd->drm.dev, "uncorrectable error: %s\n",
				    source);
		qaic_bus_kick(card, "an uncorrectable error");
		break;
	}
}
