// SPDX-License-Identifier: MIT
#include <errno.h>
#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/f16.h"
#include "base/str.h"
#include "compiler/consts_priv.h"

#define CONST_ALIGN	64
#define SMALL_BYTES	65536		/* compared by content up to here */
#define BLOCK_ELEMS	(256u << 10)

int qc_consts_new(bool clip, struct qc_consts **out, struct qaic_err *err)
{
	struct qc_consts *p = calloc(1, sizeof(*p));

	if (!p)
		return qaic_fail(err, -ENOMEM, "out of memory");
	p->clip = clip;
	p->last = &p->first;
	*out = p;
	return 0;
}

void qc_consts_free(struct qc_consts *p)
{
	struct qc_const *c, *next;

	if (!p)
		return;
	for (c = p->first; c; c = next) {
		next = c->order;
		free(c->content);
		free(c);
	}
	free(p);
}

uint64_t qc_consts_size(const struct qc_consts *pool)
{
	return pool->size;
}

/* Axes in the order of storage; broadcast and unit axes are not stored. */
static uint32_t stored_order(const struct qc_tensor *t, bool rows,
			     uint32_t *axis)
{
	uint32_t n = 0, i, k;

	for (i = 0; i < t->rank; i++) {
		if (t->dim[i] == 1 || t->stride[i] == 0)
			continue;
		k = n++;
		while (!rows && k > 0 && llabs(t->stride[axis[k - 1]]) <
					 llabs(t->stride[i])) {
			axis[k] = axis[k - 1];
			k--;
		}
		axis[k] = i;
	}
	return n;
}

/* The view in stored order, adjoining runs merged: equal keys, equal bytes. */
static void canonical(const struct qc_tensor *t, const uint32_t *axis,
		      uint32_t n, struct qc_tensor *key)
{
	uint32_t i, r = 0;

	memset(key, 0, sizeof(*key));
	key->dtype = t->dtype;
	key->store = t->store;
	key->data = t->data;
	for (i = 0; i < n; i++) {
		int64_t d = t->dim[axis[i]], s = t->stride[axis[i]];

		if (r && key->stride[r - 1] == d * s) {
			key->dim[r - 1] *= d;
			key->stride[r - 1] = s;
		} else {
			key->dim[r] = d;
			key->stride[r++] = s;
		}
	}
	key->rank = r;
}

static uint32_t hash_bytes(const void *data, size_t len, uint32_t h)
{
	const uint8_t *p = data;

	while (len--)
		h = (h ^ *p++) * 16777619u;
	return h;
}

static bool same_key(const struct qc_const *c, const struct qc_tensor *t,
		     enum qaic_dtype dtype)
{
	return c->dtype == dtype && c->t.data == t->data &&
	       c->t.store == t->store && c->t.rank == t->rank &&
	       !memcmp(c->t.dim, t->dim, sizeof(t->dim)) &&
	       !memcmp(c->t.stride, t->stride, sizeof(t->stride));
}

#define CLIP_RUN 64			/* elements looked at together */

/* Whether one is beyond F16's range, infinite or NaN; without a branch in it. */
static bool any_beyond(const float *x)
{
	int32_t beyond = 0;
	int i;

	/* magnitudes are ordered as their bits are; 65504 is the largest */
	for (i = 0; i < CLIP_RUN; i++)
		beyond |= 0x477fe000 -
			  (int32_t)(qaic_f32_to_bits(x[i]) & 0x7fffffff);
	return beyond < 0;
}

static uint64_t clip_each(float *x, int64_t n)
{
	uint64_t count = 0;

	for (; n--; x++) {
		if (!(fabsf(*x) > 65504.0f) || isinf(*x))
			continue;
		/* a mask's least number of all stands for minus infinity */
		count += *x != -FLT_MAX;
		*x = *x < 0 ? -65504.0f : 65504.0f;
	}
	return count;
}

uint64_t qc_clip_f32(float *x, int64_t n)
{
	uint64_t count = 0;

	for (; n >= CLIP_RUN; n -= CLIP_RUN, x += CLIP_RUN)
		if (any_beyond(x))
			count += clip_each(x, CLIP_RUN);
	return count + clip_each(x, n);
}

