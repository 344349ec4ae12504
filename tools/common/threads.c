// SPDX-License-Identifier: MIT
#include <stdlib.h>

#include "soc/nsp_cpus.h"
#include "tools/common/opt.h"
#include "tools/common/threads.h"

#define MOST	16

unsigned int qaic_card_threads(void)
{
	const char *env = getenv("QAIC_THREADS");
	unsigned int cpus = nsp_cpus();
	uint64_t n;

	if (env && *env && !qaic_opt_uint(env, 1, MOST, &n))
		return n;
	return cpus < MOST ? cpus : MOST;
}
