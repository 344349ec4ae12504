// SPDX-License-Identifier: MIT
/* The card's DDR and on-chip memories: pages of this process. */
#include <sys/mman.h>

#include "soc/card.h"

/* Transparent huge pages: DDR is streamed, and TLB misses would show */
#define HUGE_FROM	(4ull << 20)

static uint64_t page_round(uint64_t len)
{
	return ((len ? len : 1) + 4095) & ~4095ull;
}

void *soc_pages(uint64_t len)
{
	void *p;

	if (len > 1ull << 46)
		return NULL;
	len = page_round(len);
	p = mmap(NULL, len, PROT_READ | PROT_WRITE,
		 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (p == MAP_FAILED)
		return NULL;
	if (len >= HUGE_FROM)
		madvise(p, len, MADV_HUGEPAGE);
	return p;
}

void soc_pages_free(void *p, uint64_t len)
{
	if (p)
		munmap(p, page_round(len));
}
