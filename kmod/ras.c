// SPDX-License-Identifier: GPL-2.0-only
/* Errors that the card reports, and its temperature. */
#include <linux/dev_printk.h>

#include "kmod/drv.h"

/* In the order of QAIC_SIM_RAS_* */
const char * const qaic_ras_types[] = { "ce", "ue", "ue_nonfatal", NULL };
const char * const qaic_ras_sources[] = {
	"soc_mem", "pcie", "ddr", "sys_bus1", "sys_bus2", "nsp_mem", "tsens",
	NULL
};

void qaic_drv_ras(struct qaic_card *card, const struct qaic_sim_ras *ras)
{
	struct qaic_device *qd = card->drv;
	const char *source = qaic_ras_sources[ras->source];

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
		break;
	}
	qaic_notify_ras(qd, ras);
	if (ras->type == QAIC_SIM_RAS_UE)
		qaic_bus_kick(card, "an uncorrectable error");
}

void qaic_drv_thermal(struct qaic_card *card, u32 level, s32 temp_mc)
{
	struct qaic_device *qd = card->drv;

	if (!qd)
		return;
	dev_warn_ratelimited(qd->drm.dev, "the SoC has %d.%d degrees C%s\n",
			     temp_mc / 1000, abs(temp_mc % 1000) / 100,
			     level ? "" : " again");
	qaic_notify_thermal(qd, level, temp_mc);
}
