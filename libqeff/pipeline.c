// SPDX-License-Identifier: MIT
/*
 * Checkpoint -> ONNX -> QPC with everything cached, laid out and named as
 * QEfficient does (utils/cache.py, base/modeling_qeff.py).
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/json.h"
#include "base/str.h"
#include "libqeff/artefact.h"
#include "libqeff/pipeline.h"

#define MAX_CONFIG	(16 << 20)

static int no_memory(struct qaic_err *err)
{
	return qaic_fail(err, -ENOMEM, "out of memory");
}

char *qeff_cache_dir(void)
{
	const char *v = getenv("QEFF_HOME");

	if (v && *v)
		return strdup(v);
	v = getenv("XDG_CACHE_HOME");
	if (v && *v)
		return qaic_path(v, "qeff_models");
	v = getenv("HOME");
	if (v && *v)
		return qaic_path(v, ".cache/qeff_models");
	return NULL;
}

static void tell(const struct qeff_build_options *opt, const char *stage,
		 const char *text)
{
	if (opt->stage)
		opt->stage(opt->ctx, stage, text ? text : "");
}

/* One run of the pipeline. */
struct build {
	const struct qeff_build_options *opt;
	struct qeff_model_info info;
	json_t *export_params;
	struct qeff_artefacts *art;
	struct qeff_compile_plan plan;
	char *qpc_root;			/* dir/qpc-HASH */
};

/* Name the export directory: ARCH/NAME-HASH below the cache. */
static int name_export(struct build *b, struct qaic_err *err)
{
	const char *dir = b->opt->model_dir;
	char *text = NULL, *cache = NULL;
	char hash[17];
	int ret;

	ret = qeff_model_info(dir, &b->info, err);
	if (!ret && b->opt->every_row && b->info.task != QEFF_TASK_TEXT)
		ret = qaic_fail(err, -EOPNOTSUPP,
				"%s does not go on with a text: there are no tokens to be predicted",
				b->info.arch);
	if (!ret)
		ret = qeff_export_params(dir, &text, err);
	if (!ret)
		ret = qaic_json_parse(text, strlen(text), dir,
				      &b->export_params, err);
	if (!ret && b->opt->every_row)
		json_object_set_new(b->export_params, "every_row", json_true());
	if (!ret)
		ret = qeff_json_hash(b->export_params, hash, err);
	free(text);
	if (ret)
		return ret;
	cache = b->opt->cache_dir ? strdup(b->opt->cache_dir) : qeff_cache_dir();
	if (!cache)
		return qaic_fail(err, -ENOENT,
				 "no cache directory: set QEFF_HOME or give --cache-dir");
	b->art->dir = qaic_asprintf("%s/%s/%s-%s", cache, b->info.arch,
				    b->info.name, hash);
	free(cache);
	if (b->art->dir)
		b->art->onnx = qaic_asprintf("%s/%s.onnx", b->art->dir,
					     b->info.name);
	return b->art->onnx ? 0 : no_memory(err);
}

static int write_export(void *ctx, const char *dir, struct qaic_err *err)
{
	struct build *b = ctx;
	struct qeff_export_options eo = {
		.model_dir = b->opt->model_dir, .progress = b->opt->progress,
		.every_row = b->opt->every_row,
	};
	char *onnx = qaic_asprintf("%s/%s.onnx", dir, b->info.name);
	int ret;

	if (!onnx)
		return no_memory(err);
	eo.onnx_path = onnx;
	ret = qeff_export(&eo, err);
	if (!ret)
		ret = qeff_json_write(dir, "hashed_export_params.json",
				      b->export_params, err);
	free(onnx);
	return ret;
}

static int ensure_export(struct build *b, struct qaic_err *err)
{
	if (qeff_artefact_complete(b->art->dir) && qaic_is_file(b->art->onnx))
		return 0;
	tell(b->opt, "export", b->art->onnx);
	return qeff_artefact_build(b->art->dir, write_export, b, err);
}

/* The position tables of the ONNX end at max_positions. */
static int check_lengths(const struct build *b, struct qaic_err *err)
{
	const struct qeff_build_options *opt = b->opt;
	bool text = b->info.task == QEFF_TASK_TEXT ||
		    b->info.task == QEFF_TASK_TRANSFORM;
	unsigned int most = text ? opt->ctx_len : 0;
	const char *flag = text ? "ctx-len" : "seq-len";
	size_t i;

	/* an encoder takes the prompt at once */
	if (b->info.task == QEFF_TASK_TRANSFORM && opt->prompt_len > most) {
		most = opt->prompt_len;
		flag = "prompt-len";
	}
	for (i = 0; !text && i < opt->num_seq_lens; i++)
		if (opt->seq_lens[i] > most)
			most = opt->seq_lens[i];
	if (most <= b->info.max_positions)
		return 0;
	return qaic_fail(err, -EINVAL,
			 "--%s %u is more than the %u positions of %s (max_position_embeddings)",
			 flag, most, b->info.max_positions, b->info.name);
}

/* Name the QPC directory: qpc-HASH in the export's. Needs the ONNX. */
static int name_qpc(struct build *b, struct qaic_err *err)
{
	char hash[17];
	int ret;

	ret = check_lengths(b, err);
	if (!ret)
		ret = qeff_plan_init(&b->plan, b->opt, b->art->onnx, err);
	if (!ret)
		ret = qeff_json_hash(b->plan.params, hash, err);
	if (ret)
		return ret;
	b->qpc_root = qaic_asprintf("%s/qpc-%s", b->art->dir, hash);
	if (b->qpc_root)
		b->art->qpc_dir = qaic_path(b->qpc_root, "qpc");
	return b->art->qpc_dir ? 0 : no_memory(err);
}

