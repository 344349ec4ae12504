/* SPDX-License-Identifier: MIT */
/* Calls on a card that somebody may watch. */
#ifndef QEFF_WATCH_H
#define QEFF_WATCH_H

#include "libqaic/qaic.h"
#include "libqeff/qeff.h"

struct qeff_watched {
	struct qeff_watch by;
	uint64_t calls;			/* so far */
};

/* qaic_exec_run(), and what the watcher wants to know of it. */
int qeff_watched_run(struct qeff_watched *w, struct qaic_device *dev,
		     struct qaic_exec *exec, enum qeff_call_kind kind,
		     const struct qaic_model *model, struct qaic_err *err);

#endif
