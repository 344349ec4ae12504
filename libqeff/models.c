// SPDX-License-Identifier: MIT
/*
 * What is known of the architectures. The fields of a config are those that
 * configure() asks for: it is run on configs that are nearly empty, and its getters
 * take notes.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "libqeff/plugin.h"
#include "libqeff/qeff.h"
#include "libqeff/registry.h"

/* Ways to have fields of rope_scaling, which depend on its type. */
static const char *const rope_types[] = {
	"linear", "dynamic", "llama3", "yarn", "longrope",
};

static const char *const kinds[] = {
	[QF_CAUSAL] = "decoder", [QF_ENCODER] = "encoder",
	[QF_SEQ2SEQ] = "encoder-decoder",
};

static const char *const heads[] = {
	[QF_HEAD_CAUSAL_LM] = "text", [QF_HEAD_MASKED_LM] = "masked tokens",
	[QF_HEAD_CLASSIFY] = "sequence labels",
	[QF_HEAD_TOKENS] = "token labels", [QF_HEAD_QA] = "answer spans",
	[QF_HEAD_EMBED] = "vectors", [QF_HEAD_SEQ2SEQ] = "text",
};

static const char *head_name(enum qf_head_kind head)
{
	return (size_t)head < QAIC_ARRAY_SIZE(heads) && heads[head] ?
	       heads[head] : "?";
}

bool qeff_arch_info(size_t i, struct qeff_arch_info *out)
{
	const struct qf_arch *a = qf_arch_at(i);
	const struct qf_plugin_file *from;
	size_t n;

	memset(out, 0, sizeof(*out));
	if (!a)
		return false;
	out->model_type = a->model_type;
	out->kind = (size_t)a->kind < QAIC_ARRAY_SIZE(kinds) ? kinds[a->kind] :
							       "?";
	from = qf_plugin_of(a);
	out->plugin = from ? from->path : NULL;
	for (n = 0; a->classes[n].name && n < QEFF_MAX_CLASSES; n++) {
		out->classes[n].name = a->classes[n].name;
		out->classes[n].head = head_name(a->classes[n].head);
	}
	out->num_classes = n;
	return true;
}

/* ---- options ---- */

/* configure() on one config; notes go to @seen, errors nowhere. */
static void look(const struct qf_arch *a, const struct qf_class *cls,
		 json_t *root, json_t *seen)
{
	struct qaic_err err = QAIC_ERR_INIT;
	struct qf_model *m = calloc(1, sizeof(*m));
	struct qf_config c = {
		.path = (char *)"config.json", .root = root, .seen = seen,
		.cls = cls, .err = &err,
	};

	if (m && root)
		qf_config_model(&c, a, m);
	free(m);
	json_decref(root);
}

/* Ask again with each switch the other way, and with each object there. */
static void look_behind(const struct qf_arch *a, const struct qf_class *cls,
			json_t *seen)
{
	json_t *first = json_deep_copy(seen), *e;
	const char *key, *kind;
	size_t i;

	json_object_foreach(first, key, e) {
		kind = json_string_value(json_object_get(e, "kind"));
		if (!kind || strchr(key, '.'))
			continue;
		if (!strcmp(kind, "boolean"))
			look(a, cls, json_pack("{s:b}", key,
				!json_is_true(json_object_get(e, "default"))),
			     seen);
		else if (!strcmp(kind, "object"))
			look(a, cls, json_pack("{s:{}}", key), seen);
	}
	for (i = 0; json_object_get(first, "rope_scaling") &&
		    i < QAIC_ARRAY_SIZE(rope_types); i++)
		look(a, cls, json_pack("{s:{s:s}}", "rope_scaling",
				       "rope_type", rope_types[i]), seen);
	json_decref(first);
}

int qeff_arch_options(size_t i, char **json, struct qaic_err *err)
{
	const struct qf_arch *a = qf_arch_at(i);
	const struct qf_class *cls;
	json_t *seen = json_object();

	*json = NULL;
	if (!a) {
		json_decref(seen);
		return qaic_fail(err, -ENOENT, "no such architecture");
	}
	for (cls = a->classes; seen && cls->name; cls++) {
		look(a, cls, json_object(), seen);
		look_behind(a, cls, seen);
	}
	*json = seen ? json_dumps(seen, JSON_COMPACT | JSON_PRESERVE_ORDER |
					JSON_REAL_PRECISION(9)) : NULL;
	json_decref(seen);
	return *json ? 0 : qaic_fail(err, -ENOMEM, "out of memory");
}