static bool qpc_complete(const struct build *b)
{
	char *path = qaic_path(b->art->qpc_dir, "programqpc.bin");
	bool ok = path && qaic_is_file(path) &&
		  qeff_artefact_complete(b->qpc_root);

	free(path);
	return ok;
}

/* qconfig.json: what made this QPC, for people and for bug reports. */
static int write_qconfig(struct build *b, const char *dir, struct qaic_err *err)
{
	char *path = qaic_path(b->opt->model_dir, "config.json");
	json_t *config = NULL, *j;
	int ret;

	if (!path)
		return no_memory(err);
	ret = qaic_json_load(path, MAX_CONFIG, &config, err);
	free(path);
	if (ret)
		return ret;
	j = json_pack("{s:o, s:{s:{s:s, s:s, s:O}, s:{s:s, s:s, s:O}}}",
		      "huggingface_config", config,
		      "qpc_config",
		      "QEff_config",
		      "qeff_version", QAIC_VERSION,
		      "onnx_path", b->art->onnx,
		      "export_params", b->export_params,
		      "aic_compiler_config",
		      "apps_sdk_version", QAIC_VERSION,
		      "compile_dir", b->qpc_root,
		      "compile_params", b->plan.params);
	ret = j ? qeff_json_write(dir, "qconfig.json", j, err) : no_memory(err);
	json_decref(j);
	return ret;
}

static int write_qpc(void *ctx, const char *dir, struct qaic_err *err)
{
	struct build *b = ctx;
	int ret;

	ret = qeff_plan_compile(&b->plan, dir, "qpc", err);
	if (!ret)
		ret = qeff_json_write(dir, "hashed_compile_params.json",
				      b->plan.params, err);
	if (!ret)
		ret = write_qconfig(b, dir, err);
	return ret;
}

static int ensure_qpc(struct build *b, struct qaic_err *err)
{
	char *cmd;
	int ret;

	if (qpc_complete(b) && !b->opt->rebuild_qpc)
		return 0;
	cmd = qeff_plan_command(&b->plan, b->qpc_root, "qpc");
	tell(b->opt, "compile", cmd);
	free(cmd);
	ret = qeff_artefact_build(b->qpc_root, write_qpc, b, err);
	if (!ret)
		tell(b->opt, "compiled", b->art->qpc_dir);
	return ret;
}

/* Everything is there: no lock is taken, so a read-only cache will do. */
static bool all_there(struct build *b, bool with_qpc)
{
	struct qaic_err ignored = QAIC_ERR_INIT;

	if (with_qpc && b->opt->rebuild_qpc)
		return false;
	if (!qeff_artefact_complete(b->art->dir) || !qaic_is_file(b->art->onnx))
		return false;
	return !with_qpc || (!name_qpc(b, &ignored) && qpc_complete(b));
}

static int build(const struct qeff_build_options *opt, bool with_qpc,
		 struct qeff_artefacts *out, struct qaic_err *err)
{
	struct build b = { .opt = opt, .art = out };
	int ret, lock = -1;

	memset(out, 0, sizeof(*out));
	ret = name_export(&b, err);
	if (ret || all_there(&b, with_qpc))
		goto out;
	lock = qeff_artefact_lock(out->dir, err);
	if (lock < 0) {
		ret = lock;
		goto out;
	}
	ret = ensure_export(&b, err);
	if (!ret && with_qpc && !out->qpc_dir)
		ret = name_qpc(&b, err);
	if (!ret && with_qpc)
		ret = ensure_qpc(&b, err);
out:
	if (lock >= 0)
		close(lock);
	qeff_plan_release(&b.plan);
	json_decref(b.export_params);
	free(b.qpc_root);
	if (ret)
		qeff_artefacts_release(out);
	return ret;
}

int qeff_build_onnx(const struct qeff_build_options *opt,
		    struct qeff_artefacts *out, struct qaic_err *err)
{
	return build(opt, false, out, err);
}

int qeff_build(const struct qeff_build_options *opt,
	       struct qeff_artefacts *out, struct qaic_err *err)
{
	return build(opt, true, out, err);
}

void qeff_artefacts_release(struct qeff_artefacts *a)
{
	free(a->dir);
	free(a->onnx);
	free(a->qpc_dir);
	memset(a, 0, sizeof(*a));
}

int qeff_build_qpc(const struct qeff_build_options *opt, struct qaic_err *err)
{
	struct qeff_compile_plan plan;
	char *cmd;
	int ret;

	ret = qeff_plan_init(&plan, opt, opt->onnx, err);
	if (ret)
		return ret;
	ret = qaic_mkdirs(opt->qpc_path, err);
	if (ret)
		goto out;
	cmd = qeff_plan_command(&plan, opt->qpc_path, "qpcs");
	tell(opt, "compile", cmd);
	free(cmd);
	ret = qeff_plan_compile(&plan, opt->qpc_path, "qpcs", err);
	if (!ret)
		tell(opt, "compiled", opt->qpc_path);
out:
	qeff_plan_release(&plan);
	return ret;
}
