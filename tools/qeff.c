// SPDX-License-Identifier: MIT
/* qeff: QEfficient's four stages, infer, export, compile, execute. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "libqeff/qeff.h"
#include "tools/common/encode.h"
#include "tools/common/formats.h"
#include "tools/common/models.h"
#include "tools/common/opt.h"
#include "tools/common/progress.h"
#include "tools/common/textgen.h"
#include "tools/common/verify.h"

static struct {
	const char *model_name, *local_model_dir, *cache_dir, *precision;
	const char *onnx_path, *qpc_path, *golden;
	unsigned int num_cores, batch_size, prompt_len, ctx_len, qid;
	unsigned int seq_len[QEFF_MAX_SEQ_LENS], num_seq_len;
	bool prompt_len_given, ctx_len_given;
	bool verbose, quiet, per_block, allow_override;
	struct qaic_opt_list plugins;
	struct qaic_formats formats;
} a = {
	.num_cores = 16, .batch_size = 1, .prompt_len = 32, .ctx_len = 128,
};
static struct qaic_textgen gen;
static struct qaic_encode enc;
static const char *prog = "qeff";

/* "[0]" or "0": one card; a list is for tensor slicing. */
static int device_group(void *to, const char *value, struct qaic_err *err)
{
	const char *s = value + (*value == '[');
	size_t n = strcspn(s, "]");
	char num[16];
	uint64_t v;

	if (memchr(s, ',', n))
		return qaic_fail(err, -EOPNOTSUPP,
				 "--device-group %s: slicing a model over several cards is not available yet",
				 value);
	if (n < sizeof(num) && n && (!s[n] || !s[n + 1])) {
		memcpy(num, s, n);
		num[n] = '\0';
		if (!qaic_opt_uint(num, 0, 1023, &v)) {
			*(unsigned int *)to = v;
			return 0;
		}
	}
	return qaic_fail(err, -EINVAL, "--device-group takes a list like [0], not \"%s\"",
			 value);
}

/* "32,128,512" */
static int seq_lens(void *to, const char *value, struct qaic_err *err)
{
	const char *s = value;
	char num[16];
	uint64_t v;
	size_t n;

	for (a.num_seq_len = 0;; s += n + 1) {
		n = strcspn(s, ",");
		snprintf(num, sizeof(num), "%.*s", (int)(n < 15 ? n : 15), s);
		if (qaic_opt_uint(num, 1, 1048576, &v) || n > 15 ||
		    a.num_seq_len == QEFF_MAX_SEQ_LENS ||
		    (a.num_seq_len && v <= a.seq_len[a.num_seq_len - 1]))
			return qaic_fail(err, -EINVAL,
					 "--seq-len takes up to %d growing lengths like 32,128, not \"%s\"",
					 QEFF_MAX_SEQ_LENS, value);
		a.seq_len[a.num_seq_len++] = v;
		if (!s[n])
			return 0;
	}
}

#define OPT_MODEL							\
	QAIC_OPT_GROUP("Model:"),					\
	{ .name = "model-name", .kind = QAIC_OPT_STR,			\
	  .to = &a.model_name, .arg = "DIR",				\
	  .help = "Directory of a Hugging Face model: config.json, "	\
	  "*.safetensors, tokenizer." },				\
	{ .name = "local-model-dir", .kind = QAIC_OPT_STR,		\
	  .to = &a.local_model_dir, .arg = "DIR",			\
	  .help = "The same; wins over --model-name." }
#define OPT_PLUGIN							\
	{ .name = "model-plugin", .kind = QAIC_OPT_LIST,		\
	  .to = &a.plugins, .arg = "FILE",				\
	  .help = "Shared object with more model classes, or a directory " \
	  "of them; may be given several times. Those of $QAIC_MODEL_PATH " \
	  "are loaded too." },						\
	{ .name = "allow-override", .kind = QAIC_OPT_FLAG,		\
	  .to = &a.allow_override,					\
	  .help = "Let a plugin's class replace one of the same name." }
