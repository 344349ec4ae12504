// SPDX-License-Identifier: MIT
/*
 * BlueprintForCausalLM, an architecture made up for adding-a-model.md: RMSNorm, one
 * product for q, k and v, rotation of a part of the head, and attention and MLP
 * side by side.
 */
#include <errno.h>
#include <math.h>

#include <qaic/model/arch.h>

/* modules of a layer, as the checkpoint names them */
static const struct qf_attention attention = {
	.name = "attn",
	.qkv = QF_QKV_FUSED,		/* rows of qkv.weight: q | k | v */
	.q = "qkv",
	.o = "out",
	.layout = QF_OUT_IN,		/* as torch's Linear keeps weights */
};

static const struct qf_mlp mlp = {
	.name = "mlp",
	.gate = "gate", .up = "up", .down = "down",
	.layout = QF_OUT_IN,
	.act = QF_ACT_SILU,
};

static void configure(struct qf_config *c, struct qf_model *m)
{
	m->attn = attention;
	m->mlp = mlp;
	m->embed = "embed";
	m->layer = "layers";
	m->norm_attn = "norm";
	m->norm_final = "norm";
	m->head = "head";
	m->norm.kind = QF_NORM_RMS;

	/* the defaults of the config class, where a field is absent */
	m->vocab = 32000;
	m->hidden = 2048;
	m->layers = 24;
	m->heads = 16;
	m->inner = 5632;
	m->max_positions = 4096;
	m->norm.eps = 1e-5;
	m->rope.partial = 0.5;

	qf_get_int(c, "vocab_size", 1, 1 << 24, &m->vocab);
	qf_get_int(c, "hidden_size", 1, 1 << 20, &m->hidden);
	qf_get_int(c, "num_hidden_layers", 1, 1 << 12, &m->layers);
	qf_get_int(c, "num_attention_heads", 1, 1 << 16, &m->heads);
	m->kv_heads = m->heads;
	qf_get_int(c, "num_key_value_heads", 1, 1 << 16, &m->kv_heads);
	qf_get_int(c, "intermediate_size", 1, 1 << 22, &m->inner);
	qf_get_int(c, "max_position_embeddings", 1, 1 << 28, &m->max_positions);
	qf_get_act(c, "hidden_act", &m->mlp.act);
	qf_get_positive(c, "rms_norm_eps", &m->norm.eps);
	qf_get_bool(c, "tie_word_embeddings", &m->tied);
	qf_refuse(c, "attention_sinks");	/* known, and not done here */
	if (c->rc)
		return;
	if (m->hidden % m->heads) {
		qf_config_fail(c, -EINVAL,
			       "hidden_size %u is not a multiple of num_attention_heads %u",
			       m->hidden, m->heads);
		return;
	}
	m->head_dim = m->hidden / m->heads;
	m->attn.scale = 1 / sqrt(m->head_dim);
	qf_get_rope(c, m);	/* rope_theta, partial_rotary_factor, rope_scaling */
}

/* x + attention(norm(x)) + mlp(norm(x)) */
static qf_val layer(struct qf_build *b, const struct qf_body *d, uint32_t i,
		    qf_val x)
{
	const struct qf_model *m = qf_model_of(b);
	size_t mark = qf_enter(b, "%s.%u", m->layer, i);
	qf_val h, attn, sum;

	h = qf_norm(b, m->norm_attn, m->hidden, x);
	attn = qf_attention(b, d, &m->attn, i, h);
	sum = QF_OP(b, "Add", x, attn);
	sum = QF_OP(b, "Add", sum, qf_mlp(b, &m->mlp, h));
	qf_leave(b, mark);
	return sum;
}

QF_ARCH(blueprint) = {
	.classes = { { "BlueprintForCausalLM", QF_HEAD_CAUSAL_LM } },
	.kind = QF_CAUSAL,
	.model_type = "blueprint",
	.base = "blueprint",
	.configure = configure,
	.embed = qf_embed_tokens,
	.layer = layer,
};

QF_PLUGIN(&qf_arch_blueprint);
