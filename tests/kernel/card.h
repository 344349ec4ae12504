/* SPDX-License-Identifier: MIT */
/*
 * A card by raw system calls on its port: no soc/, nothing that computes. One per
 * process.
 */
#ifndef TESTS_KERNEL_CARD_H
#define TESTS_KERNEL_CARD_H

#include "tests/kernel/client.h"
#include "uapi/qaic_sim.h"

static int port = -1;
static struct {
	struct qaic_sim_event ev;
	union {
		struct qaic_nnc_wire_hdr hdr;
		uint8_t data[65536];
	};
} in, out;

/* ---- messages ---- */

static inline int get(size_t cap)
{
	return read(port, &in, cap) < 0 ? errno : 0;
}

static inline int put(uint32_t type, const void *data, size_t len)
{
	out.ev = (struct qaic_sim_event){ .type = type, .len = len };
	memmove(out.data, data, len);
	return write(port, &out, sizeof(out.ev) + len) < 0 ? errno : 0;
}

/* Answer the message in @in with one transaction. */
static inline int answer(const void *trans, size_t len)
{
	uint8_t msg[4096];
	struct qaic_nnc_wire_hdr *h = (void *)msg;

	*h = in.hdr;
	h->crc32 = 0;
	h->count = 1;
	h->len = sizeof(*h) + len;
	memcpy(h + 1, trans, len);
	return put(QAIC_SIM_MSG_NNC, msg, h->len);
}

/* A client has closed the node. */
static inline int answer_terminate(void)
{
	struct qaic_nnc_terminate_from_dev t = {
		.hdr = { QAIC_TRANS_TERMINATE_FROM_DEV, sizeof(t) } };

	return answer(&t, sizeof(t));
}

static inline int answer_status(void)
{
	struct qaic_nnc_status_from_dev s = {
		.hdr = { QAIC_TRANS_STATUS_FROM_DEV, sizeof(s) },
		.major = QAIC_NNC_TRANS_MAJOR, .minor = QAIC_NNC_TRANS_MINOR };

	return answer(&s, sizeof(s));
}

/* The next message from the driver is in @in; 0 or errno. */
static inline int get_nnc(void)
{
	int ret;

	do {
		ret = get(sizeof(in));
	} while (!ret && in.ev.type != QAIC_SIM_EV_NNC);
	return ret;
}

/* ---- attaching ---- */

static inline int attach(int fd)
{
	struct qaic_sim_attach a = { .version = QAIC_SIM_VERSION,
		.ddr_size = 1ull << 30, .sku = QAIC_NNC_SKU_PRO,
		.num_nsp = 16 };
	int ret = io(fd, QAIC_SIM_IOC_ATTACH, &a);

	if (!ret)
		expect("attach: DBCs", a.num_dbc, QAIC_HW_NUM_DBC);
	return ret;
}

#endif
