// SPDX-License-Identifier: GPL-2.0-only
/* The first words with a card: does it speak the transaction protocol we do? */
#include <linux/slab.h>
#include <drm/drm_print.h>

#include "kmod/wire.h"

static int judge(struct qaic_device *qd, const struct qaic_nnc_trans *t)
{
	const struct qaic_nnc_status_from_dev *s = (const void *)t;

	if (!t || t->type != QAIC_TRANS_STATUS_FROM_DEV ||
	    t->len != sizeof(*s) || s->status)
		return -EPROTO;
	if (s->major == QAIC_NNC_TRANS_MAJOR &&
	    s->minor <= QAIC_NNC_TRANS_MINOR)
		return 0;
	drm_err(&qd->drm, "the card speaks transaction protocol %u.%u, not %u.%u\n",
		s->major, s->minor, QAIC_NNC_TRANS_MAJOR, QAIC_NNC_TRANS_MINOR);
	return -EPROTONOSUPPORT;
}

int qaic_handshake(struct qaic_device *qd)
{
	struct qaic_xfer *x;
	int ret;

	x = kvzalloc(sizeof(*x), GFP_KERNEL);
	if (!x)
		return -ENOMEM;
	qaic_wire_start(x, 0);
	qaic_wire_add(x, QAIC_TRANS_STATUS_TO_DEV,
		      sizeof(struct qaic_nnc_trans));
	ret = qaic_wire_call(qd, x, msecs_to_jiffies(qaic_mhi_timeout_ms),
			     false);
	if (!ret)
		ret = judge(qd, qaic_wire_next(&x->rsp, NULL));
	kvfree(x);
	return ret;
}
