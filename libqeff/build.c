// SPDX-License-Identifier: MIT
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "libqeff/arch.h"
#include "libqeff/build.h"

/* ---- modules ---- */

size_t qf_enter(struct qf_build *b, const char *fmt, ...)
{
	size_t mark = b->scope_len, room = sizeof(b->scope) - mark;
	va_list ap;
	int n;

	if (room < 2)
		goto deep;
	b->scope[mark] = '/';
	va_start(ap, fmt);
	n = vsnprintf(b->scope + mark + 1, room - 1, fmt, ap);
	va_end(ap);
	if (n < 0 || (size_t)n >= room - 1)
		goto deep;
	if (n)				/* "" is the current module */
		b->scope_len += n + 1;
	b->scope[b->scope_len] = '\0';
	return mark;
deep:
	b->scope[mark] = '\0';
	qf_onnx_fail(&b->o, -ENAMETOOLONG, "module path too long: %s", b->scope);
	return mark;
}

void qf_leave(struct qf_build *b, size_t mark)
{
	b->scope_len = mark;
	b->scope[mark] = '\0';
}

const struct qf_model *qf_model_of(const struct qf_build *b)
{
	return b->m;
}

void qf_fail(struct qf_build *b, int code, const char *fmt, ...)
{
	char msg[400];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(msg, sizeof(msg), fmt, ap);
	va_end(ap);
	qf_onnx_fail(&b->o, code, "%s", msg);
}

qf_val qf_i64s(struct qf_build *b, const int64_t *v, size_t n)
{
	return qf_onnx_i64s(&b->o, v, n);
}

qf_val qf_i64(struct qf_build *b, int64_t v)
{
	return qf_onnx_i64(&b->o, v);
}

qf_val qf_i32(struct qf_build *b, int32_t v)
{
	return qf_onnx_i32(&b->o, v);
}

qf_val qf_f32(struct qf_build *b, float v)
{
	return qf_onnx_f32(&b->o, v);
}

/* ---- nodes ---- */

qf_val qf_op_as(struct qf_build *b, const char *out, const char *op,
		const struct qf_attr *attrs, size_t num_attrs,
		const qf_val *in, size_t num_in)
{
	const char *sep = strstr(op, "::");
	char name[sizeof(b->scope) + 64];
	qf_val outs[1] = { out };

	snprintf(name, sizeof(name), "%s/%s", b->scope, sep ? sep + 2 : op);
	return qf_onnx_node(&b->o, name, op, attrs, num_attrs, in, num_in, outs,
			    1);
}

qf_val qf_op(struct qf_build *b, const char *op, const struct qf_attr *attrs,
	     size_t num_attrs, const qf_val *in, size_t num_in)
{
	return qf_op_as(b, NULL, op, attrs, num_attrs, in, num_in);
}

qf_val qf_cast(struct qf_build *b, qf_val x, enum qaic_dtype to)
{
	return qf_op(b, "Cast", QF_ATTRS(QF_INT("to", qf_onnx_dtype(to))),
		     QF_IN(x));
}

qf_val qf_transpose4(struct qf_build *b, qf_val x, int a0, int a1, int a2,
		     int a3)
{
	return qf_op(b, "Transpose", QF_ATTRS(QF_INTS("perm", a0, a1, a2, a3)),
		     QF_IN(x));
}

qf_val qf_slice(struct qf_build *b, qf_val x, int64_t axis, int64_t from,
		int64_t to)
{
	return QF_OP(b, "Slice", x, QF_I64S(b, from), QF_I64S(b, to),
		     QF_I64S(b, axis), QF_I64S(b, 1));
}

qf_val qf_scaled(struct qf_build *b, qf_val x, double v)
{
	return v == 1 ? x : QF_OP(b, "Mul", x, qf_onnx_f32(&b->o, v));
}

qf_val qf_softcap(struct qf_build *b, qf_val x, double cap)
{
	if (!cap)
		return x;
	x = QF_OP(b, "Div", x, qf_onnx_f32(&b->o, cap));
	x = QF_OP(b, "Tanh", x);
	return QF_OP(b, "Mul", x, qf_onnx_f32(&b->o, cap));
}

