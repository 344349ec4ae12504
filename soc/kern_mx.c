// SPDX-License-Identifier: MIT
/* The buffers of activations in blocks, the same for all instruction sets. */
#include "base/str.h"
#include "soc/kern_mx.h"

#define ALIGN	64

size_t mx_rows_bytes(size_t m, size_t blocks)
{
	size_t n = m * blocks;

	return n * QAIC_MX_BLOCK * 2 + n * (sizeof(float) + sizeof(int32_t)) +
	       3 * ALIGN;
}

void mx_rows_init(struct mx_rows *r, void *buf, size_t m, size_t blocks,
		  bool act8, bool bytes)
{
	size_t n = m * blocks;
	uint8_t *p = buf;

	r->m = m;
	r->blocks = blocks;
	r->act8 = act8;
	r->q = bytes ? NULL : (int16_t *)p;
	r->b = bytes ? (int8_t *)p : NULL;
	p += n * QAIC_MX_BLOCK * 2;
	r->sum = (int32_t *)p;
	p += qaic_align(n * sizeof(*r->sum), ALIGN);
	r->scale = (float *)p;
}
