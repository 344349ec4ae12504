// SPDX-License-Identifier: MIT
/*
 * limits [THREADS]: what this CPU can do, as one line of JSON: read bandwidth in GB/s,
 * and FP32 multiply-adds in registers in GFLOP/s (0 where neither AVX2 nor AVX-512 is).
 */
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bandwidth.h"

#define MAX_THREADS	16
#define BUFFER		(1u << 30)
#define ROUNDS		4000000
/* enough independent sums to hide the latency of two units */
#define CHAINS		12

static double flops;		/* of one thread's work */

#ifdef __x86_64__
#include <immintrin.h>

__attribute__((target("avx512f")))
static float sums_512(void)
{
	__m512 s[CHAINS], m = _mm512_set1_ps(0.999f), a = _mm512_set1_ps(1e-3f);
	int i, k;

	for (k = 0; k < CHAINS; k++)
		s[k] = _mm512_set1_ps(k);
	for (i = 0; i < ROUNDS; i++)
#pragma GCC unroll 12
		for (k = 0; k < CHAINS; k++)
			s[k] = _mm512_fmadd_ps(s[k], m, a);
	for (k = 1; k < CHAINS; k++)
		s[0] = _mm512_add_ps(s[0], s[k]);
	return _mm512_reduce_add_ps(s[0]);
}

__attribute__((target("avx2,fma")))
static float sums_256(void)
{
	__m256 s[CHAINS], m = _mm256_set1_ps(0.999f), a = _mm256_set1_ps(1e-3f);
	int i, k;

	for (k = 0; k < CHAINS; k++)
		s[k] = _mm256_set1_ps(k);
	for (i = 0; i < ROUNDS; i++)
#pragma GCC unroll 12
		for (k = 0; k < CHAINS; k++)
			s[k] = _mm256_fmadd_ps(s[k], m, a);
	for (k = 1; k < CHAINS; k++)
		s[0] = _mm256_add_ps(s[0], s[k]);
	return s[0][0] + s[0][5];
}

typedef float (*sums_fn)(void);

static sums_fn choose(void)
{
	flops = 2.0 * CHAINS * ROUNDS;
	if (__builtin_cpu_supports("avx512f")) {
		flops *= 16;
		return sums_512;
	}
	flops *= 8;
	return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") ?
	       sums_256 : NULL;
}
#else
typedef float (*sums_fn)(void);

static sums_fn choose(void)
{
	return NULL;
}
#endif

static sums_fn sums;
static volatile float sink;

static void *work(void *arg)
{
	sink = sums();
	return NULL;
}

static double fma_peak(unsigned int threads)
{
	pthread_t t[MAX_THREADS];
	double start, best = 0, rate;
	unsigned int i, n;
	int rep;

	for (rep = 0; rep < 5; rep++) {
		start = bw_now();
		for (n = 0; n < threads; n++)
			if (pthread_create(&t[n], NULL, work, NULL))
				break;
		for (i = 0; i < n; i++)
			pthread_join(t[i], NULL);
		rate = n * flops / (bw_now() - start) / 1e9;
		best = rate > best ? rate : best;
	}
	return best;
}

int main(int argc, char **argv)
{
	int threads = argc > 1 ? atoi(argv[1]) : 1;
	uint8_t *buf = bw_buffer(BUFFER);

	if (threads < 1 || threads > MAX_THREADS || !buf) {
		fprintf(stderr, buf ? "usage: limits [THREADS]\n" :
			"limits: out of memory\n");
		return 1;
	}
	memset(buf, 1, BUFFER);
	sums = choose();
	printf("{\"bandwidth\":%.2f,\"gflops\":%.1f}\n",
	       bw_measure(buf, BUFFER, threads, 4),
	       sums ? fma_peak(threads) : 0);
	return 0;
}
