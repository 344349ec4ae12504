// SPDX-License-Identifier: MIT
/*
 * Devices: the cards behind a kernel driver, or where there are none, the card
 * in this process as QID 0.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "libqaic/monitor.h"
#include "libqaic/priv.h"

int qaic_device_count(void)
{
	struct qaic_location loc[QAIC_MAX_DEVICES];
	int n = qaic_kernel_list(loc, QAIC_MAX_DEVICES);

	return n ? n : 1;
}

int qaic_device_locate(uint32_t qid, struct qaic_location *out)
{
	struct qaic_location loc[QAIC_MAX_DEVICES];
	int n = qaic_kernel_list(loc, QAIC_MAX_DEVICES);

	/* all zero when there are none */
	if (qid >= (uint32_t)(n ? n : 1))
		return -ENODEV;
	*out = loc[qid];
	return 0;
}

int qaic_device_find(const char *pci, uint32_t *qid)
{
	struct qaic_location loc[QAIC_MAX_DEVICES];
	int i, n = qaic_kernel_list(loc, QAIC_MAX_DEVICES);

	for (i = 0; i < n; i++)
		if (!strcmp(loc[i].pci, pci)) {
			*qid = i;
			return 0;
		}
	return -ENODEV;
}

static int ask_status(struct qaic_device *dev, struct qaic_msg *msg,
		      const struct qaic_nnc_status_rsp **rsp,
		      struct qaic_err *err)
{
	int ret;

	qaic_msg_init(msg);
	qaic_msg_cmd(msg, QAIC_NNC_STATUS, sizeof(struct qaic_nnc_status_req));
	ret = qaic_msg_send(dev, msg, (const void **)rsp, sizeof(**rsp), err);
	return ret ? ret : qaic_msg_status((*rsp)->status, "status", err);
}

/* Versions that this library speaks: the same check as other runtimes do. */
static int check_versions(struct qaic_device *dev, struct qaic_err *err)
{
	const struct qaic_manage_trans_status_from_dev *s;
	const struct qaic_nnc_status_rsp *rsp;
	struct qaic_msg msg;
	int ret;

	ret = ask_status(dev, &msg, &rsp, err);
	if (ret)
		return ret;
	if (rsp->dev.cmd_major != QAIC_NNC_CMD_MAJOR ||
	    rsp->dev.meta_major != QAIC_NNC_META_MAJOR)
		return qaic_fail(err, -EPROTO,
				 "the card speaks command protocol %u and metadata %u, this library %u and %u",
				 rsp->dev.cmd_major, rsp->dev.meta_major,
				 QAIC_NNC_CMD_MAJOR, QAIC_NNC_META_MAJOR);

	qaic_msg_init(&msg);
	qaic_msg_add(&msg, QAIC_TRANS_STATUS_FROM_USR,
		     sizeof(struct qaic_manage_trans_status_to_dev));
	ret = dev->t->ops->manage(dev->t, msg.data, &msg.len, &msg.count);
	s = qaic_msg_find(&msg, QAIC_TRANS_STATUS_FROM_DEV, sizeof(*s));
	if (ret || !s || s->status)
		return qaic_fail(err, ret ? ret : -EPROTO,
				 "the card does not tell its status");
	return 0;
}

static int open_transport(uint32_t qid, struct qaic_transport **out,
			  struct qaic_err *err)
{
	struct qaic_location loc;

	if (qaic_device_locate(qid, &loc))
		return qaic_fail(err, -ENODEV,
				 "no device %u: there are %d, numbered from 0",
				 qid, qaic_device_count());
	if (loc.node[0])
		return qaic_kernel_open(loc.node, out, err);
	if (loc.pci[0])
		return qaic_fail(err, -ENODEV,
				 "device %u: no driver drives the card %s", qid,
				 loc.pci);
	return qaic_embedded_open(out, err);
}

int qaic_device_open(uint32_t qid, struct qaic_device **out,
		     struct qaic_err *err)
{
	struct qaic_device *dev;
	int ret;

	dev = calloc(1, sizeof(*dev));
	if (!dev)
		return qaic_fail(err, -ENOMEM, "no memory for a device");
	dev->qid = qid;
	ret = open_transport(qid, &dev->t, err);
	if (ret)
		goto free_dev;
	ret = check_versions(dev, err);
	if (ret)
		goto close;
	*out = dev;
	return 0;

close:
	dev->t->ops->close(dev->t);
free_dev:
	free(dev);
	return ret;
}

void qaic_device_close(struct qaic_device *dev)
{
	if (!dev)
		return;
	dev->t->ops->close(dev->t);
	free(dev->events);
	free(dev);
}

int qaic_device_get_info(struct qaic_device *dev, struct qaic_device_info *info,
			 struct qaic_err *err)
{
	const struct qaic_nnc_status_rsp *rsp;
	const struct qaic_nnc_dev_data *d;
	struct qaic_msg msg;
	int ret;

	ret = ask_status(dev, &msg, &rsp, err);
	if (ret)
		return ret;
	d = &rsp->dev;
	memset(info, 0, sizeof(*info));
	info->qid = dev->qid;
	strncpy(info->name, dev->t->name, sizeof(info->name) - 1);
	strcpy(info->status, "Ready");
	info->nsp_total = d->res.nsp_total;
	info->nsp_free = d->res.nsp_free;
	info->dram_total = (uint64_t)d->res.dram_total_mb << 20;
	info->dram_free = (uint64_t)d->res.dram_free_mb << 20;
	info->fw_version = (uint32_t)d->fw_major << 16 | d->fw_minor << 8 |
			   d->fw_patch;
	info->hw_version = d->hw_version;
	memcpy(info->serial, d->serial, sizeof(d->serial));
	info->num_loaded = d->nw_loaded;
	info->num_active = d->nw_active;
	return 0;
}

int qaic_device_status(struct qaic_device *dev, void *status, size_t size,
		       struct qaic_err *err)
{
	const struct qaic_nnc_status_rsp *rsp;
	struct qaic_msg msg;
	int ret;

	_Static_assert(sizeof(*rsp) == QAIC_STATUS_SIZE, "status");
	if (size < sizeof(*rsp))
		return qaic_fail(err, -EINVAL, "a status takes %zu bytes",
				 sizeof(*rsp));
	ret = ask_status(dev, &msg, &rsp, err);
	if (!ret)
		memcpy(status, rsp, sizeof(*rsp));
	return ret;
}

const char *qaic_version(void)
{
	return QAIC_VERSION;
}
