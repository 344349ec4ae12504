/* SPDX-License-Identifier: MIT */
/* Huge pages for a file that is mapped in small ones. */
#ifndef LIBQAIC_PAGES_H
#define LIBQAIC_PAGES_H

#include <stdatomic.h>
#include <stdint.h>

/* [addr, addr + len): a private mapping of @fd, from @off on, to be read only */
struct qaic_mapping {
	void *addr;
	uint64_t len, off;
	int fd;
};

/* What threads that replace the pages of one mapping share; zeros at first. */
struct pages_work {
	_Atomic uint64_t next;		/* bytes that are taken */
	_Atomic int stop;		/* as soon as possible; errno of a failure */
};

/*
 * Put copies of the file's content, in anonymous huge pages, where its pages are
 * mapped, while others read there: an address has the old pages or the new ones, with
 * the same content, and never none. Returns when nothing is left to take. What cannot
 * be replaced (no memory, the file became shorter) stays, and @w->stop is set.
 */
void pages_replace(const struct qaic_mapping *m, struct pages_work *w);

#endif
