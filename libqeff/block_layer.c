// SPDX-License-Identifier: MIT
/* One layer: norms, attention, MLP, and how they are summed. */
#include "libqeff/build.h"

/* norm(x), where the model has it */
static qf_val normed(struct qf_build *b, const char *norm, qf_val x)
{
	return norm ? qf_norm(b, norm, b->m->hidden, x) : x;
}

/* norm(branch) * scale, where the model has them */
static qf_val out_of(struct qf_build *b, const char *norm, qf_val x)
{
	return qf_scaled(b, normed(b, norm, x), b->m->residual_scale);
}

static qf_val attention(struct qf_build *b, const struct qf_body *d,
			uint32_t i, qf_val x)
{
	x = qf_attention(b, d, &b->m->attn, i, x);
	return out_of(b, b->m->norm_attn_out, x);
}

bool qf_has_experts(const struct qf_moe *moe, uint32_t i)
{
	if (!moe->experts || (moe->step && (i + 1) % moe->step))
		return false;
	return i >= QF_MAX_LAYERS || !(moe->plain[i / 8] >> i % 8 & 1);
}

static qf_val mlp(struct qf_build *b, uint32_t i, qf_val x)
{
	const struct qf_model *m = b->m;

	if (qf_has_experts(&m->moe, i))
		x = qf_moe(b, &m->moe, x);
	else
		x = qf_mlp(b, &m->mlp, x);
	return out_of(b, m->norm_mlp_out, x);
}

/* Behind self-attention, where there is an encoder. */
static qf_val cross(struct qf_build *b, const struct qf_body *d, uint32_t i,
		    qf_val x)
{
	const struct qf_seq2seq *s = &b->m->seq2seq;
	qf_val h;

	if (!d->memory)
		return x;
	h = b->m->post_norm ? x : normed(b, s->norm_cross, x);
	x = QF_OP(b, "Add", x, qf_cross_attention(b, d, &s->cross, i, h));
	return b->m->post_norm ? normed(b, s->norm_cross, x) : x;
}

/* x + attention(norm(x)) + mlp(norm(x)); one norm may serve both. */
static qf_val parallel(struct qf_build *b, const struct qf_body *d,
		       uint32_t i, qf_val x)
{
	const struct qf_model *m = b->m;
	qf_val h, g, sum;

	h = qf_norm(b, m->norm_attn, m->hidden, x);
	sum = QF_OP(b, "Add", x, attention(b, d, i, h));
	g = m->norm_mlp ? qf_norm(b, m->norm_mlp, m->hidden, x) : h;
	return QF_OP(b, "Add", sum, mlp(b, i, g));
}

/* x = norm(x + attention(x)), then x = norm(x + mlp(x)). */
static qf_val post_norm(struct qf_build *b, const struct qf_body *d,
			uint32_t i, qf_val x)
{
	const struct qf_model *m = b->m;

	x = QF_OP(b, "Add", x, attention(b, d, i, x));
	x = qf_norm(b, m->norm_attn, m->hidden, x);
	x = cross(b, d, i, x);
	x = QF_OP(b, "Add", x, mlp(b, i, x));
	return qf_norm(b, m->norm_mlp, m->hidden, x);
}

/* x + attention(norm(x)), then x + mlp(norm(x)); norms may be absent. */
static qf_val pre_norm(struct qf_build *b, const struct qf_body *d,
		       uint32_t i, qf_val x)
{
	const struct qf_model *m = b->m;
	qf_val h;

	h = normed(b, m->norm_attn, x);
	x = QF_OP(b, "Add", m->residual_normed ? h : x, attention(b, d, i, h));
	x = cross(b, d, i, x);
	h = normed(b, m->norm_mlp, x);
	return QF_OP(b, "Add", m->residual_normed ? h : x, mlp(b, i, h));
}

qf_val qf_layer(struct qf_build *b, const struct qf_body *d, uint32_t i,
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
