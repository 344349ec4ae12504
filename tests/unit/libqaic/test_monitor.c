// SPDX-License-Identifier: MIT
/*
 * Messages of the driver's netlink family taken apart: good ones, bad ones, noise;
 * and the order of QIDs. What a driver really says is tested in tests/kernel.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <netlink/msg.h>

#include "libqaic/nl.h"
#include "libqaic/transport.h"
#include "uapi/qaic_netlink.h"

#define FAMILY	30

static struct nl_msg *begin(int cmd)
{
	struct nl_msg *m = nlmsg_alloc();

	assert_non_null(genlmsg_put(m, 0, 0, FAMILY, 0, 0, cmd,
				    QAIC_NL_VERSION));
	return m;
}

/* A message about card 3 */
static struct nl_msg *about_card(int cmd)
{
	struct nl_msg *m = begin(cmd);

	nla_put_u32(m, QAIC_NL_A_CARD, 3);
	nla_put_string(m, QAIC_NL_A_PCI, "0001:04:00.0");
	nla_put_string(m, QAIC_NL_A_NODE, "accel3");
	return m;
}

/* Frees @m. */
static int event(struct nl_msg *m, struct qaic_event *e)
{
	int ret = qaic_nl_parse_event(nlmsg_hdr(m), e);

	nlmsg_free(m);
	return ret;
}

static void test_events(void **state)
{
	static const uint8_t syndrome[64] = { 1, 2, 3 };
	struct qaic_event e;
	struct nl_msg *m;

	m = about_card(QAIC_NL_CMD_STATE_EVENT);
	nla_put_u32(m, QAIC_NL_A_STATE, QAIC_NL_STATE_ONLINE);
	assert_int_equal(event(m, &e), 0);
	assert_int_equal(e.type, QAIC_EVENT_STATE);
	assert_int_equal(e.card.slot, 3);
	assert_string_equal(e.card.loc.pci, "0001:04:00.0");
	assert_string_equal(e.card.loc.node, "/dev/accel/accel3");
	assert_true(e.online);

	m = about_card(QAIC_NL_CMD_RAS_EVENT);
	nla_put_u32(m, QAIC_NL_A_RAS_TYPE, 2);
	nla_put_u32(m, QAIC_NL_A_RAS_SOURCE, 6);
	nla_put_u32(m, QAIC_NL_A_RAS_COUNT, 17);
	nla_put(m, QAIC_NL_A_RAS_SYNDROME, sizeof(syndrome), syndrome);
	assert_int_equal(event(m, &e), 0);
	assert_int_equal(e.type, QAIC_EVENT_RAS);
	assert_string_equal(qaic_ras_type_name(e.ras_type), "ue_nonfatal");
	assert_string_equal(qaic_ras_source_name(e.ras_source), "tsens");
	assert_int_equal(e.ras_count, 17);
	assert_memory_equal(e.ras_syndrome, syndrome, sizeof(syndrome));

	m = about_card(QAIC_NL_CMD_DBC_EVENT);
	nla_put_u32(m, QAIC_NL_A_DBC, 15);
	nla_put_u32(m, QAIC_NL_A_DBC_STATE, 5);
	assert_int_equal(event(m, &e), 0);
	assert_int_equal(e.dbc, 15);
	assert_string_equal(qaic_dbc_state_name(e.dbc_state), "after_power_up");

	m = about_card(QAIC_NL_CMD_THERMAL_EVENT);
	nla_put_u32(m, QAIC_NL_A_THERMAL, QAIC_NL_THERMAL_CRITICAL);
	nla_put_s32(m, QAIC_NL_A_TEMP, -40000);
	assert_int_equal(event(m, &e), 0);
	assert_string_equal(qaic_thermal_name(e.thermal), "critical");
	assert_int_equal(e.temp_mc, -40000);
}

static void test_words(void **state)
{
	assert_string_equal(qaic_dbc_state_name(0), "idle");
	assert_string_equal(qaic_dbc_state_name(6), "unknown");
	assert_string_equal(qaic_ras_type_name(~0u), "unknown");
	assert_string_equal(qaic_ras_source_name(7), "unknown");
	assert_string_equal(qaic_thermal_name(3), "unknown");
}

static void test_telemetry(void **state)
{
	uint8_t load[20];
	struct qaic_telemetry t;
	struct nl_msg *m = about_card(QAIC_NL_CMD_GET);

	/* a slot without a process */
	nla_put_u32(m, QAIC_NL_A_STATE, QAIC_NL_STATE_OFFLINE);
	nla_put_u64(m, QAIC_NL_A_RAS_CE, 1ull << 40);
	assert_int_equal(qaic_nl_parse_telemetry(nlmsg_hdr(m), &t), 0);
	assert_false(t.online || t.reported || t.sku);
	assert_true(t.ras_ce == 1ull << 40);

	/* more NSPs than there are */
	memset(load, 55, sizeof(load));
	nla_put(m, QAIC_NL_A_NSP_LOAD, sizeof(load), load);
	nla_put_u64(m, QAIC_NL_A_DDR_USED, 1ull << 33);
	assert_int_equal(qaic_nl_parse_telemetry(nlmsg_hdr(m), &t), 0);
	assert_true(t.reported);
	assert_int_equal(t.num_nsps, 16);
	assert_int_equal(t.nsp_load[15], 55);
	assert_true(t.ddr_used == 1ull << 33);
	nlmsg_free(m);
}

