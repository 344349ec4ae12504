/* SPDX-License-Identifier: MIT */
/* What the parts of the port share. */
#ifndef SOC_PORT_PRIV_H
#define SOC_PORT_PRIV_H

#include <pthread.h>

#include "soc/port.h"
#include "uapi/qaic_sim.h"

struct soc_port {
	int fd;
	struct soc *soc;
	void *bar2;			/* private but for the registers */
	struct qaic_sim_ctl *ctl;
	uint8_t *window;		/* host memory: IOVA 0 */
	uint64_t window_size;
	/* ring the host; the same for all in due, and sleep; replaced by tests */
	void (*irq)(struct soc_port *port, unsigned int dbc);
	ssize_t (*read)(struct soc_port *port);
	uint64_t due;			/* DBCs to ring; the loop's thread's */
	void (*log)(void *ctx, const char *line);
	void *ctx;
	bool stop;
	/* tells the driver of temperature and load; see port_telemetry.c */
	pthread_t reporter;
	bool reporting;
	pthread_mutex_t report_lock;
	pthread_cond_t report_cond;
	bool report_stop;
	bool report_due;		/* something happened since the last */
	bool report_asleep;		/* the reporter waits for that */
	uint64_t event[(QAIC_SIM_MAX_EVENT + 7) / 8];
};

/* ---- the card on mapped memory (port.c) ---- */

/* fd, bar2, ctl, window and irq are there; make the card. */
int soc_port_start(struct soc_port *port, const struct soc_port_config *config,
		   struct qaic_err *err);

/* ---- the loop (port_loop.c) ---- */

/* Ring the host: at once, or with the loop's read() if that is about to come. */
void soc_port_raise(struct soc_port *port, unsigned int dbc);

/* ---- telemetry (port_telemetry.c) ---- */

int soc_port_report_start(struct soc_port *port);
void soc_port_report_stop(struct soc_port *port);
/* The card has, or had, something to do. */
void soc_port_report_due(struct soc_port *port);

/* ---- memory that may vanish (port_guard.c) ---- */

/*
 * Faults of soc_guard_copy() in the window become -EFAULT. Faults in the
 * registers and the control page end the process: the driver took the card away.
 * Other faults are what they were. One port a process.
 */
int soc_guard_init(const struct soc_port *port);
int soc_guard_copy(void *dst, const void *src, size_t len);

#endif
