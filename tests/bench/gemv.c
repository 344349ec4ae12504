// SPDX-License-Identifier: MIT
/*
 * gemv [THREADS [MB [huge|small]]]: the speed of MATMUL with F16 weights for few and
 * many activation rows, as rows [N][K] and as panels (qpc/panel.h), beside the read
 * bandwidth of the machine and its multiply-add peak, measured in the same run.
 *
 * The weights are one large buffer that is walked from end to end, so that they come
 * from memory as in inference; in huge pages, or small ones.
 */
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

#include "base/bandwidth.h"
#include "base/flops.h"
#include "soc/nsp.h"

#define K	2048
#define N	128		/* weight rows of one command: an NSP's share */
#define WORK	100e9		/* operations of one run, at most */

static uint8_t *weights;
static size_t size;
static size_t used;		/* bytes of a run */
static unsigned int threads;
static unsigned int rows;	/* activation rows */
static enum qaic_dtype wtype;

struct slice {
	pthread_t thread;
	unsigned int nr;
};

static void *run(void *arg)
{
	struct slice *s = arg;
	size_t part = used / threads, off;
	uint8_t *ddr = aligned_alloc(64, (size_t)rows * (K + N) * 2 + 4096);
	void *scratch = aligned_alloc(64, NSP_SCRATCH);
	struct nsp_mem mem = {
		.consts = weights + s->nr * part, .ddr = ddr,
	};
	struct nsp_cmd cmd = {
		.op = NSP_MATMUL,
		.dims = { 1, 1, rows, N, K, 1 },
		.dtype = { QAIC_F16, QAIC_F16, wtype },
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

/* Best of a few, in seconds. */
static double best_of(int reps)
{
	double best = 1e9, t;

	while (reps--) {
		t = once();
		best = t < best ? t : best;
	}
	return best;
}

static void measure(double peak)
{
	static const enum qaic_dtype types[] = { QAIC_F16, QAIC_F16_PANELS };
	double bw = bw_measure(weights, size, threads, 1), t;
	size_t i;

	used = size;
	if ((double)used * rows > WORK)
		used = WORK / rows;
	for (i = 0; i < 2; i++) {
		wtype = types[i];
		t = best_of(rows > 9 ? 2 : 4);
		printf("M %4u %s: %5.1f GB/s of weights, %3.0f %% of %.1f, %6.1f GFLOP/s, %3.0f %% of %.1f\n",
		       rows, i ? "panels" : "rows  ", used / t / 1e9,
		       used / t / 1e7 / bw, bw, (double)used * rows / t / 1e9,
		       (double)used * rows / t / 1e7 / peak, peak);
	}
}

int main(int argc, char **argv)
{
	static const unsigned int ms[] = { 1, 2, 3, 4, 5, 8, 9, 16, 32, 64, 128,
					   512 };
	double peak;
	size_t i;

	threads = argc > 1 ? atoi(argv[1]) : 2;
	size = (size_t)(argc > 2 ? atoi(argv[2]) : 1024) << 20;
	if (!threads || threads > 64)
		return 1;
	weights = bw_buffer(size);
	if (!weights)
		return 1;
	if (argc > 3 && !strcmp(argv[3], "small"))
		madvise(weights, size, MADV_NOHUGEPAGE);
	memset(weights, 0x11, size);	/* a small number in every F16 */
	printf("kernels %s, %u threads\n", nsp_kernels(), threads);
	peak = bw_flops(threads, 3);
	for (i = 0; i < sizeof(ms) / sizeof(ms[0]); i++) {
		rows = ms[i];
		measure(peak);
	}
	return 0;
}
