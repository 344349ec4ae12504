// SPDX-License-Identifier: MIT
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "libqeff/qeff.h"
#include "tools/common/profile.h"

#define MAX_EVENTS	(1u << 20)

int qaic_prof_check(const struct qaic_prof *p, struct qaic_err *err)
{
	if (p->given && !p->type)
		return qaic_fail(err, -EINVAL,
				 "--aic-profiling-start-iter and -num-samples need --aic-profiling-type");
	if (p->out_dir && (!p->type || strcmp(p->type, "trace")))
		return qaic_fail(err, -EINVAL,
				 "--aic-profiling-out-dir is for --aic-profiling-type trace");
	if (p->out_dir && !qaic_is_dir(p->out_dir))
		return qaic_fail(err, -ENOTDIR,
				 "--aic-profiling-out-dir %s: not a directory",
				 p->out_dir);
	if (!p->type || !strcmp(p->type, "latency") ||
	    !strcmp(p->type, "stats") || !strcmp(p->type, "trace") ||
	    !strcmp(p->type, "none"))
		return 0;
	return qaic_fail(err, -EINVAL,
			 "--aic-profiling-type takes latency, stats, trace or none, not \"%s\"",
			 p->type);
}

void qaic_prof_default(struct qaic_prof *p, const char *type)
{
	if (!p->type)
		p->type = type;
	else if (!strcmp(p->type, "none"))
		p->type = NULL;
}

static bool wanted(const struct qaic_prof *p, uint64_t iter)
{
	return p->type && iter >= p->start_iter &&
	       (!p->num_samples || iter - p->start_iter < p->num_samples);
}

int qaic_prof_before(struct qaic_prof *p, struct qaic_device *dev,
		     uint64_t iter, struct qaic_err *err)
{
	int ret;

	if (!wanted(p, iter) || p->on || !strcmp(p->type, "latency"))
		return 0;
	ret = qaic_profile_start(dev, MAX_EVENTS, err);
	p->on = !ret;
	p->dev = dev;
	return ret;
}

static int stop(struct qaic_prof *p, struct qaic_err *err)
{
	if (!p->on)
		return 0;
	p->on = false;
	return qaic_profile_stop(p->dev, &p->got, err);
}

int qaic_prof_after(struct qaic_prof *p, const struct qaic_prof_call *call,
		    struct qaic_err *err)
{
	struct qaic_prof_call *more;

	if (!wanted(p, call->iter))
		return 0;
	if (p->num == p->cap) {
		p->cap = p->cap ? 2 * p->cap : 256;
		more = realloc(p->calls, p->cap * sizeof(*more));
		if (!more)
			return qaic_fail(err, -ENOMEM, "out of memory");
		p->calls = more;
	}
	p->calls[p->num++] = *call;
	return wanted(p, call->iter + 1) ? 0 : stop(p, err);
}

static int watch_before(void *ctx, const struct qeff_watch_call *call,
			struct qaic_err *err)
{
	return qaic_prof_before(ctx, call->dev, call->index, err);
}

static int watch_after(void *ctx, const struct qeff_watch_call *call,
		       struct qaic_err *err)
{
	static const char *const what[] = {
		[QEFF_CALL_PREFILL] = "prefill", [QEFF_CALL_DECODE] = "decode",
		[QEFF_CALL_TEXT] = "text",
	};
	struct qaic_prof_call c = {
		.what = what[call->kind], .iter = call->index,
		.begin = call->begin_ns, .ns = call->ns,
	};

	return qaic_prof_after(ctx, &c, err);
}

struct qeff_watch qaic_prof_watch(struct qaic_prof *p)
{
	return (struct qeff_watch){
		.before = watch_before, .after = watch_after, .ctx = p,
	};
}

void qaic_prof_name(const struct qaic_profile_event *e, char *text, size_t size)
{
	snprintf(text, size, "%s%s%s%s%s", e->op, *e->sub ? "." : "", e->sub,
		 *e->dtype ? " " : "", e->dtype);
}

void qaic_prof_say_lost(const struct qaic_prof *p)
{
	if (p->got.lost)
		printf("%llu more events found no room; profile fewer calls (--aic-profiling-num-samples)\n",
		       (unsigned long long)p->got.lost);
}

int qaic_prof_report(struct qaic_prof *p, json_t **json, struct qaic_err *err)
{
	int ret;

	if (!p->type)
		return 0;
	ret = stop(p, err);
	if (ret)
		return ret;
	if (!p->num)
		return qaic_fail(err, -EINVAL,
				 "--aic-profiling-start-iter %u: there were not so many calls",
				 p->start_iter);
	if (!strcmp(p->type, "trace"))
		return qaic_prof_trace(p, json, err);
	if (!strcmp(p->type, "stats"))
		return qaic_prof_stats(p, json, err);
	return qaic_prof_latency(p, json, err);
}

void qaic_prof_release(struct qaic_prof *p)
{
	stop(p, NULL);
	free(p->calls);
	p->calls = NULL;
	p->num = p->cap = 0;
}
