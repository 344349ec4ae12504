// SPDX-License-Identifier: MIT
/*
 * Mixture of experts: softmax over all of them, the best kept. Where their weights
 * are made to sum to 1 (Mixtral), that is softmax over the best scores alone, which
 * does not lose the small ones in half precision. The graph gathers the chosen
 * experts' weights by the router's indices: only their products are computed. One
 * more MLP may serve every position (Qwen2Moe's shared expert).
 */
#include <stdio.h>

#include "libqeff/build.h"

/* x [B, S, 1 or k, in, 1] -> the chosen experts' products [B, S, k, out, 1] */
static qf_val product(struct qf_build *b, const struct qf_moe *moe,
		      const char *name, uint32_t in, uint32_t out,
		      qf_val chosen, qf_val x)
{
	enum qaic_dtype dtype;
	qf_val w = qf_stacked(b, moe->list, name, moe->experts, 2, out, in,
			      &dtype);

	w = QF_OP(b, "Gather", w, chosen);		/* [B, S, k, out, in] */
	if (dtype != QAIC_F32)
		w = qf_cast(b, w, QAIC_F32);
	return QF_OP(b, "MatMul", w, x);
}

/* The chosen experts [B, S, k] and their weights. */
static void route(struct qf_build *b, const struct qf_moe *moe, qf_val x,
		  qf_val *chosen, qf_val *weight)
{
	char name[sizeof(b->scope) + 8];
	qf_val p, top[2] = { NULL, NULL };

	p = qf_linear(b, moe->router, QF_OUT_IN, b->m->hidden, moe->experts,
		      false, x);
	if (moe->of_all)
		p = qf_op(b, "Softmax", QF_ATTRS(QF_INT("axis", -1)), QF_IN(p));
	snprintf(name, sizeof(name), "%s/TopK", b->scope);
	qf_onnx_node(&b->o, name, "TopK", QF_ATTRS(QF_INT("axis", -1)),
		     QF_IN(p, QF_I64S(b, moe->chosen)), top, 2);
	*weight = *chosen = "";
	if (b->o.rc)
		return;
	*chosen = top[1];
	*weight = top[0];
	if (!moe->of_all)
		*weight = qf_op(b, "Softmax", QF_ATTRS(QF_INT("axis", -1)),
				QF_IN(top[0]));
}

/* The MLP of every position, by its gate. */
static qf_val shared(struct qf_build *b, const struct qf_moe *moe, qf_val x)
{
	qf_val y = qf_mlp(b, &moe->shared, x), gate;

	if (!moe->shared_gate)
		return y;
	gate = qf_linear(b, moe->shared_gate, QF_OUT_IN, b->m->hidden, 1, false,
			 x);
	return QF_OP(b, "Mul", QF_OP(b, "Sigmoid", gate), y);
}

qf_val qf_moe(struct qf_build *b, const struct qf_moe *moe, qf_val x)
{
	const struct qf_model *m = b->m;
	uint32_t inner = moe->inner ? moe->inner : m->inner;
	size_t mark = qf_enter(b, "%s", moe->name);
	qf_val chosen, weight, gate, up, all = NULL;

	route(b, moe, x, &chosen, &weight);
	if (moe->shared.down)
		all = shared(b, moe, x);
	x = QF_OP(b, "Unsqueeze", x, QF_I64S(b, 2, 4));	/* [B, S, 1, H, 1] */
	gate = product(b, moe, moe->gate, m->hidden, inner, chosen, x);
	gate = qf_act_fn(b, moe->act, gate);
	up = product(b, moe, moe->up, m->hidden, inner, chosen, x);
	x = QF_OP(b, "Mul", gate, up);
	x = product(b, moe, moe->down, inner, m->hidden, chosen, x);
	weight = QF_OP(b, "Unsqueeze", weight, QF_I64S(b, 3, 4));
	x = QF_OP(b, "Mul", x, weight);
	x = qf_op(b, "ReduceSum", QF_ATTRS(QF_INT("keepdims", 0)),
		  QF_IN(x, QF_I64S(b, 2, 4)));		/* [B, S, H] */
	if (all)
		x = QF_OP(b, "Add", x, all);
	qf_leave(b, mark);
	return x;
}
