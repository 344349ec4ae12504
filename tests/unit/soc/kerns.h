/* SPDX-License-Identifier: MIT */
/*
 * The row kernels of every instruction set that this CPU has.
 */
#ifndef TESTS_UNIT_SOC_KERNS_H
#define TESTS_UNIT_SOC_KERNS_H

#include "soc/kern.h"

static const struct kern *kerns[3];
static int num_kerns;

static inline void find_kerns(void)
{
	kerns[num_kerns++] = kern_portable();
	if (kern_avx2())
		kerns[num_kerns++] = kern_avx2();
	if (kern_avx512())
		kerns[num_kerns++] = kern_avx512();
}

#endif
