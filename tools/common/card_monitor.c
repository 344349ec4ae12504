// SPDX-License-Identifier: MIT
/* Listening to driver and udev, a line for each thing heard. */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "tools/common/card_monitor.h"

#define MAX_CARDS	16

static bool wanted(const struct card_monitor *cm, const char *pci)
{
	uint32_t qid;
	size_t i;

	if (!cm->qids)
		return true;
	if (qaic_device_find(pci, &qid))
		return false;
	for (i = 0; i < cm->num_qids; i++)
		if (cm->qids[i] == qid)
			return true;
	return false;
}

/* Frees @line. */
static int say(const struct card_monitor *cm, char *line, struct qaic_err *err)
{
	bool ok = line && fprintf(cm->out, "%s\n", line) > 0 &&
		  !fflush(cm->out);

	if (!line)
		return qaic_fail(err, -ENOMEM, "out of memory");
	free(line);
	return ok ? 0 : qaic_fail(err, -EIO, "cannot write the output");
}

static int show_cards(const struct card_monitor *cm, struct qaic_err *err)
{
	struct qaic_telemetry t[MAX_CARDS];
	int i, ret = 0, n = qaic_telemetry_list(t, MAX_CARDS, err);

	if (n < 0)
		return n;
	for (i = 0; i < n && i < MAX_CARDS && !ret; i++)
		if (wanted(cm, t[i].card.loc.pci))
			ret = say(cm, card_telemetry_line(cm, &t[i]), err);
	return ret;
}

static int show_events(const struct card_monitor *cm, struct qaic_monitor *m,
		       struct qaic_err *err)
{
	struct qaic_event e;
	int ret;

	while (!(ret = qaic_monitor_next(m, &e, err))) {
		if (e.type != QAIC_EVENT_DRIVER && e.type != QAIC_EVENT_LOST &&
		    !wanted(cm, e.card.loc.pci))
			continue;
		ret = say(cm, card_monitor_line(cm, &e), err);
		if (ret)
			return ret;
	}
	return ret == -EAGAIN ? 0 : ret;
}

/* Online and offline are the driver's to tell; here they would come twice. */
static int show_hotplug(const struct card_monitor *cm, struct qaic_hotplug *h,
			struct qaic_err *err)
{
	struct qaic_hotplug_event e;
	int ret = 0;

	while (!ret && !qaic_hotplug_next(h, &e)) {
		if (e.type == QAIC_HOTPLUG_ONLINE ||
		    e.type == QAIC_HOTPLUG_OFFLINE)
			continue;
		/* what is gone has no QID any more */
		if (cm->qids && e.type != QAIC_HOTPLUG_LOST && (e.type == QAIC_HOTPLUG_REMOVED ||
				 !wanted(cm, e.loc.pci)))
			continue;
		ret = say(cm, card_hotplug_line(cm, &e), err);
	}
	return ret;
}

static int run(const struct card_monitor *cm, struct qaic_monitor *m,
	       struct qaic_hotplug *h, struct qaic_err *err)
{
	struct pollfd p[] = {
		{ .fd = qaic_monitor_fd(m), .events = POLLIN },
		{ .fd = qaic_hotplug_fd(h), .events = POLLIN },
	};
	sigset_t none;
	int ret;

	sigemptyset(&none);
	ret = show_cards(cm, err);
	while (!ret && !*cm->stop) {
		/* signals are blocked but here: none is missed */
		if (ppoll(p, 2, NULL, &none) < 0 && errno != EINTR)
			return qaic_fail(err, -errno, "poll: %s",
					 strerror(errno));
		ret = show_hotplug(cm, h, err);
		if (!ret)
			ret = show_events(cm, m, err);
	}
	return ret;
}

int card_monitor(const struct card_monitor *cm, struct qaic_err *err)
{
	struct qaic_hotplug *h;
	struct qaic_monitor *m;
	sigset_t set;
	int ret;

	ret = qaic_monitor_open(&m, err);
	if (ret)
		return ret;
	ret = qaic_hotplug_open(&h, err);
	if (!ret) {
		sigemptyset(&set);
		sigaddset(&set, SIGINT);
		sigaddset(&set, SIGTERM);
		sigprocmask(SIG_BLOCK, &set, NULL);
		ret = run(cm, m, h, err);
		sigprocmask(SIG_UNBLOCK, &set, NULL);
		qaic_hotplug_close(h);
	}
	qaic_monitor_close(m);
	return ret;
}
