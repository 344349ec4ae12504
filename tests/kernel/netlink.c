// SPDX-License-Identifier: MIT
/*
 * Queries of the netlink family that are not as they should be, and what comes
 * back of those that are. Usage: netlink, with cards 0 (online) and 1; or netlink
 * SECONDS: queries and listeners that come and go, driver or not.
 */
#include <linux/genetlink.h>
#include <netlink/genl/ctrl.h>
#include <netlink/genl/genl.h>
#include <time.h>

#include "libqaic/nl.h"
#include "tests/kernel/client.h"
#include "uapi/qaic_netlink.h"

static struct nl_sock *sk;
static int family, group;

/* ---- one query, byte by byte ---- */

static struct nl_msg *query(int cmd, int flags)
{
	struct nl_msg *m = nlmsg_alloc();

	genlmsg_put(m, NL_AUTO_PORT, NL_AUTO_SEQ, family, 0, flags, cmd,
		    QAIC_NL_VERSION);
	return m;
}

static int on_error(struct sockaddr_nl *from, struct nlmsgerr *e, void *arg)
{
	*(int *)arg = -e->error;
	return NL_STOP;
}

/* The errno that the kernel answers with; frees @m. */
static int ask(struct nl_msg *m)
{
	struct nl_cb *cb = nl_cb_alloc(NL_CB_DEFAULT);
	int err = 0, ret;

	nl_cb_err(cb, NL_CB_CUSTOM, on_error, &err);
	ret = nl_send_auto(sk, m);
	nlmsg_free(m);
	/* an answer and its acknowledgement, a dump, or an error */
	if (ret >= 0)
		ret = nl_recvmsgs(sk, cb);
	if (ret >= 0 && !err)
		nl_wait_for_ack(sk);
	nl_cb_put(cb);
	return err;
}

static void bad_queries(void)
{
	struct nl_msg *m;
	uint8_t byte = 0;

	expect("no card", ask(query(QAIC_NL_CMD_GET, 0)), EINVAL);
	m = query(QAIC_NL_CMD_GET, 0);
	nla_put_u32(m, QAIC_NL_A_CARD, 9);
	expect("card 9", ask(m), ENODEV);
	m = query(QAIC_NL_CMD_GET, 0);
	nla_put_u32(m, QAIC_NL_A_CARD, 16);
	expect("card 16", ask(m), ERANGE);
	m = query(QAIC_NL_CMD_GET, 0);
	nla_put(m, QAIC_NL_A_CARD, 1, &byte);
	expect("a short attribute", ask(m), EINVAL);
	m = query(QAIC_NL_CMD_GET, 0);
	nla_put_u64(m, QAIC_NL_A_CARD, 0);
	expect("a long attribute", ask(m), EINVAL);
	m = query(QAIC_NL_CMD_GET, 0);
	nla_put_u32(m, QAIC_NL_A_CARD, 0);
	nla_put_u32(m, QAIC_NL_A_DBC, 0);
	expect("an attribute of events", ask(m), EINVAL);
	m = query(QAIC_NL_CMD_GET, 0);
	nla_put_u32(m, QAIC_NL_A_CARD, 0);
	nla_put_u32(m, 999, 0);
	expect("an unknown attribute", ask(m), EINVAL);
	m = query(QAIC_NL_CMD_GET, 0);
	nla_put_u32(m, QAIC_NL_A_CARD, 0);
	nlmsg_append(m, &byte, 1, 0);
	expect("bytes behind", ask(m), EINVAL);
	m = query(QAIC_NL_CMD_GET, NLM_F_DUMP);
	nla_put_u32(m, QAIC_NL_A_CARD, 0);
	expect("all, and a card", ask(m), EINVAL);
	expect("an event", ask(query(QAIC_NL_CMD_RAS_EVENT, 0)), EOPNOTSUPP);
	expect("command 0", ask(query(0, 0)), EOPNOTSUPP);
	expect("command 200", ask(query(200, NLM_F_DUMP)), EOPNOTSUPP);
	m = query(QAIC_NL_CMD_GET, 0);
	genlmsg_hdr(nlmsg_hdr(m))->reserved = 1;
	nla_put_u32(m, QAIC_NL_A_CARD, 0);
	expect("reserved", ask(m), EINVAL);
}

/* ---- as it should be ---- */

static void good_queries(void)
{
	struct qaic_err err = QAIC_ERR_INIT;
	struct qaic_telemetry t[4], one;
	unsigned int i;

	/* the first report comes with the card, but after it is online */
	for (i = 0; i < 100; i++) {
		if (!qaic_telemetry_get(0, &one, &err) && one.reported)
			break;
		usleep(20000);
	}
	expect("reported", one.reported, 1);
	expect("online", one.online, 1);
	expect("all", qaic_telemetry_list(t, 4, &err), 2);
	expect("not more than there is room for",
	       qaic_telemetry_list(t + 3, 1, &err), 2);
	for (i = 0; i < 2; i++) {
		expect("slot", t[i].card.slot, i);
		expect("a node", access(t[i].card.loc.node, F_OK), 0);
	}
	expect("NSPs", t[0].num_nsps, 16);
	expect("the same card", strcmp(one.card.loc.pci, t[0].card.loc.pci), 0);
	expect("memory", t[0].ddr_total > t[0].ddr_used, 1);
	expect("temperature", t[0].temp_mc > 20000 && t[0].temp_mc < 90000, 1);
	expect("power", t[0].power_uw > 1000000 &&
	       t[0].power_uw < t[0].power_max_uw, 1);
	expect("no card 7", qaic_telemetry_get(7, &one, &err), -ENODEV);
	expect("nor 70", qaic_telemetry_get(70, &one, &err), -ENODEV);
}

/* ---- at any time ---- */

static void come_and_go(int seconds)
{
	struct qaic_err err = QAIC_ERR_INIT;
	time_t until = time(NULL) + seconds;
	struct qaic_monitor *m[3] = { NULL };
	struct qaic_telemetry t[16];
	struct qaic_event e;
	unsigned int i, good = 0;

	for (i = 0; time(NULL) < until; i = (i + 1) % 3) {
		good += qaic_telemetry_list(t, 16, &err) >= 0;
		good += !qaic_telemetry_get(i, &t[0], &err);
		while (m[i] && !qaic_monitor_next(m[i], &e, &err))
			good++;
		qaic_monitor_close(m[i]);
		m[i] = NULL;
		if (qaic_monitor_open(&m[i], &err))
			m[i] = NULL;
	}
	for (i = 0; i < 3; i++)
		qaic_monitor_close(m[i]);
	printf("%u answers\n", good);
}

int main(int argc, char **argv)
{
	struct qaic_err err = QAIC_ERR_INIT;

	if (argc > 1) {
		come_and_go(atoi(argv[1]));
		return 0;
	}
	if (qaic_nl_open(&sk, &family, &group, &err)) {
		fprintf(stderr, "netlink: %s\n", err.msg);
		return 1;
	}
	bad_queries();
	good_queries();
	nl_socket_free(sk);
	return report("netlink");
}
