/* SPDX-License-Identifier: MIT */
/* What this process spends, for tests of what does nothing. */
#ifndef TESTS_SPENT_H
#define TESTS_SPENT_H

#include <sys/resource.h>

struct spent {
	double cpu;
	long switches;			/* by threads that had nothing to do */
};

static inline struct spent spent(void)
{
	struct rusage u;

	getrusage(RUSAGE_SELF, &u);
	return (struct spent){
		.cpu = u.ru_utime.tv_sec + u.ru_stime.tv_sec +
		       (u.ru_utime.tv_usec + u.ru_stime.tv_usec) * 1e-6,
		.switches = u.ru_nvcsw,
	};
}

#endif
