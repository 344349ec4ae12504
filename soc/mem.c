// SPDX-License-Identifier: MIT
/* The card's DDR and on-chip memories: pages of this process. */
#include <stddef.h>
#include <sys/mman.h>

#include "soc/mem.h"

#define HUGE	SOC_HUGE_PAGE	/* DDR is streamed, and TLB misses would show */

static uint64_t page_round(uint64_t len)
{
	return ((len ? len : 1) + 4095) & ~4095ull;
}

static void *map_pages(uint64_t len)
{
	void *p = mmap(NULL, len, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	return p == MAP_FAILED ? NULL : p;
}

/* From where a huge page can begin, which older kernels do not see to. */
static void *map_huge(uint64_t len)
{
	uint8_t *p = map_pages(len + HUGE);
	uint64_t skip;

	if (!p)
		return NULL;
	skip = -(uintptr_t)p & (HUGE - 1);
	if (skip)
		munmap(p, skip);
	munmap(p + skip + len, HUGE - skip);
	madvise(p + skip, len, MADV_HUGEPAGE);
	return p + skip;
}

void *soc_pages(uint64_t len)
{
	if (len > 1ull << 46)
		return NULL;
	len = page_round(len);
	return len >= HUGE ? map_huge(len) : map_pages(len);
}

void soc_pages_free(void *p, uint64_t len)
{
	if (p)
		munmap(p, page_round(len));
}
