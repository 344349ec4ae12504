// SPDX-License-Identifier: MIT
/* Question answering: for each token, how likely the answer starts, ends there. */
#include "libqeff/arch.h"
#include "libqeff/head.h"

void qf_head_qa(struct qf_build *b, const struct qf_body *d, qf_val x)
{
	const struct qf_dim dim[2] = { { "batch_size", 0 }, { "seq_len", 0 } };
	static const char *const name[2] = { "start_logits", "end_logits" };
	const int64_t one[2] = { 1, 1 };
	qf_val part[2];
	int i;

	x = qf_linear(b, "qa_outputs", QF_OUT_IN, b->m->hidden, 2, true,
		      qf_final(b, x));
	qf_split(b, x, one, 2, part);
	for (i = 0; i < 2; i++) {
		x = qf_op_as(b, name[i], "Squeeze", QF_NO_ATTRS,
			     QF_IN(part[i], QF_I64S(b, -1)));
		qf_onnx_output(&b->o, x, QAIC_F32, dim, 2);
	}
}
