// SPDX-License-Identifier: MIT
/* Norms of the hidden states, and of queries and keys. */
#include "libqeff/build.h"

static void fill_ones(const void *ctx, uint64_t first, uint64_t count,
		      void *dst)
{
	while (count--)
		((float *)dst)[count] = 1;
}

/* LayerNorm over the last dimension, by @w alone; NULL: without weight. */
static qf_val layer_norm(struct qf_build *b, uint32_t size, qf_val x, qf_val w)
{
	const int64_t dim = size;

	if (!w)
		w = qf_onnx_fill(&b->o, qf_onnx_printf(&b->o, "ones.%u", size),
				 QAIC_F32, 1, &dim, fill_ones, NULL);
	return qf_op(b, "LayerNormalization",
		     QF_ATTRS(QF_INT("axis", -1),
			      QF_FLOAT("epsilon", b->m->norm.eps)),
		     QF_IN(x, w));
}

qf_val qf_norm(struct qf_build *b, const char *name, uint32_t size, qf_val x)
{
	const struct qf_norm *norm = &b->m->norm;
	size_t mark = qf_enter(b, "%s", name);
	qf_val w = NULL;

	if (!norm->no_weight)
		w = qf_weight(b, "weight", 1, size, 0);
	if (norm->plus_one)
		w = QF_OP(b, "Add", w, qf_onnx_f32(&b->o, 1));
	if (norm->kind == QF_NORM_RMS)
		x = qf_op(b, qf_fn_rms_norm(b),
			  QF_ATTRS(QF_FLOAT("epsilon", norm->eps)), QF_IN(x, w));
	else if (norm->no_bias || norm->no_weight)
		x = layer_norm(b, size, x, w);
	else
		x = qf_op(b, "LayerNormalization",
			  QF_ATTRS(QF_INT("axis", -1),
				   QF_FLOAT("epsilon", norm->eps)),
			  QF_IN(x, w, qf_weight(b, "bias", 1, size, 0)));
	qf_leave(b, mark);
	return x;
}

/* One weight for each head: [heads, 1, D] */
static qf_val head_weights(struct qf_build *b, const struct qf_attention *a,
			   const char *name, uint32_t heads)
{
	uint32_t D = b->m->head_dim;
	enum qaic_dtype dtype;
	size_t mark;
	qf_val w;

	if (a->qk_norm == QF_QK_NORM_ROWS) {
		mark = qf_enter(b, "%s", name);
		w = qf_weight(b, "weight", 2, heads, D);
		qf_leave(b, mark);
		return QF_OP(b, "Unsqueeze", w, QF_I64S(b, 1));
	}
	mark = qf_enter(b, "%s", name);
	w = qf_stacked(b, "norms", NULL, heads, 1, D, 1, &dtype);
	qf_leave(b, mark);
	w = QF_OP(b, "Reshape", w, QF_I64S(b, heads, 1, D));
	return dtype == QAIC_F32 ? w : qf_cast(b, w, QAIC_F32);
}

qf_val qf_qk_norm(struct qf_build *b, const struct qf_attention *a,
		  const char *name, uint32_t heads, qf_val x)
{
	const struct qf_model *m = b->m;

	switch (a->qk_norm) {
	case QF_QK_NORM_ALL:
		return qf_norm(b, name, heads * m->head_dim, x);
	case QF_QK_NORM_HEAD:
		return qf_norm(b, name, m->head_dim, x);
	case QF_QK_NORM_ROWS:
	case QF_QK_NORM_LIST:
		x = layer_norm(b, m->head_dim, x, NULL);
		return QF_OP(b, "Mul", x, head_weights(b, a, name, heads));
	case QF_QK_NORM_NONE:
		break;
	}
	return x;
}
