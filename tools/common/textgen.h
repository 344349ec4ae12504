/* SPDX-License-Identifier: MIT */
/*
 * From prompts to printed text on a compiled language model: the last stage of
 * qeff infer, qeff execute and qaic-run --prompt.
 */
#ifndef QAIC_TOOLS_TEXTGEN_H
#define QAIC_TOOLS_TEXTGEN_H

#include <stdbool.h>

#include "base/dtype.h"
#include "base/err.h"
#include "base/progress.h"
#include "tools/common/opt.h"

struct qaic_prof;
struct qeff_session;

struct qaic_textgen {
	const char *prog;		/* "qeff infer", for warnings */
	const char *model_dir;		/* tokenizer and EOS; may be NULL with input_ids */
	const char *qpc;		/* directory of programqpc.bin */
	struct qeff_session *session;	/* qpc, if it is loaded already; the
					 * caller's; may be NULL */
	const char *onnx;		/* for verify */
	unsigned int qid;
	const char *prompt, *prompts_file, *input_ids;
	bool chat;			/* prompts are what a user says */
	const char *system, *chat_template;	/* for chat; may be NULL */
	unsigned int generation_len;	/* 0: as long as the context allows */
	bool print_ids, ignore_eos, json, verify, verbose;
	/* for verify: how qpc was compiled */
	bool fp32, act_int8, kv_mxint8;
	const char *fp32_nodes;
	enum qaic_dtype weights;
	unsigned int num_cores;
	const char *write_logits;
	struct qaic_prof *prof;		/* NULL: none */
	struct qaic_progress progress;
};

/* The rows of an option table for a static struct qaic_textgen @t. */
#define QAIC_TEXTGEN_PROMPTS(t)						\
	QAIC_OPT_GROUP("Prompts (one of these, to generate text):"),	\
	{ .name = "prompt", .kind = QAIC_OPT_STR, .to = &(t).prompt,	\
	  .arg = "TEXT", .help = "Prompts, separated by '|'." },	\
	{ .name = "prompts-txt-file-path", .kind = QAIC_OPT_STR,	\
	  .to = &(t).prompts_file, .arg = "FILE",			\
	  .help = "A file with one prompt a line; wins over --prompt." }, \
	{ .name = "input-ids", .kind = QAIC_OPT_STR,			\
	  .to = &(t).input_ids, .arg = "IDS",				\
	  .help = "Token ids instead of text, \"1 8 56\", rows separated " \
	  "by '|'. Needs no tokenizer." }
#define QAIC_TEXTGEN_OPTS(t)						\
	QAIC_TEXTGEN_PROMPTS(t),					\
	{ .name = "chat", .kind = QAIC_OPT_FLAG, .to = &(t).chat,	\
	  .help = "Each prompt is what a user says: put it into the "	\
	  "model's chat template." },					\
	{ .name = "system", .kind = QAIC_OPT_STR, .to = &(t).system,	\
	  .arg = "TEXT", .help = "With --chat: the system message before it." }, \
	{ .name = "chat-template", .kind = QAIC_OPT_STR,		\
	  .to = &(t).chat_template, .arg = "NAME|FILE",			\
	  .help = "With --chat: one of the model's other templates, or one " \
	  "from a file (with a '/' or ending in .jinja).",		\
	  .def = "the model's own" },					\
	QAIC_OPT_GROUP("Generation:"),					\
	{ .name = "generation-len", .kind = QAIC_OPT_UINT,		\
	  .to = &(t).generation_len, .min = 1, .arg = "N",		\
	  .help = "Most tokens to generate.",				\
	  .def = "what is left of the context" },			\
	{ .name = "ignore-eos", .kind = QAIC_OPT_FLAG,			\
	  .to = &(t).ignore_eos,					\
	  .help = "Do not stop at the end-of-sequence token." },	\
	QAIC_OPT_GROUP("Output:"),					\
	{ .name = "print-ids", .kind = QAIC_OPT_FLAG,			\
	  .to = &(t).print_ids,						\
	  .help = "Print the generated ids, a line \"ids: 5 9 2\" for "	\
	  "each prompt." },						\
	{ .name = "write-logits", .kind = QAIC_OPT_STR,			\
	  .to = &(t).write_logits, .arg = "FILE",			\
	  .help = "Write the float32 logits rows of every call, in order." }, \
	{ .name = "json", .kind = QAIC_OPT_FLAG, .to = &(t).json,	\
	  .help = "Print one JSON document and nothing else." },	\
	{ .name = "verbose", .alias = "v", .kind = QAIC_OPT_FLAG,	\
	  .to = &(t).verbose,						\
	  .help = "Say on standard error what is done and used." }

/* Is there exactly what is needed? Prompts are looked at later. */
int qaic_textgen_check(const struct qaic_textgen *t, struct qaic_err *err);

/* With --chat: is there a template in @dir, and can it be used? */
int qaic_textgen_check_chat(const struct qaic_textgen *t, const char *dir,
			    struct qaic_err *err);

/*
 * Load, generate, print. -ERANGE if verification found that the card and the
 * reference evaluation disagree.
 */
int qaic_textgen_run(const struct qaic_textgen *t, struct qaic_err *err);

#endif
