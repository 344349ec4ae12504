/* SPDX-License-Identifier: MIT */
/*
 * A client of the driver that speaks raw ioctls: no libqaic, no libdrm. It loads
 * and activates the program made by hand, and counts what was checked.
 */
#ifndef TESTS_KERNEL_CLIENT_H
#define TESTS_KERNEL_CLIENT_H

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/file.h"
#include "qpc/program.h"
#include "tests/unit/soc/handmade.h"
#include "uapi/qaic_accel.h"
#include "uapi/qaic_hw.h"
#include "uapi/qaic_nnc.h"

static unsigned int passed, failed;

/* @got and @want are errno values, or whatever is to be equal */
static inline void expect(const char *what, long got, long want)
{
	if (got == want) {
		passed++;
		return;
	}
	failed++;
	printf("FAIL %s: %ld (%s), expected %ld (%s)\n", what, got,
	       strerror(got > 0 ? got : 0), want, strerror(want > 0 ? want : 0));
}

/* 0 or a positive errno */
static inline int io(int fd, unsigned long req, void *arg)
{
	return ioctl(fd, req, arg) ? errno : 0;
}

/* ---- generic DRM, from <drm/drm.h> ---- */

struct gem_close {
	uint32_t handle, pad;
};

struct prime_handle {
	uint32_t handle, flags;
	int32_t fd;
};

#define IOCTL_GEM_CLOSE		_IOW('d', 0x09, struct gem_close)
#define IOCTL_PRIME_TO_FD	_IOWR('d', 0x2d, struct prime_handle)
#define IOCTL_PRIME_TO_HANDLE	_IOWR('d', 0x2e, struct prime_handle)

static inline int gem_close(int fd, uint32_t handle)
{
	struct gem_close c = { .handle = handle };

	return io(fd, IOCTL_GEM_CLOSE, &c);
}

/* ---- manage messages ---- */

struct msg {
	uint64_t buf[QAIC_MANAGE_MAX_MSG_LENGTH / 8];
	uint32_t len, count;
};

static inline void *msg_add(struct msg *m, uint32_t type, size_t len)
{
	struct qaic_manage_trans_hdr *h = (void *)((char *)m->buf + m->len);

	len = (len + 7) & ~(size_t)7;
	memset(h, 0, len);
	h->type = type;
	h->len = len;
	m->len += len;
	m->count++;
	return h;
}

/* The open runtime's commands have eight bytes of slack behind them. */
static inline void msg_cmd(struct msg *m, const void *cmd, size_t len)
{
	struct qaic_manage_trans_hdr *h;

	m->len = 0;
	m->count = 0;
	h = msg_add(m, QAIC_TRANS_PASSTHROUGH_FROM_USR, sizeof(*h) + len + 8);
	memcpy(h + 1, cmd, len);
}

static inline void msg_dma(struct msg *m, uint32_t tag, const void *p,
			   uint64_t size)
{
	struct qaic_manage_trans_dma_xfer *d;

	d = msg_add(m, QAIC_TRANS_DMA_XFER_FROM_USR, sizeof(*d));
	d->tag = tag;
	d->addr = (uintptr_t)p;
	d->size = size;
}

static inline int msg_send(int fd, struct msg *m)
{
	struct qaic_manage_msg mm = { .len = m->len, .count = m->count,
				      .data = (uintptr_t)m->buf };
	int ret = io(fd, DRM_IOCTL_QAIC_MANAGE, &mm);

	m->len = mm.len;
	m->count = mm.count;
	return ret;
}

/* What the passthrough of a reply holds */
static inline void *msg_reply(struct msg *m)
{
	return (struct qaic_manage_trans_hdr *)m->buf + 1;
}

static inline int card_status(int fd, struct qaic_nnc_status_rsp *r)
{
	struct qaic_nnc_status_req req = { .type = QAIC_NNC_STATUS };
	struct msg m;
	int ret;

	msg_cmd(&m, &req, sizeof(req));
	ret = msg_send(fd, &m);
	memcpy(r, msg_reply(&m), sizeof(*r));
	return ret;
}

/* ---- a program ---- */

struct client {
	int fd;
	struct qpc *qpc;
	uint32_t elf_id, consts_id;
	struct qaic_nnc_activate_rsp act;
};

