/* SPDX-License-Identifier: MIT */
#ifndef QAIC_TOOLS_THREADS_H
#define QAIC_TOOLS_THREADS_H

/* Threads that the embedded card has by itself: QAIC_THREADS, or one for each CPU. */
unsigned int qaic_card_threads(void);

#endif
