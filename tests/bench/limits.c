// SPDX-License-Identifier: MIT
/*
 * limits [THREADS]: what this CPU can do, as one line of JSON: read bandwidth in GB/s,
 * and FP32 multiply-adds in registers in GFLOP/s.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bandwidth.h"
#include "base/flops.h"

#define MAX_THREADS	16
#define BUFFER		(1u << 30)

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
	printf("{\"bandwidth\":%.2f,\"gflops\":%.1f}\n",
	       bw_measure(buf, BUFFER, threads, 4), bw_flops(threads, 5));
	return 0;
}
