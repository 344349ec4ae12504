/* SPDX-License-Identifier: MIT */
/* --aic-profiling-type: where the time of calls on a card goes. */
#ifndef QAIC_TOOLS_PROFILE_H
#define QAIC_TOOLS_PROFILE_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "libqaic/qaic.h"

struct qeff_watch;

/* A call that was profiled. */
struct qaic_prof_call {
	const char *what;		/* "inference", "prefill"; lives for ever */
	uint64_t iter, begin, ns;
};

struct qaic_prof {
	const char *type;		/* as given; NULL or "none": off */
	const char *out_dir;		/* for trace; NULL: where we are */
	unsigned int start_iter, num_samples;	/* 0: all */
	bool given;			/* one of these two was */
	/* the profile's own */
	struct qaic_device *dev;
	bool on;
	struct qaic_prof_call *calls;
	size_t num, cap;
	struct qaic_profile got;
};

/* The rows of an option table for a static struct qaic_prof @p. */
#define QAIC_PROF_OPTS(p)						\
	QAIC_OPT_GROUP("Profiling:"),					\
	{ .name = "aic-profiling-type", .kind = QAIC_OPT_STR,		\
	  .to = &(p).type, .arg = "latency|stats|trace|none",		\
	  .def = "what the program was compiled with", .help = "Say "	\
	  "where the time goes: latency, the distribution of that of "	\
	  "calls; stats, a table of the operators that the card "	\
	  "executed; trace, a file for Perfetto of all that it did." },	\
	{ .name = "aic-profiling-out-dir", .kind = QAIC_OPT_STR,	\
	  .to = &(p).out_dir, .arg = "DIR", .def = ".",			\
	  .help = "Where trace writes trace.json." },			\
	{ .name = "aic-profiling-start-iter", .kind = QAIC_OPT_UINT,	\
	  .to = &(p).start_iter, .given = &(p).given, .arg = "N",	\
	  .def = "0", .help = "First call to profile." },		\
	{ .name = "aic-profiling-num-samples", .kind = QAIC_OPT_UINT,	\
	  .to = &(p).num_samples, .min = 1, .given = &(p).given,	\
	  .arg = "N", .def = "all", .help = "Calls to profile." }

/* Is the type known, and all else with it? */
int qaic_prof_check(const struct qaic_prof *p, struct qaic_err *err);
/* The type that a program was compiled with (NULL: none), if none was given. */
void qaic_prof_default(struct qaic_prof *p, const char *type);
/* Before and after call @iter. */
int qaic_prof_before(struct qaic_prof *p, struct qaic_device *dev,
		     uint64_t iter, struct qaic_err *err);
int qaic_prof_after(struct qaic_prof *p, const struct qaic_prof_call *call,
		    struct qaic_err *err);
/* The two for calls of libqeff. */
struct qeff_watch qaic_prof_watch(struct qaic_prof *p);
/*
 * The report, when all is done and while the device is open: printed, or for @json
 * an object in it.
 */
int qaic_prof_report(struct qaic_prof *p, json_t **json, struct qaic_err *err);
void qaic_prof_release(struct qaic_prof *p);

/* What the report does for each type. */
int qaic_prof_latency(const struct qaic_prof *p, json_t **json,
		      struct qaic_err *err);
int qaic_prof_stats(const struct qaic_prof *p, json_t **json,
		    struct qaic_err *err);
int qaic_prof_trace(const struct qaic_prof *p, json_t **json,
		    struct qaic_err *err);
/* "matmul mxfp6" */
void qaic_prof_name(const struct qaic_profile_event *e, char *text, size_t size);
void qaic_prof_say_lost(const struct qaic_prof *p);

#endif
