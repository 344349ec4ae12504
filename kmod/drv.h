/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The driver half: the DRM accel device of a card, its clients, DMA Bridge
 * channels (DBCs), buffer objects (BOs) and manage messages.
 *
 * Locks, outermost first:
 *   qd->slice_lock	which BO is sliced to which DBC, and the slices
 *   dbc->lock		the FIFOs of a DBC, its queue, who has it
 *   qd->wire_lock	(spin) messages that wait for their reply
 * A BO's last reference must not be dropped with one of them held: freeing a BO
 * takes the first two. None is held while the card is waited for.
 *
 * A session is the time between a card's coming online and its loss. A client
 * belongs to the session it was opened in; later ones answer it ENODEV.
 */
#ifndef QAIC_SIM_DRV_H
#define QAIC_SIM_DRV_H

#include <linux/completion.h>
#include <linux/idr.h>
#include <linux/iosys-map.h>
#include <linux/ratelimit_types.h>
#include <linux/xarray.h>
#include <drm/drm_device.h>
#include <drm/drm_file.h>
#include <drm/drm_gem_shmem_helper.h>

#include "kmod/compat.h"
#include "kmod/fifo.h"
#include "kmod/qaic_sim.h"
#include "kmod/slice.h"
#include "uapi/qaic_accel.h"

struct qaic_device;
struct qaic_xfer;

/* An open file. */
struct qaic_user {
	struct qaic_device *qd;
	u32 handle;			/* the card knows the client by it */
	u32 session;
	struct qaic_xfer *terminate;	/* its last message */
};

enum qaic_dbc_state {
	QAIC_DBC_IDLE,
	QAIC_DBC_ASSIGNED,
	QAIC_DBC_BEFORE_SHUTDOWN,
	QAIC_DBC_AFTER_SHUTDOWN,
	QAIC_DBC_BEFORE_POWER_UP,
	QAIC_DBC_AFTER_POWER_UP,
};

/* The memory of both FIFOs of a DBC. */
struct qaic_fifo {
	void *mem;			/* vmalloc */
	struct page **pages;
	struct qaic_iova *iova;
	struct qaic_fifo_layout layout;
	u32 n;				/* elements of each */
};

struct qaic_dbc {
	struct qaic_device *qd;
	u32 id;
	struct qaic_hw_dbc_regs *regs;
	enum qaic_dbc_state state;

	struct mutex lock;
	struct qaic_user *holder;	/* who activated it; NULL: free */
	struct qaic_user *owner;	/* who may use it: holder or NULL */
	u32 gen;			/* counts activations */
	struct qaic_fifo fifo;
	u32 req_tail, rsp_head;		/* ours; the registers are copies */
	u16 next_id;
	u32 next_call;
	struct list_head queue;		/* struct qaic_bo.queue_node */
	struct list_head bos;		/* struct qaic_bo.dbc_node */
	struct work_struct poll_work;
};

struct qaic_device {
	struct drm_device drm;
	struct qaic_card *card;
	u32 session;			/* under wire_lock */
	bool online;			/* clients are served */
	bool announced;			/* so that OFFLINE is due */
	struct ratelimit_state ras_limit, thermal_limit;	/* of uevents */

	struct mutex slice_lock;
	struct qaic_dbc dbc[QAIC_HW_NUM_DBC];
	struct xarray users;		/* handle -> struct qaic_user */
	u32 next_user;

	spinlock_t wire_lock;
	struct list_head waiting;	/* struct qaic_xfer */
	bool lost;			/* no message is waited for */
	bool crc;			/* the card wants checksums */
	u32 next_seq;
	u32 next_chunk;
};

struct qaic_bo_stats {
	u64 received, submitted, done;	/* ns */
	u32 queue_level;
};

struct qaic_bo_slice {
	u64 offset, size;
	u32 first, count;		/* in qaic_bo.reqs */
};

struct qaic_bo {
	struct drm_gem_shmem_object base;
	bool pinned;

	/* slices: written under slice_lock and dbc->lock */
	struct qaic_dbc *dbc;		/* NULL: not sliced */
	struct list_head dbc_node;
	u32 dir;
	struct qaic_iova *iova;
	struct iosys_map vmap;		/* of an imported BO */
	struct page **pages;		/* of an imported BO */
	struct qaic_hw_req *reqs;
	u32 num_reqs;
	struct qaic_bo_slice *slices;
	u32 num_slices;

	/* under dbc->lock */
	struct list_head queue_node;
	bool queued;			/* holds a reference */
	u16 req_id;
	u16 code;			/* of its last run: 0 is good */
	u32 call;			/* the EXECUTE it was queued by */
	u32 responses;
	struct qaic_bo_stats stats;

	wait_queue_head_t wait;
};

static inline struct qaic_device *to_qaic(struct drm_device *drm)
{
	return container_of(drm, struct qaic_device, drm);
}

