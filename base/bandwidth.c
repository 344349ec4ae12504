// SPDX-License-Identifier: MIT
#include <pthread.h>
#include <sys/mman.h>
#include <time.h>

#include "base/bandwidth.h"

#define MAX_THREADS 64

typedef uint64_t bw_vec __attribute__((vector_size(32)));

struct part {
	pthread_t thread;
	const uint8_t *p;
	size_t size;
	int streams;
	uint64_t sum;
};

double bw_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec + t.tv_nsec * 1e-9;
}

uint8_t *bw_buffer(size_t size)
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

static inline __attribute__((always_inline)) void sum(struct part *b)
{
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
}

#if defined(__x86_64__)
__attribute__((target("avx2")))
static void sum_avx2(struct part *b)
{
	sum(b);
}
#endif

static void *run(void *arg)
{
#if defined(__x86_64__)
	if (__builtin_cpu_supports("avx2")) {
		sum_avx2(arg);
		return NULL;
	}
#endif
	sum(arg);
	return NULL;
}

double bw_measure(const uint8_t *p, size_t size, unsigned int threads, int reps)
{
	struct part b[MAX_THREADS];
	double best = 0, t;
	unsigned int i, n;
	int r;

	if (threads > MAX_THREADS)
		threads = MAX_THREADS;
	for (r = 0; r < 2 * reps; r++) {
		t = bw_now();
		for (n = 0; n < threads; n++) {
			b[n].size = size / threads / 4096 * 4096;
			b[n].p = p + n * b[n].size;
			b[n].streams = r & 1 ? 4 : 1;
			if (pthread_create(&b[n].thread, NULL, run, &b[n]))
				break;
		}
		for (i = 0; i < n; i++)
			pthread_join(b[i].thread, NULL);
		t = n ? b[0].size * n / (bw_now() - t) / 1e9 : 0;
		best = t > best ? t : best;
	}
	return best;
}
