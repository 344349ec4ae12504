// SPDX-License-Identifier: MIT
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "tools/common/progress.h"

/* At most this often; a stage may report every few kilobytes. */
#define REDRAW_NS	100000000ull

static struct {
	uint64_t drawn_at;
	bool drawn;
} line;

static uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000000ull + ts.tv_nsec;
}

static void draw(void *ctx, const char *stage, uint64_t done, uint64_t total)
{
	uint64_t t = now_ns();
	double mib = 1024.0 * 1024.0;

	if (done >= total) {
		qaic_progress_clear();
		return;
	}
	if (line.drawn && t - line.drawn_at < REDRAW_NS)
		return;
	if (total == 1)
		fprintf(stderr, "\r\033[K%s ...", stage);
	else
		fprintf(stderr, "\r\033[K%s %3u%%  %.1f / %.1f MiB", stage,
			(unsigned int)((double)done * 100 / total), done / mib,
			total / mib);
	fflush(stderr);
	line.drawn = true;
	line.drawn_at = t;
}

void qaic_progress_clear(void)
{
	if (!line.drawn)
		return;
	fprintf(stderr, "\r\033[K");
	fflush(stderr);
	line.drawn = false;
}

struct qaic_progress qaic_progress_terminal(void)
{
	struct qaic_progress p = { NULL, NULL };

	if (isatty(STDERR_FILENO))
		p.update = draw;
	return p;
}
