/* SPDX-License-Identifier: MIT */
/*
 * A thread that stays on one CPU of its affinity, as long as nobody else changes that.
 *
 * For a pool with a thread for each CPU. The kernel wakes two of them on one CPU now
 * and then, while the other CPU is idle for some microseconds, and leaves them there
 * for milliseconds. But where others want the CPUs, too, a thread should go wherever
 * there is one for it.
 */
#ifndef SOC_NSP_KEEP_H
#define SOC_NSP_KEEP_H

#include <sched.h>
#include <stdbool.h>
#include <stddef.h>

/* One thread's; all zero: it never keeps a CPU. */
struct nsp_keep {
	size_t size;			/* bytes of each set */
	cpu_set_t *all, *own;
	bool on;
};

/* To be called by the thread. Its CPU is number @nr of its affinity, from 0. */
void nsp_keep_init(struct nsp_keep *k, unsigned int nr);
void nsp_keep_release(struct nsp_keep *k);

/*
 * Stay there, or do not. If somebody else (taskset, a cpuset) gave the thread another
 * affinity since the last call, that one stays for good.
 */
void nsp_keep(struct nsp_keep *k, bool on);

#endif
