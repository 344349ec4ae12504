/* SPDX-License-Identifier: MIT */
/* What memory this process may still take. */
#ifndef SOC_ROOM_H
#define SOC_ROOM_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Bytes that can be allocated before something must go that is in use: what the
 * machine has available, cut by the limits of our control groups. The page cache
 * counts as free. UINT64_MAX: nothing is known. @proc: SOC_PROC, or a test's.
 */
#define SOC_PROC	"/proc"
uint64_t soc_room(const char *proc);

/* Does madvise(MADV_HUGEPAGE) have an effect? @sys: SOC_SYS_MM */
#define SOC_SYS_MM	"/sys/kernel/mm"
bool soc_huge_pages(const char *sys);

#endif
