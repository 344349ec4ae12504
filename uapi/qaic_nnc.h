/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * The control path between a host and a Cloud AI 100: NNC messages.
 *
 * A message is a wire header and transactions. A passthrough transaction carries
 * one command of the host's user space to the card's control processor (QSM), or
 * its reply. Everything is little endian. Sizes and offsets are those of the
 * open Cloud AI 100 runtime and of the qaic driver in Linux.
 */
#ifndef QAIC_NNC_H
#define QAIC_NNC_H

#include <linux/types.h>

#define QAIC_NNC_MAGIC		0x43494151	/* "QAIC" */

#define QAIC_NNC_MAX_REQUEST	65536		/* bytes of a message to the card */
#define QAIC_NNC_MAX_REPLY	4096
#define QAIC_NNC_NAME_LEN	64

/* What the control processor speaks */
#define QAIC_NNC_TRANS_MAJOR	5
#define QAIC_NNC_TRANS_MINOR	0
#define QAIC_NNC_CMD_MAJOR	17
#define QAIC_NNC_CMD_MINOR	0
#define QAIC_NNC_META_MAJOR	1
#define QAIC_NNC_META_MINOR	0
#define QAIC_NNC_STATUS_FORMAT	12

/* ---- wire ---- */

struct qaic_nnc_wire_hdr {
	__u32 crc32;			/* 0 unless the card asked for CRCs */
	__u32 magic;
	__u32 seq;			/* a reply has its request's */
	__u32 len;			/* of the whole message, this header too */
	__u32 count;			/* transactions */
	__u32 handle;			/* the driver's id of the user */
	__u32 partition;		/* ~0: none */
	__u32 pad;
};

/* Types are enum qaic_manage_transaction_type */
struct qaic_nnc_trans {
	__u32 type;
	__u32 len;			/* with this header; a multiple of 8 */
};

struct qaic_nnc_addr_size {
	__u64 addr;
	__u64 size;
};

struct qaic_nnc_dma_xfer {
	struct qaic_nnc_trans hdr;
	__u32 tag;			/* of the command that wants the data */
	__u32 count;			/* of pairs */
	__u32 chunk_id;			/* not 0: more transfers may follow */
	__u32 pad;
	struct qaic_nnc_addr_size data[];
};

/* The card has taken what came so far and waits for the rest */
struct qaic_nnc_dma_cont {
	struct qaic_nnc_trans hdr;
	__u32 chunk_id;
	__u32 pad;
	__u64 done;			/* bytes */
};

struct qaic_nnc_activate_to_dev {
	struct qaic_nnc_trans hdr;
	__u64 req_addr;			/* FIFOs: bus addresses */
	__u64 rsp_addr;
	__u32 req_count;		/* elements */
	__u32 rsp_count;
	__u32 buf_len;			/* bytes of the buffer of both */
	__u32 options;
};

struct qaic_nnc_activate_from_dev {
	struct qaic_nnc_trans hdr;
	__u32 status;
	__u32 dbc_id;
	__u64 options;
};

struct qaic_nnc_deactivate_from_dev {
	struct qaic_nnc_trans hdr;
	__u32 status;
	__u32 dbc_id;
};

struct qaic_nnc_terminate_to_dev {
	struct qaic_nnc_trans hdr;
	__u32 handle;
	__u32 pad;
};

struct qaic_nnc_terminate_from_dev {
	struct qaic_nnc_trans hdr;
	__u32 status;
	__u32 pad;
};

struct qaic_nnc_status_from_dev {
	struct qaic_nnc_trans hdr;
	__u16 major, minor;
	__u32 status;
	__u64 flags;			/* QAIC_NNC_FEATURE_* */
};

#define QAIC_NNC_FEATURE_CRC	(1u << 0)
#define QAIC_NNC_FEATURE_SSR	(1u << 4)

/* ---- commands ---- */

