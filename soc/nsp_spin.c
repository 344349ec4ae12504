// SPDX-License-Identifier: MIT
/*
 * The few microseconds before a thread sleeps (Documentation/performance.md has what
 * they are worth). A thread that other programs, or a quota, kept from its CPU does
 * not spin for a while: it needs its share for work.
 */
#include <time.h>

#include "soc/nsp_spin.h"

#define SPIN_NS		5000
#define LOOK_NS		10000000	/* how often its CPU time is looked at */
#define CALM_NS		50000000
#define LOST(ns)	((ns) / 16)	/* of that time, lost to others */

static void pause_cpu(void)
{
#if defined(__x86_64__) || defined(__i386__)
	__builtin_ia32_pause();
#elif defined(__aarch64__)
	__asm__ volatile("yield");
#endif
}

static uint64_t clock_ns(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return t.tv_sec * 1000000000ull + t.tv_nsec;
}

uint64_t nsp_spin_clock(void)
{
	return clock_ns(CLOCK_MONOTONIC);	/* vDSO: no system call */
}

void nsp_spin_slept(struct nsp_spin *s, uint64_t begin)
{
	s->slept += nsp_spin_clock() - begin;
}

/* Until when it may spin; 0: not at all. */
static uint64_t spin_until(struct nsp_spin *s)
{
	uint64_t now = nsp_spin_clock(), past = now - s->looked, cpu, had;

	if (past >= LOOK_NS) {
		cpu = clock_ns(CLOCK_THREAD_CPUTIME_ID);
		had = cpu - s->cpu + s->slept;
		if (s->looked && had + LOST(past) < past)
			s->calm = now + CALM_NS;
		s->looked = now;
		s->cpu = cpu;
		s->slept = 0;
	}
	return now < s->calm ? 0 : now + SPIN_NS;
}

bool nsp_spin_calm(const struct nsp_spin *s)
{
	return s->looked < s->calm;
}

bool nsp_spin(struct nsp_spin *s, _Atomic uint32_t *word, uint32_t seen)
{
	uint64_t until = spin_until(s);
	int i;

	while (until) {
		for (i = 0; i < 32; i++) {
			if (atomic_load_explicit(word, memory_order_acquire) !=
			    seen)
				return true;
			pause_cpu();
		}
		if (nsp_spin_clock() > until)
			break;
	}
	return false;
}