uint64_t qc_const_read(const struct qc_consts *p, const struct qc_tensor *t,
		       enum qaic_dtype dtype, int64_t first, int64_t n,
		       void *dst, float *tmp)
{
	uint64_t clipped;

	if (dtype == QAIC_F32 && p->clip) {
		qc_tensor_read(t, first, n, dtype, dst);
		return qc_clip_f32(dst, n);
	}
	if (dtype != QAIC_F16 || t->store == QAIC_F16) {
		qc_tensor_read(t, first, n, dtype, dst);
		return 0;
	}
	qc_tensor_read(t, first, n, QAIC_F32, tmp);
	clipped = qc_clip_f32(tmp, n);
	qc_f32_to_f16(tmp, dst, n);
	return clipped;
}

static int read_small(const struct qc_consts *p, const struct qc_tensor *t,
		      enum qaic_dtype dtype, int64_t n, uint8_t **out,
		      uint64_t *clipped)
{
	size_t es = qaic_dtype_size(dtype);
	float *tmp;

	*out = malloc(n * es + 1);
	tmp = malloc(n * sizeof(*tmp) + 1);
	if (!*out || !tmp) {
		free(*out);
		free(tmp);
		return -ENOMEM;
	}
	*clipped = qc_const_read(p, t, dtype, 0, n, *out, tmp);
	free(tmp);
	return 0;
}

static struct qc_const *find(struct qc_consts *p, uint32_t h,
			     const struct qc_tensor *key,
			     enum qaic_dtype dtype, uint64_t size,
			     const uint8_t *content)
{
	struct qc_const *c;

	for (c = p->hash[h % QC_CONST_HASH]; c; c = c->next) {
		if (!content && !c->content && same_key(c, key, dtype))
			return c;
		if (content && c->content && c->buf.size == size &&
		    !memcmp(c->content, content, size))
			return c;
	}
	return NULL;
}

int qc_const_lookup(struct qc_consts *p, const struct qc_tensor *key,
		    enum qaic_dtype dtype, uint64_t size, uint8_t *content,
		    struct qc_const **out, struct qaic_err *err)
{
	struct qc_const *c;
	uint32_t h;

	h = content ? hash_bytes(content, size, 2166136261u)
		    : hash_bytes(&key->data, sizeof(key->data), 2166136261u);
	c = find(p, h, key, dtype, size, content);
	if (c) {
		free(content);
		*out = c;
		return 0;
	}
	c = calloc(1, sizeof(*c));
	if (!c) {
		free(content);
		return qaic_fail(err, -ENOMEM, "out of memory");
	}
	if (key)
		c->t = *key;
	c->dtype = dtype;
	c->content = content;
	c->buf.kind = QC_BUF_CONST;
	c->buf.space = NSP_SPACE_CONST;
	c->buf.size = size;
	c->buf.off = p->size;
	p->size = qaic_align(p->size + size, CONST_ALIGN);
	c->next = p->hash[h % QC_CONST_HASH];
	p->hash[h % QC_CONST_HASH] = c;
	*p->last = c;
	p->last = &c->order;
	*out = c;
	return 0;
}

int qc_consts_get(struct qc_consts *p, const char *name,
		  const struct qc_tensor *t, enum qaic_dtype dtype, bool rows,
		  struct qc_view *out, struct qaic_err *err)
{
	uint32_t axis[QC_MAX_RANK], n = stored_order(t, rows, axis), i;
	size_t size = qaic_dtype_size(dtype);
	uint8_t *content = NULL;
	struct qc_tensor key;
	uint64_t clipped = 0;
	struct qc_const *c;
	int64_t s = 1;
	int rc;

