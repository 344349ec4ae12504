// SPDX-License-Identifier: MIT
/* EXECUTE_BO and WAIT_BO, and what the ABI does not tell but can be counted. */
#include <errno.h>
#include <stdlib.h>
#include <sys/ioctl.h>

#include "libqaic/kernel.h"

#define FEW_BOS		64		/* that need no allocation */
#define FOREVER_MS	60000		/* of one WAIT; it is repeated */
#define MIN_WAIT_MS	1		/* 0 would be the driver's default */

/*
 * Of a driver that does not tell: a queue that gave no response during so many
 * looks has stalled. The library looks five times a second when somebody waits for
 * an exec to be destroyed.
 */
#define STALL_LOOKS	150

/* A channel that is no longer ours is answered with EPERM. */
static int gone(int ret)
{
	return ret == -EPERM ? -ENODEV : ret;
}

/* Not drmIoctl(): it repeats EAGAIN for ever, here that means a full queue. */
static int submit(const struct kern *k, struct qaic_execute *arg)
{
	int ret;

	do {
		ret = ioctl(k->fd, DRM_IOCTL_QAIC_EXECUTE_BO, arg) ? -errno : 0;
	} while (ret == -EINTR);
	return ret;
}

static void add(uint64_t *counter, uint64_t n)
{
	__atomic_fetch_add(counter, n, __ATOMIC_RELAXED);
}

static void count(struct kern_chan *c, struct qaic_bo *const *bos,
		  uint32_t num_bos)
{
	const struct kern_bo *b;
	uint32_t i;

	for (i = 0; i < num_bos; i++) {
		b = (const struct kern_bo *)bos[i];
		add(&c->elements, b->elements);
		add(b->dir == QAIC_DIR_TO_DEV ? &c->bytes_in : &c->bytes_out,
		    b->bytes);
	}
	__atomic_store_n(&c->looks, 0, __ATOMIC_RELAXED);
}

int kern_execute(struct qaic_transport *t, uint32_t dbc,
		 struct qaic_bo *const *bos, uint32_t num_bos)
{
	struct qaic_execute_entry few[FEW_BOS], *e = few;
	struct qaic_execute arg = {
		.hdr = { .count = num_bos, .dbc_id = dbc },
	};
	struct kern *k = to_kern(t);
	uint32_t i;
	int ret;

	if (dbc >= QAIC_HW_NUM_DBC || !num_bos)
		return -EINVAL;
	if (num_bos > FEW_BOS) {
		e = calloc(num_bos, sizeof(*e));
		if (!e)
			return -ENOMEM;
	}
	for (i = 0; i < num_bos; i++) {
		e[i].handle = ((const struct kern_bo *)bos[i])->handle;
		e[i].dir = ((const struct kern_bo *)bos[i])->dir;
	}
	arg.data = (uintptr_t)e;
	ret = submit(k, &arg);
	if (!ret)
		count(&k->chan[dbc], bos, num_bos);
	if (e != few)
		free(e);
	return gone(ret);
}

int kern_wait(struct qaic_transport *t, uint32_t dbc,
	      struct qaic_bo *const *bos, uint32_t num_bos, int timeout_ms)
{
	struct kern *k = to_kern(t);
	struct qaic_wait arg = { .dbc_id = dbc };
	int ret;

	if (dbc >= QAIC_HW_NUM_DBC || !num_bos)
		return -EINVAL;
	/* responses come in the order of the requests */
	arg.handle = ((const struct kern_bo *)bos[num_bos - 1])->handle;
	arg.timeout = timeout_ms > 0 ? timeout_ms :
		      timeout_ms < 0 ? FOREVER_MS : MIN_WAIT_MS;
	do {
		arg.pad = 0;
		ret = kern_ioctl(k, DRM_IOCTL_QAIC_WAIT_BO_STATUS, &arg);
	} while (ret == -ETIMEDOUT && timeout_ms < 0);
	__atomic_store_n(&k->chan[dbc].status, arg.pad, __ATOMIC_RELAXED);
	if (!ret && arg.pad & QAIC_WAIT_CODE)
		return -EIO;
	return gone(ret);
}

bool kern_stalled(struct qaic_transport *t, uint32_t dbc)
{
	struct kern *k = to_kern(t);
	uint32_t status;

	if (dbc >= QAIC_HW_NUM_DBC)
		return false;
	status = __atomic_load_n(&k->chan[dbc].status, __ATOMIC_RELAXED);
	if (status & QAIC_WAIT_TOLD)
		return status & QAIC_WAIT_STALLED;
	return __atomic_add_fetch(&k->chan[dbc].looks, 1, __ATOMIC_RELAXED) >
	       STALL_LOOKS;
}

int kern_dma_stats(struct qaic_transport *t, uint32_t dbc,
		   struct qaic_dma_stats *stats)
{
	struct kern *k = to_kern(t);

	if (dbc >= QAIC_HW_NUM_DBC)
		return -ENODEV;
	stats->elements = __atomic_load_n(&k->chan[dbc].elements,
					  __ATOMIC_RELAXED);
	stats->bytes_to_dev = __atomic_load_n(&k->chan[dbc].bytes_in,
					      __ATOMIC_RELAXED);
	stats->bytes_from_dev = __atomic_load_n(&k->chan[dbc].bytes_out,
						__ATOMIC_RELAXED);
	return 0;
}
