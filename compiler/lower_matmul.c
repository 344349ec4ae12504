// SPDX-License-Identifier: MIT
/* Products. Weights are stored [N][K], whatever the model has. */
#include <errno.h>
#include <string.h>

#include "compiler/consts.h"
#include "compiler/lower.h"

/* A product as the command wants it: views [batch.., M|N, K] of equal rank. */
struct product {
	struct qc_view a, b, o, bias;	/* b: [.., N, K]; bias.buf may be NULL */
	uint32_t align;
};

/* Drop batch axis i of all. */
static void drop_batch(struct product *p, uint32_t i)
{
	struct qc_view *w[3] = { &p->a, &p->b, &p->o };
	uint32_t k, a;

	for (k = 0; k < 3; k++) {
		for (a = i; a + 1 < w[k]->rank; a++) {
			w[k]->dim[a] = w[k]->dim[a + 1];
			w[k]->stride[a] = w[k]->stride[a + 1];
		}
		w[k]->rank--;
	}
}

/*
 * Fold batch axes: unit ones go; the last one becomes rows of M if b does not
 * move along it and a and o are one run; neighbours merge where all allow it.
 */
static void fold_batch(struct product *p)
{
	uint32_t i, nb = p->o.rank - 2;

	for (i = 0; i < nb;) {
		if (p->o.dim[i] == 1) {
			drop_batch(p, i);
			nb--;
		} else {
			i++;
		}
	}
	while (nb) {
		i = nb - 1;
		if (p->b.stride[i] ||
		    (p->o.dim[nb] > 1 &&
		     (p->a.stride[i] != p->a.stride[nb] * p->a.dim[nb] ||
		      p->o.stride[i] != p->o.stride[nb] * p->o.dim[nb])))
			break;
		if (p->o.dim[nb] == 1) {
			p->a.stride[nb] = p->a.stride[i];
			p->o.stride[nb] = p->o.stride[i];
		}
		p->a.dim[nb] *= p->o.dim[i];
		p->o.dim[nb] *= p->o.dim[i];
		drop_batch(p, i);
		nb--;
	}
	for (i = 0; i + 1 < nb;) {
		struct qc_view *w[3] = { &p->a, &p->b, &p->o };
		uint32_t k;
		bool one = true;

		for (k = 0; k < 3; k++)
			if (w[k]->stride[i] !=
			    p->o.dim[i + 1] * w[k]->stride[i + 1])
				one = false;
		if (!one) {
			i++;
			continue;
		}
		for (k = 0; k < 3; k++)
			w[k]->dim[i + 1] = p->o.dim[i] * p->o.dim[i + 1];
		drop_batch(p, i);
		nb--;
	}
}

static int emit_product(struct qc_lower *l, struct product *p, uint32_t nb,
			struct qaic_err *err)
{
	uint32_t first = 2 - nb;	/* dim of the first batch axis */
	int ax_a[6] = { -1, -1, -1, -1, -1, -1 };
	int ax_b[6], ax_o[6], ax_c[6] = { -1, -1, -1, 0, -1, -1 };
	struct qc_vcmd v;
	uint32_t i;
	int rc = 0;

	qc_vcmd_init(l, &v, NSP_MATMUL, 0);
	for (i = 0; i < nb; i++)
		ax_a[first + i] = i;
	memcpy(ax_b, ax_a, sizeof(ax_a));
	memcpy(ax_o, ax_a, sizeof(ax_a));
	ax_a[2] = nb;
	ax_a[4] = nb + 1;
	ax_b[3] = nb;
	ax_b[4] = nb + 1;
	ax_o[2] = nb;
	ax_o[3] = nb + 1;
	for (i = 0; i < nb && !rc; i++)
		rc = qc_vcmd_dim(&v, first + i, p->o.dim[i], err);
	if (!rc)
		rc = qc_vcmd_dim(&v, 2, p->o.dim[nb], err);
	if (!rc)
		rc = qc_vcmd_dim(&v, 3, p->o.dim[nb + 1], err);
	if (!rc)
		rc = qc_vcmd_dim(&v, 4, p->a.dim[nb + 1], err);
	if (!rc)
		rc = qc_vcmd_opnd(&v, 0, &p->o, ax_o, err);
	if (!rc)
		rc = qc_vcmd_opnd(&v, 1, &p->a, ax_a, err);
	if (!rc)
		rc = qc_vcmd_opnd(&v, 2, &p->b, ax_b, err);
	if (!rc && p->bias.buf)
		rc = qc_vcmd_opnd(&v, 3, &p->bias, ax_c, err);
	v.align[3] = p->align;
	/* the kernels' fast form asks for the stride even if K is 1 */
	if (p->a.dim[nb + 1] == 1)
		v.c.o[1].stride[4] = v.c.o[2].stride[4] = 1;
	qc_vcmd_weights(l, &v, &p->b);
	return rc ? rc : qc_emit(l, &v, err);
}

