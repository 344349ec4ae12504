// SPDX-License-Identifier: MIT
/* QEfficient's four stages: infer, export, compile, execute. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/str.h"
#include "libqaic/qaic.h"
#include "tools/common/progress.h"
#include "tools/common/prompts.h"
#include "tools/common/qeff.h"

static int build_again(struct qeff_build_options *o, struct qeff_artefacts *art,
		       struct qaic_err *err)
{
	fprintf(stderr, "%s: warning: %s; compiling it again\n", qeff_args.prog, err->msg);
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
		.qpc_dir = art->qpc_dir, .qid = qeff_args.qid,
		.progress = o->progress,
	};
	int ret = qeff_session_open(&so, &qeff_gen.session, err);

	if (ret != -EINVAL)
		return ret;
	ret = build_again(o, art, err);
	so.qpc_dir = art->qpc_dir;
	return ret ? ret : qeff_session_open(&so, &qeff_gen.session, err);
}

static int check_options(const struct qeff_model_info *info,
			 struct qaic_err *err)
{
	int ret = qeff_arg_kind(info, err);

	return ret ? ret : qaic_encode_check(&qeff_enc, info->task, err);
}

/* The textgen options that are the same for both kinds. */
static void share_options(void)
{
	qeff_enc.prog = qeff_args.prog;
	qeff_enc.qid = qeff_args.qid;
	qeff_enc.prompt = qeff_gen.prompt;
	qeff_enc.prompts_file = qeff_gen.prompts_file;
	qeff_enc.input_ids = qeff_gen.input_ids;
	qeff_enc.json = qeff_gen.json;
	qeff_enc.verbose = qeff_gen.verbose;
	qeff_enc.write_logits = qeff_gen.write_logits;
	qeff_enc.progress = qaic_progress_terminal();
	qeff_gen.prof = &qeff_prof;
	qeff_enc.prof = &qeff_prof;
}

/* As load(). */
static int load_whole(struct qeff_build_options *o,
		      const struct qeff_model_info *info,
		      struct qeff_artefacts *art, struct qaic_err *err)
{
	struct qeff_encoder_options eo = {
		.qpc_dir = art->qpc_dir, .qid = qeff_args.qid,
		.pad_id = info->pad_id,
		.progress = o->progress,
	};
	int ret = qeff_encoder_open(&eo, &qeff_enc.encoder, err);

	if (ret != -EINVAL)
		return ret;
	ret = build_again(o, art, err);
	eo.qpc_dir = art->qpc_dir;
	return ret ? ret : qeff_encoder_open(&eo, &qeff_enc.encoder, err);
}

static int infer_whole(struct qeff_build_options *o,
		       const struct qeff_model_info *info, struct qaic_err *err)
{
	struct qeff_artefacts art = { 0 };
	int ret;

	qeff_args.quiet = qaic_encode_quiet(&qeff_enc, info->task);
	qeff_arg_lengths(o, info);
	ret = qeff_build(o, &art, err);
	if (!ret)
		ret = load_whole(o, info, &art, err);
	qaic_progress_clear();
	qeff_enc.model_dir = o->model_dir;
	qeff_enc.qpc = art.qpc_dir;
	if (!ret)
		ret = qaic_encode_run(&qeff_enc, err);
	qeff_encoder_close(qeff_enc.encoder);
	qeff_artefacts_release(&art);
	return ret;
}

/* Can it be written? A FIFO is not opened twice. */
static int look_output(const char *path, struct qaic_err *err)
{
	struct qaic_outfile f;
	struct stat st;
	int ret;

	if (!path || (!stat(path, &st) && !S_ISREG(st.st_mode) &&
		      !S_ISDIR(st.st_mode)))
		return 0;
	ret = qaic_outfile_open(&f, path, err);
	if (!ret)
		qaic_outfile_abort(&f);
	return ret;
}

