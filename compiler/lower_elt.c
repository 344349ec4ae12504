// SPDX-License-Identifier: MIT
/* Element-wise operators. */
#include <errno.h>
#include <math.h>
#include <string.h>

#include "compiler/lower.h"

/* Inputs as views of the output's shape, after a place for the output. */
static int elt_views(struct qc_lower *l, struct qc_node *n, uint32_t first,
		     uint32_t num, struct qc_view *w, struct qaic_err *err)
{
	struct qc_value *out = n->out[0];
	uint32_t i;
	int rc;

	for (i = 0; i < num; i++) {
		rc = qc_lower_in(l, n->in[first + i], &w[1 + i], err);
		if (rc)
			return rc;
		if (!qc_view_broadcast(&w[1 + i], out->rank, out->dim))
			return qaic_fail(err, -EINVAL,
					 "input %u does not broadcast to the output",
					 first + i);
	}
	/* one command for all inputs may overwrite them, several may not */
	return num == n->num_in ? qc_lower_out_over(l, n, &w[0], err) :
				  qc_lower_out(l, out, &w[0], err);
}

static int emit_unary(struct qc_lower *l, unsigned int sub, float a, float b,
		      const struct qc_view *w, struct qaic_err *err)
{
	struct qc_vcmd v;

	qc_vcmd_init(l, &v, NSP_UNARY, sub);
	v.c.imm[0].f = a;
	v.c.imm[1].f = b;
	return qc_emit_elt(l, &v, w, 2, err);
}

static int emit_binary(struct qc_lower *l, unsigned int sub,
		       const struct qc_view *o, const struct qc_view *a,
		       const struct qc_view *b, struct qaic_err *err)
{
	struct qc_view w[3] = { *o, *a, *b };
	struct qc_vcmd v;

	qc_vcmd_init(l, &v, NSP_BINARY, sub);
	return qc_emit_elt(l, &v, w, 3, err);
}

struct unary_row {
	const char *name, *attr0, *attr1;
	float dflt0, dflt1;
	unsigned int sub;
};

static const struct unary_row unary_rows[] = {
	{ .name = "Not", .sub = NSP_U_NOT },
	{ .name = "Neg", .sub = NSP_U_NEG },
	{ .name = "Abs", .sub = NSP_U_ABS },
	{ .name = "Sign", .sub = NSP_U_SIGN },
	{ .name = "Sqrt", .sub = NSP_U_SQRT },
	{ .name = "Reciprocal", .sub = NSP_U_RECIP },
	{ .name = "Exp", .sub = NSP_U_EXP },
	{ .name = "Log", .sub = NSP_U_LOG },
	{ .name = "Sin", .sub = NSP_U_SIN },
	{ .name = "Cos", .sub = NSP_U_COS },
	{ .name = "Tan", .sub = NSP_U_TAN },
	{ .name = "Asin", .sub = NSP_U_ASIN },
	{ .name = "Acos", .sub = NSP_U_ACOS },
	{ .name = "Atan", .sub = NSP_U_ATAN },
	{ .name = "Sinh", .sub = NSP_U_SINH },
	{ .name = "Cosh", .sub = NSP_U_COSH },
	{ .name = "Asinh", .sub = NSP_U_ASINH },
	{ .name = "Acosh", .sub = NSP_U_ACOSH },
	{ .name = "Atanh", .sub = NSP_U_ATANH },
	{ .name = "Tanh", .sub = NSP_U_TANH },
	{ .name = "Sigmoid", .sub = NSP_U_SIGMOID },
	{ .name = "Erf", .sub = NSP_U_ERF },
	{ .name = "Relu", .sub = NSP_U_RELU },
	{ "LeakyRelu", "alpha", NULL, 0.01f, 0, NSP_U_LEAKY_RELU },
	{ "Elu", "alpha", NULL, 1, 0, NSP_U_ELU },
	{ "Selu", "alpha", "gamma", 1.67326319217681884765625f,
	  1.05070102214813232421875f, NSP_U_SELU },
	{ "HardSigmoid", "alpha", "beta", 0.2f, 0.5f, NSP_U_HARDSIGMOID },
	{ .name = "HardSwish", .sub = NSP_U_HARDSWISH },
	{ .name = "Softplus", .sub = NSP_U_SOFTPLUS },
	{ .name = "Softsign", .sub = NSP_U_SOFTSIGN },
	{ .name = "Mish", .sub = NSP_U_MISH },
	{ .name = "Floor", .sub = NSP_U_FLOOR },
	{ .name = "Ceil", .sub = NSP_U_CEIL },
	{ .name = "Round", .sub = NSP_U_ROUND },
	{ .name = "IsNaN", .sub = NSP_U_ISNAN },
};

