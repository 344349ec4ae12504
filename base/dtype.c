// SPDX-License-Identifier: MIT
#include "base/dtype.h"

static const struct {
	size_t size;
	const char *name;
} dtypes[QAIC_DTYPE_COUNT] = {
	[QAIC_F32] = { 4, "float32" },
	[QAIC_F16] = { 2, "float16" },
	[QAIC_BF16] = { 2, "bfloat16" },
	[QAIC_F64] = { 8, "float64" },
	[QAIC_I8] = { 1, "int8" },
	[QAIC_U8] = { 1, "uint8" },
	[QAIC_I16] = { 2, "int16" },
	[QAIC_I32] = { 4, "int32" },
	[QAIC_I64] = { 8, "int64" },
	[QAIC_BOOL] = { 1, "bool" },
	[QAIC_U16] = { 2, "uint16" },
	[QAIC_U32] = { 4, "uint32" },
	[QAIC_U64] = { 8, "uint64" },
	[QAIC_MXINT8] = { 0, "mxint8" },
	[QAIC_MXFP6] = { 0, "mxfp6" },
	[QAIC_MXFP4] = { 0, "mxfp4" },
	[QAIC_F16_PANELS] = { 2, "float16-panels" },
};

size_t qaic_dtype_size(unsigned int dtype)
{
	return dtype < QAIC_DTYPE_COUNT ? dtypes[dtype].size : 0;
}

size_t qaic_dtype_block(unsigned int dtype)
{
	switch (dtype) {
	case QAIC_MXINT8:
		return 33;
	case QAIC_MXFP6:
		return 25;
	case QAIC_MXFP4:
		return 17;
	default:
		return 0;
	}
}

const char *qaic_dtype_name(unsigned int dtype)
{
	return dtype < QAIC_DTYPE_COUNT ? dtypes[dtype].name : "?";
}
