// SPDX-License-Identifier: MIT
/* Constant matrices in panels: see qpc/panel.h for how they are stored. */
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
	if (dtype == QAIC_F16_PANELS)
		return (qpc_panel_n(n) - n) * 8 <= n;
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
	uint64_t n = t->dim[t->rank - 2], k = t->dim[t->rank - 1];
	uint64_t width = qpc_panel_width(dtype, k), size;
	struct qc_tensor key;
	struct qc_const *c;
	size_t count;
	int64_t s;
	uint32_t i;
	int rc;

	if (!make_key(t, &key, &count))
		return qaic_fail(err, -EOPNOTSUPP, "a constant is too large");
	/* qc_panels_pay(): below 2^62, and the products of all below 2^45 */
	size = qaic_dtype_bytes(dtype, qpc_panel_n(n) * width);
	if (size > (1ull << 45) / count)
		return qaic_fail(err, -EOPNOTSUPP, "a constant is too large");
	rc = qc_const_lookup(p, &key, dtype, size * count, NULL, &c, err);
	if (rc)
		return rc;
	if (!c->name)
		c->name = name;
	if (qaic_dtype_is_mx(dtype))
		c->elems = count * n * k;
	memset(out, 0, sizeof(*out));
	out->buf = &c->buf;
	out->dtype = dtype;
	out->rank = t->rank;
	memcpy(out->dim, t->dim, sizeof(out->dim));
	out->stride[t->rank - 1] = 1;
	out->stride[t->rank - 2] = width;
	s = qpc_panel_n(n) * width;
	for (i = t->rank - 2; i-- > 0;) {
		if (!stored(t, i))
			continue;
		out->stride[i] = s;
		s *= t->dim[i];
	}
	return 0;
}

/* What one panel is made with. */
struct panel {
	float *x;		/* rows, or room to convert */
	uint8_t *out;
};

/* Rows [row, row + n) of the matrices, as one panel [K][16] of F16. */
static uint64_t f16_panel(const struct qc_consts *p, const struct qc_const *c,
			  uint64_t row, size_t n, size_t k, struct panel *to)
{
	struct qc_tensor t = c->t;
	uint32_t r = t.rank;
	uint16_t *h = (uint16_t *)to->out;
	uint64_t clipped;
	size_t i;

	/* [.., N, K] the other way round: the panel is in order of this one */
	t = (struct qc_tensor){ .dtype = c->t.dtype, .store = c->t.store,
				.rank = 2, .data = c->t.data };
	t.dim[0] = k;
	t.dim[1] = n;
	t.stride[0] = c->t.stride[r - 1];
	t.stride[1] = c->t.stride[r - 2];
	for (i = r - 1; i-- > 0; row /= c->t.dim[i])
		t.data += row % c->t.dim[i] * c->t.stride[i] *
			  (int64_t)qaic_dtype_size(t.store);
	clipped = qc_const_read(p, &t, QAIC_F16, 0, n * k, h, to->x);
	if (n == QPC_PANEL_ROWS)
		return clipped;
	for (i = k; i-- > 0;) {
		memmove(h + i * QPC_PANEL_ROWS, h + i * n, n * sizeof(*h));
		memset(h + i * QPC_PANEL_ROWS + n, 0,
		       (QPC_PANEL_ROWS - n) * sizeof(*h));
	}
	return clipped;
}

static uint64_t mx_panel(const struct qc_consts *p, const struct qc_const *c,
			 uint64_t row, size_t n, size_t k, struct panel *to)
{
	uint64_t clipped = 0;

	qc_tensor_read(&c->t, row * k, n * k, QAIC_F32, to->x);
	/* what is stored F16 has nothing to clip */
	if (p->clip && c->t.store != QAIC_F16)
		clipped = qc_clip_f32(to->x, n * k);
	qpc_panel_pack(c->dtype, to->x, k, n, k, to->out);
	return clipped;
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
					qpc_panel_width(c->dtype, k));
	struct panel panel = {
		.x = malloc(QPC_PANEL_ROWS * k * sizeof(float)),
		.out = malloc(pitch),
	};
	int rc = 0;

	if (!panel.x || !panel.out)
		rc = qaic_fail(err, -ENOMEM, "out of memory");
	for (row = 0; row < rows && !rc; row += at) {
		at = n - row % n;
		at = at < QPC_PANEL_ROWS ? at : QPC_PANEL_ROWS;
		c->clipped += (c->dtype == QAIC_F16_PANELS ? f16_panel :
			       mx_panel)(p, c, row, at, k, &panel);
		rc = qpc_writer_const(w, off, panel.out, pitch, err);
		off += pitch;
		qaic_progress_update(progress, "compile", off, p->size);
	}
	free(panel.x);
	free(panel.out);
	return rc;
}
