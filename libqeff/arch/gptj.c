// SPDX-License-Identifier: MIT
/*
 * GPTJForCausalLM and CodeGenForCausalLM: one norm feeds both branches, pairs of
 * neighbours rotate, the head has a bias. CodeGen fuses q, v and k (in this order)
 * in the four blocks of the machine it was trained on.
 */
#include <errno.h>

#include "libqeff/arch/gpt2_like.h"
#include "libqeff/arch.h"

#define CODEGEN_BLOCKS	4

static const struct qf_attention attention = {
	.name = "attn", .qkv = QF_QKV_SEPARATE, .layout = QF_OUT_IN,
	.q = "q_proj", .k = "k_proj", .v = "v_proj", .o = "out_proj",
};

static const struct qf_mlp mlp = {
	.name = "mlp", .layout = QF_OUT_IN, .act = QF_ACT_GELU_TANH,
	.up = "fc_in", .down = "fc_out", .bias = true,
};

static void get_rotary(struct qf_config *c, struct qf_model *m)
{
	uint32_t dim = 64;

	qf_get_int(c, "rotary_dim", 2, 1 << 16, &dim);
	if (c->rc)
		return;
	if (dim % 2 || dim > m->head_dim) {
		qf_config_fail(c, -EINVAL,
			       "field \"rotary_dim\" is %u; it must be even and at most %u, the size of a head",
			       dim, m->head_dim);
		return;
	}
	m->rope.kind = QF_ROPE_INTERLEAVED;
	m->rope.partial = (double)dim / m->head_dim;
	qf_get_rope(c, m);
	m->rope.dim = dim;
}

static void configure(struct qf_config *c, struct qf_model *m)
{
	m->attn = attention;
	m->mlp = mlp;
	/* GPTJConfig's and CodeGenConfig's defaults */
	m->vocab = 50400;
	m->hidden = 4096;
	m->layers = 28;
	m->heads = 16;
	m->max_positions = 2048;
	qf_configure_gpt2_like(c, m);
	m->norm_mlp = NULL;
	m->parallel = true;
	m->head_bias = true;
	get_rotary(c, m);
}

QF_ARCH(gptj) = {
	.classes = {
		{ "GPTJForCausalLM", QF_HEAD_CAUSAL_LM },
	},
	.model_type = "gptj",
	.base = "transformer",
	.configure = configure,
	.embed = qf_embed_tokens,
	.layer = qf_layer,
};

static void configure_codegen(struct qf_config *c, struct qf_model *m)
{
	configure(c, m);
	m->attn.qkv = QF_QKV_FUSED;
	m->attn.q = "qkv_proj";
	m->attn.blocks = CODEGEN_BLOCKS;
	m->attn.v_first = true;
	if (!c->rc && m->heads % CODEGEN_BLOCKS)
		qf_config_fail(c, -EINVAL,
			       "n_head %u is not a multiple of %u", m->heads,
			       CODEGEN_BLOCKS);
}

QF_ARCH(codegen) = {
	.classes = {
		{ "CodeGenForCausalLM", QF_HEAD_CAUSAL_LM },
	},
	.model_type = "codegen",
	.base = "transformer",
	.configure = configure_codegen,
	.embed = qf_embed_tokens,
	.layer = qf_layer,
};