void qf_split(struct qf_build *b, qf_val x, const int64_t *size, size_t n,
	      qf_val *out)
{
	char name[sizeof(b->scope) + 8];
	size_t i;

	for (i = 0; i < n; i++)
		out[i] = NULL;
	snprintf(name, sizeof(name), "%s/Split", b->scope);
	qf_onnx_node(&b->o, name, "Split", QF_ATTRS(QF_INT("axis", -1)),
		     QF_IN(x, qf_onnx_i64s(&b->o, size, n)), out, n);
	for (i = 0; i < n && b->o.rc; i++)
		out[i] = "";
}

void qf_keep_fp32(struct qf_build *b, size_t first)
{
	/* they move numbers or make weights ready */
	static const char *const moves[] = {
		"Transpose", "Cast", "Identity", "Reshape", "Squeeze",
	};
	const Onnx__NodeProto *n;
	bool move;
	size_t i;

	for (; first < b->o.nodes.n && !b->o.rc; first++) {
		n = b->o.nodes.v[first];
		move = false;
		for (i = 0; i < QAIC_ARRAY_SIZE(moves); i++)
			move |= !strcmp(n->op_type, moves[i]);
		if (!move)
			qaic_str_printf(&b->fp32_nodes, "%s%s",
					b->fp32_nodes.len ? "," : "", n->name);
	}
	if (b->fp32_nodes.failed)
		qf_onnx_fail(&b->o, -ENOMEM, "out of memory");
}

/* ---- weights ---- */

/* "/model/layers.0/mlp" + "up_proj" + "weight" -> "model.layers.0.mlp.up_proj.weight" */
static char *weight_name(struct qf_build *b, const char *module,
			 const char *leaf)
{
	char *name = qf_onnx_printf(&b->o, "%s%s%s.%s", b->scope,
				    module ? "/" : "", module ? module : "",
				    leaf);
	char *p;

	for (p = name; p && *p; p++)
		if (*p == '/')
			*p = '.';
	return name ? name + 1 : NULL;
}

static const struct qf_tensor *find_name(struct qf_build *b, const char *name)
{
	const char *base = b->m->arch->base;
	const struct qf_tensor *t = qf_tensors_find(b->ts, name);
	size_t n = strlen(base);
	char *other;

	if (!t && !strncmp(name, base, n) && name[n] == '.')
		t = qf_tensors_find(b->ts, name + n + 1);
	if (!t) {
		other = qf_onnx_printf(&b->o, "module.%s", name);
		t = other ? qf_tensors_find(b->ts, other) : NULL;
	}
	return t;
}

/*
 * Checkpoints name the same weight with and without the body's module, since
 * they are saved from the model with its head or from the body alone; some carry
 * the "module." of a parallel wrapper. BERT's first ones call the norms' weights
 * as the paper does.
 */
static const struct qf_tensor *find_weight(struct qf_build *b, const char *name)
{
	static const char *const old[][2] = {
		{ ".LayerNorm.weight", "gamma" }, { ".LayerNorm.bias", "beta" },
	};
	const struct qf_tensor *t = find_name(b, name);
	size_t i, n = strlen(name), k;
	char *other;

	for (i = 0; !t && i < QAIC_ARRAY_SIZE(old); i++) {
		k = strlen(old[i][0]);
		if (n < k || strcmp(name + n - k, old[i][0]))
			continue;
		k = strlen(".LayerNorm.");
		other = qf_onnx_printf(&b->o, "%.*s%s",
				       (int)(n - strlen(old[i][0]) + k), name,
				       old[i][1]);
		t = other ? find_name(b, other) : NULL;
	}
	return t;
}

bool qf_has_tensor(struct qf_build *b, const char *name)
{
	return find_weight(b, name) != NULL;
}

bool qf_has_weight(struct qf_build *b, const char *module, const char *leaf)
{
	const char *name = weight_name(b, module, leaf);

	return name && find_weight(b, name);
}

const struct qf_tensor *qf_find_weight(struct qf_build *b, const char *leaf)
{
	const char *name = weight_name(b, NULL, leaf);
	const struct qf_tensor *t = name ? find_weight(b, name) : NULL;

	if (name && !t)
		qf_onnx_fail(&b->o, -EINVAL,
			     "weight %s is missing from the checkpoint", name);
	return t;
}

static void shape_text(char *buf, size_t size, const int64_t *dim,
		       uint32_t rank)
{
	size_t len = snprintf(buf, size, "[");
	uint32_t i;

	for (i = 0; i < rank && len < size; i++)
		len += snprintf(buf + len, size - len, "%s%lld", i ? ", " : "",
				(long long)dim[i]);
	if (len < size)
		snprintf(buf + len, size - len, "]");
}