static int emit_batches(struct qc_lower *l, struct product *p,
			struct qaic_err *err)
{
	uint32_t nb = p->o.rank - 2;
	struct product q;
	int64_t i;
	int rc;

	if (nb <= 2)
		return emit_product(l, p, nb, err);
	if (p->o.dim[0] > 4096)
		return qaic_fail(err, -EOPNOTSUPP, "too many batch dimensions");
	for (i = 0; i < p->o.dim[0]; i++) {
		q = *p;
		qc_view_slice(&q.a, 0, i, 1, 1);
		qc_view_slice(&q.b, 0, i, 1, 1);
		qc_view_slice(&q.o, 0, i, 1, 1);
		drop_batch(&q, 0);
		rc = emit_batches(l, &q, err);
		if (rc)
			return rc;
	}
	return 0;
}

int qc_emit_product(struct qc_lower *l, const struct qc_view *o,
		    const struct qc_view *a, const struct qc_view *b,
		    struct qaic_err *err)
{
	struct product p = { .a = *a, .b = *b, .o = *o };

	if (!qc_view_numel(o))
		return 0;
	fold_batch(&p);
	return emit_batches(l, &p, err);
}

static void swap_last(struct qc_view *v)
{
	uint32_t perm[QC_MAX_RANK], i;

	for (i = 0; i < v->rank; i++)
		perm[i] = i;
	perm[v->rank - 2] = v->rank - 1;
	perm[v->rank - 1] = v->rank - 2;
	qc_view_permute(v, perm);
}

/*
 * The second factor as [.., N, K]. A constant that lies [K][N] is turned around
 * when it is written; one that lies [N][K] stays as it is, shared with a Gather
 * from the same table.
 */
static int weights(struct qc_lower *l, struct qc_value *b, bool is_nk,
		   struct qc_view *out, struct qaic_err *err)
{
	struct qc_tensor t;
	uint32_t r = b->rank;
	int rc;

	if (b->cst && qaic_dtype_is_float(b->dtype) && r >= 2) {
		t = *b->cst;
		if (!is_nk) {
			t.dim[r - 2] = b->cst->dim[r - 1];
			t.dim[r - 1] = b->cst->dim[r - 2];
			t.stride[r - 2] = b->cst->stride[r - 1];
			t.stride[r - 1] = b->cst->stride[r - 2];
		}
		return qc_lower_weights(l, b, &t, true, out, err);
	}
	rc = qc_lower_in(l, b, out, err);
	if (!rc && b->rank == 1)
		qc_view_unsqueeze(out, 0);	/* [K] is [N = 1][K] */
	else if (!rc && !is_nk)
		swap_last(out);
	return rc;
}

/* Shape of the batch part of the output, then M, N; 1-D factors get an axis. */
static int product_out(struct qc_lower *l, struct product *p,
		       struct qc_value *out, struct qaic_err *err)
{
	int64_t dim[QC_MAX_RANK];
	uint32_t r = p->a.rank > p->b.rank ? p->a.rank : p->b.rank, i;
	int64_t ad[QC_MAX_RANK], bd[QC_MAX_RANK];
	int rc;

	for (i = 0; i + 2 < r; i++) {
		int64_t x = i + p->a.rank >= r ? p->a.dim[i + p->a.rank - r] : 1;
		int64_t y = i + p->b.rank >= r ? p->b.dim[i + p->b.rank - r] : 1;

		dim[i] = x == 1 ? y : x;
		ad[i] = bd[i] = dim[i];
	}
	dim[r - 2] = ad[r - 2] = p->a.dim[p->a.rank - 2];
	ad[r - 1] = p->a.dim[p->a.rank - 1];
	dim[r - 1] = bd[r - 2] = p->b.dim[p->b.rank - 2];
	bd[r - 1] = p->b.dim[p->b.rank - 1];
	rc = qc_lower_out_shaped(l, out, r, dim, &p->o, err);
	if (rc)
		return rc;
	if (!qc_view_broadcast(&p->a, r, ad) || !qc_view_broadcast(&p->b, r, bd))
		return qaic_fail(err, -EINVAL, "factors do not broadcast");
	return 0;
}

