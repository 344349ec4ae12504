// SPDX-License-Identifier: MIT
#include "libqeff/build.h"

qf_val qf_norm(struct qf_build *b, const char *name, uint32_t size, qf_val x)
{
	const struct qf_norm *norm = &b->m->norm;
	size_t mark = qf_enter(b, "%s", name);
	qf_val w;

	w = qf_weight(b, "weight", 1, size, 0);
	if (norm->plus_one)
		w = QF_OP(b, "Add", w, qf_onnx_f32(&b->o, 1));
	if (norm->kind == QF_NORM_RMS)
		x = qf_op(b, qf_fn_rms_norm(b),
			  QF_ATTRS(QF_FLOAT("epsilon", norm->eps)), QF_IN(x, w));
	else if (norm->no_bias)
		x = qf_op(b, "LayerNormalization",
			  QF_ATTRS(QF_INT("axis", -1),
				   QF_FLOAT("epsilon", norm->eps)),
			  QF_IN(x, w));
	else
		x = qf_op(b, "LayerNormalization",
			  QF_ATTRS(QF_INT("axis", -1),
				   QF_FLOAT("epsilon", norm->eps)),
			  QF_IN(x, w, qf_weight(b, "bias", 1, size, 0)));
	qf_leave(b, mark);
	return x;
}
