// SPDX-License-Identifier: MIT
/*
 * Lines of qaic-util --monitor. In JSON each has "time" (seconds since 1970),
 * "event", and for a card "qid" (null: none), "slot", "pci" and "node".
 */
#include <jansson.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "tools/common/card_monitor.h"
#include "uapi/qaic_nnc.h"

static json_t *event(const char *name)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return json_pack("{s:f, s:s}", "time", now.tv_sec + now.tv_nsec / 1e9,
			 "event", name);
}

static json_t *card_event(const char *name, const struct qaic_card_id *id)
{
	json_t *o = event(name);
	uint32_t qid;

	json_object_set_new(o, "qid", qaic_device_find(id->loc.pci, &qid) ?
			    json_null() : json_integer(qid));
	json_object_set_new(o, "slot", json_integer(id->slot));
	json_object_set_new(o, "pci", json_string(id->loc.pci));
	json_object_set_new(o, "node", json_string(id->loc.node));
	return o;
}

static void set_str(json_t *o, const char *key, const char *value)
{
	json_object_set_new(o, key, json_string(value));
}

static void set_int(json_t *o, const char *key, json_int_t value)
{
	json_object_set_new(o, key, json_integer(value));
}

static void set_real(json_t *o, const char *key, double value)
{
	json_object_set_new(o, key, json_real(value));
}

/* One line; NULL without memory. */
static char *dump(json_t *o)
{
	char *line = o ? json_dumps(o, JSON_COMPACT | JSON_REAL_PRECISION(15)) :
			 NULL;

	json_decref(o);
	return line;
}

static void set_syndrome(json_t *o, const uint8_t *s, size_t n)
{
	char hex[2 * sizeof(((struct qaic_event *)0)->ras_syndrome) + 1] = "";
	size_t i;

	for (i = 0; i < n; i++)
		snprintf(hex + 2 * i, 3, "%02x", s[i]);
	/* most events have none */
	if (strspn(hex, "0") < strlen(hex))
		set_str(o, "syndrome", hex);
}

static json_t *event_json(const struct qaic_event *e)
{
	json_t *o;

	switch (e->type) {
	case QAIC_EVENT_STATE:
		o = card_event("state", &e->card);
		set_str(o, "state", e->online ? "online" : "offline");
		return o;
	case QAIC_EVENT_DBC:
		o = card_event("dbc", &e->card);
		set_int(o, "dbc", e->dbc);
		set_int(o, "number", e->dbc_state);
		set_str(o, "state", qaic_dbc_state_name(e->dbc_state));
		return o;
	case QAIC_EVENT_RAS:
		o = card_event("ras", &e->card);
		set_str(o, "type", qaic_ras_type_name(e->ras_type));
		set_str(o, "source", qaic_ras_source_name(e->ras_source));
		set_int(o, "count", e->ras_count);
		set_int(o, "threshold", e->ras_threshold);
		set_syndrome(o, e->ras_syndrome, sizeof(e->ras_syndrome));
		return o;
	case QAIC_EVENT_THERMAL:
		o = card_event("thermal", &e->card);
		set_str(o, "level", qaic_thermal_name(e->thermal));
		set_real(o, "temperature", e->temp_mc / 1e3);
		return o;
	case QAIC_EVENT_DRIVER:
		o = event("driver");
		set_str(o, "state", e->online ? "loaded" : "unloaded");
		return o;
	case QAIC_EVENT_LOST:
		return event("lost");
	}
	return NULL;
}

static json_t *telemetry_json(const struct qaic_telemetry *t)
{
	json_t *o = card_event("telemetry", &t->card), *load;
	uint32_t i;

	set_str(o, "state", t->online ? "online" : "offline");
	set_int(o, "ras_ce", t->ras_ce);
	set_int(o, "ras_ue", t->ras_ue);
	set_int(o, "ras_ue_nonfatal", t->ras_ue_nonfatal);
	if (!t->reported)
		return o;
	set_real(o, "temperature", t->temp_mc / 1e3);
	set_real(o, "power", t->power_uw / 1e6);
	set_real(o, "power_max", t->power_max_uw / 1e6);
	set_str(o, "thermal", qaic_thermal_name(t->thermal));
	set_int(o, "ddr_total", t->ddr_total);
	set_int(o, "ddr_used", t->ddr_used);
	set_int(o, "nsp_mhz", t->nsp_mhz);
	load = json_array();
	for (i = 0; i < t->num_nsps; i++)
		json_array_append_new(load, json_integer(t->nsp_load[i]));
	json_object_set_new(o, "nsp_load", load);
	return o;
}

