// SPDX-License-Identifier: MIT
/*
 * Which row kernels this process uses.
 */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "soc/kern.h"
#include "soc/nsp.h"

static const struct kern *chosen;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void choose(void)
{
	const char *want = getenv("QAIC_KERNELS");

	if (!want)
		want = "avx512";
	if (!strcmp(want, "avx512"))
		chosen = kern_avx512();
	if (!chosen && strcmp(want, "portable"))
		chosen = kern_avx2();
	if (!chosen)
		chosen = kern_portable();
}

const struct kern *kern_get(void)
{
	pthread_once(&once, choose);
	return chosen;
}

const char *nsp_kernels(void)
{
	return kern_get()->name;
}
