// SPDX-License-Identifier: GPL-2.0-only
/*
 * Subsystem restart of one DBC.
 *
 * While a DBC restarts its client gets EPERM; what was queued is lost. After it
 * the DBC is free, and the client has to activate again.
 */
#include "kmod/drv.h"

static void stop(struct qaic_dbc *dbc)
{
	mutex_lock(&dbc->lock);
	WRITE_ONCE(dbc->owner, NULL);
	mutex_unlock(&dbc->lock);
	qaic_dbc_flush(dbc);
}

static enum qaic_dbc_state state_of(u32 event)
{
	switch (event) {
	case QAIC_SIM_SSR_BEFORE_SHUTDOWN:
		return QAIC_DBC_BEFORE_SHUTDOWN;
	case QAIC_SIM_SSR_AFTER_SHUTDOWN:
		return QAIC_DBC_AFTER_SHUTDOWN;
	case QAIC_SIM_SSR_BEFORE_POWER_UP:
		return QAIC_DBC_BEFORE_POWER_UP;
	default:
		return QAIC_DBC_AFTER_POWER_UP;
	}
}

/*
 * A restart goes forward, so a card can make no more than four events of one
 * activation. What comes out of order is dropped.
 */
void qaic_drv_ssr(struct qaic_card *card, const struct qaic_sim_ssr *ssr)
{
	struct qaic_device *qd = card->drv;
	struct qaic_dbc *dbc = &qd->dbc[ssr->dbc];
	enum qaic_dbc_state state = state_of(ssr->event);

	/* a DBC nobody has cannot restart */
	if (!READ_ONCE(dbc->holder) || !qaic_dbc_advance_state(dbc, state))
		return;
	stop(dbc);
	if (state == QAIC_DBC_AFTER_POWER_UP)
		qaic_dbc_release(dbc, 0);
}
