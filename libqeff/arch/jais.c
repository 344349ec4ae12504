// SPDX-License-Identifier: MIT
/*
 * JAISLMHeadModel: GPT-2 with ALiBi, a gated MLP and the multipliers of maximal
 * update parametrization. Config fields have older names in Jais-13B.
 */
#include <errno.h>
#include <jansson.h>
#include <string.h>

#include "libqeff/arch/gpt2_like.h"
#include "libqeff/arch.h"

static const char *text(struct qf_config *c, const char *key)
{
	const char *s = json_string_value(qf_field(c, key));

	return s ? s : "";
}

/* "swiglu": c_fc(x) * silu(c_fc2(x)); the other names are those of ACT2FN. */
static bool is_gated(struct qf_config *c)
{
	return !strcmp(text(c, "activation_function"), "swiglu");
}

static void get_positions(struct qf_config *c, struct qf_model *m)
{
	const char *kind = text(c, "position_embedding_type");

	if (!strcmp(kind, "alibi"))
		m->alibi.max = 8;
	else if (!*kind || !strcmp(kind, "learned"))
		m->embed_pos = "wpe";
	else
		qf_config_fail(c, -EOPNOTSUPP,
			       "field \"position_embedding_type\" is \"%.40s\"; alibi and learned are supported",
			       kind);
	qf_refuse(c, "alibi_scaling");
}

static void get_multipliers(struct qf_config *c, struct qf_model *m)
{
	double alpha = 1, width = 1;
	bool by_d = false, scale = true;

	qf_get_positive(c, "embeddings_scale", &m->embed_scale);
	qf_get_positive(c, "mup_embeddings_scale", &m->embed_scale);
	qf_get_positive(c, "width_scale", &width);
	qf_get_positive(c, "mup_width_scale", &width);
	qf_get_positive(c, "mup_output_alpha", &alpha);
	m->logit_scale = alpha * width;
	qf_get_bool(c, "scale_qk_dot_by_d", &by_d);
	qf_get_bool(c, "mup_scale_qk_dot_by_d", &by_d);
	qf_get_bool(c, "scale_attn_weights", &scale);
	qf_get_bool(c, "scale_attn_by_inverse_layer_idx",
		    &m->attn.scale_by_layer);
	if (!scale)
		m->attn.scale = 1;
	else if (by_d && !c->rc)
		m->attn.scale = 1.0 / m->head_dim;
}

static void configure(struct qf_config *c, struct qf_model *m)
{
	qf_gpt2_defaults(m, QF_IN_OUT);
	if (is_gated(c)) {
		m->mlp.gate = "c_fc2";
		m->mlp.act = QF_ACT_SILU;
	}
	qf_configure_gpt2_like(c, m);
	get_positions(c, m);
	get_multipliers(c, m);
}

QF_ARCH(jais) = {
	.classes = {
		{ "JAISLMHeadModel", QF_HEAD_CAUSAL_LM },
	},
	.model_type = "jais",
	.base = "transformer",
	.configure = configure,
	.embed = qf_embed_tokens,
	.layer = qf_layer,
};