#define OPT_CACHE							\
	{ .name = "cache-dir", .kind = QAIC_OPT_STR, .to = &a.cache_dir, \
	  .arg = "DIR", .help = "Where generated files are kept.",	\
	  .def = "$QEFF_HOME, $XDG_CACHE_HOME/qeff_models or ~/.cache/qeff_models" }
#define OPT_DEVICE							\
	{ .name = "device-group", .kind = QAIC_OPT_CALL, .to = &a.qid,	\
	  .call = device_group, .arg = "[QID]", .def = "[0]",		\
	  .help = "Card to run on." }
#define OPT_SHAPE							\
	QAIC_OPT_GROUP("Compilation:"),					\
	{ .name = "num-cores", .kind = QAIC_OPT_UINT, .to = &a.num_cores, \
	  .min = 1, .max = 16, .arg = "N", .def = "16",			\
	  .help = "NSPs to compile for" },				\
	{ .name = "batch-size", .kind = QAIC_OPT_UINT,			\
	  .to = &a.batch_size, .min = 1, .max = 4096, .arg = "N",	\
	  .def = "1", .help = "Prompts that run together" },		\
	{ .name = "prompt-len", .kind = QAIC_OPT_UINT,			\
	  .to = &a.prompt_len, .min = 1, .max = 1048576, .arg = "N",	\
	  .given = &a.prompt_len_given,					\
	  .def = "32", .help = "Prompt tokens of one prefill call; longer " \
	  "prompts take several, but not with an encoder, which takes a " \
	  "prompt at once" },					\
	{ .name = "ctx-len", .kind = QAIC_OPT_UINT, .to = &a.ctx_len,	\
	  .given = &a.ctx_len_given,					\
	  .min = 1, .max = 1048576, .arg = "N", .def = "128",		\
	  .help = "Tokens that the KV cache has room for; with an encoder " \
	  "the generated ones" },		\
	{ .name = "seq-len", .kind = QAIC_OPT_CALL, .call = seq_lens,	\
	  .arg = "N[,N...]", .def = "32,128,512 as far as the model goes", \
	  .help = "For models that read a whole text: the lengths to compile " \
	  "for, in tokens; a text runs in the shortest that it fits in." }, \
	{ .name = "precision", .kind = QAIC_OPT_STR, .to = &a.precision, \
	  .arg = "fp16|fp32", .def = "fp16",				\
	  .help = "Arithmetic and KV cache." },				\
	QAIC_OPT_FORMATS(a.formats),					\
	QAIC_OPT_KV_FORMAT(a.formats)
#define OPT_VERBOSE							\
	{ .name = "verbose", .alias = "v", .kind = QAIC_OPT_FLAG,	\
	  .to = &a.verbose,						\
	  .help = "Say on standard error what is done and used." }

#define LATER(n, al, why)						\
	{ .name = n, .alias = al, .kind = QAIC_OPT_LATER, .help = why }
#define LATER_HUB							\
	LATER("hf-token", NULL, "models are read from directories, nothing is downloaded"), \
	LATER("trust-remote-code", NULL, "no code from a model directory is run")
#define LATER_KV							\
	LATER("full-batch-size", NULL, "continuous batching")
#define LATER_COMPILE							\
	LATER("mos", NULL, "effort to reduce on-chip memory"),		\
	LATER("aic-enable-depth-first", NULL, "depth-first scheduling"), \
	LATER("allow-mxint8-mdp-io", NULL, "MXINT8 between cards"),	\
	LATER("enable-qnn", NULL, "compiling with the QNN SDK")
#define LATER_CCL							\
	LATER("ccl-enabled", NULL, "compute context lengths"),		\
	LATER("comp-ctx-lengths-prefill", NULL, "compute context lengths"), \
	LATER("comp-ctx-lengths-decode", NULL, "compute context lengths")
#define LATER_EXPORT							\
	LATER("use-onnx-subfunctions", NULL, "one ONNX function for each layer"), \
	LATER("dynamo", NULL, "the export mode of torch.export")

