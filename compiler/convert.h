/* SPDX-License-Identifier: MIT */
/*
 * Elements in memory, of any type: loaded, stored and converted in runs.
 */
#ifndef COMPILER_CONVERT_H
#define COMPILER_CONVERT_H

#include <stdint.h>

#include "base/dtype.h"

/*
 * Convert @n elements: @src ones lie @stride elements apart (any sign, 0 repeats),
 * @dst ones are contiguous. Neither needs to be aligned. Floats to integers
 * truncate and saturate (NaN gives 0), integers to narrower ones wrap, anything
 * non-zero is true.
 */
void qc_convert(void *dst, enum qaic_dtype dtype, const void *src,
		enum qaic_dtype stype, int64_t stride, int64_t n);

double qc_load_f64(const void *p, enum qaic_dtype type);
/* U64 comes as the same 64 bits. */
int64_t qc_load_i64(const void *p, enum qaic_dtype type);
void qc_store_i64(void *p, enum qaic_dtype type, int64_t v);
void qc_store_f64(void *p, enum qaic_dtype type, double v);

#endif
