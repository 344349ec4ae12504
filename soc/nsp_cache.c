// SPDX-License-Identifier: MIT
/*
 * ROPE, KVPUT and KVGET: what goes into and comes out of the cache.
 */
#include <string.h>

#include "qpc/panel.h"
#include "soc/nsp_priv.h"

/* ---- rotary embedding ---- */

/* One pair of each head: elements j and j2 are "step" and "far" apart. */
struct rope {
	const struct nsp_run *r;
	size_t pairs, step, far;
};

static const float *elems(const struct rope *a, float *buf, int o, int dim,
			  const uint8_t *p, size_t first, size_t n)
{
	int64_t s = nsp_stride(a->r, o, dim);

	return nsp_load_f(a->r->k, buf, p + (int64_t)first * s,
			  a->r->cmd->dtype[o], s * (int64_t)a->step, n);
}

static void put(const struct rope *a, uint8_t *p, size_t first, const float *x,
		size_t n)
{
	int64_t s = nsp_stride(a->r, 0, 3);

	nsp_store_f(a->r->k, p + (int64_t)first * s, a->r->cmd->dtype[0],
		    s * (int64_t)a->step, x, n);
}

static void rotate(const struct rope *a, uint8_t *y, const uint8_t *x,
		   const uint8_t *c, const uint8_t *s)
{
	kern_binary *mul = a->r->k->binary[NSP_B_MUL];
	float t1[NSP_CHUNK], t2[NSP_CHUNK], t3[NSP_CHUNK], t4[NSP_CHUNK];
	float b1[NSP_CHUNK], b2[NSP_CHUNK], tab[NSP_CHUNK];
	const float *x1, *x2;
	size_t j, i1, i2, n;

	for (j = 0; j < a->pairs; j += n) {
		n = a->pairs - j < NSP_CHUNK ? a->pairs - j : NSP_CHUNK;
		i1 = j * a->step;
		i2 = i1 + a->far;
		x1 = elems(a, b1, 1, 3, x, i1, n);
		x2 = elems(a, b2, 1, 3, x, i2, n);
		mul(t1, x1, elems(a, tab, 2, 5, c, i1, n), n);
		mul(t2, x2, elems(a, tab, 3, 5, s, i1, n), n);
		mul(t3, x2, elems(a, tab, 2, 5, c, i2, n), n);
		mul(t4, x1, elems(a, tab, 3, 5, s, i2, n), n);
		a->r->k->binary[NSP_B_SUB](t1, t1, t2, n);
		a->r->k->binary[NSP_B_ADD](t3, t3, t4, n);
		put(a, y, i1, t1, n);
		put(a, y, i2, t3, n);
	}
}

/* what is not rotated */
static void copy_rest(const struct rope *a, uint8_t *y, const uint8_t *x)
{
	size_t d = a->r->cmd->dims[3], rot = a->r->cmd->dims[5];
	int64_t sy = nsp_stride(a->r, 0, 3), sx = nsp_stride(a->r, 1, 3);
	const uint8_t *t = a->r->cmd->dtype;
	float buf[NSP_CHUNK];
	size_t i, n;

	for (i = rot; i < d; i += n) {
		n = d - i < NSP_CHUNK ? d - i : NSP_CHUNK;
		nsp_store_f(a->r->k, y + (int64_t)i * sy, t[0], sy,
			    nsp_load_f(a->r->k, buf, x + (int64_t)i * sx, t[1],
				       sx, n), n);
	}
}

void nsp_rope(struct nsp_run *r)
{
	const struct nsp_cmd *cmd = r->cmd;
	const uint32_t *d = cmd->dims;
	struct rope a = { .r = r, .pairs = d[5] / 2 };
	uint32_t b, s, h;
	int64_t pos;

	a.step = cmd->sub ? 2 : 1;
	a.far = cmd->sub ? 1 : d[5] / 2;
	for (b = 0; b < d[0]; b++) {
		for (s = 0; s < d[1]; s++) {
			uint8_t *y = r->p[0] + b * nsp_stride(r, 0, 0) +
				     s * nsp_stride(r, 0, 1);
			uint8_t *x = r->p[1] + b * nsp_stride(r, 1, 0) +
				     s * nsp_stride(r, 1, 1);

			pos = nsp_index(r->p[4] + b * nsp_stride(r, 4, 0) +
					s * nsp_stride(r, 4, 1),
					cmd->dtype[4]);
			if (pos < 0 || pos >= (int64_t)d[4])
				pos = 0;
			for (h = 0; h < d[2]; h++) {
				rotate(&a, y, x,
				       r->p[2] + pos * nsp_stride(r, 2, 4),
				       r->p[3] + pos * nsp_stride(r, 3, 4));
				copy_rest(&a, y, x);
				y += nsp_stride(r, 0, 2);
				x += nsp_stride(r, 1, 2);
			}
		}
	}
}

