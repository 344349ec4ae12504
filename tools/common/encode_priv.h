/* SPDX-License-Identifier: MIT */
/* What the parts of encode share. */
#ifndef QAIC_TOOLS_ENCODE_PRIV_H
#define QAIC_TOOLS_ENCODE_PRIV_H

#include <jansson.h>

#include "base/file.h"
#include "tools/common/encode.h"
#include "tools/common/json_out.h"
#include "tools/common/prompts.h"

/* One text of a call: a prompt, or a part of one with its context. */
struct qaic_enc_text {
	size_t prompt;			/* whose it is */
	int32_t *ids;
	uint8_t *types;
	struct qeff_token *tokens;	/* what they stand for; NULL: ids given */
	size_t num;
};

struct qaic_answer {
	double score;
	size_t text, first, last;	/* tokens of a text */
	size_t start, end;		/* bytes of the context */
};

struct qaic_answers {			/* to one prompt, best first */
	struct qaic_answer *v;
	size_t n;
};

struct qaic_enc {
	const struct qaic_encode *e;
	struct qeff_model_info info;
	struct qeff_tokenizer *tok;	/* NULL: none */
	struct qeff_encoder *enc;
	struct qaic_prompts prompts;
	struct qaic_enc_text *texts;
	size_t num_texts;
	char *context;			/* or NULL */
	size_t context_len;
	const char **labels;
	size_t num_labels;
	int32_t mask_id;		/* -1: every token is shown */
	struct qaic_answers *answers;	/* of each prompt */
	enum qeff_pooling pooling;
	bool normalize;
	float *vectors;			/* [prompts][width] */
	size_t width;
	struct qaic_outfile logits;	/* fd -1: none */
	json_t *results;		/* --json: one object for each prompt */
	size_t calls;
	double time, model_time[QEFF_NUM_SKUS];
	struct qaic_err *err;
};

/* How many labels, tokens or answers to show, of @all. */
size_t qaic_enc_top(const struct qaic_enc *g, size_t def, size_t all);
/* Indices of the @k largest of @n, largest first, into @top. */
void qaic_enc_largest(const double *v, size_t n, size_t *top, size_t k);
/* v[i] = exp(v[i]) / sum, or 1 / (1 + exp(-v[i])) */
void qaic_enc_softmax(double *v, size_t n);
void qaic_enc_sigmoid(double *v, size_t n);
/* Row @row of an output: floats of one text, @num of them, padding left out. */
const float *qaic_enc_row(const struct qaic_enc *g, const char *name,
			  size_t row, size_t tokens, size_t *num);
/* "{"prompt": ..., "prompt_ids": [...]}", for --json. */
json_t *qaic_enc_object(const struct qaic_enc *g, size_t prompt);
/* Answers and vectors, then times and the profile. */
int qaic_enc_report(struct qaic_enc *g);
int qaic_enc_no_memory(const struct qaic_enc *g);

/* Take what the last call has in @row for a text; print or keep it. */
int qaic_enc_classify(struct qaic_enc *g, size_t text, size_t row);
int qaic_enc_tokens(struct qaic_enc *g, size_t text, size_t row);
int qaic_enc_fill(struct qaic_enc *g, size_t text, size_t row);
int qaic_enc_spans(struct qaic_enc *g, size_t text, size_t row);
int qaic_enc_vector(struct qaic_enc *g, size_t text, size_t row);
/* Behind the last text. */
int qaic_enc_print_answers(struct qaic_enc *g);
int qaic_enc_print_vectors(struct qaic_enc *g);

/* A question with its context, in as many windows as it takes. */
int qaic_enc_windows(struct qaic_enc *g, size_t prompt);
/* One more text of these tokens. */
int qaic_enc_add_text(struct qaic_enc *g, size_t prompt,
		      const struct qeff_token *tokens, size_t num);
/* The tokens of a prompt, for --json. */
int qaic_enc_keep_ids(struct qaic_enc *g, size_t prompt,
		      const struct qeff_encoding *e);
/* The id of tokenizer_config.json's mask_token; -1: there is none. */
int32_t qaic_enc_mask_id(const struct qaic_enc *g);

#endif
