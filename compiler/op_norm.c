// SPDX-License-Identifier: MIT
/*
 * Softmax and normalisations along trailing axes or one axis.
 */
#include <math.h>

#include "compiler/op_util.h"

static int need_float(const struct qc_value *v, struct qaic_err *err)
{
	if (qaic_dtype_is_float(v->dtype))
		return 0;
	return qaic_fail(err, -EINVAL, "'%s' is %s, not a float", v->name,
			 qaic_dtype_name(v->dtype));
}

/*
 * Since opset 13 one axis (-1 if not given); before, the input is seen as a matrix
 * whose columns start at the axis (1 if not given).
 */
static int softmax_axis(const struct qc_node *n, uint32_t *axis,
			struct qaic_err *err)
{
	bool old = n->version < 13;
	int64_t a = qc_attr_int(n, "axis", old ? 1 : -1);

	if (old && a == n->in[0]->rank) {
		*axis = n->in[0]->rank;	/* columns of one element */
		return 0;
	}
	return qc_axis(a, n->in[0]->rank, axis, err);
}

QC_SHAPE(softmax)
{
	uint32_t axis;
	int rc = need_float(n->in[0], err);

	if (!rc && n->in[0]->rank)
		rc = softmax_axis(n, &axis, err);
	qc_set_out_like(n, 0, n->in[0]);
	return rc;
}

/*
 * @count elements @step apart. A row that is -inf throughout (a fully masked one)
 * has no softmax; zeros here, as on the card, instead of NaN.
 */
static void softmax_row(float *out, const float *in, int64_t count, int64_t step,
			bool logarithm)
{
	float max = -INFINITY;
	double sum = 0;
	int64_t i;

	for (i = 0; i < count; i++)
		max = in[i * step] > max || isnan(in[i * step]) ? in[i * step] :
								  max;
	if (max == -INFINITY && !logarithm) {
		for (i = 0; i < count; i++)
			out[i * step] = 0;
		return;
	}
	for (i = 0; i < count; i++) {
		float x = expf(in[i * step] - max);

		sum += x;
		out[i * step] = logarithm ? in[i * step] - max : x;
	}
	for (i = 0; i < count; i++) {
		if (logarithm)
			out[i * step] -= (float)log(sum);
		else
			out[i * step] = (float)(out[i * step] / sum);
	}
}

static int eval_softmax(const struct qc_eval *e, bool logarithm,
			struct qaic_err *err)
{
	const struct qc_value *v = e->node->in[0];
	const float *in = e->in[0];
	float *out = e->out[0];
	int64_t outer, count, inner, i, k;
	uint32_t axis = 0;
	int rc;

	if (v->rank) {
		rc = softmax_axis(e->node, &axis, err);
		if (rc)
			return rc;
	}
	outer = qc_span(v, 0, axis);
	if (e->node->version < 13 || !v->rank) {
		count = qc_span(v, axis, v->rank);
		inner = 1;
	} else {
		count = v->dim[axis];
		inner = qc_span(v, axis + 1, v->rank);
	}
	for (i = 0; i < outer; i++)
		for (k = 0; k < inner; k++)
			softmax_row(out + i * count * inner + k,
				    in + i * count * inner + k, count, inner,
				    logarithm);
	return 0;
}

QC_EVAL(softmax)
{
	return eval_softmax(e, false, err);
}

QC_EVAL(logsoftmax)
{
	return eval_softmax(e, true, err);
}

/* ---- LayerNormalization ---- */

/* Scale and bias must fit the normalized dimensions, from the right. */
static int check_affine(const struct qc_value *v, const struct qc_value *x,
			uint32_t axis, struct qaic_err *err)
{
	uint32_t i, norm = x->rank - axis;

	if (v->rank > norm)
		goto bad;
	for (i = 0; i < v->rank; i++)
		if (v->dim[i] != 1 &&
		    v->dim[i] != x->dim[x->rank - v->rank + i])
			goto bad;
	return 0;
bad:
	return qaic_fail(err, -EINVAL,
			 "'%s' does not fit the normalized dimensions of '%s'",
			 v->name, x->name);
}

