// SPDX-License-Identifier: MIT
/* Messages to the card's control processor. */
#include <errno.h>
#include <string.h>

#include "libqaic/priv.h"

void qaic_msg_init(struct qaic_msg *msg)
{
	memset(msg, 0, sizeof(*msg));
}

void *qaic_msg_add(struct qaic_msg *msg, uint32_t type, size_t len)
{
	struct qaic_manage_trans_hdr *t =
		(void *)((uint8_t *)msg->data + msg->len);

	len = (len + 7) & ~(size_t)7;
	t->type = type;
	t->len = len;
	msg->len += len;
	msg->count++;
	return t;
}

void *qaic_msg_cmd(struct qaic_msg *msg, uint32_t cmd, size_t len)
{
	struct qaic_manage_trans_passthrough *p;

	/* as other runtimes do, leave eight bytes behind the command */
	p = qaic_msg_add(msg, QAIC_TRANS_PASSTHROUGH_FROM_USR,
			 sizeof(*p) + len + 8);
	memcpy(p->data, &cmd, sizeof(cmd));
	return p->data;
}

const void *qaic_msg_find(const struct qaic_msg *msg, uint32_t type,
			  size_t len)
{
	const uint8_t *p = (const uint8_t *)msg->data;
	const struct qaic_manage_trans_hdr *t;
	uint32_t i, off = 0;

	for (i = 0; i < msg->count; i++) {
		t = (const void *)(p + off);
		if (msg->len - off < sizeof(*t) || t->len < sizeof(*t) ||
		    t->len % 8 || t->len > msg->len - off)
			return NULL;
		if (t->type == type)
			return t->len >= len ? t : NULL;
		off += t->len;
	}
	return NULL;
}

int qaic_msg_send(struct qaic_device *dev, struct qaic_msg *msg,
		  const void **rsp, size_t rsp_len, struct qaic_err *err)
{
	const struct qaic_manage_trans_passthrough *p;
	int ret;

	ret = dev->t->ops->manage(dev->t, msg->data, &msg->len, &msg->count);
	/* -ECANCELED: the reply's status says why */
	if (ret && ret != -ECANCELED)
		return qaic_fail(err, ret, "the card does not answer: %s",
				 strerror(-ret));
	p = qaic_msg_find(msg, QAIC_TRANS_PASSTHROUGH_FROM_DEV,
			  sizeof(*p) + rsp_len);
	if (!p)
		return qaic_fail(err, -EPROTO,
				 "the card's reply is not understood");
	*rsp = p->data;
	return 0;
}

int qaic_msg_status(int32_t status, const char *what, struct qaic_err *err)
{
	switch (status) {
	case QAIC_NNC_OK:
		return 0;
	case QAIC_NNC_ERR_NO_MEM:
		return qaic_fail(err, -ENOSPC,
				 "%s: not enough free DDR on the card", what);
	case QAIC_NNC_ERR_NSP:
		return qaic_fail(err, -EBUSY,
				 "%s: not enough free NSPs on the card", what);
	case QAIC_NNC_ERR_VC:
	case QAIC_NNC_ERR_MCID:
	case QAIC_NNC_ERR_SEM:
	case QAIC_NNC_ERR_IDS:
		return qaic_fail(err, -EBUSY,
				 "%s: the card runs as many programs as it can",
				 what);
	case QAIC_NNC_ERR_METADATA:
		return qaic_fail(err, -EINVAL,
				 "%s: the card refuses the program", what);
	}
	return qaic_fail(err, -EIO, "%s: the card reports error %d", what,
			 status);
}
