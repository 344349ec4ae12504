// SPDX-License-Identifier: MIT
/*
 * Which cards the kernel knows. The QID of a card is its place among the PCI
 * functions 17cb:a100, ordered by address, as the vendor's runtime counts; its
 * node is the accel device whose parent is that function.
 */
#include <errno.h>
#include <libudev.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "libqaic/transport.h"

/* Embedded wins if the environment says so. */
static bool embedded_forced(void)
{
	const char *s = getenv("QAIC_EMBEDDED");

	return s && *s && strcmp(s, "0");
}

static int by_address(const void *a, const void *b)
{
	const struct qaic_location *x = a, *y = b;

	/* domain, bus, device: hexadecimal digits, as many in both */
	if (strlen(x->pci) != strlen(y->pci))
		return strlen(x->pci) < strlen(y->pci) ? -1 : 1;
	return strcmp(x->pci, y->pci);
}

/* The cards' functions, sorted; their nodes are not known yet. */
static int list_functions(struct udev *udev, struct qaic_location *loc,
			  int max)
{
	struct udev_enumerate *e = udev_enumerate_new(udev);
	struct udev_list_entry *i;
	const char *path;
	int n = 0;

	if (!e)
		return -ENOMEM;
	udev_enumerate_add_match_subsystem(e, "pci");
	udev_enumerate_add_match_sysattr(e, "vendor", "0x17cb");
	udev_enumerate_add_match_sysattr(e, "device", "0xa100");
	if (udev_enumerate_scan_devices(e) < 0)
		n = -EIO;
	else
		udev_list_entry_foreach(i, udev_enumerate_get_list_entry(e)) {
			path = strrchr(udev_list_entry_get_name(i), '/');
			if (!path || n == max)
				continue;
			snprintf(loc[n++].pci, sizeof(loc->pci), "%s",
				 path + 1);
		}
	udev_enumerate_unref(e);
	if (n > 0)
		qsort(loc, n, sizeof(*loc), by_address);
	return n;
}

/* The accel device belongs to the function that is its parent. */
static int match_node(struct udev_device *dev, struct qaic_location *loc,
		      int n)
{
	struct udev_device *up = udev_device_get_parent(dev);
	const char *node = udev_device_get_devnode(dev);
	const char *name;
	int i;

	if (!up || !node)
		return 0;
	name = udev_device_get_sysname(up);
	for (i = 0; i < n; i++)
		if (!strcmp(loc[i].pci, name)) {
			snprintf(loc[i].node, sizeof(loc->node), "%s", node);
			return 1;
		}
	return 0;
}

/* How many of the functions have a node. */
static int list_nodes(struct udev *udev, struct qaic_location *loc, int n)
{
	struct udev_enumerate *e = udev_enumerate_new(udev);
	struct udev_list_entry *i;
	struct udev_device *dev;
	int found = 0;

	if (!e)
		return -ENOMEM;
	udev_enumerate_add_match_subsystem(e, "accel");
	if (udev_enumerate_scan_devices(e) < 0)
		found = -EIO;
	else
		udev_list_entry_foreach(i, udev_enumerate_get_list_entry(e)) {
			dev = udev_device_new_from_syspath(udev,
					udev_list_entry_get_name(i));
			if (!dev)
				continue;
			found += match_node(dev, loc, n);
			udev_device_unref(dev);
		}
	udev_enumerate_unref(e);
	return found;
}

int qaic_kernel_list(struct qaic_location *loc, int max)
{
	struct udev *udev;
	int n, nodes = 0;

	memset(loc, 0, max * sizeof(*loc));
	if (embedded_forced())
		return 0;
	udev = udev_new();
	if (!udev)
		return 0;
	n = list_functions(udev, loc, max);
	if (n > 0)
		nodes = list_nodes(udev, loc, n);
	udev_unref(udev);
	/* functions that no accel driver drives are no devices of ours */
	return nodes > 0 ? n : 0;
}
