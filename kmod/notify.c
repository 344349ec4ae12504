// SPDX-License-Identifier: GPL-2.0-only
/*
 * What user space hears of a card: uevents of its accel device, and events of the
 * netlink family. Of errors, uevents tell only some when there are many: each one
 * makes udev start a program.
 */
#include <linux/kobject.h>
#include <linux/ratelimit.h>
#include <drm/drm_drv.h>

#include "kmod/drv.h"
#include "kmod/netlink.h"

static void uevent(struct qaic_device *qd, enum kobject_action action,
		   char **env)
{
	kobject_uevent_env(&qd->drm.accel->kdev->kobj, action, env);
}

/* The accel device goes with the PCI function, the card a little later. */
static bool enter(struct qaic_device *qd, int *idx)
{
	return drm_dev_enter(&qd->drm, idx);
}

static void limit_init(struct ratelimit_state *limit)
{
	ratelimit_state_init(limit, 5 * HZ, 20);
	/* it is not said in the log that some were left out */
	ratelimit_set_flags(limit, RATELIMIT_MSG_ON_RELEASE);
}

void qaic_notify_init(struct qaic_device *qd)
{
	/* many errors do not keep a hot card from being told of */
	limit_init(&qd->ras_limit);
	limit_init(&qd->thermal_limit);
}

void qaic_notify_card(struct qaic_device *qd, bool online)
{
	int idx;

	if (!enter(qd, &idx))
		return;
	uevent(qd, online ? KOBJ_ONLINE : KOBJ_OFFLINE, NULL);
	qaic_nl_state(qd, online);
	drm_dev_exit(idx);
}

void qaic_notify_dbc(struct qaic_dbc *dbc, enum qaic_dbc_state dbc_state)
{
	char id[24], state[24], *env[] = { id, state, NULL };
	int idx;

	if (!enter(dbc->qd, &idx))
		return;
	snprintf(id, sizeof(id), "DBC_ID=%u", dbc->id);
	snprintf(state, sizeof(state), "DBC_STATE=%d", dbc_state);
	uevent(dbc->qd, KOBJ_CHANGE, env);
	qaic_nl_dbc(dbc->qd, dbc->id, dbc_state);
	drm_dev_exit(idx);
}

void qaic_notify_ras(struct qaic_device *qd, const struct qaic_sim_ras *ras)
{
	char type[32], source[32], count[32];
	char *env[] = { type, source, count, NULL };
	int idx;

	if (!enter(qd, &idx))
		return;
	snprintf(type, sizeof(type), "RAS_TYPE=%s", qaic_ras_types[ras->type]);
	snprintf(source, sizeof(source), "RAS_SOURCE=%s",
		 qaic_ras_sources[ras->source]);
	snprintf(count, sizeof(count), "RAS_COUNT=%u", ras->count);
	/* a fatal one takes the card away: there are not many */
	if (ras->type == QAIC_SIM_RAS_UE || __ratelimit(&qd->ras_limit))
		uevent(qd, KOBJ_CHANGE, env);
	qaic_nl_ras(qd, ras);
	drm_dev_exit(idx);
}

void qaic_notify_thermal(struct qaic_device *qd, u32 level, s32 temp_mc)
{
	static const char * const names[] = { "normal", "hot", "critical" };
	char state[32], temp[32], *env[] = { state, temp, NULL };
	int idx;

	if (!enter(qd, &idx))
		return;
	snprintf(state, sizeof(state), "THERMAL=%s",
		 level < ARRAY_SIZE(names) ? names[level] : "?");
	snprintf(temp, sizeof(temp), "TEMP=%d", temp_mc);
	if (__ratelimit(&qd->thermal_limit))
		uevent(qd, KOBJ_CHANGE, env);
	qaic_nl_thermal(qd, level, temp_mc);
	drm_dev_exit(idx);
}