static bool integers(const struct qc_value *v)
{
	return !qaic_dtype_is_float(v->dtype);
}

/* MatMul, and ours with a bias along N as third input. */
int qc_lower_matmul(struct qc_lower *l, struct qc_node *n, struct qaic_err *err)
{
	struct qc_value *out = n->out[0];
	struct product p = { .align = l->align[out->id] };
	struct qc_view o;
	int rc;

	if (integers(n->in[0]))
		return qaic_fail(err, -EOPNOTSUPP,
				 "products of integers are not supported");
	rc = qc_lower_in(l, n->in[0], &p.a, err);
	if (!rc)
		rc = weights(l, n->in[1], false, &p.b, err);
	if (!rc && n->num_in > 2 && n->in[2])
		rc = qc_lower_in_as(l, n->in[2], QAIC_F32, &p.bias, err);
	if (rc)
		return rc;
	if (p.a.rank == 1)
		qc_view_unsqueeze(&p.a, 0);
	rc = product_out(l, &p, out, err);
	if (rc)
		return rc;
	o = p.o;
	if (p.a.dim[p.a.rank - 1] == 0) {
		rc = qc_emit_fill(l, &o, 0, err);
	} else {
		fold_batch(&p);
		rc = emit_batches(l, &p, err);
	}
	return rc ? rc : qc_lower_out_done(l, out, &o, err);
}

static int scale_by(struct qc_lower *l, const struct qc_view *o,
		    const struct qc_view *x, float f, struct qaic_err *err)
{
	struct qc_view w[2] = { *o, *x };
	struct qc_vcmd v;

	qc_vcmd_init(l, &v, NSP_UNARY, NSP_U_SCALE);
	v.c.imm[0].f = f;
	return qc_emit_elt(l, &v, w, 2, err);
}

/* o += beta * c, c broadcast to [M, N] */
static int gemm_add(struct qc_lower *l, struct qc_value *c, float beta,
		    const struct qc_view *o, struct qaic_err *err)
{
	struct qc_view w[3], t;
	struct qc_vcmd v;
	int rc = qc_lower_in(l, c, &w[2], err);

	if (!rc && beta != 1) {
		rc = qc_lower_temp(l, QAIC_F32, w[2].rank, w[2].dim, &t, err);
		if (!rc)
			rc = scale_by(l, &t, &w[2], beta, err);
		w[2] = t;
	}
	if (rc)
		return rc;
	qc_view_broadcast(&w[2], 2, o->dim);
	w[0] = w[1] = *o;
	qc_vcmd_init(l, &v, NSP_BINARY, NSP_B_ADD);
	return qc_emit_elt(l, &v, w, 3, err);
}

int qc_lower_gemm(struct qc_lower *l, struct qc_node *n, struct qaic_err *err)
{
	float alpha = qc_attr_float(n, "alpha", 1);
	float beta = qc_attr_float(n, "beta", 1);
	struct qc_value *out = n->out[0], *c = n->num_in > 2 ? n->in[2] : NULL;
	struct product p = { .align = l->align[out->id] };
	bool bias = c && alpha == 1 && beta == 1 &&
		    qc_numel(c) == out->dim[1] && c->rank > 0 &&
		    c->dim[c->rank - 1] == out->dim[1];
	int rc;

	if (integers(n->in[0]))
		return qaic_fail(err, -EOPNOTSUPP,
				 "products of integers are not supported");
	rc = qc_lower_in(l, n->in[0], &p.a, err);
	if (!rc)
		rc = weights(l, n->in[1], qc_attr_int(n, "transB", 0), &p.b,
			     err);
	if (!rc && bias)
		rc = qc_lower_in_as(l, c, QAIC_F32, &p.bias, err);
	if (!rc && bias)
		rc = qc_lower_reshaped(l, &p.bias, 1, &out->dim[1], err);
	if (!rc)
		rc = qc_lower_out(l, out, &p.o, err);
	if (rc)
		return rc;
	if (qc_attr_int(n, "transA", 0))
		swap_last(&p.a);
	if (p.a.dim[1] == 0)
		rc = qc_emit_fill(l, &p.o, 0, err);
	else
		rc = emit_product(l, &p, 0, err);
	if (!rc && alpha != 1)
		rc = scale_by(l, &p.o, &p.o, alpha, err);
	if (!rc && c && !bias && beta != 0)
		rc = gemm_add(l, c, beta, &p.o, err);
	return rc;
}
