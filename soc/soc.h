/* SPDX-License-Identifier: MIT */
/*
 * The simulated card as whoever drives it sees it: a bus to host memory, the
 * control processor's messages, and the DMA Bridge's registers.
 *
 * The card trusts nobody: messages, FIFO elements and registers may hold
 * anything and be changed while they are read. Functions may be called from
 * any thread.
 */
#ifndef SOC_SOC_H
#define SOC_SOC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "uapi/qaic_hw.h"

struct soc;

/* How the card reaches the host. */
struct soc_bus {
	/*
	 * Host memory [iova, iova + len) as the card's pointer, or NULL for a
	 * bad address. It stays valid until the call that asked for it ends.
	 */
	void *(*map)(void *ctx, uint64_t iova, uint64_t len, bool write);
	/*
	 * Copy between host and card memory; 0 or -EFAULT. NULL: map and memcpy.
	 * For a bus whose memory may vanish under the card's hands.
	 */
	int (*copy)(void *ctx, uint64_t iova, void *card, uint64_t len,
		    bool to_host);
	/* The card wrote responses of this channel (no lock is held). */
	void (*irq)(void *ctx, unsigned int dbc);
	/*
	 * The channel cannot go on by itself (soc_dbc_stalled()), or can again.
	 * Called under locks of the card, from any thread. May be NULL.
	 */
	void (*stalled)(void *ctx, unsigned int dbc, bool stalled);
	/*
	 * Promise: memory given to a LOAD stays mapped and unchanged until the
	 * UNLOAD. Constants are then used in place and never copied.
	 */
	bool stable;
	void *ctx;
};

struct soc_config {
	unsigned int threads;	/* NSP worker threads, 0 = one per CPU */
	uint64_t dram;		/* bytes of DDR, 0 = 32692 MiB */
	uint32_t num_nsps;	/* 0 = 16 */
	uint32_t sku;		/* QAIC_NNC_SKU_*, 0 = Pro */
	const char *serial;	/* NULL = a made-up one */
	/*
	 * Who rings works at short programs itself, which saves waking a thread.
	 * soc_ring() then takes as long as they do: up to about a millisecond.
	 */
	bool help;
	void *bar2;		/* QAIC_HW_BAR2_SIZE bytes shared with the host,
				 * page-aligned; NULL: the card's own memory */
};

/* @config NULL = all defaults. @bus is copied. */
int soc_create(const struct soc_config *config, const struct soc_bus *bus,
	       struct soc **out, struct qaic_err *err);
/* Ends everything that runs. Nothing else may be calling into the card. */
void soc_destroy(struct soc *soc);

/*
 * Give one NNC message (private memory, not shared with the host) to the control
 * processor. Returns the length of the reply (at most QAIC_NNC_MAX_REPLY, and
 * @cap must be that much), or -EBADMSG if it is no message at all and gets none.
 */
int soc_control(struct soc *soc, const void *msg, size_t len, void *reply,
		size_t cap);

/* The registers of a channel, as in BAR 2. */
struct qaic_hw_dbc_regs *soc_dbc_regs(struct soc *soc, unsigned int dbc);
/* The host moved a register of this channel: go on. */
void soc_ring(struct soc *soc, unsigned int dbc);

/*
 * The host took the channel back without a message: end its activation. Nothing
 * happens if there is none.
 */
void soc_dbc_reset(struct soc *soc, unsigned int dbc);

struct soc_dbc_stats {
	uint64_t elements;	/* requests completed since activation */
	uint64_t bytes_in, bytes_out;
	uint64_t failed;	/* requests with a non-zero completion code */
};
/* -ENODEV if the channel is not active. */
int soc_dbc_stats(struct soc *soc, unsigned int dbc,
		  struct soc_dbc_stats *stats);
/*
 * True if the channel's first request waits for a semaphore and no NSP runs that
 * could work it: it stays so until the host deactivates.
 */
bool soc_dbc_stalled(struct soc *soc, unsigned int dbc);

/* How much of the card is in use. */
struct soc_usage {
	uint64_t ddr_total, ddr_used;
	uint32_t num_nsps, nsp_busy;	/* a mask: of activated programs */
	/* nsp_ticks() that programs ran on each NSP since the card was made */
	uint64_t nsp_busy_ticks[16];
};
void soc_usage(struct soc *soc, struct soc_usage *usage);

#endif
