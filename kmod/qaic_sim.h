/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The seam inside qaic_sim.ko: the bus half (a slot with its PCI function, the
 * card port, the IOVA space) and the driver half (the DRM accel driver).
 *
 * qaic_bus_*() is what the bus offers, qaic_drv_*() what the driver provides.
 *
 * Lives: a struct qaic_card is a slot and lives from module load to module
 * exit. Its PCI function may come and go in between (sysfs unbind, remove,
 * rescan): qaic_drv_probe() .. qaic_drv_remove(). Within that the card process
 * comes and goes: qaic_drv_online() .. qaic_drv_offline().
 *
 * Order, per slot: online is never called outside probe .. remove; each online
 * that was called is followed by one offline, also when it failed; the bus holds
 * card->state_lock around probe, offline and remove, so they never overlap.
 * online runs from a work item without it; abort may run while it does.
 *
 * Locks: card->state_lock (outermost) -> the driver's own locks -> the bus's inner
 * locks. The driver never takes state_lock. Calls into the bus that are marked "any
 * context" take only irq-safe spinlocks; those marked "may sleep" take
 * card->iova.lock, which nests inside mmap_lock: do not call them with a lock
 * held that a page fault takes (a BO's reservation lock is one).
 */
#ifndef QAIC_SIM_KMOD_H
#define QAIC_SIM_KMOD_H

#include <linux/dma-direction.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/pci.h>
#include <linux/rwsem.h>
#include <linux/spinlock.h>
#include <linux/wait.h>
#include <linux/workqueue.h>
#include <linux/miscdevice.h>
#include <drm/drm_mm.h>

#include "uapi/qaic_hw.h"
#include "uapi/qaic_nnc.h"
#include "uapi/qaic_sim.h"

#define QAIC_SIM_NAME		"qaic_sim"
#define QAIC_MAX_CARDS		16

/* ---- module parameters (bus_main.c); upstream's names and meaning ---- */

extern bool qaic_datapath_polling;
extern unsigned int qaic_mhi_timeout_ms;	/* a card that was told to boot */
extern unsigned int qaic_control_resp_timeout_s;
extern unsigned int qaic_wait_exec_default_timeout_ms;
extern unsigned int qaic_datapath_poll_interval_us;
extern int qaic_thermal_hot_mc, qaic_thermal_critical_mc;	/* ours */

/* ---- a slot ---- */

/* Host memory that the card can reach. */
struct qaic_iova {
	struct drm_mm_node node;	/* in pages */
	unsigned int dbc;		/* for whom, or QAIC_IOVA_NO_DBC */
	struct page **pages;		/* the caller's */
	unsigned long npages;
	enum dma_data_direction dir;
	u64 iova;			/* what goes into FIFOs and messages */
};

struct qaic_iova_space {
	struct rw_semaphore lock;	/* a fault looks up and inserts under it */
	struct drm_mm mm;
	unsigned long used[QAIC_HW_NUM_DBC];	/* pages of each DBC's buffers */
	struct qaic_port *port;		/* whose mappings see it, or NULL */
};

struct qaic_ras_counts {
	u64 ce, ue, ue_nonfatal;
};

struct qaic_port;			/* an open /dev/qaic_simN */

struct qaic_card {
	unsigned int slot;		/* N of /dev/qaic_simN */
	struct mutex state_lock;
	struct pci_dev *pdev;		/* NULL: not bound; under state_lock */
	void *drv;			/* the driver half's, from probe to remove */
	struct device *hwmon;
	struct dentry *debugfs;

	/* the attached card process */
	struct qaic_port *port;		/* or NULL; set under state_lock */
	struct qaic_sim_attach id;	/* what it said it is */
	struct task_struct *task;	/* it; of the port's life */
	struct delayed_work watch_work;
	bool seen_stopped;		/* watch_work's */
	bool online_called;		/* offline is due */
	struct rw_semaphore call_lock;	/* read: in a call from the card */
	struct work_struct online_work;
	struct work_struct kick_work;

	/* events for the card process */
	spinlock_t ev_lock;
	bool connected;			/* messages are taken */
	bool kicked;			/* kick_work is to detach */
	bool shutdown;			/* SHUTDOWN is to be told */
	u32 db_mask, reset_mask;
	struct list_head msgs;
	unsigned int num_msgs;
	wait_queue_head_t ev_wait;

	struct page *regs[QAIC_HW_NUM_DBC];
	struct page *ctl;

	struct qaic_iova_space iova;

	spinlock_t stat_lock;
	struct qaic_sim_telemetry telemetry;	/* zeroes while detached */
	u32 thermal;			/* QAIC_NL_THERMAL_*, of that */
	struct qaic_ras_counts ras;

	struct miscdevice misc;
	char misc_name[16];
};

/* ---- what the bus offers ---- */

/*
 * Make @n pages one range of the card's address space, below the window's end.
 * @dir: DMA_TO_DEVICE (the card may read), DMA_FROM_DEVICE and
 * DMA_BIDIRECTIONAL (read and write). @pages, and the pages, belong to the caller
 * and must stay until qaic_bus_iova_unmap(). Works without a card attached.
 * @dbc: for which DBC's buffers, or QAIC_IOVA_NO_DBC for FIFOs and messages, of
 * which there are few at a time. Whatever others have, a DBC can have
 * QAIC_IOVA_SHARE pages; beyond that it competes with them.
 * -EINVAL, -ENOMEM, -ENOSPC. May sleep.
 */
#define QAIC_IOVA_NO_DBC	QAIC_HW_NUM_DBC
#define QAIC_IOVA_SHARE		((2ul << 30) >> PAGE_SHIFT)
int qaic_bus_iova_map(struct qaic_card *card, struct page **pages,
		      unsigned long n, enum dma_data_direction dir,
		      unsigned int dbc, struct qaic_iova **out);
/*
 * When this returns the card cannot reach the pages any more. NULL is ignored.
 * Every range must be given back before qaic_drv_remove() returns, or, if a
 * client still holds objects, whenever these die (the slot lives on).
 * May sleep.
 */
void qaic_bus_iova_unmap(struct qaic_card *card, struct qaic_iova *map);

/*
 * Send an NNC wire message (copied). -ENODEV: no card; -EMSGSIZE: more than
 * QAIC_NNC_MAX_REQUEST; -ENOBUFS: the card does not read; -ENOMEM. May sleep.
 */
int qaic_bus_send(struct qaic_card *card, const void *msg, size_t len);

/*
 * The tail of @dbc has been stored: wake the card if it sleeps. Has a full
 * barrier between that store and the look at card_waiting. Any context.
 */
void qaic_bus_ring(struct qaic_card *card, unsigned int dbc);

/* The card says that @dbc waits for something only the host can do. Any context. */
bool qaic_bus_stalled(struct qaic_card *card, unsigned int dbc);

/*
 * Somebody begins to wait for the card: from now on, and until qaic_drv_busy()
 * says that nobody does, look whether its process is stopped. Any context.
 */
void qaic_bus_watch(struct qaic_card *card);

/*
 * The registers of a DBC: memory shared with the card, which may store anything
 * there at any time. READ_ONCE(), WRITE_ONCE(), smp_wmb() before a tail. The
 * address is good for the slot's life.
 */
struct qaic_hw_dbc_regs *qaic_bus_regs(struct qaic_card *card, unsigned int dbc);

/* The host drops this DBC: zero the registers and tell the card. Any context. */
void qaic_bus_dbc_reset(struct qaic_card *card, unsigned int dbc);

/*
 * Cut the card off (it broke the protocol, or a fatal error): its port is dead,
 * its mappings are gone, offline follows from a work item. Any context.
 */
void qaic_bus_kick(struct qaic_card *card, const char *why);

/* A card process is attached and has not been cut off. Any context. */
bool qaic_bus_connected(struct qaic_card *card);

/* What the card last reported. Any context. */
void qaic_bus_telemetry(struct qaic_card *card,
			struct qaic_sim_telemetry *out);

/* Errors since the module was loaded. Any context. */
void qaic_bus_ras_counts(struct qaic_card *card, struct qaic_ras_counts *out);

/* Thermal design power of a SKU, microwatts. */
u32 qaic_bus_power_max(u32 sku);

/* Count a RAS event, as if the card had sent it (debugfs); calls
 * qaic_drv_ras(). Process context. */
void qaic_bus_ras(struct qaic_card *card, const struct qaic_sim_ras *ras);

/* ---- what the driver provides; process context, may sleep ---- */

/* Register /dev/accel/accelN as a child of card->pdev; the card is offline. */
int qaic_drv_probe(struct qaic_card *card);
/*
 * Unplug. qaic_drv_offline() was called before, if a card was there. Clients
 * may still have the node open: what they hold must not touch card->pdev any more.
 */
void qaic_drv_remove(struct qaic_card *card);

/*
 * A card process has attached: do the STATUS handshake (qaic_bus_send(), the
 * reply comes by qaic_drv_msg()) and emit KOBJ_ONLINE. An error cuts the card
 * off.
 */
int qaic_drv_online(struct qaic_card *card);
/*
 * The card is lost: wake everybody who waits for it, so that online and ioctls
 * end at once with -ENODEV. qaic_bus_send() already fails. Must not wait.
 */
void qaic_drv_abort(struct qaic_card *card);
/*
 * After abort, and after online returned. The card's process cannot reach any
 * host memory any more. Fail queued work, release the DBCs, emit KOBJ_OFFLINE.
 */
void qaic_drv_offline(struct qaic_card *card);

/*
 * From the card, only between the call of online and that of offline. Called
 * by the card's process: do not wait for the card here. May run in several
 * threads at a time. Nothing in it can be trusted.
 */
void qaic_drv_msg(struct qaic_card *card, const void *msg, size_t len);
void qaic_drv_irq(struct qaic_card *card, unsigned int dbc);
/* @ssr->dbc is below QAIC_HW_NUM_DBC and @ssr->event one known event. */
void qaic_drv_ssr(struct qaic_card *card, const struct qaic_sim_ssr *ssr);
/* Somebody waits for the card. Between probe and remove. */
bool qaic_drv_busy(struct qaic_card *card);
/* Type and source are known ones. The bus has counted it. */
void qaic_drv_ras(struct qaic_card *card, const struct qaic_sim_ras *ras);
/* The SoC has reached another QAIC_NL_THERMAL_*. Also before online. */
void qaic_drv_thermal(struct qaic_card *card, u32 level, s32 temp_mc);

/* Words for QAIC_SIM_RAS_*, NULL after the last. */
extern const char * const qaic_ras_types[], * const qaic_ras_sources[];

/* Once, at module load (before any probe) and exit (after every remove). */
int qaic_drv_init(void);
void qaic_drv_exit(void);

#endif
