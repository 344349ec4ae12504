// SPDX-License-Identifier: MIT
/* Lines of qaic-util --monitor, in words and as JSON. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "tools/common/card_monitor.h"

static const struct card_monitor words, json = { .json = true };

/* A card that no machine has: it has no QID */
static const struct qaic_card_id card = {
	.slot = 2, .loc = { .node = "/dev/accel/accel7", .pci = "fff0:ff:1f.7" },
};

static void check_words(const struct qaic_event *e, const char *want)
{
	char *line = card_monitor_line(&words, e);

	assert_non_null(line);
	/* the time comes first */
	assert_string_equal(line + strlen("12:34:56 "), want);
	free(line);
}

/* One line, one object; the rest is for the caller to look at. */
static json_t *load(char *line)
{
	json_t *o;

	assert_non_null(line);
	assert_null(strchr(line, '\n'));
	o = json_loads(line, 0, NULL);
	assert_non_null(o);
	assert_true(json_real_value(json_object_get(o, "time")) > 1e9);
	free(line);
	return o;
}

static const char *text(json_t *o, const char *key)
{
	const char *s = json_string_value(json_object_get(o, key));

	return s ? s : "";
}

static void test_ras(void **state)
{
	struct qaic_event e = { .type = QAIC_EVENT_RAS, .card = card,
		.ras_type = 0, .ras_source = 2, .ras_count = 1 };
	json_t *o;

	check_words(&e, "fff0:ff:1f.7: 1 error (correctable) of ddr");
	e.ras_type = 77;
	e.ras_count = 2;
	check_words(&e, "fff0:ff:1f.7: 2 errors (unknown) of ddr");
	o = load(card_monitor_line(&json, &e));
	assert_string_equal(text(o, "event"), "ras");
	assert_true(json_is_null(json_object_get(o, "qid")));
	assert_string_equal(text(o, "node"), "/dev/accel/accel7");
	assert_null(json_object_get(o, "syndrome"));
	json_decref(o);
	e.ras_syndrome[63] = 0xab;
	o = load(card_monitor_line(&json, &e));
	assert_int_equal(strlen(text(o, "syndrome")), 128);
	assert_string_equal(text(o, "syndrome") + 126, "ab");
	json_decref(o);
}

static void test_others(void **state)
{
	struct qaic_event e = { .type = QAIC_EVENT_STATE, .card = card };
	json_t *o;

	check_words(&e, "fff0:ff:1f.7: offline");
	e.type = QAIC_EVENT_DBC;
	e.dbc = 4;
	e.dbc_state = 2;
	check_words(&e, "fff0:ff:1f.7: channel 4 is before_shutdown");
	e.type = QAIC_EVENT_THERMAL;
	e.thermal = 1;
	e.temp_mc = 86500;
	check_words(&e, "fff0:ff:1f.7: temperature is hot: 86.5 C");
	o = load(card_monitor_line(&json, &e));
	assert_string_equal(text(o, "level"), "hot");
	json_decref(o);
	e.type = QAIC_EVENT_DRIVER;
	check_words(&e, "the driver was unloaded");
	e.type = QAIC_EVENT_LOST;
	check_words(&e, "some events were lost");
	o = load(card_monitor_line(&json, &e));
	assert_string_equal(text(o, "event"), "lost");
	assert_null(json_object_get(o, "slot"));
	json_decref(o);
}

static void test_telemetry(void **state)
{
	struct qaic_telemetry t = { .card = card, .ras_ue = 3 };
	char *line;
	json_t *o;

	line = card_telemetry_line(&words, &t);
	assert_string_equal(line + 9, "fff0:ff:1f.7: offline");
	free(line);
	o = load(card_telemetry_line(&json, &t));
	assert_null(json_object_get(o, "temperature"));
	assert_int_equal(json_integer_value(json_object_get(o, "ras_ue")), 3);
	json_decref(o);
	t.online = t.reported = true;
	t.temp_mc = 38000;
	t.power_uw = 18000000;
	t.power_max_uw = 75000000;
	t.num_nsps = 2;
	t.nsp_load[0] = 100;
	t.ddr_total = 32ull << 30;
	t.ddr_used = 1 << 20;
	line = card_telemetry_line(&words, &t);
	assert_string_equal(line + 9, "fff0:ff:1f.7: online, 38.0 C, 18.0 of "
			    "75 W, 2 NSPs 50 % busy, 1 of 32768 MiB of DDR used");
	free(line);
	o = load(card_telemetry_line(&json, &t));
	assert_int_equal(json_array_size(json_object_get(o, "nsp_load")), 2);
	json_decref(o);
}

static void test_hotplug(void **state)
{
	struct qaic_hotplug_event e = { .type = QAIC_HOTPLUG_REMOVED,
					.loc = card.loc };
	char *line = card_hotplug_line(&words, &e);
	json_t *o;

	assert_string_equal(line + 9,
			    "fff0:ff:1f.7: /dev/accel/accel7 is gone");
	free(line);
	o = load(card_hotplug_line(&json, &e));
	assert_string_equal(text(o, "event"), "removed");
	json_decref(o);
	e = (struct qaic_hotplug_event){ .type = QAIC_HOTPLUG_LOST };
	o = load(card_hotplug_line(&json, &e));
	assert_string_equal(text(o, "event"), "lost");
	json_decref(o);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ras), cmocka_unit_test(test_others),
		cmocka_unit_test(test_telemetry),
		cmocka_unit_test(test_hotplug),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
