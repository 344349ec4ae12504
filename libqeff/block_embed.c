// SPDX-License-Identifier: MIT
/* From token ids to the first layer's input. */
#include "libqeff/head.h"

static qf_val positions(struct qf_build *b, const struct qf_body *d)
{
	const struct qf_model *m = b->m;
	qf_val ids = d->position_ids;

	if (m->pos_offset)
		ids = QF_OP(b, "Add", ids, qf_onnx_i64(&b->o, m->pos_offset));
	return qf_embed(b, m->embed_pos, m->max_positions + m->pos_offset,
			m->hidden, ids);
}

/* Where the model has one text alone, all tokens are of type 0. */
static qf_val token_types(struct qf_build *b, const struct qf_body *d)
{
	const struct qf_model *m = b->m;

	return qf_embed(b, m->embed_type, m->types, m->hidden,
			d->token_type_ids ? d->token_type_ids :
					    QF_I64S(b, 0));
}

qf_val qf_embed_tokens(struct qf_build *b, const struct qf_body *d)
{
	const struct qf_model *m = b->m;
	uint32_t width = qf_embed_width(m);
	qf_val x = qf_embed(b, m->embed, m->vocab, width, d->input_ids);

	if (m->embed_in)
		x = qf_linear(b, m->embed_in, QF_OUT_IN, width, m->hidden,
			      false, x);
	if (m->embed_pos)
		x = QF_OP(b, "Add", x, positions(b, d));
	if (m->embed_type)
		x = QF_OP(b, "Add", x, token_types(b, d));
	x = qf_scaled(b, x, m->embed_scale);
	if (m->embed_norm)
		x = qf_norm(b, m->embed_norm, m->hidden, x);
	return x;
}
