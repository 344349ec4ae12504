// SPDX-License-Identifier: MIT
/*
 * Element-wise operators of one operand. Formulas and default attributes are those
 * of the ONNX operator specification.
 */
#include <math.h>

#include "compiler/op_util.h"

QC_SHAPE(unary)
{
	qc_set_out_like(n, 0, n->in[0]);
	return 0;
}

QC_SHAPE(unary_f)
{
	if (!qaic_dtype_is_float(n->in[0]->dtype))
		return qaic_fail(err, -EINVAL, "'%s' is %s, not a float",
				 n->in[0]->name,
				 qaic_dtype_name(n->in[0]->dtype));
	qc_set_out_like(n, 0, n->in[0]);
	return 0;
}

QC_SHAPE(is)
{
	if (!qaic_dtype_is_float(n->in[0]->dtype))
		return qaic_fail(err, -EINVAL, "'%s' is not a float",
				 n->in[0]->name);
	qc_set_out(n, 0, QAIC_BOOL, n->in[0]->rank, n->in[0]->dim);
	return 0;
}

QC_SHAPE(not)
{
	if (n->in[0]->dtype != QAIC_BOOL)
		return qaic_fail(err, -EINVAL, "'%s' is not bool",
				 n->in[0]->name);
	qc_set_out_like(n, 0, n->in[0]);
	return 0;
}

/* y = f(x) over floats; a and b are the operator's attributes, if it has some. */
#define UNARY(name, attr_a, dflt_a, attr_b, dflt_b, expr)                      \
	QC_EVAL(name)                                                          \
	{                                                                      \
		const float *in = e->in[0];                                    \
		float *out = e->out[0];                                        \
		float a = qc_attr_float(e->node, attr_a, dflt_a);              \
		float b = qc_attr_float(e->node, attr_b, dflt_b);              \
		int64_t i, n = qc_numel(e->node->out[0]);                      \
									       \
		(void)a;                                                       \
		(void)b;                                                       \
		for (i = 0; i < n; i++) {                                      \
			float x = in[i];                                       \
									       \
			out[i] = (expr);                                       \
		}                                                              \
		return 0;                                                      \
	}
#define UNARY0(name, expr) UNARY(name, "", 0, "", 0, expr)

UNARY0(sqrt, sqrtf(x))
UNARY0(reciprocal, 1 / x)
UNARY0(exp, expf(x))
UNARY0(log, logf(x))
UNARY0(sin, sinf(x))
UNARY0(cos, cosf(x))
UNARY0(tan, tanf(x))
UNARY0(asin, asinf(x))
UNARY0(acos, acosf(x))
UNARY0(atan, atanf(x))
UNARY0(sinh, sinhf(x))
UNARY0(cosh, coshf(x))
UNARY0(asinh, asinhf(x))
UNARY0(acosh, acoshf(x))
UNARY0(atanh, atanhf(x))
UNARY0(tanh, tanhf(x))
UNARY0(sigmoid, 1 / (1 + expf(-x)))
UNARY0(erf, erff(x))
UNARY0(floor, floorf(x))
UNARY0(ceil, ceilf(x))
UNARY0(round, rintf(x))		/* halves to even */
UNARY0(hardswish, x * fminf(1, fmaxf(0, x / 6 + 0.5f)))
UNARY0(softplus, x > 20 ? x : log1pf(expf(x)))
UNARY0(softsign, x / (1 + fabsf(x)))
UNARY0(mish, x * tanhf(x > 20 ? x : log1pf(expf(x))))
UNARY(leakyrelu, "alpha", 0.01f, "", 0, x < 0 ? a * x : x)
UNARY(thresholdedrelu, "alpha", 1, "", 0, x > a ? x : 0)
UNARY(elu, "alpha", 1, "", 0, x < 0 ? a * expm1f(x) : x)
UNARY(selu, "alpha", 1.67326319217681884765625f, "gamma",
      1.05070102214813232421875f, b * (x > 0 ? x : a * expm1f(x)))
UNARY(celu, "alpha", 1, "", 0, fmaxf(0, x) + fminf(0, a * expm1f(x / a)))
UNARY(hardsigmoid, "alpha", 0.2f, "beta", 0.5f, fmaxf(0, fminf(1, a * x + b)))

/* exact, or with tanh: the attribute is a string */
QC_EVAL(gelu)
{
	const struct qc_attr *a = qc_attr_find(e->node, "approximate");
	bool tanh_form = a && a->type == QC_ATTR_STR && !strcmp(a->s, "tanh");
	const float *in = e->in[0];
	float *out = e->out[0];
	int64_t i, n = qc_numel(e->node->out[0]);

	for (i = 0; i < n; i++) {
		float x = in[i];

		if (tanh_form)
			out[i] = 0.5f * x * (1 + tanhf(0.7978845608028654f *
					(x + 0.044715f * x * x * x)));
		else
			out[i] = 0.5f * x * (1 + erff(x * 0.7071067811865476f));
	}
	return 0;
}

