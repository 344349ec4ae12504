// SPDX-License-Identifier: MIT
#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/str.h"
#include "libqeff/qeff.h"
#include "tools/common/json_out.h"
#include "tools/common/models.h"

static json_t *options(size_t i, struct qaic_err *err)
{
	json_t *j = NULL;
	char *text;

	if (qeff_arch_options(i, &text, err))
		return NULL;
	qaic_json_parse(text, strlen(text), "options", &j, err);
	free(text);
	return j;
}

static json_t *describe(size_t i, const struct qeff_arch_info *a,
			struct qaic_err *err)
{
	json_t *list = json_array(), *opt = options(i, err);
	size_t k;

	for (k = 0; k < a->num_classes; k++)
		json_array_append_new(list, json_pack("{s:s, s:s}",
			"class", a->classes[k].name, "head", a->classes[k].head));
	if (!opt) {
		json_decref(list);
		return NULL;
	}
	return json_pack("{s:s, s:s, s:o, s:s?, s:o}", "model_type",
			 a->model_type, "kind", a->kind, "classes", list,
			 "plugin", a->plugin, "options", opt);
}

static int list_json(struct qaic_err *err)
{
	json_t *list = json_array(), *j;
	struct qeff_arch_info a;
	size_t i;

	for (i = 0; qeff_arch_info(i, &a); i++) {
		j = describe(i, &a, err);
		if (!j) {
			json_decref(list);
			return -ENOMEM;
		}
		json_array_append_new(list, j);
	}
	return qaic_json_print(json_pack("{s:o}", "models", list), err);
}

static int list_text(void)
{
	struct qeff_arch_info a;
	size_t i, k;

	printf("%-36s %-16s %-16s %s\n", "class", "kind", "gives",
	       "model_type");
	for (i = 0; qeff_arch_info(i, &a); i++)
		for (k = 0; k < a.num_classes; k++)
			printf("%-36s %-16s %-16s %s%s%s%s\n",
			       a.classes[k].name, a.kind, a.classes[k].head,
			       a.model_type, a.plugin ? "  (" : "",
			       a.plugin ? a.plugin : "", a.plugin ? ")" : "");
	return 0;
}

static void print_options(json_t *opt)
{
	const char *key, *kind;
	json_t *e, *def;
	char *text;

	printf("\n%-44s %-12s %s\n", "field of config.json", "kind", "default");
	json_object_foreach(opt, key, e) {
		kind = json_string_value(json_object_get(e, "kind"));
		def = json_object_get(e, "default");
		text = def ? json_dumps(def, JSON_ENCODE_ANY |
					JSON_REAL_PRECISION(9)) : NULL;
		printf("%-44s %-12s %s\n", key, kind, text ? text : "-");
		free(text);
	}
}

static int show_text(size_t i, const struct qeff_arch_info *a,
		     struct qaic_err *err)
{
	json_t *opt = options(i, err);
	size_t k;

	if (!opt)
		return -ENOMEM;
	printf("model_type: %s\nkind:       %s\n", a->model_type, a->kind);
	if (a->plugin)
		printf("plugin:     %s\n", a->plugin);
	for (k = 0; k < a->num_classes; k++)
		printf("%s %s: %s\n", k ? "           " : "classes:   ",
		       a->classes[k].name, a->classes[k].head);
	print_options(opt);
	json_decref(opt);
	return 0;
}

static bool is_named(const struct qeff_arch_info *a, const char *name)
{
	size_t k;

	for (k = 0; k < a->num_classes; k++)
		if (!strcmp(a->classes[k].name, name))
			return true;
	return !strcmp(a->model_type, name);
}

static int not_there(const char *name, struct qaic_err *err)
{
	const char **names, *near;
	struct qeff_arch_info a;
	size_t i, k, n = 0;

	for (i = 0; qeff_arch_info(i, &a); i++)
		;
	names = calloc(i * QEFF_MAX_CLASSES + 1, sizeof(*names));
	for (i = 0; names && qeff_arch_info(i, &a); i++)
		for (k = 0; k < a.num_classes; k++)
			names[n++] = a.classes[k].name;
	near = qaic_nearest(name, names, n);
	qaic_fail(err, -ENOENT,
		  "no model class is called %.80s%s%s; qeff models lists them",
		  name, near ? "; did you mean " : "", near ? near : "");
	free(names);
	return -ENOENT;
}

int qaic_models_run(const char *name, bool json, struct qaic_err *err)
{
	struct qeff_arch_info a;
	size_t i;

	if (!name)
		return json ? list_json(err) : list_text();
	for (i = 0; qeff_arch_info(i, &a); i++)
		if (is_named(&a, name))
			return json ? qaic_json_print(describe(i, &a, err), err) :
				      show_text(i, &a, err);
	return not_there(name, err);
}