enum qaic_nnc_cmd {
	QAIC_NNC_UNDEFINED = 0,
	QAIC_NNC_LOAD_CONSTANTS = 1,
	QAIC_NNC_LOAD_CONSTANTS_RSP = 2,
	QAIC_NNC_LOAD_ELF = 3,
	QAIC_NNC_LOAD_ELF_RSP = 4,
	QAIC_NNC_UNLOAD_CONSTANTS = 5,
	QAIC_NNC_UNLOAD_CONSTANTS_RSP = 6,
	QAIC_NNC_UNLOAD_ELF = 7,
	QAIC_NNC_UNLOAD_ELF_RSP = 8,
	QAIC_NNC_ACTIVATE = 9,
	QAIC_NNC_ACTIVATE_RSP = 10,
	QAIC_NNC_DEACTIVATE = 11,
	QAIC_NNC_DEACTIVATE_RSP = 12,
	QAIC_NNC_STATUS = 13,
	QAIC_NNC_STATUS_RSP = 14,
	QAIC_NNC_LOAD_CONSTANTS_EX = 15,	/* answered by 2 */
	QAIC_NNC_LOAD_CONSTANTS_PAYLOAD = 16,	/* answered by 2 */
	QAIC_NNC_CREATE_RESOURCE_GROUP = 28,
	QAIC_NNC_CREATE_RESOURCE_GROUP_RSP = 29,
	QAIC_NNC_RELEASE_RESOURCE_GROUP = 30,
	QAIC_NNC_RELEASE_RESOURCE_GROUP_RSP = 31,
	QAIC_NNC_RESOURCE_INFO = 32,
	QAIC_NNC_RESOURCE_INFO_RSP = 33,
	QAIC_NNC_PERFORMANCE_INFO = 34,
	QAIC_NNC_PERFORMANCE_INFO_RSP = 35,
	QAIC_NNC_ACTIVATE_STATE = 36,
	QAIC_NNC_ACTIVATE_STATE_RSP = 37,
	/* of the simulated card alone, far from the vendor's numbers */
	QAIC_NNC_PROFILE = 0x5100,
	QAIC_NNC_PROFILE_RSP = 0x5101,
};

/* Status codes of replies */
#define QAIC_NNC_OK			0
#define QAIC_NNC_ERROR			(-1)
#define QAIC_NNC_ERR_DMA		(-2)	/* data or FIFO not reachable */
#define QAIC_NNC_ERR_UNDEFINED		(-3)	/* no such command */
#define QAIC_NNC_ERR_NO_MEM		(-4)
#define QAIC_NNC_ERR_METADATA		(-5)	/* the ELF is no program of ours */
#define QAIC_NNC_ERR_PARAM		(-6)
#define QAIC_NNC_ERR_NOT_PERMITTED	(-9)	/* another user's, or in use */
#define QAIC_NNC_ERR_NOT_FOUND		(-11)
#define QAIC_NNC_ERR_MCID		(-12)	/* none free, as the next three */
#define QAIC_NNC_ERR_NSP		(-13)
#define QAIC_NNC_ERR_VC			(-14)
#define QAIC_NNC_ERR_SEM		(-15)
#define QAIC_NNC_ERR_LENGTH		(-17)	/* of the command */
#define QAIC_NNC_ERR_IDS		(-20)
#define QAIC_NNC_ERR_QUEUE		(-34)	/* queue too small */
#define QAIC_NNC_ERR_UNSUPPORTED	(-64)
#define QAIC_NNC_ERR_NO_ACTIVATION	(-116)

#define QAIC_NNC_TAG_ELF	100		/* DMA tags that hosts use */
#define QAIC_NNC_TAG_CONSTANTS	300

struct qaic_nnc_simple_rsp {
	__u32 type;
	__s32 status;
};

/* UNLOAD_*, RELEASE_RESOURCE_GROUP */
struct qaic_nnc_id_req {
	__u32 type;
	__u32 id;
};

struct qaic_nnc_status_req {
	__u32 type;
	__u8 info_type;
	__u8 pad[3];
};

