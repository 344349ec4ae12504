// SPDX-License-Identifier: GPL-2.0-only
/* dbcN_state of the accel device: enum qaic_dbc_state as a number. */
#include <linux/device.h>
#include <linux/sysfs.h>

#include "kmod/drv.h"

struct dbc_attr {
	struct device_attribute attr;
	u32 id;
};

static ssize_t state_show(struct device *dev, struct device_attribute *attr,
			  char *buf)
{
	const struct dbc_attr *a = container_of(attr, struct dbc_attr, attr);
	struct drm_minor *minor = dev_get_drvdata(dev);
	struct qaic_device *qd = to_qaic(minor->dev);

	return sysfs_emit(buf, "%d\n", READ_ONCE(qd->dbc[a->id].state));
}

#define DBC(n) \
	static struct dbc_attr dbc##n = { \
		.attr = __ATTR(dbc##n##_state, 0444, state_show, NULL), \
		.id = n, \
	}
DBC(0);
DBC(1);
DBC(2);
DBC(3);
DBC(4);
DBC(5);
DBC(6);
DBC(7);
DBC(8);
DBC(9);
DBC(10);
DBC(11);
DBC(12);
DBC(13);
DBC(14);
DBC(15);

static struct attribute *attrs[] = {
	&dbc0.attr.attr,
	&dbc1.attr.attr,
	&dbc2.attr.attr,
	&dbc3.attr.attr,
	&dbc4.attr.attr,
	&dbc5.attr.attr,
	&dbc6.attr.attr,
	&dbc7.attr.attr,
	&dbc8.attr.attr,
	&dbc9.attr.attr,
	&dbc10.attr.attr,
	&dbc11.attr.attr,
	&dbc12.attr.attr,
	&dbc13.attr.attr,
	&dbc14.attr.attr,
	&dbc15.attr.attr,
	NULL
};

static const struct attribute_group group = { .attrs = attrs };

const struct attribute_group *qaic_accel_groups[] = { &group, NULL };
