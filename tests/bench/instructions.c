// SPDX-License-Identifier: MIT
/*
 * What tests/bench/instructions (the script) runs.
 *
 *	instructions compiler
 *	instructions make DIR MODEL_DIR FORMAT	compile; prints where
 *	instructions run QPC_DIR PROMPT GENERATE
 *
 * MODEL_DIR "small" is a Llama of 4 layers, 256 wide, with random weights. FORMAT is
 * fp16, mxint8 or mxfp6.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "checkpoint.h"
#include "libqaic/qaic.h"
#include "libqeff/qeff.h"

#define MAX_TOKENS	64
#define PROMPT		16	/* of one prefill call */

static const struct checkpoint small = {
	.layers = 4, .hidden = 256, .inter = 704, .heads = 4, .kv_heads = 2,
	.vocab = 2000,
};

static int make(const char *dir, const char *model, const char *format,
		struct qaic_err *err)
{
	char *made = qaic_path(dir, model);
	struct qeff_build_options opt = {
		.model_dir = model, .cache_dir = dir, .num_cores = 4,
		.batch_size = 1, .prompt_len = PROMPT, .ctx_len = MAX_TOKENS,
	};
	struct qeff_artefacts art = { 0 };
	int rc = 0;

	if (!strcmp(format, "mxint8"))
		opt.weights = QAIC_MXINT8;
	else if (!strcmp(format, "mxfp6"))
		opt.weights = QAIC_MXFP6;
	else if (strcmp(format, "fp16"))
		rc = qaic_fail(err, -EINVAL, "%s: no such format", format);
	if (!rc && !strcmp(model, "small")) {
		opt.model_dir = made;
		rc = ckpt_make(made, &small, err);
	}
	if (!rc)
		rc = qeff_build(&opt, &art, err);
	if (!rc)
		printf("%s\n", art.qpc_dir);
	qeff_artefacts_release(&art);
	free(made);
	return rc;
}

static int run(const char *qpc, size_t prompt, uint32_t tokens,
	       struct qaic_err *err)
{
	struct qeff_session_options opt = { .qpc_dir = qpc };
	int32_t ids[MAX_TOKENS];
	const int32_t *prompts[] = { ids };
	struct qeff_request req = {
		.prompts = prompts, .prompt_len = &prompt, .num_prompts = 1,
		.generation_len = tokens,
	};
	struct qeff_session *s = NULL;
	struct qeff_result res;
	size_t i;
	int rc;

	if (!prompt || !tokens || prompt > MAX_TOKENS ||
	    tokens > MAX_TOKENS - prompt)
		return qaic_fail(err, -EINVAL, "more than %d tokens",
				 MAX_TOKENS);
	rc = qaic_embedded_set_threads(1);
	if (!rc)
		rc = qeff_session_open(&opt, &s, err);
	if (rc)
		return rc;
	for (i = 0; i < prompt; i++)
		ids[i] = (i * 7919 + 1) % qeff_session_vocab(s);
	rc = qeff_generate(s, &req, &res, err);
	if (!rc)
		qeff_result_release(&res);
	qeff_session_close(s);
	return rc;
}

int main(int argc, char **argv)
{
	struct qaic_err err = QAIC_ERR_INIT;
	int rc = 0;

	if (argc == 2 && !strcmp(argv[1], "compiler")) {
		printf("%s, %s\n", __VERSION__,
		       sizeof(void *) == 8 ? "64 bit" : "32 bit");
	} else if (argc == 5 && !strcmp(argv[1], "make")) {
		rc = make(argv[2], argv[3], argv[4], &err);
	} else if (argc == 5 && !strcmp(argv[1], "run")) {
		rc = run(argv[2], atoi(argv[3]), atoi(argv[4]), &err);
	} else {
		fprintf(stderr, "usage: instructions compiler | make DIR "
			"MODEL_DIR FORMAT | run QPC_DIR PROMPT GENERATE\n");
		return 2;
	}
	if (rc)
		fprintf(stderr, "instructions: %s\n", err.msg);
	return rc != 0;
}