struct qaic_nnc_resource_info {
	__u32 dram_total_mb, dram_free_mb, dram_frag;
	__u8 vc_total, vc_free, nsp_total, nsp_free;
	__u32 mcid_total, mcid_free, sem_total, sem_free;
	__u8 pc_total, pc_reserved;
	__u8 pad[6];
} __attribute__((packed));

struct qaic_nnc_perf_info {
	__u32 nsp_hz, ddr_hz, compnoc_hz, memnoc_hz, sysnoc_hz, pad;
	__u64 peak_compute;		/* int8 operations per second */
	__u64 dram_bw_kbps;		/* average of the last 100 ms */
	__u64 rsv[2];
} __attribute__((packed));

struct qaic_nnc_dev_data {
	__u8 fw_major, fw_minor, fw_patch, fw_build;	/* build 255: hidden */
	char qc_version[38];
	char oem_version[38];
	char variant[16];
	__u32 hw_version;
	char serial[16];
	char board_serial[32];
	__u32 compiler_version;
	struct qaic_nnc_resource_info res;
	struct qaic_nnc_perf_info perf;
	__u32 consts_loaded, consts_in_use;
	__u8 nw_loaded, nw_active;
	__u16 meta_major, meta_minor;
	__u16 cmd_major, cmd_minor;
	char sbl[24];
	__u8 need_reset;
	__u8 pad;
	__u32 pvs;
	__u64 nsp_pgmask;
	__u64 time_offset_us;
	__u32 retired_pages;
	__u8 sku;			/* QAIC_NNC_SKU_* */
	__u8 complex_id;
	__u8 pad2[2];
} __attribute__((packed));

#define QAIC_NNC_SKU_PCIE	2
#define QAIC_NNC_SKU_PRO	3
#define QAIC_NNC_SKU_ULTRA	5

struct qaic_nnc_nsp_data {
	__u8 major, minor, patch, build;
	__u32 pad;
	char qc_version[64];
	char oem_version[48];
	char variant[48];
} __attribute__((packed));

struct qaic_nnc_status_rsp {
	__u32 type;
	__s32 status;
	__u8 format;			/* QAIC_NNC_STATUS_FORMAT */
	__u8 pad[7];
	struct qaic_nnc_dev_data dev;
	struct qaic_nnc_nsp_data nsp;
} __attribute__((packed));

struct qaic_nnc_resource_info_req {
	__u32 type;
	__u32 pid;
	__s32 group_id;			/* -1: the card */
	__u32 pad;
};

struct qaic_nnc_resource_info_rsp {
	__u32 type;
	__s32 group_id;
	struct qaic_nnc_resource_info res;
	__s32 status;
	__u32 pad;
} __attribute__((packed));

struct qaic_nnc_perf_info_req {
	__u32 type;
	__u32 pad;
};

struct qaic_nnc_perf_info_rsp {
	__u32 type;
	__s32 status;
	struct qaic_nnc_perf_info perf;
} __attribute__((packed));

/* AICConstantDescriptor, constantsdesc.bin of a QPC */
struct qaic_nnc_const_desc {
	__u64 static_size;
	__u64 dynamic_size;
	__u8 ecc_static, ecc_dynamic;
	__u8 pad[6];
};

struct qaic_nnc_load_constants_ex {
	__u32 type;
	__u32 pid;
	char name[QAIC_NNC_NAME_LEN];
	__u32 desc_len;
	__u32 pad;
	/* then struct qaic_nnc_const_desc */
};

/* One DMA transfer with the same tag goes with it */
struct qaic_nnc_load_constants_payload {
	__u32 type;
	__u32 pid;
	__u32 tag;
	__u32 constants_id;
	__u64 data_length;
	__u64 offset;			/* in static ++ dynamic */
};

/* LOAD_CONSTANTS_EX and LOAD_CONSTANTS_PAYLOAD in one */
struct qaic_nnc_load_constants {
	__u32 type;
	__u32 pid;
	__u32 tag;
	__u32 crc;
	__u64 data_length;
	char name[QAIC_NNC_NAME_LEN];
};

