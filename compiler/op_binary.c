// SPDX-License-Identifier: MIT
/*
 * Element-wise operators of two and more operands, with numpy broadcasting.
 */
#include <math.h>

#include "compiler/op_util.h"

/* ---- shapes ---- */

static int broadcast_all(struct qc_node *n, uint32_t first, uint32_t *rank,
			 int64_t *dim, struct qaic_err *err)
{
	uint32_t i;
	int rc;

	*rank = 0;
	for (i = first; i < n->num_in; i++) {
		rc = qc_broadcast(rank, dim, n->in[i], err);
		if (rc)
			return rc;
	}
	return 0;
}

static int same_types(const struct qc_node *n, uint32_t first,
		      struct qaic_err *err)
{
	uint32_t i;

	for (i = first + 1; i < n->num_in; i++)
		if (n->in[i]->dtype != n->in[first]->dtype)
			return qaic_fail(err, -EINVAL,
				"'%s' is %s, '%s' is %s", n->in[first]->name,
				qaic_dtype_name(n->in[first]->dtype),
				n->in[i]->name,
				qaic_dtype_name(n->in[i]->dtype));
	return 0;
}

static int shape_binary(struct qc_node *n, int dtype, struct qaic_err *err)
{
	int64_t dim[QC_MAX_RANK];
	uint32_t rank;
	int rc;

	rc = same_types(n, 0, err);
	if (!rc)
		rc = broadcast_all(n, 0, &rank, dim, err);
	if (!rc)
		qc_set_out(n, 0, dtype < 0 ? n->in[0]->dtype : (unsigned)dtype,
			   rank, dim);
	return rc;
}

QC_SHAPE(binary)
{
	if (n->in[0]->dtype == QAIC_BOOL)
		return qaic_fail(err, -EINVAL, "'%s' is bool", n->in[0]->name);
	return shape_binary(n, -1, err);
}

QC_SHAPE(compare)
{
	return shape_binary(n, QAIC_BOOL, err);
}

QC_SHAPE(logic)
{
	if (n->in[0]->dtype != QAIC_BOOL)
		return qaic_fail(err, -EINVAL, "'%s' is not bool",
				 n->in[0]->name);
	return shape_binary(n, QAIC_BOOL, err);
}

/* The exponent may be of another type; the result is of the base's. */
QC_SHAPE(pow)
{
	int64_t dim[QC_MAX_RANK];
	uint32_t rank;
	int rc = broadcast_all(n, 0, &rank, dim, err);

	if (!rc)
		qc_set_out(n, 0, n->in[0]->dtype, rank, dim);
	return rc;
}

QC_SHAPE(where)
{
	int64_t dim[QC_MAX_RANK];
	uint32_t rank;
	int rc;

	if (n->in[0]->dtype != QAIC_BOOL)
		return qaic_fail(err, -EINVAL, "condition '%s' is not bool",
				 n->in[0]->name);
	rc = same_types(n, 1, err);
	if (!rc)
		rc = broadcast_all(n, 0, &rank, dim, err);
	if (!rc)
		qc_set_out(n, 0, n->in[1]->dtype, rank, dim);
	return rc;
}

/* ---- kernels: one run of elements, operands 0 or more apart ---- */

typedef void (*run_f)(float *out, const float *x, int64_t sx, const float *y,
		      int64_t sy, int64_t n);
typedef void (*run_cmp)(uint8_t *out, const float *x, int64_t sx,
			const float *y, int64_t sy, int64_t n);
/* integers as int64; @u says that they are 64 bits without sign */
typedef int64_t (*one_i)(int64_t a, int64_t b, bool u);

#define RUN(name, out_t, expr)                                                 \
	static void name(out_t *out, const float *x, int64_t sx,               \
			 const float *y, int64_t sy, int64_t n)                \
	{                                                                      \
		int64_t i;                                                     \
									       \
		for (i = 0; i < n; i++) {                                      \
			float a = x[i * sx], b = y[i * sy];                    \
									       \
			out[i] = (expr);                                       \
		}                                                              \
	}
#define INT(name, expr)                                                        \
	static int64_t name(int64_t a, int64_t b, bool u)                      \
	{                                                                      \
		return (int64_t)(expr);                                        \
	}

static float min_f(float a, float b)
{
	return isnan(a) || a < b ? a : b;
}

static float max_f(float a, float b)
{
	return isnan(a) || a > b ? a : b;
}

static bool less_i(int64_t a, int64_t b, bool u)
{
	return u ? (uint64_t)a < (uint64_t)b : a < b;
}

/* Division by zero has no result in ONNX; zero is ours. */
static int64_t div_i(int64_t a, int64_t b, bool u)
{
	if (!b)
		return 0;
	if (u)
		return (int64_t)((uint64_t)a / (uint64_t)b);
	return b == -1 ? (int64_t)(0 - (uint64_t)a) : a / b;
}

