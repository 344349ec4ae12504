// SPDX-License-Identifier: MIT
/* Cache writes and reads, and what fusion made for transformers. */
#include <errno.h>
#include <string.h>

#include "compiler/lower.h"

/* dim -> axis tables of the commands in qpc/isa.h, -1: does not move */
#define AX(a, b, c, d, e, f) { a, b, c, d, e, f }

static int set_dims(struct qc_vcmd *v, const int64_t *dim,
		    struct qaic_err *err)
{
	unsigned int d;
	int rc = 0;

	for (d = 0; d < NSP_DIMS && !rc; d++)
		rc = qc_vcmd_dim(v, d, dim[d], err);
	return rc;
}

static bool ends(const char *s, const char *tail)
{
	size_t a = strlen(s), b = strlen(tail);

	return a >= b && !strcmp(s + a - b, tail);
}

struct ctx_args {
	struct qc_view data, pos, batch;	/* data [B, H, C, D] */
	bool has_batch, flat;			/* flat: the 3D form, no heads */
};

/* Operands that all Ctx operators have; data is given. */
static int ctx_args(struct qc_lower *l, struct qc_node *n, struct ctx_args *a,
		    struct qaic_err *err)
{
	int64_t b;
	int rc = 0;

	a->flat = ends(n->op->name, "3D");
	a->has_batch = strstr(n->op->name, "CB") != NULL;
	if (a->flat)
		qc_view_unsqueeze(&a->data, 1);
	if (a->has_batch) {
		rc = qc_lower_in(l, n->in[1], &a->batch, err);
		b = qc_view_numel(&a->batch);
		if (!rc)
			rc = qc_lower_reshaped(l, &a->batch, 1, &b, err);
	}
	if (!rc)
		rc = qc_lower_in(l, n->in[a->has_batch ? 2 : 1], &a->pos, err);
	return rc;
}

int qc_lower_ctx_scatter(struct qc_lower *l, struct qc_node *n,
			 struct qaic_err *err)
{
	static const int ax_o[6] = AX(-1, 1, -1, 3, 2, 0);
	static const int ax_u[6] = AX(0, 1, 2, 3, -1, -1);
	static const int ax_p[6] = AX(0, -1, 1, -1, -1, -1);
	static const int ax_b[6] = AX(0, -1, -1, -1, -1, -1);
	struct ctx_args a = { 0 };
	struct qc_view upd;
	struct qc_vcmd v;
	int rc;

	rc = qc_lower_inplace(l, n->in[0], n->out[0], &a.data, err);
	if (!rc && !qc_numel(n->in[n->num_in - 1]))
		return 0;	/* no rows to write */
	if (!rc)
		rc = ctx_args(l, n, &a, err);
	if (!rc)
		rc = qc_lower_in(l, n->in[a.has_batch ? 3 : 2], &upd, err);
	if (rc)
		return rc;
	if (a.flat)
		qc_view_unsqueeze(&upd, 1);
	qc_vcmd_init(l, &v, NSP_KVPUT, 0);
	rc = set_dims(&v, (int64_t[]){ upd.dim[0], upd.dim[1], upd.dim[2],
		      upd.dim[3], a.data.dim[2], a.data.dim[0] }, err);
	if (!rc)
		rc = qc_vcmd_opnd(&v, 0, &a.data, ax_o, err);
	if (!rc)
		rc = qc_vcmd_opnd(&v, 1, &upd, ax_u, err);
	if (!rc)
		rc = qc_vcmd_opnd(&v, 2, &a.pos, ax_p, err);
	if (!rc && a.has_batch)
		rc = qc_vcmd_opnd(&v, 3, &a.batch, ax_b, err);
	return rc ? rc : qc_emit(l, &v, err);
}

int qc_lower_ctx_gather(struct qc_lower *l, struct qc_node *n,
			struct qaic_err *err)
{
	static const int ax_o[6] = AX(0, 1, 2, 3, -1, -1);
	static const int ax_c[6] = AX(-1, 1, -1, 3, 2, 0);
	static const int ax_i[6] = AX(0, 1, 2, -1, -1, -1);
	static const int ax_b[6] = AX(0, -1, -1, -1, -1, -1);
	struct qc_value *out = n->out[0];
	struct ctx_args a = { 0 };
	struct qc_view o;
	struct qc_vcmd v;
	int rc = qc_lower_in(l, n->in[0], &a.data, err);