/* The model directory that was named, or an error that says how to. */
static int model_dir(const char **dir, struct qaic_err *err)
{
	const char *d = a.local_model_dir ? a.local_model_dir : a.model_name;

	if (!d)
		return qaic_fail(err, -EINVAL,
				 "--model-name is needed: the directory of a Hugging Face model");
	if (qaic_is_dir(d)) {
		*dir = d;
		return 0;
	}
	if (qaic_is_file(d))
		return qaic_fail(err, -ENOTDIR,
				 "--model-name %s is a file; give the directory that config.json is in",
				 d);
	return qaic_fail(err, -ENOENT,
			 "--model-name %s is no directory; models are not downloaded: fetch it (git clone https://huggingface.co/%s) and give its path, as in --model-name ./%s",
			 d, d, strrchr(d, '/') ? strrchr(d, '/') + 1 : d);
}

static int precision(bool *fp32, struct qaic_err *err)
{
	const char *p = a.precision ? a.precision : "fp16";

	*fp32 = !strcmp(p, "fp32");
	if (*fp32 || !strcmp(p, "fp16"))
		return 0;
	return qaic_fail(err, -EINVAL, "--precision takes fp16 or fp32, not \"%s\"",
			 p);
}

/* What QEfficient prints around its compiler, and more with --verbose. */
static void on_stage(void *ctx, const char *stage, const char *text)
{
	qaic_progress_clear();
	if (a.verbose && strcmp(stage, "compiled"))
		fprintf(stderr, "%s: %s: %s\n", prog, stage, text);
	if (gen.json || a.quiet)
		return;
	if (!strcmp(stage, "compile"))
		printf("Running AI 100 compiler: %s\n", text);
	else if (!strcmp(stage, "compiled"))
		printf("\n===================== Compilation Done! =====================\n\n");
	fflush(stdout);
}

static int build_options(struct qeff_build_options *o, struct qaic_err *err)
{
	int ret;

	*o = (struct qeff_build_options) {
		.cache_dir = a.cache_dir, .num_cores = a.num_cores,
		.batch_size = a.batch_size, .prompt_len = a.prompt_len,
		.ctx_len = a.ctx_len, .seq_lens = a.seq_len,
		.num_seq_lens = a.num_seq_len, .stage = on_stage,
		.progress = qaic_progress_terminal(),
	};
	o->kv_mxint8 = a.formats.mxint8;
	ret = precision(&o->fp32, err);
	return ret ? ret : qaic_formats_read(&a.formats, &o->weights,
					     &o->act_int8, err);
}

static int build_again(struct qeff_build_options *o, struct qeff_artefacts *art,
		       struct qaic_err *err)
{
	fprintf(stderr, "%s: warning: %s; compiling it again\n", prog, err->msg);
	qeff_artefacts_release(art);
	o->rebuild_qpc = true;
	return qeff_build(o, art, err);
}

/*
 * Load the QPC. One that cannot be loaded, because something has damaged it or
 * another version wrote it, is compiled again, once.
 */
static int load(struct qeff_build_options *o, struct qeff_artefacts *art,
		struct qaic_err *err)
{
	struct qeff_session_options so = {
		.qpc_dir = art->qpc_dir, .qid = a.qid, .progress = o->progress,
	};
	int ret = qeff_session_open(&so, &gen.session, err);

	if (ret != -EINVAL)
		return ret;
	ret = build_again(o, art, err);
	so.qpc_dir = art->qpc_dir;
	return ret ? ret : qeff_session_open(&so, &gen.session, err);
}

static bool reads_whole(enum qeff_task task)
{
	return task != QEFF_TASK_TEXT && task != QEFF_TASK_TRANSFORM;
}

/* Options of the other kind of model, by the class that config.json names. */
static int check_kind(const struct qeff_model_info *info,
		      struct qaic_err *err)
{
	const char *flag = NULL;

