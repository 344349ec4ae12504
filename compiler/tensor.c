// SPDX-License-Identifier: MIT
/*
 * Constants: strided views, read in runs.
 */
#include <string.h>

#include "compiler/convert.h"
#include "compiler/graph.h"

int64_t qc_tensor_numel(const struct qc_tensor *t)
{
	int64_t n = 1;
	uint32_t i;

	for (i = 0; i < t->rank; i++)
		n *= t->dim[i];
	return n;
}

bool qc_tensor_contiguous(const struct qc_tensor *t)
{
	int64_t expect = 1;
	uint32_t i;

	for (i = t->rank; i-- > 0;) {
		if (t->dim[i] == 1)
			continue;
		if (t->stride[i] != expect)
			return false;
		expect *= t->dim[i];
	}
	return true;
}

/* The same elements with as few dimensions as can be; at least one. */
static void collapse(const struct qc_tensor *t, struct qc_tensor *c)
{
	uint32_t i;

	*c = *t;
	c->rank = 0;
	for (i = 0; i < t->rank; i++) {
		if (t->dim[i] == 1)
			continue;
		if (c->rank && c->stride[c->rank - 1] ==
				       t->stride[i] * t->dim[i]) {
			c->dim[c->rank - 1] *= t->dim[i];
			c->stride[c->rank - 1] = t->stride[i];
			continue;
		}
		c->dim[c->rank] = t->dim[i];
		c->stride[c->rank++] = t->stride[i];
	}
	if (!c->rank) {
		c->dim[0] = 1;
		c->stride[0] = 1;
		c->rank = 1;
	}
}

#define TILE 32

/*
 * Whole rows of a transposed matrix, the store's rows being our columns: in tiles,
 * so that a cache line that was fetched is used up.
 */
static void read_transposed(const struct qc_tensor *c, const uint8_t *src,
			    int64_t rows, enum qaic_dtype dtype, uint8_t *dst)
{
	int64_t cols = c->dim[c->rank - 1];
	int64_t apart = c->stride[c->rank - 1];
	int64_t ssize = qaic_dtype_size(c->store);
	int64_t dsize = qaic_dtype_size(dtype);
	int64_t i, j, k, ni, nj;
	uint8_t tile[TILE * TILE * 8] __attribute__((aligned(64)));
	uint8_t *to;

	for (i = 0; i < rows; i += TILE) {
		ni = rows - i < TILE ? rows - i : TILE;
		for (j = 0; j < cols; j += TILE) {
			nj = cols - j < TILE ? cols - j : TILE;
			for (k = 0; k < nj; k++)
				qc_convert(tile + k * ni * dsize, dtype,
					   src + (i + (j + k) * apart) * ssize,
					   c->store, 1, ni);
			for (k = 0; k < ni; k++) {
				to = dst + ((i + k) * cols + j) * dsize;
				qc_convert(to, dtype, tile + k * dsize, dtype,
					   ni, nj);
			}
		}
	}
}

static bool is_transposed(const struct qc_tensor *c)
{
	return c->rank >= 2 && c->stride[c->rank - 2] == 1 &&
	       c->stride[c->rank - 1] > 1 && c->dim[c->rank - 1] > 4;
}

void qc_tensor_read(const struct qc_tensor *t, int64_t first, int64_t count,
		    enum qaic_dtype dtype, void *dst)
{
	int64_t at[QC_MAX_RANK], rest = first, offset = 0, run, rows;
	int64_t ssize = qaic_dtype_size(t->store);
	int64_t dsize = qaic_dtype_size(dtype);
	struct qc_tensor c;
	uint8_t *to = dst;
	int32_t last, i;

	if (count <= 0)
		return;
	collapse(t, &c);
	last = (int32_t)c.rank - 1;
	for (i = last; i >= 0; i--) {
		at[i] = rest % c.dim[i];
		rest /= c.dim[i];
		offset += at[i] * c.stride[i];
	}
	while (count > 0) {
		rows = 0;
		if (is_transposed(&c) && !at[last]) {
			rows = count / c.dim[last];
			if (rows > c.dim[last - 1] - at[last - 1])
				rows = c.dim[last - 1] - at[last - 1];
		}
		if (rows > 1) {
			read_transposed(&c, c.data + offset * ssize, rows,
					dtype, to);
			run = rows * c.dim[last];
			at[last - 1] += rows - 1;
			offset += (rows - 1) * c.stride[last - 1];
			at[last] = c.dim[last];
			offset += c.dim[last] * c.stride[last];
		} else {
			run = c.dim[last] - at[last];
			if (run > count)
				run = count;
			qc_convert(to, dtype, c.data + offset * ssize, c.store,
				   c.stride[last], run);
			at[last] += run;
			offset += run * c.stride[last];
		}
		to += run * dsize;
		count -= run;
		for (i = last; i > 0 && at[i] == c.dim[i]; i--) {
			offset += c.stride[i - 1] - at[i] * c.stride[i];
			at[i] = 0;
			at[i - 1]++;
		}
	}
}

bool qc_const_scalar(const struct qc_value *v, double *out)
{
	if (!v || !v->cst || qc_tensor_numel(v->cst) != 1)
		return false;
	*out = qc_load_f64(v->cst->data, v->cst->store);
	return true;
}

int qc_const_ints(const struct qc_value *v, int64_t *out, int max)
{
	int64_t n;

	if (!v || !v->cst || v->rank > 1 || qaic_dtype_is_float(v->dtype))
		return -1;
	n = qc_tensor_numel(v->cst);
	if (n > max)
		return -1;
	qc_tensor_read(v->cst, 0, n, QAIC_I64, out);
	return (int)n;
}
