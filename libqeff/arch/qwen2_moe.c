// SPDX-License-Identifier: MIT
/*
 * Qwen2MoeForCausalLM: Qwen2 with a mixture of experts in most layers, beside which
 * one gated MLP serves every position.
 */
#include <errno.h>
#include <jansson.h>

#include "libqeff/arch/llama_like.h"
#include "libqeff/arch.h"

static const struct qf_moe moe = {
	.name = "mlp", .router = "gate", .list = "experts",
	.gate = "gate_proj", .up = "up_proj", .down = "down_proj",
	.shared_gate = "shared_expert_gate",
};

/* mlp_only_layers: the layers that have no experts. */
static void get_plain(struct qf_config *c, struct qf_model *m)
{
	json_t *list = qf_field(c, "mlp_only_layers"), *v;
	size_t i;

	if (!list || json_is_null(list) || c->rc)
		return;
	if (!json_is_array(list))
		qf_config_fail(c, -EINVAL,
			       "field \"mlp_only_layers\" is not a list");
	json_array_foreach(list, i, v) {
		json_int_t n = json_integer_value(v);

		if (!json_is_integer(v) || n < 0 || n >= m->layers) {
			qf_config_fail(c, -EINVAL,
				       "field \"mlp_only_layers\": entry %zu is not the number of a layer",
				       i);
			return;
		}
		m->moe.plain[n / 8] |= 1 << n % 8;
	}
}

static void get_experts(struct qf_config *c, struct qf_model *m)
{
	bool to_one = false;

	m->moe = moe;
	m->moe.act = m->mlp.act;
	m->moe.shared = m->mlp;
	m->moe.shared.name = "shared_expert";
	m->moe.experts = 60;
	m->moe.chosen = 4;
	m->moe.inner = 1408;
	m->moe.shared.inner = 5632;
	m->moe.step = 1;
	qf_get_experts(c, m, "num_experts");
	qf_get_int(c, "moe_intermediate_size", 1, 1 << 22, &m->moe.inner);
	qf_get_int(c, "shared_expert_intermediate_size", 1, 1 << 22,
		   &m->moe.shared.inner);
	qf_get_int(c, "decoder_sparse_step", 1, 1 << 16, &m->moe.step);
	qf_get_bool(c, "norm_topk_prob", &to_one);
	m->moe.of_all = !to_one;
	get_plain(c, m);
}

static void configure(struct qf_config *c, struct qf_model *m)
{
	/* Qwen2MoeConfig's defaults */
	m->vocab = 151936;
	m->hidden = 2048;
	m->inner = 5632;
	m->layers = 24;
	m->heads = 16;
	m->max_positions = 32768;
	qf_configure_llama_like(c, m, 16);
	m->attn.qkv_bias = true;
	qf_get_bool(c, "qkv_bias", &m->attn.qkv_bias);
	/* which layers have the window differs from version to version */
	qf_refuse(c, "use_sliding_window");
	get_experts(c, m);
}

QF_ARCH(qwen2_moe) = {
	.classes = {
		{ "Qwen2MoeForCausalLM", QF_HEAD_CAUSAL_LM },
	},
	.model_type = "qwen2_moe",
	.base = "model",
	.configure = configure,
	.embed = qf_embed_tokens,
	.layer = qf_layer,
};
