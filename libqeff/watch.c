// SPDX-License-Identifier: MIT
#include <time.h>

#include "libqeff/watch.h"

static uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000000ull + ts.tv_nsec;
}

int qeff_watched_run(struct qeff_watched *w, struct qaic_device *dev,
		     struct qaic_exec *exec, enum qeff_call_kind kind,
		     const struct qaic_model *model, struct qaic_err *err)
{
	struct qeff_watch_call call = { .dev = dev, .kind = kind, .index = w->calls };
	int ret = 0, i;

	for (i = 0; i < QEFF_NUM_SKUS; i++)
		call.modelled[i] = model->seconds[i];
	if (w->by.before)
		ret = w->by.before(w->by.ctx, &call, err);
	if (ret)
		return ret;
	call.begin_ns = now_ns();
	ret = qaic_exec_run(exec, err);
	call.ns = now_ns() - call.begin_ns;
	w->calls++;
	return !ret && w->by.after ? w->by.after(w->by.ctx, &call, err) : ret;
}
