// SPDX-License-Identifier: MIT
/*
 * MATMUL with chosen matrices, for many rows: those that chose the same matrix go
 * together, so that it is read once and not once for each of them. What a row gives
 * is the same bit for bit, alone or with others.
 */
#include "soc/nsp_mm.h"

#define MAX_PRODUCTS	2048	/* looked through at a time */
#define MAX_ROWS	256	/* of one matrix at a time */
#define NONE		UINT32_MAX	/* no matrix: zeros */
#define DONE		(UINT32_MAX - 1)

static uint32_t choice(const struct nsp_run *r, size_t i, size_t j)
{
	int64_t e = nsp_index(r->p[4] + (int64_t)i * nsp_stride(r, 4, 0) +
			      (int64_t)j * nsp_stride(r, 4, 1),
			      r->cmd->dtype[4]);

	return e < 0 || e >= (int64_t)r->cmd->dims[5] ? NONE : (uint32_t)e;
}

static struct mm_row row_of(const struct nsp_run *r, size_t i, size_t j)
{
	return (struct mm_row){
		.x = (int64_t)i * nsp_stride(r, 1, 0) +
		     (int64_t)j * nsp_stride(r, 1, 1),
		.y = (int64_t)i * nsp_stride(r, 0, 0) +
		     (int64_t)j * nsp_stride(r, 0, 1),
	};
}

/* Products [at, at + n) of rows of @b1. */
static void some_products(const struct nsp_run *r, const struct mm *mm,
			  size_t at, size_t n, size_t b1)
{
	uint32_t e[MAX_PRODUCTS], now;
	struct mm_row row[MAX_ROWS];
	struct mm one = *mm;
	size_t first, i;

	for (i = 0; i < n; i++)
		e[i] = choice(r, (at + i) / b1, (at + i) % b1);
	one.x = r->p[1];
	one.y = r->p[0];
	one.row = row;
	for (first = 0; first < n; first++) {
		now = e[first];
		if (now == DONE)
			continue;
		one.m = 0;
		for (i = first; i < n && one.m < MAX_ROWS; i++) {
			if (e[i] != now)
				continue;
			row[one.m++] = row_of(r, (at + i) / b1, (at + i) % b1);
			e[i] = DONE;
		}
		one.w = now == NONE ? NULL :
			r->p[2] + (int64_t)now * nsp_stride(r, 2, 5);
		mm_stream(&one);
	}
}

bool mm_experts(const struct nsp_run *r, const struct mm *mm, size_t b0,
		size_t b1)
{
	size_t at, n;

	/* one row each, no bias, and the matrix by the index alone */
	if (!r->p[4] || r->p[3] || mm->m != 1 || nsp_stride(r, 2, 0) ||
	    nsp_stride(r, 2, 1))
		return false;
	for (at = 0; at < b0 * b1; at += n) {
		n = b0 * b1 - at < MAX_PRODUCTS ? b0 * b1 - at : MAX_PRODUCTS;
		some_products(r, mm, at, n, b1);
	}
	return true;
}
