/* SPDX-License-Identifier: MIT */
#ifndef SOC_NSP_BLAS_H
#define SOC_NSP_BLAS_H

#include <stdbool.h>
#include <stddef.h>

/* Is there a BLAS? The first call loads it. */
bool nsp_blas(void);
/* y[m][n] (+)= x[m][k] * w[n][k]^T, in the calling thread. Only if there is one. */
void nsp_blas_gemm(size_t m, size_t n, size_t k, const float *x, size_t ldx,
		   const float *w, float *y, bool acc);

#endif
