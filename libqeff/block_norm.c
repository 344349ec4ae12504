// SPDX-License-Identifier: MIT
#include "libqeff/build.h"

qf_val qf_norm(struct qf_build *b, const char *name, uint32_t size, qf_val x)
{
	const struct qf_norm *norm = &b->m->norm;
	size_t mark = qf_enter(b, "%s", name);
	qf_val w, bias;

	w = qf_weight(b, "weight", 1, size, 0);
	if (norm->kind == QF_NORM_RMS) {
		x = qf_op(b, qf_fn_rms_norm(b),
			  QF_ATTRS(QF_FLOAT("epsilon", norm->eps)), QF_IN(x, w));
	} else {
		bias = qf_weight(b, "bias", 1, size, 0);
		x = qf_op(b, "LayerNormalization",
			  QF_ATTRS(QF_INT("axis", -1),
				   QF_FLOAT("epsilon", norm->eps)),
			  QF_IN(x, w, bias));
	}
	qf_leave(b, mark);
	return x;
}
