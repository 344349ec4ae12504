/* SPDX-License-Identifier: GPL-2.0-only */
/* Messages to the card's control processor and their replies. */
#ifndef QAIC_SIM_WIRE_H
#define QAIC_SIM_WIRE_H

#include "kmod/drv.h"

/* A user's message of 4 KiB grows by less than half */
#define QAIC_WIRE_SIZE	8192

/* A message and, after qaic_wire_call(), its reply. Too large for a stack. */
struct qaic_xfer {
	struct list_head node;
	struct completion done;
	bool queued;			/* in qd->waiting */
	int err;
	u32 handle;
	union {
		struct qaic_nnc_wire_hdr hdr;
		u64 buf[QAIC_WIRE_SIZE / 8];
	};
	union {
		struct qaic_nnc_wire_hdr rsp;
		u64 rsp_buf[QAIC_NNC_MAX_REPLY / 8];
	};
};

/* Begin a message in the name of a client (0: the driver). */
void qaic_wire_start(struct qaic_xfer *x, u32 handle);
/* Add a zeroed transaction; NULL if the message is full. */
void *qaic_wire_add(struct qaic_xfer *x, u32 type, size_t len);
/*
 * Send it and wait for the reply, whose header and transactions are then known
 * to be well formed. -ENODEV, -ETIMEDOUT, -EPIPE (checksum), -ERESTARTSYS.
 */
int qaic_wire_call(struct qaic_device *qd, struct qaic_xfer *x,
		   unsigned long timeout, bool interruptible);
/* The transaction of @rsp after @t (NULL: the first), or NULL. */
const struct qaic_nnc_trans *qaic_wire_next(const struct qaic_nnc_wire_hdr *rsp,
					    const struct qaic_nnc_trans *t);
/* Nobody waits for a reply any more. */
void qaic_wire_abort(struct qaic_device *qd);
/* A message of the card. */
void qaic_wire_receive(struct qaic_device *qd, const void *msg, size_t len);

#endif
