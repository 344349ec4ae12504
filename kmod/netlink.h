/* SPDX-License-Identifier: GPL-2.0-only */
/* The generic netlink family. */
#ifndef QAIC_SIM_NETLINK_H
#define QAIC_SIM_NETLINK_H

#include "kmod/drv.h"

int qaic_nl_init(void);
void qaic_nl_exit(void);

/* From now on, and up to now, queries see the card. */
void qaic_nl_add(struct qaic_device *qd);
void qaic_nl_del(struct qaic_device *qd);

/* Events. May sleep; an event that cannot be sent is lost. */
void qaic_nl_state(struct qaic_device *qd, bool online);
void qaic_nl_dbc(struct qaic_device *qd, u32 dbc, u32 state);
void qaic_nl_ras(struct qaic_device *qd, const struct qaic_sim_ras *ras);
void qaic_nl_thermal(struct qaic_device *qd, u32 level, s32 temp_mc);

#endif
