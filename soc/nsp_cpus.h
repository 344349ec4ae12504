/* SPDX-License-Identifier: MIT */
#ifndef SOC_NSP_CPUS_H
#define SOC_NSP_CPUS_H

#include <sched.h>
#include <stdint.h>
#include <sys/types.h>

/*
 * Threads that are worth having in this process, at least 1: one for each CPU of its
 * affinity, but no more than the CPU quota of its control groups, rounded up. (With
 * a quota of 1.5 CPUs two threads do more than one, with 1.0 they do less.)
 */
unsigned int nsp_cpus(void);

/* ---- the two halves of it ---- */

/*
 * The set that @get, which is sched_getaffinity(), gives; NULL if it fails. The caller
 * frees it with CPU_FREE(). @size: bytes.
 */
cpu_set_t *nsp_cpus_set(int (*get)(pid_t pid, size_t size, cpu_set_t *set),
			size_t *size);
/* How many CPUs are in it, 0 for none. */
unsigned int nsp_cpus_allowed(int (*get)(pid_t pid, size_t size,
					 cpu_set_t *set));
/*
 * The quota in thousandths of a CPU, 0 for none: the least of our group's and of
 * those around it, of cgroup v2 (cpu.max) and v1 (cpu.cfs_quota_us). @proc is the
 * directory with our "cgroup" and "mountinfo": /proc/self.
 */
uint64_t nsp_cpus_quota(const char *proc);

#endif
