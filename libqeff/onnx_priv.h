/* SPDX-License-Identifier: MIT */
/* Shared by the files of the ONNX builder. */
#ifndef LIBQEFF_ONNX_PRIV_H
#define LIBQEFF_ONNX_PRIV_H

#include "libqeff/onnx_build.h"

/* Copies in the builder's memory, NUL added; NULL (and rc set) if there is none. */
char *qf_onnx_dup_bytes(struct qf_onnx *o, const void *data, size_t len);
char *qf_onnx_dup(struct qf_onnx *o, const char *s);

/* Room for one more in a growing array; false (and rc set) if there is none. */
bool qf_onnx_grow(struct qf_onnx *o, void *array, size_t n, size_t *cap,
		  size_t elem);

#define APPEND(o, array, num, cap, item) do { \
	if (qf_onnx_grow(o, &(array), num, &(cap), sizeof(*(array)))) \
		(array)[(num)++] = (item); \
} while (0)

#endif
