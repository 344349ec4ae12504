/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * Driver -> user: the generic netlink family "qaic". Events go to a multicast
 * group; a query gives what a card last said about itself. Numbers are in the
 * host's byte order, strings end with a zero byte.
 *
 * Anybody may ask and listen, in the first network namespace.
 */
#ifndef QAIC_NETLINK_H
#define QAIC_NETLINK_H

#define QAIC_NL_FAMILY		"qaic"
#define QAIC_NL_VERSION		1
#define QAIC_NL_GROUP		"events"

enum {
	QAIC_NL_CMD_UNSPEC,
	/*
	 * Ask, with QAIC_NL_A_CARD for one card, or as a dump without attributes
	 * for all. Answers: CARD, PCI, NODE, STATE, RAS_CE, RAS_UE,
	 * RAS_UE_NONFATAL; from a card that has a process SKU; and from one that
	 * has reported TEMP, POWER, POWER_MAX, THERMAL, DDR_TOTAL, DDR_USED,
	 * NSP_MHZ, NSP_LOAD. ENODEV: no such card.
	 */
	QAIC_NL_CMD_GET,
	/* Events. All have CARD, PCI, NODE. */
	QAIC_NL_CMD_STATE_EVENT,	/* STATE: the card came or went */
	QAIC_NL_CMD_DBC_EVENT,		/* DBC, DBC_STATE */
	QAIC_NL_CMD_RAS_EVENT,		/* RAS_TYPE, _SOURCE, _COUNT,
					 * _THRESHOLD, _SYNDROME */
	QAIC_NL_CMD_THERMAL_EVENT,	/* THERMAL, TEMP */

	__QAIC_NL_CMD_END
};
#define QAIC_NL_CMD_MAX		(__QAIC_NL_CMD_END - 1)

enum {
	QAIC_NL_A_UNSPEC,
	QAIC_NL_A_PAD,			/* before 64 bits */
	QAIC_NL_A_CARD,			/* u32: N of /dev/qaic_simN */
	QAIC_NL_A_PCI,			/* string: "0001:01:00.0" */
	QAIC_NL_A_NODE,			/* string: "accel0" */
	QAIC_NL_A_STATE,		/* u32: QAIC_NL_STATE_* */
	QAIC_NL_A_SKU,			/* u32: QAIC_NNC_SKU_* of qaic_nnc.h */
	QAIC_NL_A_TEMP,			/* s32: SoC, thousandths of a degree C */
	QAIC_NL_A_POWER,		/* u32: board, microwatts */
	QAIC_NL_A_POWER_MAX,		/* u32: its limit */
	QAIC_NL_A_DDR_TOTAL,		/* u64: bytes */
	QAIC_NL_A_DDR_USED,		/* u64 */
	QAIC_NL_A_NSP_MHZ,		/* u32 */
	QAIC_NL_A_NSP_LOAD,		/* binary: a byte per NSP, percent */
	QAIC_NL_A_RAS_CE,		/* u64: errors since the driver's load */
	QAIC_NL_A_RAS_UE,		/* u64 */
	QAIC_NL_A_RAS_UE_NONFATAL,	/* u64 */
	QAIC_NL_A_DBC,			/* u32: 0..15 */
	QAIC_NL_A_DBC_STATE,		/* u32: as in dbcN_state, 0..5 */
	QAIC_NL_A_RAS_TYPE,		/* u32: QAIC_SIM_RAS_CE... */
	QAIC_NL_A_RAS_SOURCE,		/* u32: QAIC_SIM_RAS_SOC_MEM... */
	QAIC_NL_A_RAS_COUNT,		/* u32: errors of this event */
	QAIC_NL_A_RAS_THRESHOLD,	/* u32 */
	QAIC_NL_A_RAS_SYNDROME,		/* binary: 64 bytes */
	QAIC_NL_A_THERMAL,		/* u32: QAIC_NL_THERMAL_* */

	__QAIC_NL_A_END
};
#define QAIC_NL_A_MAX		(__QAIC_NL_A_END - 1)

/* QAIC_NL_A_STATE */
#define QAIC_NL_STATE_OFFLINE	0	/* no card process, or it is booting */
#define QAIC_NL_STATE_ONLINE	1

/* QAIC_NL_A_THERMAL */
#define QAIC_NL_THERMAL_NORMAL		0
#define QAIC_NL_THERMAL_HOT		1
#define QAIC_NL_THERMAL_CRITICAL	2

#endif