	if (!reads_whole(info->task)) {
		if (a.num_seq_len)
			return qaic_fail(err, -EINVAL,
					 "--seq-len is for models that read a whole text; %s generates: --prompt-len and --ctx-len",
					 info->arch);
		return 0;
	}
	if (a.prompt_len_given)
		flag = "--prompt-len";
	else if (a.ctx_len_given)
		flag = "--ctx-len";
	else if (gen.generation_len)
		flag = "--generation-len";
	else if (gen.ignore_eos)
		flag = "--ignore-eos";
	else if (gen.print_ids)
		flag = "--print-ids";
	else if (gen.verify)
		flag = "--verify";
	else if (gen.chat)
		flag = "--chat";
	if (flag)
		return qaic_fail(err, -EINVAL,
				 "%s is for models that generate text; %s does not%s",
				 flag, info->arch, strstr(flag, "-len") ?
				 ", its lengths are given by --seq-len" :
				 strcmp(flag, "--verify") ? "" :
				 "; use qeff verify");
	return 0;
}

static int check_options(const struct qeff_model_info *info,
			 struct qaic_err *err)
{
	int ret = check_kind(info, err);

	return ret ? ret : qaic_encode_check(&enc, info->task, err);
}

/* 32, 128 and 512 tokens, as far as the model goes. */
static void default_lengths(struct qeff_build_options *o,
			    const struct qeff_model_info *info)
{
	static const unsigned int usual[] = { 32, 128, 512 };
	size_t i;

	if (a.num_seq_len)
		return;
	for (i = 0; i < QAIC_ARRAY_SIZE(usual); i++)
		if (usual[i] <= info->max_positions)
			a.seq_len[a.num_seq_len++] = usual[i];
	/* the longest that there can be, if that is little more or less */
	if (!a.num_seq_len || (info->max_positions < 512 &&
			       usual[a.num_seq_len - 1] < info->max_positions))
		a.seq_len[a.num_seq_len++] = info->max_positions;
	o->num_seq_lens = a.num_seq_len;
}

/* The textgen options that are the same for both kinds. */
static void share_options(void)
{
	enc.prog = prog;
	enc.qid = a.qid;
	enc.prompt = gen.prompt;
	enc.prompts_file = gen.prompts_file;
	enc.input_ids = gen.input_ids;
	enc.json = gen.json;
	enc.verbose = gen.verbose;
	enc.write_logits = gen.write_logits;
	enc.progress = qaic_progress_terminal();
}

/* As load(). */
static int load_whole(struct qeff_build_options *o,
		      const struct qeff_model_info *info,
		      struct qeff_artefacts *art, struct qaic_err *err)
{
	struct qeff_encoder_options eo = {
		.qpc_dir = art->qpc_dir, .qid = a.qid, .pad_id = info->pad_id,
		.progress = o->progress,
	};
	int ret = qeff_encoder_open(&eo, &enc.encoder, err);

	if (ret != -EINVAL)
		return ret;
	ret = build_again(o, art, err);
	eo.qpc_dir = art->qpc_dir;
	return ret ? ret : qeff_encoder_open(&eo, &enc.encoder, err);
}

static int infer_whole(struct qeff_build_options *o,
		       const struct qeff_model_info *info, struct qaic_err *err)
{
	struct qeff_artefacts art = { 0 };
	int ret;

	a.quiet = qaic_encode_quiet(&enc, info->task);
	default_lengths(o, info);
	ret = qeff_build(o, &art, err);
	if (!ret)
		ret = load_whole(o, info, &art, err);
	qaic_progress_clear();
	enc.model_dir = o->model_dir;
	enc.qpc = art.qpc_dir;
	if (!ret)
		ret = qaic_encode_run(&enc, err);
	qeff_encoder_close(enc.encoder);
	qeff_artefacts_release(&art);
	return ret;
}