static inline struct qaic_bo *to_qaic_bo(struct drm_gem_object *obj)
{
	return container_of(to_drm_gem_shmem_obj(obj), struct qaic_bo, base);
}

static inline struct drm_gem_object *qaic_bo_obj(struct qaic_bo *bo)
{
	return &bo->base.base;
}

/* user.c */
/* 0, or -ENODEV if this client's card is gone. */
int qaic_user_check(struct qaic_user *usr);

/* gem.c */
struct drm_gem_object *qaic_gem_create_object(struct drm_device *drm,
					      size_t size);
/* The BO's pages, for as long as it is sliced to @dbc. Under slice_lock. */
int qaic_bo_map(struct qaic_bo *bo, u32 dbc, u32 dir);
void qaic_bo_unmap(struct qaic_bo *bo);

int qaic_create_bo_ioctl(struct drm_device *drm, void *data,
			 struct drm_file *file);
int qaic_mmap_bo_ioctl(struct drm_device *drm, void *data,
		       struct drm_file *file);

/* attach.c */
int qaic_attach_slice_bo_ioctl(struct drm_device *drm, void *data,
			       struct drm_file *file);
int qaic_detach_slice_bo_ioctl(struct drm_device *drm, void *data,
			       struct drm_file *file);
/* Under slice_lock and the DBC's lock. */
void qaic_bo_detach(struct qaic_bo *bo);
/* The same for a BO nobody refers to any more. */
void qaic_bo_drop_slices(struct qaic_bo *bo);

/* exec.c */
int qaic_execute_bo_ioctl(struct drm_device *drm, void *data,
			  struct drm_file *file);
int qaic_partial_execute_bo_ioctl(struct drm_device *drm, void *data,
				  struct drm_file *file);

/* wait.c */
int qaic_wait_bo_ioctl(struct drm_device *drm, void *data,
		       struct drm_file *file);
int qaic_perf_stats_bo_ioctl(struct drm_device *drm, void *data,
			     struct drm_file *file);

/* complete.c */
/* Take what the card has answered. Process context. */
void qaic_dbc_drain(struct qaic_dbc *dbc);
/* Fail everything that is queued: its waiters find that the DBC is not theirs. */
void qaic_dbc_flush(struct qaic_dbc *dbc);
void qaic_dbc_poll(struct work_struct *work);

/* dbc.c */
void qaic_dbc_init(struct qaic_device *qd, u32 id);
int qaic_fifo_alloc(struct qaic_device *qd, u32 n, struct qaic_fifo *f);
void qaic_fifo_free(struct qaic_device *qd, struct qaic_fifo *f);
/*
 * The card gave the DBC to @usr; @f becomes the DBC's. -ENODEV: the card is
 * gone; -EBUSY: somebody has it.
 */
int qaic_dbc_assign(struct qaic_dbc *dbc, struct qaic_user *usr,
		    struct qaic_fifo *f);
/* Nobody may use it for now; what is queued stays. -EPERM: not @usr's. */
int qaic_dbc_disable(struct qaic_dbc *dbc, struct qaic_user *usr);
void qaic_dbc_enable(struct qaic_dbc *dbc, struct qaic_user *usr);
/* Take it back from its holder; @handle != 0: only if it is that client. */
void qaic_dbc_release(struct qaic_dbc *dbc, u32 handle);
void qaic_dbc_release_all(struct qaic_device *qd, u32 handle);
/* Also told to user space; false if nobody has the DBC, which stays idle. */
bool qaic_dbc_set_state(struct qaic_dbc *dbc, enum qaic_dbc_state state);
/* The same if it is in use and @state is a later one than it has, else false. */
bool qaic_dbc_advance_state(struct qaic_dbc *dbc, enum qaic_dbc_state state);

/* notify.c: uevents and netlink events. May sleep. */
void qaic_notify_init(struct qaic_device *qd);
void qaic_notify_card(struct qaic_device *qd, bool online);
void qaic_notify_dbc(struct qaic_dbc *dbc, enum qaic_dbc_state state);
void qaic_notify_ras(struct qaic_device *qd, const struct qaic_sim_ras *ras);
/* @level QAIC_NL_THERMAL_* */
void qaic_notify_thermal(struct qaic_device *qd, u32 level, s32 temp_mc);

/* sysfs.c */
extern const struct attribute_group *qaic_accel_groups[];

/* debugfs.c */
void qaic_dbc_debugfs(struct qaic_device *qd);

/* manage.c */
int qaic_manage_ioctl(struct drm_device *drm, void *data,
		      struct drm_file *file);
/* The client is closing. */
void qaic_terminate(struct qaic_user *usr);

/* handshake.c */
/* Ask the card for its status, as the first thing; its protocol must be ours. */
int qaic_handshake(struct qaic_device *qd);

#endif
