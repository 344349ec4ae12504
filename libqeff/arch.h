/* SPDX-License-Identifier: MIT */
/*
 * One model architecture: its config fields, its modules and its blocks. All that
 * a model needs to include.
 *
 * In the tree an architecture is one file in libqeff/arch/ that ends with
 * QF_ARCH(), and one line in libqeff/arch/list.h. Outside it is the same file,
 * with <qaic/model/arch.h> and QF_PLUGIN() at its end, built as a shared object.
 * See Documentation/adding-a-model.md.
 */
#ifndef LIBQEFF_ARCH_H
#define LIBQEFF_ARCH_H

#ifdef QAIC_INSTALLED
#include <qaic/model/blocks.h>
#include <qaic/model/config.h>
#include <qaic/model/model.h>
#else
#include "libqeff/blocks.h"
#include "libqeff/config.h"
#include "libqeff/model.h"
#endif

#ifdef __cplusplus
extern "C" {
#endif

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

/* ---- from outside the tree ---- */

/*
 * The version of this interface: of the headers in qaic/model/ and of what they
 * mean. It is raised when a plugin that was built before would do something else.
 */
#define QF_INTERFACE	1

/* Changes with the layout of any structure that both sides see. */
#define QF_LAYOUT							\
	((uint32_t)(sizeof(struct qf_arch) * 1009 +			\
		    sizeof(struct qf_class) * 2003 +			\
		    sizeof(struct qf_model) * 4001 +			\
		    sizeof(struct qf_body) * 8009 +			\
		    sizeof(struct qf_config) * 16001 +			\
		    sizeof(struct qf_attr) * 32003 +			\
		    offsetof(struct qf_model, norm) * 3 +		\
		    offsetof(struct qf_model, attn) * 5 +		\
		    offsetof(struct qf_model, mlp) * 7 +		\
		    offsetof(struct qf_model, head) * 11 +		\
		    offsetof(struct qf_body, bias) * 13))

/* What a plugin exports, under the name qf_plugin. */
struct qf_plugin {
	uint32_t interface;		/* first, in every version */
	uint32_t layout;
	const struct qf_arch *const *archs;	/* NULL ends them */
};

/* QF_PLUGIN(&qf_arch_a, &qf_arch_b); */
#define QF_PLUGIN(...)							\
	__attribute__((visibility("default")))				\
	const struct qf_plugin qf_plugin = {				\
		.interface = QF_INTERFACE, .layout = QF_LAYOUT,		\
		.archs = (const struct qf_arch *const[]){		\
			__VA_ARGS__, NULL				\
		},							\
	}

#ifdef __cplusplus
}
#endif
#endif
