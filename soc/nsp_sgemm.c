// SPDX-License-Identifier: MIT
/*
 * MATMUL with many activation rows: blocks of weights are unpacked to F32 and
 * given to OpenBLAS.
 *
 * A call always has BLOCK_N columns; the last one is filled up with zeros. So
 * whatever the library makes of the shape, every column of every block is summed
 * alike, wherever N was split. K is cut every BLOCK_K.
 */
#include <string.h>

#include "soc/nsp_blas.h"
#include "soc/nsp_mm.h"

#define BLOCK_N	64
#define BLOCK_K	2048
#define LIMIT_K	24576		/* activations kept in F32 at a time */

/* parts of the scratch, in floats */
#define X_PART	(640 << 10)
#define W_PART	(BLOCK_N * BLOCK_K)
#define Y_PART	(128 << 10)

_Static_assert((X_PART + W_PART + Y_PART) * 4 <= NSP_SCRATCH, "scratch");

struct part {			/* rows of activations, in F32 */
	const float *x;
	size_t ldx, m0, m;
	float *w, *y;
};

static void block(const struct mm *mm, const struct part *p, size_t n0,
		  size_t n, size_t k0, size_t k)
{
	size_t i, c;

	for (i = 0; i < k; i += c) {
		c = k - i < BLOCK_K ? k - i : BLOCK_K;
		mm_load_w(mm, p->w, c, n0, n, k0 + i, c);
		memset(p->w + n * c, 0, (BLOCK_N - n) * c * sizeof(float));
		nsp_blas_gemm(p->m, BLOCK_N, c, p->x + i, p->ldx, p->w, p->y,
			      k0 + i);
	}
}

static void some_rows(const struct mm *mm, struct part *p, float *xbuf)
{
	size_t n0, n, k0, k;

	p->x = NULL;
	for (n0 = 0; n0 < mm->n; n0 += n) {
		n = mm->n - n0 < BLOCK_N ? mm->n - n0 : BLOCK_N;
		for (k0 = 0; k0 < mm->k; k0 += k) {
			k = mm->k - k0 < LIMIT_K ? mm->k - k0 : LIMIT_K;
			if (!p->x || mm->k > LIMIT_K)
				p->x = mm_load_x(mm, xbuf, p->ldx, p->m0,
						 p->m, k0, k);
			block(mm, p, n0, n, k0, k);
		}
		mm_store_y(mm, p->y, BLOCK_N, p->m0, p->m, n0, n);
	}
}

bool mm_sgemm(const struct mm *mm)
{
	float *xbuf = (float *)mm->scratch;
	size_t most;
	struct part p = {
		.w = xbuf + X_PART,
		.y = xbuf + X_PART + W_PART,
		.ldx = mm->k < LIMIT_K ? mm->k : LIMIT_K,
	};

	if (!nsp_blas())
		return false;
	most = X_PART / p.ldx;
	if (most > Y_PART / BLOCK_N)
		most = Y_PART / BLOCK_N;
	for (p.m0 = 0; p.m0 < mm->m; p.m0 += p.m) {
		p.m = mm->m - p.m0 < most ? mm->m - p.m0 : most;
		some_rows(mm, &p, xbuf);
	}
	return true;
}
