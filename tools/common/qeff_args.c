// SPDX-License-Identifier: MIT
/* The command line of qeff, as its stages understand it. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "tools/common/progress.h"
#include "tools/common/qeff.h"

struct qeff_args qeff_args = {
	.prog = "qeff", .num_cores = 16, .batch_size = 1, .prompt_len = 32,
	.ctx_len = 128,
};
struct qaic_textgen qeff_gen;
struct qaic_prof qeff_prof;
struct qaic_encode qeff_enc;

/* "[0]" or "0": one card; a list is for tensor slicing. */
int qeff_arg_device(void *to, const char *value, struct qaic_err *err)
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

int qeff_arg_list(const char *flag, const char *value, unsigned int largest,
		  unsigned int *v, unsigned int *num, unsigned int max,
		  struct qaic_err *err)
{
	const char *s = value;
	char text[16];
	uint64_t u;
	size_t n;

	for (*num = 0;; s += n + 1) {
		n = strcspn(s, ",");
		snprintf(text, sizeof(text), "%.*s", (int)(n < 15 ? n : 15), s);
		if (qaic_opt_uint(text, 1, largest, &u) || n > 15 ||
		    *num == max || (*num && u <= v[*num - 1]))
			return qaic_fail(err, -EINVAL,
					 "%s takes up to %u growing numbers like 32,128, not \"%s\"",
					 flag, max, value);
		v[(*num)++] = u;
		if (!s[n])
			return 0;
	}
}

int qeff_arg_seq_lens(void *to, const char *value, struct qaic_err *err)
{
	return qeff_arg_list("--seq-len", value, 1048576, qeff_args.seq_len,
			     &qeff_args.num_seq_len, QEFF_MAX_SEQ_LENS, err);
}

int qeff_arg_model(const char **dir, struct qaic_err *err)
{
	const char *d = qeff_args.local_model_dir ? qeff_args.local_model_dir :
						    qeff_args.model_name;

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
	if (strchr("./~", *d))
		return qaic_fail(err, -ENOENT,
				 "--model-name %s: no such directory", d);
	return qaic_fail(err, -ENOENT,
			 "--model-name %s is no directory; models are not downloaded: fetch it (git clone https://huggingface.co/%s) and give its path, as in --model-name ./%s",
			 d, d, strrchr(d, '/') ? strrchr(d, '/') + 1 : d);
}

static int precision(bool *fp32, struct qaic_err *err)
{
	const char *p = qeff_args.precision ? qeff_args.precision : "fp16";

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
	if (!strcmp(stage, "warning")) {
		fprintf(stderr, "%s: warning: %s\n", qeff_args.prog, text);
		return;
	}
	if (qeff_args.verbose && strcmp(stage, "compiled"))
		fprintf(stderr, "%s: %s: %s\n", qeff_args.prog, stage, text);
	if (qeff_gen.json || qeff_args.quiet)
		return;
	if (!strcmp(stage, "compile"))
		printf("Running AI 100 compiler: %s\n", text);
	else if (!strcmp(stage, "compiled"))
		printf("\n===================== Compilation Done! =====================\n\n");
	fflush(stdout);
}

int qeff_arg_build(struct qeff_build_options *o, struct qaic_err *err)
{
	int ret;

	*o = (struct qeff_build_options) {
		.cache_dir = qeff_args.cache_dir,
		.num_cores = qeff_args.num_cores,
		.batch_size = qeff_args.batch_size,
		.prompt_len = qeff_args.prompt_len,
		.ctx_len = qeff_args.ctx_len, .seq_lens = qeff_args.seq_len,
		.num_seq_lens = qeff_args.num_seq_len, .stage = on_stage,
		.progress = qaic_progress_terminal(),
	};
	o->kv_mxint8 = qeff_args.formats.mxint8;
	o->fp32_nodes = qeff_args.fp32_nodes;
	ret = precision(&o->fp32, err);
	if (!ret)
		ret = qaic_formats_read(&qeff_args.formats, &o->weights,
					&o->act_int8, err);
	if (!ret && o->fp32_nodes && o->fp32 && !o->weights)
		ret = qaic_fail(err, -EINVAL,
				"--node-precision-info is for what is not float32 already: leave --precision fp32 out");
	return ret;
}

bool qeff_reads_whole(enum qeff_task task)
{
	return task != QEFF_TASK_TEXT && task != QEFF_TASK_TRANSFORM;
}

int qeff_arg_kind(const struct qeff_model_info *info,
		      struct qaic_err *err)
{
	const char *flag = NULL;

	if (!qeff_reads_whole(info->task)) {
		if (qeff_args.num_seq_len)
			return qaic_fail(err, -EINVAL,
					 "--seq-len is for models that read a whole text; %s generates: --prompt-len and --ctx-len",
					 info->arch);
		return 0;
	}
	if (qeff_args.prompt_len_given)
		flag = "--prompt-len";
	else if (qeff_args.ctx_len_given)
		flag = "--ctx-len";
	else if (qeff_gen.generation_len)
		flag = "--generation-len";
	else if (qeff_gen.ignore_eos)
		flag = "--ignore-eos";
	else if (qeff_gen.print_ids)
		flag = "--print-ids";
	else if (qeff_gen.verify)
		flag = "--verify";
	else if (qeff_gen.chat)
		flag = "--chat";
	else if (qeff_args.formats.mxint8)
		flag = "--mxint8-kv-cache";
	if (flag)
		return qaic_fail(err, -EINVAL,
				 "%s is for models that generate text; %s does not%s",
				 flag, info->arch, strstr(flag, "-len") ?
				 ", its lengths are given by --seq-len" :
				 strcmp(flag, "--verify") ? "" :
				 "; use qeff verify");
	return 0;
}

/* 32, 128 and 512 tokens, as far as the model goes. */
void qeff_arg_lengths(struct qeff_build_options *o,
			    const struct qeff_model_info *info)
{
	static const unsigned int usual[] = { 32, 128, 512 };
	size_t i;

	if (qeff_args.num_seq_len)
		return;
	for (i = 0; i < QAIC_ARRAY_SIZE(usual); i++)
		if (usual[i] <= info->max_positions)
			qeff_args.seq_len[qeff_args.num_seq_len++] = usual[i];
	/* the longest that there can be, if that is little more or less */
	if (!qeff_args.num_seq_len || (info->max_positions < 512 &&
			       usual[qeff_args.num_seq_len - 1] <
			       info->max_positions))
		qeff_args.seq_len[qeff_args.num_seq_len++] = info->max_positions;
	o->num_seq_lens = qeff_args.num_seq_len;
}
