// SPDX-License-Identifier: MIT
#include <pthread.h>
#include <stdint.h>

#include "base/bandwidth.h"
#include "base/flops.h"

#define MAX_THREADS	64
#define CHAINS		12	/* that do not wait for each other */
#define ROUNDS		2000000	/* beside which starting a thread is nothing */

struct part {
	pthread_t thread;
	float out;		/* so that it is not left out */
	double ops;
};

/*
 * @lanes multiplications and additions at a time, with the instructions that @attr
 * allows: fused where they can be. The rest of the tree is built without that.
 */
#pragma GCC optimize("fp-contract=fast")
#define RUN(name, lanes, attr)						\
attr static void name(struct part *b)					\
{									\
	typedef float vec __attribute__((vector_size(4 * (lanes))));	\
	vec v[CHAINS], m = { 0 };					\
	int i, j;							\
									\
	m += 0.5f;							\
	for (j = 0; j < CHAINS; j++)					\
		v[j] = m * (float)j;					\
	for (i = 0; i < ROUNDS; i++)					\
		_Pragma("GCC unroll 12")				\
		for (j = 0; j < CHAINS; j++)				\
			v[j] = v[j] * m + m;				\
	for (j = 1; j < CHAINS; j++)					\
		v[0] += v[j];						\
	b->out = v[0][0];						\
	b->ops = 2.0 * (lanes) * CHAINS * ROUNDS;			\
}

#if defined(__x86_64__)
RUN(run_avx512, 16, __attribute__((target("avx512f"))))
RUN(run_avx2, 8, __attribute__((target("avx2,fma"))))
#endif
RUN(run_plain, 4, )

static void *run(void *arg)
{
#if defined(__x86_64__)
	if (__builtin_cpu_supports("avx512f")) {
		run_avx512(arg);
		return NULL;
	}
	if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) {
		run_avx2(arg);
		return NULL;
	}
#endif
	run_plain(arg);
	return NULL;
}

double bw_flops(unsigned int threads, int reps)
{
	struct part b[MAX_THREADS];
	double best = 0, t;
	unsigned int i, n;

	if (threads > MAX_THREADS)
		threads = MAX_THREADS;
	while (reps--) {
		t = bw_now();
		for (n = 0; n < threads; n++)
			if (pthread_create(&b[n].thread, NULL, run, &b[n]))
				break;
		for (i = 0; i < n; i++)
			pthread_join(b[i].thread, NULL);
		t = n ? b[0].ops * n / (bw_now() - t) / 1e9 : 0;
		best = t > best ? t : best;
	}
	return best;
}
