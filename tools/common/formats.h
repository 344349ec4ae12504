/* SPDX-License-Identifier: MIT */
/* The options that choose how weights are stored: the compilers' and qeff's. */
#ifndef QAIC_TOOLS_FORMATS_H
#define QAIC_TOOLS_FORMATS_H

#include <stdbool.h>

#include "base/dtype.h"
#include "base/err.h"
#include "tools/common/opt.h"

struct qaic_formats {
	const char *weight, *activation;	/* as given; NULL: default */
	bool mxfp6, mxint8;
};

/* of programs that know what a KV cache is */
#define QAIC_OPT_KV_FORMAT(f)						\
	{ .name = "mxint8-kv-cache", .alias = "mxint8",			\
	  .kind = QAIC_OPT_FLAG, .to = &(f).mxint8,			\
	  .help = "Keep the KV cache in MXINT8, 8.25 bits a number." }

#define QAIC_OPT_FORMATS(f)						\
	{ .name = "mxfp6-matmul", .alias = "mxfp6",			\
	  .kind = QAIC_OPT_FLAG, .to = &(f).mxfp6,			\
	  .help = "Store the constant matrices of products in MXFP6 (E2M3, " \
	  "6.25 bits a weight). The same as --weight-format mxfp6." },	\
	{ .name = "weight-format", .kind = QAIC_OPT_STR,		\
	  .to = &(f).weight, .arg = "fp16|mxint8|mxfp6|mxfp4",		\
	  .def = "fp16", .help = "How constant matrices of products are " \
	  "stored: 16, 8.25, 6.25 or 4.25 bits a weight. fp16 is float32 "  \
	  "where all else is." },					\
	{ .name = "activation-format", .kind = QAIC_OPT_STR,		\
	  .to = &(f).activation, .arg = "int16|int8", .def = "int16",	\
	  .help = "What activations are rounded to in products with such "  \
	  "weights: 16-bit integers with a scale for 32, closer to exact "  \
	  "than float16 is, or 8-bit ones, which are faster." }

/*
 * @weights gets QAIC_MXINT8, QAIC_MXFP6, QAIC_MXFP4, or 0 for fp16. -EINVAL names
 * the option that is wrong, or the two that do not go together.
 */
int qaic_formats_read(const struct qaic_formats *f, enum qaic_dtype *weights,
		      bool *act_int8, struct qaic_err *err);

#endif
