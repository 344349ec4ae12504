// SPDX-License-Identifier: MIT
/* The public functions of the export stage. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "libqeff/arch.h"
#include "libqeff/build.h"
#include "libqeff/pipeline.h"
#include "libqeff/qeff.h"
#include "libqeff/registry.h"

/* QEfficient's names of what was done to the graph */
#define TRANSFORMS "CustomOpTransform,SplitTensorsTransform"

/* Last component of the directory's real path. */
static void model_name(const char *dir, char *name, size_t size)
{
	char *real = realpath(dir, NULL);
	const char *slash = real ? strrchr(real, '/') : NULL;

	snprintf(name, size, "%s", slash && slash[1] ? slash + 1 : "model");
	free(real);
}

static uint64_t count_params(const struct qf_tensors *ts)
{
	uint64_t n = 0;
	size_t i;

	/* integers and booleans are buffers (masks, position ids) */
	for (i = 0; i < ts->num; i++)
		if (qaic_dtype_is_float(ts->tensor[i].dtype))
			n += qf_tensor_numel(&ts->tensor[i]);
	return n;
}

int qeff_model_info(const char *dir, struct qeff_model_info *info,
		    struct qaic_err *err)
{
	const struct qf_arch *arch;
	struct qf_config c;
	struct qf_tensors ts;
	struct qf_model m;
	int rc;

	memset(info, 0, sizeof(*info));
	rc = qf_config_open(&c, dir, &arch, err);
	if (rc)
		return rc;
	rc = qf_config_model(&c, arch, &m);
	if (!rc)
		rc = qf_config_tokens(&c, info);
	if (!rc)
		rc = qf_config_rules(&c, &m, &info->rules);
	if (rc)
		goto out;
	snprintf(info->arch, sizeof(info->arch), "%s", m.cls->name);
	model_name(dir, info->name, sizeof(info->name));
	info->num_layers = m.layers;
	info->vocab_size = m.vocab;
	info->max_positions = m.max_positions;
	info->num_labels = m.labels;
	rc = qf_config_task(&c, info);
	if (rc)
		goto out;
	rc = qf_tensors_open(&ts, dir, err);
	if (rc == -ENOENT) {		/* config.json alone is enough */
		rc = 0;
		if (err)
			memset(err, 0, sizeof(*err));
		goto out;
	}
	if (!rc) {
		info->num_params = count_params(&ts);
		qf_tensors_close(&ts);
	}
out:
	qf_config_close(&c);
	return rc;
}

static bool is_buffer(const char *name)
{
	static const char *const ends[] = {
		".rotary_emb.inv_freq", ".rotary_pos_emb.inv_freq",
		".attn.bias", ".attn.masked_bias", ".attn.causal_mask",
		".attention.bias", ".attention.masked_bias",
		".relative_pe.slopes",
	};
	size_t n = strlen(name), i, k;

	for (i = 0; i < QAIC_ARRAY_SIZE(ends); i++) {
		k = strlen(ends[i]);
		if (n >= k && !strcmp(name + n - k, ends[i]))
			return true;
	}
	return false;
}

/* Weights that the architecture does not read, for whoever wonders. */
static void note_unused(struct qf_build *b)
{
	struct qaic_str s = { 0 };
	size_t i;

	for (i = 0; i < b->ts->num; i++)
		if (!b->used[i] && !is_buffer(b->ts->tensor[i].name))
			qaic_str_printf(&s, "%s%s", s.len ? "," : "",
					b->ts->tensor[i].name);
	if (s.len)
		qf_onnx_meta(&b->o, "qeff_unused_weights", s.s);
	qaic_str_free(&s);
}

static void add_meta(struct qf_build *b)
{
	char number[24];

	snprintf(number, sizeof(number), "%u", b->m->max_positions);
	qf_onnx_meta(&b->o, "qeff_transforms", TRANSFORMS);
	qf_onnx_meta(&b->o, "qeff_architecture", b->m->cls->name);
	qf_onnx_meta(&b->o, "qeff_max_positions", number);
	if (b->blocks.len && !b->blocks.failed)
		qf_onnx_meta(&b->o, QEFF_BLOCKS_META, b->blocks.s);
	if (b->fp32_nodes.len)
		qf_onnx_meta(&b->o, QEFF_FP32_META, b->fp32_nodes.s);
	note_unused(b);
}

int qeff_export(const struct qeff_export_options *opt, struct qaic_err *err)
{
	const struct qf_arch *arch;
	struct qf_config c;
	struct qf_tensors ts;
	struct qf_model m;
	struct qf_build b;
	int rc;

	rc = qf_config_open(&c, opt->model_dir, &arch, err);
	if (rc)
		return rc;
	rc = qf_config_model(&c, arch, &m);
	m.every_row = opt->every_row;
	qf_config_close(&c);
	if (!rc)
		rc = qf_tensors_open(&ts, opt->model_dir, err);
	if (rc)
		return rc;
	rc = qf_build_model(&b, &m, &ts, err);
	if (rc) {
		qaic_fail_in(err, "%s", opt->model_dir);
	} else {
		add_meta(&b);
		rc = qf_onnx_write(&b.o, opt->onnx_path, &opt->progress);
	}
	qf_build_release(&b);
	qf_tensors_close(&ts);
	return rc;
}