static bool check_weight(struct qf_build *b, const struct qf_tensor *t,
			 uint32_t rank, const int64_t *dim)
{
	char want[64], have[192];

	if (t->dtype != QAIC_F32 && t->dtype != QAIC_F16 &&
	    t->dtype != QAIC_BF16) {
		qf_onnx_fail(&b->o, -EOPNOTSUPP,
			     "weight %s is %s; float32, float16 and bfloat16 are supported",
			     t->name, qaic_dtype_name(t->dtype));
		return false;
	}
	if (t->rank == rank && !memcmp(t->dim, dim, rank * sizeof(*dim)))
		return true;
	shape_text(want, sizeof(want), dim, rank);
	shape_text(have, sizeof(have), t->dim, t->rank);
	qf_onnx_fail(&b->o, -EINVAL,
		     "weight %s has shape %s; config.json makes it %s", t->name,
		     have, want);
	return false;
}

const struct qf_tensor *qf_take_weight(struct qf_build *b, const char *leaf,
				       uint32_t rank, int64_t d0, int64_t d1)
{
	const int64_t dim[2] = { d0, d1 };
	const struct qf_tensor *t = qf_find_weight(b, leaf);

	if (!t || !check_weight(b, t, rank, dim))
		return NULL;
	b->used[t - b->ts->tensor] = 1;
	return t;
}

qf_val qf_weight_raw(struct qf_build *b, const char *leaf, uint32_t rank,
		     int64_t d0, int64_t d1, enum qaic_dtype *dtype)
{
	const struct qf_tensor *t = qf_take_weight(b, leaf, rank, d0, d1);
	const char *name = weight_name(b, NULL, leaf);

	*dtype = QAIC_F32;
	if (!t || !name)
		return "";
	*dtype = t->dtype;
	return qf_onnx_data(&b->o, name, t->dtype, rank, t->dim, t->data);
}

qf_val qf_weight(struct qf_build *b, const char *leaf, uint32_t rank,
		 int64_t d0, int64_t d1)
{
	enum qaic_dtype dtype;
	qf_val w = qf_weight_raw(b, leaf, rank, d0, d1, &dtype);

	return dtype == QAIC_F32 ? w : qf_cast(b, w, QAIC_F32);
}

/* ---- the model ---- */

void qf_block(struct qf_build *b, const char *name, qf_val x)
{
	char *path = weight_name(b, NULL, name ? name : "embeddings");

	if (path && !b->o.rc)
		qaic_str_printf(&b->blocks, "%s%s=%s", b->blocks.len ? "," : "",
				path, x);
}

int qf_build_model(struct qf_build *b, const struct qf_model *m,
		   const struct qf_tensors *ts, struct qaic_err *err)
{
	struct qf_body d = { 0 };
	char name[sizeof(b->scope)];
	uint32_t i;
	size_t mark;
	qf_val x;

	memset(b, 0, sizeof(*b));
	b->m = m;
	b->ts = ts;
	b->used = calloc(1, ts->num + 1);
	if (!b->used)
		return qaic_fail(err, -ENOMEM, "out of memory");
	if (qf_onnx_init(&b->o, err))
		return b->o.rc;
	if (m->arch->kind == QF_SEQ2SEQ)
		return qf_build_seq2seq(b);
	mark = qf_enter(b, "%s", m->arch->base);
	if (qf_has_cache(m))
		qf_decoder_begin(b, &d);
	else
		qf_encoder_begin(b, &d);
	x = m->arch->embed(b, &d);
	qf_block(b, m->embed, x);
	for (i = 0; i < m->layers && !b->o.rc; i++) {
		x = m->arch->layer(b, &d, i, x);
		snprintf(name, sizeof(name), "%s.%u", m->layer, i);
		qf_block(b, name, x);
	}
	qf_leave(b, mark);
	if (!b->o.rc)
		qf_head(b, &d, x);
	if (d.cached)
		qf_decoder_end(b);
	return b->o.rc;
}

void qf_build_release(struct qf_build *b)
{
	qf_onnx_release(&b->o);
	qaic_str_free(&b->blocks);
	qaic_str_free(&b->fp32_nodes);
	free(b->used);
	memset(b, 0, sizeof(*b));
}
