/* SPDX-License-Identifier: MIT */
/* qaic-run --aic-profiling-type: where the time of raw runs goes. */
#ifndef QAIC_TOOLS_PROFILE_H
#define QAIC_TOOLS_PROFILE_H

#include <stdbool.h>
#include <stdint.h>

#include "libqaic/qaic.h"

struct qaic_prof {
	const char *type;		/* as given; NULL: off */
	const char *out_dir;		/* for trace; NULL: where we are */
	unsigned int start_iter, num_samples;	/* 0: all */
	/* the profile's own */
	struct qaic_device *dev;
	bool on;
	uint64_t *begin, *ns;		/* of each sample */
	size_t num, cap;
	size_t count, lost;		/* commands */
};

/* Is the type known? */
int qaic_prof_check(const struct qaic_prof *p, struct qaic_err *err);
/* Before and after iteration @iter. */
int qaic_prof_before(struct qaic_prof *p, struct qaic_device *dev,
		     uint64_t iter, struct qaic_err *err);
int qaic_prof_after(struct qaic_prof *p, uint64_t iter, uint64_t begin,
		    uint64_t ns, struct qaic_err *err);
/* The report, when all is done. */
int qaic_prof_report(struct qaic_prof *p, struct qaic_err *err);
/* The same as DIR/trace.json, for Perfetto and chrome://tracing. */
int qaic_prof_trace(const struct qaic_prof *p, struct qaic_err *err);
void qaic_prof_release(struct qaic_prof *p);

#endif
