/* SPDX-License-Identifier: MIT */
#ifndef SOC_MEM_H
#define SOC_MEM_H

#include <stdint.h>

#define SOC_HUGE_PAGE	(2ull << 20)

/*
 * Zeroed pages, lazily backed, huge and aligned to SOC_HUGE_PAGE if there are so
 * many; NULL when there is no memory. @len 0 is 1.
 */
void *soc_pages(uint64_t len);
void soc_pages_free(void *p, uint64_t len);

#endif
