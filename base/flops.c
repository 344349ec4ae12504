// SPDX-License-Identifier: MIT
#include <pthread.h>
#include <stdint.h>
#if defined(__x86_64__)
#include <immintrin.h>
#endif

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

#if defined(__x86_64__)
__attribute__((target("avx512f")))
static void run_avx512(struct part *b)
{
	__m512 v[CHAINS], m = _mm512_set1_ps(0.5f);
	float f[16];
	int i, j;

	for (j = 0; j < CHAINS; j++)
		v[j] = _mm512_set1_ps(j);
	for (i = 0; i < ROUNDS; i++)
#pragma GCC unroll 12
		for (j = 0; j < CHAINS; j++)
			v[j] = _mm512_fmadd_ps(v[j], m, m);
	for (j = 1; j < CHAINS; j++)
		v[0] = _mm512_add_ps(v[0], v[j]);
	_mm512_storeu_ps(f, v[0]);
	b->out = f[0];
	b->ops = 2.0 * 16 * CHAINS * ROUNDS;
}

__attribute__((target("avx2,fma")))
static void run_avx2(struct part *b)
{
	__m256 v[CHAINS], m = _mm256_set1_ps(0.5f);
	float f[8];
	int i, j;

	for (j = 0; j < CHAINS; j++)
		v[j] = _mm256_set1_ps(j);
	for (i = 0; i < ROUNDS; i++)
#pragma GCC unroll 12
		for (j = 0; j < CHAINS; j++)
			v[j] = _mm256_fmadd_ps(v[j], m, m);
	for (j = 1; j < CHAINS; j++)
		v[0] = _mm256_add_ps(v[0], v[j]);
	_mm256_storeu_ps(f, v[0]);
	b->out = f[0];
	b->ops = 2.0 * 8 * CHAINS * ROUNDS;
}
#endif

/* A multiplication and an addition, four at a time. */
static void run_plain(struct part *b)
{
	typedef float vec __attribute__((vector_size(16)));
	vec v[CHAINS], m = { 0.5f, 0.5f, 0.5f, 0.5f };
	int i, j;

	for (j = 0; j < CHAINS; j++)
		v[j] = m * (float)j;
	for (i = 0; i < ROUNDS; i++)
#pragma GCC unroll 12
		for (j = 0; j < CHAINS; j++)
			v[j] = v[j] * m + m;
	for (j = 1; j < CHAINS; j++)
		v[0] += v[j];
	b->out = v[0][0];
	b->ops = 2.0 * 4 * CHAINS * ROUNDS;
}

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
