/* SPDX-License-Identifier: MIT */
/*
 * The block formats of OCP Microscaling Formats (MX) 1.0: 32 elements share one
 * scale, a power of two (E8M0). Elements are E2M3 (MXFP6), E2M1 (MXFP4) or
 * 8-bit integers in units of 1/64 (MXINT8). This is the arithmetic; how blocks
 * lie in memory is up to who stores them (qpc/panel.h).
 */
#ifndef QAIC_MX_H
#define QAIC_MX_H

#include <stdint.h>

#include "base/dtype.h"

#define QAIC_MX_BLOCK	32
#define QAIC_MX_NAN	0xff		/* the scale of a block that is NaN */

/*
 * The value of a scale: 2^(@scale - 127), and NaN for 0xff. 2^-127 is exact (it
 * is a subnormal float).
 */
float qaic_e8m0_to_f32(uint8_t scale);
/* An element as stored: 6, 4 or 8 bits, higher bits are ignored. */
float qaic_mx_element(enum qaic_dtype dtype, uint8_t code);

/*
 * Encode @n <= 32 floats as one block: @code gets 32 element codes, the last of
 * them 0 where @n is less. Returns the scale: the largest power of two that is
 * not above the largest magnitude over the largest power of two of an element
 * (section 6.3), within what E8M0 has. Elements are rounded to nearest even; what
 * is beyond the largest element saturates. A block of zeros (of either sign) has
 * scale 0 and codes 0.
 *
 * Where the specification leaves it open: a block with a NaN or an infinity is
 * NaN (scale 0xff, all codes 0), and -128 is not used in MXINT8.
 */
uint8_t qaic_mx_encode(enum qaic_dtype dtype, const float *x, unsigned int n,
		       uint8_t code[QAIC_MX_BLOCK]);
/*
 * A whole block the same way. qaic_mx_encoder_get(0) is what qaic_mx_encode() uses;
 * 1 and more are what else this processor can run, all of one mind; then NULL.
 */
typedef uint8_t qaic_mx_encoder(enum qaic_dtype dtype, const float *x,
				uint8_t *code);
qaic_mx_encoder *qaic_mx_encoder_get(unsigned int i);
/* The values of @n elements; those of a block whose scale is 0xff are NaN. */
void qaic_mx_decode(enum qaic_dtype dtype, uint8_t scale, const uint8_t *code,
		    unsigned int n, float *x);

#endif
