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

/* How the stack of layers is run. */
enum qf_kind {
	QF_CAUSAL,			/* a token sees the ones before it */
	QF_ENCODER,			/* a token sees all of them, no cache */
	QF_SEQ2SEQ,			/* an encoder and a decoder */
};

/* What comes out: one file each, head_*.c. */
enum qf_head_kind {
	QF_HEAD_CAUSAL_LM,		/* the next token */
	QF_HEAD_MASKED_LM,		/* the token in each place */
	QF_HEAD_CLASSIFY,		/* labels of the sequence */
	QF_HEAD_TOKENS,			/* labels of each token */
	QF_HEAD_QA,			/* start and end of the answer */
	QF_HEAD_EMBED,			/* the hidden states themselves */
	QF_HEAD_SEQ2SEQ,		/* the decoder's next token */
};

#define QF_MAX_CLASSES 8

/* A class of config.json's "architectures": the body with one of the heads. */
struct qf_class {
	const char *name;		/* "LlamaForCausalLM" */
	enum qf_head_kind head;
};

struct qf_arch {
	/* the first one stands for model_type; one without a name ends them */
	struct qf_class classes[QF_MAX_CLASSES + 1];
	enum qf_kind kind;
	const char *model_type;		/* "llama" */
	const char *base;		/* module of the body: "model" */
	/* Read the config's fields into @m; errors stay in @c. */
	void (*configure)(struct qf_config *c, struct qf_model *m);
	/* token ids [B, S] -> hidden states [B, S, hidden] */
	qf_val (*embed)(struct qf_build *b, const struct qf_body *d);
	/* one layer: hidden states in, hidden states out */
	qf_val (*layer)(struct qf_build *b, const struct qf_body *d,
			uint32_t i, qf_val x);
};

#define QF_ARCH(id) const struct qf_arch qf_arch_##id

/*
 * By class name ("LlamaForCausalLM"), with that class in @cls, or by model_type;
 * NULL if not there.
 */
const struct qf_arch *qf_arch_find(const char *name,
				   const struct qf_class **cls);
const struct qf_arch *qf_arch_find_type(const char *model_type);
/* "GPT2LMHeadModel, LlamaForCausalLM, ..." for messages; what does not fit is "...". */
const char *qf_arch_names(char *buf, size_t size);
/* The supported class name nearest to @name, or NULL. */
const char *qf_arch_nearest(const char *name);

#endif
