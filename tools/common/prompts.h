/* SPDX-License-Identifier: MIT */
/* The prompts of a command line, as tokens. */
#ifndef QAIC_TOOLS_PROMPTS_H
#define QAIC_TOOLS_PROMPTS_H

#include "base/err.h"
#include "libqeff/qeff.h"

struct qaic_prompt {
	char *text;		/* what was typed: the text, or the ids */
	int32_t *ids;
	size_t num_ids;
};

struct qaic_prompts {
	struct qaic_prompt *v;
	size_t n;
};

/*
 * Before minutes go into compiling: are these files (or NULL) there, can the
 * model's tokenizer be read, unless ids are given?
 */
int qaic_prompts_look(const char *model_dir, const char *input_ids,
		      const char *prompts_file, const char *context_file,
		      struct qaic_err *err);
/* "a|b": split at '|'. */
int qaic_prompts_split(struct qaic_prompts *p, const char *text,
		       struct qaic_err *err);
/* One prompt a line, blanks at both ends removed; blank lines are no prompts. */
int qaic_prompts_file(struct qaic_prompts *p, const char *path,
		      struct qaic_err *err);
/* "1 8 56|3 4": ids, rows separated by '|'. */
int qaic_prompts_ids(struct qaic_prompts *p, const char *text,
		     struct qaic_err *err);
/* Tokenize those that have no ids yet. */
int qaic_prompts_encode(struct qaic_prompts *p, const struct qeff_tokenizer *tok,
			struct qaic_err *err);
/* The same as what a user says in a chat, after @system if that is not NULL. */
int qaic_prompts_chat(struct qaic_prompts *p, const struct qeff_tokenizer *tok,
		      const struct qeff_chat *chat, const char *system,
		      struct qaic_err *err);
/*
 * QEfficient's rule: too few prompts are repeated to fill a batch, an incomplete
 * last batch is dropped. *note says which, or is NULL.
 */
int qaic_prompts_fit(struct qaic_prompts *p, size_t batch, const char **note,
		     struct qaic_err *err);
void qaic_prompts_release(struct qaic_prompts *p);

#endif
