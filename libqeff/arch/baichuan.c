// SPDX-License-Identifier: MIT
/*
 * BaichuanForCausalLM, 1 and 2. The 7B models rotate, the 13B ones have ALiBi and
 * say so only by having no max_position_embeddings. Baichuan 2 norms the rows of
 * its head (NormHead); its configs are known by z_loss_weight, or its vocabulary.
 */
#include "libqeff/arch/llama_like.h"
#include "libqeff/arch.h"

#define VOCAB_2	125696

static void configure(struct qf_config *c, struct qf_model *m)
{
	bool rotary = qf_has(c, "max_position_embeddings");

	/* BaichuanConfig's defaults */
	m->vocab = 64000;
	m->hidden = 4096;
	m->inner = 11008;
	m->max_positions = 4096;
	if (!rotary)
		qf_get_int(c, "model_max_length", 1, 1 << 28,
			   &m->max_positions);
	qf_configure_llama_like(c, m, 0);
	m->kv_heads = m->heads;
	m->attn.qkv = QF_QKV_FUSED;
	m->attn.q = "W_pack";
	m->tied_if_alone = false;
	m->head_norm = qf_has(c, "z_loss_weight") || m->vocab == VOCAB_2;
	if (rotary)
		return;
	m->rope.kind = QF_ROPE_NONE;
	m->alibi.max = 8;
}

QF_ARCH(baichuan) = {
	.classes = {
		{ "BaichuanForCausalLM", QF_HEAD_CAUSAL_LM },
		{ "BaiChuanForCausalLM", QF_HEAD_CAUSAL_LM },
	},
	.model_type = "baichuan",
	.base = "model",
	.configure = configure,
	.embed = qf_embed_tokens,
	.layer = qf_layer,
};
