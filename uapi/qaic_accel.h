/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * User space <-> driver: the structures of the qaic accel ABI, the same layout
 * as in Linux' <drm/qaic_accel.h>.
 */
#ifndef QAIC_ACCEL_H
#define QAIC_ACCEL_H

#include <linux/ioctl.h>
#include <linux/types.h>

/* A manage message carries at most this much, both ways */
#define QAIC_MANAGE_MAX_MSG_LENGTH	4096

/* Transaction types; the wire to the card uses the same numbers */
enum qaic_manage_transaction_type {
	QAIC_TRANS_UNDEFINED = 0,
	QAIC_TRANS_PASSTHROUGH_FROM_USR = 1,
	QAIC_TRANS_PASSTHROUGH_TO_USR = 2,
	QAIC_TRANS_PASSTHROUGH_FROM_DEV = 3,
	QAIC_TRANS_PASSTHROUGH_TO_DEV = 4,
	QAIC_TRANS_DMA_XFER_FROM_USR = 5,
	QAIC_TRANS_DMA_XFER_TO_DEV = 6,
	QAIC_TRANS_ACTIVATE_FROM_USR = 7,
	QAIC_TRANS_ACTIVATE_FROM_DEV = 8,
	QAIC_TRANS_ACTIVATE_TO_DEV = 9,
	QAIC_TRANS_DEACTIVATE_FROM_USR = 10,
	QAIC_TRANS_DEACTIVATE_FROM_DEV = 11,
	QAIC_TRANS_STATUS_FROM_USR = 12,
	QAIC_TRANS_STATUS_TO_USR = 13,
	QAIC_TRANS_STATUS_FROM_DEV = 14,
	QAIC_TRANS_STATUS_TO_DEV = 15,
	QAIC_TRANS_TERMINATE_FROM_DEV = 16,
	QAIC_TRANS_TERMINATE_TO_DEV = 17,
	QAIC_TRANS_DMA_XFER_CONT = 18,
	QAIC_TRANS_VALIDATE_PARTITION_FROM_DEV = 19,
	QAIC_TRANS_VALIDATE_PARTITION_TO_DEV = 20,
};

struct qaic_manage_trans_hdr {
	__u32 type;
	__u32 len;			/* with this header; a multiple of 8 */
};

struct qaic_manage_trans_passthrough {
	struct qaic_manage_trans_hdr hdr;
	__u8 data[];
};

struct qaic_manage_trans_dma_xfer {
	struct qaic_manage_trans_hdr hdr;
	__u32 tag;
	__u32 pad;
	__u64 addr;
	__u64 size;
};

struct qaic_manage_trans_activate_to_dev {
	struct qaic_manage_trans_hdr hdr;
	__u32 queue_size;		/* elements */
	__u32 eventfd;
	__u32 options;
	__u32 pad;
};

struct qaic_manage_trans_activate_from_dev {
	struct qaic_manage_trans_hdr hdr;
	__u32 status;
	__u32 dbc_id;
	__u64 options;
};

struct qaic_manage_trans_deactivate {
	struct qaic_manage_trans_hdr hdr;
	__u32 dbc_id;
	__u32 pad;
};

struct qaic_manage_trans_status_to_dev {
	struct qaic_manage_trans_hdr hdr;
};

struct qaic_manage_trans_status_from_dev {
	struct qaic_manage_trans_hdr hdr;
	__u16 major;
	__u16 minor;
	__u32 status;
	__u64 status_flags;
};

struct qaic_manage_msg {
	__u32 len;			/* of all transactions */
	__u32 count;
	__u64 data;			/* user pointer, in and out */
};

/* qaic_sem.flags; the same order as in QAIC_HW_SEM_FENCE_* */
#define QAIC_SEM_OUTSYNCFENCE	1
#define QAIC_SEM_INSYNCFENCE	2

