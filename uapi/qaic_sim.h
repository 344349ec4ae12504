/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * Driver <-> simulated card: the card port /dev/qaic_simN.
 *
 * A process that opens the port of slot N and attaches is the card in that slot
 * until the file is released (closed and unmapped, or the process dead).
 * It sees host memory through one window (an IOVA is an offset in it), shares the
 * registers of the DMA Bridge channels (DBCs), and exchanges messages by read()
 * and write(). Everything is in the host's byte order, which is little endian.
 *
 * Only the file that attached may read, write, map or raise interrupts; anyone
 * else gets ENOTCONN, and so does the card after the driver has cut it off.
 */
#ifndef QAIC_SIM_H
#define QAIC_SIM_H

#include <linux/ioctl.h>
#include <linux/types.h>

#define QAIC_SIM_VERSION	1

/* ---- ioctls ---- */

/*
 * Become the card. EBUSY: another process is; EINVAL: version, flags, sku or
 * num_nsp unknown; ENODEV: the slot's PCI function is gone (removed in sysfs).
 * After it the driver sends the STATUS transaction; the reply brings the card
 * online.
 */
struct qaic_sim_attach {
	__u32 version;			/* QAIC_SIM_VERSION */
	__u32 flags;			/* 0 */
	__u64 ddr_size;			/* bytes */
	__u32 sku;			/* QAIC_NNC_SKU_* of qaic_nnc.h */
	__u32 num_nsp;			/* 1..16 */
	__u32 num_dbc;			/* out: 16 */
	__u32 pad;			/* 0 */
	__u64 window_size;		/* out: bytes of IOVA space */
};

/*
 * Is host memory [iova, iova + len) there, in one object, and may the card do
 * @access to it? EFAULT if not. It may be gone right after.
 */
struct qaic_sim_resolve {
	__u64 iova;
	__u64 len;
	__u32 access;			/* QAIC_SIM_READ | QAIC_SIM_WRITE */
	__u32 pad;			/* 0 */
};

/*
 * QAIC_SIM_IOC_IRQ for each DBC of a mask, then read(): one call for a card that has
 * answered and goes to sleep. What becomes of the interrupts is not told.
 */
struct qaic_sim_irq_read {
	__u64 dbc_mask;
	__u64 buf;			/* address */
	__u64 len;
};

#define QAIC_SIM_READ		1u
#define QAIC_SIM_WRITE		2u

#define QAIC_SIM_IOC_ATTACH	_IOWR('q', 0x40, struct qaic_sim_attach)
/* The argument is the DBC: responses are in its FIFO. EINVAL: no such DBC. */
#define QAIC_SIM_IOC_IRQ	_IO('q', 0x41)
#define QAIC_SIM_IOC_RESOLVE	_IOW('q', 0x42, struct qaic_sim_resolve)
/* Returns what read() does. EINVAL: no such DBC. */
#define QAIC_SIM_IOC_IRQ_READ	_IOW('q', 0x43, struct qaic_sim_irq_read)

/* ---- mmap: MAP_SHARED; mappings are not inherited by fork() ---- */

/*
 * One 4 KiB page per DBC, QAIC_HW_NUM_DBC of them, each beginning with struct
 * qaic_hw_dbc_regs (they belong at QAIC_HW_DBC_BASE of BAR 2), then the control
 * page.
 */
#define QAIC_SIM_OFF_REGS	0ull
#define QAIC_SIM_OFF_CTL	0x10000ull
#define QAIC_SIM_REGS_SIZE	0x11000ull

/*
 * The card going to sleep sets card_waiting, then looks at the tails once more
 * (a full barrier between), then calls read() or poll(). The driver clears it
 * when it sends a DOORBELL. While it is 0, moved tails are not told.
 */
struct qaic_sim_ctl {
	__u32 card_waiting;
	/*
	 * Of each DBC, a bit: its first request waits for something that only
	 * the host can change. For clients that want to know; may be left 0.
	 */
	__u32 dbc_stalled;
};

/*
 * Host memory: offset QAIC_SIM_OFF_IOVA + iova. What is mapped for the card to
 * read cannot be written. Touching an IOVA where nothing is, or writing where it
 * may not, raises SIGBUS. Addresses below QAIC_SIM_IOVA_MIN are never used.
 */
