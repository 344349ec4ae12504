/* SPDX-License-Identifier: MIT */
/* The peak of fused multiply-adds in float32: registers alone, best of a few. */
#ifndef QAIC_FLOPS_H
#define QAIC_FLOPS_H

/* GFLOP/s of @threads (at most 64), two for each multiply-add. */
double bw_flops(unsigned int threads, int reps);

#endif
