// SPDX-License-Identifier: MIT
#include <errno.h>
#include <string.h>

#include "tools/common/formats.h"

static int read_weights(const struct qaic_formats *f, enum qaic_dtype *weights,
			struct qaic_err *err)
{
	static const enum qaic_dtype known[] = { QAIC_MXINT8, QAIC_MXFP6,
						 QAIC_MXFP4 };
	size_t i;

	*weights = f->mxfp6 ? QAIC_MXFP6 : 0;
	if (!f->weight)
		return 0;
	if (f->mxfp6 && strcmp(f->weight, "mxfp6"))
		return qaic_fail(err, -EINVAL,
				 "--mxfp6-matmul and --weight-format %s: give one of them",
				 f->weight);
	if (!strcmp(f->weight, "fp16"))
		return 0;
	for (i = 0; i < QAIC_ARRAY_SIZE(known); i++) {
		if (strcmp(f->weight, qaic_dtype_name(known[i])))
			continue;
		*weights = known[i];
		return 0;
	}
	return qaic_fail(err, -EINVAL,
			 "--weight-format takes fp16, mxint8, mxfp6 or mxfp4, not \"%s\"",
			 f->weight);
}

int qaic_formats_read(const struct qaic_formats *f, enum qaic_dtype *weights,
		      bool *act_int8, struct qaic_err *err)
{
	int ret = read_weights(f, weights, err);

	if (ret)
		return ret;
	*act_int8 = f->activation && !strcmp(f->activation, "int8");
	if (f->activation && !*act_int8 && strcmp(f->activation, "int16"))
		return qaic_fail(err, -EINVAL,
				 "--activation-format takes int16 or int8, not \"%s\"",
				 f->activation);
	if (f->activation && !*weights)
		return qaic_fail(err, -EINVAL,
				 "--activation-format is for weights in blocks: give --weight-format mxint8, mxfp6 or mxfp4 too");
	return 0;
}