static int run_infer(struct qaic_opt_cmd *cmd, struct qaic_err *err)
{
	struct qeff_artefacts art = { 0 };
	struct qeff_model_info info;
	struct qeff_build_options o;
	int ret;

	share_options();
	ret = build_options(&o, err);
	if (!ret)
		ret = qaic_textgen_check(&gen, err);
	if (!ret)
		ret = model_dir(&o.model_dir, err);
	if (!ret)
		ret = qeff_model_info(o.model_dir, &info, err);
	if (!ret)
		ret = check_options(&info, err);
	if (!ret && reads_whole(info.task))
		return infer_whole(&o, &info, err);
	if (!ret)
		ret = qeff_build(&o, &art, err);
	if (!ret)
		ret = load(&o, &art, err);
	qaic_progress_clear();
	if (ret)
		goto out;
	if (a.verbose)
		fprintf(stderr, "%s: precision %s, weights %s%s, %u NSPs, ONNX %s\n",
			prog, o.fp32 ? "fp32" : "fp16",
			o.weights ? qaic_dtype_name(o.weights) :
			o.fp32 ? "fp32" : "fp16",
			o.act_int8 ? ", activations int8" : "", a.num_cores,
			art.onnx);
	gen.model_dir = o.model_dir;
	gen.qpc = art.qpc_dir;
	gen.onnx = art.onnx;
	gen.fp32 = o.fp32;
	gen.weights = o.weights;
	gen.act_int8 = o.act_int8;
	gen.num_cores = a.num_cores;
	gen.qid = a.qid;
	ret = qaic_textgen_run(&gen, err);
out:
	qeff_session_close(gen.session);
	qeff_artefacts_release(&art);
	return ret;
}

static int run_export(struct qaic_opt_cmd *cmd, struct qaic_err *err)
{
	struct qeff_artefacts art = { 0 };
	struct qeff_build_options o;
	int ret;

	ret = build_options(&o, err);
	if (!ret)
		ret = model_dir(&o.model_dir, err);
	if (!ret)
		ret = qeff_build_onnx(&o, &art, err);
	qaic_progress_clear();
	if (ret)
		return ret;
	printf("%s\n", art.onnx);
	qeff_artefacts_release(&art);
	return 0;
}

static int run_compile(struct qaic_opt_cmd *cmd, struct qaic_err *err)
{
	struct qeff_build_options o;
	int ret;

	if (!a.onnx_path || !a.qpc_path)
		return qaic_fail(err, -EINVAL, "%s is needed",
				 a.onnx_path ? "--qpc-path" : "--onnx-path");
	ret = build_options(&o, err);
	o.onnx = a.onnx_path;
	o.qpc_path = a.qpc_path;
	if (!ret)
		ret = qeff_build_qpc(&o, err);
	qaic_progress_clear();
	if (!ret)
		printf("%s/qpcs\n", a.qpc_path);
	return ret;
}

/* The directory with programqpc.bin: as given, or in it under either name. */
static char *find_qpc(const char *path)
{
	static const char *const sub[] = { "", "qpcs", "qpc" };
	char *dir, *bin;
	size_t i;
	bool ok;

	for (i = 0; i < QAIC_ARRAY_SIZE(sub); i++) {
		dir = *sub[i] ? qaic_path(path, sub[i]) : strdup(path);
		bin = dir ? qaic_path(dir, "programqpc.bin") : NULL;
		ok = bin && qaic_is_file(bin);
		free(bin);
		if (ok)
			return dir;
		free(dir);
	}
	return strdup(path);
}

static int run_execute(struct qaic_opt_cmd *cmd, struct qaic_err *err)
{
	struct qeff_model_info info = { .task = QEFF_TASK_TEXT };
	char *qpc;
	int ret;

	if (!a.qpc_path)
		return qaic_fail(err, -EINVAL, "--qpc-path is needed");
	share_options();
	ret = qaic_textgen_check(&gen, err);
	if (!ret && (a.model_name || a.local_model_dir || !gen.input_ids))
		ret = model_dir(&gen.model_dir, err);
	if (!ret && gen.model_dir)
		ret = qeff_model_info(gen.model_dir, &info, err);
	if (!ret)
		ret = check_options(&info, err);
	if (ret)
		return ret;
	qpc = find_qpc(a.qpc_path);
	if (!qpc)
		return qaic_fail(err, -ENOMEM, "out of memory");
	if (reads_whole(info.task)) {
		enc.model_dir = gen.model_dir;
		enc.qpc = qpc;
		ret = qaic_encode_run(&enc, err);
		free(qpc);
		return ret;
	}
	gen.qpc = qpc;
	gen.qid = a.qid;
	gen.progress = qaic_progress_terminal();
	ret = qaic_textgen_run(&gen, err);
	free(qpc);
	return ret;
}

