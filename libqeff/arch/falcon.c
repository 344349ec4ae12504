// SPDX-License-Identifier: MIT
/*
 * FalconForCausalLM in its three styles: 40B and 11B (new_decoder_architecture:
 * grouped queries, packed group by group), 7B (one key/value head), and RW (a
 * key/value head for each, ALiBi, branches one after the other).
 */
#include <errno.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "libqeff/arch.h"

static const struct qf_attention attention = {
	.name = "self_attention", .qkv = QF_QKV_FUSED, .layout = QF_OUT_IN,
	.q = "query_key_value", .o = "dense",
};

static const struct qf_mlp mlp = {
	.name = "mlp", .layout = QF_OUT_IN, .act = QF_ACT_GELU,
	.up = "dense_h_to_4h", .down = "dense_4h_to_h",
};

static void get_sizes(struct qf_config *c, struct qf_model *m)
{
	/* FalconConfig's defaults */
	m->vocab = 65024;
	m->hidden = 4544;
	m->layers = 32;
	m->heads = 71;
	m->max_positions = 2048;
	m->norm.kind = QF_NORM_LAYER;
	m->norm.eps = 1e-5;
	qf_get_int(c, "vocab_size", 1, 1 << 24, &m->vocab);
	qf_get_int(c, "hidden_size", 1, 1 << 20, &m->hidden);
	qf_get_int(c, "n_embed", 1, 1 << 20, &m->hidden);
	qf_get_int(c, "num_hidden_layers", 1, 1 << 12, &m->layers);
	qf_get_int(c, "num_attention_heads", 1, 1 << 16, &m->heads);
	qf_get_int(c, "max_position_embeddings", 1, 1 << 28, &m->max_positions);
	m->inner = 4 * m->hidden;
	qf_get_int(c, "ffn_hidden_size", 1, 1 << 22, &m->inner);
	qf_get_positive(c, "layer_norm_epsilon", &m->norm.eps);
	if (!c->rc && m->hidden % m->heads)
		qf_config_fail(c, -EINVAL,
			       "hidden_size %u is not a multiple of num_attention_heads %u",
			       m->hidden, m->heads);
	m->head_dim = m->hidden / m->heads;
}

/* How many key/value heads, and how query_key_value packs them. */
static void get_kv(struct qf_config *c, struct qf_model *m, bool grouped,
		   bool multi_query)
{
	m->kv_heads = m->heads;
	qf_get_int(c, "num_kv_heads", 1, 1 << 16, &m->kv_heads);
	if (!grouped && multi_query)
		m->kv_heads = 1;
	if (!c->rc && !grouped && !multi_query && m->kv_heads != m->heads)
		qf_config_fail(c, -EINVAL,
			       "field \"num_kv_heads\" is %u; without new_decoder_architecture and multi_query it must be num_attention_heads, %u",
			       m->kv_heads, m->heads);
	m->attn.blocks = m->kv_heads;
}

/* One norm for both branches, or two, in the names of the style. */
static void get_norms(struct qf_config *c, struct qf_model *m, bool grouped)
{
	uint32_t norms = grouped ? 2 : 1;

	qf_get_bool(c, "parallel_attn", &m->parallel);
	qf_get_int(c, "num_ln_in_parallel_attn", 1, 2, &norms);
	m->norm_attn = "input_layernorm";
	m->norm_mlp = m->parallel ? NULL : "post_attention_layernorm";
	if (!grouped)
		return;
	if (norms == 2) {
		m->norm_attn = "ln_attn";
		m->norm_mlp = "ln_mlp";
	} else if (!m->parallel) {
		qf_config_fail(c, -EINVAL,
			       "field \"parallel_attn\" is false; with one norm and new_decoder_architecture it must be true");
	}
	m->parallel = true;	/* both norms read the layer's input */
}

/*
 * Trained, and computed by transformers' default (SDPA) attention in all versions,
 * with the biases once. Its eager attention has added them twice since 4.45: in the
 * mask that FalconModel makes, and in FalconAttention. Who says so wants those
 * numbers; else what the checkpoint was saved by tells.
 */
static bool biases_twice(struct qf_config *c)
{
	const char *way, *version;
	unsigned int major, minor;

	way = json_string_value(qf_field(c, "attn_implementation"));
	if (way)
		return !strcmp(way, "eager");
	version = json_string_value(qf_field(c, "transformers_version"));
	if (!version || sscanf(version, "%3u.%3u", &major, &minor) != 2)
		return false;
	return major > 4 || (major == 4 && minor >= 45);
}

static void configure(struct qf_config *c, struct qf_model *m)
{
	bool grouped = false, multi_query = true, alibi = false, bias = false;

	m->attn = attention;
	m->mlp = mlp;
	m->embed = "word_embeddings";
	m->layer = "h";
	m->norm_final = "ln_f";
	m->tied = m->parallel = true;
	get_sizes(c, m);
	qf_get_bool(c, "new_decoder_architecture", &grouped);
	qf_get_bool(c, "multi_query", &multi_query);
	qf_get_bool(c, "alibi", &alibi);
	qf_get_bool(c, "bias", &bias);
	qf_get_bool(c, "tie_word_embeddings", &m->tied);
	qf_get_act(c, "activation", &m->mlp.act);
	m->attn.qkv_bias = m->attn.o_bias = m->mlp.bias = bias;
	get_kv(c, m, grouped, multi_query);
	get_norms(c, m, grouped);
	if (c->rc)
		return;
	m->attn.scale = 1 / sqrt(m->head_dim);
	if (alibi) {
		/* build_alibi_tensor() rounds; the scale covers the biases too */
		m->alibi.max = 8;
		m->alibi.bf16 = true;
		m->alibi.scale = m->attn.scale * (biases_twice(c) ? 2 : 1);
	} else {
		qf_get_rope(c, m);
	}
}

QF_ARCH(falcon) = {
	.classes = {
		{ "FalconForCausalLM", QF_HEAD_CAUSAL_LM },
	},
	.model_type = "falcon",
	.base = "transformer",
	.configure = configure,
	.embed = qf_embed_tokens,
	.layer = qf_layer,
};