	if (!rc)
		rc = ctx_args(l, n, &a, err);
	if (!rc)
		rc = qc_lower_out(l, out, &o, err);
	if (rc)
		return rc;
	if (a.flat)
		qc_view_unsqueeze(&o, 1);
	if (a.flat && a.pos.rank == 2)
		qc_view_unsqueeze(&a.pos, 1);
	if (!qc_view_broadcast(&a.pos, 3, o.dim))
		return qaic_fail(err, -EINVAL, "indices do not fit the output");
	qc_vcmd_init(l, &v, NSP_KVGET, 0);
	rc = set_dims(&v, (int64_t[]){ o.dim[0], o.dim[1], o.dim[2], o.dim[3],
		      a.data.dim[2], a.data.dim[0] }, err);
	if (!rc)
		rc = qc_vcmd_opnd(&v, 0, &o, ax_o, err);
	if (!rc)
		rc = qc_vcmd_opnd(&v, 1, &a.data, ax_c, err);
	if (!rc)
		rc = qc_vcmd_opnd(&v, 2, &a.pos, ax_i, err);
	if (!rc && a.has_batch)
		rc = qc_vcmd_opnd(&v, 3, &a.batch, ax_b, err);
	return rc ? rc : qc_emit(l, &v, err);
}

/* ---- fused ---- */

/* positions [B, S], or [1, S] for all rows */
static int positions(struct qc_lower *l, struct qc_value *p, int64_t b,
		     int64_t s, struct qc_view *out, struct qaic_err *err)
{
	int rc = qc_lower_in(l, p, out, err);

	if (!rc && !qc_view_broadcast(out, 2, (int64_t[]){ b, s }))
		rc = qaic_fail(err, -EINVAL, "positions do not fit");
	return rc;
}

/* x [B, H, S, D] (bshd: [B, S, H, D]), cos, sin [P, R], positions; interleaved */
static int lower_rope(struct qc_lower *l, struct qc_node *n,
		      struct qaic_err *err)
{
	static const int ax_x[6] = AX(0, 2, 1, 3, -1, -1);
	static const int ax_t[6] = AX(-1, -1, -1, -1, 0, 1);
	static const int ax_p[6] = AX(0, 1, -1, -1, -1, -1);
	static const uint32_t bshd[4] = { 0, 2, 1, 3 };
	struct qc_view x, c, s, p, o;
	struct qc_vcmd v;
	int rc = qc_lower_in(l, n->in[0], &x, err);

	if (!rc && qc_attr_int(n, "bshd", 0))
		qc_view_permute(&x, bshd);
	if (!rc)
		rc = qc_lower_in_as(l, n->in[1], QAIC_F32, &c, err);
	if (!rc)
		rc = qc_lower_in_as(l, n->in[2], QAIC_F32, &s, err);
	if (!rc)
		rc = positions(l, n->in[3], x.dim[0], x.dim[2], &p, err);
	if (!rc)
		rc = qc_lower_out(l, n->out[0], &o, err);
	if (rc)
		return rc;
	if (qc_attr_int(n, "bshd", 0))
		qc_view_permute(&o, bshd);
	qc_vcmd_init(l, &v, NSP_ROPE, qc_attr_int(n, "interleaved", 0) != 0);
	rc = set_dims(&v, (int64_t[]){ x.dim[0], x.dim[2], x.dim[1], x.dim[3],
				       c.dim[0], c.dim[1] }, err);
	if (!rc)
		rc = qc_vcmd_opnd(&v, 0, &o, ax_x, err);
	if (!rc)
		rc = qc_vcmd_opnd(&v, 1, &x, ax_x, err);
	if (!rc)
		rc = qc_vcmd_opnd(&v, 2, &c, ax_t, err);
	if (!rc)
		rc = qc_vcmd_opnd(&v, 3, &s, ax_t, err);
	if (!rc)
		rc = qc_vcmd_opnd(&v, 4, &p, ax_p, err);
	return rc ? rc : qc_emit(l, &v, err);
}

/* slopes [Hq], or a bias that broadcasts to [B, Hq, S, C] */
static int attention_bias(struct qc_lower *l, struct qc_node *n,
			  struct qc_vcmd *v, struct qaic_err *err)
{
	static const int ax_s[6] = AX(-1, -1, 0, -1, -1, -1);
	static const int ax_b[6] = AX(0, 2, 1, -1, -1, 3);
	bool bias = qc_attr_int(n, "bias", 0) != 0;
	struct qc_view view;
	int rc;

	if (n->num_in < 5 || !n->in[4])
		return 0;
	v->c.imm[3].u = bias;
	rc = qc_lower_in_as(l, n->in[4], QAIC_F32, &view, err);
	return rc ? rc : qc_vcmd_opnd(v, 5, &view, bias ? ax_b : ax_s, err);
}