/* Compile --onnx-path to a directory of its own; free() and remove it. */
static int compile_given(struct qeff_build_options *o, char **dir, char **qpc,
			 struct qaic_err *err)
{
	const char *tmp = getenv("TMPDIR");
	int ret;

	*dir = qaic_asprintf("%s/qeff-verify-XXXXXX", tmp && *tmp ? tmp : "/tmp");
	*qpc = NULL;
	if (!*dir)
		return qaic_fail(err, -ENOMEM, "out of memory");
	if (!mkdtemp(*dir)) {
		ret = qaic_fail(err, -errno, "%s: %s", *dir, strerror(errno));
		free(*dir);
		*dir = NULL;
		return ret;
	}
	*qpc = qaic_path(*dir, "qpcs");
	if (!*qpc)
		return qaic_fail(err, -ENOMEM, "out of memory");
	o->onnx = a.onnx_path;
	o->qpc_path = *dir;
	return qeff_build_qpc(o, err);
}

static int run_verify(struct qaic_opt_cmd *cmd, struct qaic_err *err)
{
	struct qaic_verify v = {
		.prog = prog, .golden = a.golden, .prompt = gen.prompt,
		.prompts_file = gen.prompts_file, .input_ids = gen.input_ids,
		.generation_len = gen.generation_len, .num_cores = a.num_cores,
		.qid = a.qid, .per_block = a.per_block, .json = gen.json,
	};
	struct qaic_err ignored = QAIC_ERR_INIT;
	struct qeff_artefacts art = { 0 };
	struct qeff_model_info info;
	struct qeff_build_options o;
	char *dir = NULL, *qpc = NULL;
	int ret;

	a.quiet = true;
	ret = build_options(&o, err);
	if (!ret)
		ret = model_dir(&o.model_dir, err);
	if (!ret)
		ret = qeff_model_info(o.model_dir, &info, err);
	if (!ret)
		ret = check_kind(&info, err);
	if (ret)
		return ret;
	if (!v.generation_len)
		v.generation_len = 4;
	if (reads_whole(info.task)) {
		default_lengths(&o, &info);
		v.seq_len = a.seq_len[0];
		v.batch_size = o.batch_size;
		ret = a.onnx_path ? 0 : qeff_build_onnx(&o, &art, err);
	} else {
		ret = a.onnx_path ? compile_given(&o, &dir, &qpc, err) :
				    qeff_build(&o, &art, err);
	}
	qaic_progress_clear();
	v.model_dir = o.model_dir;
	v.fp32 = o.fp32;
	v.weights = o.weights;
	v.act_int8 = o.act_int8;
	v.onnx = a.onnx_path ? a.onnx_path : art.onnx;
	v.qpc = a.onnx_path ? qpc : art.qpc_dir;
	if (!ret)
		ret = qaic_verify_run(&v, err);
	if (dir)
		qaic_rmtree(dir, &ignored);
	free(dir);
	free(qpc);
	qeff_artefacts_release(&art);
	return ret;
}

static const struct qaic_opt infer_opts[] = {
	OPT_MODEL, OPT_PLUGIN, OPT_CACHE, OPT_SHAPE, OPT_DEVICE,
	QAIC_TEXTGEN_OPTS(gen), QAIC_ENCODE_OPTS(enc),
	{ .name = "verify", .kind = QAIC_OPT_FLAG, .to = &gen.verify,
	  .help = "Evaluate the ONNX with the slow reference loops too, print "
	  "how far the card is from it, and fail if that is too far." },
	LATER_HUB, LATER_KV, LATER_COMPILE, LATER_CCL, LATER_EXPORT,
};

