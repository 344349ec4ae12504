// SPDX-License-Identifier: MIT
/*
 * What an export depends on, as canonical JSON: the artefact directory is named
 * by its hash, so a changed checkpoint gets another one.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/json.h"
#include "base/str.h"
#include "libqeff/arch.h"
#include "libqeff/onnx_build.h"
#include "libqeff/plugin.h"
#include "libqeff/registry.h"
#include "libqeff/safetensors.h"
#include "libqeff/qeff.h"

/* up to here all bytes are hashed; beyond, the header and samples of tensors */
#define HASH_ALL	(64u << 20)
#define SAMPLE		64

static void add_sample(struct qaic_str *s, const struct qf_tensor *t,
		       uint64_t at)
{
	uint64_t n = t->size - at < SAMPLE ? t->size - at : SAMPLE;

	qaic_str_add(s, (const char *)t->data + at, n);
}

/*
 * Headers alone would not tell a checkpoint from its fine-tuned successor, all
 * bytes would take as long as the export. Training moves every weight.
 */
static int hash_weights(const struct qf_tensors *ts, uint32_t file,
			char hex[65], struct qaic_err *err)
{
	const struct qf_weight_file *f = &ts->file[file];
	struct qaic_str s = { 0 };
	size_t i;

	if (f->map.size <= HASH_ALL) {
		qaic_sha256_hex(f->map.data, f->map.size, hex);
		return 0;
	}
	qaic_str_add(&s, f->map.data, f->header);
	for (i = 0; i < ts->num; i++) {
		const struct qf_tensor *t = &ts->tensor[i];

		if (t->file != file || !t->size)
			continue;
		add_sample(&s, t, 0);
		add_sample(&s, t, t->size / 2);
		add_sample(&s, t, t->size < SAMPLE ? 0 : t->size - SAMPLE);
	}
	if (!s.failed)
		qaic_sha256_hex(s.s, s.len, hex);
	qaic_str_free(&s);
	return s.failed ? qaic_fail(err, -ENOMEM, "out of memory") : 0;
}

static int weights_json(const char *dir, json_t **out, struct qaic_err *err)
{
	struct qf_tensors ts;
	json_t *list = json_array(), *e;
	char hex[65];
	uint32_t i;
	int rc;

	rc = qf_tensors_open(&ts, dir, err);
	if (rc) {
		json_decref(list);
		return rc;
	}
	for (i = 0; i < ts.num_files && !rc; i++) {
		rc = hash_weights(&ts, i, hex, err);
		if (rc)
			break;
		e = json_pack("{s:s, s:I, s:s}", "file", ts.file[i].name,
			      "size", (json_int_t)ts.file[i].map.size,
			      "sha256", hex);
		if (json_array_append_new(list, e))
			rc = qaic_fail(err, -ENOMEM, "out of memory");
	}
	qf_tensors_close(&ts);
	if (rc)
		json_decref(list);
	else
		*out = list;
	return rc;
}

int qeff_export_params(const char *model_dir, char **json,
		       struct qaic_err *err)
{
	const struct qf_plugin_file *from;
	const struct qf_arch *arch;
	struct qf_config c;
	struct qf_model m;
	json_t *root, *weights = NULL;
	int rc;

	rc = qf_config_open(&c, model_dir, &arch, err);
	if (rc)
		return rc;
	rc = qf_config_model(&c, arch, &m);
	if (!rc)
		rc = weights_json(model_dir, &weights, err);
	if (rc)
		goto out;
	root = json_pack("{s:s, s:O, s:[s,s], s:i, s:s, s:o}",
			 "architecture", m.cls->name, "config", c.root,
			 "transforms", "CustomOpTransform",
			 "SplitTensorsTransform", "opset", QF_ONNX_OPSET,
			 "exporter", QAIC_VERSION, "weights", weights);
	from = qf_plugin_of(arch);
	if (from)	/* whatever it builds, its next version may not */
		json_object_set_new(root, "plugin", json_string(from->sha256));
	*json = root ? json_dumps(root, JSON_SORT_KEYS | JSON_COMPACT) : NULL;
	json_decref(root);
	if (!*json)
		rc = qaic_fail(err, -ENOMEM, "%s: out of memory", model_dir);
out:
	qf_config_close(&c);
	return rc;
}