/* q [B, Hq, S, D], k, v [B, Hkv, C, D], positions; scale, window, softcap */
static int lower_attention(struct qc_lower *l, struct qc_node *n,
			   struct qaic_err *err)
{
	static const int ax_q[6] = AX(0, 2, 1, -1, 3, -1);
	static const int ax_kv[6] = AX(0, -1, -1, 1, 3, 2);
	static const int ax_p[6] = AX(0, 1, -1, -1, -1, -1);
	static const uint32_t bshd[4] = { 0, 2, 1, 3 };
	struct qc_view q, k, va, p, o;
	struct qc_vcmd v;
	int rc = qc_lower_in(l, n->in[0], &q, err);

	if (!rc)
		rc = qc_lower_in(l, n->in[1], &k, err);
	if (!rc)
		rc = qc_lower_in(l, n->in[2], &va, err);
	if (!rc)
		rc = positions(l, n->in[3], q.dim[0], q.dim[2], &p, err);
	if (!rc)
		rc = qc_lower_out(l, n->out[0], &o, err);
	if (rc)
		return rc;
	if (qc_attr_int(n, "bshd", 0))
		qc_view_permute(&o, bshd);
	/* fewer slots than the cache has: the compute context length */
	k.dim[2] = va.dim[2] = qc_attr_int(n, "slots", k.dim[2]);
	qc_vcmd_init(l, &v, NSP_ATTN, 0);
	rc = set_dims(&v, (int64_t[]){ q.dim[0], q.dim[2], q.dim[1], k.dim[1],
				       q.dim[3], k.dim[2] }, err);
	v.c.imm[0].f = qc_attr_float(n, "scale", 1);
	v.c.imm[1].i = qc_attr_int(n, "window", 0);
	v.c.imm[2].f = qc_attr_float(n, "softcap", 0);
	if (!rc)
		rc = qc_vcmd_opnd(&v, 0, &o, ax_q, err);
	if (!rc)
		rc = qc_vcmd_opnd(&v, 1, &q, ax_q, err);
	if (!rc)
		rc = qc_vcmd_opnd(&v, 2, &k, ax_kv, err);
	if (!rc)
		rc = qc_vcmd_opnd(&v, 3, &va, ax_kv, err);
	if (!rc)
		rc = qc_vcmd_opnd(&v, 4, &p, ax_p, err);
	if (!rc)
		rc = attention_bias(l, n, &v, err);
	return rc ? rc : qc_emit(l, &v, err);
}

/* gate, up of one shape */
static int lower_gated(struct qc_lower *l, struct qc_node *n,
		       struct qaic_err *err)
{
	struct qc_view w[3];
	struct qc_vcmd v;
	int rc = qc_lower_in(l, n->in[0], &w[1], err);

	if (!rc)
		rc = qc_lower_in(l, n->in[1], &w[2], err);
	if (!rc)
		rc = qc_lower_out_over(l, n, &w[0], err);
	if (rc)
		return rc;
	qc_vcmd_init(l, &v, NSP_BINARY, qc_attr_int(n, "kind", 0));
	return qc_emit_elt(l, &v, w, 3, err);
}

static int lower_act(struct qc_lower *l, struct qc_node *n,
		     struct qaic_err *err)
{
	struct qc_view w[2];
	struct qc_vcmd v;
	int rc = qc_lower_in(l, n->in[0], &w[1], err);

	if (!rc)
		rc = qc_lower_out_over(l, n, &w[0], err);
	if (rc)
		return rc;
	qc_vcmd_init(l, &v, NSP_UNARY, qc_attr_int(n, "kind", 0));
	v.c.imm[0].f = qc_attr_float(n, "alpha", 0);
	return qc_emit_elt(l, &v, w, 2, err);
}

const struct qc_op qc_op_matmul = {
	.domain = "qaic", .name = "MatMulBias", .lower = qc_lower_matmul };
const struct qc_op qc_op_rmsnorm = {
	.domain = "qaic", .name = "RMSNorm", .lower = qc_lower_rmsnorm };
const struct qc_op qc_op_layernorm = {
	.domain = "qaic", .name = "LayerNorm", .lower = qc_lower_layernorm };
const struct qc_op qc_op_rope = {
	.domain = "qaic", .name = "RoPE", .lower = lower_rope };
const struct qc_op qc_op_attention = {
	.domain = "qaic", .name = "Attention", .lower = lower_attention };
const struct qc_op qc_op_gated = {
	.domain = "qaic", .name = "GatedMul", .lower = lower_gated };
const struct qc_op qc_op_act = {
	.domain = "qaic", .name = "Activation", .lower = lower_act };