QC_SHAPE(layernorm)
{
	const struct qc_value *x = n->in[0];
	int64_t dim[QC_MAX_RANK];
	uint32_t axis, i;
	int rc;

	rc = need_float(x, err);
	if (!rc)
		rc = qc_axis(qc_attr_int(n, "axis", -1), x->rank, &axis, err);
	if (rc)
		return rc;
	for (i = 1; i < n->num_in && !rc; i++)
		if (n->in[i])
			rc = need_float(n->in[i], err) ?:
			     check_affine(n->in[i], x, axis, err);
	memcpy(dim, x->dim, sizeof(dim));
	for (i = axis; i < x->rank; i++)
		dim[i] = 1;
	qc_set_out_like(n, 0, x);
	for (i = 1; i < n->num_out; i++)
		qc_set_out(n, i, QAIC_F32, x->rank, dim);
	return rc;
}

/* @v broadcast over the normalized dimensions, in a new array. */
static float *spread(const struct qc_value *v, const float *data,
		     const struct qc_value *x, uint32_t axis)
{
	struct qc_walk w;
	int64_t n = qc_span(x, axis, x->rank), i;
	float *out = malloc((n ? n : 1) * sizeof(*out)), *p = out;

	if (!out)
		return NULL;
	qc_walk_init(&w, x->rank - axis, x->dim + axis);
	qc_walk_add_bcast(&w, v);
	for (qc_walk_start(&w); !w.done; qc_walk_next(&w))
		for (i = 0; i < w.n; i++)
			*p++ = data[w.off[0] + i * w.step[0]];
	return out;
}

static void layernorm_row(float *out, const float *in, const float *scale,
			  const float *bias, int64_t n, float eps, float *mean,
			  float *inv)
{
	double sum = 0, square = 0, d;
	int64_t i;

	for (i = 0; i < n; i++)
		sum += in[i];
	*mean = (float)(sum / n);
	for (i = 0; i < n; i++) {
		d = in[i] - sum / n;
		square += d * d;
	}
	*inv = (float)(1 / sqrt(square / n + eps));
	for (i = 0; i < n; i++)
		out[i] = (in[i] - *mean) * *inv * scale[i] +
			 (bias ? bias[i] : 0);
}

QC_EVAL(layernorm)
{
	const struct qc_node *node = e->node;
	const struct qc_value *x = node->in[0];
	float eps = qc_attr_float(node, "epsilon", 1e-5f);
	float *scale = NULL, *bias = NULL, mean, inv;
	int64_t outer, n, i;
	uint32_t axis;
	int rc;

	rc = qc_axis(qc_attr_int(node, "axis", -1), x->rank, &axis, err);
	if (rc)
		return rc;
	outer = qc_span(x, 0, axis);
	n = qc_span(x, axis, x->rank);
	scale = spread(node->in[1], e->in[1], x, axis);
	if (qc_arg(e, 2))
		bias = spread(node->in[2], e->in[2], x, axis);
	if (!scale || (qc_arg(e, 2) && !bias))
		rc = -ENOMEM;
	for (i = 0; i < outer && !rc; i++) {
		layernorm_row((float *)e->out[0] + i * n,
			      (const float *)e->in[0] + i * n, scale, bias, n,
			      eps, &mean, &inv);
		if (e->out[1])
			((float *)e->out[1])[i] = mean;
		if (e->out[2])
			((float *)e->out[2])[i] = inv;
	}
	free(scale);
	free(bias);
	return rc;
}

/* ---- CustomRMSNorm: weight * x / sqrt(mean(x^2) + epsilon), last axis ---- */

QC_SHAPE(rmsnorm)
{
	const struct qc_value *x = n->in[0], *w = n->in[1];
	int rc = need_float(x, err) ?: need_float(w, err);

	if (rc)
		return rc;
	if (!x->rank || w->rank != 1 || w->dim[0] != x->dim[x->rank - 1])
		return qaic_fail(err, -EINVAL,
			"weight '%s' does not fit the last dimension of '%s'",
			w->name, x->name);
	qc_set_out_like(n, 0, x);
	return 0;
}

QC_EVAL(rmsnorm)
{
	const struct qc_value *x = e->node->in[0];
	float eps = qc_attr_float(e->node, "epsilon", 1e-6f);
	int64_t n = x->dim[x->rank - 1], outer = qc_span(x, 0, x->rank - 1);
	const float *in = e->in[0], *w = e->in[1];
	float *out = e->out[0], inv;
	double sum;
	int64_t i, k;

	for (i = 0; i < outer; i++, in += n, out += n) {
		for (k = 0, sum = 0; k < n; k++)
			sum += (double)in[k] * in[k];
		inv = (float)(1 / sqrt(sum / n + eps));
		for (k = 0; k < n; k++)
			out[k] = w[k] * (in[k] * inv);
	}
	return 0;
}