#define QAIC_SIM_OFF_IOVA	0x100000000ull
#define QAIC_SIM_WINDOW_SIZE	(64ull << 30)
#define QAIC_SIM_IOVA_MIN	0x100000ull

/* ---- messages ---- */

struct qaic_sim_event {
	__u32 type;			/* QAIC_SIM_EV_* or QAIC_SIM_MSG_* */
	__u32 len;			/* bytes of payload that follow */
	__u64 dbc_mask;
};

/*
 * read(): one event. Blocks, or EAGAIN with O_NONBLOCK; poll() says POLLIN.
 * EMSGSIZE: the buffer is too small, the event stays (QAIC_SIM_MAX_EVENT always
 * suffices). ENOTCONN: not attached, or cut off; poll() says POLLHUP.
 */
#define QAIC_SIM_EV_NNC		1	/* payload: NNC wire message */
#define QAIC_SIM_EV_DOORBELL	2	/* dbc_mask: tails that moved */
#define QAIC_SIM_EV_DBC_RESET	3	/* dbc_mask: the host dropped these */
#define QAIC_SIM_EV_SHUTDOWN	4	/* please detach */

#define QAIC_SIM_MAX_EVENT	(sizeof(struct qaic_sim_event) + 65536)

/*
 * write(): one message, header and payload. EINVAL: type or length unknown;
 * EMSGSIZE: NNC reply longer than 4096; EAGAIN (also of QAIC_SIM_IOC_IRQ, never of
 * telemetry): right after attaching, before the first event. What is in a message
 * is judged by the driver.
 */
#define QAIC_SIM_MSG_NNC	16	/* payload: NNC wire message */
#define QAIC_SIM_MSG_SSR	17	/* struct qaic_sim_ssr */
#define QAIC_SIM_MSG_RAS	18	/* struct qaic_sim_ras */
#define QAIC_SIM_MSG_TELEMETRY	19	/* struct qaic_sim_telemetry */

/* Subsystem restart of a DBC; the numbers are those of the card's SSR channel */
#define QAIC_SIM_SSR_BEFORE_SHUTDOWN	2
#define QAIC_SIM_SSR_AFTER_SHUTDOWN	4
#define QAIC_SIM_SSR_BEFORE_POWER_UP	8
#define QAIC_SIM_SSR_AFTER_POWER_UP	16

struct qaic_sim_ssr {
	__u32 dbc;
	__u32 event;			/* one QAIC_SIM_SSR_* */
};

#define QAIC_SIM_RAS_CE			0	/* correctable */
#define QAIC_SIM_RAS_UE			1	/* uncorrectable: the card is reset */
#define QAIC_SIM_RAS_UE_NONFATAL	2

#define QAIC_SIM_RAS_SOC_MEM	0
#define QAIC_SIM_RAS_PCIE	1
#define QAIC_SIM_RAS_DDR	2
#define QAIC_SIM_RAS_SYS_BUS1	3
#define QAIC_SIM_RAS_SYS_BUS2	4
#define QAIC_SIM_RAS_NSP_MEM	5
#define QAIC_SIM_RAS_TSENS	6

struct qaic_sim_ras {
	__u32 type;			/* QAIC_SIM_RAS_CE... */
	__u32 source;			/* QAIC_SIM_RAS_SOC_MEM... */
	__u32 count;			/* errors, at least 1 */
	__u32 threshold;		/* at which the card reports */
	__u8 syndrome[64];
};

struct qaic_sim_telemetry {
	__s32 temp_mc;			/* SoC, thousandths of a degree Celsius */
	__u32 power_uw;			/* board */
	__u64 ddr_total;		/* bytes */
	__u64 ddr_used;
	__u64 ddr_bw;			/* bytes per second */
	__u32 num_nsp;
	__u32 nsp_mhz;
	__u8 nsp_load[16];		/* percent */
};

#ifndef __cplusplus
_Static_assert(sizeof(struct qaic_sim_attach) == 40, "ABI");
_Static_assert(sizeof(struct qaic_sim_resolve) == 24, "ABI");
_Static_assert(sizeof(struct qaic_sim_irq_read) == 24, "ABI");
_Static_assert(sizeof(struct qaic_sim_event) == 16, "ABI");
_Static_assert(sizeof(struct qaic_sim_ras) == 80, "ABI");
_Static_assert(sizeof(struct qaic_sim_telemetry) == 56, "ABI");
#endif

#endif
