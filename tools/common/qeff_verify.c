// SPDX-License-Identifier: MIT
/* qeff verify and qeff models. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/str.h"
#include "tools/common/models.h"
#include "tools/common/progress.h"
#include "tools/common/qeff.h"
#include "tools/common/verify.h"

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
	o->onnx = qeff_args.onnx_path;
	o->qpc_path = *dir;
	return qeff_build_qpc(o, err);
}

/* What formats cost on a text, instead of what the stages compute. */
static int run_text(struct qaic_err *err)
{
	const char *other = qeff_args.onnx_path ? "--onnx-path" :
			    qeff_args.golden ? "--golden" :
			    qeff_args.per_block ? "--per-block" :
			    qeff_gen.prompt ? "--prompt" :
			    qeff_gen.prompts_file ? "--prompts-txt-file-path" :
			    qeff_gen.input_ids ? "--input-ids" :
			    qeff_gen.generation_len ? "--generation-len" : NULL;

	if (other)
		return qaic_fail(err, -EINVAL,
				 "--text and %s exclude each other", other);
	return qeff_text_cost(true, err);
}

static int run_verify(struct qaic_opt_cmd *cmd, struct qaic_err *err)
{
	struct qaic_verify v = {
		.prog = qeff_args.prog, .golden = qeff_args.golden,
		.prompt = qeff_gen.prompt,
		.prompts_file = qeff_gen.prompts_file,
		.input_ids = qeff_gen.input_ids,
		.generation_len = qeff_gen.generation_len,
		.num_cores = qeff_args.num_cores,
		.qid = qeff_args.qid, .per_block = qeff_args.per_block,
		.json = qeff_gen.json,
	};
	struct qaic_err ignored = QAIC_ERR_INIT;
	struct qeff_artefacts art = { 0 };
	struct qeff_model_info info;
	struct qeff_build_options o;
	char *dir = NULL, *qpc = NULL;
	int ret;

	if (qeff_args.text)
		return run_text(err);
	if (qeff_args.stride)
		return qaic_fail(err, -EINVAL, "--stride needs --text");
	qeff_args.quiet = true;
	ret = qeff_arg_build(&o, err);
	if (!ret)
		ret = qeff_arg_model(&o.model_dir, err);
	if (!ret)
		ret = qeff_model_info(o.model_dir, &info, err);
	if (!ret)
		ret = qeff_arg_kind(&info, err);
	if (ret)
		return ret;
	if (!v.generation_len)
		v.generation_len = 4;
	if (qeff_reads_whole(info.task)) {
		qeff_arg_lengths(&o, &info);
		v.seq_len = qeff_args.seq_len[0];
		v.batch_size = o.batch_size;
		ret = qeff_args.onnx_path ? 0 : qeff_build_onnx(&o, &art, err);
	} else {
		ret = qeff_args.onnx_path ? compile_given(&o, &dir, &qpc, err) :
				    qeff_build(&o, &art, err);
	}
	qaic_progress_clear();
	v.model_dir = o.model_dir;
	v.fp32 = o.fp32;
	v.weights = o.weights;
	v.kv_mxint8 = o.kv_mxint8;
	v.act_int8 = o.act_int8;
	v.fp32_nodes = o.fp32_nodes;
	v.onnx = qeff_args.onnx_path ? qeff_args.onnx_path : art.onnx;
	v.qpc = qeff_args.onnx_path ? qpc : art.qpc_dir;
	if (!ret)
		ret = qaic_verify_run(&v, err);
	if (dir)
		qaic_rmtree(dir, &ignored);
	free(dir);
	free(qpc);
	qeff_artefacts_release(&art);
	return ret;
}

static const struct qaic_opt verify_opts[] = {
	QEFF_OPT_MODEL, QEFF_OPT_PLUGIN, QEFF_OPT_CACHE,
	{ .name = "onnx-path", .kind = QAIC_OPT_STR, .to = &qeff_args.onnx_path,
	  .arg = "FILE", .help = "An exported model to look at instead of "
	  "what qeff export makes of --model-name." },
	QEFF_OPT_SHAPE, QEFF_OPT_DEVICE,
	QAIC_OPT_GROUP("Verification:"),
	{ .name = "per-block", .kind = QAIC_OPT_FLAG, .to = &qeff_args.per_block,
	  .help = "Compare what comes out of every block too, and name the one "
	  "where two evaluations part." },
	{ .name = "golden", .kind = QAIC_OPT_STR, .to = &qeff_args.golden,
	  .arg = "FILE", .help = "golden.json, beside it logits.f32: a prompt "
	  "and what another implementation computes for it." },
	QAIC_OPT_GROUP("What number formats cost against FP32, of all formats or one:"),
	QEFF_OPT_TEXT,
	QAIC_TEXTGEN_PROMPTS(qeff_gen),
	{ .name = "generation-len", .kind = QAIC_OPT_UINT,
	  .to = &qeff_gen.generation_len, .min = 1, .arg = "N", .def = "4",
	  .help = "Tokens to generate from each prompt." },
	QAIC_OPT_GROUP("Output:"),
	{ .name = "json", .kind = QAIC_OPT_FLAG, .to = &qeff_gen.json,
	  .help = "Print one JSON document and nothing else." },
	QEFF_OPT_VERBOSE, QEFF_LATER_HUB, QEFF_LATER_KV, QEFF_LATER_COMPILE,
	QEFF_LATER_CCL,
	QEFF_LATER_EXPORT,
};

const struct qeff_stage qeff_stage_verify = {
	"verify", "qeff verify",
	"Evaluate a checkpoint, its export and the card side by side.",
	verify_opts, QAIC_ARRAY_SIZE(verify_opts), run_verify
};

static const struct qaic_opt models_opts[] = {
	QEFF_OPT_PLUGIN,
	{ .name = "json", .kind = QAIC_OPT_FLAG, .to = &qeff_gen.json,
	  .help = "Print one JSON document." },
};

static int run_models(struct qaic_opt_cmd *cmd, struct qaic_err *err)
{
	return qaic_models_run(cmd->args.n ? cmd->args.v[0] : NULL, qeff_gen.json,
			       err);
}

const struct qeff_stage qeff_stage_models = {
	"models", "qeff models",
	"List the model classes, or show what one reads of config.json.",
	models_opts, QAIC_ARRAY_SIZE(models_opts), run_models
};
