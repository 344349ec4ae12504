/* SPDX-License-Identifier: MIT */
/*
 * Models that read a whole text at once, from prompts to what their head says:
 * labels, tokens for gaps, answers, vectors. The last stage of qeff infer and
 * qeff execute for them.
 */
#ifndef QAIC_TOOLS_ENCODE_H
#define QAIC_TOOLS_ENCODE_H

#include <stdbool.h>

#include "base/err.h"
#include "base/progress.h"
#include "libqeff/qeff.h"
#include "tools/common/opt.h"

struct qaic_prof;

struct qaic_encode {
	const char *prog;		/* "qeff infer", for messages */
	const char *model_dir, *qpc;
	struct qeff_encoder *encoder;	/* qpc, if it is loaded already; the
					 * caller's; may be NULL */
	unsigned int qid;
	const char *prompt, *prompts_file, *input_ids;
	const char *context, *context_file;
	unsigned int top_k;		/* 0: the head's own number */
	unsigned int max_answer_len;
	const char *pooling, *output;
	bool normalize, json, verbose;
	const char *write_logits;
	struct qaic_prof *prof;		/* NULL: none */
	struct qaic_progress progress;
};

#define QAIC_ENCODE_OPTS(e)						\
	QAIC_OPT_GROUP("Models that read a whole text (by the class in config.json):"), \
	{ .name = "context", .kind = QAIC_OPT_STR, .to = &(e).context,	\
	  .arg = "TEXT", .help = "Question answering: where the answers to " \
	  "the prompts are looked for. Classification: the second text of " \
	  "each pair." },						\
	{ .name = "context-file", .kind = QAIC_OPT_STR,			\
	  .to = &(e).context_file, .arg = "FILE",			\
	  .help = "The same from a file." },				\
	{ .name = "top-k", .kind = QAIC_OPT_UINT, .to = &(e).top_k,	\
	  .min = 1, .arg = "N", .help = "How many labels, tokens or answers " \
	  "are shown.", .def = "all labels, 5 tokens, 1 answer" },	\
	{ .name = "max-answer-len", .kind = QAIC_OPT_UINT,		\
	  .to = &(e).max_answer_len, .min = 1, .arg = "N", .def = "15",	\
	  .help = "Most tokens of an answer" },				\
	{ .name = "pooling", .kind = QAIC_OPT_STR, .to = &(e).pooling,	\
	  .arg = "mean|cls|max", .help = "How the vectors of tokens become " \
	  "that of a text.", .def = "1_Pooling/config.json, else mean" }, \
	{ .name = "normalize", .kind = QAIC_OPT_FLAG,			\
	  .to = &(e).normalize, .help = "Scale vectors to length 1 "	\
	  "(modules.json may say so, too)." },				\
	{ .name = "output", .kind = QAIC_OPT_STR, .to = &(e).output,	\
	  .arg = "F.npy|F.json", .help = "Write vectors there, not as JSON " \
	  "to standard output." }

/* An option that is not for the head is refused. */
int qaic_encode_check(const struct qaic_encode *e, enum qeff_task task,
		      struct qaic_err *err);
/* Is standard output for vectors alone? */
bool qaic_encode_quiet(const struct qaic_encode *e, enum qeff_task task);
/* Load, run, print. */
int qaic_encode_run(const struct qaic_encode *e, struct qaic_err *err);

#endif
