// SPDX-License-Identifier: MIT
/*
 * Which row kernels this process uses.
 */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "soc/kern.h"
#include "soc/kern_mx.h"
#include "soc/nsp.h"

static const struct kern *chosen;
static const struct kern_mx *chosen_mx;
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
	/* some CPUs have AVX-512 without all that these need */
	if (!strcmp(want, "avx512"))
		chosen_mx = kern_mx_avx512();
	if (!chosen_mx && strcmp(want, "portable"))
		chosen_mx = kern_mx_avx2();
	if (!chosen_mx)
		chosen_mx = kern_mx_portable();
}

const struct kern *kern_get(void)
{
	pthread_once(&once, choose);
	return chosen;
}

const struct kern_mx *kern_mx_get(void)
{
	pthread_once(&once, choose);
	return chosen_mx;
}

const char *nsp_kernels(void)
{
	return kern_get()->name;
}
