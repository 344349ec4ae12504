/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * The data path between a host and a Cloud AI 100: the DMA Bridge.
 *
 * A DMA Bridge channel (DBC) is a request FIFO and a response FIFO in host
 * memory and four registers in BAR 2. The host writes request elements and moves
 * the request tail; the card takes them in order, moves data, works semaphores
 * and doorbells, and answers with response elements. All fields little endian.
 */
#ifndef QAIC_HW_H
#define QAIC_HW_H

#include <linux/types.h>

#define QAIC_HW_VENDOR_ID	0x17cb
#define QAIC_HW_DEVICE_ID	0xa100

#define QAIC_HW_NUM_DBC		16

/* BAR 2 */
#define QAIC_HW_BAR2_SIZE	0x200000
#define QAIC_HW_DBC_BASE	0x20000		/* + dbc * QAIC_HW_DBC_STRIDE */
#define QAIC_HW_DBC_STRIDE	0x1000

#define QAIC_HW_REG_REQ_HEAD	0x0		/* written by the card */
#define QAIC_HW_REG_REQ_TAIL	0x4		/* written by the host */
#define QAIC_HW_REG_RSP_HEAD	0x8		/* written by the host */
#define QAIC_HW_REG_RSP_TAIL	0xc		/* written by the card */

struct qaic_hw_dbc_regs {
	__u32 req_head;
	__u32 req_tail;
	__u32 rsp_head;
	__u32 rsp_tail;
};

/* The FIFOs: requests first, this gap, responses at the end of a 4 KiB multiple */
#define QAIC_HW_Q_GAP		256
#define QAIC_HW_Q_ALIGN		4096

struct qaic_hw_req {
	__u16 req_id;
	__u8 seq_id;
	__u8 cmd;			/* QAIC_HW_CMD_* */
	__u32 rsv0;
	__u64 src;
	__u64 dst;
	__u32 len;			/* bytes; 0 moves nothing */
	__u32 rsv1;
	__u64 db_addr;			/* doorbell: device address */
	__u8 db_attr;			/* QAIC_HW_DB_* */
	__u8 rsv2;
	__u16 rsv3;
	__u32 db_data;
	__u32 sem_cmd[4];		/* QAIC_HW_SEM_* */
};

struct qaic_hw_rsp {
	__u16 req_id;
	__u16 code;			/* 0, or why the request failed */
};

#define QAIC_HW_CMD_FORCE_MSI	(1u << 7)
#define QAIC_HW_CMD_COMPLETION	(1u << 4)	/* answer with a response */
#define QAIC_HW_CMD_BULK	(1u << 3)	/* 0 = linked list */
#define QAIC_HW_CMD_XFER_MASK	0x3
#define QAIC_HW_CMD_XFER_NONE	0
#define QAIC_HW_CMD_XFER_IN	1		/* host to device */
#define QAIC_HW_CMD_XFER_OUT	2		/* device to host */

#define QAIC_HW_DB_WRITE	(1u << 7)
#define QAIC_HW_DB_LEN_MASK	0x3
#define QAIC_HW_DB_LEN_32	0
#define QAIC_HW_DB_LEN_16	1
#define QAIC_HW_DB_LEN_8	2

/* One semaphore command of a request */
#define QAIC_HW_SEM_ENABLE	(1u << 31)
#define QAIC_HW_SEM_FENCE_IN	(1u << 30)	/* wait for transfers to device */
#define QAIC_HW_SEM_FENCE_OUT	(1u << 29)	/* wait for transfers to host */
#define QAIC_HW_SEM_OP_SHIFT	24
#define QAIC_HW_SEM_OP_MASK	0x7
#define QAIC_HW_SEM_PRESYNC	(1u << 22)	/* before the transfer */
#define QAIC_HW_SEM_INDEX_SHIFT	16
#define QAIC_HW_SEM_INDEX_MASK	0x1f
#define QAIC_HW_SEM_VALUE_MASK	0xfff

#define QAIC_HW_SEM_NOP		0
#define QAIC_HW_SEM_INIT	1
#define QAIC_HW_SEM_INC		2
#define QAIC_HW_SEM_DEC		3
#define QAIC_HW_SEM_WAIT_EQ	4
#define QAIC_HW_SEM_WAIT_GE	5
#define QAIC_HW_SEM_WAIT_GT0	6		/* wait for > 0, then take one */

#define QAIC_HW_NUM_SEMS	32
#define QAIC_HW_SEM_MAX		4095

/*
 * Completion codes. The real card's non-zero values are not published; these are
 * what the simulated one says.
 */
#define QAIC_HW_COMP_OK		0
#define QAIC_HW_COMP_CMD	1		/* a command or semaphore op unknown */
#define QAIC_HW_COMP_DEV_ADDR	2		/* device address outside the program */
#define QAIC_HW_COMP_BUS	3		/* host address not reachable */
#define QAIC_HW_COMP_DOORBELL	4		/* doorbell address or value bad */

/*
 * Device addresses: each multicast id (MCID) is a window. The start of a window
 * is the L2TCM of the NSPs that listen; its first words are doorbells.
 */
#define QAIC_HW_MCID_WINDOW	0x800000
#define QAIC_HW_L2TCM_SIZE	0x100000
#define QAIC_HW_DOORBELL_EXIT	0x460

#ifndef __cplusplus
_Static_assert(sizeof(struct qaic_hw_req) == 64, "request element");
_Static_assert(sizeof(struct qaic_hw_rsp) == 4, "response element");
_Static_assert(sizeof(struct qaic_hw_dbc_regs) == 16, "DBC registers");
#endif

#endif