/* qaic_sem.cmd: QAIC_HW_SEM_* of qaic_hw.h */
struct qaic_sem {
	__u16 val;			/* 12 bits */
	__u8 index;			/* 5 bits */
	__u8 presync;
	__u8 cmd;
	__u8 flags;
	__u16 pad;
};

#define QAIC_DIR_TO_DEV		1
#define QAIC_DIR_FROM_DEV	2

struct qaic_attach_slice_entry {
	__u64 size;			/* 0: no transfer */
	struct qaic_sem sem0;
	struct qaic_sem sem1;
	struct qaic_sem sem2;
	struct qaic_sem sem3;
	__u64 dev_addr;
	__u64 db_addr;
	__u32 db_data;
	__u32 db_len;			/* bits: 0 (no doorbell), 8, 16, 32 */
	__u64 offset;			/* in the BO */
};

struct qaic_create_bo {
	__u64 size;
	__u32 handle;			/* out */
	__u32 pad;
};

struct qaic_mmap_bo {
	__u32 handle;
	__u32 pad;
	__u64 offset;			/* out: for mmap() of the accel node */
};

struct qaic_attach_slice_hdr {
	__u32 count;			/* of entries */
	__u32 dbc_id;
	__u32 handle;
	__u32 dir;			/* QAIC_DIR_* */
	__u64 size;			/* of the BO */
};

struct qaic_attach_slice {
	struct qaic_attach_slice_hdr hdr;
	__u64 data;			/* struct qaic_attach_slice_entry[] */
};

struct qaic_execute_entry {
	__u32 handle;
	__u32 dir;
};

struct qaic_partial_execute_entry {
	__u32 handle;
	__u32 dir;
	__u64 resize;			/* bytes that are moved */
};

struct qaic_execute_hdr {
	__u32 count;			/* of entries */
	__u32 dbc_id;
};

struct qaic_execute {
	struct qaic_execute_hdr hdr;
	__u64 data;			/* struct qaic_(partial_)execute_entry[] */
};

struct qaic_wait {
	__u32 handle;
	__u32 timeout;			/* ms; 0: wait_exec_default_timeout_ms */
	__u32 dbc_id;
	__u32 pad;
};

/* @pad of DRM_IOCTL_QAIC_WAIT_BO_STATUS */
#define QAIC_WAIT_CODE		0xffffu	/* completion code: the first that was not
					 * 0 of the BO's EXECUTE, up to the BO */
#define QAIC_WAIT_STALLED	(1u << 16)	/* the card says that the DBC
						 * cannot go on by itself */
#define QAIC_WAIT_TOLD		(1u << 31)	/* always: the rest is valid */

struct qaic_perf_stats_hdr {
	__u16 count;			/* of entries */
	__u16 pad;
	__u32 dbc_id;
};

struct qaic_perf_stats {
	struct qaic_perf_stats_hdr hdr;
	__u64 data;			/* struct qaic_perf_stats_entry[] */
};

struct qaic_perf_stats_entry {
	__u32 handle;
	__u32 queue_level_before;
	__u32 num_queue_element;
	__u32 submit_latency_us;
	__u32 device_latency_us;	/* 0: not finished */
	__u32 pad;
};

struct qaic_detach_slice {
	__u32 handle;
	__u32 pad;
};

/* DRM driver ioctls: type 'd', numbers from 0x40 */
#define DRM_QAIC_MANAGE			0x00
#define DRM_QAIC_CREATE_BO		0x01
#define DRM_QAIC_MMAP_BO		0x02
#define DRM_QAIC_ATTACH_SLICE_BO	0x03
#define DRM_QAIC_EXECUTE_BO		0x04
#define DRM_QAIC_PARTIAL_EXECUTE_BO	0x05
#define DRM_QAIC_WAIT_BO		0x06
#define DRM_QAIC_PERF_STATS_BO		0x07
#define DRM_QAIC_DETACH_SLICE_BO	0x08

#define DRM_IOCTL_QAIC_MANAGE \
	_IOWR('d', 0x40 + DRM_QAIC_MANAGE, struct qaic_manage_msg)
