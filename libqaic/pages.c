// SPDX-License-Identifier: MIT
#include <errno.h>
#include <sys/mman.h>
#include <unistd.h>

#include "libqaic/pages.h"
#include "soc/mem.h"
#include "soc/room.h"

#define HUGE		SOC_HUGE_PAGE
#define PIECE		(32ull << 20)	/* each may become a mapping of its own */
#define MIN_ROOM	(256ull << 20)	/* of memory, that must be left */

/* Bytes [off, off + len) of the file; a huge page at a time, so that stop is seen. */
static int read_part(uint8_t *to, int fd, uint64_t off, uint64_t len,
		     struct pages_work *w)
{
	uint64_t n;
	ssize_t got;

	while (len) {
		if (atomic_load(&w->stop))
			return -ECANCELED;
		n = len < HUGE ? len : HUGE;
		got = pread(fd, to, n, off);
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return got ? -errno : -ENODATA;
		to += got;
		off += got;
		len -= got;
	}
	return 0;
}

/*
 * mremap() takes the old pages away and moves the new ones there under one lock: who
 * reads in between waits in a page fault.
 */
static int replace(uint8_t *at, uint64_t len, int fd, uint64_t off,
		   struct pages_work *w)
{
	uint8_t *p = soc_pages(len);
	int ret;

	if (!p)
		return -ENOMEM;
	ret = read_part(p, fd, off, len, w);
	if (!ret && mprotect(p, len, PROT_READ))
		ret = -errno;
	if (ret) {
		soc_pages_free(p, len);
		return ret;
	}
	if (mremap(p, len, len, MREMAP_MAYMOVE | MREMAP_FIXED, at) == at)
		return 0;
	ret = -errno;
	soc_pages_free(p, len);
	/* it may have failed when the old pages were gone */
	mmap(at, len, PROT_READ, MAP_PRIVATE | MAP_FIXED, fd, off);
	return ret;
}

void pages_replace(const struct qaic_mapping *m, struct pages_work *w)
{
	uint64_t skip = -(uintptr_t)m->addr & (HUGE - 1), len, at, n;
	uint8_t *first = (uint8_t *)m->addr + skip;
	int ret = 0;

	if (m->len < skip)
		return;
	len = (m->len - skip) & ~(HUGE - 1);
	while (!ret && !atomic_load(&w->stop)) {
		at = atomic_fetch_add(&w->next, PIECE);
		if (at >= len)
			return;
		n = len - at < PIECE ? len - at : PIECE;
		ret = -ENOMEM;
		if (soc_room(SOC_PROC) >= MIN_ROOM + n)
			ret = replace(first + at, n, m->fd, m->off + skip + at,
				      w);
	}
	if (ret)
		atomic_store(&w->stop, -ret);
}
