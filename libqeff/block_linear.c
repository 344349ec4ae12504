// SPDX-License-Identifier: MIT
/* Linear layers, tables, and the MLP. */
#include "libqeff/build.h"

qf_val qf_linear(struct qf_build *b, const char *name, enum qf_layout layout,
		 uint32_t in, uint32_t out, bool bias, qf_val x)
{
	size_t mark = qf_enter(b, "%s", name);
	qf_val w;

	if (layout == QF_OUT_IN) {
		w = qf_weight(b, "weight", 2, out, in);
		w = qf_op(b, "Transpose", QF_ATTRS(QF_INTS("perm", 1, 0)),
			  QF_IN(w));
	} else {
		w = qf_weight(b, "weight", 2, in, out);
	}
	x = QF_OP(b, "MatMul", x, w);
	if (bias)
		x = QF_OP(b, "Add", x, qf_weight(b, "bias", 1, out, 0));
	qf_leave(b, mark);
	return x;
}

/* Rows are picked first and cast then: the table stays in its own type. */
qf_val qf_embed(struct qf_build *b, const char *name, uint32_t rows,
		uint32_t width, qf_val ids)
{
	size_t mark = qf_enter(b, "%s", name);
	enum qaic_dtype dtype;
	qf_val w = qf_weight_raw(b, "weight", 2, rows, width, &dtype);
	qf_val x = QF_OP(b, "Gather", w, ids);

	if (dtype != QAIC_F32)
		x = qf_cast(b, x, QAIC_F32);
	qf_leave(b, mark);
	return x;
}

/* down(act(first half of up(x)) * second half) */
static qf_val gate_up(struct qf_build *b, const struct qf_mlp *mlp,
		      uint32_t inner, qf_val x)
{
	const int64_t size[2] = { inner, inner };
	qf_val out[2];
	size_t act;

	x = qf_linear(b, mlp->up, mlp->layout, b->m->hidden, 2 * inner,
		      mlp->bias, x);
	qf_split(b, x, size, 2, out);
	act = qf_enter(b, "act_fn");
	x = qf_act_fn(b, mlp->act, out[0]);
	qf_leave(b, act);
	return QF_OP(b, "Mul", x, out[1]);
}

qf_val qf_mlp(struct qf_build *b, const struct qf_mlp *mlp, qf_val x)
{
	const struct qf_model *m = b->m;
	uint32_t inner = mlp->inner ? mlp->inner : m->inner;
	size_t mark = mlp->name ? qf_enter(b, "%s", mlp->name) : b->scope_len;
	size_t act;
	qf_val up, gate;

	if (mlp->gate_up) {
		x = gate_up(b, mlp, inner, x);
	} else if (mlp->gate) {
		gate = qf_linear(b, mlp->gate, mlp->layout, m->hidden, inner,
				 mlp->bias, x);
		act = qf_enter(b, "act_fn");
		gate = qf_act_fn(b, mlp->act, gate);
		qf_leave(b, act);
		up = qf_linear(b, mlp->up, mlp->layout, m->hidden, inner,
			       mlp->bias, x);
		x = QF_OP(b, "Mul", gate, up);
	} else {
		x = qf_linear(b, mlp->up, mlp->layout, m->hidden, inner,
			      mlp->bias, x);
		act = qf_enter(b, "act");
		x = qf_act_fn(b, mlp->act, x);
		qf_leave(b, act);
	}
	x = qf_linear(b, mlp->down, mlp->layout, inner, m->hidden, mlp->bias,
		      x);
	qf_leave(b, mark);
	return x;
}