static inline int load_elf(int fd, const void *elf, uint64_t size, uint32_t *id)
{
	struct qaic_nnc_load_elf cmd = { .type = QAIC_NNC_LOAD_ELF,
					 .tag = QAIC_NNC_TAG_ELF,
					 .name = "NetworkImage",
					 .data_length = size };
	struct qaic_nnc_load_rsp *r;
	struct msg m;
	int ret;

	msg_cmd(&m, &cmd, sizeof(cmd));
	msg_dma(&m, QAIC_NNC_TAG_ELF, elf, size);
	ret = msg_send(fd, &m);
	if (ret)
		return ret;
	r = msg_reply(&m);
	*id = r->id;
	return r->status ? EPROTO : 0;
}

static inline int load_constants(int fd, const void *p, uint64_t size,
				 uint32_t *id)
{
	struct {
		struct qaic_nnc_load_constants_ex ex;
		struct qaic_nnc_const_desc desc;
	} cmd = { .ex = { .type = QAIC_NNC_LOAD_CONSTANTS_EX,
			  .name = "ConstantsDescriptor", .desc_len = 24 },
		  .desc = { .static_size = size } };
	struct qaic_nnc_load_constants_payload pay = {
		.type = QAIC_NNC_LOAD_CONSTANTS_PAYLOAD,
		.tag = QAIC_NNC_TAG_CONSTANTS, .data_length = size };
	struct qaic_nnc_load_rsp *r;
	struct msg m;
	int ret;

	msg_cmd(&m, &cmd, sizeof(cmd));
	ret = msg_send(fd, &m);
	if (ret)
		return ret;
	r = msg_reply(&m);
	if (r->status)
		return EPROTO;
	*id = pay.constants_id = r->id;
	msg_cmd(&m, &pay, sizeof(pay));
	msg_dma(&m, QAIC_NNC_TAG_CONSTANTS, p, size);
	ret = msg_send(fd, &m);
	r = msg_reply(&m);
	return ret ? ret : r->status ? EPROTO : 0;
}

static inline void activate_msg(struct client *c, struct msg *m,
				uint32_t queue_size)
{
	struct qaic_nnc_activate cmd = {
		.type = QAIC_NNC_ACTIVATE, .constants_id = c->consts_id,
		.elf_id = c->elf_id, .group_id = -1, .vc_setup = 1,
		.vc_id = -1, .initial_state = QAIC_NNC_STATE_READY };
	struct qaic_manage_trans_activate_to_dev *a;

	msg_cmd(m, &cmd, sizeof(cmd));
	a = msg_add(m, QAIC_TRANS_ACTIVATE_FROM_USR, sizeof(*a));
	a->queue_size = queue_size;
}

static inline int activate(struct client *c, uint32_t queue_size)
{
	struct msg m;
	int ret;

	activate_msg(c, &m, queue_size);
	ret = msg_send(c->fd, &m);
	if (ret)
		return ret;
	memcpy(&c->act, msg_reply(&m), sizeof(c->act));
	return c->act.status || m.count != 2 ? EPROTO : 0;
}

static inline int deactivate(struct client *c)
{
	struct qaic_nnc_deactivate cmd = { .type = QAIC_NNC_DEACTIVATE,
		.activation_id = c->act.activation_id, .vc_teardown = 1 };
	struct qaic_manage_trans_deactivate *d;
	struct msg m;

	msg_cmd(&m, &cmd, sizeof(cmd));
	d = msg_add(&m, QAIC_TRANS_DEACTIVATE_FROM_USR, sizeof(*d));
	d->dbc_id = c->act.vc_id;
	return msg_send(c->fd, &m);
}

/* The handmade program, for 4 NSPs; exits when even that fails. */
static inline struct qpc *client_qpc(void)
{
	struct qaic_err err = QAIC_ERR_INIT;
	const char *dir = hm_tmpdir();
	struct qpc *qpc;

	if (!dir || hm_write(dir, 4, &err) || qpc_open(dir, &qpc, &err)) {
		fprintf(stderr, "handmade program: %s\n", err.msg);
		exit(1);
	}
	qaic_rmtree(dir, NULL);
	return qpc;
}

/* Open the node and activate; 0 or errno. */
static inline int client_up(struct client *c, const char *node, struct qpc *qpc,
			    uint32_t queue_size)
{
	int ret;

	memset(c, 0, sizeof(*c));
	c->qpc = qpc;
	c->fd = open(node, O_RDWR | O_CLOEXEC);
	if (c->fd < 0)
		return errno;
	ret = load_elf(c->fd, qpc->elf, qpc->elf_size, &c->elf_id);
	if (!ret)
		ret = load_constants(c->fd, qpc->consts, qpc->const_size,
				     &c->consts_id);
	return ret ? ret : activate(c, queue_size);
}

