/* SPDX-License-Identifier: MIT */
/* Every architecture, by the id that its file gives to QF_ARCH(). No guard. */
QF_ARCH_ID(bloom)
QF_ARCH_ID(falcon)
QF_ARCH_ID(gemma)
QF_ARCH_ID(gemma2)
QF_ARCH_ID(gpt2)
QF_ARCH_ID(gpt_neox)
QF_ARCH_ID(llama)
QF_ARCH_ID(mistral)
QF_ARCH_ID(mpt)
QF_ARCH_ID(phi3)
QF_ARCH_ID(qwen2)
QF_ARCH_ID(starcoder2)
