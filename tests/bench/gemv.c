// SPDX-License-Identifier: MIT
/*
 * gemv [THREADS [MB]]: the speed of MATMUL for few and many activation rows,
 * beside the read bandwidth of the machine measured in the same run.
 *
 * Weights are F16 [N][K] in one large buffer that is walked from end to end, so
 * that they come from memory as in inference.
 */
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

#include "base/bandwidth.h"
#include "soc/nsp.h"

#define K	2048
#define N	128		/* weight rows of one command: an NSP's share */

static uint8_t *weights;
static size_t size;
static unsigned int threads;
static unsigned int rows;	/* activation rows */

struct slice {
	pthread_t thread;
	unsigned int nr;
};

static void *run(void *arg)
{
	struct slice *s = arg;
	size_t part = size / threads, off;
	uint8_t *ddr = aligned_alloc(64, (size_t)rows * (K + N) * 2 + 4096);
	void *scratch = aligned_alloc(64, NSP_SCRATCH);
	struct nsp_mem mem = {
		.consts = weights + s->nr * part, .ddr = ddr,
	};
	struct nsp_cmd cmd = {
		.op = NSP_MATMUL,
		.dims = { 1, 1, rows, N, K, 1 },
		.dtype = { QAIC_F16, QAIC_F16, QAIC_F16 },
		.o[0] = { NSP_ADDR(NSP_SPACE_DDR, (size_t)rows * K * 2),
			  { 0, 0, N, 1 } },
		.o[1] = { NSP_ADDR(NSP_SPACE_DDR, 0), { 0, 0, K, 0, 1 } },
		.o[2].stride = { 0, 0, 0, K, 1 },
	};

	memset(ddr, 0x11, (size_t)rows * K * 2);
	for (off = 0; off + N * K * 2 <= part; off += N * K * 2) {
		cmd.o[2].addr = NSP_ADDR(NSP_SPACE_CONST, off);
		nsp_exec(&cmd, &mem, 0, scratch);
	}
	free(ddr);
	free(scratch);
	return NULL;
}

static double once(void)
{
	struct slice s[64];
	double t = bw_now();
	unsigned int i;

	for (i = 0; i < threads; i++) {
		s[i].nr = i;
		pthread_create(&s[i].thread, NULL, run, &s[i]);
	}
	for (i = 0; i < threads; i++)
		pthread_join(s[i].thread, NULL);
	return bw_now() - t;
}

int main(int argc, char **argv)
{
	static const unsigned int ms[] = { 1, 2, 3, 4, 8, 9, 16, 32, 64, 128 };
	double bw, t, best;
	size_t i;
	int rep;

	threads = argc > 1 ? atoi(argv[1]) : 2;
	size = (size_t)(argc > 2 ? atoi(argv[2]) : 1024) << 20;
	if (!threads || threads > 64)
		return 1;
	weights = bw_buffer(size);
	if (!weights)
		return 1;
	memset(weights, 0x11, size);	/* a small number in every F16 */
	printf("kernels %s, %u threads\n", nsp_kernels(), threads);
	for (i = 0; i < sizeof(ms) / sizeof(ms[0]); i++) {
		rows = ms[i];
		bw = 0;
		best = 1e9;
		for (rep = 0; rep < (rows > 9 ? 1 : 4); rep++) {
			t = bw_measure(weights, size, threads, 1);
			bw = t > bw ? t : bw;
			t = once();
			best = t < best ? t : best;
		}
		printf("M %4u: %6.1f GB/s of weights, %3.0f %% of %.1f, "
		       "%7.1f GFLOP/s\n", rows, size / best / 1e9,
		       size / best / 1e7 / bw, bw,
		       size / 2.0 * 2 * rows / best / 1e9);
	}
	return 0;
}
