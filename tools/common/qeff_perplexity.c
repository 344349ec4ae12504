// SPDX-License-Identifier: MIT
/* qeff perplexity, and qeff verify --text. */
#include <errno.h>

#include "base/str.h"
#include "tools/common/perplexity.h"
#include "tools/common/qeff.h"

/* QEfficient's context, as far as the model goes, and half of it. */
static void lengths(struct qaic_ppl *p, const struct qeff_model_info *info)
{
	struct qeff_build_options *o = &p->build;

	if (!qeff_args.ctx_len_given)
		o->ctx_len = info->max_positions < 2048 ? info->max_positions :
							  2048;
	if (!qeff_args.prompt_len_given && o->prompt_len > o->ctx_len)
		o->prompt_len = o->ctx_len;
	p->stride = qeff_args.stride ? qeff_args.stride : (o->ctx_len + 1) / 2;
}

int qeff_text_cost(bool against_fp32, struct qaic_err *err)
{
	struct qaic_ppl p = {
		.prog = qeff_args.prog, .text = qeff_args.text,
		.qid = qeff_args.qid, .json = qeff_gen.json,
		.against_fp32 = against_fp32,
	};
	struct qaic_ppl_format two[2] = { { .fp32 = true } };
	struct qeff_model_info info;
	int ret;

	qeff_args.quiet = true;
	ret = qeff_arg_build(&p.build, err);
	if (!ret)
		ret = qeff_arg_model(&p.build.model_dir, err);
	if (!ret)
		ret = qeff_model_info(p.build.model_dir, &info, err);
	if (!ret && info.task != QEFF_TASK_TEXT)
		ret = qaic_fail(err, -EINVAL,
				"--text is for models that go on with a text, token by token; %s is not one (%s)",
				info.arch, p.build.model_dir);
	if (!ret)
		ret = qeff_arg_kind(&info, err);
	if (ret)
		return ret;
	lengths(&p, &info);
	two[1] = (struct qaic_ppl_format) {
		.fp32 = p.build.fp32, .weights = p.build.weights,
		.act_int8 = p.build.act_int8, .kv_mxint8 = p.build.kv_mxint8,
	};
	p.format = two + !against_fp32;
	p.num_formats = 1 + against_fp32;
	/* no format is asked for: all of them */
	if (against_fp32 && !qeff_args.precision && !p.build.weights &&
	    !p.build.kv_mxint8) {
		p.format = qaic_ppl_all;
		p.num_formats = qaic_ppl_num_all;
	}
	return qaic_ppl_run(&p, err);
}

static int run_perplexity(struct qaic_opt_cmd *cmd, struct qaic_err *err)
{
	if (!qeff_args.text)
		return qaic_fail(err, -EINVAL,
				 "--text is needed: a file with the text to predict");
	return qeff_text_cost(false, err);
}

static const struct qaic_opt perplexity_opts[] = {
	QEFF_OPT_MODEL, QEFF_OPT_PLUGIN, QEFF_OPT_CACHE,
	QAIC_OPT_GROUP("Text:"), QEFF_OPT_TEXT,
	QEFF_OPT_SIZES("2048, or what the model has"), QEFF_OPT_PRECISION,
	QEFF_OPT_DEVICE,
	QAIC_OPT_GROUP("Output:"),
	{ .name = "json", .kind = QAIC_OPT_FLAG, .to = &qeff_gen.json,
	  .help = "Print one JSON document and nothing else." },
	QEFF_OPT_VERBOSE, QEFF_LATER_HUB, QEFF_LATER_KV, QEFF_LATER_COMPILE,
	QEFF_LATER_CCL, QEFF_LATER_EXPORT,
};

const struct qeff_stage qeff_stage_perplexity = {
	"perplexity", "qeff perplexity",
	"How well a model predicts a text.",
	perplexity_opts, QAIC_ARRAY_SIZE(perplexity_opts), run_perplexity
};