static const struct qaic_opt export_opts[] = {
	OPT_MODEL, OPT_PLUGIN, OPT_CACHE, OPT_VERBOSE, LATER_HUB, LATER_KV,
	 LATER_EXPORT,
};

static const struct qaic_opt compile_opts[] = {
	QAIC_OPT_GROUP("Files:"),
	{ .name = "onnx-path", .kind = QAIC_OPT_STR, .to = &a.onnx_path,
	  .arg = "FILE", .help = "The exported model." },
	{ .name = "qpc-path", .kind = QAIC_OPT_STR, .to = &a.qpc_path,
	  .arg = "DIR", .help = "Gets specializations.json, custom_io.yaml "
	  "and qpcs/programqpc.bin." },
	OPT_SHAPE, OPT_DEVICE, OPT_VERBOSE, LATER_KV, LATER_COMPILE,
	LATER("custom-io-file-path", NULL, "qaic-compile -custom-IO-list-file takes one"),
};

static const struct qaic_opt execute_opts[] = {
	OPT_MODEL, OPT_PLUGIN,
	{ .name = "qpc-path", .kind = QAIC_OPT_STR, .to = &a.qpc_path,
	  .arg = "DIR", .help = "The compiled model." },
	OPT_DEVICE, QAIC_TEXTGEN_OPTS(gen), QAIC_ENCODE_OPTS(enc), LATER_HUB,
	LATER("full-batch-size", NULL, "continuous batching"),
};

static const struct qaic_opt verify_opts[] = {
	OPT_MODEL, OPT_PLUGIN, OPT_CACHE,
	{ .name = "onnx-path", .kind = QAIC_OPT_STR, .to = &a.onnx_path,
	  .arg = "FILE", .help = "An exported model to look at instead of "
	  "what qeff export makes of --model-name." },
	OPT_SHAPE, OPT_DEVICE,
	QAIC_OPT_GROUP("Verification:"),
	{ .name = "per-block", .kind = QAIC_OPT_FLAG, .to = &a.per_block,
	  .help = "Compare what comes out of every block too, and name the one "
	  "where two evaluations part." },
	{ .name = "golden", .kind = QAIC_OPT_STR, .to = &a.golden,
	  .arg = "FILE", .help = "golden.json, beside it logits.f32: a prompt "
	  "and what another implementation computes for it." },
	QAIC_TEXTGEN_PROMPTS(gen),
	{ .name = "generation-len", .kind = QAIC_OPT_UINT,
	  .to = &gen.generation_len, .min = 1, .arg = "N", .def = "4",
	  .help = "Tokens to generate from each prompt." },
	QAIC_OPT_GROUP("Output:"),
	{ .name = "json", .kind = QAIC_OPT_FLAG, .to = &gen.json,
	  .help = "Print one JSON document and nothing else." },
	OPT_VERBOSE, LATER_HUB, LATER_KV, LATER_COMPILE, LATER_CCL,
	LATER_EXPORT,
};

static const struct qaic_opt models_opts[] = {
	OPT_PLUGIN,
	{ .name = "json", .kind = QAIC_OPT_FLAG, .to = &gen.json,
	  .help = "Print one JSON document." },
};

static int run_models(struct qaic_opt_cmd *cmd, struct qaic_err *err)
{
	return qaic_models_run(cmd->args.n ? cmd->args.v[0] : NULL, gen.json,
			       err);
}

/* Whatever reads a model directory may meet a class from outside. */
static int load_plugins(struct qaic_err *err)
{
	int ret = qeff_plugin_load_list(getenv("QAIC_MODEL_PATH"),
					a.allow_override, err);
	size_t i;

	if (ret)
		qaic_fail_in(err, "QAIC_MODEL_PATH");
	for (i = 0; !ret && i < a.plugins.n; i++) {
		ret = qeff_plugin_load(a.plugins.v[i], a.allow_override, err);
		if (ret)
			qaic_fail_in(err, "--model-plugin");
	}
	return ret;
}

