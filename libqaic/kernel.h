/* SPDX-License-Identifier: MIT */
/*
 * The kernel transport: a card behind the qaic accel ABI, that of Linux' own
 * driver or of qaic_sim.
 */
#ifndef LIBQAIC_KERNEL_H
#define LIBQAIC_KERNEL_H

#include "libqaic/transport.h"

struct kern_bo {
	struct qaic_bo bo;
	size_t map_len;
	uint32_t handle, dir;
	/* of one EXECUTE */
	uint64_t elements, bytes;
};

/* What was sent through a channel since its activation */
struct kern_chan {
	uint64_t elements, bytes_in, bytes_out;
	uint32_t looks;			/* fruitless, since the last EXECUTE */
	uint32_t status;		/* QAIC_WAIT_* of the last WAIT */
};

struct kern {
	struct qaic_transport t;
	int fd;
	char node[64];
	struct kern_chan chan[QAIC_HW_NUM_DBC];
};

static inline struct kern *to_kern(struct qaic_transport *t)
{
	return (struct kern *)t;
}

/* An ioctl that is repeated when a signal interrupts it; 0 or -errno. */
int kern_ioctl(const struct kern *k, unsigned long req, void *arg);

/* buffers: kernel_bo.c */
int kern_bo_create(struct qaic_transport *t, size_t size, struct qaic_bo **out);
void kern_bo_destroy(struct qaic_transport *t, struct qaic_bo *bo);
int kern_bo_attach(struct qaic_transport *t, struct qaic_bo *bo, uint32_t dbc,
		   uint32_t dir, const struct qaic_attach_slice_entry *slices,
		   uint32_t num_slices);

/* execution: kernel_exec.c */
int kern_execute(struct qaic_transport *t, uint32_t dbc,
		 struct qaic_bo *const *bos, uint32_t num_bos);
int kern_wait(struct qaic_transport *t, uint32_t dbc,
	      struct qaic_bo *const *bos, uint32_t num_bos, int timeout_ms);
bool kern_stalled(struct qaic_transport *t, uint32_t dbc);
int kern_dma_stats(struct qaic_transport *t, uint32_t dbc,
		   struct qaic_dma_stats *stats);

#endif
