/* SPDX-License-Identifier: MIT */
/*
 * The read bandwidth of the machine: the best of a few sums over a buffer of
 * huge pages, each thread its part, as one stream or as four.
 */
#ifndef BENCH_BANDWIDTH_H
#define BENCH_BANDWIDTH_H

#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>

typedef uint64_t bw_vec __attribute__((vector_size(32)));

struct bw_part {
	pthread_t thread;
	const uint8_t *p;
	size_t size;
	int streams;
	uint64_t sum;
};

static inline double bw_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec + t.tv_nsec * 1e-9;
}

/* @size bytes, aligned to huge pages; stays until exit */
static inline uint8_t *bw_buffer(size_t size)
{
	const size_t huge = 2 << 20;
	uint8_t *p = mmap(NULL, size + huge, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED)
		return NULL;
	p = (uint8_t *)(((uintptr_t)p + huge - 1) & ~(uintptr_t)(huge - 1));
	madvise(p, size, MADV_HUGEPAGE);
	return p;
}

#if defined(__x86_64__)
__attribute__((target("avx2")))
#endif
static void *bw_sum(void *arg)
{
	struct bw_part *b = arg;
	bw_vec s[4] = { { 0 } };
	size_t q, i;
	int j;

	if (b->streams == 1) {
		for (i = 0; i + 256 <= b->size; i += 256) {
			const bw_vec *v = (const bw_vec *)(b->p + i);

			for (j = 0; j < 4; j++)
				s[j] += v[j] + v[j + 4];
		}
	} else {
		q = b->size / 4 / 4096 * 4096;
		for (i = 0; i < q; i += 64)
			for (j = 0; j < 4; j++) {
				const bw_vec *v =
					(const bw_vec *)(b->p + j * q + i);

				s[j] += v[0] + v[1];
			}
	}
	s[0] += s[1] + s[2] + s[3];
	b->sum = s[0][0] + s[0][1] + s[0][2] + s[0][3];
	return NULL;
}

/* GB/s, best of @reps runs of either kind */
static inline double bw_measure(const uint8_t *p, size_t size,
				unsigned int threads, int reps)
{
	struct bw_part b[64];
	double best = 0, t;
	unsigned int i;
	int r;

	for (r = 0; r < 2 * reps; r++) {
		t = bw_now();
		for (i = 0; i < threads; i++) {
			b[i].size = size / threads / 4096 * 4096;
			b[i].p = p + i * b[i].size;
			b[i].streams = r & 1 ? 4 : 1;
			pthread_create(&b[i].thread, NULL, bw_sum, &b[i]);
		}
		for (i = 0; i < threads; i++)
			pthread_join(b[i].thread, NULL);
		t = b[0].size * threads / (bw_now() - t) / 1e9;
		best = t > best ? t : best;
	}
	return best;
}

#endif
