// SPDX-License-Identifier: MIT
/*
 * Which row kernels this process uses.
 */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "soc/kern.h"
#include "soc/kern_mx.h"
#include "soc/nsp.h"

static const struct kern *chosen;
static const struct kern_mx *chosen_mx;
static pthread_once_t once = PTHREAD_ONCE_INIT;

/* What QAIC_KERNELS may ask for, the best last; each has what is before it. */
static const char *const levels[] = {
	"portable", "avx2", "avx512", "avx512vnni",
};

enum level { PORTABLE, AVX2, AVX512, AVX512_VNNI };

static enum level most(void)
{
	const char *want = getenv("QAIC_KERNELS");
	size_t i;

	for (i = 0; want && i < QAIC_ARRAY_SIZE(levels); i++)
		if (!strcmp(want, levels[i]))
			return i;
	return AVX512_VNNI;
}

/*
 * Kernels that the CPU or the build lacks are NULL. There are CPUs with AVX-512 but
 * without all that block products need of it: those use AVX2 for these.
 */
static void choose(void)
{
	enum level level = most();

	if (level >= AVX512)
		chosen = kern_avx512();
	if (!chosen && level >= AVX2)
		chosen = kern_avx2();
	if (!chosen)
		chosen = kern_portable();
	if (level >= AVX512_VNNI)
		chosen_mx = kern_mx_avx512();
	if (!chosen_mx && level >= AVX2)
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
	return kern_mx_get() == kern_mx_avx512() ? levels[AVX512_VNNI] :
	       kern_get()->name;
}
