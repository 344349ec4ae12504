/* SPDX-License-Identifier: MIT */
/*
 * What happens to the cards that a kernel driver has: events, telemetry, cards that
 * come and go. There is nothing here about the embedded card.
 *
 * Events and telemetry come from the driver's generic netlink family; a driver
 * without it (Linux' own qaic) has none. Cards that come and go are told by udev,
 * for any driver.
 *
 * Nothing blocks: wait with poll() for the file descriptors. One object is used by
 * one thread at a time.
 */
#ifndef QAIC_MONITOR_H
#define QAIC_MONITOR_H

#ifdef QAIC_INSTALLED
#include <qaic/qaic.h>
#else
#include "libqaic/qaic.h"
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* ---- which card ---- */

struct qaic_card_id {
	uint32_t slot;			/* N of /dev/qaic_simN */
	struct qaic_location loc;
};

/* The QID of the card at a PCI address ("0001:01:00.0"), or -ENODEV. */
int qaic_device_find(const char *pci, uint32_t *qid);

/* ---- events ---- */

enum qaic_event_type {
	QAIC_EVENT_STATE,		/* online: the card came or went */
	QAIC_EVENT_DBC,			/* dbc, dbc_state */
	QAIC_EVENT_RAS,			/* ras_*: the card reports errors */
	QAIC_EVENT_THERMAL,		/* thermal, temp_mc: a limit was crossed */
	QAIC_EVENT_DRIVER,		/* online: the driver was (un)loaded; no card */
	QAIC_EVENT_LOST,		/* events came too fast; no card */
};

struct qaic_event {
	enum qaic_event_type type;
	struct qaic_card_id card;
	bool online;
	uint32_t dbc;
	uint32_t dbc_state;		/* 0 to 5, see qaic_dbc_state_name() */
	uint32_t ras_type;		/* see qaic_ras_type_name() */
	uint32_t ras_source;
	uint32_t ras_count, ras_threshold;
	uint8_t ras_syndrome[64];
	uint32_t thermal;		/* see qaic_thermal_name() */
	int32_t temp_mc;		/* thousandths of a degree Celsius */
};

struct qaic_monitor;

/* -ENOENT: no driver has the netlink family. */
int qaic_monitor_open(struct qaic_monitor **out, struct qaic_err *err);
void qaic_monitor_close(struct qaic_monitor *m);
/* Readable when there may be an event. */
int qaic_monitor_fd(const struct qaic_monitor *m);
/*
 * The next event; -EAGAIN: there is none now. After QAIC_EVENT_DRIVER with online
 * false nothing comes until the driver is loaded again.
 */
int qaic_monitor_next(struct qaic_monitor *m, struct qaic_event *event,
		      struct qaic_err *err);

/* Words for numbers: "assigned", "ce", "ddr", "hot"; "unknown" for others. */
const char *qaic_dbc_state_name(uint32_t state);
const char *qaic_ras_type_name(uint32_t type);
const char *qaic_ras_source_name(uint32_t source);
const char *qaic_thermal_name(uint32_t level);

/* ---- telemetry ---- */

struct qaic_telemetry {
	struct qaic_card_id card;
	bool online;
	uint64_t ras_ce, ras_ue, ras_ue_nonfatal;	/* since the driver's load */
	uint32_t sku;			/* QAIC_NNC_SKU_*; 0: no card process */
	bool reported;			/* the card has; else the rest is 0 */
	int32_t temp_mc;		/* SoC */
	uint32_t power_uw, power_max_uw;	/* board */
	uint32_t thermal;
	uint64_t ddr_total, ddr_used;	/* bytes */
	uint32_t nsp_mhz;
	uint32_t num_nsps;
	uint8_t nsp_load[16];		/* percent */
};

/*
 * What the cards last said of themselves, by slot. Returns how many cards there are,
 * of which at most @max are in @out; or -ENOENT as qaic_monitor_open().
 */
int qaic_telemetry_list(struct qaic_telemetry *out, int max,
			struct qaic_err *err);
/* Of one slot; -ENODEV: no such card. */
int qaic_telemetry_get(uint32_t slot, struct qaic_telemetry *out,
		       struct qaic_err *err);

/* ---- cards that come and go ---- */

enum qaic_hotplug_type {
	QAIC_HOTPLUG_ADDED,		/* a node appeared */
	QAIC_HOTPLUG_REMOVED,
	QAIC_HOTPLUG_ONLINE,		/* its card can be used */
	QAIC_HOTPLUG_OFFLINE,
	/* events came too fast: list the cards anew; loc is empty */
	QAIC_HOTPLUG_LOST,
};

struct qaic_hotplug_event {
	enum qaic_hotplug_type type;
	struct qaic_location loc;
};

struct qaic_hotplug;

/* What is there at this time is not told: qaic_device_count() says it. */
int qaic_hotplug_open(struct qaic_hotplug **out, struct qaic_err *err);
void qaic_hotplug_close(struct qaic_hotplug *h);
int qaic_hotplug_fd(const struct qaic_hotplug *h);
/* -EAGAIN: there is none now. QIDs may have changed. */
int qaic_hotplug_next(struct qaic_hotplug *h, struct qaic_hotplug_event *event);

#ifdef __cplusplus
}
#endif
#endif
