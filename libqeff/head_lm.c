// SPDX-License-Identifier: MIT
/* The language-model head: the last token's row, final norm, logits. */
#include <math.h>

#include "base/f16.h"
#include "libqeff/arch.h"
#include "libqeff/head.h"

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

/* From here on one row of each sequence: that of its last position. */
void qf_head_causal_lm(struct qf_build *b, const struct qf_body *d, qf_val x)
{
	const struct qf_model *m = b->m;
	const struct qf_dim dim[3] = {
		{ "batch_size", 0 }, { m->every_row ? "seq_len" : NULL, 1 },
		{ NULL, m->vocab },
	};
	const int64_t vocab = m->vocab;
	const struct qf_tensor *t;
	qf_val w, bias = NULL, rows = NULL;
	size_t mark;

	if (!m->every_row)
		x = qf_last_row(b, d->position32, x);
	x = qf_final(b, x);
	w = qf_vocab_weight(b, m->head, qf_embed_width(m), &t);
	if (m->head_row && qf_has_tensor(b, m->head_row))
		bias = qf_weight(b, m->head_row, 2, 1, m->vocab);
	mark = qf_enter(b, "%s", m->head);
	if (m->head_bias)
		bias = qf_weight(b, "bias", 1, m->vocab, 0);
	if (m->head_norm && !b->o.rc)
		rows = qf_onnx_fill(&b->o, "lm_head.row_scale", QAIC_F32, 1,
				    &vocab, row_scale, t);
	x = logits(b, x, w, bias, rows);
	qf_leave(b, mark);
	qf_onnx_output(&b->o, x, QAIC_F32, dim, 3);
}