/* ---- cache lines ---- */

/* the cache line of batch @b: itself, or what o3 says; false if out of range */
static bool line_of(const struct nsp_run *r, uint32_t b, int64_t *l)
{
	*l = b;
	if (r->p[3])
		*l = nsp_index(r->p[3] + b * nsp_stride(r, 3, 0),
			       r->cmd->dtype[3]);
	return *l >= 0 && *l < (int64_t)r->cmd->dims[5];
}

/* ---- lines in blocks ---- */

static void put_line(const struct nsp_run *r, uint8_t *y, const uint8_t *x)
{
	size_t d = r->cmd->dims[3], i, n;
	uint8_t *scale = y + qpc_panel_k(d);
	int64_t sx = nsp_stride(r, 1, 3);
	float buf[QAIC_MX_BLOCK];

	for (i = 0; i < d; i += n) {
		n = d - i < QAIC_MX_BLOCK ? d - i : QAIC_MX_BLOCK;
		*scale++ = qaic_mx_encode(QAIC_MXINT8,
			nsp_load_f(r->k, buf, x + (int64_t)i * sx,
				   r->cmd->dtype[1], sx, n), n, y + i);
	}
}

static void get_line(const struct nsp_run *r, uint8_t *y, const uint8_t *x)
{
	size_t d = r->cmd->dims[3];
	float buf[QPC_MAX_MX_LINE];

	r->k->mxint8.unpack(buf, 0, x, 0, 1, d);
	nsp_store_f(r->k, y, r->cmd->dtype[0], nsp_stride(r, 0, 3), buf, d);
}

/* All heads of one position. */
static void put_heads(const struct nsp_run *r, uint8_t *y, const uint8_t *x)
{
	uint32_t h;

	for (h = 0; h < r->cmd->dims[1]; h++)
		put_line(r, y + h * nsp_stride(r, 0, 1),
			 x + h * nsp_stride(r, 1, 1));
}

void nsp_kvput(struct nsp_run *r)
{
	bool blocks = qaic_dtype_is_mx(r->cmd->dtype[0]);
	static const int dims[] = { 1, 3 };
	const uint32_t *d = r->cmd->dims;
	struct nsp_copy c;
	uint32_t b, s;
	int64_t l, pos;
	uint8_t *to, *from;

	if (!blocks)
		nsp_copy_init(&c, r, 0, 1, dims, 2);
	for (b = 0; b < d[0]; b++) {
		if (!line_of(r, b, &l))
			continue;
		for (s = 0; s < d[2]; s++) {
			pos = nsp_index(r->p[2] + b * nsp_stride(r, 2, 0) +
					s * nsp_stride(r, 2, 2),
					r->cmd->dtype[2]);
			if (pos < 0 || pos >= (int64_t)d[4])
				continue;
			to = r->p[0] + l * nsp_stride(r, 0, 5) +
			     pos * nsp_stride(r, 0, 4);
			from = r->p[1] + b * nsp_stride(r, 1, 0) +
			       s * nsp_stride(r, 1, 2);
			if (blocks)
				put_heads(r, to, from);
			else
				nsp_copy_run(&c, to, from);
		}
	}
}

static void kvget_one(const struct nsp_run *r, const struct nsp_copy *c,
		      uint32_t b, uint32_t h, uint32_t n)
{
	uint8_t *y = r->p[0] + b * nsp_stride(r, 0, 0) +
		     h * nsp_stride(r, 0, 1) + n * nsp_stride(r, 0, 2);
	const uint8_t *x;
	int64_t l, i;

	i = nsp_index(r->p[2] + b * nsp_stride(r, 2, 0) +
		      h * nsp_stride(r, 2, 1) + n * nsp_stride(r, 2, 2),
		      r->cmd->dtype[2]);
	x = r->p[1];
	if (!line_of(r, b, &l) || i < 0 || i >= (int64_t)r->cmd->dims[4])
		x = NULL;
	else
		x += l * nsp_stride(r, 1, 5) + h * nsp_stride(r, 1, 1) +
		     i * nsp_stride(r, 1, 4);
	if (!x)
		nsp_copy_zero(c, y);
	else if (qaic_dtype_is_mx(r->cmd->dtype[1]))
		get_line(r, y, x);
	else
		nsp_copy_run(c, y, x);
}

void nsp_kvget(struct nsp_run *r)
{
	static const int dims[] = { 3 };
	const uint32_t *d = r->cmd->dims;
	struct nsp_copy c;
	uint32_t b, h, n;

	nsp_copy_init(&c, r, 0, 1, dims, 1);
	for (b = 0; b < d[0]; b++)
		for (h = 0; h < d[1]; h++)
			for (n = 0; n < d[2]; n++)
				kvget_one(r, &c, b, h, n);
}
