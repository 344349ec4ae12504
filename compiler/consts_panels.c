// SPDX-License-Identifier: MIT
/* Constant matrices in block formats: see qpc/panel.h for how they are stored. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "compiler/consts_priv.h"

/* Matrices that are stored: a batch axis that repeats one is not. */
static bool stored(const struct qc_tensor *t, uint32_t axis)
{
	return t->dim[axis] > 1 && t->stride[axis] != 0;
}

bool qc_panels_pay(const struct qc_tensor *t, enum qaic_dtype dtype)
{
	uint64_t n, k;

	if (t->rank < 2)
		return false;
	n = t->dim[t->rank - 2];
	k = t->dim[t->rank - 1];
	if (!n || !k || n > INT32_MAX || k > INT32_MAX)
		return false;
	return (uint64_t)qaic_dtype_bytes(dtype, qpc_panel_n(n) *
					  qpc_panel_k(k)) < n * k * 2;
}

/* [count of matrices.., N, K], to know it again by */
static bool make_key(const struct qc_tensor *t, struct qc_tensor *key,
		     size_t *count)
{
	uint32_t i, r = 0;

	memset(key, 0, sizeof(*key));
	key->dtype = t->dtype;
	key->store = t->store;
	key->data = t->data;
	*count = 1;
	for (i = 0; i < t->rank; i++) {
		if (i + 2 < t->rank) {
			if (!stored(t, i))
				continue;
			if (!qaic_mul_size(*count, t->dim[i], count) ||
			    *count > 1u << 24)
				return false;
		}
		key->dim[r] = t->dim[i];
		key->stride[r++] = t->stride[i];
	}
	key->rank = r;
	return true;
}

int qc_consts_panels(struct qc_consts *p, const char *name,
		     const struct qc_tensor *t, enum qaic_dtype dtype,
		     struct qc_view *out, struct qaic_err *err)
{
	uint64_t n = t->dim[t->rank - 2], k = t->dim[t->rank - 1], size;
	struct qc_tensor key;
	struct qc_const *c;
	size_t count;
	int64_t s;
	uint32_t i;
	int rc;

	if (!make_key(t, &key, &count))
		return qaic_fail(err, -EOPNOTSUPP, "a constant is too large");
	/* qc_panels_pay(): below 2^62, and the products of all below 2^45 */
	size = qaic_dtype_bytes(dtype, qpc_panel_n(n) * qpc_panel_k(k));
	if (size > (1ull << 45) / count)
		return qaic_fail(err, -EOPNOTSUPP, "a constant is too large");
	rc = qc_const_lookup(p, &key, dtype, size * count, NULL, &c, err);
	if (rc)
		return rc;
	if (!c->name)
		c->name = name;
	c->elems = count * n * k;
	memset(out, 0, sizeof(*out));
	out->buf = &c->buf;
	out->dtype = dtype;
	out->rank = t->rank;
	memcpy(out->dim, t->dim, sizeof(out->dim));
	out->stride[t->rank - 1] = 1;
	out->stride[t->rank - 2] = qpc_panel_k(k);
	s = qpc_panel_n(n) * qpc_panel_k(k);
	for (i = t->rank - 2; i-- > 0;) {
		if (!stored(t, i))
			continue;
		out->stride[i] = s;
		s *= t->dim[i];
	}
	return 0;
}

/* 16 rows at a time: the whole matrix is never in memory a second time. */
int qc_const_write_panels(const struct qc_consts *p, struct qc_const *c,
			  struct qpc_writer *w,
			  const struct qaic_progress *progress,
			  struct qaic_err *err)
{
	uint64_t n = c->t.dim[c->t.rank - 2], k = c->t.dim[c->t.rank - 1];
	uint64_t rows = qc_tensor_numel(&c->t) / k, at, row, off = c->buf.off;
	size_t pitch = qaic_dtype_bytes(c->dtype, QPC_PANEL_ROWS *
					qpc_panel_k(k));
	float *x = malloc(QPC_PANEL_ROWS * k * sizeof(*x));
	uint8_t *panel = malloc(pitch);
	int rc = 0;

	if (!x || !panel)
		rc = qaic_fail(err, -ENOMEM, "out of memory");
	for (row = 0; row < rows && !rc; row += at) {
		at = n - row % n;
		at = at < QPC_PANEL_ROWS ? at : QPC_PANEL_ROWS;
		qc_tensor_read(&c->t, row * k, at * k, QAIC_F32, x);
		/* what is stored F16 has nothing to clip */
		if (p->clip && c->t.store != QAIC_F16)
			c->clipped += qc_clip_f32(x, at * k);
		qpc_panel_pack(c->dtype, x, k, at, k, panel);
		rc = qpc_writer_const(w, off, panel, pitch, err);
		off += pitch;
		qaic_progress_update(progress, "compile", off, p->size);
	}
	free(x);
	free(panel);
	return rc;
}
