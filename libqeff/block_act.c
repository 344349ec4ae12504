// SPDX-License-Identifier: MIT
/* Activations, as the graphs that torch exports for transformers' ACT2FN. */
#include "libqeff/build.h"

static qf_val f32(struct qf_build *b, double v)
{
	return qf_onnx_f32(&b->o, v);
}

/* x * 0.5 * (1 + erf(x / sqrt(2))) */
static qf_val gelu_erf(struct qf_build *b, qf_val x)
{
	qf_val t;

	t = QF_OP(b, "Div", x, f32(b, 1.4142135623730951));
	t = QF_OP(b, "Erf", t);
	t = QF_OP(b, "Add", t, f32(b, 1));
	t = QF_OP(b, "Mul", x, t);
	return QF_OP(b, "Mul", t, f32(b, 0.5));
}

/* x * 0.5 * (1 + tanh(sqrt(2 / pi) * (x + 0.044715 x^3))) */
static qf_val gelu_tanh(struct qf_build *b, qf_val x)
{
	qf_val half, t;

	half = QF_OP(b, "Mul", x, f32(b, 0.5));
	t = QF_OP(b, "Pow", x, f32(b, 3));
	t = QF_OP(b, "Mul", t, f32(b, 0.044715));
	t = QF_OP(b, "Add", x, t);
	t = QF_OP(b, "Mul", t, f32(b, 0.7978845608028654));
	t = QF_OP(b, "Tanh", t);
	t = QF_OP(b, "Add", t, f32(b, 1));
	return QF_OP(b, "Mul", half, t);
}

qf_val qf_act_fn(struct qf_build *b, enum qf_act act, qf_val x)
{
	qf_val t;

	switch (act) {
	case QF_ACT_SILU:
		return QF_OP(b, "Mul", x, QF_OP(b, "Sigmoid", x));
	case QF_ACT_GELU:
		return gelu_erf(b, x);
	case QF_ACT_GELU_TANH:
		return gelu_tanh(b, x);
	case QF_ACT_GELU_QUICK:
		t = QF_OP(b, "Mul", x, f32(b, 1.702));
		return QF_OP(b, "Mul", x, QF_OP(b, "Sigmoid", t));
	case QF_ACT_RELU:
		return QF_OP(b, "Relu", x);
	case QF_ACT_RELU2:
		t = QF_OP(b, "Relu", x);
		return QF_OP(b, "Mul", t, t);
	case QF_ACT_TANH:
		return QF_OP(b, "Tanh", x);
	case QF_ACT_SIGMOID:
		return QF_OP(b, "Sigmoid", x);
	}
	return x;
}
