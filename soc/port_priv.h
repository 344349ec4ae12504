/* SPDX-License-Identifier: MIT */
/* What the parts of the port share. */
#ifndef SOC_PORT_PRIV_H
#define SOC_PORT_PRIV_H

#include "soc/port.h"
#include "uapi/qaic_sim.h"

struct soc_port {
	int fd;
	struct soc *soc;
	void *bar2;			/* private but for the registers */
	struct qaic_sim_ctl *ctl;
	uint8_t *window;		/* host memory: IOVA 0 */
	uint64_t window_size;
	/* ring the host; replaced by tests */
	void (*irq)(struct soc_port *port, unsigned int dbc);
	void (*log)(void *ctx, const char *line);
	void *ctx;
	bool stop;
	uint64_t event[(QAIC_SIM_MAX_EVENT + 7) / 8];
};

/* ---- the card on mapped memory (port.c) ---- */

/* fd, bar2, ctl, window and irq are there; make the card. */
int soc_port_start(struct soc_port *port, const struct soc_port_config *config,
		   struct qaic_err *err);

/* ---- memory that may vanish (port_guard.c) ---- */

/*
 * Faults of soc_guard_copy() in [window, window + size) become -EFAULT. Faults
 * in [regs, regs + regs_size) end the process: the driver took the card away.
 * Other faults are what they were. One window a process.
 */
int soc_guard_init(const void *window, uint64_t size, const void *regs,
		   uint64_t regs_size);
int soc_guard_copy(void *dst, const void *src, size_t len);

#endif
