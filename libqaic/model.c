// SPDX-License-Identifier: MIT
/* The modelled time of the real card. */
#include "libqaic/priv.h"

double qaic_program_model_time(const struct qaic_program *prog, uint32_t spec)
{
	struct qpc_timing timing;

	if (spec >= prog->qpc->prog.num_specs)
		return 0;
	qpc_timing(&prog->qpc->prog, spec, QPC_SKU_PRO, &timing);
	return timing.seconds;
}
