// SPDX-License-Identifier: MIT
/*
 * Which cards the kernel knows. The QID of a card is its place among the PCI
 * functions 17cb:a100, in the order of the vendor's runtime; its node is the accel
 * device whose parent is that function.
 */
#include <errno.h>
#include <libudev.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "libqaic/transport.h"

#define VENDOR	"0x17cb"
#define DEVICE	"0xa100"

/* Embedded wins if the environment says so. */
static bool embedded_forced(void)
{
	const char *s = getenv("QAIC_EMBEDDED");

	return s && *s && strcmp(s, "0");
}

/*
 * The vendor's runtime sorts addresses as text, in decimal digits, two for bus,
 * device and function: bus 100 comes before bus 20 (enumAicDevices() of
 * runtime-platform's QOsal.cpp).
 */
static void sort_key(const char *pci, char key[48])
{
	unsigned int domain = 0, bus = 0, dev = 0, fn = 0;

	sscanf(pci, "%x:%x:%x.%x", &domain, &bus, &dev, &fn);
	snprintf(key, 48, "%04d%02d%02d%02d", (int)domain, (int)bus, (int)dev,
		 (int)fn);
}

static int by_address(const void *a, const void *b)
{
	const struct qaic_location *x = a, *y = b;
	char kx[48], ky[48];

	sort_key(x->pci, kx);
	sort_key(y->pci, ky);
	return strcmp(kx, ky);
}

void qaic_kernel_sort(struct qaic_location *loc, int n)
{
	qsort(loc, n, sizeof(*loc), by_address);
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
	udev_enumerate_add_match_sysattr(e, "vendor", VENDOR);
	udev_enumerate_add_match_sysattr(e, "device", DEVICE);
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
		qaic_kernel_sort(loc, n);
	return n;
}

static bool attr_is(struct udev_device *dev, const char *name,
		    const char *want)
{
	const char *v = udev_device_get_sysattr_value(dev, name);

	return v && !strcmp(v, want);
}

/* The accel device belongs to the function that is its parent. */
bool qaic_kernel_locate(struct udev_device *dev, struct qaic_location *loc)
{
	struct udev_device *up = udev_device_get_parent(dev);
	const char *node = udev_device_get_devnode(dev);

	if (!up || !node || embedded_forced() ||
	    !attr_is(up, "vendor", VENDOR) || !attr_is(up, "device", DEVICE))
		return false;
	memset(loc, 0, sizeof(*loc));
	snprintf(loc->pci, sizeof(loc->pci), "%s",
		 udev_device_get_sysname(up));
	snprintf(loc->node, sizeof(loc->node), "%s", node);
	return true;
}

static int match_node(struct udev_device *dev, struct qaic_location *loc,
		      int n)
{
	struct qaic_location here;
	int i;

	if (!qaic_kernel_locate(dev, &here))
		return 0;
	for (i = 0; i < n; i++)
		if (!strcmp(loc[i].pci, here.pci)) {
			loc[i] = here;
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
