/* SPDX-License-Identifier: MIT */
#ifndef SOC_THREAD_H
#define SOC_THREAD_H

#include <pthread.h>

/*
 * Start a thread that no signal of the program is delivered to. Faults are where
 * they happen, and a card port survives them (port_guard.c). 0 or negative errno.
 */
int soc_thread(pthread_t *thread, void *(*fn)(void *arg), void *arg);

#endif
