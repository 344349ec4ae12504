// SPDX-License-Identifier: MIT
/*
 * --aic-profiling-type stats: a line for each operator, and how near it comes to what
 * this machine can do at most.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bandwidth.h"
#include "base/flops.h"
#include "tools/common/json_out.h"
#include "tools/common/profile.h"
#include "tools/common/threads.h"
#include "tools/common/verify.h"

#define MAX_KINDS	256
#define MAX_THREADS	256
/*
 * of the sums that find the limits; more than caches hold, and no more than user-mode
 * Linux, which asks its host for a mapping for each page, can give (vm.max_map_count)
 */
#define BUFFER		(128u << 20)
#define REPS		3

/* All commands of one operation. */
struct kind {
	char name[48];
	uint64_t calls, ns;
	double bytes, ops;
};

struct stats {
	const struct qaic_prof *p;
	struct kind kind[MAX_KINDS], all;
	size_t num;
	unsigned int threads;		/* that are there, or took part */
	double gbs, gflops;		/* limits of so many threads */
	double wall;			/* ns of the calls */
};

/* What is printed of a kind. */
struct line {
	double ms, share, mb, gbs, gflops, of_limit;
	const char *bound;
};

static struct kind *find_kind(struct stats *s,
			      const struct qaic_profile_event *e)
{
	char name[sizeof(s->all.name)];
	size_t i;

	qaic_prof_name(e, name, sizeof(name));
	for (i = 0; i < s->num; i++)
		if (!strcmp(s->kind[i].name, name))
			return &s->kind[i];
	if (i == MAX_KINDS)
		return &s->kind[i - 1];	/* there are fewer */
	memcpy(s->kind[i].name, name, sizeof(name));
	s->num++;
	return &s->kind[i];
}

static int most_time(const void *a, const void *b)
{
	const struct kind *x = a, *y = b;

	return x->ns > y->ns ? -1 : x->ns < y->ns;
}

static void count(struct kind *k, const struct qaic_profile_event *e)
{
	k->calls++;
	k->ns += e->end_ns - e->begin_ns;
	k->bytes += e->bytes;
	k->ops += e->ops;
}

static void add_up(struct stats *s)
{
	bool seen[MAX_THREADS] = { false };
	struct qaic_profile_event e;
	unsigned int took_part = 0;
	size_t i;

	for (i = 0; qaic_profile_event(s->p->dev, i, &e); i++) {
		if (e.kind != QAIC_PROFILE_COMMAND)
			continue;
		count(find_kind(s, &e), &e);
		count(&s->all, &e);
		if (e.thread < MAX_THREADS && !seen[e.thread]) {
			seen[e.thread] = true;
			took_part++;
		}
	}
	qsort(s->kind, s->num, sizeof(*s->kind), most_time);
	strcpy(s->all.name, "all");
	for (i = 0; i < s->p->num; i++)
		s->wall += s->p->calls[i].ns;
	/* who calls an embedded card may help its threads */
	s->threads = s->p->got.threads ? s->p->got.threads :
		     qaic_card_threads();
	if (took_part > s->threads)
		s->threads = took_part;
}

/* This machine's: the card's threads run on it, in whatever process. */
static int measure(struct stats *s, struct qaic_err *err)
{
	static uint8_t *buffer;
	unsigned int t = s->threads;

	if (!buffer)
		buffer = bw_buffer(BUFFER);
	if (!buffer)
		return qaic_fail(err, -ENOMEM, "out of memory");
	if (s->p->got.threads && s->p->got.threads < t)
		t = s->p->got.threads;
	memset(buffer, 1, BUFFER);
	s->gbs = bw_measure(buffer, BUFFER, t, REPS);
	s->gflops = bw_flops(t, REPS);
	return 0;
}

static double ratio(double a, double b)
{
	return b > 0 ? a / b : 0;
}

/*
 * The time is of all threads together. The limit of an operation is the time that its
 * bytes or its operations take at least, when all threads are at it.
 */
