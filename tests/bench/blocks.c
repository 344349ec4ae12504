// SPDX-License-Identifier: MIT
/*
 * blocks [KERNELS]: the conversion of weights to blocks, in the second-level cache and
 * from memory to memory, and the kernels of products with them, alone, with all they
 * read in that cache. Times are of this thread's CPU, the best of many, so that a busy
 * machine disturbs them little. KERNELS is avx512, avx2 or portable; without it, all
 * but the last.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/f16.h"
#include "base/str.h"
#include "compiler/graph.h"
#include "soc/kern_mx.h"

#define K	2048
#define N	64
#define MAX_M	128
#define STREAM	(32u << 10)	/* rows of K: 128 MiB of F16, more than caches hold */

static const enum qaic_dtype types[] = { QAIC_MXINT8, QAIC_MXFP6, QAIC_MXFP4 };
static float *x, *y;
static uint8_t *w;
static void *rows, *work;

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return t.tv_sec + t.tv_nsec * 1e-9;
}

static void *room(size_t size)
{
	void *p = aligned_alloc(64, (size + 63) / 64 * 64);

	if (!p)
		exit(1);
	return p;
}

static float number(void)
{
	return (rand() % 2001 - 1000) / 1000.0f;
}

static void make_weights(enum qaic_dtype t)
{
	size_t pitch = qaic_dtype_bytes(t, QPC_PANEL_ROWS * K), i, p;
	float *f = room(QPC_PANEL_ROWS * K * sizeof(*f));

	for (p = 0; p < N / QPC_PANEL_ROWS; p++) {
		for (i = 0; i < QPC_PANEL_ROWS * K; i++)
			f[i] = number();
		qpc_panel_pack(t, f, K, QPC_PANEL_ROWS, K, w + p * pitch);
	}
	free(f);
}

/* Best seconds of one product, and of making one row of blocks. */
static void measure(const struct kern_mx *k, enum qaic_dtype t, size_t m,
		    bool act8, double *product, double *quant)
{
	size_t pitch = qaic_dtype_bytes(t, QPC_PANEL_ROWS * K), i;
	int reps = strcmp(k->name, "portable") ? 2000 / m + 3 : 2, o, r;
	struct mx_rows xr;
	double s;

	mx_rows_init(&xr, rows, m, K / QAIC_MX_BLOCK, act8,
		     k->bytes(t, m, act8));
	*product = *quant = 1e9;
	for (o = 0; o < 6; o++) {
		s = now();
		for (i = 0; i < m; i++)
			k->quant(&xr, i, 0, K / QAIC_MX_BLOCK, x);
		s = (now() - s) / m;
		*quant = s < *quant ? s : *quant;
		s = now();
		for (r = 0; r < reps; r++)
			k->mul(t, y, N, &xr, w, pitch, N, false, work);
		s = (now() - s) / reps;
		*product = s < *product ? s : *product;
	}
}

static void one_kernel(const struct kern_mx *k)
{
	static const size_t ms[] = { 1, 2, 4, 8, 32, 128 };
	double product, quant;
	size_t i, j, a;

	for (i = 0; i < QAIC_ARRAY_SIZE(types); i++) {
		make_weights(types[i]);
		for (a = 0; a < 2; a++) {
			for (j = 0; j < QAIC_ARRAY_SIZE(ms); j++) {
				measure(k, types[i], ms[j], a, &product,
					&quant);
				printf("%-8s %-6s int%-2d M %3zu: %6.1f Gw/s = %5.1f GB/s, %6.1f GOP/s; blocks of activations %.2f ns each number\n",
				       k->name, qaic_dtype_name(types[i]),
				       a ? 8 : 16, ms[j], N * K / product / 1e9,
				       qaic_dtype_bytes(types[i], N * K) /
				       product / 1e9,
				       2.0 * N * K * ms[j] / product / 1e9,
				       quant / K * 1e9);
			}
		}
	}
}

/* Best nanoseconds a weight of panels in @f. */
static double in_cache(enum qaic_dtype t, const float *f)
{
	double s, best = 1e9;
	size_t r, o;

	for (o = 0; o < 10; o++) {
		s = now();
		for (r = 0; r < 20; r++)
			qpc_panel_pack(t, f, K, QPC_PANEL_ROWS, K, w);
		s = (now() - s) / r;
		best = s < best ? s : best;
	}
	return best / QPC_PANEL_ROWS / K * 1e9;
}

/* The same of a checkpoint's F16, as the compiler reads it, to @out of that size. */
static double from_memory(enum qaic_dtype t, const uint16_t *h, float *f,
			  uint8_t *out)
{
	const struct qc_tensor all = {
		.dtype = QAIC_F16, .store = QAIC_F16, .rank = 2,
		.dim = { STREAM, K }, .stride = { K, 1 }, .data = (void *)h,
	};
	size_t pitch = qaic_dtype_bytes(t, QPC_PANEL_ROWS * K), o, p;
	double s, best = 1e9;

	for (o = 0; o < 3; o++) {
		s = now();
		for (p = 0; p < STREAM / QPC_PANEL_ROWS; p++) {
			qc_tensor_read(&all, p * QPC_PANEL_ROWS * K,
				       QPC_PANEL_ROWS * K, QAIC_F32, f);
			qpc_panel_pack(t, f, K, QPC_PANEL_ROWS, K,
				       out + p * pitch);
		}
		s = now() - s;
		best = s < best ? s : best;
	}
	return best / STREAM / K * 1e9;
}

/* The compiler's conversion of weights. */
static void conversion(void)
{
	uint16_t *h = room((size_t)STREAM * K * sizeof(*h));
	uint8_t *out = room(qaic_dtype_bytes(QAIC_MXINT8, STREAM * K));
	float *f = room(QPC_PANEL_ROWS * K * sizeof(*f));
	double cache, memory;
	size_t i;

	for (i = 0; i < (size_t)STREAM * K; i++)
		h[i] = qaic_f32_to_f16(number());
	memset(out, 1, qaic_dtype_bytes(QAIC_MXINT8, STREAM * K));
	for (i = 0; i < QAIC_ARRAY_SIZE(types); i++) {
		memory = from_memory(types[i], h, f, out);
		cache = in_cache(types[i], f);
		printf("to %-6s: %.2f ns a weight from F32 in the cache, %.2f from F16 in memory, to memory\n",
		       qaic_dtype_name(types[i]), cache, memory);
	}
	free(h);
	free(out);
	free(f);
}

int main(int argc, char **argv)
{
	const struct kern_mx *all[] = { kern_mx_avx512(), kern_mx_avx2(),
					kern_mx_portable() };
	size_t i;

	x = room(K * sizeof(*x));
	for (i = 0; i < K; i++)
		x[i] = number();
	y = room(MAX_M * N * sizeof(*y));
	w = room(qaic_dtype_bytes(QAIC_MXINT8, N * K));
	rows = room(mx_rows_bytes(MAX_M, K / QAIC_MX_BLOCK));
	work = room(MX_WORK);
	conversion();
	for (i = 0; i < QAIC_ARRAY_SIZE(all); i++)
		if (all[i] && (argc > 1 ? !strcmp(argv[1], all[i]->name) :
			       i < 2))
			one_kernel(all[i]);
	return 0;
}