#define DRM_IOCTL_QAIC_CREATE_BO \
	_IOWR('d', 0x40 + DRM_QAIC_CREATE_BO, struct qaic_create_bo)
#define DRM_IOCTL_QAIC_MMAP_BO \
	_IOWR('d', 0x40 + DRM_QAIC_MMAP_BO, struct qaic_mmap_bo)
#define DRM_IOCTL_QAIC_ATTACH_SLICE_BO \
	_IOW('d', 0x40 + DRM_QAIC_ATTACH_SLICE_BO, struct qaic_attach_slice)
#define DRM_IOCTL_QAIC_EXECUTE_BO \
	_IOW('d', 0x40 + DRM_QAIC_EXECUTE_BO, struct qaic_execute)
#define DRM_IOCTL_QAIC_PARTIAL_EXECUTE_BO \
	_IOW('d', 0x40 + DRM_QAIC_PARTIAL_EXECUTE_BO, struct qaic_execute)
#define DRM_IOCTL_QAIC_WAIT_BO \
	_IOW('d', 0x40 + DRM_QAIC_WAIT_BO, struct qaic_wait)
/*
 * Not upstream's: the same ioctl with its argument copied back. @pad, 0 on the way
 * in, then tells more, on success and with ETIMEDOUT. A driver that does not know
 * this (upstream's) leaves it 0.
 */
#define DRM_IOCTL_QAIC_WAIT_BO_STATUS \
	_IOWR('d', 0x40 + DRM_QAIC_WAIT_BO, struct qaic_wait)
#define DRM_IOCTL_QAIC_PERF_STATS_BO \
	_IOWR('d', 0x40 + DRM_QAIC_PERF_STATS_BO, struct qaic_perf_stats)
#define DRM_IOCTL_QAIC_DETACH_SLICE_BO \
	_IOW('d', 0x40 + DRM_QAIC_DETACH_SLICE_BO, struct qaic_detach_slice)

#ifndef __cplusplus
_Static_assert(sizeof(struct qaic_manage_trans_dma_xfer) == 32, "ABI");
_Static_assert(sizeof(struct qaic_manage_trans_activate_to_dev) == 24, "ABI");
_Static_assert(sizeof(struct qaic_manage_trans_activate_from_dev) == 24, "ABI");
_Static_assert(sizeof(struct qaic_manage_trans_deactivate) == 16, "ABI");
_Static_assert(sizeof(struct qaic_manage_trans_status_from_dev) == 24, "ABI");
_Static_assert(sizeof(struct qaic_manage_msg) == 16, "ABI");
_Static_assert(sizeof(struct qaic_sem) == 8, "ABI");
_Static_assert(sizeof(struct qaic_attach_slice_entry) == 72, "ABI");
_Static_assert(DRM_IOCTL_QAIC_MANAGE == 0xc0106440, "ABI");
_Static_assert(DRM_IOCTL_QAIC_CREATE_BO == 0xc0106441, "ABI");
_Static_assert(DRM_IOCTL_QAIC_MMAP_BO == 0xc0106442, "ABI");
_Static_assert(DRM_IOCTL_QAIC_ATTACH_SLICE_BO == 0x40206443, "ABI");
_Static_assert(DRM_IOCTL_QAIC_EXECUTE_BO == 0x40106444, "ABI");
_Static_assert(DRM_IOCTL_QAIC_PARTIAL_EXECUTE_BO == 0x40106445, "ABI");
_Static_assert(DRM_IOCTL_QAIC_WAIT_BO == 0x40106446, "ABI");
_Static_assert(DRM_IOCTL_QAIC_PERF_STATS_BO == 0xc0106447, "ABI");
_Static_assert(DRM_IOCTL_QAIC_DETACH_SLICE_BO == 0x40086448, "ABI");
_Static_assert(sizeof(struct qaic_perf_stats_entry) == 24, "ABI");
#endif

#endif
