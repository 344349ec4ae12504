/* SPDX-License-Identifier: MIT */
/*
 * Running one node's reference evaluation: folding and the reference evaluator
 * share it.
 */
#ifndef COMPILER_EVAL_H
#define COMPILER_EVAL_H

#include "compiler/op.h"

/* The type in which an evaluation holds a value: every float is F32. */
static inline enum qaic_dtype qc_eval_dtype(enum qaic_dtype dtype)
{
	return qaic_dtype_is_float(dtype) ? QAIC_F32 : dtype;
}

/* Bytes of a value in an evaluation. */
size_t qc_eval_size(const struct qc_value *v);

/*
 * Evaluate @n. @in has a pointer per input; where it is NULL and the input is a
 * constant, it is read from there (converted into a buffer that lives as long as
 * the call, unless the operator streams it). @out has a buffer per output.
 */
int qc_eval_node(const struct qc_node *n, void *const *in, void *const *out,
		 struct qaic_err *err);

#endif
