// SPDX-License-Identifier: MIT
/* qeff: a stage of QEfficient's, or a look at what there is. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "tools/common/qeff.h"

/* Whatever reads a model directory may meet a class from outside. */
static int load_plugins(struct qaic_err *err)
{
	int ret = qeff_plugin_load_list(getenv("QAIC_MODEL_PATH"),
					qeff_args.allow_override, err);
	size_t i;

	if (ret)
		qaic_fail_in(err, "QAIC_MODEL_PATH");
	for (i = 0; !ret && i < qeff_args.plugins.n; i++) {
		ret = qeff_plugin_load(qeff_args.plugins.v[i],
				       qeff_args.allow_override, err);
		if (ret)
			qaic_fail_in(err, "--model-plugin");
	}
	return ret;
}

static const struct qeff_stage *const stages[] = {
	&qeff_stage_infer, &qeff_stage_export, &qeff_stage_compile,
	&qeff_stage_execute, &qeff_stage_verify,
	&qeff_stage_perplexity, &qeff_stage_bench, &qeff_stage_models,
};

static void usage(FILE *out)
{
	size_t i;

	fprintf(out, "Usage: qeff STAGE [options]\n\n"
		"From a Hugging Face model directory to text on a Cloud AI 100.\n\n"
		"Stages:\n");
	for (i = 0; i < QAIC_ARRAY_SIZE(stages); i++)
		fprintf(out, "  %-10s %s\n", stages[i]->name, stages[i]->about);
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
		list[i] = stages[i]->name;
	near = qaic_nearest(name, list, QAIC_ARRAY_SIZE(stages));
	fprintf(stderr, "qeff: unknown stage \"%s\"; %s%s%s\n", name,
		near ? "did you mean " : "it is one of infer, export, compile, execute, verify, perplexity, bench, models",
		near ? near : "", near ? "?" : "");
	return 1;
}

int main(int argc, char **argv)
{
	struct qaic_err err = QAIC_ERR_INIT;
	struct qaic_opt_cmd cmd = { 0 };
	const struct qeff_stage *s = NULL;
	size_t i;
	int ret;

	if (argc < 2) {
		fprintf(stderr, "qeff: no stage; qeff --help shows the usage\n");
		return 1;
	}
	if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h")) {
		usage(stdout);
		cmd.prog = "qeff";
		return qaic_opt_exit(&cmd, 0, &err);
	}
	if (!strcmp(argv[1], "--version")) {
		printf("qeff %s\n", QAIC_VERSION);
		return 0;
	}
	for (i = 0; i < QAIC_ARRAY_SIZE(stages); i++)
		if (!strcmp(argv[1], stages[i]->name))
			s = stages[i];
	if (!s)
		return unknown_stage(argv[1]);
	qeff_args.prog = qeff_gen.prog = cmd.prog = s->prog;
	cmd.usage = s == &qeff_stage_models ? "[options] [CLASS]" : "[options]";
	cmd.max_args = s == &qeff_stage_models;
	cmd.about = s->about;
	cmd.opts = s->opts;
	cmd.num_opts = s->num_opts;
	ret = qaic_opt_parse(&cmd, argc - 1, argv + 1, &err);
	qeff_args.verbose |= qeff_gen.verbose;
	if (!ret && s != &qeff_stage_compile)
		ret = load_plugins(&err);
	if (!ret)
		ret = s->run(&cmd, &err);
	return qaic_opt_exit(&cmd, ret, &err);
}