/* What would fail after all the work of compiling fails before it. */
static int look(const char *model_dir, struct qaic_err *err)
{
	int cards = qaic_device_count(), ret;

	if (cards >= 0 && qeff_args.qid >= (unsigned int)cards)
		return qaic_fail(err, -ENODEV,
				 "--device-group [%u]: cards are numbered from 0, and there %s %d",
				 qeff_args.qid, cards == 1 ? "is" : "are", cards);
	ret = qaic_prompts_look(model_dir, qeff_gen.input_ids,
				qeff_gen.prompts_file, qeff_enc.context_file,
				err);
	if (!ret)
		ret = look_output(qeff_gen.write_logits, err);
	return ret ? ret : look_output(qeff_enc.output, err);
}

static int run_infer(struct qaic_opt_cmd *cmd, struct qaic_err *err)
{
	struct qeff_artefacts art = { 0 };
	struct qeff_model_info info;
	struct qeff_build_options o;
	int ret;

	share_options();
	ret = qeff_arg_build(&o, err);
	if (!ret)
		ret = qaic_textgen_check(&qeff_gen, err);
	if (!ret)
		ret = qeff_arg_model(&o.model_dir, err);
	if (!ret)
		ret = qeff_model_info(o.model_dir, &info, err);
	if (!ret)
		ret = check_options(&info, err);
	if (!ret)
		ret = look(o.model_dir, err);
	if (!ret && qeff_reads_whole(info.task))
		return infer_whole(&o, &info, err);
	if (!ret)
		ret = qaic_textgen_check_chat(&qeff_gen, o.model_dir, err);
	if (!ret)
		ret = qeff_build(&o, &art, err);
	if (!ret)
		ret = load(&o, &art, err);
	qaic_progress_clear();
	if (ret)
		goto out;
	if (qeff_args.verbose)
		fprintf(stderr, "%s: precision %s, weights %s%s, %u NSPs, ONNX %s\n",
			qeff_args.prog, o.fp32 ? "fp32" : "fp16",
			o.weights ? qaic_dtype_name(o.weights) :
			o.fp32 ? "fp32" : "fp16",
			o.act_int8 ? ", activations int8" : "", qeff_args.num_cores,
			art.onnx);
	qeff_gen.model_dir = o.model_dir;
	qeff_gen.qpc = art.qpc_dir;
	qeff_gen.onnx = art.onnx;
	qeff_gen.fp32 = o.fp32;
	qeff_gen.weights = o.weights;
	qeff_gen.kv_mxint8 = o.kv_mxint8;
	qeff_gen.act_int8 = o.act_int8;
	qeff_gen.fp32_nodes = o.fp32_nodes;
	qeff_gen.num_cores = qeff_args.num_cores;
	qeff_gen.qid = qeff_args.qid;
	ret = qaic_textgen_run(&qeff_gen, err);
out:
	qeff_session_close(qeff_gen.session);
	qeff_artefacts_release(&art);
	return ret;
}

static int run_export(struct qaic_opt_cmd *cmd, struct qaic_err *err)
{
	struct qeff_artefacts art = { 0 };
	struct qeff_build_options o;
	int ret;

	ret = qeff_arg_build(&o, err);
	if (!ret)
		ret = qeff_arg_model(&o.model_dir, err);
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

	if (!qeff_args.onnx_path || !qeff_args.qpc_path)
		return qaic_fail(err, -EINVAL, "%s is needed",
				 qeff_args.onnx_path ? "--qpc-path" : "--onnx-path");
	ret = qeff_arg_build(&o, err);
	o.onnx = qeff_args.onnx_path;
	o.qpc_path = qeff_args.qpc_path;
	if (!ret)
		ret = qeff_build_qpc(&o, err);
	qaic_progress_clear();
	if (!ret)
		printf("%s/qpcs\n", qeff_args.qpc_path);
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

	if (!qeff_args.qpc_path)
		return qaic_fail(err, -EINVAL, "--qpc-path is needed");
	share_options();
	ret = qaic_textgen_check(&qeff_gen, err);
	if (!ret && (qeff_args.model_name || qeff_args.local_model_dir ||
		     !qeff_gen.input_ids))
		ret = qeff_arg_model(&qeff_gen.model_dir, err);
	if (!ret && qeff_gen.model_dir)
		ret = qeff_model_info(qeff_gen.model_dir, &info, err);
	if (!ret)
		ret = check_options(&info, err);
	if (ret)
		return ret;
	qpc = find_qpc(qeff_args.qpc_path);
	if (!qpc)
		return qaic_fail(err, -ENOMEM, "out of memory");
	if (qeff_reads_whole(info.task)) {
		qeff_enc.model_dir = qeff_gen.model_dir;
		qeff_enc.qpc = qpc;
		ret = qaic_encode_run(&qeff_enc, err);
		free(qpc);
		return ret;
	}
	qeff_gen.qpc = qpc;
	qeff_gen.qid = qeff_args.qid;
	qeff_gen.progress = qaic_progress_terminal();
	ret = qaic_textgen_run(&qeff_gen, err);
	free(qpc);
	return ret;
}

