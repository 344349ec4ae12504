/* SPDX-License-Identifier: MIT */
/*
 * How the library reaches a card. The operations are those of the qaic accel
 * ABI: manage, create a buffer object (BO) and attach slices, execute, wait.
 * Whether a kernel driver or a card in this process answers, nothing above can
 * tell.
 */
#ifndef LIBQAIC_TRANSPORT_H
#define LIBQAIC_TRANSPORT_H

#include <stddef.h>
#include <stdint.h>

#include "libqaic/pages.h"
#include "libqaic/qaic.h"
#include "uapi/qaic_accel.h"
#include "uapi/qaic_hw.h"

/* A buffer that the card reads or writes, zeroed at first, page-aligned. */
struct qaic_bo {
	void *data;
	size_t size;		/* as asked for */
};

struct qaic_transport {
	const struct qaic_transport_ops *ops;
	const char *name;	/* for struct qaic_device_info.name */
};

struct qaic_transport_ops {
	/* All that the transport's user still holds on the card goes, too. */
	void (*close)(struct qaic_transport *t);

	/*
	 * Exchange @msg->len bytes of *_FROM_USR transactions in @data (room
	 * for QAIC_MANAGE_MAX_MSG_LENGTH) for the reply's. -ECANCELED: the card
	 * said no; the reply is there.
	 */
	int (*manage)(struct qaic_transport *t, void *data, uint32_t *len,
		      uint32_t *count);

	/*
	 * May be NULL. The constants that were loaded from @m may get huge pages
	 * there, now or later, until pages_end(), which takes what this returned.
	 */
	struct qaic_pages *(*pages_begin)(struct qaic_transport *t,
					 const struct qaic_mapping *m);
	void (*pages_end)(struct qaic_transport *t, struct qaic_pages *p);

	int (*bo_create)(struct qaic_transport *t, size_t size,
			 struct qaic_bo **out);
	void (*bo_destroy)(struct qaic_transport *t, struct qaic_bo *bo);
	/* @dir QAIC_DIR_*. -EINVAL, -ENOSPC: more than the queue ever holds. */
	int (*bo_attach)(struct qaic_transport *t, struct qaic_bo *bo,
			 uint32_t dbc, uint32_t dir,
			 const struct qaic_attach_slice_entry *slices,
			 uint32_t num_slices);

	/*
	 * Queue the requests of all BOs, or of none: -EAGAIN when the queue is
	 * full. -ENODEV: the channel is no longer active.
	 */
	int (*execute)(struct qaic_transport *t, uint32_t dbc,
		       struct qaic_bo *const *bos, uint32_t num_bos);
	/*
	 * Wait until the last of @bos is done, and so all before it.
	 * @timeout_ms < 0: for ever, 0: just look. -ETIMEDOUT; -EIO: a request
	 * of one of them failed; -ENODEV: the channel went away.
	 */
	int (*wait)(struct qaic_transport *t, uint32_t dbc,
		    struct qaic_bo *const *bos, uint32_t num_bos,
		    int timeout_ms);
	/*
	 * After a wait that timed out: true if what is queued cannot go on by
	 * itself, or did not for half a minute of asking, where a driver does
	 * not tell.
	 */
	bool (*stalled)(struct qaic_transport *t, uint32_t dbc);
	int (*dma_stats)(struct qaic_transport *t, uint32_t dbc,
			 struct qaic_dma_stats *stats);
};

/* The card in this process: one, made for the first who opens it. */
int qaic_embedded_open(struct qaic_transport **out, struct qaic_err *err);

/* The card behind an accel node. */
int qaic_kernel_open(const char *node, struct qaic_transport **out,
		     struct qaic_err *err);

#define QAIC_MAX_DEVICES	64

/*
 * The cards that the kernel knows, index = QID; node is "" where a function has
 * none. Their number, 0 if there are none or QAIC_EMBEDDED hides them.
 */
int qaic_kernel_list(struct qaic_location *loc, int max);
/* Put PCI addresses in the order of the vendor's runtime. */
void qaic_kernel_sort(struct qaic_location *loc, int n);
/* Where an accel device of udev's is; false if it is no card, or hidden as above. */
struct udev_device;
bool qaic_kernel_locate(struct udev_device *dev, struct qaic_location *loc);

#endif
