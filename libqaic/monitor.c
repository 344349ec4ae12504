// SPDX-License-Identifier: MIT
/*
 * Events of the driver. The socket also hears which families come and go, so that
 * a monitor outlives an unloaded driver and hears the next one.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <linux/genetlink.h>
#include <netlink/genl/ctrl.h>
#include <netlink/msg.h>

#include "base/str.h"
#include "libqaic/nl.h"
#include "uapi/qaic_netlink.h"

#define RECEIVE_BUFFER	(1 << 20)	/* the system may give less */

struct qaic_monitor {
	struct nl_sock *sk;
	int family;			/* -1: there is none */
	unsigned char *buf;		/* what was received */
	struct nlmsghdr *next;		/* of it, what is not taken yet */
	int left;
};

int qaic_monitor_open(struct qaic_monitor **out, struct qaic_err *err)
{
	struct qaic_monitor *m = calloc(1, sizeof(*m));
	int group, ret;

	if (!m)
		return qaic_fail(err, -ENOMEM, "no memory for a monitor");
	ret = qaic_nl_open(&m->sk, &m->family, &group, err);
	if (ret) {
		free(m);
		return ret;
	}
	nl_socket_disable_seq_check(m->sk);
	nl_socket_set_buffer_size(m->sk, RECEIVE_BUFFER, 0);
	/* the controller's only group has the controller's number */
	ret = nl_socket_add_memberships(m->sk, group, GENL_ID_CTRL, 0);
	if (!ret)
		ret = nl_socket_set_nonblocking(m->sk);
	if (ret) {
		ret = qaic_fail(err, qaic_nl_errno(ret),
				"cannot listen to netlink: %s",
				nl_geterror(ret));
		qaic_monitor_close(m);
		return ret;
	}
	*out = m;
	return 0;
}

void qaic_monitor_close(struct qaic_monitor *m)
{
	if (!m)
		return;
	nl_socket_free(m->sk);
	free(m->buf);
	free(m);
}

int qaic_monitor_fd(const struct qaic_monitor *m)
{
	return nl_socket_get_fd(m->sk);
}

/* A new driver has numbers of its own. */
static void join_again(struct qaic_monitor *m)
{
	struct nl_sock *sk;
	int group;

	if (qaic_nl_open(&sk, &m->family, &group, NULL)) {
		m->family = -1;
		return;
	}
	nl_socket_free(sk);
	nl_socket_add_memberships(m->sk, group, 0);
}

/* The controller's word about a family; true if it is ours. */
static bool driver_event(struct qaic_monitor *m, struct nlmsghdr *msg,
			 struct qaic_event *e)
{
	struct nlattr *a[CTRL_ATTR_MAX + 1];
	int cmd;

	if (!genlmsg_valid_hdr(msg, 0) ||
	    genlmsg_parse(msg, 0, a, CTRL_ATTR_MAX, NULL) ||
	    !a[CTRL_ATTR_FAMILY_NAME] ||
	    nla_strcmp(a[CTRL_ATTR_FAMILY_NAME], QAIC_NL_FAMILY))
		return false;
	cmd = genlmsg_hdr(msg)->cmd;
	if (cmd != CTRL_CMD_NEWFAMILY && cmd != CTRL_CMD_DELFAMILY)
		return false;
	memset(e, 0, sizeof(*e));
	e->type = QAIC_EVENT_DRIVER;
	e->online = cmd == CTRL_CMD_NEWFAMILY;
	m->family = -1;
	if (e->online)
		join_again(m);
	return true;
}

static bool take(struct qaic_monitor *m, struct nlmsghdr *msg,
		 struct qaic_event *e)
{
	if (msg->nlmsg_type == GENL_ID_CTRL)
		return driver_event(m, msg, e);
	return msg->nlmsg_type == m->family && !qaic_nl_parse_event(msg, e);
}

/* 0: there are messages; 1: some were lost; -EAGAIN */
static int receive(struct qaic_monitor *m, struct qaic_err *err)
{
	struct sockaddr_nl from;
	int n;

	free(m->buf);
	m->buf = NULL;
	n = nl_recv(m->sk, &from, &m->buf, NULL);
	if (!n || n == -NLE_AGAIN)
		return -EAGAIN;
	if (n == -NLE_NOMEM)
		return 1;
	if (n < 0)
		return qaic_fail(err, qaic_nl_errno(n), "netlink: %s",
				 nl_geterror(n));
	/* only the kernel is believed */
	m->next = (struct nlmsghdr *)m->buf;
	m->left = from.nl_pid ? 0 : n;
	return 0;
}

int qaic_monitor_next(struct qaic_monitor *m, struct qaic_event *event,
		      struct qaic_err *err)
{
	struct nlmsghdr *msg;
	int ret;

	for (;;) {
		while (nlmsg_ok(m->next, m->left)) {
			msg = m->next;
			m->next = nlmsg_next(msg, &m->left);
			if (take(m, msg, event))
				return 0;
		}
		m->left = 0;
		ret = receive(m, err);
		if (ret == 1) {
			memset(event, 0, sizeof(*event));
			event->type = QAIC_EVENT_LOST;
			return 0;
		}
		if (ret)
			return ret;
	}
}

/* ---- words ---- */

static const char *word(const char *const *words, size_t n, uint32_t i)
{
	return i < n ? words[i] : "unknown";
}

const char *qaic_dbc_state_name(uint32_t state)
{
	static const char *const words[] = {
		"idle", "assigned", "before_shutdown", "after_shutdown",
		"before_power_up", "after_power_up",
	};

	return word(words, QAIC_ARRAY_SIZE(words), state);
}

const char *qaic_ras_type_name(uint32_t type)
{
	static const char *const words[] = { "ce", "ue", "ue_nonfatal" };

	return word(words, QAIC_ARRAY_SIZE(words), type);
}

const char *qaic_ras_source_name(uint32_t source)
{
	static const char *const words[] = {
		"soc_mem", "pcie", "ddr", "sys_bus1", "sys_bus2", "nsp_mem",
		"tsens",
	};

	return word(words, QAIC_ARRAY_SIZE(words), source);
}

const char *qaic_thermal_name(uint32_t level)
{
	static const char *const words[] = { "normal", "hot", "critical" };

	return word(words, QAIC_ARRAY_SIZE(words), level);
}
