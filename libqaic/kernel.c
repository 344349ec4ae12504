// SPDX-License-Identifier: MIT
/* An accel node: opened, closed, and the manage messages through it. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <xf86drm.h>

#include "libqaic/kernel.h"

int kern_ioctl(const struct kern *k, unsigned long req, void *arg)
{
	return drmIoctl(k->fd, req, arg) ? -errno : 0;
}

static void kern_close(struct qaic_transport *t)
{
	struct kern *k = to_kern(t);

	/* the driver ends what this user still holds (TERMINATE) */
	close(k->fd);
	free(k);
}

/* An activation begins with counters of zero. */
static void note_activation(struct kern *k, const uint8_t *data, uint32_t len,
			    uint32_t count)
{
	struct qaic_manage_trans_activate_from_dev a;
	struct qaic_manage_trans_hdr h;
	uint32_t off = 0;

	for (; count; count--, off += h.len) {
		if (len - off < sizeof(h))
			return;
		memcpy(&h, data + off, sizeof(h));
		if (h.len < sizeof(h) || h.len > len - off)
			return;
		if (h.type != QAIC_TRANS_ACTIVATE_FROM_DEV ||
		    h.len < sizeof(a))
			continue;
		memcpy(&a, data + off, sizeof(a));
		if (!a.status && a.dbc_id < QAIC_HW_NUM_DBC)
			memset(&k->chan[a.dbc_id], 0, sizeof(k->chan[0]));
	}
}

static int kern_manage(struct qaic_transport *t, void *data, uint32_t *len,
		       uint32_t *count)
{
	struct qaic_manage_msg msg = {
		.len = *len, .count = *count, .data = (uintptr_t)data,
	};
	struct kern *k = to_kern(t);
	int ret;

	ret = kern_ioctl(k, DRM_IOCTL_QAIC_MANAGE, &msg);
	if (ret && ret != -ECANCELED)
		return ret;
	if (msg.len > QAIC_MANAGE_MAX_MSG_LENGTH)
		return -EPROTO;
	*len = msg.len;
	*count = msg.count;
	note_activation(k, data, msg.len, msg.count);
	return ret;
}

static const struct qaic_transport_ops kern_ops = {
	.close = kern_close,
	.manage = kern_manage,
	.bo_create = kern_bo_create,
	.bo_destroy = kern_bo_destroy,
	.bo_attach = kern_bo_attach,
	.execute = kern_execute,
	.wait = kern_wait,
	.stalled = kern_stalled,
	.dma_stats = kern_dma_stats,
};

static int open_failed(const char *node, int ret, struct qaic_err *err)
{
	switch (ret) {
	case -EACCES:
	case -EPERM:
		return qaic_fail(err, ret,
				 "%s: no permission; its group is render", node);
	case -ENODEV:
		return qaic_fail(err, ret,
				 "%s: the card is offline; is its qaic-socd running?",
				 node);
	}
	return qaic_fail(err, ret, "%s: %s", node, strerror(-ret));
}

/* Nodes of other drivers have no business with our ioctls. */
static bool is_qaic(int fd)
{
	drmVersion *v = drmGetVersion(fd);
	bool ok = v && v->name && !strncmp(v->name, "qaic", 4);

	drmFreeVersion(v);
	return ok;
}

int qaic_kernel_open(const char *node, struct qaic_transport **out,
		     struct qaic_err *err)
{
	struct kern *k;
	int ret;

	k = calloc(1, sizeof(*k));
	if (!k)
		return qaic_fail(err, -ENOMEM, "no memory for a device");
	k->fd = open(node, O_RDWR | O_CLOEXEC);
	if (k->fd < 0) {
		ret = open_failed(node, -errno, err);
		goto free_k;
	}
	if (!is_qaic(k->fd)) {
		ret = qaic_fail(err, -ENODEV, "%s: no node of a qaic driver",
				node);
		goto close_fd;
	}
	snprintf(k->node, sizeof(k->node), "%s", node);
	k->t.ops = &kern_ops;
	k->t.name = k->node;
	*out = &k->t;
	return 0;

close_fd:
	close(k->fd);
free_k:
	free(k);
	return ret;
}
