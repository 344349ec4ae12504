// SPDX-License-Identifier: MIT
/* The modelled time of the real card. */
#include <errno.h>
#include <string.h>

#include "libqaic/priv.h"

_Static_assert(QAIC_NUM_SKUS == (int)QPC_SKU_COUNT &&
	       QAIC_SKU_PRO == (int)QPC_SKU_PRO, "the same cards");

double qaic_program_model_time(const struct qaic_program *prog, uint32_t spec)
{
	struct qpc_timing timing;

	if (spec >= prog->qpc->prog.num_specs)
		return 0;
	qpc_timing(&prog->qpc->prog, spec, QPC_SKU_PRO, &timing);
	return timing.seconds;
}

int qaic_program_model(const struct qaic_program *prog, uint32_t spec,
		       struct qaic_model *out)
{
	struct qpc_timing timing;
	unsigned int sku;

	memset(out, 0, sizeof(*out));
	if (spec >= prog->qpc->prog.num_specs)
		return -EINVAL;
	for (sku = 0; sku < QAIC_NUM_SKUS; sku++) {
		qpc_timing(&prog->qpc->prog, spec, (enum qpc_sku)sku, &timing);
		out->seconds[sku] = timing.seconds;
	}
	out->const_bytes = timing.consts;
	return 0;
}

const char *qaic_sku_name(unsigned int sku)
{
	return qpc_sku_name((enum qpc_sku)sku);
}
