/* SPDX-License-Identifier: MIT */
/*
 * Two commands as one.
 */
#ifndef SOC_NSP_FOLD_H
#define SOC_NSP_FOLD_H

#include <stdbool.h>

#include "qpc/isa.h"

/*
 * Masks of dims along which commands of this operation can follow each other, in the
 * order in which to try them; ends with 0. Each step along such a dim is computed for
 * itself: what it gives does not depend on how many there are.
 */
const uint8_t *nsp_fold_ways(unsigned int op);

/*
 * If @b goes on where @a ends along the dims @way: *out does what both do. @out may be
 * @a. Addresses of LOCAL are taken to mean the same memory.
 */
bool nsp_fold(const struct nsp_cmd *a, const struct nsp_cmd *b,
	      unsigned int way, struct nsp_cmd *out);

#endif
