/* SPDX-License-Identifier: MIT */
/* What the library's objects are made of. */
#ifndef LIBQAIC_PRIV_H
#define LIBQAIC_PRIV_H

#include "libqaic/qaic.h"
#include "libqaic/transport.h"
#include "qpc/program.h"
#include "uapi/qaic_nnc.h"

struct qaic_device {
	struct qaic_transport *t;
	uint32_t qid;
	struct qaic_nnc_profile_event *events;	/* of the last profile */
	size_t num_events;
};

/* One exchange with the card: transactions are put behind one another. */
struct qaic_msg {
	uint64_t data[QAIC_MANAGE_MAX_MSG_LENGTH / 8];
	uint32_t len, count;
};

void qaic_msg_init(struct qaic_msg *msg);
void *qaic_msg_add(struct qaic_msg *msg, uint32_t type, size_t len);
/* A passthrough with room for a command of @len bytes; returns that room. */
void *qaic_msg_cmd(struct qaic_msg *msg, uint32_t cmd, size_t len);
/*
 * Send; *rsp is the command's reply (@rsp_len bytes are there). Errors are those
 * of the exchange, not the reply's status.
 */
int qaic_msg_send(struct qaic_device *dev, struct qaic_msg *msg,
		  const void **rsp, size_t rsp_len, struct qaic_err *err);
/* A transaction of the reply, or NULL. */
const void *qaic_msg_find(const struct qaic_msg *msg, uint32_t type,
			  size_t len);
/* An NNC status as an error that says what the card lacks. */
int qaic_msg_status(int32_t status, const char *what, struct qaic_err *err);

struct qaic_program {
	struct qaic_device *dev;
	struct qpc *qpc;
	struct qaic_symbol **symbols;	/* of each specialization */
	struct qaic_pages *pages;	/* the transport's */
	uint32_t constants_id, elf_id, activation_id;
	uint32_t dbc;
	uint64_t ddr_base, mcid_base;
	bool active;
};

/* Take the program off its channel; calls in flight end with an error. */
void qaic_program_deactivate(struct qaic_program *prog);

#endif
