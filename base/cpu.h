/* SPDX-License-Identifier: MIT */
/*
 * The name of the F16C instructions for __builtin_cpu_supports(). Clang before 19
 * does not know it; every processor that has AVX2 has them.
 */
#ifndef QAIC_CPU_H
#define QAIC_CPU_H

#ifdef __clang__
#define QAIC_CPU_F16C "avx2"
#else
#define QAIC_CPU_F16C "f16c"
#endif

#endif
