// SPDX-License-Identifier: MIT
/*
 * Mixture of experts, Mixtral's way: softmax over all experts, the best of them
 * kept and weighted to a sum of 1. That is softmax over the best scores alone, which
 * does not lose the small ones in half precision. The graph gathers the chosen
 * experts' weights by the router's indices: only their products are computed.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "libqeff/build.h"

/* One weight of all experts: their tensors one after the other. */
struct stack {
	uint64_t each;			/* elements of one */
	size_t elem;
	const uint8_t *data[];
};

static void fill(const void *ctx, uint64_t first, uint64_t count, void *dst)
{
	const struct stack *s = ctx;
	uint8_t *out = dst;

	while (count) {
		uint64_t at = first % s->each, n = s->each - at;

		if (n > count)
			n = count;
		memcpy(out, s->data[first / s->each] + at * s->elem,
		       n * s->elem);
		out += n * s->elem;
		first += n;
		count -= n;
	}
}

/* Weight @name of all experts, [experts, out, in] in the checkpoint's type. */
static qf_val stacked(struct qf_build *b, const struct qf_moe *moe,
		      const char *name, uint32_t out, uint32_t in,
		      enum qaic_dtype *dtype)
{
	const int64_t dim[3] = { moe->experts, out, in };
	struct stack *s;
	const char *label;
	uint32_t e;

	*dtype = QAIC_F32;
	s = qf_onnx_alloc(&b->o, sizeof(*s) +
			  moe->experts * sizeof(s->data[0]));
	for (e = 0; s && e < moe->experts; e++) {
		size_t mark = qf_enter(b, "%s.%u.%s", moe->list, e, name);
		const struct qf_tensor *t = qf_take_weight(b, "weight", 2, out,
							   in);

		qf_leave(b, mark);
		if (!t)
			return "";
		if (e && t->dtype != *dtype) {
			qf_onnx_fail(&b->o, -EOPNOTSUPP,
				     "weight %s is %s, that of the first expert %s; experts must have one type",
				     t->name, qaic_dtype_name(t->dtype),
				     qaic_dtype_name(*dtype));
			return "";
		}
		*dtype = t->dtype;
		s->data[e] = t->data;
	}
	label = qf_onnx_printf(&b->o, "%s.%s.%s", b->scope + 1, moe->list,
			       name);
	if (!s || !label)
		return "";
	s->each = (uint64_t)out * in;
	s->elem = qaic_dtype_size(*dtype);
	return qf_onnx_fill(&b->o, label, *dtype, 3, dim, fill, s);
}

/* x [B, S, 1 or k, in, 1] -> the chosen experts' products [B, S, k, out, 1] */
static qf_val product(struct qf_build *b, const struct qf_moe *moe,
		      const char *name, uint32_t in, uint32_t out,
		      qf_val chosen, qf_val x)
{
	enum qaic_dtype dtype;
	qf_val w = stacked(b, moe, name, out, in, &dtype);

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
	snprintf(name, sizeof(name), "%s/TopK", b->scope);
	qf_onnx_node(&b->o, name, "TopK", QF_ATTRS(QF_INT("axis", -1)),
		     QF_IN(p, QF_I64S(b, moe->chosen)), top, 2);
	*weight = *chosen = "";
	if (b->o.rc)
		return;
	*chosen = top[1];
	*weight = qf_op(b, "Softmax", QF_ATTRS(QF_INT("axis", -1)),
			QF_IN(top[0]));
}

qf_val qf_moe(struct qf_build *b, const struct qf_moe *moe, qf_val x)
{
	const struct qf_model *m = b->m;
	size_t mark = qf_enter(b, "%s", moe->name);
	qf_val chosen, weight, gate, up;

	route(b, moe, x, &chosen, &weight);
	x = QF_OP(b, "Unsqueeze", x, QF_I64S(b, 2, 4));	/* [B, S, 1, H, 1] */
	gate = product(b, moe, moe->gate, m->hidden, m->inner, chosen, x);
	gate = qf_act_fn(b, moe->act, gate);
	up = product(b, moe, moe->up, m->hidden, m->inner, chosen, x);
	x = QF_OP(b, "Mul", gate, up);
	x = product(b, moe, moe->down, m->inner, m->hidden, chosen, x);
	weight = QF_OP(b, "Unsqueeze", weight, QF_I64S(b, 3, 4));
	x = QF_OP(b, "Mul", x, weight);
	x = qf_op(b, "ReduceSum", QF_ATTRS(QF_INT("keepdims", 0)),
		  QF_IN(x, QF_I64S(b, 2, 4)));		/* [B, S, H] */
	qf_leave(b, mark);
	return x;
}
