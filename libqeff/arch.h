/* SPDX-License-Identifier: MIT */
/*
 * One model architecture: its config fields, its modules and its blocks.
 *
 * An architecture is one file in libqeff/arch/ that ends with QF_ARCH() and one
 * line in libqeff/arch/list.h. See Documentation/architectures.md.
 */
#ifndef LIBQEFF_ARCH_H
#define LIBQEFF_ARCH_H

#include "libqeff/build.h"
#include "libqeff/config.h"
#include "libqeff/model.h"

struct qf_arch {
	const char *name;		/* "LlamaForCausalLM" */
	const char *alias;		/* another class name, or NULL */
	const char *model_type;		/* "llama" */
	const char *base;		/* module of the body: "model" */
	/* Read the config's fields into @m; errors stay in @c. */
	void (*configure)(struct qf_config *c, struct qf_model *m);
	/* token ids [B, S] -> hidden states [B, S, hidden] */
	qf_val (*embed)(struct qf_build *b, const struct qf_decoder *d);
	/* one layer: hidden states in, hidden states out */
	qf_val (*layer)(struct qf_build *b, const struct qf_decoder *d,
			uint32_t i, qf_val x);
	/* hidden states -> model outputs */
	void (*head)(struct qf_build *b, const struct qf_decoder *d, qf_val x);
};

#define QF_ARCH(id) const struct qf_arch qf_arch_##id

/* By class name ("LlamaForCausalLM"), or by model_type; NULL if not there. */
const struct qf_arch *qf_arch_find(const char *name);
const struct qf_arch *qf_arch_find_type(const char *model_type);
/* "GPT2LMHeadModel, LlamaForCausalLM, ..." for messages; what does not fit is "...". */
const char *qf_arch_names(char *buf, size_t size);
/* The supported class name nearest to @name, or NULL. */
const char *qf_arch_nearest(const char *name);

#endif