/* ---- floats and integers ---- */

static int eval_any(const struct qc_eval *e, float (*f)(float),
		    int64_t (*fi)(int64_t))
{
	const struct qc_value *v = e->node->out[0];
	int64_t i, n = qc_numel(v), size = qc_esize(v);
	const uint8_t *in = e->in[0];
	uint8_t *out = e->out[0];

	for (i = 0; i < n; i++) {
		if (qaic_dtype_is_float(v->dtype))
			((float *)out)[i] = f(((const float *)in)[i]);
		else
			qc_store_i64(out + i * size, v->dtype,
				     fi(qc_load_i64(in + i * size, v->dtype)));
	}
	return 0;
}

static float neg_f(float x)
{
	return -x;
}

static int64_t neg_i(int64_t x)
{
	return (int64_t)(0 - (uint64_t)x);
}

static float abs_f(float x)
{
	return fabsf(x);
}

static int64_t abs_i(int64_t x)
{
	return x < 0 ? neg_i(x) : x;
}

static float sign_f(float x)
{
	return isnan(x) ? x : (x > 0) - (x < 0);
}

static int64_t sign_i(int64_t x)
{
	return (x > 0) - (x < 0);
}

static float relu_f(float x)
{
	return x < 0 ? 0 : x;
}

static int64_t relu_i(int64_t x)
{
	return x < 0 ? 0 : x;
}

QC_EVAL(neg)
{
	return eval_any(e, neg_f, neg_i);
}

QC_EVAL(abs)
{
	/* unsigned numbers have no sign, whatever their top bit says */
	if (e->node->in[0]->dtype == QAIC_U64) {
		memcpy(e->out[0], e->in[0], qc_eval_size(e->node->in[0]));
		return 0;
	}
	return eval_any(e, abs_f, abs_i);
}

QC_EVAL(sign)
{
	return eval_any(e, sign_f, sign_i);
}

QC_EVAL(relu)
{
	return eval_any(e, relu_f, relu_i);
}

QC_EVAL(not)
{
	const uint8_t *in = e->in[0];
	uint8_t *out = e->out[0];
	int64_t i, n = qc_numel(e->node->out[0]);

	for (i = 0; i < n; i++)
		out[i] = !in[i];
	return 0;
}

QC_EVAL(isnan)
{
	const float *in = e->in[0];
	uint8_t *out = e->out[0];
	int64_t i, n = qc_numel(e->node->out[0]);

	for (i = 0; i < n; i++)
		out[i] = isnan(in[i]) != 0;
	return 0;
}

QC_EVAL(isinf)
{
	bool neg = qc_attr_int(e->node, "detect_negative", 1);
	bool pos = qc_attr_int(e->node, "detect_positive", 1);
	const float *in = e->in[0];
	uint8_t *out = e->out[0];
	int64_t i, n = qc_numel(e->node->out[0]);

	for (i = 0; i < n; i++)
		out[i] = isinf(in[i]) && (in[i] < 0 ? neg : pos);
	return 0;
}

/* ---- Clip: bounds are attributes before opset 11, inputs since ---- */

QC_SHAPE(clip)
{
	uint32_t i;

	for (i = 1; i < n->num_in; i++)
		if (n->in[i] && (qc_numel(n->in[i]) != 1 ||
				 n->in[i]->dtype != n->in[0]->dtype))
			return qaic_fail(err, -EINVAL,
					 "'%s' must be one %s", n->in[i]->name,
					 qaic_dtype_name(n->in[0]->dtype));
	qc_set_out_like(n, 0, n->in[0]);
	return 0;
}

QC_EVAL(clip)
{
	const struct qc_value *v = e->node->out[0];
	const float *in = e->in[0];
	float *out = e->out[0];
	float lo = qc_attr_float(e->node, "min", -INFINITY);
	float hi = qc_attr_float(e->node, "max", INFINITY);
	int64_t i, n = qc_numel(v), size = qc_esize(v), x;

	if (qaic_dtype_is_float(v->dtype)) {
		lo = qc_arg(e, 1) ? *(const float *)e->in[1] : lo;
		hi = qc_arg(e, 2) ? *(const float *)e->in[2] : hi;
		for (i = 0; i < n; i++) {
			float y = in[i] < lo ? lo : in[i];

			out[i] = y > hi ? hi : y;
		}
		return 0;
	}
	for (i = 0; i < n; i++) {
		x = qc_load_i64((const uint8_t *)in + i * size, v->dtype);
		if (e->in[1] && x < qc_load_i64(e->in[1], v->dtype))
			x = qc_load_i64(e->in[1], v->dtype);
		if (e->in[2] && x > qc_load_i64(e->in[2], v->dtype))
			x = qc_load_i64(e->in[2], v->dtype);
		qc_store_i64((uint8_t *)out + i * size, v->dtype, x);
	}
	return 0;
}
