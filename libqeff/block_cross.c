// SPDX-License-Identifier: MIT
/*
 * Cross-attention of a decoder's layer: queries from the decoder, keys and values
 * from the encoder's states. Those are written to their own cache in the call that
 * has encoder rows, all slots of it, and read by every later call: a call without
 * encoder rows scatters nothing and finds them there.
 */
#include "libqeff/build.h"

/* Into cache @kind ("key_cross"), from the rows of this call; all its slots. */
static qf_val kept(struct qf_build *b, const struct qf_body *d,
		   const char *kind, uint32_t i, qf_val x)
{
	qf_val past = qf_onnx_printf(&b->o, "past_%s.%u", kind, i);
	qf_val next = qf_retained(b, kind, i);

	if (b->o.rc)
		return "";
	return qf_op_as(b, next, qf_fn_ctx_scatter(b), QF_NO_ATTRS,
			QF_IN(past, d->memory_slots, x));
}

qf_val qf_cross_attention(struct qf_build *b, const struct qf_body *d,
			  const struct qf_attention *a, uint32_t i, qf_val x)
{
	const struct qf_model *m = b->m;
	size_t mark = qf_enter(b, "%s", a->name);
	qf_val q, k, v;

	q = qf_heads(b, a, a->q, m->heads, x);
	k = qf_heads(b, a, a->k, m->kv_heads, d->memory);
	v = qf_heads(b, a, a->v, m->kv_heads, d->memory);
	k = kept(b, d, "key_cross", i, k);
	v = kept(b, d, "value_cross", i, v);
	x = qf_attend(b, a, i, q, k, v, NULL, d->memory_masked);
	qf_leave(b, mark);
	return x;
}