static int64_t rem_i(int64_t a, int64_t b, bool u)
{
	if (!b || (!u && b == -1))
		return 0;
	return u ? (int64_t)((uint64_t)a % (uint64_t)b) : a % b;
}

/* The sign of the divisor, as in Python and numpy. */
static int64_t mod_i(int64_t a, int64_t b, bool u)
{
	int64_t r = rem_i(a, b, u);

	return !u && r && (r < 0) != (b < 0) ? r + b : r;
}

RUN(add_f, float, a + b)
RUN(sub_f, float, a - b)
RUN(mul_f, float, a * b)
RUN(div_f, float, a / b)
RUN(fmod_f, float, fmodf(a, b))
RUN(prelu_f, float, a < 0 ? a * b : a)
RUN(fmin_f, float, min_f(a, b))
RUN(fmax_f, float, max_f(a, b))
RUN(eq_f, uint8_t, a == b)
RUN(lt_f, uint8_t, a < b)
RUN(le_f, uint8_t, a <= b)
RUN(gt_f, uint8_t, a > b)
RUN(ge_f, uint8_t, a >= b)
INT(add_i, (uint64_t)a + (uint64_t)b)
INT(sub_i, (uint64_t)a - (uint64_t)b)
INT(mul_i, (uint64_t)a * (uint64_t)b)
INT(prelu_i, a < 0 && !u ? (uint64_t)a * (uint64_t)b : (uint64_t)a)
INT(min_i, less_i(a, b, u) ? a : b)
INT(max_i, less_i(b, a, u) ? a : b)
INT(eq_i, a == b)
INT(lt_i, less_i(a, b, u))
INT(le_i, !less_i(b, a, u))
INT(gt_i, less_i(b, a, u))
INT(ge_i, !less_i(a, b, u))
INT(and_i, a && b)
INT(or_i, a || b)
INT(xor_i, !a != !b)

/* ---- evaluation ---- */

/* One operand of a pair: values of type @dtype, broadcast as @v. */
struct operand {
	const void *data;
	const struct qc_value *v;
};

static void walk_pair(struct qc_walk *w, const struct qc_value *out,
		      const struct qc_value *x, const struct qc_value *y)
{
	qc_walk_init(w, out->rank, out->dim);
	qc_walk_add_bcast(w, out);
	qc_walk_add_bcast(w, x);
	qc_walk_add_bcast(w, y);
	qc_walk_start(w);
}

static void pair_f(void *to, const struct qc_value *out, struct operand x,
		   struct operand y, run_f f, run_cmp cmp)
{
	const float *xp = x.data, *yp = y.data;
	struct qc_walk w;

	for (walk_pair(&w, out, x.v, y.v); !w.done; qc_walk_next(&w)) {
		if (cmp)
			cmp((uint8_t *)to + w.off[0], xp + w.off[1], w.step[1],
			    yp + w.off[2], w.step[2], w.n);
		else
			f((float *)to + w.off[0], xp + w.off[1], w.step[1],
			  yp + w.off[2], w.step[2], w.n);
	}
}

static void pair_i(void *to, const struct qc_value *out, struct operand x,
		   struct operand y, one_i f)
{
	enum qaic_dtype dtype = y.v->dtype;
	int64_t size = qaic_dtype_size(dtype), osize = qc_esize(out), i;
	bool u = dtype == QAIC_U64;
	const uint8_t *xp, *yp;
	struct qc_walk w;
	uint8_t *op;

	for (walk_pair(&w, out, x.v, y.v); !w.done; qc_walk_next(&w)) {
		op = (uint8_t *)to + w.off[0] * osize;
		xp = (const uint8_t *)x.data + w.off[1] * size;
		yp = (const uint8_t *)y.data + w.off[2] * size;
		for (i = 0; i < w.n; i++)
			qc_store_i64(op + i * osize, out->dtype,
				f(qc_load_i64(xp + i * w.step[1] * size, dtype),
				  qc_load_i64(yp + i * w.step[2] * size, dtype),
				  u));
	}
}

/* Operands are folded from the left; with one, it is copied. */
static int eval_fold(const struct qc_eval *e, run_f f, run_cmp cmp, one_i fi)
{
	const struct qc_node *n = e->node;
	const struct qc_value *out = n->out[0];
	bool is_float = qaic_dtype_is_float(n->in[0]->dtype);
	struct operand x = { qc_arg(e, 0), n->in[0] };
	struct operand y;
	uint32_t i;

	if (n->num_in == 1) {
		memcpy(e->out[0], x.data, qc_eval_size(out));
		return 0;
	}
	for (i = 1; i < n->num_in; i++) {
		y = (struct operand){ qc_arg(e, i), n->in[i] };
		if (is_float)
			pair_f(e->out[0], out, x, y, f, cmp);
		else
			pair_i(e->out[0], out, x, y, fi);
		x = (struct operand){ e->out[0], out };
	}
	return 0;
}

