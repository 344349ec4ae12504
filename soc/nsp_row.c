// SPDX-License-Identifier: MIT
/*
 * Rows of any type and stride, as F32 or as 64-bit integers.
 */
#include <string.h>

#include "base/f16.h"
#include "soc/nsp_priv.h"

#define EACH_INT(X)							\
	X(QAIC_I8, int8_t) X(QAIC_U8, uint8_t) X(QAIC_I16, int16_t)	\
	X(QAIC_U16, uint16_t) X(QAIC_I32, int32_t) X(QAIC_U32, uint32_t) \
	X(QAIC_I64, int64_t) X(QAIC_U64, uint64_t)

static void load_f16(const struct kern *k, float *buf, const uint8_t *p,
		     int64_t stride, size_t n)
{
	size_t i;

	if (stride == 2) {
		k->from_f16(buf, (const uint16_t *)p, n);
		return;
	}
	for (i = 0; i < n; i++, p += stride)
		buf[i] = qaic_f16_to_f32(*(const uint16_t *)p);
}

const float *nsp_load_f(const struct kern *k, float *buf, const uint8_t *p,
			unsigned int dtype, int64_t stride, size_t n)
{
	size_t i, m = stride ? n : 1;

	switch (dtype) {
	case QAIC_F32:
		if (stride == 4)
			return (const float *)p;
		for (i = 0; i < m; i++, p += stride)
			buf[i] = *(const float *)p;
		break;
	case QAIC_F16:
		load_f16(k, buf, p, stride, m);
		break;
	case QAIC_BOOL:
		for (i = 0; i < m; i++, p += stride)
			buf[i] = *p != 0;
		break;
#define X(t, type)							\
	case t:								\
		for (i = 0; i < m; i++, p += stride)			\
			buf[i] = (float)*(const type *)p;		\
		break;
	EACH_INT(X)
#undef X
	}
	for (i = m; i < n; i++)
		buf[i] = buf[0];
	return buf;
}

/* truncate and saturate; NaN gives 0 */
static int64_t f_to_i64(float f)
{
	if (f != f)
		return 0;
	if (f >= 9223372036854775808.0f)
		return INT64_MAX;
	if (f <= -9223372036854775808.0f)
		return INT64_MIN;
	return (int64_t)f;
}

static int64_t clamp(int64_t v, int64_t lo, int64_t hi)
{
	return v < lo ? lo : v > hi ? hi : v;
}

static uint64_t f_to_u64(float f)
{
	if (!(f > 0))
		return 0;
	return f >= 18446744073709551616.0f ? UINT64_MAX : (uint64_t)f;
}

static void store_f16(const struct kern *k, uint8_t *p, int64_t stride,
		      const float *x, size_t n)
{
	size_t i;

	if (stride == 2) {
		k->to_f16((uint16_t *)p, x, n);
		return;
	}
	for (i = 0; i < n; i++, p += stride)
		*(uint16_t *)p = qaic_f32_to_f16(x[i]);
}

void nsp_store_f(const struct kern *k, uint8_t *p, unsigned int dtype,
		 int64_t stride, const float *x, size_t n)
{
	size_t i;

#define SATURATE(t, type, lo, hi)					\
	case t:								\
		for (i = 0; i < n; i++, p += stride)			\
			*(type *)p = clamp(f_to_i64(x[i]), lo, hi);	\
		break;
	switch (dtype) {
	case QAIC_F32:
		if ((const uint8_t *)x == p)
			return;			/* computed in place */
		if (stride == 4) {
			memcpy(p, x, n * sizeof(*x));
			return;
		}
		for (i = 0; i < n; i++, p += stride)
			*(float *)p = x[i];
		break;
	case QAIC_F16:
		store_f16(k, p, stride, x, n);
		break;
	case QAIC_BOOL:
		for (i = 0; i < n; i++, p += stride)
			*p = x[i] != 0;
		break;
	case QAIC_U64:
		for (i = 0; i < n; i++, p += stride)
			*(uint64_t *)p = f_to_u64(x[i]);
		break;
	SATURATE(QAIC_I8, int8_t, INT8_MIN, INT8_MAX)
	SATURATE(QAIC_U8, uint8_t, 0, UINT8_MAX)
	SATURATE(QAIC_I16, int16_t, INT16_MIN, INT16_MAX)
	SATURATE(QAIC_U16, uint16_t, 0, UINT16_MAX)
	SATURATE(QAIC_I32, int32_t, INT32_MIN, INT32_MAX)
	SATURATE(QAIC_U32, uint32_t, 0, UINT32_MAX)
	SATURATE(QAIC_I64, int64_t, INT64_MIN, INT64_MAX)
	}
#undef SATURATE
}

void nsp_load_i(int64_t *buf, const uint8_t *p, unsigned int dtype,
		int64_t stride, size_t n)
{
	size_t i;

	switch (dtype) {
	case QAIC_BOOL:
		for (i = 0; i < n; i++, p += stride)
			buf[i] = *p != 0;
		break;
	case QAIC_F32:
		for (i = 0; i < n; i++, p += stride)
			buf[i] = f_to_i64(*(const float *)p);
		break;
	case QAIC_F16:
		for (i = 0; i < n; i++, p += stride)
			buf[i] = f_to_i64(qaic_f16_to_f32(*(const uint16_t *)p));
		break;
#define X(t, type)							\
	case t:								\
		for (i = 0; i < n; i++, p += stride)			\
			buf[i] = (int64_t)*(const type *)p;		\
		break;
	EACH_INT(X)
#undef X
	default:
		memset(buf, 0, n * sizeof(*buf));
	}
}

void nsp_store_i(uint8_t *p, unsigned int dtype, int64_t stride,
		 const int64_t *x, size_t n)
{
	size_t i;

	switch (dtype) {
	case QAIC_BOOL:
		for (i = 0; i < n; i++, p += stride)
			*p = x[i] != 0;
		break;
	case QAIC_F32:
		for (i = 0; i < n; i++, p += stride)
			*(float *)p = (float)x[i];
		break;
	case QAIC_F16:
		for (i = 0; i < n; i++, p += stride)
			*(uint16_t *)p = qaic_f32_to_f16((float)x[i]);
		break;
#define X(t, type)							\
	case t:								\
		for (i = 0; i < n; i++, p += stride)			\
			*(type *)p = (type)x[i];			\
		break;
	EACH_INT(X)
#undef X
	}
}

int64_t nsp_index(const uint8_t *p, unsigned int dtype)
{
	int64_t v;

	if (dtype == QAIC_I64)
		return *(const int64_t *)p;
	if (dtype == QAIC_I32)
		return *(const int32_t *)p;
	nsp_load_i(&v, p, dtype, 0, 1);
	return v;
}
