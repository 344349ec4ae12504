/* SPDX-License-Identifier: MIT */
/* Progress of a long stage as one line on the terminal. */
#ifndef QAIC_TOOLS_PROGRESS_H
#define QAIC_TOOLS_PROGRESS_H

#include "base/progress.h"

/*
 * A progress receiver that draws "compile  42%  1.2 / 2.9 GiB" on stderr and
 * rubs it out when the stage ends. Draws nothing if stderr is no terminal.
 */
struct qaic_progress qaic_progress_terminal(void);

/* Rub out a line that was left by a stage that failed. */
void qaic_progress_clear(void);

#endif
