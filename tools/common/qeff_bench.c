// SPDX-License-Identifier: MIT
/* qeff bench */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "libqaic/qaic.h"
#include "tools/common/bench.h"
#include "tools/common/qeff.h"
#include "tools/common/threads.h"

static struct qaic_bench bench = {
	.batch = { 1 }, .num_batch = 1, .prompt = { 32, 128 }, .num_prompt = 2,
	.generation_len = 64, .runs = 3,
};

static int take_batch(void *to, const char *value, struct qaic_err *err)
{
	return qeff_arg_list("--batch-size", value, 4096, bench.batch,
			     &bench.num_batch, QAIC_BENCH_MAX, err);
}

static int take_prompt(void *to, const char *value, struct qaic_err *err)
{
	return qeff_arg_list("--prompt-len", value, 1048576, bench.prompt,
			     &bench.num_prompt, QAIC_BENCH_MAX, err);
}

/* Those of the embedded card. */
static int set_threads(struct qaic_err *err)
{
	if (!bench.threads)
		bench.threads = qaic_card_threads();
	else if (qaic_embedded_set_threads(bench.threads))
		return qaic_fail(err, -EINVAL, "--threads %u cannot be set",
				 bench.threads);
	return 0;
}

static int run_bench(struct qaic_opt_cmd *cmd, struct qaic_err *err)
{
	struct qeff_model_info info;
	int ret;

	qeff_args.quiet = true;
	ret = qaic_prof_check(&qeff_prof, err);
	if (!ret && qeff_prof.type && !strcmp(qeff_prof.type, "trace"))
		ret = qaic_fail(err, -EINVAL,
				"--aic-profiling-type trace: bench runs several programs; qeff infer writes the trace of one");
	qaic_prof_default(&qeff_prof, NULL);
	if (!ret)
		ret = qeff_arg_build(&bench.build, err);
	if (!ret)
		ret = qeff_arg_model(&bench.build.model_dir, err);
	if (!ret)
		ret = qeff_model_info(bench.build.model_dir, &info, err);
	if (ret)
		return ret;
	if (qeff_reads_whole(info.task))
		return qaic_fail(err, -EOPNOTSUPP,
				 "%s generates no tokens whose rate could be measured",
				 info.arch);
	bench.prog = qeff_args.prog;
	bench.qid = qeff_args.qid;
	bench.json = qeff_gen.json;
	bench.info = &info;
	bench.prof = &qeff_prof;
	/* rates that last, unless the user wants it otherwise */
	setenv("QAIC_HUGE_PAGES", "1", 0);
	ret = set_threads(err);
	return ret ? ret : qaic_bench_run(&bench, err);
}

static const struct qaic_opt bench_opts[] = {
	QEFF_OPT_MODEL, QEFF_OPT_PLUGIN, QEFF_OPT_CACHE,
	QAIC_OPT_GROUP("What is measured:"),
	{ .name = "batch-size", .kind = QAIC_OPT_CALL, .call = take_batch,
	  .arg = "N[,N...]", .def = "1", .help = "Prompts that run together." },
	{ .name = "prompt-len", .kind = QAIC_OPT_CALL, .call = take_prompt,
	  .arg = "N[,N...]", .def = "32,128",
	  .help = "Prompt tokens, all of one prefill call." },
	{ .name = "generation-len", .kind = QAIC_OPT_UINT,
	  .to = &bench.generation_len, .min = 2, .max = 1048576, .arg = "N",
	  .def = "64", .help = "Tokens that are generated; the context is "
	  "compiled for them and the prompt." },
	{ .name = "runs", .kind = QAIC_OPT_UINT, .to = &bench.runs, .min = 1,
	  .max = 1000, .arg = "N", .def = "3",
	  .help = "Of which the median is shown." },
	{ .name = "threads", .kind = QAIC_OPT_UINT, .to = &bench.threads,
	  .min = 1, .max = 16, .arg = "N",
	  .def = "$QAIC_THREADS, else one for each CPU",
	  .help = "Threads of the embedded card, and of the measurement of the "
	  "bandwidth." },
	QAIC_PROF_OPTS(qeff_prof),
	QAIC_OPT_GROUP("Compilation:"), QEFF_OPT_CORES, QEFF_OPT_PRECISION,
	QEFF_OPT_DEVICE,
	QAIC_OPT_GROUP("Output:"),
	{ .name = "json", .kind = QAIC_OPT_FLAG, .to = &qeff_gen.json,
	  .help = "Print one JSON document and nothing else." },
	QEFF_OPT_VERBOSE, QEFF_LATER_HUB, QEFF_LATER_KV, QEFF_LATER_COMPILE,
	QEFF_LATER_CCL, QEFF_LATER_EXPORT,
};

const struct qeff_stage qeff_stage_bench = {
	"bench", "qeff bench",
	"How fast a model runs here, and on the modelled cards.",
	bench_opts, QAIC_ARRAY_SIZE(bench_opts), run_bench
};