/* x > alpha ? x : 0 */
static int lower_thresholded(struct qc_lower *l, struct qc_node *n,
			     const struct qc_view *w, struct qaic_err *err)
{
	struct qc_view s[4], k, b;
	struct qc_vcmd v;
	int rc;

	rc = qc_lower_scalar(l, qc_attr_float(n, "alpha", 1), QAIC_F32, &k, err);
	if (!rc)
		rc = qc_lower_scalar(l, 0, QAIC_F32, &s[3], err);
	if (!rc)
		rc = qc_lower_temp(l, QAIC_BOOL, w[0].rank, w[0].dim, &b, err);
	if (rc)
		return rc;
	qc_view_broadcast(&k, w[0].rank, w[0].dim);
	qc_view_broadcast(&s[3], w[0].rank, w[0].dim);
	rc = emit_binary(l, NSP_B_GT, &b, &w[1], &k, err);
	if (rc)
		return rc;
	s[0] = w[0];
	s[1] = b;
	s[2] = w[1];
	qc_vcmd_init(l, &v, NSP_SELECT, 0);
	return qc_emit_elt(l, &v, s, 4, err);
}

/* alpha * elu(x / alpha) */
static int lower_celu(struct qc_lower *l, struct qc_node *n,
		      const struct qc_view *w, struct qaic_err *err)
{
	float a = qc_attr_float(n, "alpha", 1);
	struct qc_view t[2], s[2];
	int rc;

	t[1] = w[1];
	rc = qc_lower_temp(l, QAIC_F32, w[0].rank, w[0].dim, &t[0], err);
	if (rc)
		return rc;
	rc = emit_unary(l, NSP_U_SCALE, 1 / a, 0, t, err);
	s[0] = s[1] = t[0];
	if (!rc)
		rc = emit_unary(l, NSP_U_ELU, 1, 0, s, err);
	t[1] = t[0];
	t[0] = w[0];
	return rc ? rc : emit_unary(l, NSP_U_SCALE, a, 0, t, err);
}

static int lower_isinf(struct qc_lower *l, struct qc_node *n,
		       const struct qc_view *w, struct qaic_err *err)
{
	struct qc_vcmd v;

	qc_vcmd_init(l, &v, NSP_UNARY, NSP_U_ISINF);
	v.c.imm[0].u = (qc_attr_int(n, "detect_positive", 1) ? 1 : 0) |
		       (qc_attr_int(n, "detect_negative", 1) ? 2 : 0);
	return qc_emit_elt(l, &v, w, 2, err);
}

int qc_lower_unary(struct qc_lower *l, struct qc_node *n, struct qaic_err *err)
{
	const struct qc_attr *a;
	struct qc_view w[2];
	size_t i;
	int rc;

	rc = elt_views(l, n, 0, 1, w, err);
	if (rc)
		return rc;
	if (qc_node_is(n, "ThresholdedRelu"))
		return lower_thresholded(l, n, w, err);
	if (qc_node_is(n, "Celu"))
		return lower_celu(l, n, w, err);
	if (qc_node_is(n, "IsInf"))
		return lower_isinf(l, n, w, err);
	if (qc_node_is(n, "Gelu")) {
		a = qc_attr_find(n, "approximate");
		return emit_unary(l, a && a->s && !strcmp(a->s, "tanh") ?
				  NSP_U_GELU_TANH : NSP_U_GELU, 0, 0, w, err);
	}
	for (i = 0; i < QAIC_ARRAY_SIZE(unary_rows); i++) {
		const struct unary_row *r = &unary_rows[i];

		if (qc_node_is(n, r->name))
			return emit_unary(l, r->sub,
				r->attr0 ? qc_attr_float(n, r->attr0, r->dflt0) : 0,
				r->attr1 ? qc_attr_float(n, r->attr1, r->dflt1) : 0,
				w, err);
	}
	return qaic_fail(err, -EOPNOTSUPP, "no command for this operator");
}

static const struct { const char *name; unsigned int sub; } binary_rows[] = {
	{ "Add", NSP_B_ADD }, { "Sub", NSP_B_SUB }, { "Mul", NSP_B_MUL },
	{ "Div", NSP_B_DIV }, { "PRelu", NSP_B_PRELU },
	{ "And", NSP_B_AND }, { "Or", NSP_B_OR }, { "Xor", NSP_B_XOR },
	{ "Equal", NSP_B_EQ }, { "Less", NSP_B_LT },
	{ "LessOrEqual", NSP_B_LE }, { "Greater", NSP_B_GT },
	{ "GreaterOrEqual", NSP_B_GE }, { "Min", NSP_B_MIN },
	{ "Max", NSP_B_MAX }, { "Sum", NSP_B_ADD }, { "Mean", NSP_B_ADD },
};

static int binary_sub(const struct qc_node *n)
{
	size_t i;

	if (qc_node_is(n, "Mod"))
		return qc_attr_int(n, "fmod", 0) ? NSP_B_FMOD : NSP_B_MOD;
	for (i = 0; i < QAIC_ARRAY_SIZE(binary_rows); i++)
		if (qc_node_is(n, binary_rows[i].name))
			return binary_rows[i].sub;
	return -1;
}

