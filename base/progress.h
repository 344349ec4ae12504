/* SPDX-License-Identifier: MIT */
/*
 * How a long stage tells how far it is. Libraries call; tools draw.
 */
#ifndef QAIC_PROGRESS_H
#define QAIC_PROGRESS_H

#include <stdint.h>

struct qaic_progress {
	/*
	 * @stage is a short word ("export", "compile", "load"); units are bytes,
	 * or 0 and then 1 of 1 if there is nothing to count
	 */
	void (*update)(void *ctx, const char *stage, uint64_t done,
		       uint64_t total);
	void *ctx;
};

static inline void qaic_progress_update(const struct qaic_progress *p,
					const char *stage, uint64_t done,
					uint64_t total)
{
	if (p && p->update)
		p->update(p->ctx, stage, done, total);
}

#endif
