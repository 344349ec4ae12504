// SPDX-License-Identifier: MIT
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/str.h"
#include "libqeff/arch.h"
#include "libqeff/registry.h"
#include "libqeff/config.h"

/* sentence-transformers takes the vectors, whatever head was trained on them. */
static void use_vectors(struct qf_config *c, const struct qf_arch *arch)
{
	const struct qf_class *k;

	for (k = arch->classes; c->vectors && k->name; k++)
		if (k->head == QF_HEAD_EMBED)
			c->cls = k;
}

static int find_arch(struct qf_config *c, const struct qf_arch **arch)
{
	json_t *list = json_object_get(c->root, "architectures");
	const char *type = json_string_value(json_object_get(c->root,
							     "model_type"));
	const char *name = json_string_value(json_array_get(list, 0));
	const char *near;
	char known[200];

	*arch = NULL;
	if (name)
		*arch = qf_arch_find(name, &c->cls);
	else if (type && (!list || json_is_null(list)))
		*arch = qf_arch_find_type(type);
	if (*arch) {
		if (!c->cls)
			c->cls = (*arch)->classes;
		use_vectors(c, *arch);
		return 0;
	}
	qf_arch_names(known, sizeof(known));
	if (name) {
		near = qf_arch_nearest(name);
		qf_config_fail(c, -EOPNOTSUPP,
			       "architecture %.64s is not supported%s%s (supported: %s; qeff models lists them all, --model-plugin adds more)",
			       name, near ? "; did you mean " : "",
			       near ? near : "", known);
	} else {
		qf_config_fail(c, -EINVAL,
			       "field \"architectures\" does not name an architecture (supported: %s)",
			       known);
	}
	return c->rc;
}

static int find_vectors(struct qf_config *c, const char *dir)
{
	char *path = qaic_path(dir, QF_MODULES);

	if (!path)
		return qaic_fail(c->err, -ENOMEM, "%s: out of memory", dir);
	c->vectors = qaic_is_file(path);
	free(path);
	return 0;
}

int qf_config_open(struct qf_config *c, const char *dir,
		   const struct qf_arch **arch, struct qaic_err *err)
{
	int rc;

	memset(c, 0, sizeof(*c));
	c->err = err;
	c->path = qaic_path(dir, "config.json");
	c->generation_path = qaic_path(dir, "generation_config.json");
	if (!c->path || !c->generation_path) {
		rc = qaic_fail(err, -ENOMEM, "%s: out of memory", dir);
		goto fail;
	}
	if (!qaic_is_dir(dir)) {
		rc = qaic_fail(err, -ENOENT,
			       "%s: not a directory; give the directory of a Hugging Face checkpoint",
			       dir);
		goto fail;
	}
	rc = qaic_json_load(c->path, QF_MAX_CONFIG, &c->root, err);
	if (!rc && qaic_is_file(c->generation_path))
		rc = qaic_json_load(c->generation_path, QF_MAX_CONFIG,
				    &c->generation, err);
	if (!rc)
		rc = find_vectors(c, dir);
	if (!rc)
		rc = find_arch(c, arch);
	if (!rc)
		return 0;
fail:
	qf_config_close(c);
	return rc;
}

void qf_config_close(struct qf_config *c)
{
	json_decref(c->root);
	json_decref(c->generation);
	free(c->path);
	free(c->generation_path);
	memset(c, 0, sizeof(*c));
}

/* What later configs say of each layer must be what the class makes of it. */
static void check_layer_types(struct qf_config *c, const struct qf_model *m)
{
	json_t *list = qf_field(c, "layer_types"), *v;
	const char *type;
	size_t i;

	json_array_foreach(list, i, v) {
		type = json_string_value(v);
		if (!type || strcmp(type, qf_has_window(&m->attn, i) ?
				    "sliding_attention" : "full_attention"))
			qf_config_fail(c, -EOPNOTSUPP,
				       "field \"layer_types\": layer %zu is %.40s, which is not supported there",
				       i, type ? type : "not named");
	}
}

