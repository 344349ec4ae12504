// SPDX-License-Identifier: MIT
/* What the heads share, and which one a class has. */
#include "libqeff/arch.h"
#include "libqeff/head.h"

qf_val qf_final(struct qf_build *b, qf_val x)
{
	const struct qf_model *m = b->m;
	size_t mark = qf_enter(b, "%s", m->arch->base);

	if (m->norm_final)
		x = qf_norm(b, m->norm_final, m->hidden, x);
	if (m->embed_out)
		x = qf_linear(b, m->embed_out, QF_OUT_IN, m->hidden,
			      qf_embed_width(m), false, x);
	qf_leave(b, mark);
	return x;
}

uint32_t qf_embed_width(const struct qf_model *m)
{
	return m->embed_width ? m->embed_width : m->hidden;
}

qf_val qf_last_row(struct qf_build *b, qf_val positions, qf_val x)
{
	qf_val row;

	row = qf_op(b, "ArgMax",
		    QF_ATTRS(QF_INT("axis", 1), QF_INT("keepdims", 1)),
		    QF_IN(positions));				/* [B, 1] */
	row = QF_OP(b, "Unsqueeze", row, QF_I64S(b, 2));	/* [B, 1, 1] */
	return qf_op(b, "GatherND", QF_ATTRS(QF_INT("batch_dims", 1)),
		     QF_IN(x, row));				/* [B, 1, hidden] */
}

/* The head's own weight, or the token embedding's: one initializer then. */
static bool is_tied(struct qf_build *b, const char *head)
{
	const struct qf_model *m = b->m;
	size_t mark;
	bool own;

	if (m->tied || !m->tied_if_alone)
		return m->tied;
	mark = qf_enter(b, "%s", head);
	own = qf_has_weight(b, NULL, "weight");
	qf_leave(b, mark);
	return !own;
}

qf_val qf_vocab_weight(struct qf_build *b, const char *head, uint32_t width,
		       const struct qf_tensor **t)
{
	const struct qf_model *m = b->m;
	size_t mark = b->scope_len;
	enum qaic_dtype dtype;
	qf_val w;

	if (is_tied(b, head)) {
		qf_enter(b, "%s", m->arch->base);
		qf_enter(b, "%s", m->embed);
	} else {
		qf_enter(b, "%s", head);
	}
	w = qf_weight_raw(b, "weight", 2, m->vocab, width, &dtype);
	*t = qf_find_weight(b, "weight");
	qf_leave(b, mark);
	mark = qf_enter(b, "%s", head);
	if (dtype != QAIC_F32)
		w = qf_cast(b, w, QAIC_F32);
	w = qf_op(b, "Transpose", QF_ATTRS(QF_INTS("perm", 1, 0)), QF_IN(w));
	qf_leave(b, mark);
	return w;
}

qf_val qf_first_row(struct qf_build *b, qf_val x)
{
	return qf_op(b, "Gather", QF_ATTRS(QF_INT("axis", 1)),
		     QF_IN(x, qf_onnx_i64(&b->o, 0)));
}

void qf_output(struct qf_build *b, const char *name, qf_val x,
	       const struct qf_dim *dim, size_t rank)
{
	x = qf_op_as(b, name, "Identity", QF_NO_ATTRS, QF_IN(x));
	qf_onnx_output(&b->o, x, QAIC_F32, dim, rank);
}

void qf_head(struct qf_build *b, const struct qf_body *d, qf_val x)
{
	switch (b->m->cls->head) {
	case QF_HEAD_CAUSAL_LM:
	case QF_HEAD_SEQ2SEQ:
		qf_head_causal_lm(b, d, x);
		return;
	case QF_HEAD_MASKED_LM:
		qf_head_masked_lm(b, d, x);
		return;
	case QF_HEAD_CLASSIFY:
		qf_head_classify(b, d, x);
		return;
	case QF_HEAD_TOKENS:
		qf_head_tokens(b, d, x);
		return;
	case QF_HEAD_QA:
		qf_head_qa(b, d, x);
		return;
	case QF_HEAD_EMBED:
		qf_head_embed(b, d, x);
		return;
	}
}
