// SPDX-License-Identifier: MIT
/*
 * Cards that come and go, by libudev: after udev's rules have run, so the nodes
 * are there and have their owners.
 */
#include <errno.h>
#include <libudev.h>
#include <stdlib.h>
#include <string.h>

#include "libqaic/monitor.h"
#include "libqaic/transport.h"

struct qaic_hotplug {
	struct udev *udev;
	struct udev_monitor *mon;
	/* the nodes that are cards: of one that is gone sysfs says nothing */
	struct qaic_location known[QAIC_MAX_DEVICES];
	int num;
};

static int start(struct qaic_hotplug *h)
{
	h->udev = udev_new();
	if (h->udev)
		h->mon = udev_monitor_new_from_netlink(h->udev, "udev");
	if (!h->mon)
		return -ENOMEM;
	if (udev_monitor_filter_add_match_subsystem_devtype(h->mon, "accel",
							    NULL) < 0 ||
	    udev_monitor_enable_receiving(h->mon) < 0)
		return -EIO;
	/* after listening began: nothing comes in between unseen */
	h->num = qaic_kernel_list(h->known, QAIC_MAX_DEVICES);
	return 0;
}

int qaic_hotplug_open(struct qaic_hotplug **out, struct qaic_err *err)
{
	struct qaic_hotplug *h = calloc(1, sizeof(*h));
	int ret;

	if (!h)
		return qaic_fail(err, -ENOMEM, "no memory for a monitor");
	ret = start(h);
	if (ret) {
		qaic_hotplug_close(h);
		return qaic_fail(err, ret, "cannot listen to udev: %s",
				 strerror(-ret));
	}
	*out = h;
	return 0;
}

void qaic_hotplug_close(struct qaic_hotplug *h)
{
	if (!h)
		return;
	if (h->mon)
		udev_monitor_unref(h->mon);
	if (h->udev)
		udev_unref(h->udev);
	free(h);
}

int qaic_hotplug_fd(const struct qaic_hotplug *h)
{
	return udev_monitor_get_fd(h->mon);
}

static struct qaic_location *find(struct qaic_hotplug *h, const char *node)
{
	int i;

	for (i = 0; i < h->num; i++)
		if (!strcmp(h->known[i].node, node))
			return &h->known[i];
	return NULL;
}

/* False if it is no card, or one that is known. */
static bool added(struct qaic_hotplug *h, struct udev_device *dev,
		  struct qaic_location *loc)
{
	struct qaic_location *k;
	int i;

	if (!qaic_kernel_locate(dev, loc) || find(h, loc->node))
		return false;
	/* a function that had no node when this began */
	for (i = 0; i < h->num; i++)
		if (!strcmp(h->known[i].pci, loc->pci)) {
			h->known[i] = *loc;
			return true;
		}
	if (h->num == QAIC_MAX_DEVICES)
		return false;
	k = &h->known[h->num++];
	*k = *loc;
	return true;
}

static bool take(struct qaic_hotplug *h, struct udev_device *dev,
		 struct qaic_hotplug_event *e)
{
	const char *action = udev_device_get_action(dev);
	const char *node = udev_device_get_devnode(dev);
	struct qaic_location *k;

	if (!action || !node)
		return false;
	if (!strcmp(action, "add")) {
		e->type = QAIC_HOTPLUG_ADDED;
		return added(h, dev, &e->loc);
	}
	k = find(h, node);
	if (!k)
		return false;
	e->loc = *k;
	if (!strcmp(action, "online")) {
		e->type = QAIC_HOTPLUG_ONLINE;
	} else if (!strcmp(action, "offline")) {
		e->type = QAIC_HOTPLUG_OFFLINE;
	} else if (!strcmp(action, "remove")) {
		e->type = QAIC_HOTPLUG_REMOVED;
		*k = h->known[--h->num];
	} else {
		return false;
	}
	return true;
}

int qaic_hotplug_next(struct qaic_hotplug *h, struct qaic_hotplug_event *event)
{
	struct udev_device *dev;
	bool ok;

	/* the socket does not block */
	errno = 0;
	while ((dev = udev_monitor_receive_device(h->mon))) {
		ok = take(h, dev, event);
		udev_device_unref(dev);
		if (ok)
			return 0;
		errno = 0;
	}
	if (errno != ENOBUFS)
		return -EAGAIN;
	/* the kernel says so once, where it had no room for an event */
	memset(event, 0, sizeof(*event));
	event->type = QAIC_HOTPLUG_LOST;
	h->num = qaic_kernel_list(h->known, QAIC_MAX_DEVICES);
	return 0;
}
