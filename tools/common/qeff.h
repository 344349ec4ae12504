/* SPDX-License-Identifier: MIT */
/* The stages of qeff: what they share of the command line. */
#ifndef QAIC_TOOLS_QEFF_H
#define QAIC_TOOLS_QEFF_H

#include "libqeff/qeff.h"
#include "tools/common/encode.h"
#include "tools/common/formats.h"
#include "tools/common/opt.h"
#include "tools/common/profile.h"
#include "tools/common/textgen.h"

struct qeff_args {
	const char *prog;		/* "qeff infer" */
	const char *model_name, *local_model_dir, *cache_dir, *precision;
	const char *onnx_path, *qpc_path, *golden, *text, *fp32_nodes;
	unsigned int stride, num_cores, batch_size, prompt_len, ctx_len, qid;
	unsigned int seq_len[QEFF_MAX_SEQ_LENS], num_seq_len;
	bool prompt_len_given, ctx_len_given;
	bool verbose, quiet, per_block, allow_override;
	struct qaic_opt_list plugins;
	struct qaic_formats formats;
};
extern struct qeff_args qeff_args;
extern struct qaic_textgen qeff_gen;
extern struct qaic_prof qeff_prof;	/* of infer, execute and bench */
extern struct qaic_encode qeff_enc;

struct qeff_stage {
	const char *name, *prog, *about;
	const struct qaic_opt *opts;
	size_t num_opts;
	int (*run)(struct qaic_opt_cmd *cmd, struct qaic_err *err);
};
extern const struct qeff_stage qeff_stage_infer, qeff_stage_export,
	qeff_stage_compile, qeff_stage_execute, qeff_stage_verify,
	qeff_stage_perplexity, qeff_stage_bench, qeff_stage_models;

/*
 * How well a model predicts --text; @against_fp32: what its format, or each of
 * them, costs.
 */
int qeff_text_cost(bool against_fp32, struct qaic_err *err);
/* The model directory that was named, or an error that says how to. */
int qeff_arg_model(const char **dir, struct qaic_err *err);
int qeff_arg_build(struct qeff_build_options *o, struct qaic_err *err);
/* Options of the other kind of model, by the class that config.json names. */
int qeff_arg_kind(const struct qeff_model_info *info, struct qaic_err *err);
/* --seq-len, if it was not given. */
void qeff_arg_lengths(struct qeff_build_options *o,
		      const struct qeff_model_info *info);
/* Not a model that generates. */
bool qeff_reads_whole(enum qeff_task task);
/* Of options; @to is not used. */
int qeff_arg_device(void *to, const char *value, struct qaic_err *err);
/* @flag's value, up to @max growing numbers from 1 to @largest, "32,128". */
int qeff_arg_list(const char *flag, const char *value, unsigned int largest,
		  unsigned int *v, unsigned int *n, unsigned int max,
		  struct qaic_err *err);
int qeff_arg_seq_lens(void *to, const char *value, struct qaic_err *err);

/* Rows of option tables. */
#define QEFF_OPT_MODEL							\
	QAIC_OPT_GROUP("Model:"),					\
	{ .name = "model-name", .kind = QAIC_OPT_STR,			\
	  .to = &qeff_args.model_name, .arg = "DIR",			\
	  .help = "Directory of a Hugging Face model: config.json, "	\
	  "*.safetensors, tokenizer." },				\
	{ .name = "local-model-dir", .kind = QAIC_OPT_STR,		\
	  .to = &qeff_args.local_model_dir, .arg = "DIR",		\
	  .help = "The same; wins over --model-name." }
#define QEFF_OPT_PLUGIN							\
	{ .name = "model-plugin", .kind = QAIC_OPT_LIST,		\
	  .to = &qeff_args.plugins, .arg = "FILE",			\
	  .help = "Shared object with more model classes, or a directory " \
	  "of them; may be given several times. Those of $QAIC_MODEL_PATH " \
	  "are loaded too." },						\
	{ .name = "allow-override", .kind = QAIC_OPT_FLAG,		\
	  .to = &qeff_args.allow_override,				\
	  .help = "Let a plugin's class replace one of the same name." }
#define QEFF_OPT_CACHE							\
	{ .name = "cache-dir", .kind = QAIC_OPT_STR, .to = &qeff_args.cache_dir, \
	  .arg = "DIR", .help = "Where generated files are kept.",	\
	  .def = "$QEFF_HOME, $XDG_CACHE_HOME/qeff_models or ~/.cache/qeff_models" }
#define QEFF_OPT_DEVICE							\
	{ .name = "device-group", .kind = QAIC_OPT_CALL, .to = &qeff_args.qid, \
	  .call = qeff_arg_device, .arg = "[QID]", .def = "[0]",	\
	  .help = "Card to run on." }
