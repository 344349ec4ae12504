// SPDX-License-Identifier: MIT
/* One layer of a decoder: norms, attention, MLP, and how they are summed. */
#include "libqeff/build.h"

static qf_val maybe_norm(struct qf_build *b, const char *name, qf_val x)
{
	return name ? qf_norm(b, name, b->m->hidden, x) : x;
}

static qf_val mlp(struct qf_build *b, qf_val x)
{
	return b->m->moe.experts ? qf_moe(b, &b->m->moe, x) :
				   qf_mlp(b, &b->m->mlp, x);
}

/* x + attention(norm(x)) + mlp(norm(x)); one norm may serve both. */
static qf_val parallel(struct qf_build *b, const struct qf_decoder *d,
		       uint32_t i, qf_val x)
{
	const struct qf_model *m = b->m;
	qf_val h, g, sum;

	h = qf_norm(b, m->norm_attn, m->hidden, x);
	sum = QF_OP(b, "Add", x, qf_attention(b, d, &m->attn, i, h));
	g = m->norm_mlp ? qf_norm(b, m->norm_mlp, m->hidden, x) : h;
	return QF_OP(b, "Add", sum, mlp(b, g));
}

/* x = norm(x + attention(x)), then x = norm(x + mlp(x)). */
static qf_val post_norm(struct qf_build *b, const struct qf_decoder *d,
			uint32_t i, qf_val x)
{
	const struct qf_model *m = b->m;

	x = QF_OP(b, "Add", x, qf_attention(b, d, &m->attn, i, x));
	x = qf_norm(b, m->norm_attn, m->hidden, x);
	x = QF_OP(b, "Add", x, mlp(b, x));
	return qf_norm(b, m->norm_mlp, m->hidden, x);
}

/* x + attention(norm(x)), then x + mlp(norm(x)). */
static qf_val pre_norm(struct qf_build *b, const struct qf_decoder *d,
		       uint32_t i, qf_val x)
{
	const struct qf_model *m = b->m;
	qf_val h, y;

	h = qf_norm(b, m->norm_attn, m->hidden, x);
	y = qf_attention(b, d, &m->attn, i, h);
	y = maybe_norm(b, m->norm_attn_out, y);
	x = QF_OP(b, "Add", m->residual_normed ? h : x, y);
	h = qf_norm(b, m->norm_mlp, m->hidden, x);
	y = mlp(b, h);
	y = maybe_norm(b, m->norm_mlp_out, y);
	return QF_OP(b, "Add", m->residual_normed ? h : x, y);
}

qf_val qf_layer(struct qf_build *b, const struct qf_decoder *d, uint32_t i,
		qf_val x)
{
	const struct qf_model *m = b->m;
	size_t mark = qf_enter(b, "%s.%u", m->layer, i);

	if (m->parallel)
		x = parallel(b, d, i, x);
	else if (m->post_norm)
		x = post_norm(b, d, i, x);
	else
		x = pre_norm(b, d, i, x);
	qf_leave(b, mark);
	return x;
}