static void test_bad(void **state)
{
	struct qaic_telemetry t;
	struct qaic_event e;
	struct nl_msg *m;

	/* no card, no event, short, no end of a string */
	assert_int_equal(event(begin(QAIC_NL_CMD_STATE_EVENT), &e), -EBADMSG);
	assert_int_equal(event(about_card(QAIC_NL_CMD_GET), &e), -EBADMSG);
	assert_int_equal(event(about_card(0), &e), -EBADMSG);
	assert_int_equal(event(about_card(200), &e), -EBADMSG);
	m = begin(QAIC_NL_CMD_STATE_EVENT);
	nla_put(m, QAIC_NL_A_CARD, 2, "ab");
	assert_int_equal(event(m, &e), -EBADMSG);
	m = about_card(QAIC_NL_CMD_STATE_EVENT);
	nla_put(m, QAIC_NL_A_PCI, 4, "aaaa");
	assert_int_equal(event(m, &e), -EBADMSG);
	m = about_card(QAIC_NL_CMD_STATE_EVENT);
	assert_int_equal(qaic_nl_parse_telemetry(nlmsg_hdr(m), &t), -EBADMSG);
	nlmsg_free(m);
	/* a name longer than there is room for is cut */
	m = begin(QAIC_NL_CMD_STATE_EVENT);
	nla_put_u32(m, QAIC_NL_A_CARD, 0);
	nla_put_string(m, QAIC_NL_A_PCI,
		       "00000000000000000000000000000000000000000000000000000");
	nla_put_string(m, QAIC_NL_A_NODE,
		       "accelerator-with-a-name-that-is-longer-than-any-other");
	assert_int_equal(event(m, &e), 0);
	assert_int_equal(strlen(e.card.loc.pci), sizeof(e.card.loc.pci) - 1);
}

/* Whatever the length says, it is what was received. */
static void test_noise(void **state)
{
	struct qaic_telemetry t;
	struct qaic_event e;
	unsigned int i, k, n;
	struct nlmsghdr *h;

	srand(1);
	for (i = 0; i < 20000; i++) {
		n = NLMSG_HDRLEN + rand() % 300;
		h = malloc(n);
		for (k = 0; k < n; k++)
			((uint8_t *)h)[k] = rand() % 8 ? rand() % 28 : rand();
		h->nlmsg_len = n;
		h->nlmsg_type = FAMILY;
		qaic_nl_parse_event(h, &e);
		qaic_nl_parse_telemetry(h, &t);
		free(h);
	}
}

static void test_order(void **state)
{
	/* the vendor's: as text, bus and device in decimal */
	static const char *const want[] = {
		"0000:02:00.0", "0000:64:00.0", "0000:0b:00.0", "0000:14:00.0",
		"0001:01:00.0", "0001:01:00.1",
	};
	struct qaic_location loc[6] = { 0 };
	unsigned int i;

	for (i = 0; i < 6; i++)
		strcpy(loc[i].pci, want[(i * 5 + 3) % 6]);
	qaic_kernel_sort(loc, 6);
	for (i = 0; i < 6; i++)
		assert_string_equal(loc[i].pci, want[i]);
}

static void test_no_driver(void **state)
{
	struct qaic_err err = QAIC_ERR_INIT;
	struct qaic_telemetry t;
	struct qaic_monitor *m;
	struct qaic_hotplug *h;
	struct qaic_hotplug_event e;
	uint32_t qid;

	if (qaic_telemetry_list(&t, 1, &err) >= 0)
		skip();			/* a machine that has the driver */
	assert_int_equal(qaic_telemetry_list(&t, 1, &err), -ENOENT);
	assert_non_null(strstr(err.msg, "qaic_sim"));
	assert_int_equal(qaic_telemetry_get(0, &t, &err), -ENOENT);
	assert_int_equal(qaic_monitor_open(&m, &err), -ENOENT);
	assert_int_equal(qaic_device_find("0000:00:00.0", &qid), -ENODEV);
	qaic_monitor_close(NULL);
	/* udev can be listened to without anything to hear */
	if (!qaic_hotplug_open(&h, &err)) {
		assert_true(qaic_hotplug_fd(h) >= 0);
		assert_int_equal(qaic_hotplug_next(h, &e), -EAGAIN);
		qaic_hotplug_close(h);
	}
	qaic_hotplug_close(NULL);
}

/* What udevd does, faster than it is heard; false if this may not. */
static bool flood(void)
{
	struct sockaddr_nl to = { .nl_family = AF_NETLINK, .nl_groups = 2 };
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC,
			NETLINK_KOBJECT_UEVENT), i;
	static char text[8192];
	bool ok = fd >= 0;

	for (i = 0; ok && i < 64; i++)
		ok = sendto(fd, text, sizeof(text), 0, (struct sockaddr *)&to,
			    sizeof(to)) >= 0 || errno == ENOBUFS;
	close(fd);
	return ok;
}

static void test_overflow(void **state)
{
	struct qaic_err err = QAIC_ERR_INIT;
	struct qaic_hotplug_event e;
	struct qaic_hotplug *h;
	int size = 4096, i, lost = 0;

	if (qaic_hotplug_open(&h, &err))
		skip();
	assert_int_equal(setsockopt(qaic_hotplug_fd(h), SOL_SOCKET, SO_RCVBUF,
				    &size, sizeof(size)), 0);
	if (!flood()) {			/* no CAP_NET_ADMIN here */
		qaic_hotplug_close(h);
		skip();
	}
	for (i = 0; i < 100; i++) {
		if (qaic_hotplug_next(h, &e) || e.type != QAIC_HOTPLUG_LOST)
			continue;
		assert_string_equal(e.loc.node, "");
		lost++;
	}
	assert_int_equal(lost, 1);
	qaic_hotplug_close(h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_events), cmocka_unit_test(test_words),
		cmocka_unit_test(test_telemetry), cmocka_unit_test(test_bad),
		cmocka_unit_test(test_noise), cmocka_unit_test(test_order),
		cmocka_unit_test(test_no_driver),
		cmocka_unit_test(test_overflow),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