/* Bounds that keep every product of two of them inside 64 bits. */
static void check_model(struct qf_config *c, const struct qf_model *m)
{
	if (c->rc)
		return;
	if (m->heads % m->kv_heads)
		qf_config_fail(c, -EINVAL,
			       "%u attention heads cannot share %u key/value heads evenly",
			       m->heads, m->kv_heads);
	else if ((uint64_t)m->heads * m->head_dim > 1u << 24)
		qf_config_fail(c, -EINVAL,
			       "%u heads of %u are too large", m->heads,
			       m->head_dim);
	else if ((uint64_t)m->seq2seq.heads * m->seq2seq.head_dim > 1u << 24)
		qf_config_fail(c, -EINVAL,
			       "%u heads of %u are too large", m->seq2seq.heads,
			       m->seq2seq.head_dim);
}

int qf_config_model(struct qf_config *c, const struct qf_arch *arch,
		    struct qf_model *m)
{
	memset(m, 0, sizeof(*m));
	m->arch = arch;
	m->cls = c->cls;
	m->head = "lm_head";
	m->pad_id = QF_NO_PAD;
	m->embed_scale = m->logit_scale = m->alibi.scale = 1;
	m->residual_scale = 1;
	/* a quantized checkpoint's tensors mean something else */
	qf_refuse(c, "quantization_config");
	if (arch->kind != QF_SEQ2SEQ) {
		qf_refuse(c, "add_cross_attention");
		qf_refuse(c, "is_encoder_decoder");
	} else {
		qf_require(c, "is_encoder_decoder", true);
	}
	m->seq2seq.start_id = m->seq2seq.forced_eos_id = -1;
	/* adapters and pruned heads change the shapes */
	if (json_object_size(json_object_get(c->root, "pruned_heads")))
		qf_refuse(c, "pruned_heads");
	arch->configure(c, m);
	if (arch->kind == QF_CAUSAL && c->cls->head == QF_HEAD_CLASSIFY)
		qf_get_scores(c, m);
	check_model(c, m);
	check_layer_types(c, m);
	return c->rc;
}

/* A token id that may be absent: -1. */
static int token_id(json_t *obj, const char *key, const char *path,
		    int32_t *out, struct qaic_err *err)
{
	int64_t v = -1;
	int rc;

	if (!obj)
		return 0;
	rc = qaic_json_int(obj, key, -1, INT32_MAX, &v, err);
	if (rc < 0) {
		qaic_fail_in(err, "%s", path);
		return rc;
	}
	if (v >= 0)
		*out = v;
	return 0;
}

/* eos_token_id: an id or a list of ids. */
static int eos_ids(json_t *obj, const char *path,
		   struct qeff_model_info *info, struct qaic_err *err)
{
	json_t *v = json_object_get(obj, "eos_token_id");
	size_t i, n = json_array_size(v);
	int32_t id = -1;
	int rc;

	if (!json_is_array(v)) {
		rc = token_id(obj, "eos_token_id", path, &id, err);
		if (!rc && id >= 0)
			info->eos_ids[info->num_eos++] = id;
		return rc;
	}
	if (n > QAIC_ARRAY_SIZE(info->eos_ids))
		return qaic_fail(err, -EINVAL,
				 "%s: field \"eos_token_id\" has %zu ids; at most %zu are taken",
				 path, n, QAIC_ARRAY_SIZE(info->eos_ids));
	for (i = 0; i < n; i++) {
		json_t *e = json_array_get(v, i);
		json_int_t x = json_integer_value(e);

		if (!json_is_integer(e) || x < 0 || x > INT32_MAX)
			return qaic_fail(err, -EINVAL,
					 "%s: field \"eos_token_id\": entry %zu is not a token id",
					 path, i);
		info->eos_ids[info->num_eos++] = x;
	}
	return 0;
}

int qf_config_tokens(struct qf_config *c, struct qeff_model_info *info)
{
	json_t *obj[] = { c->root, c->generation };
	const char *path[] = { c->path, c->generation_path };
	int i, rc = 0;

	info->bos_id = info->pad_id = -1;
	info->num_eos = 0;
	for (i = 0; !rc && i < 2; i++) {	/* the later one wins */
		rc = token_id(obj[i], "bos_token_id", path[i], &info->bos_id,
			      c->err);
		if (!rc)
			rc = token_id(obj[i], "pad_token_id", path[i],
				      &info->pad_id, c->err);
	}
	for (i = 1; !rc && !info->num_eos && i >= 0; i--)
		if (obj[i])
			rc = eos_ids(obj[i], path[i], info, c->err);
	return rc;
}