#define BINARY(name, f, fi)                                                    \
	QC_EVAL(name)                                                          \
	{                                                                      \
		return eval_fold(e, f, NULL, fi);                              \
	}
#define COMPARE(name, f, fi)                                                   \
	QC_EVAL(name)                                                          \
	{                                                                      \
		return eval_fold(e, NULL, f, fi);                              \
	}

BINARY(add, add_f, add_i)
BINARY(sub, sub_f, sub_i)
BINARY(mul, mul_f, mul_i)
BINARY(div, div_f, div_i)
BINARY(prelu, prelu_f, prelu_i)
BINARY(min, fmin_f, min_i)
BINARY(max, fmax_f, max_i)
BINARY(sum, add_f, add_i)
BINARY(and, NULL, and_i)
BINARY(or, NULL, or_i)
BINARY(xor, NULL, xor_i)
COMPARE(equal, eq_f, eq_i)
COMPARE(less, lt_f, lt_i)
COMPARE(lessorequal, le_f, le_i)
COMPARE(greater, gt_f, gt_i)
COMPARE(greaterorequal, ge_f, ge_i)

QC_EVAL(mod)
{
	return eval_fold(e, fmod_f, NULL,
			 qc_attr_int(e->node, "fmod", 0) ? rem_i : mod_i);
}

QC_EVAL(mean)
{
	const struct qc_value *out = e->node->out[0];
	float scale = 1.0f / e->node->num_in, *y = e->out[0];
	int64_t i, n = qc_numel(out);
	int rc = eval_fold(e, add_f, NULL, add_i);

	if (!rc && qaic_dtype_is_float(out->dtype))
		for (i = 0; i < n; i++)
			y[i] *= scale;
	return rc;
}

/* Exact for integers as long as the result fits; else as double. */
static int64_t pow_i(int64_t a, int64_t b)
{
	uint64_t r = 1, base = (uint64_t)a;

	if (b < 0)
		return a == 1 ? 1 : a == -1 ? (b & 1 ? -1 : 1) : 0;
	for (; b; b >>= 1, base *= base)
		if (b & 1)
			r *= base;
	return (int64_t)r;
}

QC_EVAL(pow)
{
	const struct qc_value *x = e->node->in[0], *y = e->node->in[1];
	const struct qc_value *out = e->node->out[0];
	enum qaic_dtype tx = qc_eval_dtype(x->dtype);
	enum qaic_dtype ty = qc_eval_dtype(y->dtype);
	bool ints = !qaic_dtype_is_float(tx) && !qaic_dtype_is_float(ty);
	int64_t sx = qc_esize(x), sy = qc_esize(y), so = qc_esize(out), i;
	const uint8_t *xp, *yp;
	struct qc_walk w;
	uint8_t *op;

	for (walk_pair(&w, out, x, y); !w.done; qc_walk_next(&w)) {
		op = (uint8_t *)e->out[0] + w.off[0] * so;
		xp = (const uint8_t *)e->in[0] + w.off[1] * sx;
		yp = (const uint8_t *)e->in[1] + w.off[2] * sy;
		for (i = 0; i < w.n; i++, op += so, xp += w.step[1] * sx,
					  yp += w.step[2] * sy) {
			if (ints)
				qc_store_i64(op, tx, pow_i(qc_load_i64(xp, tx),
						qc_load_i64(yp, ty)));
			else
				qc_store_f64(op, tx, pow(qc_load_f64(xp, tx),
						qc_load_f64(yp, ty)));
		}
	}
	return 0;
}

QC_EVAL(where)
{
	const struct qc_node *n = e->node;
	const uint8_t *c = e->in[0], *x = e->in[1], *y = e->in[2];
	int64_t size = qc_esize(n->out[0]), i;
	uint8_t *out = e->out[0];
	struct qc_walk w;

	qc_walk_init(&w, n->out[0]->rank, n->out[0]->dim);
	qc_walk_add_bcast(&w, n->in[0]);
	qc_walk_add_bcast(&w, n->in[1]);
	qc_walk_add_bcast(&w, n->in[2]);
	for (qc_walk_start(&w); !w.done; qc_walk_next(&w)) {
		for (i = 0; i < w.n; i++, out += size) {
			if (c[w.off[0] + i * w.step[0]])
				memcpy(out, x + (w.off[1] + i * w.step[1]) * size,
				       size);
			else
				memcpy(out, y + (w.off[2] + i * w.step[2]) * size,
				       size);
		}
	}
	return 0;
}
