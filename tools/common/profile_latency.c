// SPDX-License-Identifier: MIT
/* --aic-profiling-type latency: how long calls took, each kind by itself. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/common/json_out.h"
#include "tools/common/profile.h"
#include "tools/common/verify.h"

#define COLUMNS	6

static const char *const column[COLUMNS] = {
	"min", "mean", "p50", "p90", "p99", "max"
};

static int ascending(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

/* The smallest that @percent of them are not above, in us. */
static double percentile(const uint64_t *ns, size_t n, unsigned int percent)
{
	size_t i = (n * percent + 99) / 100;

	return ns[i ? i - 1 : 0] / 1e3;
}

/* @ns gets the times of the calls of a kind, in order; returns how many. */
static size_t gather(const struct qaic_prof *p, const char *what, uint64_t *ns)
{
	size_t i, n = 0;

	for (i = 0; i < p->num; i++)
		if (!strcmp(p->calls[i].what, what))
			ns[n++] = p->calls[i].ns;
	qsort(ns, n, sizeof(*ns), ascending);
	return n;
}

static void summarize(const uint64_t *ns, size_t n, double us[COLUMNS])
{
	double sum = 0;
	size_t i;

	for (i = 0; i < n; i++)
		sum += ns[i];
	us[0] = percentile(ns, n, 0);
	us[1] = sum / n / 1e3;
	us[2] = percentile(ns, n, 50);
	us[3] = percentile(ns, n, 90);
	us[4] = percentile(ns, n, 99);
	us[5] = percentile(ns, n, 100);
}

static void print(const char *what, size_t n, const double us[COLUMNS])
{
	int i;

	if (!strcmp(what, "inference"))
		printf(" ---- Latency of %zu inference%s, us ----\n", n,
		       n == 1 ? "" : "s");
	else
		printf(" ---- Latency of %zu %s call%s, us ----\n", n, what,
		       n == 1 ? "" : "s");
	for (i = 0; i < COLUMNS; i++)
		printf("%s%10s", i ? " " : "", column[i]);
	printf("\n");
	for (i = 0; i < COLUMNS; i++)
		printf("%s%10.1f", i ? " " : "", us[i]);
	printf("\n");
}

static json_t *as_json(const char *what, size_t n, const double us[COLUMNS])
{
	json_t *j = json_pack("{s:s, s:I}", "what", what, "calls", (json_int_t)n);
	char name[16];
	int i;

	for (i = 0; i < COLUMNS; i++) {
		snprintf(name, sizeof(name), "%s_us", column[i]);
		json_object_set_new(j, name, qaic_json_number(us[i]));
	}
	return j;
}

/* Is it the first of its kind? */
static bool first(const struct qaic_prof *p, size_t i)
{
	size_t k;

	for (k = 0; k < i; k++)
		if (!strcmp(p->calls[k].what, p->calls[i].what))
			return false;
	return true;
}

int qaic_prof_latency(const struct qaic_prof *p, json_t **json,
		      struct qaic_err *err)
{
	uint64_t *ns = malloc((p->num + 1) * sizeof(*ns));
	json_t *list = json_array();
	double us[COLUMNS];
	size_t i, n;

	if (!ns || !list) {
		json_decref(list);
		free(ns);
		return qaic_fail(err, -ENOMEM, "out of memory");
	}
	for (i = 0; i < p->num; i++) {
		if (p->calls[i].what == (i ? p->calls[i - 1].what : NULL) ||
		    !first(p, i))
			continue;
		n = gather(p, p->calls[i].what, ns);
		summarize(ns, n, us);
		if (json)
			json_array_append_new(list, as_json(p->calls[i].what, n,
							    us));
		else
			print(p->calls[i].what, n, us);
	}
	free(ns);
	if (json)
		*json = json_pack("{s:s, s:o}", "type", "latency", "calls", list);
	else
		json_decref(list);
	return 0;
}