/* Reply of all LOADs; id is never 0 when status is */
struct qaic_nnc_load_rsp {
	__u32 type;
	__u32 id;
	__s32 status;
	__u32 pad;
};

struct qaic_nnc_load_elf {
	__u32 type;
	__u32 tag;
	__u32 pid;
	__u32 metadata_crc;
	char name[QAIC_NNC_NAME_LEN];
	__u64 data_length;
	__u32 metadata_fb_crc;
	__u32 pad;
};

#define QAIC_NNC_STATE_STANDBY	0
#define QAIC_NNC_STATE_READY	1
#define QAIC_NNC_STATE_OFF	2

struct qaic_nnc_activate {
	__u32 type;
	__u32 pid;
	__u32 constants_id;		/* 0: none */
	__u32 elf_id;
	__u32 reservation_type;		/* 0 */
	__s32 group_id;			/* -1: none */
	__u32 vc_setup;			/* 1 */
	__s32 vc_id;			/* -1: any */
	__u32 initial_state;		/* QAIC_NNC_STATE_* */
	__u32 dma_type;
	__u8 datapath_switching;
	__u8 pad[7];
};

struct qaic_nnc_activate_rsp {
	__u32 type;
	__s32 status;
	__u32 activation_id;
	__u32 vc_id;			/* = dbc_id */
	__u64 ddr_base;
	__u64 dynamic_ddr_base;
	__u64 mcid_base;
	__u64 mcid_base_dma;
	__u32 dma_type;
	__u32 pc_mask;
	__u64 poll_addr;
	__u32 poll_size;
	__u32 poll_data;
	__u64 cmd_db_addr;
	__u8 db_len;
	__u8 db_valid;
	__u32 nsp_mask;
	__u8 pad[2];
} __attribute__((packed));

struct qaic_nnc_deactivate {
	__u32 type;
	__u32 activation_id;
	__u32 vc_teardown;		/* 1 */
	__u32 pad;
};

struct qaic_nnc_activate_state {
	__u32 type;
	__u32 num;			/* <= 8 */
	struct {
		__u32 activation_id;
		__u32 state;
	} s[8];
};

struct qaic_nnc_create_group {
	__u32 type;
	__u32 pid;
	__s32 src_group;		/* -1: the card */
	__u32 num_nsp, num_mcid, num_sem, num_vc;
	__u32 pad;
	__u64 shared_ddr;
	__u64 l2_region;
	__u64 mem;			/* bytes of DDR */
	__u16 num_networks;
	__u8 pad2[6];
};

struct qaic_nnc_create_group_rsp {
	__u32 type;
	__s32 status;
	__u32 group_id;
	__u32 pad;
};

/*
 * What the card did for this user: commands of its activations' NSPs, transfers of
 * its DMA channels. One user of a card at a time; what others run is not told.
 */
#define QAIC_NNC_PROFILE_START	0	/* arg: room for this many events */
#define QAIC_NNC_PROFILE_STOP	1	/* the events stay */
#define QAIC_NNC_PROFILE_READ	2	/* arg: the first event of the reply */
#define QAIC_NNC_PROFILE_END	3	/* stop, and forget them */

#define QAIC_NNC_PROFILE_ROOM	(1u << 20)	/* at most */
#define QAIC_NNC_PROFILE_EVENTS	80		/* in a reply, at most */

#define QAIC_NNC_EVENT_CMD	0
#define QAIC_NNC_EVENT_DMA_IN	1
#define QAIC_NNC_EVENT_DMA_OUT	2

struct qaic_nnc_profile {
	__u32 type;
	__u32 what;			/* QAIC_NNC_PROFILE_* */
	__u64 arg;
};

struct qaic_nnc_profile_event {
	__u64 begin, end;		/* ns, CLOCK_MONOTONIC of the card process */
	__u64 bytes, ops;		/* as the model counts them */
	__u32 thread;			/* of the card process; a number for each */
	__u8 kind;			/* QAIC_NNC_EVENT_* */
	__u8 op, sub, dtype;		/* of a command; dtype of operand 2 */
	__u8 nsp;			/* or the channel */
	__u8 pad[7];
};

