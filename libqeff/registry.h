/* SPDX-License-Identifier: MIT */
/*
 * The architectures that are known, those of the tree and plugins', and the
 * config.json that names one of them.
 */
#ifndef LIBQEFF_REGISTRY_H
#define LIBQEFF_REGISTRY_H

#include "base/json.h"
#include "base/str.h"
#include "libqeff/arch.h"
#include "libqeff/qeff.h"

/* All of them, plugins' first; NULL behind the last one. */
const struct qf_arch *qf_arch_at(size_t i);
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

/* sentence-transformers' list of what follows the model */
#define QF_MODULES "modules.json"
#define QF_MAX_CONFIG (16u << 20)

/* Load the files and find the architecture. */
int qf_config_open(struct qf_config *c, const char *dir,
		   const struct qf_arch **arch, struct qaic_err *err);
void qf_config_close(struct qf_config *c);
/* Fill in @m by its architecture and check that the numbers fit together. */
int qf_config_model(struct qf_config *c, const struct qf_arch *arch,
		    struct qf_model *m);
/* Token ids: bos, pad, eos (generation_config.json first). */
int qf_config_tokens(struct qf_config *c, struct qeff_model_info *info);

struct qeff_rules;

/* The head of a decoder that classifies; the same in all of them. */
void qf_get_scores(struct qf_config *c, struct qf_model *m);
/* What the class does, and how its labels are meant. */
int qf_config_task(struct qf_config *c, struct qeff_model_info *info);

/* What is generated: an encoder-decoder's start, forced and forbidden tokens. */
int qf_config_rules(struct qf_config *c, const struct qf_model *m,
		    struct qeff_rules *r);

/*
 * A getter says what it is asked for: where c->seen is, the first note of a field
 * goes there. Takes @def, the value where the field is absent, or NULL.
 */
void qf_note(struct qf_config *c, const char *key, const char *kind,
	     struct json_t *def);

#endif
