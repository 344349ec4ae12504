// SPDX-License-Identifier: GPL-2.0-only
/* What user space hears of a card: uevents of its accel device. */
#include <linux/kobject.h>
#include <drm/drm_drv.h>

#include "kmod/drv.h"

static void emit(struct qaic_device *qd, enum kobject_action action,
		 char **env)
{
	int idx;

	/* the accel device goes with the PCI function, the card a little later */
	if (!drm_dev_enter(&qd->drm, &idx))
		return;
	kobject_uevent_env(&qd->drm.accel->kdev->kobj, action, env);
	drm_dev_exit(idx);
}

void qaic_uevent_card(struct qaic_device *qd, bool online)
{
	emit(qd, online ? KOBJ_ONLINE : KOBJ_OFFLINE, NULL);
}

void qaic_uevent_dbc(struct qaic_dbc *dbc)
{
	char id[24], state[24], *env[] = { id, state, NULL };

	snprintf(id, sizeof(id), "DBC_ID=%u", dbc->id);
	snprintf(state, sizeof(state), "DBC_STATE=%d", READ_ONCE(dbc->state));
	emit(dbc->qd, KOBJ_CHANGE, env);
}