/* ---- words ---- */

__attribute__((format(printf, 2, 3)))
static char *words(const struct qaic_location *loc, const char *fmt, ...)
{
	char who[64] = "", when[16], text[256], *line;
	time_t now = time(NULL);
	struct tm tm;
	uint32_t qid;
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	localtime_r(&now, &tm);
	strftime(when, sizeof(when), "%H:%M:%S", &tm);
	if (loc && !qaic_device_find(loc->pci, &qid))
		snprintf(who, sizeof(who), "QID %" PRIu32 " (%s): ", qid,
			 loc->pci);
	else if (loc)
		snprintf(who, sizeof(who), "%s: ", loc->pci);
	return asprintf(&line, "%s %s%s", when, who, text) < 0 ? NULL : line;
}

static char *ras_words(const struct qaic_event *e)
{
	static const char *const what[] = {
		"correctable", "uncorrectable", "uncorrectable, not fatal"
	};

	return words(&e->card.loc, "%" PRIu32 " error%s (%s) of %s",
		     e->ras_count, e->ras_count == 1 ? "" : "s",
		     e->ras_type < 3 ? what[e->ras_type] : "unknown",
		     qaic_ras_source_name(e->ras_source));
}

static char *event_words(const struct qaic_event *e)
{
	switch (e->type) {
	case QAIC_EVENT_STATE:
		return words(&e->card.loc, e->online ? "online" : "offline");
	case QAIC_EVENT_DBC:
		return words(&e->card.loc, "channel %" PRIu32 " is %s", e->dbc,
			     qaic_dbc_state_name(e->dbc_state));
	case QAIC_EVENT_RAS:
		return ras_words(e);
	case QAIC_EVENT_THERMAL:
		return words(&e->card.loc, "temperature is %s: %.1f C",
			     qaic_thermal_name(e->thermal), e->temp_mc / 1e3);
	case QAIC_EVENT_DRIVER:
		return words(NULL, "the driver was %s",
			     e->online ? "loaded" : "unloaded");
	case QAIC_EVENT_LOST:
		return words(NULL, "some events were lost");
	}
	return NULL;
}

static char *telemetry_words(const struct qaic_telemetry *t)
{
	uint32_t i, load = 0;

	if (!t->reported)
		return words(&t->card.loc, t->online ? "online" : "offline");
	for (i = 0; i < t->num_nsps; i++)
		load += t->nsp_load[i];
	return words(&t->card.loc, "%s, %.1f C, %.1f of %.0f W, %" PRIu32
		     " NSPs %" PRIu32 " %% busy, %" PRIu64 " of %" PRIu64
		     " MiB of DDR used", t->online ? "online" : "offline",
		     t->temp_mc / 1e3, t->power_uw / 1e6, t->power_max_uw / 1e6,
		     t->num_nsps, t->num_nsps ? load / t->num_nsps : 0,
		     t->ddr_used >> 20, t->ddr_total >> 20);
}

/* ---- the declared functions ---- */

char *card_monitor_line(const struct card_monitor *cm,
			const struct qaic_event *e)
{
	return cm->json ? dump(event_json(e)) : event_words(e);
}

char *card_telemetry_line(const struct card_monitor *cm,
			  const struct qaic_telemetry *t)
{
	return cm->json ? dump(telemetry_json(t)) : telemetry_words(t);
}

char *card_hotplug_line(const struct card_monitor *cm,
			const struct qaic_hotplug_event *e)
{
	bool added = e->type == QAIC_HOTPLUG_ADDED;
	struct qaic_event lost = { .type = QAIC_EVENT_LOST };
	json_t *o;
	uint32_t qid;

	if (e->type == QAIC_HOTPLUG_LOST)
		return card_monitor_line(cm, &lost);
	if (!cm->json)
		return words(&e->loc, "%s %s", e->loc.node,
			     added ? "appeared" : "is gone");
	o = event(added ? "added" : "removed");
	json_object_set_new(o, "qid", qaic_device_find(e->loc.pci, &qid) ?
			    json_null() : json_integer(qid));
	set_str(o, "pci", e->loc.pci);
	set_str(o, "node", e->loc.node);
	return dump(o);
}