/* The exponent may be of another type than the base and the result. */
static int lower_pow(struct qc_lower *l, struct qc_view *w,
		     struct qaic_err *err)
{
	struct qc_view o = w[0];
	bool whole = !qaic_dtype_is_float(o.dtype);
	int rc = 0;

	if (whole && qaic_dtype_is_float(w[2].dtype)) {
		rc = qc_lower_temp(l, QAIC_F32, o.rank, o.dim, &w[0], err);
		if (!rc)
			rc = qc_lower_as(l, &w[1], QAIC_F32, err);
	} else if (whole) {
		rc = qc_lower_as(l, &w[2], w[1].dtype, err);
	} else {
		rc = qc_lower_as(l, &w[2], QAIC_F32, err);
	}
	if (!rc)
		rc = emit_binary(l, NSP_B_POW, &w[0], &w[1], &w[2], err);
	if (!rc && w[0].buf != o.buf)
		rc = qc_emit_move(l, &o, &w[0], err);
	return rc;
}

int qc_lower_binary(struct qc_lower *l, struct qc_node *n, struct qaic_err *err)
{
	struct qc_view w[3];
	int sub = binary_sub(n), rc;

	rc = elt_views(l, n, 0, 2, w, err);
	if (rc)
		return rc;
	if (qc_node_is(n, "Pow"))
		return lower_pow(l, w, err);
	if (sub < 0)
		return qaic_fail(err, -EOPNOTSUPP,
				 "no command for this operator");
	return emit_binary(l, sub, &w[0], &w[1], &w[2], err);
}

/* Min, Max, Sum, Mean of any number. */
int qc_lower_variadic(struct qc_lower *l, struct qc_node *n,
		      struct qaic_err *err)
{
	struct qc_view out, acc, in;
	int sub = binary_sub(n), rc;
	struct qc_view w[2];
	uint32_t i;

	rc = elt_views(l, n, 0, 1, w, err);
	if (rc)
		return rc;
	out = w[0];
	acc = w[1];
	for (i = 1; i < n->num_in; i++) {
		rc = qc_lower_in(l, n->in[i], &in, err);
		if (rc)
			return rc;
		qc_view_broadcast(&in, out.rank, out.dim);
		rc = emit_binary(l, sub, &out, &acc, &in, err);
		if (rc)
			return rc;
		acc = out;
	}
	w[1] = acc;
	if (qc_node_is(n, "Mean"))
		return emit_unary(l, NSP_U_SCALE, 1.0f / n->num_in, 0, w, err);
	return n->num_in == 1 ? qc_emit_move(l, &out, &acc, err) : 0;
}

int qc_lower_where(struct qc_lower *l, struct qc_node *n, struct qaic_err *err)
{
	struct qc_view w[4];
	struct qc_vcmd v;
	int rc = elt_views(l, n, 0, 3, w, err);

	if (rc)
		return rc;
	qc_vcmd_init(l, &v, NSP_SELECT, 0);
	return qc_emit_elt(l, &v, w, 4, err);
}

int qc_lower_cast(struct qc_lower *l, struct qc_node *n, struct qaic_err *err)
{
	struct qc_value *out = n->out[0];
	struct qc_view v, o;
	int rc = qc_lower_in(l, n->in[0], &v, err);

	if (rc)
		return rc;
	if (qc_cast_is_free(l, n->in[0], out))
		return qc_lower_alias(l, out, &v, err);
	rc = qc_lower_out(l, out, &o, err);
	return rc ? rc : qc_emit_move(l, &o, &v, err);
}

/* min and max: attributes (opset 6), constants, or values */
int qc_lower_clip(struct qc_lower *l, struct qc_node *n, struct qaic_err *err)
{
	struct qc_view w[2], k;
	double lim[2] = { -INFINITY, INFINITY };
	bool fixed = true;
	uint32_t i;
	int rc = elt_views(l, n, 0, 1, w, err);

	if (rc)
		return rc;
	lim[0] = qc_attr_float(n, "min", -INFINITY);
	lim[1] = qc_attr_float(n, "max", INFINITY);
	for (i = 0; i < 2; i++)
		if (n->num_in > i + 1 && n->in[i + 1] &&
		    !qc_const_scalar(n->in[i + 1], &lim[i]))
			fixed = false;
	/* the range is empty: ONNX says max wins */
	if (fixed && qaic_dtype_is_float(w[0].dtype) && lim[0] <= lim[1])
		return emit_unary(l, NSP_U_CLIP, lim[0], lim[1], w, err);
	for (i = 0; i < 2; i++) {
		if (n->num_in <= i + 1 || !n->in[i + 1])
			continue;
		rc = qc_lower_in(l, n->in[i + 1], &k, err);
		if (rc)
			return rc;
		qc_view_broadcast(&k, w[0].rank, w[0].dim);
		rc = emit_binary(l, i ? NSP_B_MIN : NSP_B_MAX, &w[0], &w[1], &k,
				 err);
		if (rc)
			return rc;
		w[1] = w[0];
	}
	return w[1].buf == w[0].buf ? 0 : qc_emit_move(l, &w[0], &w[1], err);
}
