// SPDX-License-Identifier: MIT
#include <string.h>

#include "compiler/view.h"
#include "qpc/panel.h"

int64_t qc_view_numel(const struct qc_view *v)
{
	int64_t n = 1;
	uint32_t i;

	for (i = 0; i < v->rank; i++)
		n *= v->dim[i];
	return n;
}

bool qc_view_dense(const struct qc_view *v)
{
	int64_t n = 1;
	uint32_t i;

	for (i = v->rank; i-- > 0;) {
		if (v->dim[i] != 1 && v->stride[i] != n)
			return false;
		n *= v->dim[i];
	}
	return true;
}

void qc_view_set_dense(struct qc_view *v, uint32_t rank, const int64_t *dim)
{
	int64_t n = 1;
	uint32_t i;

	v->rank = rank;
	for (i = rank; i-- > 0;) {
		v->dim[i] = dim[i];
		v->stride[i] = n;
		n *= dim[i];
	}
}

/*
 * Walk old and new shape together in groups of equal size (as numpy does): the
 * old axes of a group must be one run in memory, the new ones then cut it.
 */
void qc_view_pad_blocks(struct qc_view *v)
{
	int64_t s;
	uint32_t i;

	if (!qaic_dtype_is_mx(v->dtype) || !v->rank)
		return;
	s = qpc_panel_k(v->dim[v->rank - 1]);
	for (i = v->rank - 1; i-- > 0;) {
		v->stride[i] = s;
		s *= v->dim[i];
	}
}

bool qc_view_reshape(struct qc_view *v, uint32_t rank, const int64_t *dim)
{
	int64_t od[QC_MAX_RANK], os[QC_MAX_RANK], ns[QC_MAX_RANK] = { 0 };
	uint32_t on = 0, oi = 0, ni = 0, i;

	if (qc_view_numel(v) == 0) {
		qc_view_set_dense(v, rank, dim);
		return true;
	}
	for (i = 0; i < v->rank; i++) {
		if (v->dim[i] == 1)
			continue;
		od[on] = v->dim[i];
		os[on++] = v->stride[i];
	}
	while (oi < on && ni < rank) {
		int64_t np = dim[ni], op = od[oi], s;
		uint32_t nj = ni + 1, oj = oi + 1, k;

		while (np != op) {
			if (np < op) {
				if (nj == rank)
					return false;
				np *= dim[nj++];
			} else {
				if (oj == on)
					return false;
				op *= od[oj++];
			}
		}
		for (k = oi; k + 1 < oj; k++)
			if (os[k] != od[k + 1] * os[k + 1])
				return false;
		s = os[oj - 1];
		for (k = nj; k-- > ni;) {
			ns[k] = s;
			s *= dim[k];
		}
		ni = nj;
		oi = oj;
	}
	v->rank = rank;
	for (i = 0; i < rank; i++) {
		v->dim[i] = dim[i];
		v->stride[i] = dim[i] == 1 ? 0 : ns[i];
	}
	return true;
}

void qc_view_permute(struct qc_view *v, const uint32_t *perm)
{
	struct qc_view o = *v;
	uint32_t i;

	for (i = 0; i < v->rank; i++) {
		v->dim[i] = o.dim[perm[i]];
		v->stride[i] = o.stride[perm[i]];
	}
}

void qc_view_slice(struct qc_view *v, uint32_t axis, int64_t start, int64_t n,
		   int64_t step)
{
	if (n > 0)
		v->off += qaic_dtype_bytes(v->dtype, start * v->stride[axis]);
	v->dim[axis] = n;
	v->stride[axis] *= step;
}

bool qc_view_broadcast(struct qc_view *v, uint32_t rank, const int64_t *dim)
{
	struct qc_view o = *v;
	uint32_t i, pad;

	if (rank < o.rank || rank > QC_MAX_RANK)
		return false;
	pad = rank - o.rank;
	v->rank = rank;
	for (i = 0; i < rank; i++) {
		v->dim[i] = dim[i];
		v->stride[i] = 0;
		if (i < pad)
			continue;
		if (o.dim[i - pad] == dim[i])
			v->stride[i] = dim[i] == 1 ? 0 : o.stride[i - pad];
		else if (o.dim[i - pad] != 1)
			return false;
	}
	return true;
}

void qc_view_unsqueeze(struct qc_view *v, uint32_t axis)
{
	uint32_t i;

	for (i = v->rank; i > axis; i--) {
		v->dim[i] = v->dim[i - 1];
		v->stride[i] = v->stride[i - 1];
	}
	v->dim[axis] = 1;
	v->stride[axis] = 0;
	v->rank++;
}
