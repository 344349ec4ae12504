/* SPDX-License-Identifier: MIT */
/* The driver's generic netlink family (uapi/qaic_netlink.h), by libnl. */
#ifndef LIBQAIC_NL_H
#define LIBQAIC_NL_H

#include <netlink/genl/genl.h>
#include <netlink/netlink.h>

#include "libqaic/monitor.h"

/*
 * A socket, and the numbers of the family and its group. -ENOENT: there is no such
 * family. *sk is the caller's to free only on success.
 */
int qaic_nl_open(struct nl_sock **sk, int *family, int *group,
		 struct qaic_err *err);
/* An error of libnl as a negative errno. */
int qaic_nl_errno(int nlerr);

/* Messages of the family; -EBADMSG if one is none. */
int qaic_nl_parse_event(struct nlmsghdr *msg, struct qaic_event *event);
int qaic_nl_parse_telemetry(struct nlmsghdr *msg, struct qaic_telemetry *t);

#endif
