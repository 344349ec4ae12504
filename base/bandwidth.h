/* SPDX-License-Identifier: MIT */
/*
 * The read bandwidth of the machine: the best of a few sums over a buffer of
 * huge pages, each thread its part, as one stream or as four.
 */
#ifndef QAIC_BANDWIDTH_H
#define QAIC_BANDWIDTH_H

#include <stddef.h>
#include <stdint.h>

/* Seconds of a clock that only goes forward. */
double bw_now(void);

/* @size bytes, aligned to huge pages; stays until exit. NULL: there are none. */
uint8_t *bw_buffer(size_t size);

/*
 * GB/s, best of @reps runs of either kind over a buffer that was written; at most
 * 64 threads. 0 if not even one thread can be made.
 */
double bw_measure(const uint8_t *p, size_t size, unsigned int threads, int reps);

#endif