static struct line line(const struct stats *s, const struct kind *k)
{
	double sec = k->ns / 1e9 / s->threads;
	double bytes = ratio(k->bytes / 1e9, s->gbs);
	double ops = ratio(k->ops / 1e9, s->gflops);

	return (struct line){
		.ms = k->ns / 1e6, .share = ratio(k->ns, s->all.ns),
		.mb = k->bytes / 1e6, .gbs = ratio(k->bytes / 1e9, sec),
		.gflops = ratio(k->ops / 1e9, sec),
		.of_limit = ratio(bytes > ops ? bytes : ops, sec),
		.bound = bytes > ops ? "memory" : "arithmetic",
	};
}

static void print_kind(const struct stats *s, const struct kind *k)
{
	struct line l = line(s, k);

	printf("%-28s %9llu %12.3f %6.1f %% %12.3f %9.2f %9.2f %6.1f %% %s\n",
	       k->name, (unsigned long long)k->calls, l.ms, 100 * l.share, l.mb,
	       l.gbs, l.gflops, 100 * l.of_limit, l.bound);
}

static void print(const struct stats *s)
{
	const char *what = s->p->calls[0].what;
	size_t i;

	printf(" ---- Operators of %zu %s%s, %u threads; limits %.1f GB/s, %.1f GFLOP/s ----\n"
	       "%-28s %9s %12s %8s %12s %9s %9s %8s %s\n", s->p->num,
	       strcmp(what, "inference") ? "call" : "inference",
	       s->p->num == 1 ? "" : "s", s->threads, s->gbs, s->gflops, "operator", "calls", "ms", "share", "MB",
	       "GB/s", "GFLOP/s", "of limit", "bound by");
	for (i = 0; i < s->num; i++)
		print_kind(s, &s->kind[i]);
	print_kind(s, &s->all);
	printf("%.3f ms of %u threads in %.3f ms: they worked for %.1f %% of the time\n",
	       s->all.ns / 1e6, s->threads, s->wall / 1e6,
	       100 * ratio(s->all.ns, s->threads * s->wall));
	qaic_prof_say_lost(s->p);
}

static json_t *json_kind(const struct stats *s, const struct kind *k)
{
	struct line l = line(s, k);

	return json_pack("{s:s, s:I, s:o, s:o, s:o, s:o, s:o, s:o, s:s}",
			 "operator", k->name, "calls", (json_int_t)k->calls,
			 "ms", qaic_json_number(l.ms),
			 "share", qaic_json_number(l.share),
			 "mb", qaic_json_number(l.mb),
			 "gb_per_s", qaic_json_number(l.gbs),
			 "gflop_per_s", qaic_json_number(l.gflops),
			 "of_limit", qaic_json_number(l.of_limit),
			 "bound_by", l.bound);
}

static json_t *as_json(const struct stats *s)
{
	json_t *list = json_array();
	size_t i;

	for (i = 0; i < s->num; i++)
		json_array_append_new(list, json_kind(s, &s->kind[i]));
	return json_pack("{s:s, s:I, s:i, s:o, s:o, s:o, s:I, s:o, s:o}",
			 "type", "stats", "calls", (json_int_t)s->p->num,
			 "threads", (int)s->threads,
			 "wall_ms", qaic_json_number(s->wall / 1e6),
			 "limit_gb_per_s", qaic_json_number(s->gbs),
			 "limit_gflop_per_s", qaic_json_number(s->gflops),
			 "lost", (json_int_t)s->p->got.lost,
			 "all", json_kind(s, &s->all), "operators", list);
}

int qaic_prof_stats(const struct qaic_prof *p, json_t **json,
		    struct qaic_err *err)
{
	struct stats *s = calloc(1, sizeof(*s));
	int ret;

	if (!s)
		return qaic_fail(err, -ENOMEM, "out of memory");
	s->p = p;
	add_up(s);
	ret = measure(s, err);
	if (!ret && json)
		*json = as_json(s);
	else if (!ret)
		print(s);
	free(s);
	return ret;
}
