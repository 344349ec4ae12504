// SPDX-License-Identifier: MIT
/*
 * Row kernels in C with the compiler's vectors: for CPUs without AVX2, and what
 * the others are compared with.
 */
#include "base/f16.h"
#include "soc/kern.h"

#define V	4		/* lanes */
#define KERN	portable
#define KERN_NAME "portable"

typedef float vf __attribute__((vector_size(4 * V)));
typedef int32_t vi __attribute__((vector_size(4 * V)));

static inline vf v_set(float f)
{
	return (vf){ f, f, f, f };
}

/* a * b + c, rounded once where the CPU can */
static inline vf v_fma(vf a, vf b, vf c)
{
	return a * b + c;
}

/* to the nearest integer, half to even */
static inline vf v_round(vf x)
{
	vi big = (vi)x & 0x7fffffff, sign = (vi)x & (int32_t)0x80000000;
	vf m = (vf)(sign | 0x4b000000);		/* +-2^23 */
	vf r = (vf)((vi)((x + m) - m) | sign);

	big = big >= 0x4b000000;
	return (vf)((big & (vi)x) | (~big & (vi)r));
}

static inline vf v_sqrt(vf x)
{
	return (vf){ __builtin_sqrtf(x[0]), __builtin_sqrtf(x[1]),
		     __builtin_sqrtf(x[2]), __builtin_sqrtf(x[3]) };
}

/* V halves, any alignment */
static inline vf v_load_h(const uint16_t *p)
{
	vi h = { p[0], p[1], p[2], p[3] };
	vi man = (h & 0x7fff) << 13;
	vi inf = man >= 0x0f800000;
	vf f = (vf)man * 5.192296858534828e+33f;	/* 2^112 */

	f = (vf)((inf & (man | 0x7f800000)) | (~inf & (vi)f));
	return (vf)((vi)f | (h & 0x8000) << 16);
}

/* V bytes */
static inline vf v_load_b(const int8_t *p)
{
	return (vf){ p[0], p[1], p[2], p[3] };
}

static inline void v_store_h(uint16_t *p, vf x)
{
	int i;

	for (i = 0; i < V; i++)
		p[i] = qaic_f32_to_f16(x[i]);
}

/* out[i] = the sum of the lanes of the i-th vector */
static inline void v_sum4(float out[4], vf a, vf b, vf c, vf d)
{
	out[0] = (a[0] + a[1]) + (a[2] + a[3]);
	out[1] = (b[0] + b[1]) + (b[2] + b[3]);
	out[2] = (c[0] + c[1]) + (c[2] + c[3]);
	out[3] = (d[0] + d[1]) + (d[2] + d[3]);
}

#include "soc/kern_body.h"

const struct kern *kern_portable(void)
{
	return &portable;
}
