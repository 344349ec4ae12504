// SPDX-License-Identifier: MIT
/* The language-model head: the last token's row, final norm, logits. */
#include <math.h>

#include "base/f16.h"
#include "libqeff/arch.h"

/* The head's own weight, or the token embedding's: one initializer then. */
static bool is_tied(struct qf_build *b)
{
	const struct qf_model *m = b->m;
	size_t mark;
	bool own;

	if (m->tied || !m->tied_if_alone)
		return m->tied;
	mark = qf_enter(b, "%s", m->head);
	own = qf_has_weight(b, NULL, "weight");
	qf_leave(b, mark);
	return !own;
}

static void enter_head(struct qf_build *b, bool tied)
{
	if (!tied) {
		qf_enter(b, "%s", b->m->head);
		return;
	}
	qf_enter(b, "%s", b->m->arch->base);
	qf_enter(b, "%s", b->m->embed);
}

/* ctx of row_scale(): the head's weight in the checkpoint */
static double element(const struct qf_tensor *t, uint64_t i)
{
	switch (t->dtype) {
	case QAIC_F16:
		return qaic_f16_to_f32(((const uint16_t *)t->data)[i]);
	case QAIC_BF16:
		return qaic_bf16_to_f32(((const uint16_t *)t->data)[i]);
	default:
		return ((const float *)t->data)[i];
	}
}

/* 1 / max(length of a row, 1e-12), as torch.nn.functional.normalize() */
static void row_scale(const void *ctx, uint64_t first, uint64_t count, void *dst)
{
	const struct qf_tensor *t = ctx;
	uint64_t width = t->dim[1], r, i;

	for (r = 0; r < count; r++) {
		double sum = 0, v;

		for (i = 0; i < width; i++) {
			v = element(t, (first + r) * width + i);
			sum += v * v;
		}
		((float *)dst)[r] = 1 / fmax(sqrt(sum), 1e-12);
	}
}

/* From here on one row of each sequence: that of its last position. */
static qf_val last_row(struct qf_build *b, const struct qf_decoder *d, qf_val x)
{
	qf_val row;

	row = qf_op(b, "ArgMax",
		    QF_ATTRS(QF_INT("axis", 1), QF_INT("keepdims", 1)),
		    QF_IN(d->position32));			/* [B, 1] */
	row = QF_OP(b, "Unsqueeze", row, QF_I64S(b, 2));	/* [B, 1, 1] */
	return qf_op(b, "GatherND", QF_ATTRS(QF_INT("batch_dims", 1)),
		     QF_IN(x, row));				/* [B, 1, hidden] */
}

/* What follows the product; the last of them is called "logits". */
struct tail {
	struct qf_build *b;
	unsigned int left;
};

static qf_val step(struct tail *t, const char *op, const qf_val *in, size_t n)
{
	return qf_op_as(t->b, --t->left ? NULL : "logits", op, QF_NO_ATTRS, in,
			n);
}

static qf_val logits(struct qf_build *b, qf_val x, qf_val w, qf_val bias,
		     qf_val rows)
{
	const struct qf_model *m = b->m;
	struct tail t = { b, 1 + !!rows + !!bias + (m->logit_scale != 1) +
			     3 * (m->logit_softcap != 0) };
	qf_val cap;

	x = step(&t, "MatMul", QF_IN(x, w));
	if (rows)
		x = step(&t, "Mul", QF_IN(x, rows));
	if (bias)
		x = step(&t, "Add", QF_IN(x, bias));
	if (m->logit_scale != 1)
		x = step(&t, "Mul", QF_IN(x, qf_onnx_f32(&b->o, m->logit_scale)));
	if (m->logit_softcap) {
		cap = qf_onnx_f32(&b->o, m->logit_softcap);
		x = step(&t, "Div", QF_IN(x, cap));
		x = step(&t, "Tanh", QF_IN(x));
		x = step(&t, "Mul", QF_IN(x, cap));
	}
	return x;
}

void qf_head_causal_lm(struct qf_build *b, const struct qf_decoder *d, qf_val x)
{
	const struct qf_model *m = b->m;
	uint32_t width = m->embed_width ? m->embed_width : m->hidden;
	const struct qf_dim dim[3] = {
		{ "batch_size", 0 }, { NULL, 1 }, { NULL, m->vocab },
	};
	const int64_t vocab = m->vocab;
	const struct qf_tensor *t;
	qf_val w, bias = NULL, rows = NULL;
	enum qaic_dtype dtype;
	bool tied;
	size_t mark;

	x = last_row(b, d, x);
	mark = qf_enter(b, "%s", m->arch->base);
	if (m->norm_final)
		x = qf_norm(b, m->norm_final, m->hidden, x);
	if (m->embed_out)
		x = qf_linear(b, m->embed_out, QF_OUT_IN, m->hidden, width,
			      false, x);
	qf_leave(b, mark);

	tied = is_tied(b);
	enter_head(b, tied);
	w = qf_weight_raw(b, "weight", 2, m->vocab, width, &dtype);
	t = qf_find_weight(b, "weight");
	qf_leave(b, mark);
	mark = qf_enter(b, "%s", m->head);
	if (dtype != QAIC_F32)
		w = qf_cast(b, w, QAIC_F32);
	w = qf_op(b, "Transpose", QF_ATTRS(QF_INTS("perm", 1, 0)), QF_IN(w));
	if (m->head_bias)
		bias = qf_weight(b, "bias", 1, m->vocab, 0);
	if (m->head_norm && !b->o.rc)
		rows = qf_onnx_fill(&b->o, "lm_head.row_scale", QAIC_F32, 1,
				    &vocab, row_scale, t);
	x = logits(b, x, w, bias, rows);
	qf_leave(b, mark);
	qf_onnx_output(&b->o, x, QAIC_F32, dim, 3);
}