#define QEFF_OPT_CORES							\
	{ .name = "num-cores", .kind = QAIC_OPT_UINT, .to = &qeff_args.num_cores, \
	  .min = 1, .max = 16, .arg = "N", .def = "16",			\
	  .help = "NSPs to compile for" }
#define QEFF_OPT_PRECISION						\
	{ .name = "precision", .kind = QAIC_OPT_STR, .to = &qeff_args.precision, \
	  .arg = "fp16|fp32", .def = "fp16",				\
	  .help = "Arithmetic and KV cache." },				\
	QAIC_OPT_FORMATS(qeff_args.formats),				\
	QAIC_OPT_KV_FORMAT(qeff_args.formats),				\
	{ .name = "node-precision-info", .kind = QAIC_OPT_STR,		\
	  .to = &qeff_args.fp32_nodes, .arg = "YAML",			\
	  .help = "FP32NodeInstanceNames: nodes of the ONNX, by their names " \
	  "or those of their outputs, whose results and weights stay float32." }
#define QEFF_OPT_SIZES(context)						\
	QAIC_OPT_GROUP("Compilation:"), QEFF_OPT_CORES,			\
	{ .name = "batch-size", .kind = QAIC_OPT_UINT,			\
	  .to = &qeff_args.batch_size, .min = 1, .max = 4096, .arg = "N", \
	  .def = "1", .help = "Prompts that run together" },		\
	{ .name = "prompt-len", .kind = QAIC_OPT_UINT,			\
	  .to = &qeff_args.prompt_len, .min = 1, .max = 1048576, .arg = "N", \
	  .given = &qeff_args.prompt_len_given,				\
	  .def = "32", .help = "Prompt tokens of one prefill call; longer " \
	  "prompts take several, but not with an encoder, which takes a " \
	  "prompt at once" },						\
	{ .name = "ctx-len", .kind = QAIC_OPT_UINT, .to = &qeff_args.ctx_len, \
	  .given = &qeff_args.ctx_len_given,				\
	  .min = 1, .max = 1048576, .arg = "N", .def = context,		\
	  .help = "Tokens that the KV cache has room for; with an encoder " \
	  "the generated ones" }
#define QEFF_OPT_SHAPE							\
	QEFF_OPT_SIZES("128"),						\
	{ .name = "seq-len", .kind = QAIC_OPT_CALL, .call = qeff_arg_seq_lens, \
	  .arg = "N[,N...]", .def = "32,128,512 as far as the model goes", \
	  .help = "For models that read a whole text: the lengths to compile " \
	  "for, in tokens; a text runs in the shortest that it fits in." }, \
	QEFF_OPT_PRECISION
#define QEFF_OPT_TEXT							\
	{ .name = "text", .kind = QAIC_OPT_STR, .to = &qeff_args.text,	\
	  .arg = "FILE", .help = "A text to predict, token by token, in "  \
	  "windows of --ctx-len (default 2048, or what the model has)." },  \
	{ .name = "stride", .kind = QAIC_OPT_UINT, .to = &qeff_args.stride, \
	  .min = 1, .max = 1048576, .arg = "N", .def = "half the context",  \
	  .help = "With --text: from one window to the next, in tokens." }
#define QEFF_OPT_VERBOSE						\
	{ .name = "verbose", .alias = "v", .kind = QAIC_OPT_FLAG,	\
	  .to = &qeff_args.verbose,					\
	  .help = "Say on standard error what is done and used." }

#define QEFF_LATER(n, al, why)						\
	{ .name = n, .alias = al, .kind = QAIC_OPT_LATER, .help = why }
#define QEFF_LATER_HUB							\
	QEFF_LATER("hf-token", NULL, "models are read from directories, nothing is downloaded"), \
	QEFF_LATER("trust-remote-code", NULL, "no code from a model directory is run")
#define QEFF_LATER_KV							\
	QEFF_LATER("full-batch-size", NULL, "continuous batching")
#define QEFF_LATER_COMPILE						\
	QEFF_LATER("mos", NULL, "effort to reduce on-chip memory"),	\
	QEFF_LATER("aic-enable-depth-first", NULL, "depth-first scheduling"), \
	QEFF_LATER("allow-mxint8-mdp-io", NULL, "MXINT8 between cards"),\
	QEFF_LATER("enable-qnn", NULL, "compiling with the QNN SDK")
#define QEFF_LATER_CCL							\
	QEFF_LATER("ccl-enabled", NULL, "compute context lengths"),	\
	QEFF_LATER("comp-ctx-lengths-prefill", NULL, "compute context lengths"), \
	QEFF_LATER("comp-ctx-lengths-decode", NULL, "compute context lengths")
#define QEFF_LATER_EXPORT						\
	QEFF_LATER("use-onnx-subfunctions", NULL, "one ONNX function for each layer"), \
	QEFF_LATER("dynamo", NULL, "the export mode of torch.export")

#endif
