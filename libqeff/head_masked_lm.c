// SPDX-License-Identifier: MIT
/* The masked language model's head: the token in each place, logits [B, S, V]. */
#include "libqeff/arch.h"
#include "libqeff/head.h"

/* norm(act(dense(x))) */
static qf_val transform(struct qf_build *b, const struct qf_masked_lm *h,
			qf_val x)
{
	uint32_t hidden = b->m->hidden;
	size_t mark;

	x = qf_linear(b, h->dense, QF_OUT_IN, hidden, hidden, true, x);
	mark = qf_enter(b, "act");
	x = qf_act_fn(b, h->act, x);
	qf_leave(b, mark);
	return qf_norm(b, h->norm, hidden, x);
}

/* Files hold it beside the product or with it: it is the same one. */
static qf_val bias(struct qf_build *b, const struct qf_masked_lm *h)
{
	bool beside = qf_has_weight(b, h->bias, "bias");
	size_t mark = qf_enter(b, "%s", beside ? h->bias : h->out);
	qf_val v = qf_weight(b, "bias", 1, b->m->vocab, 0);

	qf_leave(b, mark);
	return v;
}

void qf_head_masked_lm(struct qf_build *b, const struct qf_body *d, qf_val x)
{
	const struct qf_model *m = b->m;
	const struct qf_dim dim[3] = {
		{ "batch_size", 0 }, { "seq_len", 0 }, { NULL, m->vocab },
	};
	const struct qf_tensor *t;
	qf_val w;
	size_t mark;

	x = transform(b, &m->mlm, qf_final(b, x));
	w = qf_vocab_weight(b, m->mlm.out, qf_embed_width(m), &t);
	mark = qf_enter(b, "%s", m->mlm.out);
	x = QF_OP(b, "MatMul", x, w);
	qf_leave(b, mark);
	x = qf_op_as(b, "logits", "Add", QF_NO_ATTRS,
		     QF_IN(x, bias(b, &m->mlm)));
	qf_onnx_output(&b->o, x, QAIC_F32, dim, 3);
}