struct qaic_nnc_profile_rsp {
	__u32 type;
	__s32 status;
	__u32 threads;			/* that stand for the NSPs */
	__u32 num;			/* events here */
	__u64 total;			/* events noted */
	__u64 lost;			/* and those there was no room for */
	struct qaic_nnc_profile_event events[QAIC_NNC_PROFILE_EVENTS];
};

#ifndef __cplusplus
#define QAIC_NNC_SIZE(name, size) \
	_Static_assert(sizeof(struct qaic_nnc_##name) == (size), #name)
QAIC_NNC_SIZE(wire_hdr, 32);
QAIC_NNC_SIZE(trans, 8);
QAIC_NNC_SIZE(addr_size, 16);
QAIC_NNC_SIZE(dma_xfer, 24);
QAIC_NNC_SIZE(dma_cont, 24);
QAIC_NNC_SIZE(activate_to_dev, 40);
QAIC_NNC_SIZE(activate_from_dev, 24);
QAIC_NNC_SIZE(deactivate_from_dev, 16);
QAIC_NNC_SIZE(terminate_to_dev, 16);
QAIC_NNC_SIZE(terminate_from_dev, 16);
QAIC_NNC_SIZE(status_from_dev, 24);
QAIC_NNC_SIZE(simple_rsp, 8);
QAIC_NNC_SIZE(id_req, 8);
QAIC_NNC_SIZE(status_req, 8);
QAIC_NNC_SIZE(resource_info, 40);
QAIC_NNC_SIZE(perf_info, 56);
QAIC_NNC_SIZE(dev_data, 320);
QAIC_NNC_SIZE(nsp_data, 168);
QAIC_NNC_SIZE(status_rsp, 504);
QAIC_NNC_SIZE(resource_info_req, 16);
QAIC_NNC_SIZE(resource_info_rsp, 56);
QAIC_NNC_SIZE(perf_info_req, 8);
QAIC_NNC_SIZE(perf_info_rsp, 64);
QAIC_NNC_SIZE(const_desc, 24);
QAIC_NNC_SIZE(load_constants_ex, 80);
QAIC_NNC_SIZE(load_constants_payload, 32);
QAIC_NNC_SIZE(load_constants, 88);
QAIC_NNC_SIZE(load_rsp, 16);
QAIC_NNC_SIZE(load_elf, 96);
QAIC_NNC_SIZE(activate, 48);
QAIC_NNC_SIZE(activate_rsp, 88);
QAIC_NNC_SIZE(deactivate, 16);
QAIC_NNC_SIZE(activate_state, 72);
QAIC_NNC_SIZE(create_group, 64);
QAIC_NNC_SIZE(create_group_rsp, 16);
QAIC_NNC_SIZE(profile, 16);
QAIC_NNC_SIZE(profile_event, 48);
QAIC_NNC_SIZE(profile_rsp, 32 + 48 * QAIC_NNC_PROFILE_EVENTS);
#undef QAIC_NNC_SIZE
_Static_assert(__builtin_offsetof(struct qaic_nnc_dev_data, hw_version) == 96,
	       "dev_data");
_Static_assert(__builtin_offsetof(struct qaic_nnc_dev_data, res) == 152,
	       "dev_data");
_Static_assert(__builtin_offsetof(struct qaic_nnc_dev_data, consts_loaded) == 248,
	       "dev_data");
_Static_assert(__builtin_offsetof(struct qaic_nnc_dev_data, sbl) == 266,
	       "dev_data");
_Static_assert(__builtin_offsetof(struct qaic_nnc_dev_data, pvs) == 292,
	       "dev_data");
_Static_assert(__builtin_offsetof(struct qaic_nnc_dev_data, sku) == 316,
	       "dev_data");
_Static_assert(__builtin_offsetof(struct qaic_nnc_activate_rsp, nsp_mask) == 82,
	       "activate_rsp");
#endif

#endif