static const struct stage {
	const char *name, *prog, *about;
	const struct qaic_opt *opts;
	size_t num_opts;
	int (*run)(struct qaic_opt_cmd *cmd, struct qaic_err *err);
} stages[] = {
	{ "infer", "qeff infer",
	  "Export, compile and run a model; what is there already is used.",
	  infer_opts, QAIC_ARRAY_SIZE(infer_opts), run_infer },
	{ "export", "qeff export",
	  "Write the ONNX of a model and print its path.",
	  export_opts, QAIC_ARRAY_SIZE(export_opts), run_export },
	{ "compile", "qeff compile",
	  "Compile an exported ONNX to a QPC and print its path.",
	  compile_opts, QAIC_ARRAY_SIZE(compile_opts), run_compile },
	{ "execute", "qeff execute",
	  "Generate text with a compiled model.",
	  execute_opts, QAIC_ARRAY_SIZE(execute_opts), run_execute },
	{ "verify", "qeff verify",
	  "Evaluate a checkpoint, its export and the card side by side.",
	  verify_opts, QAIC_ARRAY_SIZE(verify_opts), run_verify },
	{ "models", "qeff models",
	  "List the model classes, or show what one reads of config.json.",
	  models_opts, QAIC_ARRAY_SIZE(models_opts), run_models },
};

static void usage(FILE *out)
{
	size_t i;

	fprintf(out, "Usage: qeff STAGE [options]\n\n"
		"From a Hugging Face model directory to text on a Cloud AI 100.\n\n"
		"Stages:\n");
	for (i = 0; i < QAIC_ARRAY_SIZE(stages); i++)
		fprintf(out, "  %-9s %s\n", stages[i].name, stages[i].about);
	fprintf(out, "\nOther:\n"
		"  -h, --help  Show this text; qeff STAGE --help shows a stage's options.\n"
		"  --version   Show the version.\n\n"
		"Example:\n"
		"  qeff infer --model-name models/tales --num-cores 16 --ctx-len 256 \\\n"
		"      --prompt \"Once upon a time\"\n");
}

static int unknown_stage(const char *name)
{
	const char *list[QAIC_ARRAY_SIZE(stages)], *near;
	size_t i;

	for (i = 0; i < QAIC_ARRAY_SIZE(stages); i++)
		list[i] = stages[i].name;
	near = qaic_nearest(name, list, QAIC_ARRAY_SIZE(stages));
	fprintf(stderr, "qeff: unknown stage \"%s\"; %s%s%s\n", name,
		near ? "did you mean " : "it is one of infer, export, compile, execute, verify, models",
		near ? near : "", near ? "?" : "");
	return 1;
}

int main(int argc, char **argv)
{
	struct qaic_err err = QAIC_ERR_INIT;
	struct qaic_opt_cmd cmd = { 0 };
	const struct stage *s = NULL;
	size_t i;
	int ret;

	if (argc < 2) {
		fprintf(stderr, "qeff: no stage; qeff --help shows the usage\n");
		return 1;
	}
	if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h")) {
		usage(stdout);
		return 0;
	}
	if (!strcmp(argv[1], "--version")) {
		printf("qeff %s\n", QAIC_VERSION);
		return 0;
	}
	for (i = 0; i < QAIC_ARRAY_SIZE(stages); i++)
		if (!strcmp(argv[1], stages[i].name))
			s = &stages[i];
	if (!s)
		return unknown_stage(argv[1]);
	prog = gen.prog = cmd.prog = s->prog;
	cmd.usage = s->run == run_models ? "[options] [CLASS]" : "[options]";
	cmd.max_args = s->run == run_models;
	cmd.about = s->about;
	cmd.opts = s->opts;
	cmd.num_opts = s->num_opts;
	ret = qaic_opt_parse(&cmd, argc - 1, argv + 1, &err);
	a.verbose |= gen.verbose;
	if (!ret && s->run != run_compile)
		ret = load_plugins(&err);
	if (!ret)
		ret = s->run(&cmd, &err);
	return qaic_opt_exit(&cmd, ret, &err);
}
