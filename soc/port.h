/* SPDX-License-Identifier: MIT */
/*
 * The card behind a card port: this process becomes the card of a slot of
 * qaic_sim (uapi/qaic_sim.h).
 */
#ifndef SOC_PORT_H
#define SOC_PORT_H

#include "base/err.h"
#include "soc/soc.h"

struct soc_port;

struct soc_port_config {
	struct soc_config soc;		/* bar2 is the port's */
	/* A line for the log, from the thread that runs the port; may be NULL */
	void (*log)(void *ctx, const char *line);
	void *ctx;
};

/*
 * Open /dev/qaic_simN, attach, map. -EBUSY: the slot has a card. The threads of
 * the card are made here, with the caller's signal mask.
 */
int soc_port_open(const char *path, const struct soc_port_config *config,
		  struct soc_port **out, struct qaic_err *err);
/*
 * Be the card until the driver asks it to go or soc_port_stop() was called: 0.
 * -ENOTCONN: the driver has cut the card off.
 */
int soc_port_run(struct soc_port *port, struct qaic_err *err);
/*
 * May be called in a signal handler. A read() that sleeps has to be interrupted
 * by a signal; it may just be about to sleep, so by more than one.
 */
void soc_port_stop(struct soc_port *port);
/* Detach. What runs ends. */
void soc_port_close(struct soc_port *port);

#endif
