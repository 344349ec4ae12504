/* SPDX-License-Identifier: MIT */
/*
 * Element types, the same numbers in every room and in the installed API.
 */
#ifndef QAIC_DTYPE_H
#define QAIC_DTYPE_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

enum qaic_dtype {
	QAIC_F32 = 0,
	QAIC_F16 = 1,
	QAIC_BF16 = 2,		/* checkpoints only; the card stores F16 */
	QAIC_F64 = 3,		/* ONNX only; the card has no F64 */
	QAIC_I8 = 4,
	QAIC_U8 = 5,
	QAIC_I16 = 6,
	QAIC_I32 = 7,
	QAIC_I64 = 8,
	QAIC_BOOL = 9,		/* one byte, 0 or 1 */
	QAIC_U16 = 10,
	QAIC_U32 = 11,
	QAIC_U64 = 12,
	/*
	 * Blocks of 32 elements with a scale (base/mx.h): weights and caches on
	 * the card. An element alone has no size.
	 */
	QAIC_MXINT8 = 13,
	QAIC_MXFP6 = 14,
	QAIC_MXFP4 = 15,
	/* F16, in panels of 16 rows (qpc/panel.h): weights on the card */
	QAIC_F16_PANELS = 16,
	QAIC_DTYPE_COUNT
};

/* Bytes of one element; 0 for a block type and a number that is no type. */
size_t qaic_dtype_size(unsigned int dtype);
/* Bytes of a block of 32 elements with its scale: 33, 25, 17; 0 for the others. */
size_t qaic_dtype_block(unsigned int dtype);
/* Bytes of @n elements; of a block type @n is a multiple of 32. */
static inline long long qaic_dtype_bytes(unsigned int dtype, long long n)
{
	long long block = qaic_dtype_block(dtype);

	return block ? n / 32 * block : n * (long long)qaic_dtype_size(dtype);
}

/* "float32", "float16", "int64", ...; "?" for a number that is no type. */
const char *qaic_dtype_name(unsigned int dtype);

static inline int qaic_dtype_is_float(unsigned int dtype)
{
	return dtype <= QAIC_F64;
}

static inline int qaic_dtype_is_mx(unsigned int dtype)
{
	return dtype >= QAIC_MXINT8 && dtype <= QAIC_MXFP4;
}

/* Matrices of this type lie in panels (qpc/panel.h). */
static inline int qaic_dtype_is_panels(unsigned int dtype)
{
	return qaic_dtype_is_mx(dtype) || dtype == QAIC_F16_PANELS;
}

#ifdef __cplusplus
}
#endif
#endif
