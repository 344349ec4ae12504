// SPDX-License-Identifier: MIT
/*
 * Attention of one layer. With a KV cache, new keys and values are written at their
 * positions and the slots up to the row's last position are read back; the
 * cache's output is the input of the next call (X_RetainedState -> X).
 */
#include <float.h>

#include "libqeff/build.h"

struct qkv {
	qf_val q, k, v;			/* [B, S, (blocks,) heads * D] */
};

static qf_val clipped(struct qf_build *b, const struct qf_attention *a, qf_val x)
{
	if (!a->clip)
		return x;
	return QF_OP(b, "Clip", x, qf_onnx_f32(&b->o, -a->clip),
		     qf_onnx_f32(&b->o, a->clip));
}

static struct qkv project_fused(struct qf_build *b,
				const struct qf_attention *a, uint32_t nq,
				uint32_t nkv, qf_val x)
{
	uint32_t blocks = a->blocks ? a->blocks : 1;
	const int64_t size[3] = { nq / blocks, nkv / blocks, nkv / blocks };
	qf_val out[3];

	x = qf_linear(b, a->q, a->layout, b->m->hidden, nq + 2 * nkv,
		      a->qkv_bias, x);
	x = clipped(b, a, x);
	if (blocks > 1)
		x = QF_OP(b, "Reshape", x, QF_I64S(b, 0, 0, blocks, -1));
	qf_split(b, x, size, 3, out);
	return (struct qkv){ out[0], out[a->v_first ? 2 : 1],
			     out[a->v_first ? 1 : 2] };
}

static struct qkv project(struct qf_build *b, const struct qf_attention *a,
			  qf_val x)
{
	const struct qf_model *m = b->m;
	uint32_t nq = m->heads * m->head_dim, nkv = m->kv_heads * m->head_dim;
	struct qkv r;

	if (a->qkv == QF_QKV_FUSED)
		return project_fused(b, a, nq, nkv, x);
	r.q = qf_linear(b, a->q, a->layout, m->hidden, nq, a->qkv_bias, x);
	r.k = qf_linear(b, a->k, a->layout, m->hidden, nkv, a->qkv_bias, x);
	r.v = qf_linear(b, a->v, a->layout, m->hidden, nkv, a->qkv_bias, x);
	r.q = clipped(b, a, r.q);
	r.k = clipped(b, a, r.k);
	r.v = clipped(b, a, r.v);
	return r;
}

/* [B, S, heads * D] or [B, S, blocks, ...] -> [B, heads, S, D] */
static qf_val split_heads(struct qf_build *b, qf_val x, uint32_t heads)
{
	x = QF_OP(b, "Reshape", x, QF_I64S(b, 0, 0, heads, b->m->head_dim));
	return qf_transpose4(b, x, 0, 2, 1, 3);
}

/* Write @x at the positions of cache @kind ("key"), read it back: [B, H, C, D]. */
static qf_val through_cache(struct qf_build *b, const struct qf_body *d,
			    const char *kind, uint32_t i, qf_val x)
{
	qf_val past = qf_onnx_printf(&b->o, "past_%s.%u", kind, i);
	qf_val next = qf_retained(b, kind, i);

	if (b->o.rc)
		return "";
	next = qf_op_as(b, next, qf_fn_ctx_scatter(b), QF_NO_ATTRS,
			QF_IN(past, d->position32, x));
	return QF_OP(b, qf_fn_ctx_gather(b), next, d->ctx_indices, d->ctx_len);
}

/* Every key/value head serves heads / kv_heads query heads, in order. */
static qf_val repeat_kv(struct qf_build *b, qf_val x)
{
	const struct qf_model *m = b->m;
	int64_t group = m->heads / m->kv_heads;

	if (group == 1)
		return x;
	x = QF_OP(b, "Unsqueeze", x, QF_I64S(b, 2));
	x = QF_OP(b, "Expand", x, QF_I64S(b, 1, 1, group, 1, 1));
	return QF_OP(b, "Reshape", x, QF_I64S(b, 0, m->heads, -1, m->head_dim));
}

bool qf_has_window(const struct qf_attention *a, uint32_t i)
{
	return a->window && i >= a->window_from &&
	       (i - a->window_from) % (a->window_step ? a->window_step : 1) == 0;
}

qf_val qf_heads(struct qf_build *b, const struct qf_attention *a,
		const char *name, uint32_t heads, qf_val x)
{
	x = qf_linear(b, name, a->layout, b->m->hidden, heads * b->m->head_dim,
		      a->qkv_bias, x);
	return split_heads(b, clipped(b, a, x), heads);
}

qf_val qf_attend(struct qf_build *b, const struct qf_attention *a, uint32_t i,
		 qf_val q, qf_val k, qf_val v, qf_val bias, qf_val masked)
{
	double scale = a->scale / (a->scale_by_layer ? i + 1.0 : 1.0);
	uint32_t width = b->m->heads * b->m->head_dim;
	qf_val w, x;

	k = repeat_kv(b, k);
	v = repeat_kv(b, v);
	w = QF_OP(b, "MatMul", q, qf_transpose4(b, k, 0, 1, 3, 2));
	w = qf_scaled(b, w, scale);
	w = qf_softcap(b, w, a->softcap);
	if (bias)
		w = QF_OP(b, "Add", w, bias);
	w = QF_OP(b, "Where", masked, qf_onnx_f32(&b->o, -FLT_MAX), w);
	w = qf_op(b, "Softmax", QF_ATTRS(QF_INT("axis", -1)), QF_IN(w));
	x = QF_OP(b, "MatMul", w, v);
	x = qf_transpose4(b, x, 0, 2, 1, 3);
	x = QF_OP(b, "Reshape", x, QF_I64S(b, 0, 0, width));
	return qf_linear(b, a->o, a->layout, width, b->m->hidden, a->o_bias, x);
}

qf_val qf_attention(struct qf_build *b, const struct qf_body *d,
		    const struct qf_attention *a, uint32_t i, qf_val x)
{
	const struct qf_model *m = b->m;
	size_t mark = qf_enter(b, "%s", a->name);
	struct qkv p = project(b, a, x);
	qf_val q, k, v;

	if (a->qk_norm == QF_QK_NORM_ALL) {
		p.q = qf_qk_norm(b, a, a->q_norm, m->heads, p.q);
		p.k = qf_qk_norm(b, a, a->k_norm, m->kv_heads, p.k);
	}
	q = split_heads(b, p.q, m->heads);
	k = split_heads(b, p.k, m->kv_heads);
	v = split_heads(b, p.v, m->kv_heads);
	if (a->qk_norm > QF_QK_NORM_ALL) {
		q = qf_qk_norm(b, a, a->q_norm, m->heads, q);
		k = qf_qk_norm(b, a, a->k_norm, m->kv_heads, k);
	}
	if (d->cos) {
		q = qf_rope(b, d, q);
		k = qf_rope(b, d, k);
	}
	if (d->cached) {
		k = through_cache(b, d, d->key_cache, i, k);
		v = through_cache(b, d, d->value_cache, i, v);
		/* what an empty slot holds must not reach the sum */
		v = QF_OP(b, "Where", d->empty, qf_onnx_f32(&b->o, 0), v);
	}
	x = qf_attend(b, a, i, q, k, v,
		      d->distance ? qf_distance_bias(b, d, a, q, k) : d->bias,
		      qf_has_window(a, i) ? d->masked_window : d->masked);
	qf_leave(b, mark);
	return x;
}
