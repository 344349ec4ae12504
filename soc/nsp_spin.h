/* SPDX-License-Identifier: MIT */
#ifndef SOC_NSP_SPIN_H
#define SOC_NSP_SPIN_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

/* One thread's; all zero at first. */
struct nsp_spin {
	uint64_t looked;		/* at its CPU time */
	uint64_t cpu, slept;		/* CPU time then, sleep since */
	uint64_t calm;			/* no spinning until then */
};

/*
 * Wait a few microseconds for *word to be another than @seen; false if it is not, or
 * if spinning is no good for this thread at present. It should sleep then, and say
 * so: nsp_spin_slept(), with nsp_spin_clock() of when it began.
 */
bool nsp_spin(struct nsp_spin *s, _Atomic uint32_t *word, uint32_t seen);
uint64_t nsp_spin_clock(void);
/* Was the thread kept from its CPU lately? */
bool nsp_spin_calm(const struct nsp_spin *s);
void nsp_spin_slept(struct nsp_spin *s, uint64_t begin);

#endif