/* ---- buffers ---- */

static inline int bo_create(int fd, uint64_t size, uint32_t *handle)
{
	struct qaic_create_bo b = { .size = size };
	int ret = io(fd, DRM_IOCTL_QAIC_CREATE_BO, &b);

	*handle = b.handle;
	return ret;
}

static inline void *bo_map(int fd, uint32_t handle, size_t size)
{
	struct qaic_mmap_bo mb = { .handle = handle };
	void *p;

	if (io(fd, DRM_IOCTL_QAIC_MMAP_BO, &mb))
		return NULL;
	p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, mb.offset);
	return p == MAP_FAILED ? NULL : p;
}

static inline int bo_attach(int fd, uint32_t dbc, uint32_t handle, uint32_t dir,
			    uint64_t size, const struct qaic_attach_slice_entry *e,
			    uint32_t n)
{
	struct qaic_attach_slice a = {
		.hdr = { .count = n, .dbc_id = dbc, .handle = handle,
			 .dir = dir, .size = size },
		.data = (uintptr_t)e };

	return io(fd, DRM_IOCTL_QAIC_ATTACH_SLICE_BO, &a);
}

static inline int bo_wait(int fd, uint32_t dbc, uint32_t handle, uint32_t ms)
{
	struct qaic_wait w = { .handle = handle, .timeout = ms, .dbc_id = dbc };

	return io(fd, DRM_IOCTL_QAIC_WAIT_BO, &w);
}

static inline int execute(int fd, uint32_t dbc, const uint32_t *handles,
			  uint32_t n)
{
	struct qaic_execute_entry e[8] = { 0 };
	struct qaic_execute x = { .hdr = { .count = n, .dbc_id = dbc },
				  .data = (uintptr_t)e };
	uint32_t i;

	for (i = 0; i < n && i < 8; i++)
		e[i].handle = handles[i];
	return io(fd, DRM_IOCTL_QAIC_EXECUTE_BO, &x);
}

/* A slice that only moves data: @size bytes between BO and card */
static inline struct qaic_attach_slice_entry slice_copy(uint64_t size,
							uint64_t offset,
							uint64_t dev)
{
	return (struct qaic_attach_slice_entry){
		.size = size, .offset = offset, .dev_addr = dev };
}

static inline struct qaic_sem sem(unsigned int cmd, unsigned int index,
				  unsigned int val, bool presync)
{
	return (struct qaic_sem){ .cmd = cmd, .index = index, .val = val,
				  .presync = presync };
}

/* What the handmade program's metadata asks for: x in, start, y out */
static inline struct qaic_attach_slice_entry slice_x(const struct client *c,
						     uint32_t spec)
{
	struct qaic_attach_slice_entry e =
		slice_copy(HM_BYTES, 0, c->act.ddr_base + HM_X);

	e.sem0 = sem(QAIC_HW_SEM_WAIT_EQ, QPC_SEM_READY, 4, true);
	e.sem1 = sem(QAIC_HW_SEM_INIT, QPC_SEM_READY, 0, false);
	e.db_addr = c->act.mcid_base;
	e.db_data = spec + 1;
	e.db_len = 32;
	return e;
}

static inline struct qaic_attach_slice_entry slice_y(const struct client *c)
{
	struct qaic_attach_slice_entry e =
		slice_copy(HM_BYTES, 0, c->act.ddr_base + HM_Y);

	e.sem0 = sem(QAIC_HW_SEM_WAIT_EQ, QPC_SEM_OUTPUT, 0, true);
	e.sem1 = sem(QAIC_HW_SEM_INIT, QPC_SEM_OUTPUT, 4, false);
	return e;
}

/* Waits for a semaphore that nobody raises */
static inline struct qaic_attach_slice_entry slice_stuck(const struct client *c)
{
	struct qaic_attach_slice_entry e =
		slice_copy(HM_BYTES, 0, c->act.ddr_base + HM_JUNK);

	e.sem0 = sem(QAIC_HW_SEM_WAIT_EQ, 20, 3, true);
	return e;
}

static inline int report(const char *name)
{
	printf("%s: %u passed, %u failed\n", name, passed, failed);
	return failed != 0;
}

#endif