	for (i = 0; i < n; i++)
		if (!qaic_mul_size(size, t->dim[axis[i]], &size) ||
		    size > 1ull << 45)
			return qaic_fail(err, -EOPNOTSUPP,
					 "a constant is too large");
	canonical(t, axis, n, &key);
	if (size <= SMALL_BYTES) {
		rc = read_small(p, &key, dtype, qc_tensor_numel(&key), &content,
				&clipped);
		if (rc)
			return qaic_fail(err, rc, "out of memory");
	}
	rc = qc_const_lookup(p, &key, dtype, size, content, &c, err);
	if (rc)
		return rc;
	if (!c->name) {
		c->name = name;
		c->clipped = clipped;
	}
	memset(out, 0, sizeof(*out));
	out->buf = &c->buf;
	out->dtype = dtype;
	out->rank = t->rank;
	memcpy(out->dim, t->dim, sizeof(out->dim));
	for (i = n; i-- > 0;) {
		out->stride[axis[i]] = s;
		s *= t->dim[axis[i]];
	}
	return 0;
}

int qc_consts_copy(struct qc_consts *p, enum qaic_dtype dtype, uint32_t rank,
		   const int64_t *dim, const void *data, struct qc_view *out,
		   struct qaic_err *err)
{
	struct qc_const *c;
	uint8_t *content;
	size_t size;
	int rc;

	memset(out, 0, sizeof(*out));
	out->dtype = dtype;
	qc_view_set_dense(out, rank, dim);
	size = qc_view_numel(out) * qaic_dtype_size(dtype);
	content = malloc(size + 1);
	if (!content)
		return qaic_fail(err, -ENOMEM, "out of memory");
	memcpy(content, data, size);
	rc = qc_const_lookup(p, NULL, dtype, size, content, &c, err);
	if (!rc)
		out->buf = &c->buf;
	return rc;
}

static int write_one(const struct qc_consts *p, struct qc_const *c,
		     struct qpc_writer *w,
		     const struct qaic_progress *progress, uint8_t *buf,
		     float *tmp, struct qaic_err *err)
{
	size_t es = qaic_dtype_size(c->dtype);
	int64_t n, at, len;
	int rc;

	if (qaic_dtype_is_panels(c->dtype))
		return qc_const_write_panels(p, c, w, progress, err);
	n = c->buf.size / es;

	if (c->content)
		return qpc_writer_const(w, c->buf.off, c->content,
					c->buf.size, err);
	for (at = 0; at < n; at += len) {
		len = n - at < BLOCK_ELEMS ? n - at : BLOCK_ELEMS;
		c->clipped += qc_const_read(p, &c->t, c->dtype, at, len, buf,
					    tmp);
		rc = qpc_writer_const(w, c->buf.off + at * es, buf, len * es,
				      err);
		if (rc)
			return rc;
		qaic_progress_update(progress, "compile",
				     c->buf.off + (at + len) * es, p->size);
	}
	return 0;
}

int qc_consts_write(struct qc_consts *p, struct qpc_writer *w,
		    const struct qaic_progress *progress, struct qaic_err *err)
{
	uint8_t *buf = malloc((size_t)BLOCK_ELEMS * 8);
	float *tmp = malloc((size_t)BLOCK_ELEMS * sizeof(*tmp));
	struct qc_const *c;
	int rc = 0;

	if (!buf || !tmp)
		rc = qaic_fail(err, -ENOMEM, "out of memory");
	for (c = p->first; c && !rc; c = c->order)
		rc = write_one(p, c, w, progress, buf, tmp, err);
	free(buf);
	free(tmp);
	return rc;
}

void qc_consts_in_blocks(const struct qc_consts *p, uint32_t *num,
			 uint64_t *elems, uint64_t *bytes)
{
	const struct qc_const *c;

	*num = 0;
	*elems = *bytes = 0;
	for (c = p->first; c; c = c->order) {
		if (!c->elems)
			continue;
		(*num)++;
		*elems += c->elems;
		*bytes += c->buf.size;
	}
}

bool qc_consts_clipped(const struct qc_consts *p, struct qc_clipped *out)
{
	const struct qc_const *c = out->at;

	for (c = c ? c->order : p->first; c; c = c->order) {
		if (!c->clipped)
			continue;
		*out = (struct qc_clipped){ c, c->name ? c->name : "",
					    c->t.data, c->clipped };
		return true;
	}
	return false;
}