static const struct qaic_opt infer_opts[] = {
	QEFF_OPT_MODEL, QEFF_OPT_PLUGIN, QEFF_OPT_CACHE, QEFF_OPT_SHAPE,
	QEFF_OPT_DEVICE,
	QAIC_TEXTGEN_OPTS(qeff_gen), QAIC_PROF_OPTS(qeff_prof),
	QAIC_ENCODE_OPTS(qeff_enc),
	{ .name = "verify", .kind = QAIC_OPT_FLAG, .to = &qeff_gen.verify,
	  .help = "Evaluate the ONNX with the slow reference loops too, print "
	  "how far the card is from it, and fail if that is too far." },
	QEFF_LATER_HUB, QEFF_LATER_KV, QEFF_LATER_COMPILE, QEFF_LATER_CCL,
	QEFF_LATER_EXPORT,
};

static const struct qaic_opt export_opts[] = {
	QEFF_OPT_MODEL, QEFF_OPT_PLUGIN, QEFF_OPT_CACHE, QEFF_OPT_VERBOSE,
	QEFF_LATER_HUB, QEFF_LATER_KV, QEFF_LATER_EXPORT,
};

static const struct qaic_opt compile_opts[] = {
	QAIC_OPT_GROUP("Files:"),
	{ .name = "onnx-path", .kind = QAIC_OPT_STR, .to = &qeff_args.onnx_path,
	  .arg = "FILE", .help = "The exported model." },
	{ .name = "qpc-path", .kind = QAIC_OPT_STR, .to = &qeff_args.qpc_path,
	  .arg = "DIR", .help = "Gets specializations.json, custom_io.yaml "
	  "and qpcs/programqpc.bin." },
	QEFF_OPT_SHAPE, QEFF_OPT_DEVICE, QEFF_OPT_VERBOSE, QEFF_LATER_KV,
	QEFF_LATER_COMPILE,
	QEFF_LATER("custom-io-file-path", NULL, "qaic-compile -custom-IO-list-file takes one"),
};

static const struct qaic_opt execute_opts[] = {
	QEFF_OPT_MODEL, QEFF_OPT_PLUGIN,
	{ .name = "qpc-path", .kind = QAIC_OPT_STR, .to = &qeff_args.qpc_path,
	  .arg = "DIR", .help = "The compiled model." },
	QEFF_OPT_DEVICE, QAIC_TEXTGEN_OPTS(qeff_gen),
	QAIC_PROF_OPTS(qeff_prof), QAIC_ENCODE_OPTS(qeff_enc), QEFF_LATER_HUB,
	QEFF_LATER("full-batch-size", NULL, "continuous batching"),
};

const struct qeff_stage qeff_stage_infer = {
	"infer", "qeff infer",
	"Export, compile and run a model; what is there already is used.",
	infer_opts, QAIC_ARRAY_SIZE(infer_opts), run_infer
};

const struct qeff_stage qeff_stage_export = {
	"export", "qeff export",
	"Write the ONNX of a model and print its path.",
	export_opts, QAIC_ARRAY_SIZE(export_opts), run_export
};

const struct qeff_stage qeff_stage_compile = {
	"compile", "qeff compile",
	"Compile an exported ONNX to a QPC and print its path.",
	compile_opts, QAIC_ARRAY_SIZE(compile_opts), run_compile
};

const struct qeff_stage qeff_stage_execute = {
	"execute", "qeff execute",
	"Generate text with a compiled model.",
	execute_opts, QAIC_ARRAY_SIZE(execute_opts), run_execute
};
