/* SPDX-License-Identifier: MIT */
/* qaic-util --monitor: what happens to the cards, as it happens. */
#ifndef QAIC_TOOLS_CARD_MONITOR_H
#define QAIC_TOOLS_CARD_MONITOR_H

#include <signal.h>
#include <stdio.h>

#include "libqaic/monitor.h"

struct card_monitor {
	FILE *out;
	bool json;			/* a line of JSON each, else words */
	/* only of these QIDs; NULL: all */
	const uint32_t *qids;
	size_t num_qids;
	const volatile sig_atomic_t *stop;
};

/*
 * First a line for each card as it is, then one for each event, until a signal sets
 * *stop. -ENOENT: there is no driver that tells.
 */
int card_monitor(const struct card_monitor *cm, struct qaic_err *err);

/* One event, one card, one change: a line without its end, or NULL. */
char *card_monitor_line(const struct card_monitor *cm,
			const struct qaic_event *e);
char *card_telemetry_line(const struct card_monitor *cm,
			  const struct qaic_telemetry *t);
char *card_hotplug_line(const struct card_monitor *cm,
			const struct qaic_hotplug_event *e);

#endif
