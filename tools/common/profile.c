// SPDX-License-Identifier: MIT
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bandwidth.h"
#include "base/file.h"
#include "base/flops.h"
#include "tools/common/profile.h"
#include "tools/common/threads.h"

#define MAX_EVENTS	(1u << 20)
#define MAX_KINDS	256
/* of the sums that find the limits */
#define BUFFER		(256u << 20)
#define REPS		3

/* All commands of one operation. */
struct kind {
	char name[48];
	uint64_t calls, ns;
	double bytes, ops;
};

int qaic_prof_check(const struct qaic_prof *p, struct qaic_err *err)
{
	if (p->out_dir && (!p->type || strcmp(p->type, "trace")))
		return qaic_fail(err, -EINVAL,
				 "--aic-profiling-out-dir is for --aic-profiling-type trace");
	if (p->out_dir && !qaic_is_dir(p->out_dir))
		return qaic_fail(err, -ENOTDIR,
				 "--aic-profiling-out-dir %s: not a directory",
				 p->out_dir);
	if (!p->type || !strcmp(p->type, "latency") ||
	    !strcmp(p->type, "stats") || !strcmp(p->type, "trace"))
		return 0;
	return qaic_fail(err, -EINVAL,
			 "--aic-profiling-type takes latency, stats or trace, not \"%s\"",
			 p->type);
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

static void stop(struct qaic_prof *p)
{
	if (!p->on)
		return;
	p->count = qaic_profile_stop(p->dev, &p->lost);
	p->on = false;
}

int qaic_prof_after(struct qaic_prof *p, uint64_t iter, uint64_t begin,
		    uint64_t ns, struct qaic_err *err)
{
	uint64_t *more;

	if (!wanted(p, iter))
		return 0;
	if (p->num == p->cap) {
		p->cap = p->cap ? 2 * p->cap : 256;
		more = realloc(p->ns, p->cap * sizeof(*more));
		if (!more)
			return qaic_fail(err, -ENOMEM, "out of memory");
		p->ns = more;
		more = realloc(p->begin, p->cap * sizeof(*more));
		if (!more)
			return qaic_fail(err, -ENOMEM, "out of memory");
		p->begin = more;
	}
	p->begin[p->num] = begin;
	p->ns[p->num++] = ns;
	if (!wanted(p, iter + 1))
		stop(p);
	return 0;
}

/* ---- latency ---- */

static int ascending(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

/* The smallest that @percent of them are not above. */
static double percentile(const struct qaic_prof *p, unsigned int percent)
{
	size_t i = (p->num * percent + 99) / 100;

	return p->ns[i ? i - 1 : 0] / 1e3;
}

static void print_latency(struct qaic_prof *p)
{
	double sum = 0;
	size_t i;

	for (i = 0; i < p->num; i++)
		sum += p->ns[i];
	qsort(p->ns, p->num, sizeof(*p->ns), ascending);
	printf(" ---- Latency of %zu inferences, us ----\n"
	       "%10s %10s %10s %10s %10s %10s\n"
	       "%10.1f %10.1f %10.1f %10.1f %10.1f %10.1f\n", p->num,
	       "min", "mean", "p50", "p90", "p99", "max",
	       percentile(p, 0), sum / p->num / 1e3, percentile(p, 50),
	       percentile(p, 90), percentile(p, 99), percentile(p, 100));
}

/* ---- stats ---- */

static struct kind *find_kind(struct kind *k, size_t *n,
			      const struct qaic_profile_event *e)
{
	char name[sizeof(k->name)];
	size_t i;

	snprintf(name, sizeof(name), "%s%s%s%s%s", e->op, *e->sub ? "." : "",
		 e->sub, *e->dtype ? " " : "", e->dtype);
	for (i = 0; i < *n; i++)
		if (!strcmp(k[i].name, name))
			return &k[i];
	if (i == MAX_KINDS)
		return &k[i - 1];	/* there are fewer */
	memcpy(k[i].name, name, sizeof(name));
	++*n;
	return &k[i];
}

static int most_time(const void *a, const void *b)
{
	const struct kind *x = a, *y = b;

	return x->ns > y->ns ? -1 : x->ns < y->ns;
}

static double ratio(double a, double b)
{
	return b > 0 ? a / b : 0;
}

/*
 * @ns is of all threads together. The limit of an operation is the time that its
 * bytes or its operations take at least, when all threads are at it.
 */
static void print_kind(const struct kind *k, double all, unsigned int n,
		       double gbs, double gflops)
{
	double s = k->ns / 1e9 / n;
	double bytes = ratio(k->bytes / 1e9, gbs);
	double ops = ratio(k->ops / 1e9, gflops);

	printf("%-28s %9llu %12.3f %6.1f %% %12.3f %9.2f %9.2f %6.1f %% %s\n",
	       k->name, (unsigned long long)k->calls, k->ns / 1e6,
	       100 * ratio(k->ns, all), k->bytes / 1e6,
	       ratio(k->bytes / 1e9, s), ratio(k->ops / 1e9, s),
	       100 * ratio(bytes > ops ? bytes : ops, s),
	       bytes > ops ? "memory" : "arithmetic");
}

static int print_stats(struct qaic_prof *p, struct qaic_err *err)
{
	struct kind *k = calloc(MAX_KINDS, sizeof(*k)), *one;
	uint8_t *buffer = bw_buffer(BUFFER);
	unsigned int t = qaic_card_threads();
	struct qaic_profile_event e;
	double gbs, gflops, all = 0;
	size_t i, n = 0;

	if (!k || !buffer) {
		free(k);
		return qaic_fail(err, -ENOMEM, "out of memory");
	}
	memset(buffer, 1, BUFFER);
	gbs = bw_measure(buffer, BUFFER, t, REPS);
	gflops = bw_flops(t, REPS);
	for (i = 0; i < p->count && qaic_profile_event(i, &e); i++) {
		if (e.kind != QAIC_PROFILE_COMMAND)
			continue;
		one = find_kind(k, &n, &e);
		one->calls++;
		one->ns += e.end_ns - e.begin_ns;
		one->bytes += e.bytes;
		one->ops += e.ops;
		all += e.end_ns - e.begin_ns;
	}
	qsort(k, n, sizeof(*k), most_time);
	printf(" ---- Operators of %zu inferences, %u threads; limits %.1f GB/s, %.1f GFLOP/s ----\n"
	       "%-28s %9s %12s %8s %12s %9s %9s %8s %s\n", p->num, t, gbs,
	       gflops, "operator", "calls", "ms", "share", "MB", "GB/s",
	       "GFLOP/s", "of limit", "bound by");
	for (i = 0; i < n; i++)
		print_kind(&k[i], all, t, gbs, gflops);
	if (p->lost)
		printf("%zu more commands found no room; profile fewer iterations (--aic-profiling-num-samples)\n",
		       p->lost);
	free(k);
	return 0;
}

int qaic_prof_report(struct qaic_prof *p, struct qaic_err *err)
{
	if (!p->type)
		return 0;
	stop(p);
	if (!p->num)
		return qaic_fail(err, -EINVAL,
				 "--aic-profiling-start-iter %u: there were not so many iterations",
				 p->start_iter);
	if (!strcmp(p->type, "trace"))
		return qaic_prof_trace(p, err);
	if (!strcmp(p->type, "stats"))
		return print_stats(p, err);
	print_latency(p);
	return 0;
}

void qaic_prof_release(struct qaic_prof *p)
{
	stop(p);
	free(p->ns);
	free(p->begin);
}
