/* SPDX-License-Identifier: MIT */
/*
 * Faults injected into this thread's own system calls: the n-th allocation or user
 * copy of it fails (CONFIG_FAULT_INJECTION, /proc/thread-self/fail-nth).
 */
#ifndef TESTS_KERNEL_FAULT_H
#define TESTS_KERNEL_FAULT_H

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int fault_fd = -1;

static const char *const fault_sets[] = {
	"failslab", "fail_page_alloc", "fail_usercopy" };

/* A knob in debugfs of all kinds of faults; not each has each knob. */
static inline void fault_knob(const char *knob, const char *value)
{
	char path[128];
	unsigned int i;
	int fd;

	for (i = 0; i < sizeof(fault_sets) / sizeof(fault_sets[0]); i++) {
		snprintf(path, sizeof(path), "/sys/kernel/debug/%s/%s",
			 fault_sets[i], knob);
		fd = open(path, O_WRONLY);
		if (fd < 0)
			continue;
		if (write(fd, value, strlen(value)) < 0)
			perror(path);
		close(fd);
	}
}

struct fault_range {
	unsigned long start, end;
};

/* From the beginning of a function of the kernel to the end of another */
static inline struct fault_range fault_functions(const char *first,
						 const char *last)
{
	struct fault_range r = { 0, 0 };
	char name[256], type;
	bool at_end = false;
	unsigned long at;
	FILE *f = fopen("/proc/kallsyms", "r");

	/* in the order of addresses, down to the first module */
	while (f && fscanf(f, "%lx %c %255s%*[^\n]", &at, &type, name) == 3) {
		if (at_end && at > r.end) {
			r.end = at;
			break;
		}
		if (!strcmp(name, first))
			r.start = at;
		if (r.start && !strcmp(name, last)) {
			r.end = at;
			at_end = true;
		}
	}
	if (f)
		fclose(f);
	if (!r.start || r.end <= r.start) {
		fprintf(stderr, "no %s to %s in kallsyms\n", first, last);
		exit(1);
	}
	return r;
}

/* What is loaded lies behind the kernel's own text. */
static inline struct fault_range fault_modules(void)
{
	return (struct fault_range){ fault_functions("_etext", "_etext").start,
				     ULONG_MAX };
}

/* Sites count whose stack has a return address in @need, and none in @not. */
static inline void fault_filter(struct fault_range need, struct fault_range not)
{
	char s[4][32];

	snprintf(s[0], sizeof(s[0]), "%#lx", need.start);
	snprintf(s[1], sizeof(s[1]), "%#lx", need.end);
	snprintf(s[2], sizeof(s[2]), "%#lx", not.start);
	snprintf(s[3], sizeof(s[3]), "%#lx", not.end);
	fault_knob("require-start", s[0]);
	fault_knob("require-end", s[1]);
	fault_knob("reject-start", s[2]);
	fault_knob("reject-end", s[3]);
}

/* All sites, also those that may sleep. @verbose: a trace of each fault. */
static inline int fault_open(bool verbose)
{
	fault_fd = open("/proc/thread-self/fail-nth", O_RDWR | O_CLOEXEC);
	if (fault_fd < 0)
		return -errno;
	fault_knob("ignore-gfp-wait", "N");
	fault_knob("ignore-gfp-highmem", "N");
	fault_knob("min-order", "0");
	fault_knob("verbose", verbose ? "2" : "0");
	fault_filter((struct fault_range){ 0, ULONG_MAX },
		     (struct fault_range){ 0, 0 });
	return 0;
}

/* The @n-th site from now on fails; 0: none. */
static inline void fault_arm(unsigned int n)
{
	char s[16];

	snprintf(s, sizeof(s), "%u", n);
	/* disarming may be what the fault hits */
	if (pwrite(fault_fd, s, strlen(s), 0) < 0 &&
	    pwrite(fault_fd, s, strlen(s), 0) < 0)
		perror("fail-nth");
}

/* For what is to work in between; what to arm again */
static inline unsigned int fault_disarm(void)
{
	char s[16] = "";

	if (pread(fault_fd, s, sizeof(s) - 1, 0) < 0)
		return 0;
	fault_arm(0);
	return atoi(s);
}

/* Was the fault reached? Disarmed in any case. */
static inline bool fault_reached(void)
{
	char s[16] = "";
	/* by this very call, if that fails */
	bool ok = pread(fault_fd, s, sizeof(s) - 1, 0) >= 0;

	fault_arm(0);
	return ok && !atoi(s);
}

#endif
